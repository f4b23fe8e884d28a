import pytest
from qcloud_cos import CosServiceError

from emulator.identity.policy import read_policy

APPID = "1250000000"
BUCKET = f"examplebucket-{APPID}"
COS = f"qcs::cos:ap-guangzhou:uid/{APPID}:"
CI = f"qcs::ci:ap-guangzhou:uid/{APPID}:bucket/"


def rule(effect="allow", action="name/cos:*", resource="*"):
    return {"effect": effect, "action": action, "resource": resource}


def policy(*rules):
    return {"version": "2.0", "statement": list(rules)}


@pytest.mark.parametrize(
    ("rules", "action", "resource", "allowed"),
    [
        pytest.param([rule()], "name/cos:GetObject", COS + "b/k", True, id="allowed"),
        pytest.param([rule(action="name/cos:PutObject")], "name/cos:GetObject", COS + "b/k", False, id="nothing said"),
        pytest.param([rule(), rule("deny")], "name/cos:GetObject", COS + "b/k", False, id="deny behind allow"),
        pytest.param([rule("deny"), rule()], "name/cos:GetObject", COS + "b/k", False, id="deny before allow"),
        pytest.param(
            [rule(resource=COS + "b/videos/*")], "name/cos:GetObject", COS + "b/videos/a/b", True, id="prefix"
        ),
        pytest.param([rule(resource=COS + "b/videos/*")], "name/cos:GetObject", COS + "b/other", False, id="beside"),
        pytest.param(
            [rule(resource=COS + "b/v.mp4")], "name/cos:GetObject", COS + "b/vxmp4", False, id="a dot is a dot"
        ),
        pytest.param([rule(resource=[COS + "a/*", COS + "b/*"])], "name/cos:GetObject", COS + "b/k", True, id="a list"),
        pytest.param([rule(action="ci:GenerateSnapshot")], "ci:GenerateSnapshot", CI + "b/k", True, id="CI"),
        pytest.param([rule(action="name/cos:*")], "ci:GenerateSnapshot", CI + "b/k", False, id="COS is not CI"),
        pytest.param([rule(action="name/cos:Get*")], "name/cos:GetBucket", COS + "b/", True, id="part of an action"),
        pytest.param([rule(action="name/cos:getobject")], "name/cos:GetObject", COS + "b/k", False, id="case counts"),
        pytest.param([rule(action="*")], "ci:GenerateMediaInfo", CI + "b/k", True, id="everything"),
        pytest.param(
            [rule(resource=COS + "b/*.mp4")], "name/cos:GetObject", COS + "b/a\nb.mp4", True, id="any character"
        ),
    ],
)
def test_evaluation(rules, action, resource, allowed):
    """Deny goes before allow; what no rule allows is not allowed."""
    assert read_policy(policy(*rules)).allows(action, resource) is allowed


def test_single_statement():
    """A single statement may stand without a list."""
    assert read_policy({"version": "2.0", "statement": rule()}).allows("name/cos:GetObject", COS + "b/k")


@pytest.mark.parametrize(
    ("document", "says"),
    [
        pytest.param([], "object", id="no object"),
        pytest.param({"version": "1.0", "statement": [rule()]}, "2.0", id="old version"),
        pytest.param({"version": "2.0"}, "version and statement", id="no statement"),
        pytest.param(policy(), "at least one", id="empty"),
        pytest.param(policy({**rule(), "condition": {}}), "condition is not supported", id="condition"),
        pytest.param(policy({**rule(), "principal": {}}), "principal is not supported", id="principal"),
        pytest.param(policy({"effect": "allow", "action": "*"}), "has no resource", id="no resource"),
        pytest.param(policy(rule("Allow")), "allow or deny", id="wrong effect"),
        pytest.param(policy(rule(action=[])), "list of strings", id="no action"),
        pytest.param(policy(rule(action="s3:GetObject!")), "not of the form", id="no action's form"),
        pytest.param(policy(rule(resource="examplebucket/*")), "not of the form", id="no resource's form"),
        pytest.param(policy(rule(), "rule"), "statement 1 is not an object", id="no rule"),
    ],
)
def test_unsupported_parts(document, says):
    """A part that cannot be evaluated is refused, never ignored."""
    with pytest.raises(ValueError, match=says):
        read_policy(document)


# Over HTTP, with a role's keys


def refusal(call, *arguments, **options):
    with pytest.raises(CosServiceError) as raised:
        call(*arguments, **options)
    return raised.value.get_status_code(), raised.value.get_error_code()


@pytest.fixture
def stored(sdk, bucket):
    sdk.put_object(bucket, b"x", "videos/a.txt")
    return "videos/a.txt"


def test_no_policy(role, bucket, stored):
    """Without a policy a role may do everything."""
    role.put_object(bucket, b"y", "b")
    role.delete_object(bucket, "b")
    assert role.get_object(bucket, stored)["Body"].get_raw_stream().read() == b"x"


def test_root(cloud, sdk, bucket, stored):
    """The root account may do everything, whatever the policy says."""
    cloud.set_policy(policy(rule("deny", "*")))
    sdk.delete_object(bucket, stored)


OPERATIONS = {
    "GetObject": lambda client, key: client.get_object(BUCKET, key),
    "PutObject": lambda client, key: client.put_object(BUCKET, b"y", key),
    "DeleteObject": lambda client, key: client.delete_object(BUCKET, key),
    "GetBucket": lambda client, _: client.list_objects(BUCKET),
    "InitiateMultipartUpload": lambda client, key: client.create_multipart_upload(BUCKET, key),
    "ListMultipartUploads": lambda client, _: client.list_multipart_uploads(BUCKET),
    "PutBucketTagging": lambda client, _: client.put_bucket_tagging(
        BUCKET, {"TagSet": {"Tag": [{"Key": "a", "Value": "b"}]}}
    ),
    "GetObjectTagging": lambda client, key: client.get_object_tagging(BUCKET, key),
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_own_action(cloud, role, stored, name):
    """Each operation needs its own action."""
    cloud.set_policy(policy(rule(), rule("deny", f"name/cos:{name}")))
    assert refusal(OPERATIONS[name], role, stored) == (403, "AccessDenied")
    cloud.set_policy(policy(rule(action=f"name/cos:{name}")))
    OPERATIONS[name](role, stored)


def test_resource(cloud, role, bucket, stored):
    """A resource names region, account, bucket and key."""
    cloud.set_policy(policy(rule(resource=f"{COS}{bucket}/videos/*")))
    role.head_object(bucket, stored)
    assert refusal(role.put_object, bucket, b"y", "elsewhere") == (403, "AccessDenied")
    cloud.set_policy(policy(rule(resource=f"qcs::cos:ap-beijing:uid/{APPID}:{bucket}/*")))
    assert refusal(role.get_object, bucket, stored) == (403, "AccessDenied")


def test_copy_needs_source(cloud, role, bucket, stored):
    """A copy also needs the right to its source."""
    source = {"Bucket": bucket, "Key": stored, "Region": cloud.region}
    cloud.set_policy(policy(rule(action="name/cos:PutObject")))
    assert refusal(role.copy_object, bucket, "b", source) == (403, "AccessDenied")
    cloud.set_policy(policy(rule(action=["name/cos:PutObject", "name/cos:GetObject"])))
    role.copy_object(bucket, "b", source)


def test_absent_is_403(cloud, role, sdk, bucket):
    """A sender who may not list gets 403 for an absent key."""
    cloud.set_policy(policy(rule(action=["name/cos:GetObject", "name/cos:HeadObject"])))
    assert refusal(role.get_object, bucket, "absent") == (403, "AccessDenied")
    assert refusal(role.head_object, bucket, "absent")[0] == 403
    cloud.set_policy(policy(rule()))
    assert refusal(role.get_object, bucket, "absent") == (404, "NoSuchKey")
    assert refusal(sdk.head_object, bucket, "absent")[0] == 404


def test_listing_under_a_prefix(cloud, role, sdk, bucket, stored):
    """A right to list that names a prefix covers listings under it, and no others."""
    sdk.put_object(bucket, b"x", "thumbs/a")
    cloud.set_policy(policy(rule(action="name/cos:GetBucket", resource=f"{COS}{bucket}/thumbs/*")))
    assert [item["Key"] for item in role.list_objects(bucket, Prefix="thumbs/")["Contents"]] == ["thumbs/a"]
    assert refusal(role.list_objects, bucket) == (403, "AccessDenied")
    assert refusal(role.list_objects, bucket, Prefix="videos/") == (403, "AccessDenied")
    assert refusal(role.list_objects, bucket, Prefix="thumb") == (403, "AccessDenied")
    assert refusal(role.list_objects_versions, bucket, Prefix="thumbs/") == (403, "AccessDenied")


def test_absent_under_a_prefix(cloud, role, bucket):
    """A sender who may list a prefix may learn that a key under it is absent, and of no other key."""
    read = rule(action=["name/cos:GetObject", "name/cos:HeadObject"])
    listing = rule(action="name/cos:GetBucket", resource=f"{COS}{bucket}/thumbs/*")
    cloud.set_policy(policy(read, listing))
    assert refusal(role.get_object, bucket, "thumbs/absent") == (404, "NoSuchKey")
    assert refusal(role.head_object, bucket, "videos/absent")[0] == 403


def test_deleting_under_a_prefix(cloud, role, sdk, bucket, stored):
    """A right to delete covers the keys that it names: alone, among several, and with a version."""
    sdk.put_object(bucket, b"x", "thumbs/a")
    cloud.set_policy(policy(rule(action="name/cos:DeleteObject", resource=f"{COS}{bucket}/thumbs/*")))
    assert refusal(role.delete_object, bucket, stored) == (403, "AccessDenied")
    assert refusal(role.delete_objects, bucket, {"Object": [{"Key": "thumbs/a"}]}) == (403, "AccessDenied")
    role.delete_object(bucket, "thumbs/a", VersionId="null")
    assert [item.key for item in cloud.objects()] == [stored]


def test_deleting_several(cloud, role, sdk, bucket, stored):
    """Deleting several needs the right to each."""
    sdk.put_object(bucket, b"x", "other")
    many = {"action": ["name/cos:DeleteMultipleObjects"], "resource": "*"}
    cloud.set_policy(policy(rule(**many), rule(action="name/cos:DeleteObject", resource=f"{COS}{bucket}/videos/*")))
    result = role.delete_objects(bucket, {"Object": [{"Key": stored}, {"Key": "other"}]})
    assert [item["Key"] for item in result["Deleted"]] == [stored]
    assert [(item["Key"], item["Code"]) for item in result["Error"]] == [("other", "AccessDenied")]
    assert [item.key for item in cloud.objects()] == ["other"]


@pytest.mark.parametrize(
    ("process", "action"), [("snapshot", "ci:GenerateSnapshot"), ("videoinfo", "ci:GenerateMediaInfo")]
)
def test_ci_needs_both(cloud, sdk, plain, bucket, film, process, action):
    """CI needs its own action and the right to read the object."""
    sdk.put_object(bucket, film, "videos/f.mp4")
    keys = cloud.credentials.issue("run", 600)
    plain.key = (keys.secret_id, keys.secret_key)
    params = {"ci-process": process, **({"time": "1"} if process == "snapshot" else {})}

    def ask():
        reply = plain("GET", "videos/f.mp4", params=params, headers={"x-cos-security-token": keys.token})
        return reply.status if reply.status == 200 else (reply.status, reply.code, "Resource" in reply.tags)

    ci, read = rule(action=action, resource=f"{CI}{bucket}/videos/*"), rule(action="name/cos:GetObject")
    cloud.set_policy(policy(read))
    assert ask() == (403, "AccessDenied", False)
    cloud.set_policy(policy(ci))
    assert ask() == (403, "AccessDenied", False)
    cloud.set_policy(policy(ci, read))
    assert ask() == 200
    cloud.set_policy(policy({**ci, "resource": f"{CI}{bucket}/elsewhere/*"}, read))
    assert ask() == (403, "AccessDenied", False)


def test_set_over_http(cloud, plain, role, bucket, stored):
    """A policy set over HTTP is in force at once."""
    assert plain.admin("PUT", "/_emulator/policy", policy(rule("deny"))).status == 200
    assert refusal(role.get_object, bucket, stored) == (403, "AccessDenied")
    assert plain.admin("GET", "/_emulator/policy").json["statements"][0]["effect"] == "deny"
    assert plain.admin("DELETE", "/_emulator/policy").status == 200
    role.get_object(bucket, stored)


def test_malformed_keeps_old(cloud, plain):
    """A policy that cannot be read leaves the old one."""
    cloud.set_policy(policy(rule()))
    reply = plain.admin("PUT", "/_emulator/policy", policy({**rule(), "condition": {}}))
    assert (reply.status, "condition" in reply.json["error"]) == (400, True)
    assert cloud.policy == read_policy(policy(rule()))

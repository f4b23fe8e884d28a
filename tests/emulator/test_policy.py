import pytest
from qcloud_cos import CosServiceError

from emulator.cam import read_policy

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
def test_a_policy_says(rules, action, resource, allowed):
    assert read_policy(policy(*rules)).allows(action, resource) is allowed


def test_a_single_statement_may_stand_without_a_list():
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
def test_what_cannot_be_evaluated_is_refused_and_not_ignored(document, says):
    with pytest.raises(ValueError, match=says):
        read_policy(document)


# Over HTTP, with a role's keys


def refusal(call, *arguments, **more):
    with pytest.raises(CosServiceError) as caught:
        call(*arguments, **more)
    return caught.value.get_status_code(), caught.value.get_error_code()


@pytest.fixture
def stored(sdk, bucket):
    sdk.put_object(bucket, b"x", "videos/a.txt")
    return "videos/a.txt"


def test_without_a_policy_a_role_may_do_everything(role, bucket, stored):
    role.put_object(bucket, b"y", "b")
    role.delete_object(bucket, "b")
    assert role.get_object(bucket, stored)["Body"].get_raw_stream().read() == b"x"


def test_root_may_do_everything_whatever_the_policy_says(cloud, sdk, bucket, stored):
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
def test_each_operation_needs_its_own_action(cloud, role, stored, name):
    cloud.set_policy(policy(rule(), rule("deny", f"name/cos:{name}")))
    assert refusal(OPERATIONS[name], role, stored) == (403, "AccessDenied")
    cloud.set_policy(policy(rule(action=f"name/cos:{name}")))
    OPERATIONS[name](role, stored)


def test_a_policys_resource_names_region_account_bucket_and_key(cloud, role, bucket, stored):
    cloud.set_policy(policy(rule(resource=f"{COS}{bucket}/videos/*")))
    role.head_object(bucket, stored)
    assert refusal(role.put_object, bucket, b"y", "elsewhere") == (403, "AccessDenied")
    cloud.set_policy(policy(rule(resource=f"qcs::cos:ap-beijing:uid/{APPID}:{bucket}/*")))
    assert refusal(role.get_object, bucket, stored) == (403, "AccessDenied")


def test_a_copy_also_needs_its_source(cloud, role, bucket, stored):
    source = {"Bucket": bucket, "Key": stored, "Region": cloud.region}
    cloud.set_policy(policy(rule(action="name/cos:PutObject")))
    assert refusal(role.copy_object, bucket, "b", source) == (403, "AccessDenied")
    cloud.set_policy(policy(rule(action=["name/cos:PutObject", "name/cos:GetObject"])))
    role.copy_object(bucket, "b", source)


def test_who_may_not_list_may_not_learn_that_a_key_is_absent(cloud, role, sdk, bucket):
    cloud.set_policy(policy(rule(action=["name/cos:GetObject", "name/cos:HeadObject"])))
    assert refusal(role.get_object, bucket, "absent") == (403, "AccessDenied")
    assert refusal(role.head_object, bucket, "absent")[0] == 403
    cloud.set_policy(policy(rule()))
    assert refusal(role.get_object, bucket, "absent") == (404, "NoSuchKey")
    assert refusal(sdk.head_object, bucket, "absent")[0] == 404


def test_deleting_several_asks_for_each(cloud, role, sdk, bucket, stored):
    sdk.put_object(bucket, b"x", "other")
    many = {"action": ["name/cos:DeleteMultipleObjects"], "resource": "*"}
    cloud.set_policy(policy(rule(**many), rule(action="name/cos:DeleteObject", resource=f"{COS}{bucket}/videos/*")))
    found = role.delete_objects(bucket, {"Object": [{"Key": stored}, {"Key": "other"}]})
    assert [each["Key"] for each in found["Deleted"]] == [stored]
    assert [(each["Key"], each["Code"]) for each in found["Error"]] == [("other", "AccessDenied")]
    assert [each.key for each in cloud.objects()] == ["other"]


@pytest.mark.parametrize(
    ("process", "action"), [("snapshot", "ci:GenerateSnapshot"), ("videoinfo", "ci:GenerateMediaInfo")]
)
def test_ci_needs_its_own_action_and_the_right_to_read(cloud, sdk, plain, bucket, film, process, action):
    sdk.put_object(bucket, film, "videos/f.mp4")
    keys = cloud.keys.issue("run", 600)
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


def test_a_policy_set_by_http_holds_at_once(cloud, plain, role, bucket, stored):
    assert plain.admin("PUT", "/_emulator/policy", policy(rule("deny"))).status == 200
    assert refusal(role.get_object, bucket, stored) == (403, "AccessDenied")
    assert plain.admin("GET", "/_emulator/policy").json["statements"][0]["effect"] == "deny"
    assert plain.admin("DELETE", "/_emulator/policy").status == 200
    role.get_object(bucket, stored)


def test_a_policy_that_cannot_be_read_leaves_the_old_one(cloud, plain):
    cloud.set_policy(policy(rule()))
    reply = plain.admin("PUT", "/_emulator/policy", policy({**rule(), "condition": {}}))
    assert (reply.status, "condition" in reply.json["error"]) == (400, True)
    assert cloud.policy == read_policy(policy(rule()))

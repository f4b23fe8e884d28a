"""Lists of access: set by header or document, shown, and obeyed."""

import pytest
from qcloud_cos import CosServiceError

OWNER = "qcs::cam::uin/100000000001:uin/100000000001"
OTHER = "qcs::cam::uin/100000000002:uin/100000000002"
GRANT = {"Grantee": {"Type": "CanonicalUser", "ID": OTHER, "DisplayName": OTHER}, "Permission": "READ"}
POLICY = {"Owner": {"ID": OWNER, "DisplayName": OWNER}, "AccessControlList": {"Grant": [GRANT]}}


def grants(acl):
    return {
        (grant["Grantee"].get("ID") or grant["Grantee"]["URI"], grant["Permission"])
        for grant in acl["AccessControlList"]["Grant"]
    }


def test_object_default(sdk, bucket):
    """A new object has its bucket's list, and says so."""
    sdk.put_object(bucket, b"x", "a")
    acl = sdk.get_object_acl(bucket, "a")
    assert (acl["CannedACL"], acl["Owner"]["ID"], grants(acl)) == ("default", OWNER, {(OWNER, "FULL_CONTROL")})


@pytest.mark.parametrize("canned", ["private", "public-read", "default"])
def test_object_canned(sdk, plain, bucket, canned):
    """A canned list comes back, and lets everybody read or not."""
    sdk.put_object(bucket, b"x", "a")
    sdk.put_object_acl(bucket, "a", ACL=canned)
    assert sdk.get_object_acl(bucket, "a")["CannedACL"] == canned
    assert plain("GET", "a", signed=False).status == (200 if canned == "public-read" else 403)
    assert plain("GET", "a", params={"acl": ""}, signed=False).status == 403


def test_object_grants(sdk, bucket):
    """Grants by header come back beside the owner's full control, those of a document as they were set."""
    sdk.put_object(bucket, b"x", "a")
    sdk.put_object_acl(bucket, "a", AccessControlPolicy=POLICY)
    assert grants(sdk.get_object_acl(bucket, "a")) == {(OTHER, "READ")}
    sdk.put_object_acl(bucket, "a", GrantFullControl=f'id="{OTHER}"')
    assert grants(sdk.get_object_acl(bucket, "a")) == {(OWNER, "FULL_CONTROL"), (OTHER, "FULL_CONTROL")}


def test_canned_with_grants(sdk, plain, bucket):
    """A canned list and grants go together."""
    sdk.put_object(bucket, b"x", "a")
    sdk.put_object_acl(bucket, "a", ACL="public-read", GrantWrite=f'id="{OTHER}"')
    acl = sdk.get_object_acl(bucket, "a")
    assert (acl["CannedACL"], (OTHER, "WRITE") in grants(acl)) == ("public-read", True)
    assert plain("GET", "a", signed=False).status == 200


def test_empty_headers(plain):
    """An empty header of access is none."""
    plain("PUT", "a", body=b"x")
    headers = {"x-cos-acl": "private", "x-cos-grant-write": "", "x-cos-grant-read": f'id="{OTHER}"'}
    assert plain("PUT", "a", params={"acl": ""}, body=b"", headers=headers).status == 200
    assert plain("PUT", "b", body=b"x", headers={"x-cos-acl": ""}).status == 200


def test_bucket_list_covers_objects(sdk, plain, bucket):
    """A bucket's list covers its objects, unless they are private themselves."""
    sdk.put_object(bucket, b"x", "a")
    sdk.put_object(bucket, b"x", "b", ACL="private")
    sdk.put_bucket_acl(bucket, ACL="public-read")
    assert sdk.get_bucket_acl(bucket)["CannedACL"] == "public-read"
    assert [plain("GET", key, signed=False).status for key in ("a", "b", "")] == [200, 403, 200]
    assert plain("PUT", "a", body=b"y", signed=False).status == 403
    sdk.put_bucket_acl(bucket, ACL="public-read-write")
    assert plain("PUT", "a", body=b"y", signed=False).status == 200
    assert plain("PUT", params={"acl": ""}, body=b"", headers={"x-cos-acl": "private"}, signed=False).status == 403
    sdk.put_bucket_acl(bucket, ACL="private")
    assert plain("GET", "a", signed=False).status == 403


def test_new_bucket(sdk, bucket):
    """A bucket can be created with a list."""
    sdk.create_bucket("new-1250000000", ACL="public-read")
    assert sdk.get_bucket_acl("new-1250000000")["CannedACL"] == "public-read"
    with pytest.raises(CosServiceError) as raised:
        sdk.create_bucket("newer-1250000000", ACL="everybody")
    assert raised.value.get_error_code() == "InvalidArgument"
    assert not sdk.bucket_exists("newer-1250000000")


def test_copy_keeps_no_list(sdk, plain, bucket, cloud):
    """A copy of a public object is not public."""
    sdk.put_object(bucket, b"x", "a", ACL="public-read")
    sdk.copy_object(bucket, "b", {"Bucket": bucket, "Key": "a", "Region": cloud.region})
    assert plain("GET", "b", signed=False).status == 403


@pytest.mark.parametrize(
    "body",
    [
        b"<AccessControlPolicy><AccessControlList><Grant/></AccessControlList></AccessControlPolicy>",
        (
            b"<AccessControlPolicy><AccessControlList><Grant><Grantee><URI>http://else</URI></Grantee>"
            b"<Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>"
        ),
        (
            b"<AccessControlPolicy><AccessControlList><Grant><Grantee><ID>a</ID></Grantee>"
            b"<Permission>DANCE</Permission></Grant></AccessControlList></AccessControlPolicy>"
        ),
    ],
    ids=["no grantee", "no group", "no permission"],
)
def test_malformed(plain, body):
    """A list that cannot be read is refused."""
    plain("PUT", "a", body=b"x")
    reply = plain("PUT", "a", params={"acl": ""}, body=body)
    assert (reply.status, reply.code) == (400, "MalformedACL")


def test_absent_object(sdk, bucket):
    """An absent object has no list."""
    with pytest.raises(CosServiceError) as raised:
        sdk.get_object_acl(bucket, "absent")
    assert raised.value.get_error_code() == "NoSuchKey"

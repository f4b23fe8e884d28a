import hashlib
import re
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor

import pytest
from qcloud_cos import CosServiceError

from emulator.cos.bodies import paced
from tests.emulator.plain import Plain

MAX_KEY_BYTES = "视" * 283 + "x"  # 850 bytes
KEYS = {
    "plain": "a.mp4",
    "folders": "videos/2026/a.mp4",
    "space and plus": "a b+c.mp4",
    "encoded plus": "a%2Bb.mp4",
    "percent": "100%.mp4",
    "CJK": "视频/电影.mp4",
    "emoji": "🎬/🎞️.mp4",
    "double slash": "a//b.mp4",
    "leading slash": "/a.mp4",
    "two leading slashes": "//a.mp4",
    "dots": "../a/./b",
    "one dot": ".",
    "quotes": 'it\'s "a" `b`.mp4',
    "markup": "<a>&amp;</a>.mp4",
    "query": "a?b=c#d;e&f=g",
    "850 bytes": MAX_KEY_BYTES,
    "composed and not": "é/é",
    "looks like the cloud's own": "_emulator/faults",
    "backslash": "a\\b",
    "ends with a slash": "folder/",
    "nothing but slashes": "//////",
    "a dot between slashes": "/./",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_any_key(cloud, plain, key):
    """A key comes back as it was given."""
    assert plain("PUT", key, body=key.encode()).status == 200
    assert plain("GET", key).body == key.encode()
    assert [item.key for item in cloud.objects()] == [key]
    assert cloud.calls[-1].key == key
    assert plain("DELETE", key).status == 204
    assert list(cloud.objects()) == []


# One leading slash and "./" are the SDK's to change: facts of the SDK, not of COS.
SDK_KEYS = {name: key for name, key in KEYS.items() if not key.startswith("/") and key != "."}


@pytest.mark.parametrize("key", SDK_KEYS.values(), ids=SDK_KEYS)
def test_sdk_any_key(sdk, bucket, key):
    """The SDK stores, lists, reads and deletes any key."""
    sdk.put_object(bucket, key.encode(), key)
    assert [item["Key"] for item in sdk.list_objects(bucket)["Contents"]] == [key]
    assert sdk.get_object(bucket, key, KeySimplifyCheck=False)["Body"].get_raw_stream().read() == key.encode()
    sdk.delete_object(bucket, key)
    assert "Contents" not in sdk.list_objects(bucket)


def test_long_key(plain):
    """A key of 851 bytes is too long."""
    reply = plain("PUT", MAX_KEY_BYTES + "x", body=b"")
    assert (reply.status, reply.code) == (400, "KeyTooLong")


@pytest.mark.parametrize("letter", ["\x18", "\x1b", "\x00", "\x7f", "\uffff"], ids=ascii)
def test_control_characters(plain, letter):
    """A key has no control characters."""
    reply = plain("PUT", f"a{letter}b", body=b"")
    assert (reply.status, reply.code) == (400, "InvalidObjectName")


@pytest.mark.parametrize("target", ["/%ff", "/%zz", "/a%", "/a?b=%ff"])
def test_malformed_address(plain, target):
    """An address that is not percent-encoded UTF-8 is refused."""
    reply = plain.raw("GET", target, headers={"Host": plain.host})
    assert (reply.status, reply.code) == (400, "InvalidURI")


def test_metadata(sdk, bucket):
    """An object's headers and metadata come back with it."""
    sdk.put_object(
        bucket,
        b"hello",
        "a.txt",
        ContentType="text/x-film",
        CacheControl="max-age=1",
        ContentDisposition="attachment",
        ContentEncoding="identity",
        ContentLanguage="de",
        Expires="Thu, 01 Jan 2030 00:00:00 GMT",
        Metadata={"x-cos-meta-snapshot-times": "1,50%"},
        StorageClass="STANDARD_IA",
    )
    result = sdk.head_object(bucket, "a.txt")
    expected = {
        "Content-Type": "text/x-film",
        "Content-Length": "5",
        "Cache-Control": "max-age=1",
        "Content-Disposition": "attachment",
        "Content-Encoding": "identity",
        "Content-Language": "de",
        "Expires": "Thu, 01 Jan 2030 00:00:00 GMT",
        "x-cos-meta-snapshot-times": "1,50%",
        "x-cos-storage-class": "STANDARD_IA",
        "ETag": f'"{hashlib.md5(b"hello").hexdigest()}"',
        "Accept-Ranges": "bytes",
        "Server": "tencent-cos",
        "Connection": "keep-alive",
    }
    assert {name: result.get(name) for name in expected} == expected
    assert "Last-Modified" in result
    assert "x-cos-request-id" in result
    body = sdk.get_object(bucket, "a.txt")
    assert {name: body.get(name) for name in expected} == expected


def test_no_s3_words(sdk, bucket, plain):
    """No word of S3 is in a response."""
    sdk.put_object(bucket, b"hello", "a", Metadata={"x-cos-meta-a": "b"})
    answers = [plain("HEAD", "a"), plain("GET", "a"), plain("GET"), plain("GET", "absent"), plain("PUT", "b", body=b"")]
    visible = "".join(str(answer.headers) + answer.body.decode() for answer in answers)
    for drawn in [answer.headers["x-cos-request-id"] for answer in answers] + re.findall("<TraceId>(.*?)<", visible):
        visible = visible.replace(drawn, "")
    visible = visible.lower()
    assert not [word for word in ("amz", "amazon", "s3", "access-control") if word in visible]


def test_default_type(plain):
    """The default type is application/octet-stream."""
    plain("PUT", "a", body=b"x")
    assert plain("HEAD", "a").headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("key", "expected"), [("a.zip", "application/zip"), ("视频/b.mp4", "video/mp4"), ("c.T\u00d6", None)]
)
def test_type_by_ending(plain, key, expected):
    """Without a type, or with an empty one, the key's ending says it; an empty header is none."""
    for headers in ({}, {"Content-Type": "", "Cache-Control": ""}):
        plain("PUT", key, body=b"x", headers=headers)
        reply = plain("HEAD", key)
        assert reply.headers["Content-Type"] == (expected or "application/octet-stream")
        assert reply.headers["Cache-Control"] is None


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "video/mp4"]
)
def test_forms_as_bodies(plain, content_type):
    """A body is stored as it is, whatever its type."""
    assert plain("PUT", "a", body=b"key=b&file=c", headers={"content-type": content_type}).status == 200
    reply = plain("GET", "a")
    assert (reply.body, reply.headers["Content-Type"]) == (b"key=b&file=c", content_type)


def test_metadata_bytes(plain):
    """Metadata keeps bytes beyond ASCII."""
    plain("PUT", "a", body=b"x", headers={"x-cos-meta-a": "电影"})
    assert plain("HEAD", "a").headers["x-cos-meta-a"].encode("latin-1").decode() == "电影"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        pytest.param({"x-cos-meta-a": "x" * 2048}, "InvalidArgument", id="over 2 KB of metadata"),
        pytest.param({"x-cos-storage-class": "GOLD"}, "NotSupportedStorageClass", id="no such class"),
        pytest.param({"x-cos-storage-class": "MAZ_STANDARD"}, "MAZOperationNotSupportOnOAZBucket", id="several zones"),
        pytest.param({"x-cos-acl": "everyone"}, "InvalidArgument", id="no such ACL"),
        pytest.param({"x-cos-grant-read": "everyone"}, "InvalidArgument", id="no grantee"),
        pytest.param({"x-cos-grant-dance": 'id="1"'}, "InvalidArgument", id="no such grant"),
        pytest.param({"Content-MD5": "x"}, "InvalidDigest", id="no MD5"),
        pytest.param({"Content-MD5": b64encode(b"x" * 16).decode()}, "BadDigest", id="another MD5"),
    ],
)
def test_refused_upload(cloud, plain, headers, code):
    """An upload with a wrong header is refused and leaves nothing."""
    reply = plain("PUT", "a", body=b"hello", headers=headers)
    assert (reply.status, reply.code) == (400, code)
    assert list(cloud.objects()) == []


@pytest.mark.parametrize("body", [b"", b"hello"], ids=["empty", "five bytes"])
def test_content_md5(plain, body):
    """The right Content-MD5 is accepted, a wrong one refused."""
    md5 = b64encode(hashlib.md5(body).digest()).decode()
    assert plain("PUT", "a", body=body, headers={"Content-MD5": md5}).status == 200
    wrong = b64encode(hashlib.md5(body + b"x").digest()).decode()
    assert plain("PUT", "a", body=body, headers={"Content-MD5": wrong}).code == "BadDigest"


def test_sdk_md5(sdk, bucket):
    """The SDK's own MD5 is accepted."""
    sdk.put_object(bucket, b"hello", "a", EnableMD5=True)


def test_length_required(plain):
    """A PUT needs a length."""
    reply = plain.raw("PUT", "/a", headers={"Host": plain.host, "Authorization": authorization(plain, "PUT", "/a")})
    assert (reply.status, reply.code) == (411, "MissingContentLength")


def authorization(plain, method, path):
    from tests.emulator.plain import sign

    fields = sign(method, path, key=plain.key, headers={"host": plain.host})
    return "&".join(f"{k}={v}" for k, v in fields.items())


def test_chunked(plain, sdk, bucket):
    """A chunked upload is stored."""
    headers = {"Host": plain.host, "Authorization": authorization(plain, "PUT", "/a")}
    plain.connection.request("PUT", "/a", body=iter([b"hel", b"lo"]), headers=headers, encode_chunked=True)
    assert plain.connection.getresponse().read() == b""
    assert plain("GET", "a").body == b"hello"


RANGES = {
    "first bytes": ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
    "middle": ("bytes=4-5", 206, b"45", "bytes 4-5/10"),
    "to the end": ("bytes=7-", 206, b"789", "bytes 7-9/10"),
    "last bytes": ("bytes=-2", 206, b"89", "bytes 8-9/10"),
    "past the end": ("bytes=8-99", 206, b"89", "bytes 8-9/10"),
    "the whole": ("bytes=0-9", 206, b"0123456789", "bytes 0-9/10"),
    "two ranges": ("bytes=0-1,4-5", 200, b"0123456789", None),
    "backwards": ("bytes=5-4", 200, b"0123456789", None),
    "another unit": ("frames=0-1", 200, b"0123456789", None),
    "nonsense": ("0-1", 200, b"0123456789", None),
}


@pytest.mark.parametrize(("header", "status", "body", "part"), RANGES.values(), ids=RANGES)
def test_ranges(plain, header, status, body, part):
    """A range is read as RFC 9110 says."""
    plain("PUT", "a", body=b"0123456789")
    for method in ("GET", "HEAD"):
        reply = plain(method, "a", headers={"Range": header})
        assert (reply.status, reply.headers["Content-Range"]) == (status, part)
        assert reply.headers["Content-Length"] == str(len(body))
        assert reply.body == (body if method == "GET" else b"")


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_range_beyond(plain, header):
    """A range beyond the object is refused."""
    plain("PUT", "a", body=b"0123456789")
    reply = plain("GET", "a", headers={"Range": header})
    assert (reply.status, reply.code) == (416, "InvalidRange")
    assert plain("HEAD", "a", headers={"Range": header}).status == 416


EARLY, LATE = "Mon, 01 Jan 2001 00:00:00 GMT", "Sat, 01 Jan 2050 00:00:00 GMT"
TAG, OTHER = f'"{hashlib.md5(b"hello").hexdigest()}"', '"0000"'
CONDITIONS = {
    "same": ({"If-Match": TAG}, 200),
    "same without quotes": ({"If-Match": TAG.strip('"')}, 200),
    "any": ({"If-Match": "*"}, 200),
    "one of": ({"If-Match": f"{OTHER}, {TAG}"}, 200),
    "not the same": ({"If-Match": OTHER}, 412),
    "known": ({"If-None-Match": TAG}, 304),
    "any is known": ({"If-None-Match": "*"}, 304),
    "unknown": ({"If-None-Match": OTHER}, 200),
    "changed": ({"If-Modified-Since": EARLY}, 200),
    "unchanged": ({"If-Modified-Since": LATE}, 304),
    "changed too late": ({"If-Unmodified-Since": EARLY}, 412),
    "not changed": ({"If-Unmodified-Since": LATE}, 200),
    "tag goes before date": ({"If-Match": TAG, "If-Unmodified-Since": EARLY}, 200),
    "unknown goes before date": ({"If-None-Match": OTHER, "If-Modified-Since": LATE}, 200),
    "no date": ({"If-Modified-Since": "yesterday"}, 200),
}


@pytest.mark.parametrize(("headers", "status"), CONDITIONS.values(), ids=CONDITIONS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions(plain, method, headers, status):
    """GET and HEAD obey their conditions."""
    plain("PUT", "a", body=b"hello")
    reply = plain(method, "a", headers=headers)
    assert reply.status == status
    if status == 304:
        assert (reply.body, reply.headers["ETag"]) == (b"", TAG)
    elif method == "GET":
        assert reply.code == "PreconditionFailed" if status == 412 else reply.body == b"hello"


def test_conditional_put(plain):
    """An upload obeys If-None-Match."""
    assert plain("PUT", "a", body=b"1", headers={"If-None-Match": "*"}).status == 200
    reply = plain("PUT", "a", body=b"2", headers={"If-None-Match": "*"})
    assert (reply.status, reply.code) == (412, "PreconditionFailed")
    assert plain("GET", "a").body == b"1"


def test_overrides(plain):
    """The address can override headers of the response."""
    plain("PUT", "a", body=b"hello")
    params = {
        "response-content-type": "text/x-film",
        "response-content-disposition": 'attachment; filename="电影.mp4"',
        "response-cache-control": "no-store",
    }
    reply = plain("GET", "a", params=params)
    assert reply.headers["Content-Type"] == "text/x-film"
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Content-Disposition"].encode("latin-1").decode() == 'attachment; filename="电影.mp4"'


def test_header_injection(plain):
    """The address cannot add headers to the response."""
    plain("PUT", "a", body=b"hello")
    reply = plain("GET", "a", params={"response-content-type": "a\r\nx-injected: b"})
    assert (reply.status, reply.code, reply.headers["x-injected"]) == (400, "InvalidArgument", None)


def test_archived(plain):
    """An archived object answers HEAD and cannot be read."""
    plain("PUT", "a", body=b"hello", headers={"x-cos-storage-class": "ARCHIVE"})
    assert plain("HEAD", "a").headers["x-cos-storage-class"] == "ARCHIVE"
    for params in ({}, {"ci-process": "snapshot", "time": "0"}):
        reply = plain("GET", "a", params=params)
        assert (reply.status, reply.code) == (403, "InvalidObjectState")


def test_public_read(plain):
    """A public object is read without a signature, and not written."""
    plain("PUT", "a", body=b"hello", headers={"x-cos-acl": "public-read"})
    assert plain("GET", "a", signed=False).body == b"hello"
    assert plain("HEAD", "a", signed=False).status == 200
    assert plain("PUT", "a", body=b"x", signed=False).status == 403
    plain("PUT", "a", body=b"hello", headers={"x-cos-acl": "private"})
    assert plain("GET", "a", signed=False).status == 403


# Copies


@pytest.mark.parametrize("key", SDK_KEYS.values(), ids=SDK_KEYS)
def test_copy(sdk, bucket, cloud, key):
    """A copy has its source's bytes and metadata."""
    sdk.put_object(bucket, b"hello", key, ContentType="text/x-film", Metadata={"x-cos-meta-a": "b"})
    sdk.copy_object("second-1250000000", "copy", {"Bucket": bucket, "Key": key, "Region": cloud.region})
    result = sdk.get_object("second-1250000000", "copy")
    assert result["Body"].get_raw_stream().read() == b"hello"
    assert (result["Content-Type"], result["x-cos-meta-a"]) == ("text/x-film", "b")


def test_copy_replaced(sdk, bucket, cloud):
    """A copy can replace the metadata."""
    sdk.put_object(bucket, b"hello", "a", ContentType="text/x-film", Metadata={"x-cos-meta-a": "b"})
    source = {"Bucket": bucket, "Key": "a", "Region": cloud.region}
    sdk.copy_object(bucket, "a", source, CopyStatus="Replaced", ContentType="video/mp4", Metadata={"x-cos-meta-c": "d"})
    result = sdk.head_object(bucket, "a")
    assert (result["Content-Type"], result.get("x-cos-meta-a"), result["x-cos-meta-c"]) == ("video/mp4", None, "d")


COPIES = {
    "no such object": ("examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com/absent", {}, 404, "NoSuchCopySource"),
    "no such bucket": ("absent-1250000000.cos.ap-guangzhou.myqcloud.com/a", {}, 404, "NoSuchCopySource"),
    "another region": ("examplebucket-1250000000.cos.ap-beijing.myqcloud.com/a", {}, 404, "NoSuchCopySource"),
    "no host": ("/examplebucket-1250000000/a", {}, 400, "InvalidCopySource"),
    "no key": ("examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com/", {}, 400, "InvalidCopySource"),
    "no UTF-8": ("examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com/%ff", {}, 400, "InvalidCopySource"),
    "condition": (
        "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com/a",
        {"x-cos-copy-source-If-Match": OTHER},
        412,
        "PreconditionFailed",
    ),
    "directive": (
        "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com/a",
        {"x-cos-metadata-directive": "Maybe"},
        400,
        "InvalidArgument",
    ),
}


@pytest.mark.parametrize(("source", "headers", "status", "code"), COPIES.values(), ids=COPIES)
def test_copy_refused(plain, cloud, source, headers, status, code):
    """A copy with a wrong source, condition or directive is refused."""
    plain("PUT", "a", body=b"hello")
    reply = plain("PUT", "b", body=b"", headers={"x-cos-copy-source": source, **headers})
    assert (reply.status, reply.code) == (status, code)
    assert [item.key for item in cloud.objects()] == ["a"]


# Gone


def test_delete_absent(sdk, bucket):
    """Deleting an absent object is no error."""
    sdk.delete_object(bucket, "absent")


def test_delete_several(sdk, bucket, cloud):
    """Several objects are deleted and named."""
    for key in ("a", "视频/b", "c&d"):
        sdk.put_object(bucket, b"x", key)
    expected = {"Object": [{"Key": "a"}, {"Key": "视频/b"}, {"Key": "absent"}]}
    result = sdk.delete_objects(bucket, expected)
    assert [item["Key"] for item in result["Deleted"]] == ["a", "视频/b", "absent"]
    assert [item.key for item in cloud.objects()] == ["c&d"]


def test_delete_quietly(sdk, bucket):
    """Several objects are deleted quietly."""
    assert sdk.delete_objects(bucket, {"Object": [{"Key": "a"}], "Quiet": "true"}) == {"DeleteResult": None}


BODIES = {
    "no XML": (b"hello", "MalformedXML"),
    "another root": (b"<Other/>", "MalformedXML"),
    "no object": (b"<Delete/>", "MalformedXML"),
    "no key": (b"<Delete><Object/></Delete>", "MalformedXML"),
    "an entity": (b'<!DOCTYPE a [<!ENTITY b "c">]><Delete><Object><Key>&b;</Key></Object></Delete>', "MalformedXML"),
    "1001 objects": (b"<Delete>" + b"<Object><Key>a</Key></Object>" * 1001 + b"</Delete>", "MalformedXML"),
    "over 2 MB": (b"<Delete>" + b" " * 2**21 + b"</Delete>", "XMLSizeLimit"),
}


@pytest.mark.parametrize(("body", "code"), BODIES.values(), ids=BODIES)
def test_malformed_delete(plain, cloud, body, code):
    """A list that cannot be read deletes nothing."""
    plain("PUT", "a", body=b"x")
    md5 = b64encode(hashlib.md5(body).digest()).decode()
    reply = plain("POST", params={"delete": ""}, body=body, headers={"Content-MD5": md5})
    assert (reply.status, reply.code) == (400, code)
    assert len(list(cloud.objects())) == 1


def test_delete_needs_md5(plain):
    """Deleting several needs a Content-MD5."""
    reply = plain("POST", params={"delete": ""}, body=b"<Delete><Object><Key>a</Key></Object></Delete>")
    assert (reply.status, reply.code) == (400, "InvalidRequest")


# Refusals


def test_error_document(plain, sdk, cloud):
    """A missing object or bucket is answered with COS's error document."""
    reply = plain("GET", "absent")
    assert (reply.status, reply.code) == (404, "NoSuchKey")
    assert reply.tags == ["Code", "Message", "Resource", "RequestId", "TraceId"]
    assert reply.headers["Content-Type"] == "application/xml"
    assert f"<Resource>{plain.host}/absent</Resource>" in reply.body.decode()
    assert f"<RequestId>{reply.headers['x-cos-request-id']}</RequestId>" in reply.body.decode()
    with pytest.raises(CosServiceError) as raised:
        sdk.get_object("absent-1250000000", "a")
    assert (raised.value.get_status_code(), raised.value.get_error_code()) == (404, "NoSuchBucket")
    assert raised.value.get_request_id() == cloud.calls[-1].request_id


def test_head_error(plain, sdk, bucket):
    """A HEAD that fails has no body and a request id."""
    reply = plain("HEAD", "absent")
    assert (reply.status, reply.body) == (404, b"")
    with pytest.raises(CosServiceError) as raised:
        sdk.head_object(bucket, "absent")
    assert raised.value.get_request_id()


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("PUT", {"symlink": ""}),
        ("PUT", {"live": ""}),
        ("DELETE", {"live": ""}),
        ("PUT", {"lifecycle": ""}),
        ("POST", {"select": "", "select-type": "2"}),
        ("GET", {"exif": ""}),
        ("GET", {"imageMogr2/thumbnail/100x": ""}),
        ("GET", {"imageMogr2/thumbnail/100x|watermark/1": ""}),
        ("GET", {"imageMogr2/thumbnail/100x": "", "ci-process": "snapshot", "time": "1"}),
        ("PUT", {"never-heard-of": "1"}),
        ("DELETE", {"never-heard-of": "1"}),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_absent_operation(cloud, plain, method, params):
    """An operation of COS that is not here is refused by name, and the object stays as it is."""
    plain("PUT", "a", body=b"x")
    reply = plain(method, "a", params=params, body=b"new" if method != "GET" else None)
    assert (reply.status, reply.code) == (501, "NotImplemented")
    assert next(iter(params)).partition("/")[0] in reply.message
    assert "not here" in reply.message
    assert plain("GET", "a").body == b"x"


@pytest.mark.parametrize("name", ["intelligent-tiering", "domaincertificate", "website", "symlink"])
def test_absent_setting(cloud, plain, name):
    """A setting that is not here is never taken for PUT Bucket."""
    reply = plain("PUT", params={name: ""}, body=b"")
    assert (reply.status, reply.code, name in reply.message) == (501, "NotImplemented", True)


def test_unknown_parameter(plain):
    """A parameter that nobody knows is passed over when reading."""
    plain("PUT", "a", body=b"x")
    assert plain("GET", "a", params={"foo": "1"}).body == b"x"


def test_wrong_method(plain):
    """A sub-resource that exists is refused for another method, and a method that COS has not for everything."""
    plain("PUT", "a", body=b"x")
    for method, params in (("DELETE", {"acl": ""}), ("PATCH", {})):
        reply = plain(method, "a", params=params, body=b"")
        assert (reply.status, reply.code) == (405, "MethodNotAllowed")
    assert plain("GET", "a").body == b"x"


@pytest.mark.parametrize(
    "headers",
    [
        {"x-cos-server-side-encryption": "cos/kms"},
        {"x-cos-server-side-encryption-customer-algorithm": "AES256"},
        {"x-cos-object-lock-mode": "COMPLIANCE"},
        {"Pic-Operations": "{}"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_absent_header(cloud, plain, headers):
    """A header that this cloud cannot honour is refused by name, and nothing is stored."""
    reply = plain("PUT", "a", body=b"x", headers=headers)
    assert (reply.status, reply.code) == (501, "NotImplemented")
    assert next(iter(headers)).lower() in reply.message
    assert list(cloud.objects()) == []


@pytest.mark.parametrize(
    "host",
    ["example.com", "examplebucket.cos.ap-guangzhou.myqcloud.com", "a-1250000000.cos.ap-guangzhou.example.com"],
)
def test_unknown_host(plain, host):
    """A host that is not COS's is refused."""
    plain.host = host
    reply = plain("GET", "a")
    assert (reply.status, reply.code) == (400, "InvalidURI")


def test_second_domain(cloud, plain):
    """COS's second domain, at which SDKs try again when the first does not answer, leads to the same buckets."""
    plain("PUT", "a", body=b"x")
    plain.host = plain.host.replace("myqcloud.com", "tencentcos.cn")
    assert plain("GET", "a").body == b"x"
    assert plain("PUT", "b", headers={"x-cos-copy-source": f"{plain.host}/a"}).status == 200
    plain.host = "service.cos.tencentcos.cn"
    assert cloud.buckets[0].encode() in plain("GET").body


def test_other_region(plain):
    """Another region does not have the bucket."""
    plain.host = plain.host.replace("guangzhou", "beijing")
    reply = plain("GET", "a")
    assert (reply.status, reply.code) == (404, "NoSuchBucket")


def test_encryption(plain):
    """SSE-COS is honoured: the response to the upload and to each read says so."""
    headers = {"x-cos-server-side-encryption": "AES256"}
    replies = [plain("PUT", "a", body=b"x", headers=headers), plain("GET", "a"), plain("HEAD", "a")]
    assert [reply.headers["x-cos-server-side-encryption"] for reply in replies] == ["AES256"] * 3


def test_forbid_overwrite(plain):
    """With x-cos-forbid-overwrite an object that is there stays as it is."""
    headers = {"x-cos-forbid-overwrite": "true"}
    assert plain("PUT", "a", body=b"1", headers=headers).status == 200
    reply = plain("PUT", "a", body=b"2", headers=headers)
    assert (reply.status, reply.code, plain("GET", "a").body) == (409, "FileAlreadyExists", b"1")


@pytest.mark.parametrize("limit", ["819199", "838860801", "0", "many", "1e6"])
def test_traffic_limit_out_of_range(plain, limit):
    """A traffic limit outside its range is refused, in a header and in the address, up and down."""
    plain("PUT", "a", body=b"x")
    for method in ("GET", "PUT"):
        for place in ({"headers": {"x-cos-traffic-limit": limit}}, {"params": {"x-cos-traffic-limit": limit}}):
            reply = plain(method, "a", body=b"y" if method == "PUT" else None, **place)
            assert (reply.status, reply.code) == (400, "InvalidArgument")
    assert plain("GET", "a").body == b"x"


def test_traffic_limit(monkeypatch):
    """A traffic limit makes each chunk wait until its bits may have passed."""
    waits = []
    monkeypatch.setattr("emulator.cos.bodies.time.sleep", waits.append)
    monkeypatch.setattr("emulator.cos.bodies.time.monotonic", lambda: 100.0)
    assert list(paced([b"x" * 100_000, b"y" * 100_000], 800_000)) == [b"x" * 100_000, b"y" * 100_000]
    assert waits == [1.0, 2.0]
    assert list(paced([b"x"], None)) == [b"x"]
    assert len(waits) == 2


def test_tagging_count(plain, sdk, bucket):
    """An object with tags says how many; those of the upload count."""
    plain("PUT", "a", body=b"x", headers={"x-cos-tagging": "made=here&by=hand"})
    assert plain("HEAD", "a").headers["x-cos-tagging-count"] == "2"
    assert [tag["Key"] for tag in sdk.get_object_tagging(bucket, "a")["TagSet"]["Tag"]] == ["made", "by"]
    sdk.delete_object_tagging(bucket, "a")
    assert plain("HEAD", "a").headers["x-cos-tagging-count"] is None


@pytest.mark.parametrize("text", ["&".join(f"k{number}=v" for number in range(11)), f"{'k' * 128}=v", "a=1&a=2"])
def test_too_many_tags(plain, text):
    """Tags beyond COS's limits are refused."""
    assert plain("PUT", "a", body=b"x", headers={"x-cos-tagging": text}).status == 400


def test_conditional_race(plain, cloud):
    """Of many uploads that must not overwrite, made at once, exactly one is stored."""

    def upload(number):
        with Plain(cloud) as client:
            return client("PUT", "a", body=b"%d" % number, headers={"If-None-Match": "*"}).status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(upload, range(24)))
    assert sorted(statuses) == [200, *[412] * 23]

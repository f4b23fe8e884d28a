import hashlib
from base64 import b64encode

import pytest
from qcloud_cos import CosServiceError

LONGEST = "视" * 283 + "x"  # 850 bytes
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
    "850 bytes": LONGEST,
    "composed and not": "é/é",
    "looks like the cloud's own": "_emulator/faults",
    "backslash": "a\\b",
    "ends with a slash": "folder/",
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_comes_back_as_it_was_given(cloud, plain, key):
    assert plain("PUT", key, body=key.encode()).status == 200
    assert plain("GET", key).body == key.encode()
    assert [each.key for each in cloud.objects()] == [key]
    assert cloud.calls[-1].key == key
    assert plain("DELETE", key).status == 204
    assert list(cloud.objects()) == []


# One leading slash and "./" are the SDK's to change: facts of the SDK, not of COS.
SDK_KEYS = {name: key for name, key in KEYS.items() if not key.startswith("/") and key != "."}


@pytest.mark.parametrize("key", SDK_KEYS.values(), ids=SDK_KEYS)
def test_the_sdk_stores_lists_and_reads_a_key(sdk, bucket, key):
    sdk.put_object(bucket, key.encode(), key)
    assert [each["Key"] for each in sdk.list_objects(bucket)["Contents"]] == [key]
    assert sdk.get_object(bucket, key, KeySimplifyCheck=False)["Body"].get_raw_stream().read() == key.encode()
    sdk.delete_object(bucket, key)
    assert "Contents" not in sdk.list_objects(bucket)


def test_a_key_of_851_bytes_is_too_long(plain):
    reply = plain("PUT", LONGEST + "x", body=b"")
    assert (reply.status, reply.code) == (400, "KeyTooLong")


@pytest.mark.parametrize("letter", ["\x18", "\x1b", "\x00", "\x7f", "\uffff"], ids=ascii)
def test_a_key_has_no_control_characters(plain, letter):
    reply = plain("PUT", f"a{letter}b", body=b"")
    assert (reply.status, reply.code) == (400, "InvalidObjectName")


@pytest.mark.parametrize("target", ["/%ff", "/%zz", "/a%", "/a?b=%ff"])
def test_what_is_not_percent_encoded_utf_8_is_no_address(plain, target):
    reply = plain.raw("GET", target, headers={"Host": plain.host})
    assert (reply.status, reply.code) == (400, "InvalidURI")


def test_what_goes_with_an_object_comes_back_with_it(sdk, bucket):
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
    found = sdk.head_object(bucket, "a.txt")
    wanted = {
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
    assert {name: found.get(name) for name in wanted} == wanted
    assert "Last-Modified" in found
    assert "x-cos-request-id" in found
    body = sdk.get_object(bucket, "a.txt")
    assert {name: body.get(name) for name in wanted} == wanted


def test_no_s3_word_leaves(sdk, bucket, plain):
    sdk.put_object(bucket, b"hello", "a", Metadata={"x-cos-meta-a": "b"})
    answers = [plain("HEAD", "a"), plain("GET", "a"), plain("GET"), plain("GET", "absent"), plain("PUT", "b", body=b"")]
    shown = "".join(str(answer.headers) + answer.body.decode() for answer in answers).lower()
    assert not [word for word in ("amz", "amazon", "s3", "access-control") if word in shown]


def test_the_default_type_is_octet_stream(plain):
    plain("PUT", "a", body=b"x")
    assert plain("HEAD", "a").headers["Content-Type"] == "application/octet-stream"


@pytest.mark.parametrize(
    "content_type", ["multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "video/mp4"]
)
def test_a_body_is_stored_whatever_its_type(plain, content_type):
    assert plain("PUT", "a", body=b"key=b&file=c", headers={"content-type": content_type}).status == 200
    reply = plain("GET", "a")
    assert (reply.body, reply.headers["Content-Type"]) == (b"key=b&file=c", content_type)


def test_metadata_keeps_bytes_beyond_ascii(plain):
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
def test_an_upload_that_cos_would_not_take_leaves_nothing(cloud, plain, headers, code):
    reply = plain("PUT", "a", body=b"hello", headers=headers)
    assert (reply.status, reply.code) == (400, code)
    assert list(cloud.objects()) == []


@pytest.mark.parametrize("body", [b"", b"hello"], ids=["empty", "five bytes"])
def test_the_right_md5_is_taken_and_a_wrong_one_not(plain, body):
    md5 = b64encode(hashlib.md5(body).digest()).decode()
    assert plain("PUT", "a", body=body, headers={"Content-MD5": md5}).status == 200
    wrong = b64encode(hashlib.md5(body + b"x").digest()).decode()
    assert plain("PUT", "a", body=body, headers={"Content-MD5": wrong}).code == "BadDigest"


def test_the_sdks_own_md5_is_taken(sdk, bucket):
    sdk.put_object(bucket, b"hello", "a", EnableMD5=True)


def test_a_put_needs_a_length(plain):
    reply = plain.raw("PUT", "/a", headers={"Host": plain.host, "Authorization": authorization(plain, "PUT", "/a")})
    assert (reply.status, reply.code) == (411, "MissingContentLength")


def authorization(plain, method, path):
    from tests.emulator.plain import sign

    fields = sign(method, path, key=plain.key, headers={"host": plain.host})
    return "&".join(f"{k}={v}" for k, v in fields.items())


def test_a_chunked_upload_is_stored(plain, sdk, bucket):
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
def test_a_range(plain, header, status, body, part):
    plain("PUT", "a", body=b"0123456789")
    for method in ("GET", "HEAD"):
        reply = plain(method, "a", headers={"Range": header})
        assert (reply.status, reply.headers["Content-Range"]) == (status, part)
        assert reply.headers["Content-Length"] == str(len(body))
        assert reply.body == (body if method == "GET" else b"")


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_beyond_the_object_is_refused(plain, header):
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
def test_a_condition(plain, method, headers, status):
    plain("PUT", "a", body=b"hello")
    reply = plain(method, "a", headers=headers)
    assert reply.status == status
    if status == 304:
        assert (reply.body, reply.headers["ETag"]) == (b"", TAG)
    elif method == "GET":
        assert reply.code == "PreconditionFailed" if status == 412 else reply.body == b"hello"


def test_an_upload_can_be_held_to_a_condition(plain):
    assert plain("PUT", "a", body=b"1", headers={"If-None-Match": "*"}).status == 200
    reply = plain("PUT", "a", body=b"2", headers={"If-None-Match": "*"})
    assert (reply.status, reply.code) == (412, "PreconditionFailed")
    assert plain("GET", "a").body == b"1"


def test_the_url_can_say_how_an_object_is_sent(plain):
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


def test_the_url_cannot_put_headers_into_the_answer(plain):
    plain("PUT", "a", body=b"hello")
    reply = plain("GET", "a", params={"response-content-type": "a\r\nx-injected: b"})
    assert (reply.status, reply.code, reply.headers["x-injected"]) == (400, "InvalidArgument", None)


def test_an_archived_object_is_seen_and_not_read(plain):
    plain("PUT", "a", body=b"hello", headers={"x-cos-storage-class": "ARCHIVE"})
    assert plain("HEAD", "a").headers["x-cos-storage-class"] == "ARCHIVE"
    for params in ({}, {"ci-process": "snapshot", "time": "0"}):
        reply = plain("GET", "a", params=params)
        assert (reply.status, reply.code) == (403, "InvalidObjectState")


def test_an_object_stored_as_public_is_read_without_keys_and_not_written(plain):
    plain("PUT", "a", body=b"hello", headers={"x-cos-acl": "public-read"})
    assert plain("GET", "a", signed=False).body == b"hello"
    assert plain("HEAD", "a", signed=False).status == 200
    assert plain("PUT", "a", body=b"x", signed=False).status == 403
    plain("PUT", "a", body=b"hello", headers={"x-cos-acl": "private"})
    assert plain("GET", "a", signed=False).status == 403


# Copies


@pytest.mark.parametrize("key", SDK_KEYS.values(), ids=SDK_KEYS)
def test_a_copy_is_its_source(sdk, bucket, cloud, key):
    sdk.put_object(bucket, b"hello", key, ContentType="text/x-film", Metadata={"x-cos-meta-a": "b"})
    sdk.copy_object("second-1250000000", "copy", {"Bucket": bucket, "Key": key, "Region": cloud.region})
    found = sdk.get_object("second-1250000000", "copy")
    assert found["Body"].get_raw_stream().read() == b"hello"
    assert (found["Content-Type"], found["x-cos-meta-a"]) == ("text/x-film", "b")


def test_a_copy_can_replace_what_goes_with_it(sdk, bucket, cloud):
    sdk.put_object(bucket, b"hello", "a", ContentType="text/x-film", Metadata={"x-cos-meta-a": "b"})
    source = {"Bucket": bucket, "Key": "a", "Region": cloud.region}
    sdk.copy_object(bucket, "a", source, CopyStatus="Replaced", ContentType="video/mp4", Metadata={"x-cos-meta-c": "d"})
    found = sdk.head_object(bucket, "a")
    assert (found["Content-Type"], found.get("x-cos-meta-a"), found["x-cos-meta-c"]) == ("video/mp4", None, "d")


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
def test_a_copy_is_refused(plain, cloud, source, headers, status, code):
    plain("PUT", "a", body=b"hello")
    reply = plain("PUT", "b", body=b"", headers={"x-cos-copy-source": source, **headers})
    assert (reply.status, reply.code) == (status, code)
    assert [each.key for each in cloud.objects()] == ["a"]


# Gone


def test_deleting_what_is_not_there_is_no_error(sdk, bucket):
    sdk.delete_object(bucket, "absent")


def test_several_are_deleted_and_told(sdk, bucket, cloud):
    for key in ("a", "视频/b", "c&d"):
        sdk.put_object(bucket, b"x", key)
    wanted = {"Object": [{"Key": "a"}, {"Key": "视频/b"}, {"Key": "absent"}]}
    found = sdk.delete_objects(bucket, wanted)
    assert [each["Key"] for each in found["Deleted"]] == ["a", "视频/b", "absent"]
    assert [each.key for each in cloud.objects()] == ["c&d"]


def test_several_are_deleted_in_quiet(sdk, bucket):
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
def test_a_list_that_is_none_deletes_nothing(plain, cloud, body, code):
    plain("PUT", "a", body=b"x")
    md5 = b64encode(hashlib.md5(body).digest()).decode()
    reply = plain("POST", params={"delete": ""}, body=body, headers={"Content-MD5": md5})
    assert (reply.status, reply.code) == (400, code)
    assert len(list(cloud.objects())) == 1


def test_deleting_several_needs_an_md5(plain):
    reply = plain("POST", params={"delete": ""}, body=b"<Delete><Object><Key>a</Key></Object></Delete>")
    assert (reply.status, reply.code) == (400, "InvalidRequest")


# Refusals


def test_a_missing_object_and_a_missing_bucket_have_coss_error_document(plain, sdk, cloud):
    reply = plain("GET", "absent")
    assert (reply.status, reply.code) == (404, "NoSuchKey")
    assert reply.tags == ["Code", "Message", "Resource", "RequestId", "TraceId"]
    assert reply.headers["Content-Type"] == "application/xml"
    assert f"<Resource>{plain.host}/absent</Resource>" in reply.body.decode()
    assert f"<RequestId>{reply.headers['x-cos-request-id']}</RequestId>" in reply.body.decode()
    with pytest.raises(CosServiceError) as caught:
        sdk.get_object("absent-1250000000", "a")
    assert (caught.value.get_status_code(), caught.value.get_error_code()) == (404, "NoSuchBucket")
    assert caught.value.get_request_id() == cloud.calls[-1].request_id


def test_a_head_that_fails_has_no_body_and_a_request_id(plain, sdk, bucket):
    reply = plain("HEAD", "absent")
    assert (reply.status, reply.body) == (404, b"")
    with pytest.raises(CosServiceError) as caught:
        sdk.head_object(bucket, "absent")
    assert caught.value.get_request_id()


@pytest.mark.parametrize(
    ("method", "params"),
    [("GET", {"acl": ""}), ("PUT", {"lifecycle": ""}), ("GET", {"imageMogr2/thumbnail/100x": ""}), ("PATCH", {})],
    ids=["acl", "lifecycle", "picture processing", "PATCH"],
)
def test_what_this_cloud_does_not_have_it_says(plain, method, params):
    plain("PUT", "a", body=b"x")
    reply = plain(method, "a", params=params, body=b"" if method != "GET" else None)
    assert (reply.status, reply.code) == (405, "MethodNotAllowed")


@pytest.mark.parametrize(
    "host",
    ["example.com", "examplebucket.cos.ap-guangzhou.myqcloud.com", "a-1250000000.cos.ap-guangzhou.example.com"],
)
def test_a_host_that_is_none_of_coss_is_refused(plain, host):
    plain.host = host
    reply = plain("GET", "a")
    assert (reply.status, reply.code) == (400, "InvalidURI")


def test_another_region_does_not_have_the_bucket(plain):
    plain.host = plain.host.replace("guangzhou", "beijing")
    reply = plain("GET", "a")
    assert (reply.status, reply.code) == (404, "NoSuchBucket")

"""GetSnapshot, GetMediaInfo and /mediabucket from the outside: the document's examples, headers, refusals."""

import hashlib
import io
import re
import shutil
import subprocess
from base64 import b64decode
from email.utils import parsedate_to_datetime
from xml.etree.ElementTree import fromstring

import pytest
from PIL import Image

from emulator.cloud import Cloud
from emulator.films.film import read_stripes
from tests.emulator.plain import Plain, sign

SNAPSHOT = {"ci-process": "snapshot", "time": "1"}
INFO = {"ci-process": "videoinfo"}


@pytest.fixture
def stored(sdk, bucket, film):
    sdk.put_object(bucket, film, "for-test.mp4", ContentType="video/mp4")
    return "for-test.mp4"


# The document's examples, by curl

EXAMPLE_HOST = "examplebucket-1250000000.cos.ap-beijing.myqcloud.com"


@pytest.fixture(scope="module")
def example_cloud(film):
    """The bucket, region and object of the document's examples, at the time at which its second one was signed."""
    with Cloud(region="ap-beijing", now=lambda: 1650425999.0) as cloud:
        with Plain(cloud) as plain:
            assert plain("PUT", "for-test.mp4", body=film, starts=1650425932, ends=1650433132).status == 200
        yield cloud


def curl(*arguments):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--include", *arguments], capture_output=True, check=True
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    status, *fields = head.decode("latin-1").split("\r\n")
    return status, [tuple(field.split(": ", 1)) for field in fields], body


def fields_of(cloud, key_time, *, headers, listed):
    starts, ends = key_time
    key = (cloud.secret_id, cloud.secret_key)
    fields = sign("GET", "/for-test.mp4", key=key, headers=headers, starts=starts, ends=ends, listed=listed)
    return "&".join(f"{name}={value}" for name, value in fields.items())


def assert_answers_as_printed(status, fields, body):
    # HTTP/1.1 200 OK, then these headers in this order, then the picture
    assert status == "HTTP/1.1 200 OK"
    assert [name for name, _ in fields] == [
        "Content-Type",
        "Content-Length",
        "Connection",
        "Date",
        "Server",
        "x-cos-request-id",
    ]
    result = dict(fields)
    assert (result["Content-Type"], result["Connection"], result["Server"]) == (
        "image/jpeg",
        "keep-alive",
        "tencent-ci",
    )
    assert result["Content-Length"] == str(len(body))
    assert parsedate_to_datetime(result["Date"]).tzinfo is not None
    # NTg3NzRiMjVfYmRjMzVfMTViMl82ZGZmNw== is 58774b25_bdc35_15b2_6dff7
    assert re.fullmatch(rb"[0-9a-f]{8}_[0-9a-f]{5}_[0-9a-f]{4}_[0-9a-f]{5}", b64decode(result["x-cos-request-id"]))
    picture = Image.open(io.BytesIO(body))
    assert picture.format == "JPEG"
    assert read_stripes(picture) == 1480  # the frame of 1.5 s at 25 frames a second begins at 1.48 s


def test_first_example(example_cloud):
    """The document's first example is answered as printed."""
    # The document prints `q-ak=****-sign-time=`: the stars have swallowed `&q` there, a misprint.
    authorization = fields_of(
        example_cloud, (1484213027, 32557109027), headers={"host": EXAMPLE_HOST}, listed=(("acl",), ("host",))
    )
    assert "q-header-list=host&q-url-param-list=acl&" in authorization
    answer = curl(
        f"{example_cloud.endpoint}/for-test.mp4?ci-process=snapshot&time=1.5",
        "--header", f"Host: {EXAMPLE_HOST}",
        "--header", "Date: Fri, 10 Mar 2016 09:45:46 GMT",
        "--header", f"Authorization: {authorization}",
        "--header", "Content-Length: 0",
    )  # fmt: skip
    assert_answers_as_printed(*answer)


def test_second_example(example_cloud):
    """The document's second example is answered as printed."""
    auth = fields_of(example_cloud, (1650425932, 1650433132), headers={}, listed=((), ()))
    assert "q-sign-time=1650425932;1650433132&" in auth
    assert "q-header-list=&q-url-param-list=&" in auth
    answer = curl(
        f"{example_cloud.endpoint}/for-test.mp4?ci-process=snapshot&time=1.5&{auth}",
        "--header",
        f"Host: {EXAMPLE_HOST}",
    )
    assert_answers_as_printed(*answer)


def test_request_styles(plain, stored):
    """Both request styles of the document give the same picture."""
    # GET /<ObjectKey>?ci-process=snapshot&time=1&format=jpg, signed in its header and in its URL
    params = {**SNAPSHOT, "format": "jpg"}
    by_header = plain("GET", stored, params=params)
    fields = sign("GET", f"/{stored}", key=plain.key, params=params, headers={"host": plain.host})
    by_url = plain("GET", stored, params={**params, **fields}, signed=False)
    assert (by_header.status, by_url.status) == (200, 200)
    assert by_header.body == by_url.body


def test_misprint(plain, stored):
    """The example's sign time without its ampersand is a misprint: it is refused."""
    fields = sign("GET", f"/{stored}", key=plain.key, headers={"host": plain.host})
    text = "&".join(f"{k}={v}" for k, v in fields.items()).replace("&q-sign-time", "-sign-time")
    reply = plain("GET", stored, params=SNAPSHOT, headers={"Authorization": text}, signed=False)
    assert (reply.status, reply.code) == (401, "InvalidAuthorization")


# The SDK


def test_sdk_snapshot(sdk, bucket, stored):
    """The SDK gets a picture."""
    answer = sdk.get_snapshot(bucket, stored, 1.5, Format="png", Width=160)
    picture = Image.open(io.BytesIO(answer["Body"].get_raw_stream().read()))
    assert (answer["Content-Type"], picture.format, picture.size) == ("image/png", "PNG", (160, 90))
    assert read_stripes(picture) == 1480


def test_sdk_media_info(sdk, bucket, stored, film):
    """The SDK gets a video's media info."""
    info = sdk.get_media_info(bucket, stored)["MediaInfo"][0]
    assert info["Format"]["Size"] == str(len(film))
    assert info["Stream"]["Video"]["Width"] == "320"


def test_role_snapshot(role, bucket, stored):
    """A role gets a picture with its token."""
    assert role.get_snapshot(bucket, stored, 0)["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize("key", ["a b+%2B.mp4", "视频/电影.mp4", "a//b/../c.mp4", 'it\'s "a".mp4'])
def test_any_key(plain, film, key):
    """A snapshot is taken of a video under any key."""
    plain("PUT", key, body=film)
    assert plain("GET", key, params=SNAPSHOT).headers["Content-Type"] == "image/jpeg"


def test_recorded_request(cloud, plain, stored):
    """A snapshot is recorded with its parameters and without its signature."""
    fields = sign("GET", f"/{stored}", key=plain.key, params=SNAPSHOT, headers={"host": plain.host})
    plain("GET", stored, params={**SNAPSHOT, **fields, "x-cos-security-token": "secret"}, signed=False)
    called = cloud.calls[-1]
    assert (called.operation, called.method, called.key, called.status) == ("GetSnapshot", "GET", stored, 200)
    assert (called.query, called.principal) == (tuple(SNAPSHOT.items()), "root")


# Refusals


@pytest.mark.parametrize("params", [SNAPSHOT, INFO], ids=["snapshot", "videoinfo"])
def test_missing_object(plain, params):
    """A missing object or bucket is refused by COS, not by CI."""
    reply = plain("GET", "absent.mp4", params=params)
    assert (reply.status, reply.code, "Resource" in reply.tags) == (404, "NoSuchKey", True)


@pytest.mark.parametrize(
    ("method", "params", "status", "code"),
    [
        pytest.param("GET", [("ci-process", "")], 400, "InvalidArgument", id="empty"),
        pytest.param("GET", [("ci-process", "Snapshot")], 400, "InvalidArgument", id="another case"),
        pytest.param("GET", [("ci-process", "dance")], 400, "InvalidArgument", id="no process"),
        pytest.param("GET", [("ci-process", "snapshot"), ("time", "-1")], 400, "InvalidArgument", id="time"),
        pytest.param("PUT", [("ci-process", "snapshot"), ("time", "1")], 405, "MethodNotAllowed", id="PUT"),
        pytest.param("HEAD", [("ci-process", "snapshot"), ("time", "1")], 405, None, id="HEAD"),
    ],
)
def test_ci_errors(plain, stored, method, params, status, code):
    """CI's errors have CI's codes and form."""
    reply = plain(method, stored, params=params, body=b"" if method == "PUT" else None)
    assert reply.status == status
    assert reply.headers["Server"] == "tencent-ci"
    if code is not None:
        assert (reply.code, reply.tags) == (code, ["Code", "Message", "RequestId", "TraceId"])


@pytest.mark.parametrize("params", [{"time": "1"}, {"time": "1", "format": "png"}], ids=["a time", "more"])
def test_missing_process(plain, stored, params):
    """A snapshot without its ci-process is refused by the parameter's name."""
    reply = plain("GET", stored, params=params)
    assert (reply.status, reply.code, reply.headers["Server"]) == (400, "InvalidArgument", "tencent-ci")
    assert "ci-process" in reply.message


def test_unrelated_parameters(plain, stored, film):
    """Parameters that are no snapshot's leave a plain GET what it is."""
    assert plain("GET", stored, params={"format": "png", "width": "1"}).body == film


def test_repeated_process(plain, stored):
    """A ci-process given twice is refused."""
    reply = plain.raw("GET", f"/{stored}?ci-process=snapshot&ci-process=snapshot&time=1", headers={"Host": plain.host})
    assert (reply.status, reply.code) == (400, "InvalidArgument")
    assert "ci-process" in reply.message


def test_not_a_video(plain):
    """Text under a video's name is refused."""
    plain("PUT", "a.mp4", body=b"hello")
    for params in (SNAPSHOT, INFO):
        reply = plain("GET", "a.mp4", params=params)
        assert (400 <= reply.status < 500, "Resource" in reply.tags) == (True, False)


# Bound or not


@pytest.mark.parametrize("params", [SNAPSHOT, INFO], ids=["snapshot", "videoinfo"])
def test_unbound_bucket(cloud, plain, bucket, stored, params):
    """A bucket that is not bound to CI says so."""
    cloud.unbind(bucket)
    reply = plain("GET", stored, params=params)
    assert (reply.status, reply.code) == (400, "MediaBucketUnBinded")
    assert reply.message == "media bucket unbinded, bucket's host is unavailable"
    assert reply.tags == ["Code", "Message", "RequestId", "TraceId"]
    assert plain("GET", stored).status == 200
    cloud.bind(bucket)
    assert plain("GET", stored, params=params).status == 200


def test_bind_over_http(cloud, plain, bucket):
    """A control path binds and unbinds a bucket."""
    assert plain.admin("POST", "/_emulator/unbind", {"bucket": bucket}).status == 200
    assert not cloud.is_bound(bucket)
    assert plain.admin("POST", "/_emulator/bind", {"bucket": bucket}).status == 200
    assert cloud.is_bound(bucket)
    assert plain.admin("POST", "/_emulator/bind", {"bucket": "absent-1250000000"}).status == 400


def test_unbound_from_start():
    """A cloud can begin with buckets that are not bound."""
    with Cloud(buckets=("a-1250000000", "b-1250000000"), unbound=("b-1250000000",)) as cloud:
        assert (cloud.is_bound("a-1250000000"), cloud.is_bound("b-1250000000")) == (True, False)
        cloud.bind("b-1250000000")
        cloud.clear()
        assert not cloud.is_bound("b-1250000000")


@pytest.fixture
def ci(plain):
    plain.host = plain.host.replace(".cos.", ".ci.")
    return plain


def test_media_bucket(cloud, ci, bucket):
    """CI's host turns media processing off and on."""
    off = ci("DELETE", "mediabucket")
    assert (off.status, off.tags, cloud.is_bound(bucket)) == (200, ["RequestId"], False)
    assert ci("DELETE", "mediabucket").code == "MediaBucketUnBinded"
    on = ci("POST", "mediabucket", body=b"")
    assert (on.status, cloud.is_bound(bucket)) == (200, True)
    media = fromstring(on.body).find("MediaBucket")
    assert [media.findtext(name) for name in ("BucketId", "Region")] == [bucket, cloud.region]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0800", media.findtext("CreateTime"))
    second_draw = ci("POST", "mediabucket", body=b"")
    assert (second_draw.status, second_draw.code) == (403, "MediaBucketAlreadyBinded")
    assert on.headers["x-ci-request-id"] == fromstring(on.body).findtext("RequestId")
    assert on.headers["Server"] == "tencent-ci"


def test_bound_buckets(sdk, cloud):
    """The SDK lists the bound buckets, filtered by name and region."""
    result = sdk.ci_get_media_bucket(PageSize="1", PageNumber="2")
    assert (result["TotalCount"], result["PageNumber"], result["PageSize"]) == ("2", "2", "1")
    assert [item["BucketId"] for item in result["MediaBucketList"]] == ["second-1250000000"]
    assert [item["BucketId"] for item in sdk.ci_get_media_bucket(BucketName="ex")["MediaBucketList"]] == [
        cloud.buckets[0]
    ]
    assert "MediaBucketList" not in sdk.ci_get_media_bucket(Regions="ap-beijing")
    assert sdk.ci_get_media_bucket(BucketNames="second-1250000000,absent-1250000000")["TotalCount"] == "1"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("PATCH", "mediabucket", 405, "MethodNotAllowed"), ("GET", "elsewhere", 404, "InvalidUrl")],
)
def test_other_ci_paths(ci, method, path, status, code):
    """CI's host refuses other methods and unknown paths."""
    reply = ci(method, path)
    assert (reply.status, reply.code) == (status, code)


def test_absent_bucket(ci):
    """A bucket that does not exist cannot be bound."""
    ci.host = ci.host.replace("examplebucket", "absent")
    assert ci("POST", "mediabucket", body=b"").code == "InvalidHost"


def test_page_numbers(ci):
    """Pages of bound buckets are numbered from one."""
    assert ci("GET", "mediabucket", params={"pageNumber": "0"}).code == "InvalidArgument"
    assert ci("GET", "mediabucket", params={"pageSize": "many"}).code == "InvalidArgument"


def test_binding_action(cloud, ci):
    """Binding needs its own action."""
    keys = cloud.credentials.issue("run", 600)
    ci.key = (keys.secret_id, keys.secret_key)
    headers = {"x-ci-security-token": keys.token}
    rule = {"effect": "allow", "action": "ci:DescribeMediaBuckets", "resource": "*"}
    cloud.set_policy({"version": "2.0", "statement": rule})
    assert ci("GET", "mediabucket", headers=headers).status == 200
    assert ci("POST", "mediabucket", headers=headers, body=b"").code == "AccessDenied"


def post_snapshot(
    ci, *, source="a.mp4", output="thumbs/a.jpg", bucket="second-1250000000", region="ap-guangzhou", time="1"
):
    body = (
        f"<Request><Input><Object>{source}</Object></Input><Time>{time}</Time><Width>160</Width><Format>jpg</Format>"
        f"<Output><Region>{region}</Region><Bucket>{bucket}</Bucket><Object>{output}</Object></Output></Request>"
    )
    return ci("POST", "snapshot", body=body.encode())


def test_snapshot_into_a_bucket(ci, sdk, cloud, film):
    """POST /snapshot stores the picture where it is told to, says so, and the bucket's event is published."""
    sdk.put_object(cloud.buckets[0], film, "a.mp4")
    reply = post_snapshot(ci)
    assert (reply.status, fromstring(reply.body).findtext("Output/Object")) == (200, "thumbs/a.jpg")
    stored = sdk.get_object("second-1250000000", "thumbs/a.jpg")
    assert stored["Content-Type"] == "image/jpeg"
    assert Image.open(io.BytesIO(stored["Body"].get_raw_stream().read())).size == (160, 90)
    event = cloud.events[-1]
    assert (event.event_name, event.bucket, event.key) == ("cos:ObjectCreated:Put", "second-1250000000", "thumbs/a.jpg")


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"source": "absent"}, 404, "NoSuchKey"),
        ({"source": ""}, 400, "InvalidArgument"),
        ({"output": ""}, 400, "InvalidArgument"),
        ({"time": "x"}, 400, "InvalidArgument"),
        ({"region": "ap-beijing"}, 501, "NotImplemented"),
        ({"bucket": "absent-1250000000"}, 404, "NoSuchBucket"),
    ],
    ids=str,
)
def test_no_snapshot_into_a_bucket(ci, sdk, cloud, film, changed, status, code):
    """A POST /snapshot that cannot be done is refused and stores nothing."""
    sdk.put_object(cloud.buckets[0], film, "a.mp4")
    reply = post_snapshot(ci, **changed)
    assert (reply.status, reply.code) == (status, code)
    assert [item.key for item in cloud.objects()] == ["a.mp4"]


def test_rights_of_a_snapshot_into_a_bucket(ci, sdk, cloud, film):
    """POST /snapshot needs the right to the snapshot, to read its source and to write its output."""
    sdk.put_object(cloud.buckets[0], film, "a.mp4")
    issued = cloud.credentials.issue("run", 600)
    ci.key = (issued.secret_id, issued.secret_key)
    body = b"<Request><Input><Object>a.mp4</Object></Input><Time>1</Time><Output><Region>ap-guangzhou</Region>"
    body += b"<Bucket>second-1250000000</Bucket><Object>b.jpg</Object></Output></Request>"
    actions = ["ci:GenerateSnapshot", "name/cos:GetObject", "name/cos:PutObject"]
    for missing in (*actions, None):
        allowed = [action for action in actions if action != missing]
        rule = {"effect": "allow", "action": allowed, "resource": "*"}
        cloud.set_policy({"version": "2.0", "statement": rule})
        reply = ci("POST", "snapshot", body=body, headers={"x-ci-security-token": issued.token})
        assert reply.status == (200 if missing is None else 403)


@pytest.mark.parametrize("path", ["jobs", "queue", "template/abc", "inventorytriggerjob"])
def test_absent_ci_operation(ci, path):
    """CI's operations that are not here are refused by name."""
    reply = ci("POST", path, body=b"<Request/>")
    assert (reply.status, reply.code, f"/{path}" in reply.message) == (501, "NotImplemented", True)


def test_absent_process(plain, stored):
    """A ci-process that CI has and this cloud does not is refused by name."""
    reply = plain("GET", stored, params={"ci-process": "pm3u8"})
    assert (reply.status, reply.code, "pm3u8" in reply.message) == (501, "NotImplemented", True)


@pytest.mark.parametrize("params", [SNAPSHOT, INFO], ids=["snapshot", "media info"])
def test_version_of_a_film(plain, sdk, bucket, film, params):
    """GetSnapshot and GetMediaInfo take a version."""
    sdk.put_bucket_versioning(bucket, Status="Enabled")
    version = sdk.put_object(bucket, film, "v.mp4")["x-cos-version-id"]
    sdk.put_object(bucket, b"no film", "v.mp4")
    assert plain("GET", "v.mp4", params={**params, "versionId": version}).status == 200
    assert plain("GET", "v.mp4", params=params).status == 400
    assert plain("GET", "v.mp4", params={**params, "versionId": "unknown"}).code == "NoSuchVersion"


@pytest.mark.parametrize("name", ["JPEG", "PNG", "WEBP", "GIF"])
def test_image_info(plain, name):
    """ImageInfo says format, size, bytes and MD5 of a picture, as texts."""
    picture = io.BytesIO()
    Image.new("RGB", (64, 36), "teal").save(picture, name)
    plain("PUT", "a", body=picture.getvalue())
    result = plain("GET", "a", params={"imageInfo": ""})
    assert result.headers["Content-Type"] == "application/json"
    assert result.json == {
        "format": name.lower(),
        "width": "64",
        "height": "36",
        "size": str(len(picture.getvalue())),
        "md5": hashlib.md5(picture.getvalue()).hexdigest(),
        "frame_count": "1",
    }


def test_no_image_info(cloud, plain, stored):
    """ImageInfo of a film, and in a bucket that is not bound, is refused in CI's words."""
    assert plain("GET", stored, params={"imageInfo": ""}).code == "ResourceNotSupported"
    cloud.unbind(cloud.buckets[0])
    assert plain("GET", stored, params={"imageInfo": ""}).code == "MediaBucketUnBinded"

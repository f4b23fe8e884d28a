"""GetSnapshot, GetMediaInfo and /mediabucket from the outside: the document's examples, headers, refusals."""

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
from emulator.film import read_stripes
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
    found = dict(fields)
    assert (found["Content-Type"], found["Connection"], found["Server"]) == ("image/jpeg", "keep-alive", "tencent-ci")
    assert found["Content-Length"] == str(len(body))
    assert parsedate_to_datetime(found["Date"]).tzinfo is not None
    # NTg3NzRiMjVfYmRjMzVfMTViMl82ZGZmNw== is 58774b25_bdc35_15b2_6dff7
    assert re.fullmatch(rb"[0-9a-f]{8}_[0-9a-f]{5}_[0-9a-f]{4}_[0-9a-f]{5}", b64decode(found["x-cos-request-id"]))
    picture = Image.open(io.BytesIO(body))
    assert picture.format == "JPEG"
    assert read_stripes(picture) == 1480  # the frame of 1.5 s at 25 frames a second begins at 1.48 s


def test_the_documents_first_example_answers_as_printed(example_cloud):
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


def test_the_documents_second_example_answers_as_printed(example_cloud):
    auth = fields_of(example_cloud, (1650425932, 1650433132), headers={}, listed=((), ()))
    assert "q-sign-time=1650425932;1650433132&" in auth
    assert "q-header-list=&q-url-param-list=&" in auth
    answer = curl(
        f"{example_cloud.endpoint}/for-test.mp4?ci-process=snapshot&time=1.5&{auth}",
        "--header",
        f"Host: {EXAMPLE_HOST}",
    )
    assert_answers_as_printed(*answer)


def test_the_two_request_styles_of_the_document_give_one_picture(plain, stored):
    # GET /<ObjectKey>?ci-process=snapshot&time=1&format=jpg, signed in its header and in its URL
    params = {**SNAPSHOT, "format": "jpg"}
    by_header = plain("GET", stored, params=params)
    fields = sign("GET", f"/{stored}", key=plain.key, params=params, headers={"host": plain.host})
    by_url = plain("GET", stored, params={**params, **fields}, signed=False)
    assert (by_header.status, by_url.status) == (200, 200)
    assert by_header.body == by_url.body


def test_a_sign_time_without_its_ampersand_is_the_misprint_it_looks_like(plain, stored):
    fields = sign("GET", f"/{stored}", key=plain.key, headers={"host": plain.host})
    text = "&".join(f"{k}={v}" for k, v in fields.items()).replace("&q-sign-time", "-sign-time")
    reply = plain("GET", stored, params=SNAPSHOT, headers={"Authorization": text}, signed=False)
    assert (reply.status, reply.code) == (401, "InvalidAuthorization")


# The SDK


def test_the_sdk_gets_a_picture(sdk, bucket, stored):
    answer = sdk.get_snapshot(bucket, stored, 1.5, Format="png", Width=160)
    picture = Image.open(io.BytesIO(answer["Body"].get_raw_stream().read()))
    assert (answer["Content-Type"], picture.format, picture.size) == ("image/png", "PNG", (160, 90))
    assert read_stripes(picture) == 1480


def test_the_sdk_gets_what_is_known_of_a_film(sdk, bucket, stored, film):
    info = sdk.get_media_info(bucket, stored)["MediaInfo"][0]
    assert info["Format"]["Size"] == str(len(film))
    assert info["Stream"]["Video"]["Width"] == "320"


def test_a_role_gets_a_picture_with_its_token(role, bucket, stored):
    assert role.get_snapshot(bucket, stored, 0)["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize("key", ["a b+%2B.mp4", "视频/电影.mp4", "a//b/../c.mp4", 'it\'s "a".mp4'])
def test_a_picture_of_any_key(plain, film, key):
    plain("PUT", key, body=film)
    assert plain("GET", key, params=SNAPSHOT).headers["Content-Type"] == "image/jpeg"


def test_what_is_asked_is_noted_without_its_signature(cloud, plain, stored):
    fields = sign("GET", f"/{stored}", key=plain.key, params=SNAPSHOT, headers={"host": plain.host})
    plain("GET", stored, params={**SNAPSHOT, **fields, "x-cos-security-token": "secret"}, signed=False)
    called = cloud.calls[-1]
    assert (called.operation, called.method, called.key, called.status) == ("GetSnapshot", "GET", stored, 200)
    assert (called.query, called.principal) == (tuple(SNAPSHOT.items()), "root")


# Refusals


@pytest.mark.parametrize("params", [SNAPSHOT, INFO], ids=["snapshot", "videoinfo"])
def test_a_missing_object_is_coss_to_refuse(plain, params):
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
def test_ci_refuses_in_its_own_words(plain, stored, method, params, status, code):
    reply = plain(method, stored, params=params, body=b"" if method == "PUT" else None)
    assert reply.status == status
    assert reply.headers["Server"] == "tencent-ci"
    if code is not None:
        assert (reply.code, reply.tags) == (code, ["Code", "Message", "RequestId", "TraceId"])


@pytest.mark.parametrize("params", [{"time": "1"}, {"time": "1", "format": "png"}], ids=["a time", "more"])
def test_a_snapshot_without_its_process_is_refused_by_name(plain, stored, params):
    reply = plain("GET", stored, params=params)
    assert (reply.status, reply.code, reply.headers["Server"]) == (400, "InvalidArgument", "tencent-ci")
    assert "ci-process" in reply.message


def test_parameters_of_no_snapshot_leave_an_object_what_it_is(plain, stored, film):
    assert plain("GET", stored, params={"format": "png", "width": "1"}).body == film


def test_a_repeated_process_is_refused(plain, stored):
    reply = plain.raw("GET", f"/{stored}?ci-process=snapshot&ci-process=snapshot&time=1", headers={"Host": plain.host})
    assert (reply.status, reply.code) == (400, "InvalidArgument")
    assert "ci-process" in reply.message


def test_text_that_is_called_a_film_is_refused(plain):
    plain("PUT", "a.mp4", body=b"hello")
    for params in (SNAPSHOT, INFO):
        reply = plain("GET", "a.mp4", params=params)
        assert (400 <= reply.status < 500, "Resource" in reply.tags) == (True, False)


# Bound or not


@pytest.mark.parametrize("params", [SNAPSHOT, INFO], ids=["snapshot", "videoinfo"])
def test_an_unbound_bucket_says_so(cloud, plain, bucket, stored, params):
    cloud.unbind(bucket)
    reply = plain("GET", stored, params=params)
    assert (reply.status, reply.code) == (400, "MediaBucketUnBinded")
    assert reply.message == "media bucket unbinded, bucket's host is unavailable"
    assert reply.tags == ["Code", "Message", "RequestId", "TraceId"]
    assert plain("GET", stored).status == 200
    cloud.bind(bucket)
    assert plain("GET", stored, params=params).status == 200


def test_an_admin_call_binds_and_unbinds(cloud, plain, bucket):
    assert plain.admin("POST", "/_emulator/unbind", {"bucket": bucket}).status == 200
    assert not cloud.is_bound(bucket)
    assert plain.admin("POST", "/_emulator/bind", {"bucket": bucket}).status == 200
    assert cloud.is_bound(bucket)
    assert plain.admin("POST", "/_emulator/bind", {"bucket": "absent-1250000000"}).status == 400


def test_a_cloud_begins_with_the_buckets_unbound_that_it_is_told():
    with Cloud(buckets=("a-1250000000", "b-1250000000"), unbound=("b-1250000000",)) as cloud:
        assert (cloud.is_bound("a-1250000000"), cloud.is_bound("b-1250000000")) == (True, False)
        cloud.bind("b-1250000000")
        cloud.clear()
        assert not cloud.is_bound("b-1250000000")


@pytest.fixture
def ci(plain):
    plain.host = plain.host.replace(".cos.", ".ci.")
    return plain


def test_the_ci_host_turns_media_processing_off_and_on(cloud, ci, bucket):
    off = ci("DELETE", "mediabucket")
    assert (off.status, off.tags, cloud.is_bound(bucket)) == (200, ["RequestId"], False)
    assert ci("DELETE", "mediabucket").code == "MediaBucketUnBinded"
    on = ci("POST", "mediabucket", body=b"")
    assert (on.status, cloud.is_bound(bucket)) == (200, True)
    media = fromstring(on.body).find("MediaBucket")
    assert [media.findtext(name) for name in ("BucketId", "Region")] == [bucket, cloud.region]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0800", media.findtext("CreateTime"))
    again = ci("POST", "mediabucket", body=b"")
    assert (again.status, again.code) == (403, "MediaBucketAlreadyBinded")
    assert on.headers["x-ci-request-id"] == fromstring(on.body).findtext("RequestId")
    assert on.headers["Server"] == "tencent-ci"


def test_the_sdk_lists_the_bound_buckets(sdk, cloud):
    found = sdk.ci_get_media_bucket(PageSize="1", PageNumber="2")
    assert (found["TotalCount"], found["PageNumber"], found["PageSize"]) == ("2", "2", "1")
    assert [each["BucketId"] for each in found["MediaBucketList"]] == ["second-1250000000"]
    assert [each["BucketId"] for each in sdk.ci_get_media_bucket(BucketName="ex")["MediaBucketList"]] == [
        cloud.buckets[0]
    ]
    assert "MediaBucketList" not in sdk.ci_get_media_bucket(Regions="ap-beijing")
    assert sdk.ci_get_media_bucket(BucketNames="second-1250000000,absent-1250000000")["TotalCount"] == "1"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [("PATCH", "mediabucket", 405, "MethodNotAllowed"), ("GET", "elsewhere", 404, "InvalidUrl")],
)
def test_the_ci_host_has_nothing_else(ci, method, path, status, code):
    reply = ci(method, path)
    assert (reply.status, reply.code) == (status, code)


def test_a_bucket_that_is_not_there_cannot_be_bound(ci):
    ci.host = ci.host.replace("examplebucket", "absent")
    assert ci("POST", "mediabucket", body=b"").code == "InvalidHost"


def test_pages_are_numbered_from_one(ci):
    assert ci("GET", "mediabucket", params={"pageNumber": "0"}).code == "InvalidArgument"
    assert ci("GET", "mediabucket", params={"pageSize": "many"}).code == "InvalidArgument"


def test_binding_needs_its_own_action(cloud, ci):
    keys = cloud.keys.issue("run", 600)
    ci.key = (keys.secret_id, keys.secret_key)
    headers = {"x-ci-security-token": keys.token}
    rule = {"effect": "allow", "action": "ci:DescribeMediaBuckets", "resource": "*"}
    cloud.set_policy({"version": "2.0", "statement": rule})
    assert ci("GET", "mediabucket", headers=headers).status == 200
    assert ci("POST", "mediabucket", headers=headers, body=b"").code == "AccessDenied"

"""The meaning of each response of COS and CI: final, the set-up's fault, or passing."""

from datetime import datetime, timezone
from xml.sax.saxutils import escape

import pytest

from snapshot.errors import BadFrame, CloudUnavailable, SetupError, SourceChanged, SourceRejected
from snapshot.tencent.responses import (
    FINAL,
    MEDIA_OPERATIONS,
    Response,
    failure,
    max_attempts,
    not_a_picture,
    retry_after_s,
    says_slow_down,
)

KEY = "videos/a.mp4"
HEALS, SETUP, VIDEO, CHANGED = CloudUnavailable, SetupError, SourceRejected, "SourceChanged"


def response(status, body=b"", **headers):
    return Response(status, {name.replace("_", "-").lower(): value for name, value in headers.items()}, body)


def ci_error(code, message="so it said"):
    """Return CI's error XML: no Resource."""
    return (
        f"<?xml version='1.0' encoding='utf-8' ?>\n<Error><Code>{code}</Code><Message>{escape(message)}</Message>"
        "<RequestId>NTg3NzRi</RequestId><TraceId>OGVmYzZi</TraceId></Error>"
    ).encode()


def cos_error(code, message="so it said"):
    """Return COS's error XML: with Resource."""
    resource = b"<Resource>examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com</Resource><RequestId>"
    return ci_error(code, message).replace(b"<RequestId>", resource)


def fail(status, body=b"", operation="GetSnapshot", **headers):
    return failure(response(status, body, **headers), operation=operation, key=KEY)


# Status, code -> what it means for a snapshot. All of CI's table, and of COS's what can come here.
TABLE = {
    (301, "PermanentRedirect"): SETUP,
    (307, "TemporaryRedirect"): SETUP,
    (400, "InvalidArgument"): VIDEO,
    (400, "MissingContent"): HEALS,
    (400, "InvalidContent"): VIDEO,
    (400, "InvalidHost"): SETUP,
    (400, "ResourceNotFound"): CHANGED,
    (400, "ResourceAccessDenied"): SETUP,
    (400, "ResourceDownloadFailed"): HEALS,
    (400, "CIRoleNotExist"): SETUP,
    (400, "ResourceNotSupported"): VIDEO,
    (400, "MediaBucketUnBinded"): SETUP,
    (400, "ExpiredToken"): HEALS,
    (400, "KeyTooLong"): VIDEO,
    (400, "RequestTimeout"): HEALS,
    (400, "UserNetworkTooSlow"): HEALS,
    (400, "KmsKeyDisabled"): SETUP,
    (400, "KmsException"): HEALS,
    (400, "NobodyKnowsThis"): HEALS,
    (401, "MissingAuthorization"): SETUP,
    (401, "InvalidAuthorization"): SETUP,
    (401, "AccessDenied"): SETUP,
    (401, "SecretidNotExist"): SETUP,
    (401, "SignatureExpired"): HEALS,
    (402, "PaymentRequired"): SETUP,
    (403, "AccessDenied"): SETUP,
    (403, "MediaBucketAlreadyBinded"): SETUP,
    (403, "QueueSaturated"): HEALS,
    (403, "QueuePaused"): HEALS,
    (403, "InvalidAccessKeyId"): SETUP,
    (403, "SignatureDoesNotMatch"): SETUP,
    (403, "RequestTimeTooSkewed"): HEALS,
    (403, "Request has expired"): HEALS,
    (403, "InvalidObjectState"): SETUP,
    (404, "InvalidUrl"): CHANGED,
    (404, "NoSuchKey"): CHANGED,
    (404, "NoSuchVersion"): CHANGED,
    (404, "NoSuchBucket"): SETUP,
    (405, "MethodNotAllowed"): HEALS,
    (409, "InvalidObjectState"): SETUP,
    (409, "PathConflict"): HEALS,
    (411, "MissingContentLength"): HEALS,
    (413, "InvalidContent"): VIDEO,
    (429, "SlowDown"): HEALS,
    (451, "UnavailableForLegalReasons"): SETUP,
    (500, "InternalError"): HEALS,
    (500, "InvalidArgument"): HEALS,
    (501, "NotImplemented"): HEALS,
    (502, "BadGateway"): HEALS,
    (503, "ServiceUnavailable"): HEALS,
    (503, "SlowDown"): HEALS,
    (504, "GatewayTimeout"): HEALS,
}


@pytest.mark.parametrize("shape", [ci_error, cos_error], ids=["of CI", "of COS"])
@pytest.mark.parametrize(("status", "code"), TABLE, ids=[f"{status} {code}" for status, code in TABLE])
def test_documented(status, code, shape):
    """Each error of the documents has its meaning, and carries what the cloud said of it."""
    kind = TABLE[status, code]
    error = fail(status, shape(code), x_cos_request_id="NTg3NzRi")
    if kind == CHANGED:
        kind, code = SourceChanged, CHANGED
    assert type(error) is kind
    assert (error.status, error.code, error.key, error.operation) == (status, code, KEY, "GetSnapshot")
    assert error.request_id == "NTg3NzRi"
    assert error.retryable is (kind is not SourceRejected)
    assert error.message.startswith("so it said")


# A refused HEAD has no body, and neither has a redirect or a proxy's error.
BARE = {
    202: ("Status202", HEALS),
    204: ("Status204", HEALS),
    206: ("Status206", HEALS),
    301: ("PermanentRedirect", SETUP),
    302: ("Redirect", SETUP),
    304: ("Status304", HEALS),
    307: ("TemporaryRedirect", SETUP),
    400: ("Status400", HEALS),
    401: ("Unauthorized", SETUP),
    402: ("PaymentRequired", SETUP),
    403: ("AccessDenied", SETUP),
    404: ("SourceChanged", SourceChanged),
    405: ("Status405", HEALS),
    418: ("Status418", HEALS),
    429: ("SlowDown", HEALS),
    451: ("UnavailableForLegalReasons", SETUP),
    **{status: (f"Status{status}", HEALS) for status in (500, 501, 503, 505, 509, 520, 522, 524, 599)},
}


@pytest.mark.parametrize("body", [b"", b"<html><h1>no</h1></html>", b"\xff\xfe", b"<Code></Code>"], ids=repr)
@pytest.mark.parametrize("status", BARE)
def test_bare_status(status, body):
    """Without a code the status tells."""
    code, kind = BARE[status]
    error = fail(status, body)
    assert type(error) is kind
    assert (error.code, error.request_id) == (code, "")
    assert f"the response was {status} " in error.message


@pytest.mark.parametrize("operation", ["PutObject", "GetObject", "HeadObject", "DeleteObject", "GetBucket"])
@pytest.mark.parametrize("code", sorted(FINAL))
def test_final_by_operation(operation, code):
    """A code that is final for a snapshot is final for another operation only where the list says so."""
    error = fail(400, ci_error(code), operation=operation)
    assert type(error) is (VIDEO if operation in FINAL[code] else HEALS)


@pytest.mark.parametrize("operation", ["HeadObject", "GetObject", "DeleteObject"])
def test_absent(operation):
    """A 404 is final for calls that ask whether an object exists; of a media call it says that the source changed."""
    assert type(fail(404, cos_error("NoSuchKey"), operation=operation)) is VIDEO
    assert {type(fail(404, operation=media)) for media in MEDIA_OPERATIONS} == {SourceChanged}
    assert type(fail(404, operation="PutObject")) is HEALS


def test_head_without_reason():
    """A HEAD refused with 400 and no word is not held against the video."""
    error = fail(400, operation="HeadObject")
    assert (type(error), error.code) == (SETUP, "Status400")
    assert "expired credentials" in error.message
    named = fail(400, operation="HeadObject", x_cos_error_code="KeyTooLong")
    assert (type(named), named.code) == (VIDEO, "KeyTooLong")


def test_code_in_headers():
    """A code in the headers of a refused HEAD is read."""
    error = fail(404, operation="HeadObject", x_cos_error_code="NoSuchBucket")
    assert (type(error), error.code) == (SETUP, "NoSuchBucket")


def test_success():
    """Success is no failure; 204 is one for a deletion only."""
    assert fail(200, ci_error("AccessDenied")) is None
    assert fail(204, operation="DeleteObject") is None
    assert fail(204, operation="PutObject").code == "Status204"


@pytest.mark.parametrize(
    ("headers", "request_id"),
    [
        ({"X_Cos_Request_Id": "a"}, "a"),
        ({"x_ci_request_id": "b"}, "b"),
        ({"x_cos_request_id": "a", "x_ci_request_id": "b"}, "a"),
        ({}, ""),
    ],
    ids=["COS", "CI", "both", "neither"],
)
def test_request_id(headers, request_id):
    """The cloud's own id is kept."""
    assert fail(403, **headers).request_id == request_id


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [
        (400, "MediaBucketUnBinded", "bind the bucket to Cloud Infinite"),
        (403, "AccessDenied", "allow the run role this action"),
        (404, "NoSuchBucket", "check its name with appid"),
        (301, "PermanentRedirect", "another region"),
        (403, "InvalidAccessKeyId", "give the function a run role"),
        (403, "InvalidObjectState", "restore it"),
        (402, "PaymentRequired", "overdue payment"),
        (451, "UnavailableForLegalReasons", "overdue payment"),
        (400, "CIRoleNotExist", "CI_QCSRole"),
    ],
)
def test_hint(status, code, hint):
    """An error that a person can correct comes with a hint."""
    message = fail(status, ci_error(code, "so it said")).message
    assert message.startswith("so it said; ")
    assert hint in message


def test_message_is_text():
    """A message is read as text."""
    assert fail(400, ci_error("InvalidArgument", 'time < 0 & "no"')).message == 'time < 0 & "no"'


def test_no_signature_in_message():
    """COS's text about a signature is not passed on."""
    detail = b"<StringToSign>hunter2</StringToSign><FormatString>token=hunter2</FormatString></Error>"
    error = fail(403, cos_error("SignatureDoesNotMatch").replace(b"</Error>", detail))
    assert "hunter2" not in f"{error} {error.message} {vars(error)}"


def test_long_message():
    """A novel of a message is not passed on."""
    assert len(str(fail(400, ci_error("InvalidArgument", "x" * 100_000)))) < 500


def failed(kind, code, status):
    return kind("no", operation="GetSnapshot", key=KEY, code=code, status=status)


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (failed(SETUP, "AccessDenied", 403), 1),
        (failed(VIDEO, "InvalidArgument", 400), 1),
        (failed(HEALS, "SlowDown", 429), 5),
        (failed(HEALS, "Status599", 599), 5),
        (failed(HEALS, "Status202", 202), 5),
        (failed(HEALS, "NoAnswer", 0), 5),
        (failed(HEALS, "BadDigest", 400), 5),
        (failed(HEALS, "NobodyKnowsThis", 400), 2),
        (SourceChanged("no", operation="GetSnapshot", key=KEY, status=404), 1),
        (failed(HEALS, "ExpiredToken", 400), 1),
        (failed(HEALS, "OutOfTime", 0), 1),
        (failed(BadFrame, "BadFrame", 200), 2),
    ],
    ids=lambda value: value if isinstance(value, int) else f"{value.status} {value.code}",
)
def test_attempts(error, attempts):
    """A call is sent again only where that can help, and seldom where nobody knows whether it can."""
    assert max_attempts(error) == attempts


@pytest.mark.parametrize(
    ("answer", "slow"),
    [
        (response(429), True),
        (response(503), True),
        (response(403, ci_error("SlowDown")), True),
        (response(500), False),
        (response(403, ci_error("AccessDenied")), False),
    ],
    ids=["429", "503", "SlowDown", "500", "403"],
)
def test_slow_down(answer, slow):
    """Too many calls at once are told from other failures."""
    assert says_slow_down(answer) is slow


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        (" 120 ", 120),
        ("Wed, 25 Nov 2026 10:00:30 GMT", 30),
        ("Wed, 25 Nov 2026 09:00:00 GMT", 0),
        ("-5", 0),
        ("soon", 0),
        ("1e9", 0),
        ("", 0),
    ],
)
def test_retry_after(text, seconds):
    """`Retry-After` is seconds or a moment; anything else says nothing."""
    now = datetime(2026, 11, 25, 10, tzinfo=timezone.utc)
    assert retry_after_s(response(503, Retry_After=text), now=now) == seconds
    assert retry_after_s(response(503)) == 0


JPG, PNG = b"\xff\xd8\xff\xe0\x00\x10JFIF", b"\x89PNG\r\n\x1a\n\x00"


@pytest.mark.parametrize(
    ("format", "content_type", "body"),
    [
        ("jpg", "image/jpeg", JPG),
        ("jpg", "image/jpg", JPG),
        ("jpg", "IMAGE/JPEG; charset=binary", JPG),
        ("png", "image/png", PNG),
    ],
)
def test_picture(format, content_type, body):
    """A response with the right type and first bytes is a picture."""
    assert not_a_picture(response(200, body, Content_Type=content_type), format) == ""


@pytest.mark.parametrize(
    ("format", "headers", "body", "reason"),
    [
        ("jpg", {"content_type": "image/jpeg"}, b"", "an empty body where a picture was expected"),
        ("jpg", {}, JPG, "content type missing where image/jpeg was expected"),
        ("jpg", {"content_type": ""}, JPG, "content type missing where image/jpeg was expected"),
        ("jpg", {"content_type": "image/png"}, JPG, "content type image/png where image/jpeg was expected"),
        ("png", {"content_type": "image/jpeg"}, PNG, "content type image/jpeg where image/png was expected"),
        ("jpg", {"content_type": "video/mp4"}, JPG, "content type video/mp4 where"),
        ("jpg", {"content_type": "application/xml"}, ci_error("x"), "content type application/xml where"),
        ("jpg", {"content_type": "x" * 999}, JPG, f"content type {'x' * 60} where"),
        ("jpg", {"content_type": "image/jpeg"}, PNG, "9 bytes that do not begin as jpg does"),
        ("png", {"content_type": "image/png"}, JPG, "10 bytes that do not begin as png does"),
        ("jpg", {"content_type": "image/jpeg"}, b"<Error/>", "8 bytes that do not begin as jpg does"),
    ],
    ids=["empty", "no type", "an empty type", "png type", "jpg type", "the film", "xml", "long", "png", "jpg", "error"],
)
def test_no_picture(format, headers, body, reason):
    """A response that is no picture says why."""
    assert not_a_picture(response(200, body, **headers), format).startswith(reason)

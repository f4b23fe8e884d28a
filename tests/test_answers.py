from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from snapshot.answers import Answer, failure, not_a_picture, read_media_info
from snapshot.errors import CloudRefused, CloudUnavailable
from snapshot.frames import MediaInfo

KEY = "videos/a.mp4"


def answer(status, body=b"", **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, CaseInsensitiveDict(names), body)


def ci_error(code, message="so it said"):
    """Give CI's error XML: no Resource."""
    return (
        f"<?xml version='1.0' encoding='utf-8' ?>\n<Error><Code>{code}</Code><Message>{escape(message)}</Message>"
        "<RequestId>NTg3NzRi</RequestId><TraceId>OGVmYzZi</TraceId></Error>"
    ).encode()


def cos_error(code, message="so it said"):
    """Give COS's error XML: with Resource."""
    resource = b"<Resource>examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com</Resource><RequestId>"
    return ci_error(code, message).replace(b"<RequestId>", resource)


def fail(status, body=b"", **headers):
    return failure(answer(status, body, **headers), operation="GetSnapshot", key=KEY)


# Status, code -> may the same call succeed later, is the set-up to blame. The documents' table of errors, all of it.
HEALS, SETUP, VIDEO = (CloudUnavailable, None), (CloudRefused, True), (CloudRefused, False)
TABLE = {
    (301, "PermanentRedirect"): SETUP,
    (307, "TemporaryRedirect"): SETUP,
    (400, "InvalidArgument"): VIDEO,
    (400, "MissingContent"): VIDEO,
    (400, "InvalidContent"): VIDEO,
    (400, "InvalidHost"): SETUP,
    (400, "ResourceNotFound"): VIDEO,
    (400, "ResourceAccessDenied"): SETUP,
    (400, "ResourceDownloadFailed"): HEALS,
    (400, "CIRoleNotExist"): SETUP,
    (400, "ResourceNotSupported"): VIDEO,
    (400, "MediaBucketUnBinded"): SETUP,
    (400, "ExpiredToken"): HEALS,
    (400, "KeyTooLong"): VIDEO,
    (400, "RequestTimeout"): HEALS,
    (401, "MissingAuthorization"): SETUP,
    (401, "InvalidAuthorization"): SETUP,
    (401, "AccessDenied"): SETUP,
    (401, "SecretidNotExist"): SETUP,
    (401, "SignatureExpired"): HEALS,
    (403, "AccessDenied"): SETUP,
    (403, "MediaBucketAlreadyBinded"): SETUP,
    (403, "QueueSaturated"): HEALS,
    (403, "QueuePaused"): HEALS,
    (403, "InvalidAccessKeyId"): SETUP,
    (403, "SignatureDoesNotMatch"): SETUP,
    (403, "RequestTimeTooSkewed"): HEALS,
    (403, "InvalidObjectState"): SETUP,
    (404, "InvalidUrl"): VIDEO,
    (404, "NoSuchKey"): VIDEO,
    (404, "NoSuchBucket"): SETUP,
    (411, "MissingContentLength"): VIDEO,
    (413, "InvalidContent"): VIDEO,
    (429, "SlowDown"): HEALS,
    (451, "UnavailableForLegalReasons"): VIDEO,
    (500, "InternalError"): HEALS,
    (501, "NotImplemented"): VIDEO,
    (502, "BadGateway"): HEALS,
    (503, "ServiceUnavailable"): HEALS,
    (503, "SlowDown"): HEALS,
    (504, "GatewayTimeout"): HEALS,
}


@pytest.mark.parametrize("shape", [ci_error, cos_error], ids=["of CI", "of COS"])
@pytest.mark.parametrize(("status", "code"), TABLE, ids=[f"{status} {code}" for status, code in TABLE])
def test_each_error_of_the_documents_has_its_meaning(status, code, shape):
    kind, about_setup = TABLE[status, code]
    error = fail(status, shape(code), x_cos_request_id="NTg3NzRi")
    assert type(error) is kind
    assert (error.status, error.code, error.key, error.operation) == (status, code, KEY, "GetSnapshot")
    assert error.request_id == "NTg3NzRi"
    assert error.retry is (kind is CloudUnavailable)
    assert getattr(error, "about_setup", None) is about_setup
    assert error.message.startswith("so it said")


# A refused HEAD has no body, and neither has a redirect or a proxy's error.
BARE = {
    301: ("PermanentRedirect", SETUP),
    302: ("Redirect", SETUP),
    304: ("Status304", VIDEO),
    307: ("TemporaryRedirect", SETUP),
    400: ("Status400", VIDEO),
    401: ("Unauthorized", SETUP),
    403: ("AccessDenied", SETUP),
    404: ("NoSuchKey", VIDEO),
    405: ("Status405", VIDEO),
    418: ("Status418", VIDEO),
    429: ("SlowDown", HEALS),
    500: ("Status500", HEALS),
    501: ("Status501", VIDEO),
    503: ("Status503", HEALS),
    204: ("Status204", VIDEO),
    206: ("Status206", VIDEO),
}


@pytest.mark.parametrize("body", [b"", b"<html><h1>no</h1></html>", b"\xff\xfe", b"<Code></Code>"], ids=repr)
@pytest.mark.parametrize("status", BARE)
def test_without_a_code_the_status_tells(status, body):
    code, (kind, about_setup) = BARE[status]
    error = fail(status, body)
    assert type(error) is kind
    assert (error.code, error.request_id) == (code, "")
    assert getattr(error, "about_setup", None) is about_setup
    assert f"the answer was {status} {code}" in error.message


def test_a_head_refused_with_400_and_no_word_is_not_held_against_the_video():
    error = failure(answer(400, b""), operation="HeadObject", key=KEY)
    assert (error.code, error.about_setup) == ("Status400", True)
    assert "expired keys" in error.message
    said = failure(answer(400, b"", x_cos_error_code="KeyTooLong"), operation="HeadObject", key=KEY)
    assert (said.code, said.about_setup) == ("KeyTooLong", False)


def test_a_code_in_the_headers_of_a_refused_head_is_read():
    error = fail(404, x_cos_error_code="NoSuchBucket")
    assert (error.code, error.about_setup) == ("NoSuchBucket", True)


def test_success_is_no_failure():
    assert fail(200, ci_error("AccessDenied")) is None


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
def test_the_clouds_own_id_is_kept(headers, request_id):
    assert fail(403, **headers).request_id == request_id


@pytest.mark.parametrize(
    ("status", "code", "hint"),
    [
        (400, "MediaBucketUnBinded", "bind the bucket to Cloud Infinite"),
        (403, "AccessDenied", "give the run role this action"),
        (404, "NoSuchBucket", "check its name with appid"),
        (301, "PermanentRedirect", "another region"),
        (403, "InvalidAccessKeyId", "give the function a run role"),
        (403, "InvalidObjectState", "restore it"),
    ],
)
def test_what_a_person_can_mend_comes_with_a_hint(status, code, hint):
    message = fail(status, ci_error(code, "so it said")).message
    assert message.startswith("so it said; ")
    assert hint in message


def test_a_message_is_read_as_text():
    assert fail(400, ci_error("InvalidArgument", 'time < 0 & "no"')).message == 'time < 0 & "no"'


def test_what_cos_says_of_a_signature_is_not_passed_on():
    detail = b"<StringToSign>hunter2</StringToSign><FormatString>token=hunter2</FormatString></Error>"
    error = fail(403, cos_error("SignatureDoesNotMatch").replace(b"</Error>", detail))
    assert "hunter2" not in f"{error} {error.message} {vars(error)}"


def test_a_novel_of_a_message_is_not_passed_on():
    assert len(str(fail(400, ci_error("InvalidArgument", "x" * 100_000)))) < 500


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
def test_an_answer_with_the_right_type_and_first_bytes_is_a_picture(format, content_type, body):
    assert not_a_picture(answer(200, body, Content_Type=content_type), format) == ""


@pytest.mark.parametrize(
    ("format", "headers", "body", "said"),
    [
        ("jpg", {"content_type": "image/jpeg"}, b"", "an empty body where a picture was asked for"),
        ("jpg", {}, JPG, "content type missing where image/jpeg was asked for"),
        ("jpg", {"content_type": ""}, JPG, "content type missing where image/jpeg was asked for"),
        ("jpg", {"content_type": "image/png"}, JPG, "content type image/png where image/jpeg was asked for"),
        ("png", {"content_type": "image/jpeg"}, PNG, "content type image/jpeg where image/png was asked for"),
        ("jpg", {"content_type": "video/mp4"}, JPG, "content type video/mp4 where"),
        ("jpg", {"content_type": "application/xml"}, ci_error("x"), "content type application/xml where"),
        ("jpg", {"content_type": "x" * 999}, JPG, f"content type {'x' * 60} where"),
        ("jpg", {"content_type": "image/jpeg"}, PNG, "9 bytes that do not begin as jpg does"),
        ("png", {"content_type": "image/png"}, JPG, "10 bytes that do not begin as png does"),
        ("jpg", {"content_type": "image/jpeg"}, b"<Error/>", "8 bytes that do not begin as jpg does"),
    ],
    ids=["empty", "no type", "an empty type", "png type", "jpg type", "the film", "xml", "long", "png", "jpg", "error"],
)
def test_an_answer_that_is_no_picture_says_why(format, headers, body, said):
    assert not_a_picture(answer(200, body, **headers), format).startswith(said)


# The document's own example, shortened to what has a meaning here; the streams' lengths contradict the container's.
EXAMPLE = """<Response><MediaInfo>
 <Format><Bitrate>1014.950000</Bitrate><Duration>10.125000</Duration><FormatName>mov,mp4,m4a,3gp,3g2,mj2</FormatName>
  <NumProgram>0</NumProgram><NumStream>2</NumStream><Size>1284547</Size><StartTime>0.000000</StartTime></Format>
 <Stream>
  <Audio><CodecName>aac</CodecName><Duration>0.440294</Duration><Index>1</Index></Audio>
  <Subtitle/>
  <Video><AvgFps>24/1</AvgFps><CodecName>h264</CodecName><Duration>0.124416</Duration><Fps>24.500000</Fps>
   <Height>1280</Height><Index>0</Index><NumFrames>243</NumFrames><Width>966</Width></Video>
 </Stream></MediaInfo></Response>"""
VIDEO_XML = EXAMPLE[EXAMPLE.index("<Video>") : EXAMPLE.index("</Video>") + len("</Video>")]
DURATION = "<Duration>10.125000</Duration>"


def read(text):
    return read_media_info(text.encode())


def test_the_documents_example_is_as_long_as_its_container_and_its_frames():
    assert read(EXAMPLE) == MediaInfo(10_125, 966, 1280, "h264", has_picture=True)


def test_a_film_whose_sound_outlasts_its_picture_ends_with_the_picture():
    assert read(EXAMPLE.replace("10.125000", "12.000000")).duration_ms == 10_125


def test_a_count_of_frames_that_says_less_than_half_is_taken_for_wrong():
    assert read(EXAMPLE.replace("10.125000", "60.000000")).duration_ms == 60_000


@pytest.mark.parametrize(
    "streams",
    [
        VIDEO_XML + VIDEO_XML.replace("1280", "90").replace("h264", "mjpeg"),
        "<Video/>" + VIDEO_XML,
        VIDEO_XML + "<Video/>",
    ],
    ids=["a cover behind", "an empty one before", "an empty one behind"],
)
def test_of_several_video_streams_the_first_that_is_one_counts(streams):
    assert read(EXAMPLE.replace(VIDEO_XML, streams)) == read(EXAMPLE)


@pytest.mark.parametrize("streams", ["", "<Video/>", "<Video></Video>"], ids=["none", "empty", "open and closed"])
def test_sound_alone_has_a_length_and_no_picture(streams):
    assert read(EXAMPLE.replace(VIDEO_XML, streams)) == MediaInfo(10_125, None, None, None, has_picture=False)


@pytest.mark.parametrize("stream", ["<Stream/>", ""], ids=["empty", "none"])
def test_a_file_without_streams_has_no_picture(stream):
    start, end = EXAMPLE.index("<Stream>"), EXAMPLE.index("</Stream>") + len("</Stream>")
    assert not read(EXAMPLE[:start] + stream + EXAMPLE[end:]).has_picture


@pytest.mark.parametrize("given", ["", "<Duration/>", "<Duration>N/A</Duration>", "<Duration>-1</Duration>"], ids=repr)
def test_without_a_length_the_frames_by_their_rate_are_it(given):
    assert read(EXAMPLE.replace(DURATION, given)).duration_ms == 10_125


@pytest.mark.parametrize(
    ("was", "given", "duration_ms"),
    [
        ("<AvgFps>24/1</AvgFps>", "<AvgFps>30000/1001</AvgFps>", 8108),
        ("<AvgFps>24/1</AvgFps>", "<AvgFps>0/0</AvgFps>", 9918),
        ("<AvgFps>24/1</AvgFps>", "", 9918),
        ("<NumFrames>243</NumFrames>", "<NumFrames>N/A</NumFrames>", None),
        ("<NumFrames>243</NumFrames>", "<NumFrames>0</NumFrames>", None),
        ("<NumFrames>243</NumFrames>", "", None),
    ],
    ids=["a broken rate", "no average rate", "no average", "frames not known", "no frames", "no count"],
)
def test_frames_by_their_rate_need_both(was, given, duration_ms):
    assert read(EXAMPLE.replace(DURATION, "").replace(was, given)).duration_ms == duration_ms


@pytest.mark.parametrize(
    ("given", "duration_ms"),
    [
        ("0.000000", 0),
        ("0.0009", 0),
        ("0.2", 200),
        ("10.0416", 10_041),
        ("86400", 86_400_000),
    ],
)
def test_a_length_is_cut_to_whole_milliseconds(given, duration_ms):
    text = EXAMPLE.replace("10.125000", given).replace("<NumFrames>243</NumFrames>", "")
    assert read(text).duration_ms == duration_ms


@pytest.mark.parametrize("given", ["1e999999999", "inf", "nan", "0x10", "1_0", "\u0661", "9" * 16, "10.1.1", "1/0"])
def test_a_length_that_is_no_plain_number_is_not_known(given):  # and the first of them is never computed
    text = EXAMPLE.replace("10.125000", given).replace("<NumFrames>243</NumFrames>", "")
    assert read(text).duration_ms is None


@pytest.mark.parametrize("given", ["N/A", "0", "", "-640", "1e9"], ids=repr)
def test_a_size_that_is_no_plain_number_is_not_known(given):
    info = read(EXAMPLE.replace("<Width>966</Width>", f"<Width>{given}</Width>"))
    assert (info.width_px, info.height_px) == (None, 1280)


BILLION = (
    '<!DOCTYPE r [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">'
    '<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]>'
) + EXAMPLE.replace("h264", "&d;")
OUTSIDE = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + EXAMPLE.replace("h264", "&x;")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not xml",
        "<Response>",
        "<Response/>",
        "<Response>text</Response>",
        "<Response><MediaInfo/></Response>",
        "<Response><MediaInfo>text</MediaInfo></Response>",
        "<Response><MediaInfo><Format>text</Format></MediaInfo></Response>",
        "<Response><MediaInfo><Stream>text</Stream></MediaInfo></Response>",
        EXAMPLE.replace(VIDEO_XML, "<Video>text</Video>"),
        EXAMPLE.replace("<Stream>", "<Stream/><Stream>"),
        '<?xml version="1.0" encoding="bogus"?>' + EXAMPLE,
        '<?xml version="1.0" encoding="utf-7"?>' + EXAMPLE,
        ci_error("AccessDenied").decode(),
        "<a>" * 50_000,
        BILLION,
        OUTSIDE,
    ],
    ids=[
        "empty",
        "text",
        "open",
        "an empty response",
        "a response of text",
        "empty",
        "of text",
        "a format of text",
        "a stream of text",
        "a video of text",
        "two streams",
        "an unknown encoding",
        "an encoding of several bytes",
        "an error",
        "deep",
        "a billion laughs",
        "a file of this machine",
    ],
)
def test_what_is_no_media_info_is_refused(text):
    with pytest.raises(ValueError, match=r"no media info|entities are disabled|encoding"):
        read(text)


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(ValueError, match=r"^4 bytes that are no media info$"):
        read_media_info(b"\xff\xfe\x00\x01")


@given(st.binary(max_size=60), st.integers(0, len(EXAMPLE)), st.integers(0, 30))
@settings(derandomize=True, max_examples=150)
def test_whatever_is_damaged_in_a_media_info_it_is_read_or_refused(junk, at, gone):
    body = EXAMPLE.encode()
    refused = ""
    try:
        read_media_info(body[:at] + junk + body[at + gone :])
    except ValueError as error:
        refused = type(error).__name__
    assert refused in ("", "ValueError")

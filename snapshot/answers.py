"""An HTTP answer of COS or CI -> what it means. Pure: it knows no SDK, no address and no clock.

CI's error XML has no Resource and COS's has one, so both are read for what they share; a refused HEAD has no body.
Source: error codes of COS and of CI's media processing, GenerateMediainfo, GetSnapshot; read 2026-11-22.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from html import unescape
from typing import Any

import xmltodict

from snapshot.errors import CallFailed, CloudRefused, CloudUnavailable
from snapshot.frames import MediaInfo

OK = 200
NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,15})?(?:/\d{1,15})?", re.ASCII)  # no exponent: 1e999999999 is never computed
MAGIC = {"jpg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}
CONTENT_TYPES = {"jpg": ("image/jpeg", "image/jpg"), "png": ("image/png",)}

STATUS_CAN_HEAL = {408, 429, 500, 502, 503, 504}
STATUS_ABOUT_SETUP = {301, 302, 307, 401, 403}
CAN_HEAL = {"QueueSaturated", "QueuePaused", "SlowDown", "ResourceDownloadFailed", "RequestTimeout"}
KEYS_ARE_OLD = {"SignatureExpired", "ExpiredToken", "RequestTimeTooSkewed"}  # the next delivery brings fresh ones
ABOUT_SETUP = {"MediaBucketUnBinded", "CIRoleNotExist", "ResourceAccessDenied", "InvalidHost", "NoSuchBucket"}
BY_STATUS = {301: "PermanentRedirect", 302: "Redirect", 307: "TemporaryRedirect", 401: "Unauthorized"}
BY_STATUS |= {403: "AccessDenied", 404: "NoSuchKey", 429: "SlowDown"}
HINTS = {
    "MediaBucketUnBinded": "bind the bucket to Cloud Infinite and switch media processing on",
    "AccessDenied": "give the run role this action; `python -m ops policy` prints all it needs",
    "NoSuchBucket": "there is no such bucket here; check its name with appid, its region and SNAPSHOT_OUTPUT_BUCKET",
    "PermanentRedirect": "the bucket is in another region than the function",
    "InvalidAccessKeyId": "the keys are not known; give the function a run role",
    "Status400": "the answer does not say why; expired keys are one reason",
    "InvalidObjectState": "the object is archived; restore it, then upload or replay",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whole: HTTP status, headers by any case of their name, the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def request_id(self) -> str:
        """Give the cloud's own id of the request, empty where it gave none."""
        return self.headers.get("x-cos-request-id") or self.headers.get("x-ci-request-id") or ""


def failure(answer: Answer, *, operation: str, key: str) -> CallFailed | None:
    """Give what a status other than 200 means; None where it is 200."""
    if answer.status == OK:
        return None
    code, message = _code_and_message(answer)
    facts: dict[str, Any] = {
        "operation": operation,
        "key": key,
        "code": code,
        "status": answer.status,
        "request_id": answer.request_id,
    }
    if code in CAN_HEAL | KEYS_ARE_OLD or answer.status in STATUS_CAN_HEAL:
        return CloudUnavailable(message, **facts)
    # A refused HEAD has no body: its 400 may be "400 ExpiredToken", and no event may be lost over that.
    unsaid = operation == "HeadObject" and code == "Status400"
    setup = code in ABOUT_SETUP or unsaid or answer.status in STATUS_ABOUT_SETUP
    hint = HINTS.get(code)
    return CloudRefused(f"{message}; {hint}" if hint else message, **facts, about_setup=setup)


def _code_and_message(answer: Answer) -> tuple[str, str]:
    text = answer.body.decode(errors="replace")
    code = _element(text, "Code") or answer.headers.get("x-cos-error-code", "")
    known = BY_STATUS.get(answer.status, f"Status{answer.status}")
    return code or known, _element(text, "Message") or f"the answer was {answer.status} {code or known}"


def _element(text: str, name: str) -> str:
    found = re.search(rf"<{name}>([^<]{{1,1000}})</{name}>", text)
    return unescape(found[1]).strip() if found else ""


def not_a_picture(answer: Answer, format: str) -> str:
    """Give what shows that a 200 is no picture in `format`; empty where content type and first bytes are right."""
    content_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not answer.body:
        return "an empty body where a picture was asked for"
    if content_type not in CONTENT_TYPES[format]:
        return f"content type {content_type[:60] or 'missing'} where {CONTENT_TYPES[format][0]} was asked for"
    if not answer.body.startswith(MAGIC[format]):
        return f"{len(answer.body)} bytes that do not begin as {format} does"
    return ""


def read_media_info(body: bytes) -> MediaInfo:
    """Give what CI's media info says of a film.

    The length is `Format/Duration`, or the frames by their average rate where that is a little shorter: sound often
    outlasts the picture, and past its last frame there is nothing to show. A stream's own Duration contradicts both in
    the document's example. A count that says less than half is taken for wrong.

    Raises:
        ValueError: these bytes are no media info.
    """
    try:
        info = xmltodict.parse(body, force_list=("Video",))["Response"]["MediaInfo"]
        videos = (info.get("Stream") or {}).get("Video") or []
        video: dict[str, Any] = next((stream for stream in videos if stream), {})
        return MediaInfo(
            duration_ms=_duration_ms(info.get("Format") or {}, video),
            width_px=_whole(video.get("Width")),
            height_px=_whole(video.get("Height")),
            codec=video.get("CodecName"),
            has_picture=bool(video),
        )
    except (xmltodict.expat.ExpatError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"{len(body)} bytes that are no media info") from error


def _duration_ms(container: Mapping[str, Any], video: Mapping[str, Any]) -> int | None:
    seconds = _number(container.get("Duration"))
    frames, rate = _number(video.get("NumFrames")), _number(video.get("AvgFps"))
    shown = frames / rate if frames and rate else None
    if seconds is None:
        rate = rate or _number(video.get("Fps"))
        seconds = frames / rate if frames and rate else None
    elif shown is not None and seconds / 2 <= shown < seconds:
        seconds = shown
    return None if seconds is None else int(seconds * 1000)


def _number(text: Any) -> Fraction | None:  # noqa: ANN401 - whatever the XML held
    if not isinstance(text, str) or not NUMBER.fullmatch(text):
        return None
    try:
        above, _, below = text.partition("/")
        return Fraction(above) / Fraction(below or 1)
    except ZeroDivisionError:
        return None


def _whole(text: Any) -> int | None:  # noqa: ANN401 - whatever the XML held
    number = _number(text)
    return int(number) if number else None

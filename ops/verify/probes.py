"""Open points of the documents, each with a probe: requests in, confirmed or contradicted out.

Each probe is named by the text that stands for its point in the first column of emulator/README.md, and judges by what
the second column assumes. `grey.mp4` shows its frame by its grey: see ops/verify/films/make.py.
"""

import io
import re
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from ops.cloud.client import RawResponse
from ops.verify.exchange import Exchange

GREY, TURNED, SOUND, EMPTY, TEXT, TRUNCATED, ARCHIVED = (
    "grey.mp4", "turned.mp4", "sound.mp4", "empty.mp4", "text.mp4", "broken.mp4", "archived.mp4",
)  # fmt: skip
"""The objects that are there while the probes run."""

_WIDTH_PX, _HEIGHT_PX = 320, 180
_MIN_GREY, _STEP = 20, 5
_OK = 200
_REFUSED = frozenset(range(400, 500)) - {401, 403, 407, 408, 429}
_LATENCY_CALLS = 3
_MAX_KEY_BYTES = 850
_MAX_TEXT = 160


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one probe; `detail` describes the answers."""

    verdict: Literal["confirmed", "contradicted"]
    detail: str


@dataclass(frozen=True, slots=True)
class Probe:
    """One open point and the function that tries it."""

    point: str
    run: Callable[[Exchange], Result]


def _judge(*, is_as_assumed: bool, detail: str) -> Result:
    return Result("confirmed" if is_as_assumed else "contradicted", detail)


def _show(response: RawResponse) -> str:
    """Return status and error code, or size and frame of a picture."""
    code = re.search(rb"<Code>([^<]{1,60})</Code>", response.body)
    if code:
        return f"{response.status} {code[1].decode(errors='replace')}"
    size = _size(response)
    if size is not None:
        frame = _frame(response)
        return f"{response.status}, a picture of {size[0]}x{size[1]}, frame {frame if frame is not None else '?'}"
    return f"{response.status} {response.headers.get('content-type', '')}, {len(response.body)} bytes"


def _size(response: RawResponse) -> tuple[int, int] | None:
    try:
        with Image.open(io.BytesIO(response.body)) as picture:
            return picture.width, picture.height
    except (OSError, ValueError):
        return None


def _frame(response: RawResponse) -> int | None:
    """Return which frame of grey.mp4 a picture shows."""
    try:
        with Image.open(io.BytesIO(response.body)) as picture:
            grey = picture.convert("L").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    except (OSError, ValueError):
        return None
    number = round((int(grey) - _MIN_GREY) / _STEP) if isinstance(grey, (int, float)) else -1
    return number if number >= 0 else None


def _all_refused(responses: dict[str, RawResponse]) -> Result:
    """Judge whether all were refused for their content, and not for their signature or number."""
    detail = "; ".join(f"{name}: {_show(response)}" for name, response in responses.items())
    return _judge(is_as_assumed=all(response.status in _REFUSED for response in responses.values()), detail=detail)


def _numbers(exchange: Exchange) -> Result:
    return _all_refused({text: exchange.snapshot(GREY, time=text) for text in ("1e0", "+1", ".5")})


def _without_process(exchange: Exchange) -> Result:
    return _all_refused({"time=1": exchange.get(GREY, [("time", "1")])})


def _names_and_values(exchange: Exchange) -> Result:
    unknown = exchange.snapshot(GREY, time="1", unheardof="1")
    result = _all_refused({"width=": exchange.snapshot(GREY, time="1", width="")})
    is_as_assumed = result.verdict == "confirmed" and unknown.status == _OK
    return _judge(is_as_assumed=is_as_assumed, detail=f"{result.detail}; unheardof=1: {_show(unknown)}")


def _past_the_end(exchange: Exchange) -> Result:
    return _all_refused({
        f"time={at} {mode}": exchange.snapshot(GREY, time=at, mode=mode)
        for at in ("4", "5", "60")
        for mode in ("exactframe", "keyframe")
    })  # fmt: skip


def _keyframe(exchange: Exchange) -> Result:
    responses = {at: exchange.snapshot(GREY, time=at, mode="keyframe") for at in ("2", "2.5", "0")}
    is_as_assumed = [_frame(response) for response in responses.values()] == [20, 20, 0]
    return _judge(
        is_as_assumed=is_as_assumed,
        detail="; ".join(f"time={at}: {_show(response)}" for at, response in responses.items()),
    )


def _both_sides(exchange: Exchange) -> Result:
    response = exchange.snapshot(GREY, time="1", width="100", height="100")
    return _judge(is_as_assumed=_size(response) == (100, 100), detail=_show(response))


def _side_beyond_4096(exchange: Exchange) -> Result:
    return _all_refused({"width=4096 of 180x320": exchange.snapshot(TURNED, time="1", width="4096", height="0")})


def _no_film(exchange: Exchange) -> Result:
    return _all_refused({name: exchange.snapshot(name, time="0") for name in (TEXT, SOUND, EMPTY)})


def _broken_off(exchange: Exchange) -> Result:
    return _all_refused({"before its index": exchange.snapshot(TRUNCATED, time="0")})


def _media_info_rotation(exchange: Exchange) -> Result:
    response = exchange.media_info(TURNED)
    fields = {name: _element(response, name) for name in ("Rotation", "Width", "Height")}
    is_as_assumed = fields == {"Rotation": "90.000000", "Width": str(_WIDTH_PX), "Height": str(_HEIGHT_PX)}
    detail = ", ".join(f"{name} {value or 'left out'}" for name, value in fields.items())
    return _judge(is_as_assumed=is_as_assumed, detail=detail if response.status == _OK else _show(response))


def _media_info_fields(exchange: Exchange) -> Result:
    response = exchange.media_info(GREY)
    names = ("NumStream", "FormatName", "StartTime", "Duration", "Size", "CodecName", "Width", "Height", "Fps")
    left_out = [name for name in names if _element(response, name) is None]
    if response.status != _OK:
        return _judge(is_as_assumed=False, detail=_show(response))
    detail = f"left out: {', '.join(left_out)}" if left_out else f"Duration {_element(response, 'Duration')}"
    return _judge(is_as_assumed=not left_out, detail=detail)


def _expired(exchange: Exchange) -> Result:
    cos = exchange.get(GREY, expires_s=-7200)
    ci = exchange.get(GREY, [("ci-process", "snapshot"), ("time", "0")], expires_s=-7200)
    is_as_assumed = (
        cos.status == 403  # noqa: PLR2004  # Forbidden
        and (b"AccessDenied" in cos.body or b"RequestTimeTooSkewed" in cos.body)
        and (ci.status, b"SignatureExpired" in ci.body) == (401, True)
    )
    return _judge(is_as_assumed=is_as_assumed, detail=f"COS: {_show(cos)}; CI: {_show(ci)}")


def _long_key(exchange: Exchange) -> Result:
    response = exchange.get("k" * (_MAX_KEY_BYTES + 1))
    return _judge(is_as_assumed=b"KeyTooLong" in response.body, detail=_show(response))


def _archived(exchange: Exchange) -> Result:
    response = exchange.snapshot(ARCHIVED, time="0")
    is_as_assumed = (response.status, b"InvalidObjectState" in response.body) == (403, True)
    return _judge(is_as_assumed=is_as_assumed, detail=_show(response))


def _ranges(exchange: Exchange) -> Result:
    response = exchange.get(GREY, headers={"Range": "bytes=0-1,4-5"})
    size_bytes = int(response.headers.get("content-length", "0") or 0)
    is_whole = response.status == _OK and len(response.body) == size_bytes > 6  # noqa: PLR2004  # more than asked for
    return _judge(is_as_assumed=is_whole, detail=_show(response))


def _element(response: RawResponse, name: str) -> str | None:
    match = re.search(rf"<{name}>([^<]*)</{name}>".encode(), response.body)
    return match[1].decode(errors="replace")[:_MAX_TEXT] if match else None


PROBES = (
    Probe("how a number is written", _numbers),
    Probe("a `time` without `ci-process`", _without_process),
    Probe("names and values", _names_and_values),
    Probe("a `time` at or past the end", _past_the_end),
    Probe('"before" in keyframe mode', _keyframe),
    Probe("width and height both above 0", _both_sides),
    Probe("a side that follows beyond 4096", _side_beyond_4096),
    Probe("what is a film", _no_film),
    Probe("a file that breaks off", _broken_off),
    Probe("rotation in media info", _media_info_rotation),
    Probe("how much of media info comes", _media_info_fields),
    Probe("a signature that is over or not begun", _expired),
    Probe("control characters in a key, more than 850 bytes", _long_key),
    Probe("an archived film", _archived),
    Probe("several ranges at once", _ranges),
)

MAX_PAID_CALLS = 40
"""More than all probes together send; refused ones may not be charged."""


def measure_latency(exchange: Exchange) -> dict[str, int]:
    """Return the median time of a few calls in milliseconds, by the kind of call."""
    calls: dict[str, Callable[[], RawResponse]] = {
        "GetObject": lambda: exchange.get(GREY),
        "GetMediaInfo": lambda: exchange.media_info(GREY),
        "GetSnapshot": lambda: exchange.snapshot(GREY, time="1"),
    }
    medians = {}
    for name, call in calls.items():
        times_s = []
        for _ in range(_LATENCY_CALLS):
            began = time.monotonic()
            call()
            times_s.append(time.monotonic() - began)
        medians[name] = round(statistics.median(times_s) * 1000)
    return medians

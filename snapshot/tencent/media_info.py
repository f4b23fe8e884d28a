"""CI's media info, an XML document -> MediaInfo.

How long the picture lasts is put together from what the container and the stream say, because neither can be relied on:
sound often outlasts the picture, a clock may begin at an hour, and in the document's own example the streams' durations
contradict the container's. Sources: GenerateMediainfo, read 2026-11-22; fields of newer responses as cos-go-sdk-v5 has
them, read 2026-11-25.
"""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from snapshot.media import MediaInfo, VideoStream, find_shown
from snapshot.tencent.documents import read_xml

_MAX_LENGTH_S = 31 * 24 * 3600  # more is a broken header
_COVER_CODECS = {"mjpeg", "png", "bmp", "gif", "webp"}
_CLOCK_FROM_ZERO = ("matroska", "webm")  # their Duration counts from 0, not from StartTime; in mp4 and ts it does not
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,15})?(?:/\d{1,15})?", re.ASCII)  # no exponent: 1e999999999 is never computed
_SIGNED = re.compile(r"(-?)(\d{1,15}(?:\.\d{1,15})?)", re.ASCII)
_AGREEMENT_S = Fraction(1, 2)
_MAX_PIXEL_ASPECT = 32  # more is a broken header

Fields = Mapping[str, Any]


def read_media_info(body: bytes) -> MediaInfo:
    """Return the media info in CI's XML document.

    Raises:
        UnsafeDocument: the document must not be read.
        ValueError: these bytes are no media info.
    """
    try:
        info = read_xml(body, lists=("Video", "Audio"))["Response"]["MediaInfo"]
        container: Fields = info.get("Format") or {}
        streams = info.get("Stream") or {}
        videos = [video for video in streams.get("Video") or [] if video]
        sounds = [sound for sound in streams.get("Audio") or [] if sound]
        described = _describe_all(videos, has_sound=bool(sounds))
        shown = find_shown(described)
        main: Fields = next((fields for fields, video in zip(videos, described, strict=True) if video is shown), {})
        seconds = _picture_length(container, main, sounds)
        size_bytes = _number(container.get("Size"))
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"{len(body)} bytes that are no media info") from error
    return MediaInfo(
        duration_ms=None if seconds is None else int(seconds * 1000),
        videos=described,
        size_bytes=None if size_bytes is None else int(size_bytes),
    )


def _describe_all(videos: Sequence[Fields], *, has_sound: bool) -> tuple[VideoStream, ...]:
    has_video = any(not _is_of_pictures(video) for video in videos)
    covers = [_is_cover(video, beside_video=has_video) for video in videos]
    if all(covers) and not has_sound:
        covers = [False] * len(videos)  # a picture file in a container: there is nothing else to show
    return tuple(
        _describe(place, video, is_cover=is_cover)
        for place, (video, is_cover) in enumerate(zip(videos, covers, strict=True))
    )


def _describe(place: int, video: Fields, *, is_cover: bool) -> VideoStream:
    index, duration = _number(video.get("Index")), _number(video.get("Duration"))
    return VideoStream(
        index=place if index is None else int(index),
        width_px=_whole(video.get("Width")),
        height_px=_whole(video.get("Height")),
        codec=video.get("CodecName"),
        rotation_degrees=_rotation(video.get("Rotation")),
        start_ms=int((_signed(video.get("StartTime")) or 0) * 1000),
        duration_ms=int(duration * 1000) if duration else None,
        frames=_whole(video.get("NumFrames")),
        is_cover=is_cover,
        pixel_aspect=_pixel_aspect(video.get("Sar")),
    )


def _is_cover(video: Fields, *, beside_video: bool) -> bool:
    """Tell whether a stream is an attached picture: a picture's codec, and one frame or no rate of frames.

    In mkv a cover can be a track like any other, with a rate and without a count: beside a video it is taken for one.
    """
    if not _is_of_pictures(video):
        return False
    frames, rate = _number(video.get("NumFrames")), _number(video.get("AvgFps"))
    return frames == 1 or not rate or (frames is None and beside_video)


def _is_of_pictures(video: Fields) -> bool:
    return str(video.get("CodecName")).lower() in _COVER_CODECS


def _picture_length(container: Fields, video: Fields, sounds: Sequence[Fields]) -> Fraction | None:
    """Return the length of the picture in seconds, counted from its first frame; None where nothing says so.

    The container's length is the upper end. What the stream says is believed where it is a little shorter, and where it
    is much shorter only if something else bears it out: frames by their rate and the stream's own length agree, or the
    sound's own length is the container's.
    """
    length = _container_length(container, video)
    frames = _number(video.get("NumFrames"))
    average, nominal = _number(video.get("AvgFps")), _number(video.get("Fps"))
    stated = _sane(_number(video.get("Duration")))
    counted = _sane(frames / average if frames and average else None)
    if not length:
        guess = counted or _sane(frames / nominal if frames and nominal else None) or stated
        return guess or (Fraction(0) if frames == 1 else None)
    sound = max((_number(stream.get("Duration")) or Fraction(0) for stream in sounds), default=Fraction(0))
    for shorter, is_borne_out in (
        (counted, stated is not None and counted is not None and abs(stated - counted) <= _AGREEMENT_S),
        (stated, abs(sound - length) <= _AGREEMENT_S),
    ):
        if shorter and shorter < length and (shorter >= length / 2 or is_borne_out):
            return shorter
    return length


def _container_length(container: Fields, video: Fields) -> Fraction | None:
    """Return the container's length, less the time before its first picture."""
    length = _sane(_number(container.get("Duration")))
    if not length:
        return length
    clock_start = _signed(container.get("StartTime")) or Fraction(0)
    first_picture = _signed(video.get("StartTime"))
    if str(container.get("FormatName")).startswith(_CLOCK_FROM_ZERO):
        late = max(clock_start, first_picture or clock_start)
    else:
        late = (first_picture - clock_start) if first_picture is not None else Fraction(0)
    return length - late if 0 < late < length else length


def _sane(seconds: Fraction | None) -> Fraction | None:
    return None if seconds is None or seconds > _MAX_LENGTH_S else seconds


def _rotation(text: Any) -> int:  # noqa: ANN401  # whatever the XML has
    """Return the rotation in whole quarters, 0 to 270."""
    degrees = _signed(text) or Fraction(0)
    return round(degrees / 90) * 90 % 360


def _pixel_aspect(text: Any) -> Fraction:  # noqa: ANN401  # whatever the XML has
    """Return a pixel's width to its height; 1 where it is not known or not to be believed."""
    aspect = _number(text.replace(":", "/")) if isinstance(text, str) else None
    return aspect if aspect and 1 / _MAX_PIXEL_ASPECT <= aspect <= _MAX_PIXEL_ASPECT else Fraction(1)


def _number(text: Any) -> Fraction | None:  # noqa: ANN401  # whatever the XML has
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        return None
    try:
        above, _, below = text.partition("/")
        return Fraction(above) / Fraction(below or 1)
    except ZeroDivisionError:
        return None


def _signed(text: Any) -> Fraction | None:  # noqa: ANN401  # whatever the XML has
    match = _SIGNED.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        return None
    return -Fraction(match[2]) if match[1] else Fraction(match[2])


def _whole(text: Any) -> int | None:  # noqa: ANN401  # whatever the XML has
    number = _number(text)
    return int(number) if number else None

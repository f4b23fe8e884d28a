"""An opened film -> GetMediaInfo's XML, field for field as the documents' example has it.

Every value is what the file says; a field of which the file says nothing is left out ("some fields may not
be returned"). Bitrates are in kbit/s, times in seconds with six decimals, rates and aspects as fractions.
Sources: Cloud Infinite's media information call, example and fields, read 2026-11-22; Rotation and the poorer forms of
an answer: cos-go-sdk-v5's ci_media.go and ci_media_test.go and the callback documents, read 2026-11-25.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from xml.etree import ElementTree as ET

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.reformatter import ColorPrimaries, ColorTrc
from av.video.stream import VideoStream

from emulator.ci.codecs import level_and_refs
from emulator.ci.container import MAX_PIXELS
from emulator.ci.request import MediaInfoForm

MICROSECONDS = 1_000_000
LONG_NAMES = {"av1": "Alliance for Open Media AV1", "hevc": "H.265 / HEVC (High Efficiency Video Coding)"}
RANGES = {1: "tv", 2: "pc"}
# PyAV's names for the code points of ITU-T H.273, where they are not FFmpeg's own in capitals.
NAMES = {
    "UNSPECIFIED": "unknown",
    "GAMMA22": "bt470m",
    "GAMMA28": "bt470bg",
    "LOG": "log100",
    "LOG_SQRT": "log316",
    "BT1361_ECG": "bt1361e",
}
Fields = Mapping[str, str | int | None]


def describe(film: InputContainer, size_bytes: int, form: MediaInfoForm = "full") -> bytes:
    """Return the response's body; elements stand in the example's order, repeated for each stream of a kind."""
    root = ET.Element("Response")
    media = ET.SubElement(root, "MediaInfo")
    fill(ET.SubElement(media, "Format"), in_form(format_fields(film, size_bytes), form))
    streams = ET.SubElement(media, "Stream")
    for audio in film.streams.audio:
        fill(ET.SubElement(streams, "Audio"), stream_fields(audio) | audio_fields(audio))
    for subtitle in film.streams.subtitles:
        fill(ET.SubElement(streams, "Subtitle"), {"Index": subtitle.index, "Language": language(subtitle)})
    if not film.streams.subtitles:
        ET.SubElement(streams, "Subtitle")
    for video in film.streams.video:
        if not video.disposition & Disposition.attached_pic:
            fill(ET.SubElement(streams, "Video"), stream_fields(video) | video_fields(film, video))
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body


def fill(element: ET.Element, fields: Fields) -> None:
    """Add a child for each field that has a value, in the order of their names, as in the example."""
    for name, value in sorted(fields.items()):
        if value is not None:
            ET.SubElement(element, name).text = str(value)


def format_fields(film: InputContainer, size_bytes: int) -> dict[str, str | int | None]:
    """Return the fields of the container."""
    length_s = Fraction(film.duration, MICROSECONDS) if film.duration and film.duration > 0 else None
    return {
        "Bitrate": decimal(Fraction(size_bytes * 8) / length_s / 1000 if length_s else None),
        "Duration": decimal(length_s),
        "FormatLongName": film.format.long_name,
        "FormatName": film.format.name,
        "NumProgram": 1 if film.format.name == "mpegts" else 0,
        "NumStream": len(film.streams),
        "Size": size_bytes,
        "StartTime": decimal(Fraction(film.start_time, MICROSECONDS) if film.start_time is not None else None),
    }


def stream_fields(stream: AudioStream | VideoStream) -> dict[str, str | int | None]:
    """Return the fields that audio and video share."""
    base, context = stream.time_base, stream.codec_context
    tag = tag_of(stream)
    name = context.codec.canonical_name if context else None
    return {
        "Bitrate": decimal(Fraction(context.bit_rate, 1000) if context and context.bit_rate else None),
        "CodecLongName": LONG_NAMES.get(name, context.codec.long_name) if name else None,
        "CodecName": name,
        "CodecTag": f"0x{int.from_bytes(tag, 'little'):04x}",
        "CodecTagString": "".join(chr(byte) if re.match(rb"[ -~]", bytes([byte])) else f"[{byte}]" for byte in tag),
        "CodecTimeBase": fraction(base, "/"),
        "Duration": decimal(stream.duration * base if stream.duration is not None and base else None),
        "Index": stream.index,
        "Language": language(stream),
        "StartTime": decimal(stream.start_time * base if stream.start_time is not None and base else None),
        "Timebase": fraction(base, "/"),
    }


def audio_fields(stream: AudioStream) -> dict[str, str | int | None]:
    """Return the fields of audio alone."""
    context = stream.codec_context
    if context is None:  # a codec that nothing here decodes
        return {}
    return {
        "Channel": context.layout.nb_channels,
        "ChannelLayout": context.layout.name if context.layout.nb_channels else None,
        "SampleFmt": context.format.name if context.format else None,
        "SampleRate": context.sample_rate,
    }


def video_fields(film: InputContainer, stream: VideoStream) -> dict[str, str | int | None]:
    """Return the fields of video alone."""
    context = stream.codec_context
    if context is None:
        return {}
    level, refs = level_and_refs(context.codec.canonical_name, context.extradata or b"")
    pixel = stream.sample_aspect_ratio
    return {
        "AvgFps": fraction(stream.average_rate, "/"),
        "ColorPrimaries": named(ColorPrimaries, context.color_primaries),
        "ColorRange": RANGES.get(context.color_range, "unknown"),
        "ColorTransfer": named(ColorTrc, context.color_trc),
        "Dar": fraction(pixel * Fraction(context.width, context.height) if pixel and context.height else None, ":")
        or "0:1",
        "Fps": decimal(stream.base_rate),
        "HasBFrame": context.reorder_depth,
        "Height": context.height,
        "Level": level,
        "NumFrames": stream.frames or None,
        "PixFormat": context.format.name if context.format else None,
        "Profile": context.profile,
        "RefFrames": refs,
        "Rotation": f"{rotation_degrees(film, stream):.6f}",
        "Sar": fraction(pixel, ":") or "0:1",
        "Width": context.width,
    }


def in_form(fields: Fields, form: MediaInfoForm) -> Fields:
    """Return the container's fields as an answer of that form has them."""
    if form == "format only":
        return {name: fields[name] for name in ("Duration", "NumStream", "Size")}
    if form == "whole seconds":
        return {**fields, "Duration": str(fields["Duration"]).partition(".")[0]}
    if form == "late start":
        return {**fields, "StartTime": "0.32"}
    return fields


def rotation_degrees(film: InputContainer, stream: VideoStream) -> int:
    """Return by how much the frames are turned clockwise to be shown: 0, 90, 180 or 270.

    The first frame tells, because its display matrix is the container's; a film of which nothing can be decoded says 0.
    """
    context = stream.codec_context
    if context is None or context.width * context.height > MAX_PIXELS:
        return 0
    with suppress(av.FFmpegError, StopIteration):
        frame = next(film.decode(stream))
        return round(-frame.rotation / 90) % 4 * 90
    return 0


def tag_of(stream: Stream) -> bytes:
    """Return the four bytes by which the container names the codec."""
    try:
        return stream.codec_context.codec_tag.encode("latin-1")
    except (AttributeError, UnicodeDecodeError):
        return bytes(4)


def language(stream: Stream) -> str:
    """Return the stream's language, `und` where the file names none."""
    code = stream.metadata.get("language", "")
    return code if re.fullmatch(r"[A-Za-z-]{2,12}", code) else "und"


def named(kind: type[ColorPrimaries | ColorTrc], code_point: int) -> str:
    """Return FFmpeg's name of a code point, `unknown` for one that has none."""
    if code_point not in set(kind):
        return "unknown"
    name = kind(code_point).name
    return NAMES.get(name) or name.lower().replace("_", "-")


def decimal(value: Fraction | None) -> str | None:
    """Write a number with six decimals."""
    return None if value is None else f"{float(value):.6f}"


def fraction(value: Fraction | None, sign: str) -> str | None:
    """Write a fraction with its sign, as 24/1 or 16:9."""
    return None if value is None else f"{value.numerator}{sign}{value.denominator}"

"""A picture file as GetSnapshot gives it -> its header, its pixels, and the same file without metadata.

Nothing is decoded before its header has been read: size, scans and metadata are bounded first. Every pixel that leaves
here is RGB of eight bits in sRGB and upright. Files are read part by part (JPEG segments, PNG chunks); what describes
the picture but does not draw it is left out, without touching the coded pixels.
Sources: ITU-T T.81 annex B (JPEG markers); PNG specification, third edition (chunks); ICC.1:2010 annex B.4 (profiles in
JPEG); Exif 2.32, tag 0x0112; all read 2026-11-25.
"""

import io
import re
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageCms

MAX_PIXELS = 64 * 2**20  # 8K is half of it; below Pillow's own bound, which would warn
MAX_SCANS = 64  # of a progressive JPEG; libjpeg's own script has 10, and each costs a pass over the picture
MEASURED_PX = 320  # the longer side of what scores, storyboards and placeholders are made of: never decoded to less
_MAX_PARTS = 65_536  # segments or chunks of one file
_MAX_PROFILE_BYTES = 2**20  # press profiles have about 560 kB
_SRGB_TOLERANCE = 2  # of 255: a profile that moves no colour by more is taken for sRGB

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_DRAWN = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_JPEG_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # after coded data: no stuffing, no restart
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_SOF2, _EOI, _SOS, _APP1, _APP2, _APP14, _APP15, _COM = 0xC2, 0xD9, 0xDA, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_STANDALONE = {0x01, *range(0xD0, 0xD8)}
_EXIF, _ICC = b"Exif\x00\x00", b"ICC_PROFILE\x00"
_ORIENTATION, _SHORT = 0x0112, 3  # the tag and its type
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SIDEWAYS = {5, 6, 7, 8}


class BadPicture(ValueError):
    """Bytes that are no JPEG or PNG, are broken, or are beyond what is safe to decode. The text says which."""


@dataclass(frozen=True, slots=True)
class Header:
    """The facts in a picture file's header, before it is decoded.

    `width_px` and `height_px` are as shown, that is after `orientation` (the Exif number; 1 is upright). `profile` is
    the ICC profile, empty where the pixels are sRGB already. `scans` counts a JPEG's, above 1 it is progressive; a PNG
    has 0. `is_common` tells that every browser shows this coding: eight bits, grey or RGB, Huffman-coded. `plain` is
    the file without metadata, its coded pixels untouched.
    """

    format: str
    width_px: int
    height_px: int
    orientation: int
    profile: bytes
    scans: int
    is_common: bool
    plain: bytes

    @property
    def is_storable(self) -> bool:
        """Tell whether `plain` shows the right picture everywhere."""
        return self.orientation == 1 and not self.profile and self.is_common


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture. `pixels` are RGB in sRGB, upright, and may be smaller than the `header` says (see decode)."""

    header: Header
    pixels: Image.Image


@dataclass(slots=True)
class _Notes:
    """Notes gathered while the parts of a file are read."""

    width_px: int = 0
    height_px: int = 0
    scans: int = 0
    is_common: bool = True
    exif: bytes = b""
    profile: bytes = b""


def read_header(body: bytes) -> Header:
    """Return the header of a JPEG or PNG file, at the cost of reading it once.

    Raises:
        BadPicture: no JPEG or PNG, cut off, of no size, or beyond what is safe to decode.
    """
    if body.startswith(b"\xff\xd8\xff"):
        file_format, (notes, parts) = "jpg", _read_jpeg(body)
    elif body.startswith(_PNG_SIGNATURE):
        file_format, (notes, parts) = "png", _read_png(body)
    else:
        raise BadPicture(f"{len(body)} bytes that are neither JPEG nor PNG")
    width_px, height_px = notes.width_px, notes.height_px
    if not (width_px and height_px):
        raise BadPicture(f"a {file_format} without a size")
    if width_px * height_px > MAX_PIXELS:
        raise BadPicture(f"a picture of {width_px}x{height_px} is beyond what is safe to decode")
    orientation = _read_orientation(notes.exif)
    if orientation in _SIDEWAYS:
        width_px, height_px = height_px, width_px
    return Header(
        format=file_format,
        width_px=width_px,
        height_px=height_px,
        orientation=orientation,
        profile=b"" if _is_srgb(notes.profile) else notes.profile,
        scans=notes.scans,
        is_common=notes.is_common,
        plain=body if sum(map(len, parts)) == len(body) else b"".join(parts),
    )


def decode(header: Header, *, smallest_px: tuple[int, int] | None = None) -> Picture:
    """Return the picture of a header, decoded whole; this is the one decode of a shot.

    With `smallest_px` a JPEG may be decoded to a half, a quarter or an eighth, but never below that width or height.

    Raises:
        BadPicture: the file does not decode.
    """
    try:
        with Image.open(io.BytesIO(header.plain), formats=("JPEG", "PNG")) as image:
            if smallest_px and header.format == "jpg":
                width_px, height_px = smallest_px[::-1] if header.orientation in _SIDEWAYS else smallest_px
                image.draft("RGB", (width_px, height_px))
            image.load()
            pixels = _to_srgb(image, header.profile)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, struct.error, zlib.error) as error:
        raise BadPicture(f"{len(header.plain)} bytes of {header.format} that do not decode") from error
    if header.orientation in _TURNS:
        pixels = pixels.transpose(_TURNS[header.orientation])
    pixels.info = {}  # what Pillow would write into the files made of it
    return Picture(header, pixels)


def _read_jpeg(body: bytes) -> tuple[_Notes, list[memoryview]]:
    view = memoryview(body)  # its slices are no copies
    notes, parts = _Notes(), [view[:2]]
    profile_parts: list[tuple[int, bytes]] = []
    for marker, start, end in _jpeg_segments(body):
        content = body[start + 4 : end] if marker != _SOS else b""
        if marker in _JPEG_FRAMES:
            if len(content) < 6 or notes.width_px:  # noqa: PLR2004  # precision, height, width, components
                raise BadPicture("a JPEG whose frame header is cut off or appears twice")
            precision, notes.height_px, notes.width_px, components = struct.unpack(">BHHB", content[:6])
            notes.is_common = marker <= _SOF2 and precision == 8 and components in (1, 3)  # noqa: PLR2004  # bits
        elif marker == _SOS:
            notes.scans += 1
        elif marker == _APP1 and content.startswith(_EXIF):
            notes.exif = notes.exif or content
        elif marker == _APP2 and content.startswith(_ICC):
            profile_parts.append((content[12] if len(content) > 12 else 0, content[14:]))  # noqa: PLR2004  # its number
        if notes.scans > MAX_SCANS:
            raise BadPicture(f"a JPEG of more than {MAX_SCANS} scans")
        if not (_APP1 <= marker <= _APP15 and marker != _APP14) and marker != _COM:
            parts.append(view[start:end])
    if not notes.scans:
        raise BadPicture("a JPEG without a scan")
    profile = b"".join(part for _, part in sorted(profile_parts))
    notes.profile = profile if len(profile) <= _MAX_PROFILE_BYTES else b""
    return notes, parts


def _jpeg_segments(body: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield each segment's marker, start and end, SOI excepted; a scan reaches to the next marker after its data."""
    start = 2
    for _ in range(_MAX_PARTS):
        while body[start : start + 2] == b"\xff\xff":  # fill bytes
            start += 1
        if start + 2 > len(body) or body[start] != 0xFF:  # noqa: PLR2004  # what a marker begins with
            raise BadPicture("a JPEG that is cut off")
        marker = body[start + 1]
        if marker == _EOI:
            yield marker, start, start + 2
            return
        if marker in _STANDALONE:
            start += 2
            continue
        length = int.from_bytes(body[start + 2 : start + 4], "big")
        end = start + 2 + length
        if length < 2 or end > len(body):  # noqa: PLR2004  # the length counts itself
            raise BadPicture("a JPEG that is cut off")
        if marker == _SOS:
            following = _JPEG_NEXT_MARKER.search(body, end)
            if not following:
                raise BadPicture("a JPEG that is cut off in its last scan")
            end = following.start()
        yield marker, start, end
        start = end
    raise BadPicture(f"a JPEG of more than {_MAX_PARTS} segments")


def _read_png(body: bytes) -> tuple[_Notes, list[memoryview]]:
    view = memoryview(body)  # its slices are no copies
    start = len(_PNG_SIGNATURE)
    notes, parts = _Notes(), [view[:start]]
    for _ in range(_MAX_PARTS):
        length, name = int.from_bytes(body[start : start + 4], "big"), body[start + 4 : start + 8]
        end = start + 12 + length
        if len(name) < 4 or end > len(body):  # noqa: PLR2004  # a chunk's name
            raise BadPicture("a PNG that is cut off")
        content = body[start + 8 : end - 4] if name in {b"IHDR", b"iCCP", b"eXIf"} else b""
        is_header = name == b"IHDR"
        if is_header != (len(parts) == 1) or (is_header and length != 13):  # noqa: PLR2004  # its only length
            raise BadPicture("a PNG whose header is not its first chunk")
        if is_header:
            notes.width_px, notes.height_px, depth = struct.unpack(">IIB", content[:9])
            notes.is_common = depth <= 8  # noqa: PLR2004  # bits
        elif name == b"iCCP":
            notes.profile = _inflate_profile(content)
        elif name == b"eXIf":
            notes.exif = content
        if name in _PNG_DRAWN:
            if zlib.crc32(view[start + 4 : end - 4]) != int.from_bytes(body[end - 4 : end], "big"):
                raise BadPicture(f"a PNG whose {name.decode()} chunk is damaged")  # Pillow does not look at IDAT's
            parts.append(view[start:end])
        if name == b"IEND":
            return notes, parts
        start = end
    raise BadPicture(f"a PNG of more than {_MAX_PARTS} chunks")


def _inflate_profile(content: bytes) -> bytes:
    """Return the profile of an iCCP chunk; empty where it is broken or too large to be one."""
    compressed = content.partition(b"\0")[2][1:]
    inflater = zlib.decompressobj()
    try:
        profile = inflater.decompress(compressed, _MAX_PROFILE_BYTES)
    except zlib.error:
        return b""
    return profile if inflater.eof else b""


def _read_orientation(exif: bytes) -> int:
    """Return the Exif orientation, 1 where there is none or it is none of the eight.

    Read by hand: Pillow's reader warns of what is broken, through a filter that all threads share.
    """
    tiff = exif.removeprefix(_EXIF)
    order: Literal["little", "big"] = "little" if tiff.startswith(b"II") else "big"

    def number(start: int, length: int) -> int:
        return int.from_bytes(tiff[start : start + length], order)

    directory = number(4, 4)
    for entry in range(directory + 2, directory + 2 + 12 * min(number(directory, 2), len(tiff) // 12), 12):
        if number(entry, 2) == _ORIENTATION and number(entry + 2, 2) == _SHORT and number(entry + 4, 4) == 1:
            value = number(entry + 8, 2)
            return value if value in _TURNS else 1
    return 1


def _is_srgb(profile: bytes) -> bool:
    """Tell whether a profile changes no colour by more than can be seen; also where it cannot be read at all."""
    if not profile:
        return True
    steps: Sequence[int] = range(0, 256, 51)
    patch = Image.new("RGB", (len(steps) ** 2, len(steps)))
    patch.putdata([(red, green, blue) for red in steps for green in steps for blue in steps])
    try:
        converted = _convert_profile(patch, profile)
    except ImageCms.PyCMSError:
        return _profile_space(profile) not in {b"GRAY", b"CMYK"}
    pairs = zip(patch.tobytes(), converted.tobytes(), strict=True)
    return max(abs(old - new) for old, new in pairs) <= _SRGB_TOLERANCE


def _profile_space(profile: bytes) -> bytes:
    return profile[16:20]  # "data colour space", ICC.1:2010 table 17


def _convert_profile(image: Image.Image, profile: bytes) -> Image.Image:
    source = ImageCms.getOpenProfile(io.BytesIO(profile))
    converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert converted is not None  # noqa: S101  # None is only for inPlace
    return converted


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    image = to_eight_bits(image)
    if profile:
        fits = {b"RGB ": "RGB", b"GRAY": "L", b"CMYK": "CMYK"}.get(_profile_space(profile), "")
        direct = image if image.mode == fits else image.convert("RGB")
        if direct.mode == fits:
            with suppress(ImageCms.PyCMSError):  # a profile that cannot be used is as good as none
                return _convert_profile(direct, profile)
    return image if image.mode == "RGB" else image.convert("RGB")


def to_eight_bits(image: Image.Image) -> Image.Image:
    """Return the image with eight bits a channel; Pillow's own conversion of 16-bit grey would clip it to white."""
    if not image.mode.startswith("I"):
        return image
    return image.point(lambda grey: grey * (1 / 256)).convert("L")

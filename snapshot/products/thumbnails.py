"""A picture -> thumbnails in every size and format: never enlarged, never stretched, sRGB, without metadata.

Sizes are rendered from the largest downwards, each from the next larger one that is at least half as large again, so
that a picture is decoded once and read once. A file that already is what was asked for stays as it is coded.
Encoder settings as measured on 1280x720 frames (docs/benchmarks.md): a progressive JPEG is 3% smaller; WebP's method 6
saves 4% for more than twice the time; AVIF above speed 8 loses more than it saves.
"""

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from snapshot.errors import BadSettings
from snapshot.media import Size
from snapshot.products.picture import MEASURED_PX, Header, Picture

CONTENT_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "avif": "image/avif"}
QUALITIES = {"jpg": 85, "webp": 80, "avif": 60}  # where none is set; png has none
_MAX_SIDE_PX = 16_383  # WebP's; JPEG's is 65,535
_CASCADE_RATIO = 1.5  # a source at least so many times as wide costs less than 1 dB against the original
_REDUCING_GAP = 3.0  # Pillow: "3.0: indistinguishable from fair resampling in most cases"
_PIXEL_BYTES = 4  # Pillow keeps RGB in four
_ENCODER_BYTES = {"jpg": 4, "png": 4, "webp": 8, "avif": 22}  # a pixel: 3, 4, 7.5 and 21.4 were measured
_FIXED_BYTES = 4 * 2**20
_PLUGIN_BYTES = {"webp": 2 * 2**20, "avif": 9 * 2**20}  # once a process
_DRAFT_RATIO = 2  # decoded to no less than twice the largest size wanted: at least 54 dB to a whole decode


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture file as it is stored. `size` is the box that was asked for, the sides are what the file has."""

    at_ms: int
    size: Size
    format: str
    body: bytes
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Which part of a picture is shown, and how large: `box` is left, top, right, bottom in pixels of the whole."""

    box: tuple[float, float, float, float]
    width_px: int
    height_px: int


def cut(size: Size, fit: str, width_px: int, height_px: int) -> Cut:
    """Return the size that a picture of this width and height has in a box, in whole pixels, 1 at least.

    A side of 0 follows the picture. `contain` shows the whole picture inside the box; `cover` fills the box's shape and
    drops evenly what stands over. Where the picture is smaller than the box, it keeps its own size.
    """
    box_width, box_height = size.width_px or _MAX_SIDE_PX, size.height_px or _MAX_SIDE_PX
    box_width, box_height = min(box_width, _MAX_SIDE_PX), min(box_height, _MAX_SIDE_PX)
    if fit == "cover" and size.width_px and size.height_px:
        scale = min(1.0, max(box_width / width_px, box_height / height_px))
        shrink = min(1.0, scale * width_px / box_width, scale * height_px / box_height)
        shown_width, shown_height = box_width * shrink / scale, box_height * shrink / scale
    else:
        scale = min(1.0, box_width / width_px, box_height / height_px)
        shown_width, shown_height = float(width_px), float(height_px)
    left, top = (width_px - shown_width) / 2, (height_px - shown_height) / 2
    box = (max(0.0, left), max(0.0, top), min(width_px, left + shown_width), min(height_px, top + shown_height))
    return Cut(box, max(1, round(shown_width * scale)), max(1, round(shown_height * scale)))


def smallest_decode(header: Header, sizes: Sequence[Size], formats: Sequence[str], fit: str) -> tuple[int, int] | None:
    """Return the least width and height to decode so that every size can be rendered; None for the whole picture.

    A thumbnail that is the file itself needs no pixels.
    """
    stored_as_is = header.format if header.is_storable else None
    share = _decoded_share(header.width_px, header.height_px, sizes, formats, fit=fit, stored_as_is=stored_as_is)
    if share >= 1:
        return None
    return max(1, round(header.width_px * share)), max(1, round(header.height_px * share))


def render(
    picture: Picture,
    sizes: Sequence[Size],
    formats: Sequence[str],
    *,
    at_ms: int,
    fit: str,
    quality: int | None = None,
) -> Iterator[Thumbnail]:
    """Yield a thumbnail of the moment `at_ms` for every size in every format, the largest first.

    `quality` is 1 to 100, None for each format's own. Sizes that come to the same pixels share one encoding.

    Raises:
        BadSettings: this build of Pillow cannot write a format.
    """
    header = picture.header
    cuts = [(size, cut(size, fit, header.width_px, header.height_px)) for size in sizes]
    cuts.sort(key=lambda pair: -_scale(pair[1]))
    sources = [picture.pixels]  # whole pictures, the smallest last
    encoded: dict[tuple[Cut, str], bytes] = {}
    for size, part in cuts:
        resized: Image.Image | None = None
        for file_format in formats:
            body = encoded.get((part, file_format))
            if body is None and _is_file_itself(header, part, file_format):
                body = header.plain
            if body is None:
                if resized is None:
                    resized = resize(sources, header, part)
                    if _is_whole(header, part):
                        sources.append(resized)
                body = encode(resized, file_format, quality)
            encoded[part, file_format] = body
            yield Thumbnail(at_ms, size, file_format, body, part.width_px, part.height_px)


def resize(sources: Sequence[Image.Image], header: Header, part: Cut) -> Image.Image:
    """Return one part of the picture in its size, from the smallest of `sources` that is large enough."""
    scale = _scale(part)
    source = sources[0]
    for other in sources[1:]:
        if other.width >= header.width_px * scale * _CASCADE_RATIO:
            source = other
    if source.size == (part.width_px, part.height_px) and _is_whole(header, part):
        return source
    across, down = source.width / header.width_px, source.height / header.height_px
    left, top, right, bottom = part.box
    box = (left * across, top * down, min(right * across, source.width), min(bottom * down, source.height))
    target = (part.width_px, part.height_px)
    return source.resize(target, Image.Resampling.LANCZOS, box=box, reducing_gap=_REDUCING_GAP)


def encode(image: Image.Image, format: str, quality: int | None = None) -> bytes:
    """Return an RGB image as a file without metadata.

    Raises:
        BadSettings: this build of Pillow cannot write the format.
    """
    quality = quality or QUALITIES.get(format)
    options: dict[str, dict[str, Any]] = {
        "jpg": {"quality": quality, "subsampling": "4:2:0", "optimize": True, "progressive": True},
        "png": {"compress_level": 6},
        "webp": {"quality": quality, "method": 4},
        "avif": {"quality": quality, "speed": 8, "max_threads": 1},
    }
    name = load_plugin(format)
    target = io.BytesIO()
    try:
        image.save(target, name, **options[format])
    except (KeyError, OSError) as error:
        raise BadSettings([f"SNAPSHOT_FORMAT: this Pillow cannot write {format}; accepted here: jpg, png"]) from error
    return target.getvalue()


def cost_bytes(
    width_px: int, height_px: int, sizes: Sequence[Size], formats: Sequence[str], *, fit: str, source_format: str
) -> int:
    """Return the memory that a picture of this size takes at most, from its file to its thumbnails, without the files.

    Holds for one whole scan, upright and in sRGB, as GetSnapshot answers; a profile or an orientation takes one more
    copy of the pixels, and several scans three bytes a pixel of the file. Source: benchmarks, peak resident memory.
    """
    share = _decoded_share(width_px, height_px, sizes, formats, fit=fit, stored_as_is=source_format)
    divisor = max(step for step in (1, 2, 4, 8) if step == 1 or step * share <= 1) if source_format == "jpg" else 1
    decoded_width, decoded_height = math.ceil(width_px / divisor), math.ceil(height_px / divisor)
    fixed = _FIXED_BYTES + sum(_PLUGIN_BYTES.get(file_format, 0) for file_format in formats)
    resized_bytes, working = 0, 0
    for size in sizes:
        part = cut(size, fit, width_px, height_px)
        pixels = part.width_px * part.height_px
        for file_format in formats:
            if file_format != source_format or (part.width_px, part.height_px) != (width_px, height_px):
                is_decoded = (part.width_px, part.height_px) == (decoded_width, decoded_height)
                resized_bytes += _PIXEL_BYTES * pixels if file_format == formats[0] and not is_decoded else 0
                between = (
                    0 if is_decoded else _resizing_bytes(decoded_width, decoded_height, part, decoded_width / width_px)
                )
                working = max(working, between, _ENCODER_BYTES[file_format] * pixels)
    return fixed + _PIXEL_BYTES * decoded_width * decoded_height + resized_bytes + working


def _resizing_bytes(width_px: int, height_px: int, part: Cut, scale: float) -> int:
    """Return the bytes that Pillow holds between a picture and its resized part: reduced by whole factors, then across.

    The picture was decoded to `scale` of what the part's box counts in.
    """
    left, top, right, bottom = part.box
    steps_across = max(1, int((right - left) * scale / part.width_px / _REDUCING_GAP))
    steps_down = max(1, int((bottom - top) * scale / part.height_px / _REDUCING_GAP))
    reduced_width, reduced_height = math.ceil(width_px / steps_across), math.ceil(height_px / steps_down)
    reduced = reduced_width * reduced_height if steps_across > 1 or steps_down > 1 else 0
    return _PIXEL_BYTES * (reduced + part.width_px * reduced_height)


def load_plugin(format: str) -> str:
    """Return Pillow's name of a format, with its plugin loaded: without this Pillow loads every plugin it has."""
    match format:
        case "webp":
            from PIL import WebPImagePlugin  # noqa: F401, PLC0415  # loaded only where it is used

            return "WEBP"
        case "avif":
            from PIL import AvifImagePlugin  # noqa: F401, PLC0415  # loaded only where it is used

            return "AVIF"
        case "png":
            from PIL import PngImagePlugin  # noqa: F401, PLC0415  # loaded only where it is used

            return "PNG"
    return "JPEG"


def _decoded_share(
    width_px: int, height_px: int, sizes: Sequence[Size], formats: Sequence[str], *, fit: str, stored_as_is: str | None
) -> float:
    """Return the share of each side that must be decoded; 1 and above is the whole picture."""
    share = 1.0 / max(width_px, height_px)
    for size in sizes:
        part = cut(size, fit, width_px, height_px)
        is_own_size = (part.width_px, part.height_px) == (width_px, height_px)
        if not (is_own_size and all(file_format == stored_as_is for file_format in formats)):
            share = max(share, _scale(part))
    return max(share * _DRAFT_RATIO, MEASURED_PX / max(width_px, height_px))


def _is_file_itself(header: Header, part: Cut, format: str) -> bool:
    return (
        header.is_storable
        and format == header.format
        and _is_whole(header, part)
        and (part.width_px, part.height_px) == (header.width_px, header.height_px)
    )


def _is_whole(header: Header, part: Cut) -> bool:
    return part.box == (0, 0, header.width_px, header.height_px)


def _scale(part: Cut) -> float:
    left, top, right, bottom = part.box
    return max(part.width_px / (right - left), part.height_px / (bottom - top))

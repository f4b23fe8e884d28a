"""The bytes of a snapshot -> checked by its header, then decoded once: measured and rendered.

Nothing that does not decode is ever stored. A picture is judged by what it must be, not by what media info says of the
video: containers hold several streams, change their size on the way, or describe it wrongly.
"""

from dataclasses import dataclass, replace

from snapshot.errors import BadFrame
from snapshot.plan import MAX_SIDE_PX, Shot
from snapshot.products.picture import BadPicture, Header, decode, read_header
from snapshot.products.scoring import FrameStats, measure
from snapshot.products.small import make_small
from snapshot.products.thumbnails import Thumbnail, cost_bytes, render, smallest_decode
from snapshot.settings import Settings

_FILE_BYTES_PER_PIXEL = {"jpg": 0.5, "png": 3.0}  # more than most take
_SMALLER, _MIN_FITTED_PX = 0.95, 320  # what is tried next where a picture does not fit, and where that ends


@dataclass(frozen=True, slots=True)
class Developed:
    """The result of one snapshot: its size, its measures, its thumbnails from the largest downwards.

    `small` is a small JPEG file of it, empty where none was asked for.
    """

    at_ms: int
    width_px: int
    height_px: int
    stats: FrameStats
    thumbnails: tuple[Thumbnail, ...]
    small: bytes


def check_frame(body: bytes, shot: Shot, *, key: str) -> Header:
    """Return the header of a snapshot, before anything is decoded.

    Raises:
        BadFrame: the bytes are no picture in the format asked for, or one beyond what is safe to decode.
    """
    try:
        header = read_header(body)
    except BadPicture as error:
        raise _bad(str(error), key) from error
    size = f"{header.width_px}x{header.height_px}"
    if header.format != shot.format:
        raise _bad(f"a picture in {header.format} where {shot.format} was asked for", key)
    if (shot.width_px or shot.height_px) and header.width_px * header.height_px > MAX_SIDE_PX**2:
        raise _bad(f"a picture of {size} where {shot.width_px}x{shot.height_px} was asked for", key)
    return header


def develop(
    header: Header, shot: Shot, settings: Settings, *, key: str, render_thumbnails: bool, small_px: int = 0
) -> Developed:
    """Return the measures of a checked snapshot, its thumbnails in every size and format, and a small file of it.

    `small_px` is the longer side of the small file, 0 for none.

    Raises:
        BadFrame: it does not decode.
        BadSettings: this build of Pillow cannot write a format.
    """
    sizes = settings.sizes if render_thumbnails else ()
    try:
        picture = decode(header, smallest_px=smallest_decode(header, sizes, settings.formats, settings.fit))
    except BadPicture as error:
        raise _bad(str(error), key) from error
    rendered = render(picture, sizes, settings.formats, at_ms=shot.at_ms, fit=settings.fit, quality=settings.quality)
    thumbnails = tuple(rendered)
    small = make_small(picture, small_px) if small_px else b""
    return Developed(shot.at_ms, header.width_px, header.height_px, measure(picture.pixels), thumbnails, small)


def estimate_bytes(width_px: int, height_px: int, format: str, settings: Settings) -> int:
    """Return the memory that developing a snapshot of this size takes at most, without its file."""
    return cost_bytes(width_px, height_px, settings.sizes, settings.formats, fit=settings.fit, source_format=format)


def estimate_file_bytes(pixels: int, format: str) -> int:
    """Return the bytes that a snapshot's file has at most."""
    return int(pixels * _FILE_BYTES_PER_PIXEL[format])


def captured_size(shot: Shot, width_px: int, height_px: int) -> tuple[float, float]:
    """Return width and height in pixels, not rounded, of a snapshot of a video of this size."""
    scale = shot.width_px / width_px or shot.height_px / height_px or 1.0
    return width_px * scale, height_px * scale


def fit_memory(shot: Shot, width_px: int, height_px: int, settings: Settings, *, free_bytes: int) -> Shot:
    """Return the shot of a video of this size, asked for smaller where its picture would take more memory than is free.

    A picture of 320 px is asked for however little is free.
    """
    sides_px = captured_size(shot, width_px, height_px)
    longer_px, fitted = max(sides_px), 1.0
    while longer_px * fitted > _MIN_FITTED_PX:
        across, down = (round(side_px * fitted) for side_px in sides_px)
        file_bytes = estimate_file_bytes(across * down, shot.format)
        if file_bytes + estimate_bytes(across, down, shot.format, settings) <= free_bytes:
            break
        fitted = min(fitted * _SMALLER, MAX_SIDE_PX / longer_px)  # the API takes no longer side
    if fitted == 1.0:
        return shot
    is_wide = width_px >= height_px
    return replace(shot, width_px=across if is_wide else 0, height_px=0 if is_wide else down)


def _bad(message: str, key: str) -> BadFrame:
    return BadFrame(message, operation="GetSnapshot", key=key, code="BadFrame")

"""A frame and a size -> a Thumbnail, bytes to bytes. It knows no key, bucket or cloud.

A side of 0 follows the picture's aspect. With both sides given the picture covers the box and what stands over is cut
off evenly: nothing is ever squeezed.
"""

import io
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageOps

from snapshot.errors import BadSettings
from snapshot.frames import Frame
from snapshot.settings import Size

LONGEST_PX = 16_383  # a WebP's side at most; also keeps a film as thin as a thread from filling the memory
CONTENT_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "avif": "image/avif"}
ENCODERS: dict[str, tuple[str, dict[str, Any]]] = {
    "jpg": ("JPEG", {"quality": 85, "optimize": True}),
    "png": ("PNG", {"optimize": True}),
    "webp": ("WEBP", {"quality": 80, "method": 4}),
    "avif": ("AVIF", {"quality": 65, "speed": 8}),
}


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """A picture file as it is stored, `width_px` by `height_px`."""

    at_ms: int
    size: Size
    body: bytes
    width_px: int
    height_px: int
    format: str


def render(frame: Frame, size: Size, format: str) -> Thumbnail:
    """Give the frame in this size and format; a frame that already is that comes back byte for byte.

    Raises:
        BadSettings: this build of Pillow cannot write the format.
    """
    width_px, height_px = fit(size, frame.width_px, frame.height_px)
    if (width_px, height_px, format) == (frame.width_px, frame.height_px, frame.format):
        return Thumbnail(frame.at_ms, size, frame.body, width_px, height_px, format)
    name, options = ENCODERS[format]
    with Image.open(io.BytesIO(frame.body)) as picture:
        plain = in_eight_bits(picture).convert("RGB")
    resized = ImageOps.fit(plain, (width_px, height_px), Image.Resampling.LANCZOS)
    target = io.BytesIO()
    try:
        resized.save(target, name, **options)
    except (KeyError, OSError) as error:
        raise BadSettings([f"SNAPSHOT_FORMAT: this Pillow cannot write {format}; accepted here: jpg, png"]) from error
    return Thumbnail(frame.at_ms, size, target.getvalue(), width_px, height_px, format)


def in_eight_bits(picture: Image.Image) -> Image.Image:
    """Give the picture with eight bits a channel; Pillow's own conversion of 16-bit grey would clip it to white."""
    if not picture.mode.startswith("I"):
        return picture
    return picture.point(lambda grey: grey * (1 / 256)).convert("L")


def fit(size: Size, width_px: int, height_px: int) -> tuple[int, int]:
    """Give the whole pixels that a picture of this width and height takes in `size`: 1 to 16 383 where it follows."""
    if size.width_px and size.height_px:
        return size.width_px, size.height_px
    if size.width_px:
        return size.width_px, min(max(1, round(height_px * size.width_px / width_px)), LONGEST_PX)
    if size.height_px:
        return min(max(1, round(width_px * size.height_px / height_px)), LONGEST_PX), size.height_px
    return width_px, height_px

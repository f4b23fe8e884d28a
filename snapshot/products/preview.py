"""Pictures spread over a video -> a short animated loop, kept under a number of bytes.

WebP at quality 60 and method 4, or AVIF at quality 50 and speed 8, half a second a picture: 33 to 117 kB for ten
pictures of 320 px of real clips (method 6 saves 5% and takes 7 to 23 times as long). Where the budget is too small,
quality goes down first, then pictures are left out.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from snapshot.errors import BadSettings
from snapshot.products.thumbnails import load_plugin

_FRAME_MS = 500
_MAX_FRAMES, _MIN_FRAMES = 10, 2
_MAX_WIDTH_PX = 320
_QUALITIES = {"webp": (60, 45, 30), "avif": (50, 40, 30)}


@dataclass(frozen=True, slots=True)
class Preview:
    """An animated picture; `reduced` says in words what was given up for the budget, empty where nothing was."""

    body: bytes
    format: str
    frames: int
    width_px: int
    height_px: int
    quality: int
    reduced: str


def make_preview(pictures: Sequence[Image.Image], format: str, *, max_bytes: int) -> Preview | None:
    """Return a loop of the pictures, which are in the order of time; None for fewer than two, or where no two fit.

    Raises:
        BadSettings: this build of Pillow cannot write the format.
    """
    chosen = _spread(pictures, _MAX_FRAMES)
    if len(chosen) < _MIN_FRAMES:
        return None
    images = [_fit(picture, chosen[0]) for picture in chosen]
    best_quality = _QUALITIES[format][0]
    for count in range(len(images), _MIN_FRAMES - 1, -2):
        images_left = _spread(images, count)
        for quality in _QUALITIES[format]:
            body = _encode(images_left, format, quality)
            if len(body) <= max_bytes:
                changes = [f"quality {quality} instead of {best_quality}"] if quality != best_quality else []
                changes += [f"{count} pictures instead of {len(images)}"] if count != len(images) else []
                width_px, height_px = images_left[0].size
                return Preview(body, format, count, width_px, height_px, quality, ", ".join(changes))
    return None


def _spread(pictures: Sequence[Image.Image], count: int) -> list[Image.Image]:
    if len(pictures) <= count:
        return list(pictures)
    return [pictures[(2 * place + 1) * len(pictures) // (2 * count)] for place in range(count)]


def _fit(picture: Image.Image, first: Image.Image) -> Image.Image:
    """Return a picture at the first one's size, at most 320 px wide."""
    scale = min(1.0, _MAX_WIDTH_PX / first.width)
    size = (max(1, round(first.width * scale)), max(1, round(first.height * scale)))
    return picture if picture.size == size else picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _encode(images: Sequence[Image.Image], format: str, quality: int) -> bytes:
    target = io.BytesIO()
    options = {"method": 4} if format == "webp" else {"speed": 8, "max_threads": 1}
    try:
        images[0].save(
            target,
            load_plugin(format),
            save_all=True,
            append_images=images[1:],
            duration=_FRAME_MS,
            loop=0,
            quality=quality,
            **options,
        )
    except (KeyError, OSError) as error:
        raise BadSettings([f"SNAPSHOT_PREVIEW: this Pillow cannot write {format}; accepted here: off"]) from error
    return target.getvalue()

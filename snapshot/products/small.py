"""A picture -> a small JPEG file of it, from which tiles, previews and placeholders are made."""

from PIL import Image

from snapshot.products.picture import Picture, decode, read_header
from snapshot.products.thumbnails import encode

_QUALITY = 92  # it is encoded once more, as part of something else


def make_small(picture: Picture, side_px: int) -> bytes:
    """Return the picture as a JPEG file whose longer side is at most `side_px`; never enlarged."""
    pixels = picture.pixels
    scale = min(1.0, side_px / max(pixels.size))
    size = (max(1, round(pixels.width * scale)), max(1, round(pixels.height * scale)))
    small = pixels if pixels.size == size else pixels.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return encode(small, "jpg", _QUALITY)


def open_small(body: bytes) -> Picture:
    """Return the picture of such a file.

    Raises:
        BadPicture: it is none, or does not decode.
    """
    return decode(read_header(body))

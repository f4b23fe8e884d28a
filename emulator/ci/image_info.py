"""Describe a stored picture, as CI's imageInfo does.

Source: Cloud Infinite's document on obtaining basic image information, read 2026-11-25.
"""

import json
from typing import BinaryIO

from PIL import Image

from emulator.errors import ServiceError

_MAX_SIDE_PX = 30_000
_FORMATS = ("BMP", "GIF", "JPEG", "PNG", "WEBP")


def describe_image(stream: BinaryIO, size_bytes: int, md5: str) -> bytes:
    """Return format, size and number of frames as JSON of texts; the average colour is left out.

    Raises:
        ServiceError: 400 ResourceNotSupported, in CI's dialect, for an object that is no picture.
    """
    try:
        with Image.open(stream, formats=_FORMATS) as image:
            name, (width_px, height_px), frames = image.format or "", image.size, getattr(image, "n_frames", 1)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ServiceError(400, "ResourceNotSupported", "the object is not a picture that can be read", "ci") from error
    if max(width_px, height_px) > _MAX_SIDE_PX:
        raise ServiceError(400, "ResourceNotSupported", f"a side has at most {_MAX_SIDE_PX} pixels", "ci")
    fields = {
        "format": name.lower(),
        "width": str(width_px),
        "height": str(height_px),
        "size": str(size_bytes),
        "md5": md5,
        "frame_count": str(frames),
    }
    return json.dumps(fields).encode()

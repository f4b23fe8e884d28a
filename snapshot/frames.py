"""A Shot -> Frame | Missed, through a Camera. It knows neither the SDK nor output sizes nor where things are stored.

Only what decodes and measures as it should is a Frame. A failure that can heal by itself goes on up as an exception.
"""

import io
import threading
from dataclasses import dataclass
from typing import Protocol

from PIL import Image, UnidentifiedImageError

from snapshot.errors import BadFrame, CloudRefused
from snapshot.plan import Missed, Shot

DECODING = threading.BoundedSemaphore(2)  # pictures decoded at one time: one of 8K takes 100 MB
LONGEST_SIDE_PX = 4096
PILLOW_NAMES = {"jpg": "JPEG", "png": "PNG"}


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What is known of a film: length in milliseconds, coded size in pixels, codec; None where it is not known.

    `has_picture` is False where there is sound only.
    """

    duration_ms: int | None
    width_px: int | None
    height_px: int | None
    codec: str | None
    has_picture: bool


class Camera(Protocol):
    """Takes pictures of one stored film."""

    def snapshot(
        self, key: str, *, at_ms: int, width_px: int, height_px: int, format: str, mode: str, rotate: str
    ) -> bytes:
        """Give a picture file in `format` of the moment `at_ms`; at most one of width and height is above 0.

        Raises:
            CloudRefused: this moment cannot be had.
            CloudUnavailable: it may be had later.
            BadFrame: the answer is no picture.
        """


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture file of one moment that has been looked at: it decodes, and it measures `width_px` by `height_px`."""

    at_ms: int
    body: bytes
    width_px: int
    height_px: int
    format: str


def capture(camera: Camera, key: str, shot: Shot, media: MediaInfo) -> Frame | Missed:
    """Give the frame of a shot.

    Raises:
        CloudUnavailable: it may be had later.
        CloudRefused: the set-up is to blame, not the video.
    """
    try:
        body = camera.snapshot(
            key,
            at_ms=shot.at_ms,
            width_px=shot.width_px,
            height_px=shot.height_px,
            format=shot.format,
            mode=shot.mode,
            rotate=shot.rotate,
        )
        with DECODING:
            return _checked(body, key, shot, media)
    except (CloudRefused, BadFrame) as error:
        if isinstance(error, CloudRefused) and error.about_setup:
            raise
        return Missed(shot.at_ms, error.code, error.message)


def _checked(body: bytes, key: str, shot: Shot, media: MediaInfo) -> Frame:
    def bad(message: str) -> BadFrame:
        return BadFrame(message, operation="GetSnapshot", key=key, code="BadFrame")

    try:
        with Image.open(io.BytesIO(body)) as picture:
            if picture.width * picture.height > (Image.MAX_IMAGE_PIXELS or 0):
                raise bad(f"a picture of {picture.width}x{picture.height} is beyond what is safe to decode")
            picture.load()
            size, name = picture.size, picture.format
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise bad("a picture beyond what is safe to decode") from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise bad(f"{len(body)} bytes that do not decode as a picture") from error
    if name != PILLOW_NAMES[shot.format]:
        raise bad(f"a picture in {name} where {shot.format} was asked for")
    if not _measures(size, shot, media):
        raise bad(f"a picture of {size[0]}x{size[1]} where {_asked(shot, media)} was asked for")
    return Frame(shot.at_ms, body, size[0], size[1], shot.format)


def _measures(size: tuple[int, int], shot: Shot, media: MediaInfo) -> bool:
    """Tell whether a picture has the size asked for; the video's own is accepted too, so that nothing need enlarge.

    The media info says nothing of rotation and the pixels may not be square, so of the own size one side is enough.
    """
    if shot.width_px and size[0] == shot.width_px:
        return True
    if shot.height_px and size[1] == shot.height_px:
        return True
    own = {side for side in (media.width_px, media.height_px) if side}
    if own and max(own) > LONGEST_SIDE_PX and max(size) <= LONGEST_SIDE_PX:
        return True  # "[0, 4096]" may hold for the own size as well: not documented
    if not own:
        return not (shot.width_px or shot.height_px)
    return bool(own & set(size))


def _asked(shot: Shot, media: MediaInfo) -> str:
    if shot.width_px or shot.height_px:
        return f"{shot.width_px}x{shot.height_px}"
    return f"the video's own {media.width_px}x{media.height_px}"

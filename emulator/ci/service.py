"""The entry to Cloud Infinite's media side: a query -> a request; a request and an object -> a picture.

Each call opens the object by itself, so any number of them can run side by side.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from emulator.ci.container import open_film, video_stream
from emulator.ci.info import describe
from emulator.ci.render import render
from emulator.ci.request import MediaInfoForm, SnapshotRequest, parse_snapshot
from emulator.ci.seek import frame_at

__all__ = ["MediaInfoForm", "Picture", "SnapshotRequest", "answer_media_info", "answer_snapshot", "parse_snapshot"]

JPEG_QUALITY = 92
PNG_EFFORT = 2  # of 9; the emulator's pictures are looked at more often than kept


@dataclass(frozen=True, slots=True)
class Picture:
    """A screenshot file and the Content-Type it is answered with."""

    body: bytes
    content_type: str


def answer_snapshot(request: SnapshotRequest, stream: BinaryIO) -> Picture:
    """Take the screenshot a request asks for from the stored object that `stream` reads, in place.

    The stream has to be seekable and its own; the caller closes it.

    Raises:
        ServiceError: in CI's dialect: 400 InvalidArgument for a moment or a size that the film does not have, 400
            ResourceNotSupported for an object that no snapshot can be taken of.
    """
    with open_film(stream) as film:
        video = video_stream(film)
        frame = frame_at(film, video, request.time_s, request.mode)
        picture = render(frame, video.sample_aspect_ratio, request)
    body = BytesIO()
    # "Format of the screenshot. Supports jpg and png."
    if request.format == "png":
        picture.save(body, "PNG", compress_level=PNG_EFFORT)
        return Picture(body.getvalue(), "image/png")
    picture.save(body, "JPEG", quality=JPEG_QUALITY)
    return Picture(body.getvalue(), "image/jpeg")


def answer_media_info(stream: BinaryIO, size_bytes: int, form: MediaInfoForm = "full") -> bytes:
    """Describe the stored object that `stream` reads, as GetMediaInfo's XML.

    Raises:
        ServiceError: 400 ResourceNotSupported for an object that is no film.
    """
    with open_film(stream) as film:
        return describe(film, size_bytes, form)

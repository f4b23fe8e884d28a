"""A stored object's bytes -> an opened film, read in place, and its video stream.

Only the containers and codecs that the documents list count as a film, and limits keep a hostile file from costing
more than it is worth. Only the demuxers named here are tried, so an object can never be a playlist that makes the
reader open other files.
Source: the codecs and containers of Cloud Infinite's media processing, read 2026-11-22.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from emulator.errors import ServiceError

CONTAINERS = "avi,mov,mp4,matroska,webm,flv,mpegts"
CODECS = ("h264", "hevc", "vp8", "vp9", "av1")
MAX_PIXELS = 8192 * 8192  # of one coded frame; a header can claim anything
MAX_OFFSET = 2**53
BUFFER_BYTES = 64 * 1024
LIMITS = {"max_pixels": str(MAX_PIXELS)}
OPTIONS = {"format_whitelist": CONTAINERS, "protocol_whitelist": "none", **LIMITS}


class InPlace:
    """Reads a stored object for the demuxer; a place that no object has is an error of the film, not of ours."""

    def __init__(self, stream: BinaryIO) -> None:
        self.read = stream.read
        self.tell = stream.tell
        self._stream = stream

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, or give the error number that FFmpeg takes for a place that cannot be gone to."""
        start = 0
        if whence == os.SEEK_CUR:
            start = self.tell()
        elif whence == os.SEEK_END:
            start = self._stream.seek(0, os.SEEK_END)
        if not 0 <= start + offset <= MAX_OFFSET:
            return -errno.EINVAL
        return self._stream.seek(start + offset)


@contextmanager
def open_film(stream: BinaryIO) -> Iterator[InputContainer]:
    """Open the film for the length of a with-block; every failure to read it becomes a ServiceError.

    Raises:
        ServiceError: 400 ResourceNotSupported where the bytes are no film or break off.
    """
    reader = InPlace(stream)
    reader.seek(0)
    try:
        with av.open(reader, "r", options=dict(OPTIONS), metadata_errors="replace", buffer_size=BUFFER_BYTES) as film:
            yield film
    except (av.FFmpegError, UnicodeDecodeError) as error:
        raise unsupported("cannot be read as a film") from error


def shown_stream(film: InputContainer) -> VideoStream | None:
    """Return the stream that a player would show, never a cover picture; None where there is no video."""
    stream = film.streams.best("video")
    if not isinstance(stream, VideoStream) or stream.disposition & Disposition.attached_pic:
        return None
    return stream


def video_stream(film: InputContainer) -> VideoStream:
    """Return the video stream, in a codec and of a size that CI takes snapshots of.

    Raises:
        ServiceError: 400 ResourceNotSupported where there is none.
    """
    stream = shown_stream(film)
    if stream is None:
        raise unsupported("holds no video")
    context = stream.codec_context
    if context is None or context.codec.canonical_name not in CODECS:
        raise unsupported("holds video in a codec other than H.264, H.265, VP8, VP9 and AV1")
    if not 0 < context.width * context.height <= MAX_PIXELS:
        raise unsupported("holds video without a size, or of too large a one")
    if stream.time_base is None:
        raise unsupported("holds video without a clock")
    context.options = dict(LIMITS)
    return stream


def unsupported(problem: str) -> ServiceError:
    """Return the refusal of an object that no snapshot can be taken of."""
    return ServiceError(400, "ResourceNotSupported", f"The object {problem}.", "ci")

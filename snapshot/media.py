"""The values that the steps hand to each other: sizes, streams, frames, stored objects.

Times are whole milliseconds from the video's first frame; sizes are pixels, width first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

WRITTEN_EXTENSIONS = frozenset({"jpg", "jpeg", "png", "webp", "avif", "json", "vtt", "m3u8"})
"""Extensions of the objects that the function writes. Such an object is never a source, so that nothing can loop."""

# "Codecs H264, H265, VP8, VP9, AV1": Cloud Infinite 1045/72956 (2025-11), read 2026-11-25; the names are FFmpeg's.
_DOCUMENTED_CODECS = {"h264", "h265", "hevc", "vp8", "vp9", "av1"}


@dataclass(frozen=True, slots=True)
class Size:
    """A thumbnail's box in pixels; a side of 0 follows the video's aspect, both 0 is the video's own size."""

    width_px: int
    height_px: int

    def __str__(self) -> str:
        return f"{self.width_px}x{self.height_px}"


@dataclass(frozen=True, slots=True)
class VideoStream:
    """A stream of pictures in a container; None where the media info does not say.

    `width_px` and `height_px` are as coded: before `pixel_aspect`, a pixel's width to its height, and then
    `rotation_degrees` (0, 90, 180 or 270, clockwise) are applied. `is_cover` marks an attached picture, which no
    snapshot shows.
    """

    index: int
    width_px: int | None
    height_px: int | None
    codec: str | None
    rotation_degrees: int = 0
    start_ms: int = 0
    duration_ms: int | None = None
    frames: int | None = None
    is_cover: bool = False
    pixel_aspect: Fraction = Fraction(1)

    @property
    def codec_is_documented(self) -> bool:
        """Tell whether snapshots of this codec are documented; True where the codec is not known."""
        return self.codec is None or self.codec.lower() in _DOCUMENTED_CODECS

    @property
    def shown_size(self) -> tuple[int | None, int | None]:
        """Return width and height in pixels as shown: in square pixels, upright."""
        width_px = None if self.width_px is None else max(1, round(self.width_px * self.pixel_aspect))
        return (self.height_px, width_px) if self.rotation_degrees % 180 else (width_px, self.height_px)


def find_shown(videos: Iterable[VideoStream]) -> VideoStream | None:
    """Return the stream that a snapshot shows: the first one that is no cover and whose codec is documented.

    The first one that is no cover where none has such a codec; None where there is sound only.
    """
    streams = [video for video in videos if not video.is_cover]
    return next((video for video in streams if video.codec_is_documented), streams[0] if streams else None)


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """The known facts of a video: how long its picture lasts, its streams of pictures, its length in bytes."""

    duration_ms: int | None
    videos: tuple[VideoStream, ...]
    size_bytes: int | None = None

    @property
    def main(self) -> VideoStream | None:
        """Return the stream that a snapshot shows; None where there is sound only."""
        return find_shown(self.videos)

    @property
    def has_picture(self) -> bool:
        """Tell whether there is a stream that a snapshot can show."""
        return self.main is not None

    @property
    def width_px(self) -> int | None:
        """Return the width as shown."""
        return self.main.shown_size[0] if self.main else None

    @property
    def height_px(self) -> int | None:
        """Return the height as shown."""
        return self.main.shown_size[1] if self.main else None

    @property
    def codec(self) -> str | None:
        """Return the codec of the main stream."""
        return self.main.codec if self.main else None


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture file of the moment `at_ms` that was checked: it decodes, and it measures `width_px` by `height_px`."""

    at_ms: int
    body: bytes
    width_px: int
    height_px: int
    format: str


@dataclass(frozen=True, slots=True)
class Missed:
    """A moment of which there is no picture, for a reason that lies in the video or in the plan and will not heal.

    `at_ms` is None where it stands for many moments or for one without a time.
    """

    at_ms: int | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as HEAD describes it.

    `etag` is without quotes, `size_bytes` None where the response does not say, `metadata` holds the `x-cos-meta-*`
    headers in lower case. `last_modified` and `version_id` are as they came, empty where they did not.
    """

    etag: str
    size_bytes: int | None
    metadata: Mapping[str, str]
    last_modified: str = ""
    version_id: str = ""


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object as a listing describes it; `etag` is without quotes."""

    key: str
    etag: str
    size_bytes: int

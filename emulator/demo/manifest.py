"""The manifest's JSON, turned into values as a reader who was never told more than the schema reads it.

It must not know the function that writes manifests, nor where they are stored: it is given bytes.
Source: the manifest's schema, version 1, read 2026-11-22.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, NonNegativeInt, PositiveInt


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Source(_Read):
    """The video; what the media info did not say is None."""

    bucket: str
    region: str
    key: str
    etag: str
    size_bytes: NonNegativeInt | None = None
    duration_ms: NonNegativeInt | None = None
    width_px: NonNegativeInt | None = None
    height_px: NonNegativeInt | None = None
    codec: str | None = None


class Thumbnail(_Read):
    """A stored picture of the moment `at_ms`, counted from the first frame."""

    key: str
    at_ms: NonNegativeInt
    width_px: PositiveInt
    height_px: PositiveInt
    format: str
    size_bytes: NonNegativeInt


class Missed(_Read):
    """A moment of which there is no picture, and why; `at_ms` is None where the moment itself is unknown."""

    at_ms: int | None = None
    code: str
    message: str


class Poster(_Read):
    """The chosen thumbnail, and why this one."""

    key: str
    at_ms: NonNegativeInt
    why: str = ""


class Manifest(_Read):
    """All that was made of one video."""

    version: Literal[1]
    source: Source
    thumbnails: tuple[Thumbnail, ...]
    missed: tuple[Missed, ...] = ()
    poster: Poster | None = None
    calls: dict[str, int] = {}
    made_at: str = ""
    made_by: str = ""


def read_manifest(body: bytes) -> Manifest:
    """Read one manifest.

    Raises:
        ValueError: it is not JSON, or not a manifest of version 1.
    """
    return Manifest.model_validate_json(body)

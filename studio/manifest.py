"""The manifest's JSON -> values, by its schema alone, as any other program would read it.

Source: docs/manifest.schema.json, version 1, read 2026-11-25.
"""

import re
from typing import Literal

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, field_validator

_SAFE_FORM = re.compile(r"#[0-9a-fA-F]{6}|data:image/(?:webp|png|jpeg|avif);base64,[A-Za-z0-9+/]{1,4096}={0,2}")


class _Read(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Source(_Read):
    """The video; None stands for a fact that the media info did not have."""

    bucket: str
    region: str
    key: str
    etag: str
    size_bytes: NonNegativeInt | None = None
    duration_ms: NonNegativeInt | None = None
    width_px: NonNegativeInt | None = None
    height_px: NonNegativeInt | None = None
    codec: str | None = None


class Missed(_Read):
    """A moment without a picture, and the reason; `at_ms` is None where the moment itself is unknown."""

    at_ms: int | None = None
    code: str
    message: str
    instead_at_ms: int | None = None


class File(_Read):
    """A stored picture."""

    key: str
    width_px: PositiveInt
    height_px: PositiveInt
    format: str
    size_bytes: NonNegativeInt


class Thumbnail(File):
    """A stored picture of the moment `at_ms`, counted from the first frame."""

    at_ms: NonNegativeInt


class Candidate(_Read):
    """A moment that could have become the poster, and its score from 0 to 1."""

    at_ms: NonNegativeInt
    origin: str = ""
    score: float | None = None


class Poster(_Read):
    """The chosen thumbnail, and the reason for the choice.

    `placeholder` is a data URI and `colour` #rrggbb; None where they are of no form that is safe in a page.
    """

    key: str
    at_ms: NonNegativeInt
    reason: str = Field("", validation_alias=AliasChoices("reason", "why"))
    files: tuple[File, ...] = ()
    placeholder: str | None = None
    colour: str | None = None
    candidates: tuple[Candidate, ...] = ()

    @field_validator("placeholder", "colour", mode="before")
    @classmethod
    def _read_safe_form(cls, value: object) -> str | None:
        return value if isinstance(value, str) and _SAFE_FORM.fullmatch(value) else None


class Sheet(_Read):
    """A picture that holds a grid of tiles, of which the first `tiles` show a moment."""

    key: str
    width_px: PositiveInt
    height_px: PositiveInt
    tiles: PositiveInt
    size_bytes: NonNegativeInt


class PlayerFile(_Read):
    """One file that players read."""

    key: str
    size_bytes: NonNegativeInt


class Storyboard(_Read):
    """Small pictures over the whole video, one each `interval_ms`; `files` is what players read, by kind."""

    interval_ms: PositiveInt
    count: PositiveInt
    columns: PositiveInt
    tile_width_px: PositiveInt
    tile_height_px: PositiveInt
    sheets: tuple[Sheet, ...]
    files: dict[str, PlayerFile] = {}


class Preview(_Read):
    """A short animation; `reduced` says in words what its budget of bytes cost."""

    key: str
    frames: PositiveInt
    width_px: PositiveInt
    height_px: PositiveInt
    size_bytes: NonNegativeInt
    reduced: str = ""


class Manifest(_Read):
    """The thumbnails, the poster and the facts of one video."""

    version: Literal[1]
    source: Source
    thumbnails: tuple[Thumbnail, ...]
    missed: tuple[Missed, ...] = ()
    notes: tuple[str, ...] = ()
    poster: Poster | None = None
    storyboard: Storyboard | None = None
    preview: Preview | None = None
    calls: dict[str, int] = {}
    made_at: str = ""
    made_by: str = ""


def read_manifest(body: bytes) -> Manifest:
    """Read one manifest.

    Raises:
        ValueError: it is not JSON, or not a manifest of version 1.
    """
    return Manifest.model_validate_json(body)

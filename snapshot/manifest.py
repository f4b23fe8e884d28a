"""Stored files and missed moments of a video -> one JSON document, and back.

`python -m snapshot.manifest` prints the JSON Schema of the document. A document may gain fields; readers ignore those
that they do not know.
"""

import json
import sys
from datetime import datetime, timezone
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

FileFormat = Literal["jpg", "png", "webp", "avif"]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Source(_Document):
    """The video, as it was when the pictures were taken."""

    bucket: str
    region: str
    key: str
    etag: str = Field(description="without quotes")
    size_bytes: int | None = Field(ge=0)
    duration_ms: int | None = Field(ge=0)
    width_px: int | None = Field(ge=0, description="as shown, after rotation")
    height_px: int | None = Field(ge=0, description="as shown, after rotation")
    codec: str | None


class FileEntry(_Document):
    """One stored picture."""

    key: str
    width_px: int = Field(gt=0)
    height_px: int = Field(gt=0)
    format: FileFormat
    size_bytes: int = Field(gt=0)
    etag: str = Field(default="", description="without quotes")


class ThumbnailEntry(FileEntry):
    """One stored picture of one moment."""

    at_ms: int = Field(ge=0, description="milliseconds after the first frame")


class MissedEntry(_Document):
    """One moment of which there is no picture, and why."""

    at_ms: int | None = Field(description="null where it stands for many moments or for one without a time")
    code: str
    message: str
    instead_at_ms: int | None = Field(default=None, description="the moment whose picture stands in its place")


class CandidateEntry(_Document):
    """One moment that could have become the poster."""

    at_ms: int = Field(ge=0)
    origin: Literal["shot", "tile", "candidate"] = Field(description="what its picture was captured for")
    score: float | None = Field(default=None, description="0 to 1, beside the other candidates")
    measures: dict[str, float] = Field(description="docs/posters.md says what each means")


class PosterEntry(_Document):
    """The chosen picture under its stable key, and how it was chosen."""

    key: str
    at_ms: int = Field(ge=0)
    why: str
    files: tuple[FileEntry, ...] = Field(default=(), description="the poster in each configured size and format")
    srcset: str = Field(default="", description="ready for an img element, by file name beside the manifest")
    flat: bool = Field(default=False, description="true where no picture shows anything, and this is the least bad")
    score: float | None = None
    placeholder: str | None = Field(default=None, description="a data URI of a picture of at most 20 px")
    colour: str | None = Field(default=None, description="the dominant colour, #rrggbb")
    candidates: tuple[CandidateEntry, ...] = ()


class SheetEntry(FileEntry):
    """One sheet of a storyboard."""

    tiles: int = Field(gt=0, description="how many of its places show a moment")


class DocumentEntry(_Document):
    """A file for players."""

    key: str
    size_bytes: int = Field(gt=0)
    etag: str = Field(description="without quotes")


class StoryboardEntry(_Document):
    """Small pictures over the whole video, on sheets, for a player's timeline."""

    interval_ms: int = Field(gt=0, description="each tile is shown for so long")
    wanted_interval_ms: int = Field(gt=0, description="the interval before it was fitted to price and players")
    count: int = Field(gt=0, description="tiles on all sheets")
    columns: int = Field(gt=0)
    rows: int = Field(gt=0)
    tile_width_px: int = Field(gt=0)
    tile_height_px: int = Field(gt=0)
    sheets: tuple[SheetEntry, ...]
    files: dict[str, DocumentEntry] = Field(description="files for players, by kind: vtt, json, m3u8, players")
    missed: tuple[MissedEntry, ...] = ()


class PreviewEntry(FileEntry):
    """A short animation of the video."""

    frames: int = Field(gt=0)
    quality: int = Field(ge=1, le=100)
    reduced: str = Field(default="", description="what was given up for SNAPSHOT_PREVIEW_BYTES; empty where nothing")
    recipe: str = Field(pattern=r"^[0-9a-f]{8}$", description="stands for everything that decides the file")


class Calls(_Document):
    """The paid calls sent for this generation, over all deliveries; `failed` of them gave nothing."""

    snapshot: int = Field(ge=0)
    media_info: int = Field(ge=0)
    failed: int = Field(default=0, ge=0)

    def plus(self, other: "Calls") -> "Calls":
        """Return these calls and the others."""
        return Calls(
            snapshot=self.snapshot + other.snapshot,
            media_info=self.media_info + other.media_info,
            failed=self.failed + other.failed,
        )

    def at_least(self, other: "Calls") -> "Calls":
        """Return the larger of these counts and the others, each by itself."""
        return Calls(
            snapshot=max(self.snapshot, other.snapshot),
            media_info=max(self.media_info, other.media_info),
            failed=max(self.failed, other.failed),
        )

    def minus(self, earlier: "Calls") -> "Calls":
        """Return the calls that were added since an earlier count."""
        return Calls(
            snapshot=self.snapshot - earlier.snapshot,
            media_info=self.media_info - earlier.media_info,
            failed=self.failed - earlier.failed,
        )


NO_CALLS = Calls(snapshot=0, media_info=0, failed=0)


class Manifest(_Document):
    """One generation of one video, complete; its presence says that the generation is complete."""

    version: Literal[1] = 1
    source: Source
    recipe: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the settings that decide what is made")
    generation: str = Field(default="", description="the folder of everything that never changes")
    thumbnails: tuple[ThumbnailEntry, ...]
    missed: tuple[MissedEntry, ...]
    notes: tuple[str, ...] = Field(default=(), description="what else a person should know, in sentences")
    poster: PosterEntry | None
    storyboard: StoryboardEntry | None = None
    preview: PreviewEntry | None = None
    calls: Calls
    made_at: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
    made_by: str

    def to_json(self) -> bytes:
        """Return the document as it is stored: UTF-8, indented, ending in a newline."""
        return (json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n").encode()


def parse_manifest(body: bytes | None) -> Manifest | None:
    """Return the manifest in these bytes; None where there is none of this version. Raises nothing."""
    if body is None:
        return None
    try:
        return Manifest.model_validate_json(body)
    except ValidationError:
        return None


def format_time(moment: datetime) -> str:
    """Return an aware moment in UTC to the second, as the manifest has it."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the manifest."""
    document = Manifest.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")

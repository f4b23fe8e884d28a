"""What was stored and what was missed -> one JSON document. It is told whether storing worked, and what time it is.

`python -m snapshot.manifest` prints the JSON Schema of the document.
"""

import json
import sys
from datetime import datetime, timezone
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Source(_Document):
    """The film, as it was when the pictures were taken."""

    bucket: str
    region: str
    key: str
    etag: str = Field(description="without quotes")
    size_bytes: int = Field(ge=0)
    duration_ms: int | None = Field(ge=0)
    width_px: int | None = Field(ge=0, description="as coded, before any rotation")
    height_px: int | None = Field(ge=0, description="as coded, before any rotation")
    codec: str | None


class ThumbnailEntry(_Document):
    """One stored picture."""

    key: str
    at_ms: int = Field(ge=0, description="milliseconds after the first frame")
    width_px: int = Field(gt=0)
    height_px: int = Field(gt=0)
    format: Literal["jpg", "png", "webp", "avif"]
    size_bytes: int = Field(gt=0)


class MissedEntry(_Document):
    """One moment of which there is no picture, and why."""

    at_ms: int | None = Field(description="null where it stands for many moments or for one without a time")
    code: str
    message: str


class PosterEntry(_Document):
    """The chosen picture under its stable key."""

    key: str
    at_ms: int = Field(ge=0)
    why: str


class Calls(_Document):
    """How many paid calls were sent."""

    snapshot: int = Field(ge=0)
    media_info: int = Field(ge=0)


class Manifest(_Document):
    """Everything that was made of one generation of one video; its presence says that the generation is complete."""

    version: Literal[1] = 1
    source: Source
    recipe: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the settings that decide what is made")
    thumbnails: tuple[ThumbnailEntry, ...]
    missed: tuple[MissedEntry, ...]
    poster: PosterEntry | None
    calls: Calls
    made_at: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
    made_by: str

    def to_json(self) -> bytes:
        """Give the document as it is stored: UTF-8, indented, ending in a newline."""
        return (json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n").encode()

    def is_of(self, *, etag: str, recipe: str) -> bool:
        """Tell whether this is what would be made now: the same content by the same recipe."""
        return self.source.etag == etag and self.recipe == recipe


def parse_manifest(body: bytes | None) -> Manifest | None:
    """Give the manifest in these bytes; None where there is none of this version. Raises nothing."""
    if body is None:
        return None
    try:
        return Manifest.model_validate_json(body)
    except ValidationError:
        return None


def spell_time(moment: datetime) -> str:
    """Give an aware moment in UTC to the second, as the manifest has it."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of the manifest."""
    document = Manifest.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **document}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2) + "\n")

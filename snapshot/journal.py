"""The findings and paid calls of a delivery that broke off -> one JSON document, and back.

The stored thumbnails say by themselves what they are. The journal holds what they cannot: media info where nothing is
stored yet, moments that can never be had, and paid calls. It is written as a delivery fails, and goes when the manifest
stands.
"""

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from snapshot.manifest import Calls, CandidateEntry, MissedEntry
from snapshot.media import MediaInfo, VideoStream


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class MediaRecord(_Document):
    """Media info in the few facts that later deliveries need; small enough for an object's metadata."""

    duration_ms: int | None = Field(ge=0)
    width_px: int | None = Field(default=None, ge=0)
    height_px: int | None = Field(default=None, ge=0)
    codec: str | None = Field(default=None, max_length=40)
    has_picture: bool = True

    @classmethod
    def of(cls, media: MediaInfo) -> "MediaRecord":
        """Return the facts of this media info that are kept."""
        codec = media.codec[:40] if media.codec else None
        return cls(
            duration_ms=media.duration_ms,
            width_px=media.width_px,
            height_px=media.height_px,
            codec=codec,
            has_picture=media.has_picture,
        )

    @classmethod
    def parse(cls, text: str) -> "MediaRecord | None":
        """Return the record in a text; None where there is none. Raises nothing."""
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            return None

    def to_text(self) -> str:
        """Return the record as one line of ASCII."""
        return self.model_dump_json(exclude_defaults=True)

    def to_media(self) -> MediaInfo:
        """Return the media info that this was kept of."""
        videos = (VideoStream(0, self.width_px, self.height_px, self.codec),) if self.has_picture else ()
        return MediaInfo(self.duration_ms, videos)


class Journal(_Document):
    """The state of a generation without a manifest."""

    recipe: str
    media: MediaRecord | None
    missed: tuple[MissedEntry, ...]
    candidates: tuple[CandidateEntry, ...] = ()
    calls: Calls

    def to_json(self) -> bytes:
        """Return the document as it is stored."""
        return self.model_dump_json().encode()


def parse_journal(body: bytes | None) -> Journal | None:
    """Return the journal in these bytes; None where there is none. Raises nothing."""
    if body is None:
        return None
    try:
        return Journal.model_validate_json(body)
    except ValidationError:
        return None

"""What became of one record: Made | Unchanged | Skipped | Failed. Values only; it knows no cloud and no step.

An outcome whose `again` is true is raised once every record has had its turn, so that the platform keeps the event.
"""

from dataclasses import dataclass

from snapshot.errors import BadEvent, BadSettings, CallFailed, CloudRefused, SnapshotError
from snapshot.events import Skipped


@dataclass(frozen=True, slots=True)
class Made:
    """A video whose pictures are stored and whose manifest is written; `missed` moments are named in it."""

    key: str
    manifest: str
    thumbnails: int
    missed: int


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A video whose manifest already says all this; no paid call was made."""

    key: str
    manifest: str


@dataclass(frozen=True, slots=True)
class Failed:
    """A record of which no manifest was made. `again`: the event must not be lost, delivered again it can succeed."""

    key: str | None
    code: str
    message: str
    again: bool

    @classmethod
    def of(cls, error: SnapshotError, key: str | None) -> "Failed":
        """Give the outcome that an error means."""
        code = error.code if isinstance(error, BadEvent | CallFailed) else type(error).__name__
        mendable = isinstance(error, BadSettings) or (isinstance(error, CloudRefused) and error.about_setup)
        return cls(key, code, str(error), error.retry or mendable)


Outcome = Made | Unchanged | Skipped | Failed

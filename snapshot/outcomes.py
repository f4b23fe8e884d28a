"""The outcome of one record: Made | Unchanged | Removed | Skipped | Failed.

Each has a word for logs and return values, spelt out in `outcome`. A Failed that is `retryable` is raised once every
record has had its turn, so that the platform keeps the event.
"""

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from snapshot.errors import BadEvent, BadSettings, CallFailed, SnapshotError
from snapshot.events import Skipped


@dataclass(frozen=True, slots=True)
class Made:
    """A video whose pictures are stored and whose manifest is written; `missed` moments are named in it."""

    outcome: ClassVar[str] = "made"
    key: str
    manifest: str
    thumbnails: int
    missed: int


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A video whose manifest already says all this; no paid call was made."""

    outcome: ClassVar[str] = "unchanged"
    key: str
    manifest: str


@dataclass(frozen=True, slots=True)
class Removed:
    """A source that is gone, and everything that was made of it with it."""

    outcome: ClassVar[str] = "removed"
    key: str
    objects: int


@dataclass(frozen=True, slots=True)
class Failed:
    """A record of which no manifest was made. `retryable`: delivered again it can succeed, so it must not be lost."""

    outcome: ClassVar[str] = "failed"
    key: str | None
    code: str
    message: str
    retryable: bool

    @classmethod
    def of(cls, error: SnapshotError, key: str | None) -> "Failed":
        """Return the outcome that an error means."""
        code = error.code if isinstance(error, BadEvent | CallFailed) else type(error).__name__
        return cls(key, code, str(error), error.retryable or isinstance(error, BadSettings))


Outcome = Made | Unchanged | Removed | Skipped | Failed


def describe_outcome(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome as JSON has it."""
    word = "skipped" if isinstance(outcome, Skipped) else outcome.outcome
    return {"outcome": word, **asdict(outcome)}

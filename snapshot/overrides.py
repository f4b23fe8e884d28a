"""An upload's own metadata and the settings -> what is made of this one video.

Whoever may upload may write this metadata, so a wrong value changes nothing: the settings hold, and the
problem is named.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import unquote

from snapshot.fields import POSTER_ACCEPTED, Poster, parse_poster
from snapshot.settings import Settings
from snapshot.spelling import explain
from snapshot.times import ACCEPTED, TimePoint, parse_times

TIMES_METADATA = "x-cos-meta-snapshot-times"
POSTER_METADATA = "x-cos-meta-snapshot-poster"

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Overrides:
    """The time points and the poster of one video; `problems` has a sentence for each value that was wrong."""

    times: tuple[TimePoint, ...]
    poster: Poster
    problems: tuple[str, ...]


def read_overrides(metadata: Mapping[str, str], settings: Settings) -> Overrides:
    """Return the overrides of an object with this metadata, its names in lower case, under these settings."""
    times, times_problem = settings.times, ""
    if "times" in settings.metadata and TIMES_METADATA in metadata:
        times, times_problem = _read(TIMES_METADATA, metadata, parse_times, settings.times, ACCEPTED)
    poster, poster_problem = settings.poster, ""
    if "poster" in settings.metadata and POSTER_METADATA in metadata:
        poster, poster_problem = _read(POSTER_METADATA, metadata, parse_poster, settings.poster, POSTER_ACCEPTED)
    return Overrides(times, poster, tuple(problem for problem in (times_problem, poster_problem) if problem))


def _read(
    name: str, metadata: Mapping[str, str], parse: Callable[[str], _Value], default: _Value, accepted: str
) -> tuple[_Value, str]:
    reason = ""
    for text in _spellings(metadata[name]):
        try:
            return parse(text), ""
        except ValueError as error:
            reason = reason or str(error)
    return default, f"{explain(name, metadata[name], reason, accepted)}; the function's own setting is used instead"


def _spellings(value: str) -> Iterator[str]:
    """Yield the value as it came, then as it was meant: a header carries no UTF-8, some clients percent-encode it."""
    yield value
    with suppress(UnicodeError):
        yield value.encode("latin-1").decode()
    yield unquote(value)

"""Time points as people write them -> values. It knows no video: what a point means for one is settled by the plan.

1.5           At         seconds from the first frame; also 00:01:30.5 and 1:30
25%           Share      of the length
-3            FromEnd    seconds before the end
6x            Evenly     six, each in the middle of its sixth
every:10      Every      one each ten seconds, the first at 0
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

ACCEPTED = "seconds (1.5), 00:01:30.5, a share (25%), seconds from the end (-3), 6x, or every:10"
LONGEST_MS = 1000 * 3600 * 1000
MOST_EVENLY = 10_000  # CI's own limit on the count of a snapshot job
LEAST_EVERY_MS = 100
WHOLE = 1_000_000  # millionths


@dataclass(frozen=True, slots=True)
class At:
    """A moment, `ms` milliseconds after the first frame."""

    ms: int


@dataclass(frozen=True, slots=True)
class Share:
    """A moment at `millionths` of the length, in [0, 1 000 000)."""

    millionths: int


@dataclass(frozen=True, slots=True)
class FromEnd:
    """A moment `ms` milliseconds before the end, more than 0."""

    ms: int


@dataclass(frozen=True, slots=True)
class Evenly:
    """`count` moments, each in the middle of its equal part of the length."""

    count: int


@dataclass(frozen=True, slots=True)
class Every:
    """A moment each `ms` milliseconds, the first at 0."""

    ms: int


TimePoint = At | Share | FromEnd | Evenly | Every

_SECONDS = r"\d{1,7}(?:\.\d{1,6})?"
_CLOCK = r"(?:(?P<hours>\d{1,3}):)?(?P<minutes>[0-5]?\d):(?P<seconds>[0-5]?\d(?:\.\d{1,6})?)"


def parse_times(text: str) -> tuple[TimePoint, ...]:
    """Give the time points of a comma-separated list, in its order, without repetitions.

    Raises:
        ValueError: a point is none of the accepted forms or out of range; the message says which one and why.
    """
    words = [word.strip() for word in text.split(",")]
    if not any(words):
        raise ValueError(f"no time point given; accepted: {ACCEPTED}")
    points = [_parse(word, place) for place, word in enumerate(words, start=1)]
    return tuple(dict.fromkeys(points))


def _parse(word: str, place: int) -> TimePoint:
    for pattern, make in _FORMS:
        found = pattern.fullmatch(word)
        if found:
            point = make(found)
            complaint = _complaint(point)
            if complaint:
                raise ValueError(f"time point {place}: {complaint}")
            return point
    raise ValueError(f"time point {place} is none of the accepted forms: {ACCEPTED}")


def _complaint(point: TimePoint) -> str:
    match point:
        case At(ms) | FromEnd(ms) | Every(ms) if ms > LONGEST_MS:
            return "longer than 1000 hours"
        case Share(millionths) if millionths >= WHOLE:
            return "a share is below 100%, where the film is over; -0.1 is a tenth of a second before the end"
        case FromEnd(0):
            return "-0 is the end itself, where the film is over"
        case Evenly(count) if not 1 <= count <= MOST_EVENLY:
            return f"evenly spaced points are 1x to {MOST_EVENLY}x"
        case Every(ms) if ms < LEAST_EVERY_MS:
            return "every: takes 0.1 seconds or more"
    return ""


def _ms(seconds: str) -> int:
    return int(Decimal(seconds) * 1000)


def _clock(found: re.Match[str]) -> TimePoint:
    hours, minutes = int(found["hours"] or 0), int(found["minutes"])
    return At((hours * 3600 + minutes * 60) * 1000 + _ms(found["seconds"]))


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], TimePoint]], ...] = (
    (re.compile(_SECONDS, re.ASCII), lambda found: At(_ms(found[0]))),
    (re.compile(_CLOCK, re.ASCII), _clock),
    (re.compile(rf"({_SECONDS})%", re.ASCII), lambda found: Share(int(Decimal(found[1]) * 10_000))),
    (re.compile(rf"-({_SECONDS})", re.ASCII), lambda found: FromEnd(_ms(found[1]))),
    (re.compile(r"(\d{1,6})x", re.ASCII), lambda found: Evenly(int(found[1]))),
    (re.compile(rf"every:({_SECONDS})", re.ASCII), lambda found: Every(_ms(found[1]))),
)

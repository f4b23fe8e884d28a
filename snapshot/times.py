"""Time points as people write them -> values, and back to text; a value and a length -> moments.

1.5           At         seconds from the first frame; also 00:01:30.5, 1:30, 90s
25%           Share      of the length
-3            FromEnd    seconds before the end
6x            Evenly     six, each in the middle of its sixth
every:10      Every      one each ten seconds, the first at 0
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from snapshot.spelling import MASKED, resembles_credential, show, split_list, to_plain

ACCEPTED = (
    "seconds (1.5), 00:01:30.5, a share (25%), seconds from the end (-3), 6x, or every:10; several with commas between"
)
ACCEPTED_ONE = "seconds (1.5), 00:01:30.5, a share (25%), or seconds from the end (-3)"
_FULL_MILLIONTHS = 1_000_000

_MAX_MS = 1000 * 3600 * 1000
_MAX_CLAIM_MS = 10**15  # of a length that a file claims: with more, a range would have no len()
_MAX_EVENLY = 10_000  # CI's own limit on the count of a snapshot job
_MIN_EVERY_MS = 100
# Anyone who may upload can write a list of points into the metadata of an object, 2 KB of it. `every:0.1` is many
# moments in nine characters, so that the number of such points is bounded too.
_MAX_POINTS = 1000
_MAX_SERIES = 10
_MAX_WORD = 40  # characters of one point


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


SinglePoint = At | Share | FromEnd
TimePoint = SinglePoint | Evenly | Every


def parse_times(text: str) -> tuple[TimePoint, ...]:
    """Return the time points of a list, in its order, without repetitions.

    Commas, semicolons, bars and blanks separate the points.

    Raises:
        ValueError: a point is none of the accepted forms or out of range, or there are too many; the message says
            which point, and the reason.
    """
    words = split_list(_join_parts(to_plain(text)))
    if not words:
        raise ValueError(f"no time point is given; accepted: {ACCEPTED}")
    is_secret = resembles_credential(text)  # in capitals and small letters, before it became plain
    points = tuple(
        dict.fromkeys(_parse_in_list(word, place, is_secret=is_secret) for place, word in enumerate(words, start=1))
    )
    series = sum(isinstance(point, Evenly | Every) for point in points)
    if len(points) > _MAX_POINTS or series > _MAX_SERIES:
        raise ValueError(
            f"{len(points)} time points, {series} of them like 6x or every:10, are too many; "
            f"at most {_MAX_POINTS}, and at most {_MAX_SERIES} like 6x or every:10"
        )
    return points


def parse_time(text: str) -> SinglePoint:
    """Return the one moment that this text names.

    Raises:
        ValueError: it is none of the accepted forms, out of range, or more than one moment.
    """
    points = parse_times(text)
    if len(points) != 1 or not isinstance(points[0], SinglePoint):
        raise ValueError("it names more than one moment")
    return points[0]


def spell_point(point: TimePoint) -> str:
    """Return the time point as people write it; `parse_times` reads it back."""
    match point:
        case At(ms):
            return _spell_seconds(ms)
        case Share(millionths):
            return f"{millionths / 10_000:g}%"  # six digits hold it
        case FromEnd(ms):
            return f"-{_spell_seconds(ms)}"
        case Evenly(count):
            return f"{count}x"
        case Every(ms):
            return f"every:{_spell_seconds(ms)}"


def moments_of(point: TimePoint, duration_ms: int | None) -> Sequence[int] | None:
    """Return the moments of a time point in a video of this length, in order, inside the video or not.

    The sequence takes the same memory however long the video claims to be. None where the length is needed and not
    known.
    """
    match point, duration_ms:
        case At(ms), _:
            return (ms,)
        case Share(millionths), int(length):
            return (length * millionths // _FULL_MILLIONTHS,)
        case FromEnd(ms), int(length):
            return (length - ms,)
        case Evenly(count), int(length):
            return [length * (2 * place + 1) // (2 * count) for place in range(count)]
        case Every(ms), int(length):
            return range(0, min(max(length, 1), _MAX_CLAIM_MS), ms)
    return None


_NUMBER = r"(?:\d+\.?\d*|\.\d+)"
_SECONDS = re.compile(rf"\+?(?P<number>{_NUMBER})(?P<unit>s|secs?|seconds?|ms|m|mins?|minutes?|h|hours?)?", re.ASCII)
_CLOCK = re.compile(rf"(?:(?P<hours>\d+):)?(?P<minutes>\d+):(?P<seconds>{_NUMBER})", re.ASCII)
_SHARE = re.compile(rf"(?P<number>{_NUMBER})%", re.ASCII)
_EVENLY = re.compile(r"(?P<count>\d+)x", re.ASCII)
_UNIT_MS = {"ms": 1, "m": 60_000, "h": 3_600_000}  # by its first letters; without one it is seconds
_UNIT = r"(?:%|x|s|secs?|seconds?|ms|m|mins?|minutes?|h|hours?)(?![a-z0-9])"
_SIXTY = 60


def _join_parts(plain: str) -> str:
    """Return a plain list without the blanks that stand inside a point: `50 %`, `6 x`, `every: 10 s`, `- 3`."""
    joined = re.sub(r"\s?:\s?", ":", re.sub(r"\s+", " ", plain))
    joined = re.sub(r"\bevery[:\s]?(?=[\d.+-])", "every:", joined)
    joined = re.sub(rf"(?<=[\d.])\s(?={_UNIT})", "", joined)
    return re.sub(r"(^|[,;|])\s?-\s(?=[\d.])", r"\1-", joined)


def _parse_in_list(word: str, place: int, *, is_secret: bool) -> TimePoint:
    try:
        return _parse(word)
    except ValueError as error:
        raise ValueError(f"time point {place}, {MASKED if is_secret else show(word)}, {error}") from None


def _parse(word: str) -> TimePoint:
    if len(word) > _MAX_WORD:
        raise ValueError(f"has {len(word)} characters; accepted: {ACCEPTED}")
    if share := _SHARE.fullmatch(word):
        return _checked_share(share["number"])
    if evenly := _EVENLY.fullmatch(word):
        return _checked_evenly(int(evenly["count"]))
    if word.startswith("every:"):
        every_ms = _parse_ms(word.removeprefix("every:"))
        if every_ms < _MIN_EVERY_MS:
            raise ValueError("is too often: every: takes 0.1 seconds or more")
        return Every(every_ms)
    if word.startswith("-"):
        from_end_ms = _parse_ms(word[1:])
        if from_end_ms == 0:
            raise ValueError("is the end itself, where the video is over; -0.1 is a tenth of a second before it")
        return FromEnd(from_end_ms)
    return At(_parse_ms(word))


def _checked_share(number: str) -> Share:
    share = Share(int(Decimal(number) * 10_000))
    if share.millionths >= _FULL_MILLIONTHS:
        raise ValueError(
            "is not in the video: a share is below 100%, where the video is over; "
            "-0.1 is a tenth of a second before the end"
        )
    return share


def _checked_evenly(count: int) -> Evenly:
    if not 1 <= count <= _MAX_EVENLY:
        raise ValueError(f"is out of range: evenly spaced points are 1x to {_MAX_EVENLY}x")
    return Evenly(count)


def _parse_ms(text: str) -> int:
    """Return the milliseconds of `1.5`, `90s`, `1:30` or `00:01:30.5`."""
    if seconds := _SECONDS.fullmatch(text):
        unit = seconds["unit"] or "s"
        ms = int(Decimal(seconds["number"]) * _UNIT_MS.get("ms" if unit == "ms" else unit[0], 1000))
    elif clock := _CLOCK.fullmatch(text):
        ms = _clock_ms(clock)
    else:
        raise ValueError(f"is none of the accepted forms: {ACCEPTED}")
    if ms > _MAX_MS:
        raise ValueError("is longer than 1000 hours")
    return ms


def _clock_ms(clock: re.Match[str]) -> int:
    hours, minutes, seconds = int(clock["hours"] or 0), int(clock["minutes"]), Decimal(clock["seconds"])
    if seconds >= _SIXTY:
        raise ValueError("is not a time: the seconds after a colon are below 60")
    if clock["hours"] and minutes >= _SIXTY:
        raise ValueError("is not a time: the minutes after the hours are below 60")
    return (hours * 3600 + minutes * 60) * 1000 + int(seconds * 1000)


def _spell_seconds(ms: int) -> str:
    return f"{ms / 1000:.3f}".rstrip("0").rstrip(".")

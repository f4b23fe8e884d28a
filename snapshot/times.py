"""Time points as people write them -> values, and back to text; a value and a length -> moments.

1.5           At         seconds from the first frame; also 00:01:30.5, 1:30, 90s, 1m 30s
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
_SEVERAL = "it names more than one moment"


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
    words = _split_points(text)
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
        ValueError: it is no moment, out of range, or more than one moment.
    """
    match _parse_alone(text, "it is no moment"):
        case At() | Share() | FromEnd() as moment:
            return moment
    raise ValueError(_SEVERAL)


def parse_series(text: str) -> Evenly | Every:
    """Return the one interval or number of moments that this text names; an interval may be 0.

    Raises:
        ValueError: it is neither, out of range, or more than one.
    """
    reason = "it is neither an interval nor a number of tiles"
    point = _parse_alone(text, reason)
    match point:
        case Evenly() | Every():
            return point
        case At(ms) if ms and ms % 1000 == 0:
            raise ValueError(f"{reason}; did you mean every:{ms // 1000} (seconds) or {ms // 1000}x (so many)?")
    raise ValueError(reason)


def _parse_alone(text: str, unknown: str) -> TimePoint:
    """Return the one time point; a ValueError says `unknown` of text that has none of the forms."""
    words = _split_points(text)
    if len(words) > 1:
        raise ValueError(_SEVERAL)
    try:
        return _parse("".join(words))
    except ValueError as error:
        raise ValueError(f"it {error}" if str(error) else unknown) from None


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
_HOURS, _MINUTES, _WHOLE_SECONDS = r"h(?:ours?)?", r"m(?:in(?:ute)?s?)?", r"s(?:ec(?:ond)?s?)?"
_PARTS = re.compile(  # 90s, 1h30m, 1m 30.5s
    r"\+?"
    + "".join(
        rf"(?:(?P<{name}>{_NUMBER}){unit}(?=[\d.]|$))?"
        for name, unit in (("h", _HOURS), ("m", _MINUTES), ("s", _WHOLE_SECONDS), ("ms", "ms"))
    ),
    re.ASCII,
)
_PLAIN_SECONDS = re.compile(rf"\+?(?P<number>{_NUMBER})", re.ASCII)
_CLOCK = re.compile(rf"(?:(?P<hours>\d+):)?(?P<minutes>\d+):(?P<seconds>{_NUMBER})", re.ASCII)
_SHARE = re.compile(rf"(?P<number>{_NUMBER})%", re.ASCII)
_EVENLY = re.compile(r"(?P<count>\d+)x", re.ASCII)
_UNIT_MS = {"h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
_UNIT = rf"(?:%|x|{_HOURS}|{_MINUTES}|{_WHOLE_SECONDS}|ms)(?![a-z0-9])"
_LONGER_AND_SHORTER = re.compile(  # hours and minutes, minutes and seconds, seconds and milliseconds; or minutes and 30
    rf"(?<=\d)({_HOURS})\s(?={_NUMBER}(?:(?:{_MINUTES}|{_WHOLE_SECONDS}|ms)(?![a-z0-9])|\s*(?:$|[,;|])))"
    rf"|(?<=\d)({_MINUTES})\s(?={_NUMBER}(?:(?:{_WHOLE_SECONDS}|ms)(?![a-z0-9])|\s*(?:$|[,;|])))"
    rf"|(?<=\d)({_WHOLE_SECONDS})\s(?={_NUMBER}ms(?![a-z0-9]))",
    re.ASCII,
)
_DECIMAL_COMMA = re.compile(r"(?<![\d:.])(\d+(?::\d\d){1,2}),(\d{1,3})(?![\d.:%a-z])", re.ASCII)
_SIXTY = 60


def _split_points(text: str) -> list[str]:
    """Return the words of a list of time points, each without the blanks that stood inside.

    Raises:
        ValueError: a comma in it can separate two points, or seconds from their fraction.
    """
    joined = _join_parts(to_plain(text))
    if clock := _DECIMAL_COMMA.search(joined):
        time, fraction = clock.groups()
        raise ValueError(
            f"time point {time},{fraction} can be one or two; write {time}.{fraction} for one, "
            f"or {time}, {fraction} with a blank for two"
        )
    return split_list(joined)


def _join_parts(plain: str) -> str:
    """Return a plain list without the blanks that stand inside a point: `50 %`, `6 x`, `1 m 30 s`, `every: 10 s`."""
    joined = re.sub(r"\s?:\s?", ":", re.sub(r"\s+", " ", plain))
    joined = re.sub(r"\bevery[:\s]?(?=[\d.+-])", "every:", joined)
    joined = re.sub(r"(?<=\d)\sx\s(?=\d)", "x", joined)  # 2 x 3 is no list
    joined = re.sub(rf"(?<=[\d.])\s(?={_UNIT})", "", joined)
    joined = _LONGER_AND_SHORTER.sub(lambda unit: unit[0].strip(), joined)
    return re.sub(r"(^|[,;|])\s?-\s(?=[\d.])", r"\1-", joined)


def _parse_in_list(word: str, place: int, *, is_secret: bool) -> TimePoint:
    try:
        return _check_interval(_parse(word))
    except ValueError as error:
        reason = str(error) or f"is none of the accepted forms: {ACCEPTED}"
        raise ValueError(f"time point {place}, {MASKED if is_secret else show(word)}, {reason}") from None


def _check_interval(point: TimePoint) -> TimePoint:
    if isinstance(point, Every) and point.ms < _MIN_EVERY_MS:
        raise ValueError("is too often: every: takes 0.1 seconds or more")
    return point


def _parse(word: str) -> TimePoint:
    """Return the time point of one word; the ValueError is empty where it has none of the forms."""
    if len(word) > _MAX_WORD:
        raise ValueError(f"has {len(word)} characters, more than {_MAX_WORD}")
    if share := _SHARE.fullmatch(word):
        return _checked_share(share["number"])
    if evenly := _EVENLY.fullmatch(word):
        return _checked_evenly(int(evenly["count"]))
    if word.startswith("every:"):
        return Every(_parse_ms(word.removeprefix("every:")))
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
    """Return the milliseconds of `1.5`, `90s`, `1m30s`, `1:30` or `00:01:30.5`."""
    if seconds := _PLAIN_SECONDS.fullmatch(text):
        ms = int(Decimal(seconds["number"]) * 1000)
    elif clock := _CLOCK.fullmatch(text):
        ms = _clock_ms(clock)
    elif (parts := _PARTS.fullmatch(text)) and any(parts.groups()):
        ms = int(sum(Decimal(number) * _UNIT_MS[unit] for unit, number in parts.groupdict().items() if number))
    else:
        raise ValueError
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

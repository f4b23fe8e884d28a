"""A video and the settings -> a Plan: shots, sizes, object keys. Pure: no cloud, no clock, no picture format's inside.

Times count from the first frame, in whole milliseconds; a film is [0, duration_ms).
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from snapshot.errors import BadEvent
from snapshot.settings import Settings, Size
from snapshot.times import WHOLE, At, Evenly, Every, FromEnd, Share, TimePoint

_Moment = TypeVar("_Moment")

MOST_MOMENTS = 100_000  # of one point: a file's header may claim any length
LONGEST_KEY_BYTES = 850  # "the key is 1 to 850 bytes"; COS error KeyTooLong, read 2026-11-22


@dataclass(frozen=True, slots=True)
class Shot:
    """A moment to be captured, and how.

    `width_px` and `height_px` are what is asked for, at most one of them above 0: the API's behaviour with both is not
    documented. `format` is the format asked for: jpg or png.
    """

    at_ms: int
    width_px: int
    height_px: int
    format: str
    mode: str
    rotate: str


@dataclass(frozen=True, slots=True)
class Missed:
    """A moment of which there is no picture, for a reason that lies in the video or in the plan and will not heal.

    `at_ms` is None where it stands for many moments or for one without a time.
    """

    at_ms: int | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be made of one generation of one video: every shot in every size."""

    shots: tuple[Shot, ...]
    sizes: tuple[Size, ...]
    dropped: tuple[Missed, ...]


@dataclass(frozen=True, slots=True)
class Keys:
    """Where things of one source are stored. A function of source key, ETag, time, size and format alone."""

    folder: str
    extension: str

    @classmethod
    def of(cls, settings: Settings, source_key: str) -> "Keys":
        """Give the keys for a source.

        Raises:
            BadEvent: a derived key would be longer than the 850 bytes that COS takes (KeyTooLong).
        """
        keys = cls(f"{settings.output_prefix}{source_key}/", settings.format)
        longest = max((keys.thumbnail("0" * 8, at_ms=0, size=size) for size in settings.sizes), key=len)
        length, limit = len(longest.encode()), LONGEST_KEY_BYTES
        if length > limit:
            raise BadEvent(
                f"the source key has {len(source_key.encode())} bytes; its thumbnails' keys would have {length}, "
                f"and COS takes {limit}: shorten the key or SNAPSHOT_OUTPUT_PREFIX by {length - limit} bytes",
                code="KeyTooLong",
                key=source_key,
            )
        return keys

    @property
    def manifest(self) -> str:
        """Give the key of the manifest."""
        return f"{self.folder}manifest.json"

    @property
    def poster(self) -> str:
        """Give the stable key of the poster."""
        return f"{self.folder}poster.{self.extension}"

    def thumbnail(self, generation: str, *, at_ms: int, size: Size) -> str:
        """Give the key of one thumbnail of one generation of the source."""
        return f"{self.folder}{generation}/{at_ms:09d}-{size}.{self.extension}"


def name_generation(etag: str) -> str:
    """Give eight hex digits that name one content of a key: the ETag's own first eight where it has them."""
    bare = etag.strip('"').lower()
    if re.match(r"[0-9a-f]{8}", bare, re.ASCII):
        return bare[:8]
    return hashlib.sha256(bare.encode()).hexdigest()[:8]


def plan_shots(settings: Settings, times: Sequence[TimePoint], *, duration_ms: int | None) -> Plan:
    """Give the plan for a film of this length; None where the length is not known, and 0 where it has but one frame.

    A point outside the film is dropped and named, two points that meet are one shot, and what exceeds
    `settings.max_calls` (one of which asks for the length) is cut evenly and said.
    """
    moments: set[int] = set()
    dropped: list[Missed] = []
    uncounted = 0
    for point in times:
        asked_for = _moments(point, duration_ms)
        considered = _thin_out(asked_for, MOST_MOMENTS)
        uncounted += len(asked_for) - len(considered)
        for at_ms in considered:
            complaint = _outside(point, at_ms, duration_ms)
            if complaint:
                dropped.append(complaint)
            elif at_ms is not None:
                moments.add(at_ms)
    kept = _thin_out(sorted(moments), settings.max_calls - 1)
    if len(kept) < len(moments):
        dropped.append(
            Missed(
                None,
                "TooManyShots",
                f"{len(moments) + uncounted} moments asked for, {len(kept)} of them kept evenly: SNAPSHOT_MAX_CALLS is "
                f"{settings.max_calls}, and one call asks for the length",
            )
        )
    width_px, height_px = _widest(settings.sizes)
    asked = settings.format if settings.format in ("jpg", "png") else "png"  # what the API makes; the rest is rendered
    shots = (Shot(at_ms, width_px, height_px, asked, settings.mode, settings.rotate) for at_ms in kept)
    return Plan(tuple(shots), settings.sizes, tuple(dropped))


def _moments(point: TimePoint, duration_ms: int | None) -> Sequence[int | None]:
    match point, duration_ms:
        case At(ms), _:
            return (ms,)
        case Share(millionths), int(length):
            return (length * millionths // WHOLE,)
        case FromEnd(ms), int(length):
            return (length - ms,)
        case Evenly(count), int(length):
            return [length * (2 * place + 1) // (2 * count) for place in range(count)]
        case Every(ms), int(length):
            return range(0, max(length, 1), ms)
    return (None,)


def _outside(point: TimePoint, at_ms: int | None, duration_ms: int | None) -> Missed | None:
    if at_ms is None:
        return Missed(None, "LengthUnknown", f"{_spell(point)}: the length of the video is not known")
    if duration_ms is None:
        return None
    if at_ms < 0:
        return Missed(at_ms, "BeforeTheStart", f"{_spell(point)}: the video is {duration_ms / 1000:.3f} s long")
    if at_ms >= max(duration_ms, 1):
        return Missed(at_ms, "PastTheEnd", f"{_spell(point)}: the video is {duration_ms / 1000:.3f} s long")
    return None


def _spell(point: TimePoint) -> str:
    match point:
        case At(ms):
            return _seconds(ms)
        case Share(millionths):
            return f"{millionths / 10_000:g}%"  # six digits hold it
        case FromEnd(ms):
            return f"-{_seconds(ms)}"
        case Evenly(count):
            return f"{count}x"
        case Every(ms):
            return f"every:{_seconds(ms)}"


def _seconds(ms: int) -> str:
    return f"{ms / 1000:.3f}".rstrip("0").rstrip(".")


def _thin_out(moments: Sequence[_Moment], most: int) -> Sequence[_Moment]:
    count = len(moments)
    if count <= most:
        return moments
    return [moments[(2 * place + 1) * count // (2 * most)] for place in range(most)]


def _widest(sizes: Sequence[Size]) -> tuple[int, int]:
    """Give the one size to ask for from which every size can be rendered; (0, 0) is the video's own.

    Only sizes that all follow one side have a widest that is known beforehand: whether a film stands upright is not.
    """
    if all(size.width_px and not size.height_px for size in sizes):
        return max(size.width_px for size in sizes), 0
    if all(size.height_px and not size.width_px for size in sizes):
        return 0, max(size.height_px for size in sizes)
    return 0, 0

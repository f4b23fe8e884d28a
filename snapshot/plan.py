"""A video and the settings -> a Plan: which moments are captured, how large, and which cannot be.

Times count from the first frame, in whole milliseconds; a video is [0, duration_ms).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil

from snapshot.media import MediaInfo, Missed, Size
from snapshot.settings import Settings
from snapshot.times import Evenly, Every, TimePoint, moments_of, spell_point

MAX_SIDE_PX = 4096  # "width, height: [0, 4096]", GetSnapshot, read 2026-11-22
_MAX_MOMENTS = 100_000  # of all points that stand for many: the header of a file may claim any length
# Reasons that lie in the settings and the length, not in what the cloud said of a moment.
PLAN_CODES = frozenset({"BeforeTheStart", "LengthUnknown", "PastTheEnd", "TooManyShots"})


@dataclass(frozen=True, slots=True)
class Shot:
    """A moment to be captured, and how.

    `width_px` and `height_px` are what is asked for, at most one of them above 0: with both above 0 the API may squeeze
    the picture. `format` is the format asked for: jpg or png.
    """

    at_ms: int
    width_px: int
    height_px: int
    format: str
    mode: str
    rotate: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The intended pictures of one generation of one video: every shot in every size and format."""

    shots: tuple[Shot, ...]
    sizes: tuple[Size, ...]
    formats: tuple[str, ...]
    dropped: tuple[Missed, ...]


def plan_shots(settings: Settings, times: Sequence[TimePoint], media: MediaInfo, *, max_shots: int) -> Plan:
    """Return the plan for a video of this length; a length of None is not known, 0 is a single frame.

    Points outside the video are reported in `dropped`, points that meet are one shot, and above `max_shots` the shots
    are thinned evenly and `dropped` says so.
    """
    moments: set[int] = set()
    dropped: list[Missed] = []
    uncounted = 0
    if media.has_picture:
        series = sum(isinstance(point, Evenly | Every) for point in times)
        for point in times:
            requested = moments_of(point, media.duration_ms)
            if requested is None:
                message = f"{spell_point(point)}: the length of the video is not known"
                dropped.append(Missed(None, "LengthUnknown", message))
                continue
            considered = _thin_out(requested, _MAX_MOMENTS // max(1, series))
            uncounted += len(requested) - len(considered)
            for at_ms in considered:
                if within(media.duration_ms, at_ms):
                    moments.add(at_ms)
                else:
                    dropped.append(_outside(point, at_ms, media.duration_ms))
    thinned = _thin_out(sorted(moments), max_shots)
    if len(thinned) < len(moments):
        dropped.append(
            Missed(
                None,
                "TooManyShots",
                f"{len(moments) + uncounted} moments were asked for and {len(thinned)} of them kept, evenly spaced: "
                f"SNAPSHOT_MAX_CALLS is {settings.max_calls}, and one call asks for the length",
            )
        )
    shots = tuple(plan_shot(settings, media, at_ms) for at_ms in thinned)
    return Plan(shots, settings.sizes, settings.formats, tuple(dropped))


def plan_shot(settings: Settings, media: MediaInfo, at_ms: int) -> Shot:
    """Return the shot of one moment, as large as the largest size needs.

    The API makes jpg and png; the other formats are rendered here, of a jpg where one is stored anyway.
    """
    width_px, height_px = capture_size(settings.sizes, media, fit=settings.fit)
    file_format = "jpg" if "jpg" in settings.formats and "png" not in settings.formats else "png"
    return Shot(at_ms, width_px, height_px, file_format, settings.mode, settings.rotate)


def capture_size(sizes: Sequence[Size], media: MediaInfo, *, fit: str) -> tuple[int, int]:
    """Return the one size to ask for from which every size can be rendered; (0, 0) is the video's own.

    Never larger than the video, and never with a side that follows beyond the 4096 pixels that the API gives. Where the
    video's size is not known, only sizes that all follow one side have a largest one.
    """
    if not media.width_px or not media.height_px:
        return _largest_without_aspect(sizes)
    width_px, height_px = media.width_px, media.height_px
    scale, chosen = Fraction(0), (0, 0)
    for size in sizes:
        by_width, by_height = Fraction(size.width_px, width_px), Fraction(size.height_px, height_px)
        if not size.width_px and not size.height_px:
            return 0, 0
        if size.width_px and size.height_px:
            needed = min(by_width, by_height) if fit == "contain" else max(by_width, by_height)
        else:
            needed = max(by_width, by_height)
        if needed > scale:
            scale, chosen = needed, ((size.width_px, 0) if needed == by_width else (0, size.height_px))
    if scale >= 1:
        return 0, 0
    if chosen[0] and ceil(height_px * scale) > MAX_SIDE_PX:
        return 0, MAX_SIDE_PX
    if chosen[1] and ceil(width_px * scale) > MAX_SIDE_PX:
        return MAX_SIDE_PX, 0
    return chosen


def within(duration_ms: int | None, at_ms: int) -> bool:
    """Tell whether a moment lies in a video of this length; without a length every moment may."""
    return at_ms >= 0 and (duration_ms is None or at_ms < max(duration_ms, 1))


def _largest_without_aspect(sizes: Sequence[Size]) -> tuple[int, int]:
    if all(size.width_px and not size.height_px for size in sizes):
        return max(size.width_px for size in sizes), 0
    if all(size.height_px and not size.width_px for size in sizes):
        return 0, max(size.height_px for size in sizes)
    return 0, 0


def _outside(point: TimePoint, at_ms: int, duration_ms: int | None) -> Missed:
    code = "BeforeTheStart" if at_ms < 0 else "PastTheEnd"
    length_s = (duration_ms or 0) / 1000
    return Missed(at_ms, code, f"asked for {spell_point(point)}, but the video is {length_s:g} s long")


def _thin_out(moments: Sequence[int], limit: int) -> Sequence[int]:
    count = len(moments)
    if count <= limit:
        return moments
    return [moments[(2 * place + 1) * count // (2 * limit)] for place in range(limit)]

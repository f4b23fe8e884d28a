"""A film -> the moment that each way of choosing a poster takes, and how many paid calls it costs beyond the shots.

The shots of SNAPSHOT_TIMES at its default (1 s, 25%, 50%, 75%) are paid for anyway. What decodes the film itself pays
no call, and cannot be had in a function without downloading it.
Source of the peers' chains: ffmpeg's documentation of `thumbnail`; immich-app/immich, server/src/utils/media.ts,
ThumbnailConfig at 024e234; both read 2026-11-25.
"""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from pathlib import Path

from PIL import Image

from emulator.ci.service import SnapshotRequest, answer_snapshot
from snapshot.products.picture import decode, read_header
from snapshot.products.poster import Candidate, Choice, Origin, choose, plan_candidates
from snapshot.products.scoring import FrameStats, measure

WIDTH_PX = 320


@dataclass(slots=True)
class Source:
    """A film as the function sees it: by snapshots alone. Each moment is captured and measured once."""

    path: Path
    duration_ms: int
    pictures: dict[int, Image.Image] = field(default_factory=dict)
    stats: dict[int, FrameStats] = field(default_factory=dict)

    def capture(self, at_ms: int) -> Image.Image:
        """Return the frame shown at a moment."""
        if at_ms not in self.pictures:
            with self.path.open("rb") as stream:
                body = answer_snapshot(SnapshotRequest(Fraction(at_ms, 1000)), stream).body
            self.pictures[at_ms] = decode(read_header(body), smallest_px=(WIDTH_PX, 1)).pixels
        return self.pictures[at_ms]

    def candidate(self, at_ms: int, origin: Origin) -> Candidate:
        """Return a measured candidate."""
        if at_ms not in self.stats:
            self.stats[at_ms] = measure(self.capture(at_ms))
        return Candidate(at_ms, origin, self.stats[at_ms])

    @property
    def shots(self) -> list[int]:
        """Return the moments of the shots; those outside the film are left out, as the function does."""
        moments = {1000, *(self.duration_ms * percent // 100 for percent in (25, 50, 75))}
        return sorted(at_ms for at_ms in moments if at_ms < self.duration_ms)


@dataclass(frozen=True, slots=True)
class Taken:
    """The chosen moment, and the paid calls beyond the shots."""

    at_ms: int
    extra_calls: int
    choice: Choice | None = None
    is_flat: bool | None = None


def at(source: Source, *, at_ms: int = 0, percent: int = 0) -> Taken:
    """Take a fixed moment, the last frame where the film is shorter."""
    return Taken(min(at_ms or source.duration_ms * percent // 100, source.duration_ms - 1), 1)


def first_unless_flat(source: Source) -> Taken:
    """Take the first shot that is neither dark nor bright nor flat."""
    shots = [source.candidate(at_ms, "shot") for at_ms in source.shots]
    choice = choose(shots, "first-unless-flat", duration_ms=source.duration_ms)
    return Taken(choice.at_ms, 0, choice)


def best(source: Source, *, count: int = 6) -> Taken:
    """Take the best shot; where none convinces look at up to `count` more, and take the winner at its full size."""
    shots = [source.candidate(at_ms, "shot") for at_ms in source.shots]
    choice = choose(shots, "best", duration_ms=source.duration_ms)
    candidates, extra_calls = shots, 0
    for moments in plan_candidates(source.duration_ms, count):
        if choice.convinces:
            break
        further = [source.candidate(at_ms, "candidate") for at_ms in moments if at_ms not in source.shots]
        candidates, extra_calls = [*candidates, *further], extra_calls + len(further)
        choice = choose(candidates, "best", duration_ms=source.duration_ms)
    return Taken(choice.at_ms, extra_calls + (choice.origin == "candidate"), choice)


def by_ffmpeg(source: Source, *, options: tuple[str, ...], filters: str) -> Taken:
    """Take the last frame that a chain of ffmpeg's filters lets through; the first of the film where none is."""
    command = [
        "ffmpeg",
        "-nostdin",
        "-hide_banner",
        *options,
        "-i",
        str(source.path),
        "-an",
        "-vf",
        f"{filters},showinfo",
    ]
    output = subprocess.run([*command, "-f", "null", "-"], capture_output=True, text=True, check=True).stderr
    times = re.findall(r"pts_time:\s*([\d.]+)", output)
    return Taken(round(float(times[-1]) * 1000) if times else 0, 0)


IMMICH = (
    "fps=12:start_time=0:eof_action=pass:round=down,thumbnail=12,"
    r"select=gt(scene\,0.1)-eq(prev_selected_n\,n)+isnan(prev_selected_n)+gt(n\,20),trim=end_frame=2"
)
DECODING = {"ffmpeg thumbnail", "Immich's chain"}
STRATEGIES: dict[str, Callable[[Source], Taken]] = {
    "time 0": partial(at, at_ms=0),
    "1 s": partial(at, at_ms=1000),
    "10%": partial(at, percent=10),
    "50%": partial(at, percent=50),
    "ffmpeg thumbnail": partial(by_ffmpeg, options=(), filters="thumbnail,trim=end_frame=1"),
    "Immich's chain": partial(by_ffmpeg, options=("-skip_frame", "nointra"), filters=IMMICH),
    "first-unless-flat": first_unless_flat,
    "best, shots alone": partial(best, count=0),
    "best": best,
}

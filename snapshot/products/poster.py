"""Measured pictures of one video -> the one that stands for it, and the reason in words.

Candidates are first the pictures that are there anyway. Only where none of them convinces, more are planned, small,
with the very start among them: social apps put a cover there, and other films fade in from it. The thresholds were set
on the films of `benchmarks posters`, 2026-11-25.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from snapshot.products.scoring import FrameStats, score_all

CONVINCING = 0.25  # what scenes by day of the corpus reach, and no title, credit, blur or countdown
_TIE = 0.99  # of the best score: of two as good one that is there already wins, then the earlier
_FIRST, _LAST = 5, 85  # percent of the video, between which more candidates are spread
_DIGITS = 4  # of a score that is written down
_MIN_GAP_MS = 40  # one frame at 25 a second
_MIN_LUMA, _MAX_LUMA, _MIN_STRUCTURE = 20, 235, 6  # of "first-unless-flat"
_BLANK_LUMA, _BLANK_STRUCTURE = 10, 4  # what is below either shows nothing at all

Origin = Literal["shot", "tile", "candidate"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A measured picture of the moment `at_ms`, and the purpose it was taken for."""

    at_ms: int
    origin: Origin
    stats: FrameStats


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen moment and why. `scores` holds each candidate with its score in [0, 1], in the order of time."""

    at_ms: int
    origin: Origin
    score: float
    is_flat: bool
    reason: str
    scores: tuple[tuple[Candidate, float], ...]

    @property
    def convinces(self) -> bool:
        """Tell whether looking at more candidates is not worth paying for."""
        return self.score >= CONVINCING


def choose(candidates: Sequence[Candidate], policy: str | int, *, duration_ms: int | None) -> Choice:
    """Return the poster among at least one candidate; the same in whatever order they come.

    `policy` is `best`, `first-unless-flat`, or a moment in milliseconds that was asked for. Where there is no picture
    of that moment, the best is taken instead. Raises nothing.
    """
    ranked = sorted(candidates, key=lambda candidate: candidate.at_ms)
    span_ms = duration_ms or max(candidate.at_ms for candidate in ranked) or 1
    scores = score_all([(min(1.0, candidate.at_ms / span_ms), candidate.stats) for candidate in ranked])
    scored = tuple(zip(ranked, scores, strict=True))
    matching = [pair for pair in scored if pair[0].at_ms == policy]
    telling = [pair for pair in scored if _shows_something(pair[0].stats)]
    if matching:
        chosen, reason = matching[0], "the moment that was asked for"
    elif policy == "first-unless-flat" and telling:
        chosen, reason = (
            telling[0],
            f"the first that is not too dark, too bright or flat ({_describe(telling[0][0].stats)})",
        )
    else:
        top = max(score for _, score in scored)
        tied = [pair for pair in scored if pair[1] >= top * _TIE]
        chosen = min(tied, key=lambda pair: pair[0].origin == "candidate")  # which would be paid for once more
        reason = _explain(chosen, scored)
        if isinstance(policy, int):
            reason = f"there is no picture at {policy / 1000:g} s, so {reason}"
    candidate, score = chosen
    is_flat = all(_is_blank(candidate.stats) for candidate in ranked)
    rounded = tuple((other, round(value, _DIGITS)) for other, value in scored)
    return Choice(candidate.at_ms, candidate.origin, round(score, _DIGITS), is_flat, reason, rounded)


def plan_candidates(duration_ms: int | None, count: int, *, frames: int | None = None) -> tuple[tuple[int, ...], ...]:
    """Return up to `count` moments to look at where no picture convinces, in two rounds; the very start comes first.

    The second round is worth its price only where nothing of the first convinces. The moments lie between 5% and 85% of
    the video; a short one has fewer, no two nearer than its frames, where their number is known, or than 40 ms.
    """
    if count < 1:
        return ()
    if not duration_ms:
        return ((0,),)
    least_ms = max(1, duration_ms // frames) if frames else _MIN_GAP_MS
    spread: list[int] = []
    further = count - 1
    for number in range(further):
        percent_of_all = _FIRST * 2 * further + (_LAST - _FIRST) * (2 * number + 1)
        at_ms = duration_ms * percent_of_all // (200 * further)
        if at_ms - (spread[-1] if spread else 0) >= least_ms:
            spread.append(at_ms)
    rounds = ((0, *spread[1::2]), tuple(spread[::2]))
    return tuple(moments for moments in rounds if moments)


def _shows_something(stats: FrameStats) -> bool:
    return _MIN_LUMA <= stats.luma <= _MAX_LUMA and stats.structure >= _MIN_STRUCTURE


def _is_blank(stats: FrameStats) -> bool:
    return stats.luma < _BLANK_LUMA or stats.structure < _BLANK_STRUCTURE


def _explain(chosen: tuple[Candidate, float], scored: Sequence[tuple[Candidate, float]]) -> str:
    (candidate, score), count = chosen, len(scored)
    best, top = max(scored, key=lambda pair: pair[1])
    measured, is_top = _describe(candidate.stats), score == top
    is_blank = all(_is_blank(other.stats) for other, _ in scored)
    if count == 1:
        flat = ", dark or flat" if is_blank else ""
        return f"the only picture to choose from{flat}; its score is {score:.2f} ({measured})"
    if is_blank:
        return f"all {count} are dark or flat; this is {'' if is_top else 'nearly '}the best of them ({measured})"
    if not is_top:
        needs_capture = best.origin == "candidate" != candidate.origin
        advantage = "no candidate that was captured for comparison only" if needs_capture else "earlier in the video"
        rank = f"a score within 1% of the highest of {count}, and {advantage}: {score:.4f}, highest {top:.4f}"
    elif score < CONVINCING:
        rank = f"the highest score, {score:.3f}"
    else:
        rank = f"the highest score of {count}, {score:.2f}"
    doubt = f"none of {count} is good; this has " if score < CONVINCING else ""
    return f"{doubt}{rank} ({measured})"


def _describe(stats: FrameStats) -> str:
    return f"luma {stats.luma:.0f}, structure {stats.structure:.0f}, detail {stats.detail:.0%}"

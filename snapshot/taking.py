"""A plan -> what was taken and what was missed, side by side: each shot captured, rendered in every size, stored.

It knows neither keys nor buckets: storing is a function it is given. Of all pictures it holds on to one, the best
so far.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from snapshot.errors import CallFailed, CloudRefused
from snapshot.frames import DECODING, Camera, MediaInfo, capture
from snapshot.logs import fact
from snapshot.plan import Missed, Plan, Shot
from snapshot.poster import Look, better, look_at
from snapshot.thumbnails import Thumbnail, render

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StoredThumbnail:
    """A picture that is stored under `key`; `size_bytes` long, `width_px` by `height_px`."""

    key: str
    at_ms: int
    width_px: int
    height_px: int
    format: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture that may become the poster: the largest of its moment, and what it looks like."""

    thumbnail: Thumbnail
    look: Look


@dataclass(frozen=True, slots=True)
class Taken:
    """Everything a plan came to, in the order of time; `poster` is None where nothing was taken."""

    stored: tuple[StoredThumbnail, ...]
    missed: tuple[Missed, ...]
    poster: Candidate | None


@dataclass(frozen=True, slots=True)
class Studio:
    """What every shot of one film needs: the camera, the film's key and media info, the format, where to put things.

    `store` keeps a thumbnail and gives its key; it raises what a CallFailed says.
    """

    camera: Camera
    source_key: str
    media: MediaInfo
    format: str
    store: Callable[[Thumbnail], str]


def take_all(plan: Plan, studio: Studio, pool: ThreadPoolExecutor) -> Taken:
    """Give what was taken, once every shot has had its turn.

    Raises:
        CloudUnavailable: a shot failed in a way that can heal.
        CloudRefused: the set-up is to blame; shots that had not begun were left out.
    """
    stored: list[StoredThumbnail] = []
    missed: list[Missed] = []
    failures: list[CallFailed] = []
    best: Candidate | None = None
    futures = {pool.submit(_take, shot, plan, studio) for shot in plan.shots}
    try:
        for future in as_completed(futures):
            futures.discard(future)  # with it goes its picture
            try:
                one = future.result()
            except CancelledError:
                continue
            except CallFailed as error:
                failures.append(error)
                if isinstance(error, CloudRefused):
                    _cancel(futures)
                continue
            if isinstance(one, Missed):
                missed.append(one)
            else:
                stored += one[0]
                best = one[1] if best is None or better(best.look, one[1].look) is one[1].look else best
    finally:
        _cancel(futures)  # none are left, but after a defect: what has not begun need not be paid for
    if failures:
        raise min(failures, key=lambda error: error.retry)
    return Taken(
        tuple(sorted(stored, key=lambda one: one.at_ms)), tuple(sorted(missed, key=lambda one: one.at_ms or 0)), best
    )


def _cancel(futures: set[Future[Missed | tuple[list[StoredThumbnail], Candidate]]]) -> None:
    for future in futures:
        future.cancel()


def _take(shot: Shot, plan: Plan, studio: Studio) -> Missed | tuple[list[StoredThumbnail], Candidate]:
    started = time.monotonic()
    frame = capture(studio.camera, studio.source_key, shot, studio.media)
    if isinstance(frame, Missed):
        facts = {"at_ms": frame.at_ms, "code": frame.code, "message": frame.message}
        fact(logger, "frame.missed", level=logging.WARNING, key=studio.source_key, **facts)
        return frame
    captured = time.monotonic()
    with DECODING:
        thumbnails = [render(frame, size, studio.format) for size in plan.sizes]
        largest = max(thumbnails, key=lambda one: one.width_px * one.height_px)
        look = look_at(shot.at_ms, largest.body)
    rendered = time.monotonic()
    stored = [
        StoredThumbnail(studio.store(one), one.at_ms, one.width_px, one.height_px, one.format, size_bytes=len(one.body))
        for one in thumbnails
    ]
    fact(
        logger,
        "frame.stored",
        key=studio.source_key,
        at_ms=shot.at_ms,
        size_bytes=sum(one.size_bytes for one in stored),
        capture_ms=int((captured - started) * 1000),
        render_ms=int((rendered - captured) * 1000),
        store_ms=int((time.monotonic() - rendered) * 1000),
    )
    return stored, Candidate(largest, look)

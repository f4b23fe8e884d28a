"""Shots -> stored thumbnails, side by side: each is captured, checked, rendered and stored.

Between a snapshot and its storing the source is looked at once more, one look for all snapshots that wait for it: a
picture of other content must not be stored under this generation's name.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from snapshot.bucket import Camera
from snapshot.errors import BadFrame, CloudUnavailable, SnapshotError, SourceRejected
from snapshot.frames import Developed, check_frame, develop, estimate_bytes, estimate_file_bytes
from snapshot.layout import ThumbnailName
from snapshot.logs import fact
from snapshot.manifest import ThumbnailEntry
from snapshot.media import Missed
from snapshot.memory import MIB, MemoryBudget
from snapshot.plan import Shot
from snapshot.products.picture import Header
from snapshot.products.scoring import FrameStats, score_alone
from snapshot.products.thumbnails import Thumbnail
from snapshot.scheduler import Lane, Scheduler, Task
from snapshot.settings import Settings

logger = logging.getLogger(__name__)

_MAX_KEPT_BYTES = 8 * 1024 * 1024  # of rendered pictures that may become the poster
_RUN_STOPPERS = ("OutOfTime", "SourceChanged", "RetriesSpent")  # after these no further shot is worth a call


@dataclass(frozen=True, slots=True)
class CaptureContext:
    """The values that every shot of one video needs.

    `confirm` raises SourceChanged where the source is no longer the one that was inspected. `store`
    stores a thumbnail of a moment and returns its entry, `store_tile` a small file that is kept until its sheet stands.
    `small_px` is the longer side of the small files that are held. `files` bounds the picture files that are held,
    `rendering` what decoding and rendering take.
    """

    camera: Camera
    key: str
    version_id: str
    settings: Settings
    confirm: Callable[[], None]
    store: Callable[[int, FrameStats, Thumbnail], ThumbnailEntry]
    store_tile: Callable[[int, bytes], None]
    small_px: int
    files: MemoryBudget
    rendering: MemoryBudget


@dataclass(slots=True, eq=False)
class _Progress:
    """The progress of one shot. `names` is what of it is to be stored, `read` where the picture comes from."""

    shot: Shot
    names: frozenset[ThumbnailName]
    file_bytes: int
    read: Callable[[], bytes]
    is_rendered: bool
    is_tile: bool
    may_retry: bool = True
    header: Header | None = None
    developed: Developed | None = None
    is_confirmed: bool = False
    open_puts: int = 0
    stored_bytes: int = 0
    captured_s: float = 0.0
    rendered_s: float = 0.0
    started_s: float = field(default_factory=time.monotonic)


class Capture:
    """Captures shots of one video; what came of them is in `stored`, `measured`, `small`, `missed` and `failures`."""

    def __init__(self, context: CaptureContext, scheduler: Scheduler, io: Lane, cpu: Lane) -> None:
        self.stored: dict[ThumbnailName, ThumbnailEntry] = {}
        self.measured: dict[int, FrameStats] = {}
        self.missed: dict[int, Missed] = {}
        self.small: dict[int, bytes] = {}
        self.frame_size: tuple[int, int] | None = None  # of the first picture, as it is shown
        self.failures: list[SnapshotError] = []
        self._context, self._scheduler, self._io, self._cpu = context, scheduler, io, cpu
        self._open = 0  # shots that are not stored yet
        self._unmeasured = 0
        self._unconfirmed: list[_Progress] = []
        self._is_confirming = False
        self._is_stopped = False
        self._bad_frames: dict[int, BadFrame] = {}
        self._kept: dict[int, tuple[Thumbnail, ...]] = {}

    def add(
        self,
        shot: Shot,
        *,
        names: frozenset[ThumbnailName],
        expected_pixels: int,
        read: Callable[[], bytes] | None = None,
        is_kept: bool = False,
        is_tile: bool = False,
    ) -> None:
        """Let a shot be captured, or read from elsewhere by `read`; of its thumbnails only `names` are stored.

        Where nothing is stored, nothing is rendered either, unless it `is_kept` in memory. A shot that `is_tile` has
        its small file stored.
        """
        file_bytes = estimate_file_bytes(expected_pixels, shot.format)
        if not self._is_stopped:
            self._begin(
                _Progress(
                    shot, names, file_bytes, read or partial(self._snapshot, shot), bool(names) or is_kept, is_tile
                )
            )

    def put(self, run: Callable[[], None]) -> None:
        """Let something else be stored beside the thumbnails."""
        self._open += 1

        def ended(error: SnapshotError | None) -> None:
            self._open -= 1
            if error is not None:
                self._stop(error)

        self._io.add(Task(run, ended, ended), urgent=True)

    def wait_measured(self) -> None:
        """Wait until every shot is measured and its source confirmed, or has failed; thumbnails may still be stored."""
        self._wait(lambda: not (self._unmeasured or self._unconfirmed or self._is_confirming))

    def wait_stored(self) -> None:
        """Wait until every shot is stored or has failed; then a picture that never decoded is one that is missed."""
        self._wait(lambda: self._open == 0)
        for at_ms, error in self._bad_frames.items():
            if self.stored or self.measured:
                self.missed[at_ms] = Missed(at_ms, error.code, error.message)
            else:
                self.failures.append(error)
        self._bad_frames = {}

    def kept(self, at_ms: int) -> tuple[Thumbnail, ...]:
        """Return the thumbnails of a moment that are still in memory; none where they are not."""
        return self._kept.get(at_ms, ())

    def _begin(self, progress: _Progress) -> None:
        self._open += 1
        self._unmeasured += 1
        self._io.add(
            Task(
                lambda: self._capture(progress),
                lambda header: self._captured(progress, header),
                lambda error: self._failed(progress, error),
                self._context.files,
                progress.file_bytes,
                is_costly=True,
            )
        )

    def _wait(self, condition: Callable[[], bool]) -> None:
        if not self._scheduler.run_until(condition) and not condition():
            self._stop(self._scheduler.out_of_time("GetSnapshot"))

    def _snapshot(self, shot: Shot) -> bytes:
        context = self._context
        return context.camera.snapshot(
            context.key,
            at_ms=shot.at_ms,
            width_px=shot.width_px,
            height_px=shot.height_px,
            format=shot.format,
            mode=shot.mode,
            rotate=shot.rotate,
            version_id=context.version_id,
        )

    def _capture(self, progress: _Progress) -> Header:
        progress.started_s = time.monotonic()
        try:
            body = progress.read()
        except BadFrame:
            progress.may_retry = False  # the camera has tried again already
            raise
        return check_frame(body, progress.shot, key=self._context.key)

    def _captured(self, progress: _Progress, header: Header) -> None:
        progress.captured_s = time.monotonic()
        progress.header = header
        context = self._context
        cost_bytes = estimate_bytes(header.width_px, header.height_px, header.format, context.settings)
        budget = context.rendering
        if budget.alone_bytes is not None and cost_bytes > budget.alone_bytes:
            self._failed(progress, self._too_large(header, cost_bytes))
            return
        self._unconfirmed.append(progress)
        self._confirm()

        def done(developed: Developed) -> None:
            budget.release(cost_bytes)
            self._developed(progress, developed)

        def failed(error: SnapshotError) -> None:
            budget.release(cost_bytes)
            self._failed(progress, error)

        run = partial(
            develop,
            header,
            progress.shot,
            context.settings,
            key=context.key,
            render_thumbnails=progress.is_rendered,
            small_px=context.small_px,
        )
        self._cpu.add(Task(run, done, failed, budget, cost_bytes))

    def _too_large(self, header: Header, cost_bytes: int) -> SourceRejected:
        """Return the error of a picture that no memory limit was planned for, because its size was not known."""
        return SourceRejected(
            f"a picture of {header.width_px}x{header.height_px} needs {cost_bytes // MIB} MB to be rendered, more than "
            "the function has; give it more memory (memorySize)",
            operation="GetSnapshot",
            key=self._context.key,
            code="MemoryLimit",
        )

    def _confirm(self) -> None:
        """Look at the source once for all snapshots that have come since the last look began."""
        if self._is_confirming or not self._unconfirmed:
            return
        waiting, self._unconfirmed = self._unconfirmed, []
        self._is_confirming = True

        def done(_: None) -> None:
            self._is_confirming = False
            for progress in waiting:
                progress.is_confirmed = True
                self._store(progress)
            self._confirm()

        def failed(error: SnapshotError) -> None:
            self._is_confirming = False
            self._stop(error)
            for progress in waiting:
                progress.names, progress.is_tile = frozenset(), False
                progress.is_confirmed = True
                self._store(progress)
            self._confirm()

        self._io.add(Task(self._context.confirm, done, failed), urgent=True)

    def _developed(self, progress: _Progress, developed: Developed) -> None:
        progress.rendered_s = time.monotonic()
        progress.developed = developed
        progress.header = None
        self.measured[developed.at_ms] = developed.stats
        self.missed.pop(developed.at_ms, None)
        self.frame_size = self.frame_size or (developed.width_px, developed.height_px)
        if developed.small:
            self.small[developed.at_ms] = developed.small
        self._unmeasured -= 1
        self._keep(developed)
        self._store(progress)

    def _store(self, progress: _Progress) -> None:
        developed = progress.developed
        if developed is None or not progress.is_confirmed:
            return
        at_ms = developed.at_ms
        chosen = [
            thumbnail
            for thumbnail in developed.thumbnails
            if ThumbnailName(at_ms, thumbnail.size, thumbnail.format) in progress.names
        ]
        progress.developed = None
        progress.open_puts = len(chosen) + progress.is_tile
        if not progress.open_puts:
            self._close(progress)
            return
        for thumbnail in chosen:
            self._put_thumbnail(progress, developed.stats, thumbnail)
        if progress.is_tile:
            run = partial(self._context.store_tile, at_ms, developed.small)
            self._put(progress, run, lambda _: None)

    def _put_thumbnail(self, progress: _Progress, stats: FrameStats, thumbnail: Thumbnail) -> None:
        at_ms = progress.shot.at_ms

        def done(entry: ThumbnailEntry) -> None:
            progress.stored_bytes += entry.size_bytes
            self.stored[ThumbnailName(at_ms, thumbnail.size, thumbnail.format)] = entry

        self._put(progress, partial(self._context.store, at_ms, stats, thumbnail), done)

    def _put(self, progress: _Progress, run: Callable[[], Any], stored: Callable[[Any], None]) -> None:
        def ended() -> None:
            progress.open_puts -= 1
            if not progress.open_puts:
                self._close(progress)

        def done(result: Any) -> None:  # noqa: ANN401  # whatever the task returns
            stored(result)
            ended()

        def failed(error: SnapshotError) -> None:
            self._stop(error)
            ended()

        self._io.add(Task(run, done, failed), urgent=True)

    def _close(self, progress: _Progress) -> None:
        self._context.files.release(progress.file_bytes)
        self._open -= 1
        if progress.stored_bytes:
            now = time.monotonic()
            fact(
                logger,
                "frame.stored",
                key=self._context.key,
                at_ms=progress.shot.at_ms,
                size_bytes=progress.stored_bytes,
                capture_ms=int((progress.captured_s - progress.started_s) * 1000),
                render_ms=int((progress.rendered_s - progress.captured_s) * 1000),
                store_ms=int((now - progress.rendered_s) * 1000),
            )

    def _failed(self, progress: _Progress, error: SnapshotError) -> None:
        """Take note of a shot that could not be captured or does not decode."""
        at_ms = progress.shot.at_ms
        if progress in self._unconfirmed:
            self._unconfirmed.remove(progress)
        self._unmeasured -= 1
        self._close(progress)
        if isinstance(error, BadFrame) and progress.may_retry and not self._is_stopped:
            self._begin(
                _Progress(
                    progress.shot,
                    progress.names,
                    progress.file_bytes,
                    progress.read,
                    progress.is_rendered,
                    progress.is_tile,
                    may_retry=False,
                )
            )
            return
        if isinstance(error, BadFrame):
            self._bad_frames[at_ms] = error
        elif isinstance(error, SourceRejected):
            self.missed[at_ms] = Missed(at_ms, error.code, error.message)
        else:
            self._stop(error)
            return
        facts = {"at_ms": at_ms, "code": error.code, "message": error.message}
        fact(logger, "frame.missed", level=logging.WARNING, key=self._context.key, **facts)

    def _stop(self, error: SnapshotError) -> None:
        """Take note of a failure; where no further shot could fare better, those that have not begun are left out."""
        self.failures.append(error)
        if isinstance(error, CloudUnavailable | BadFrame) and error.code not in _RUN_STOPPERS:
            return
        self._is_stopped = True
        dropped = self._io.drop_waiting()
        self._open -= len(dropped)
        self._unmeasured -= len(dropped)

    def _keep(self, developed: Developed) -> None:
        """Hold on to the pictures that score best, as many as the allowance holds."""
        if not developed.thumbnails:
            return
        self._kept[developed.at_ms] = developed.thumbnails
        while sum(len(thumbnail.body) for moment in self._kept.values() for thumbnail in moment) > _MAX_KEPT_BYTES:
            del self._kept[min(self._kept, key=lambda at_ms: score_alone(self.measured[at_ms]))]

"""One event of one key -> the output brought in line with the source as it is now, and the outcome.

    inspect    HEAD of the source, GET of the manifest, LIST of the folder, side by side
    decide     what is to be done (state.py, pure)
    make       a generation (making.py), or sweep, or remove
    inspect    again, until there is nothing left to do

Whoever writes last inspects last, so the newer upload wins whatever finishes last, and an invocation that is killed
leaves nothing that the next one does not put right. The source is looked at once more before anything is deleted.
"""

import logging
from collections.abc import Collection, Sequence
from functools import partial

from snapshot.answers import check_unreadable
from snapshot.errors import BadEvent, CloudUnavailable, SnapshotError, SourceChanged, SourceRejected
from snapshot.events import Removal, Skipped, Upload
from snapshot.invocation import CPU_WORKERS, Invocation
from snapshot.layout import SOURCE_ETAG_METADATA, Layout
from snapshot.logs import fact
from snapshot.manifest import NO_CALLS, Calls, parse_manifest
from snapshot.media import ListedObject
from snapshot.outcomes import Failed, Outcome, Removed
from snapshot.scheduler import Scheduler
from snapshot.state import Done, Inspection, Make, Remove, Sweep, decide, is_same_source, named_keys, named_objects

logger = logging.getLogger(__name__)

_MAX_ROUNDS = 8  # of inspecting and acting; a source that changes more often than that is left to the next delivery
_MAX_MAKES = 3
_WARM_CONNECTIONS = 4  # while the first look is under way
# Of the time, to leave what was learned to the next delivery: two calls, and none is begun in the last 0.3 s.
_MARGIN, _MIN_MARGIN_S, _MAX_MARGIN_S, _MAX_MARGIN = 0.1, 0.5, 1.5, 0.3


def process(upload: Upload | Removal, invocation: Invocation) -> Outcome:
    """Return the outcome for one key; what goes wrong on purpose is a Failed.

    Raises nothing of its own; a defect of this program comes through.
    """
    try:
        if upload.region not in (None, invocation.region):
            raise BadEvent(
                f"the object is in {upload.region}, the function in {invocation.region}; a COS trigger works within "
                "one region",
                code="WrongRegion",
            )
        return _Job(upload, invocation).run()
    except SnapshotError as error:
        return Failed.of(error, upload.key)


class _Job:
    """The work on one key, from the first inspection to the last."""

    def __init__(self, upload: Upload | Removal, invocation: Invocation) -> None:
        self._upload, self._invocation = upload, invocation
        self._skip_reason = upload.skip_reason if isinstance(upload, Removal) else ""
        self._settings = invocation.settings
        deadline = invocation.deadline.earlier(_margin_s(invocation.deadline.left_s()))
        self._source = invocation.open_bucket(upload.bucket, deadline)
        self._output = invocation.open_bucket(self._settings.output_bucket or upload.bucket, deadline)
        self._source.warm(min(_WARM_CONNECTIONS, self._settings.concurrency))
        self._scheduler = Scheduler(deadline, key=upload.key)
        self._io = self._scheduler.lane(invocation.io, self._settings.concurrency)
        self._cpu = self._scheduler.lane(invocation.cpu, CPU_WORKERS)
        self._foreign: set[str] = set()  # names of ours that do not carry our mark: never deleted
        self._abandoned: dict[str, Calls] = {}  # paid in rounds that were started over, by generation
        self._layouts = _layouts(self._settings.output_prefix, upload)  # by the readings of the key that are possible

    def run(self) -> Outcome:
        """Return the outcome once an inspection finds nothing left to do.

        Raises:
            SnapshotError: it could not be done, as errors.py has it.
        """
        outcome: Outcome | None = None
        makes = 0
        for _ in range(_MAX_ROUNDS):
            state = self._inspect()
            decision = decide(state, self._settings, bucket=self._upload.bucket)
            if self._skip_reason and not isinstance(decision, Remove):  # nothing may be made of it by these settings
                return outcome or Skipped(state.key, self._skip_reason)
            match decision:
                case Done():
                    return outcome or decision.outcome
                case Sweep():
                    self._delete(state, decision.keys)
                    outcome = outcome or decision.outcome
                case Remove():
                    outcome = Removed(state.key, self._delete(state, decision.keys))
                case Make() if makes < _MAX_MAKES:
                    makes += 1
                    outcome = self._make(state, decision) or outcome
                case Make():
                    break
        if self._abandoned:
            raise SourceChanged(
                "the object changed again and again while its pictures were taken; the next delivery starts over",
                operation="HeadObject",
                key=self._upload.key,
            )
        raise CloudUnavailable(
            "what lies in the bucket is again and again not what was stored there; the next delivery looks again",
            operation="GetObject",
            key=self._upload.key,
            code="OutputChanged",
        )

    def _inspect(self) -> Inspection:
        """Look at the source and its output; the reading of the key that has an object counts, else the first."""
        states = [self._inspect_key(layout, key) for key, layout in self._layouts.items()]
        for state in states:
            if state.source is not None:
                self._layouts = {state.key: state.layout}
                return state
        return next((state for state in states if state.listed), states[0])

    def _inspect_key(self, layout: Layout, key: str) -> Inspection:
        source, body, objects = self._io.gather(
            lambda: self._source.head(key),
            lambda: self._output.get(layout.manifest),
            lambda: self._list(layout),
        )
        manifest = parse_manifest(body)
        if manifest is None and objects is not None:
            listed_manifest = next((item for item in objects if item.key == layout.manifest), None)
            check_unreadable(self._output, self._io, listed_manifest, body)
        if objects is None:
            objects = named_objects(manifest, layout) if manifest else ()
        listed = {item.key: item for item in objects if layout.owns(item.key) and item.key not in self._foreign}
        listed |= self._look_for(named_keys(manifest) - listed.keys() if manifest and source else set(), layout)
        return Inspection(key, layout, source, manifest, listed)

    def _list(self, layout: Layout) -> tuple[ListedObject, ...] | None:
        """Return the folder's objects; None where the store does not list, so that the manifest must be believed."""
        try:
            return self._output.list(layout.folder)
        except SourceRejected:
            fact(logger, "listing.refused", level=logging.WARNING, prefix=layout.folder)
            return None

    def _look_for(self, keys: Collection[str], layout: Layout) -> dict[str, ListedObject]:
        """Return those of these keys that exist after all: a listing may lag behind what was stored a moment ago."""
        ours = sorted(key for key in keys if layout.owns(key))
        heads = self._io.gather(*(partial(self._output.head, key) for key in ours))
        return {
            key: ListedObject(key, head.etag, head.size_bytes or 0)
            for key, head in zip(ours, heads, strict=True)
            if head is not None
        }

    def _delete(self, state: Inspection, keys: Sequence[str]) -> int:
        """Delete those that carry our mark, unless the source is another by now; return how many objects went.

        The manifest goes first, and alone: it never names what is gone.
        """
        heads = self._io.gather(*(partial(self._output.head, key) for key in keys))
        ours = [key for key, head in zip(keys, heads, strict=True) if head and SOURCE_ETAG_METADATA in head.metadata]
        self._foreign |= {key for key, head in zip(keys, heads, strict=True) if head and key not in ours}
        (now,) = self._io.gather(partial(self._source.head, state.key))
        if not is_same_source(now, state.source):
            return 0
        first = [key for key in ours if key == state.layout.manifest]
        rest = [key for key in ours if key != state.layout.manifest]
        for batch in (first, rest):
            self._io.gather(*(partial(self._output.delete, key) for key in batch))
        fact(logger, "objects.removed", key=state.key, objects=len(ours))
        return len(ours)

    def _make(self, state: Inspection, make: Make) -> Outcome | None:
        """Make the recipe's generation; None where the source changed meanwhile, so that the next round starts over."""
        # These bring Pillow, which the first calls of a cold start need not wait for.
        from snapshot.making import make_generation  # noqa: PLC0415  # see above
        from snapshot.reuse import read_reuse  # noqa: PLC0415  # see above
        from snapshot.workspace import Workspace  # noqa: PLC0415  # see above

        abandoned = self._abandoned.get(make.generation, NO_CALLS)
        reuse = read_reuse(state, make.generation, self._output, self._io, abandoned=abandoned)
        work = Workspace(
            state,
            make,
            invocation=self._invocation,
            bucket_name=self._upload.bucket,
            source=self._source,
            output=self._output,
            scheduler=self._scheduler,
            io=self._io,
            cpu=self._cpu,
            reuse=reuse,
        )
        try:
            return make_generation(work)
        except SourceChanged:
            self._abandoned[make.generation] = work.calls.minus(reuse.calls).plus(abandoned)
            self._scheduler.run_until(lambda: self._io.is_idle and self._cpu.is_idle)  # nothing may be stored late
            fact(logger, "source.changed", level=logging.WARNING, key=state.key)
            return None


def _margin_s(left_s: float) -> float:
    return min(_MAX_MARGIN_S, max(left_s * _MARGIN, min(_MIN_MARGIN_S, left_s * _MAX_MARGIN)))


def _layouts(output_prefix: str, record: Upload | Removal) -> dict[str, Layout]:
    """Return the layout for each reading of a record's key.

    Raises:
        BadEvent: no reading leaves space for the keys of what would be made.
    """
    layouts: dict[str, Layout] = {}
    too_long: BadEvent | None = None
    for key in (record.key, record.other_key):
        if key is not None:
            try:
                layouts[key] = Layout.of(output_prefix, key)
            except BadEvent as error:
                too_long = too_long or error
    if too_long is not None and not layouts:
        raise too_long
    return layouts

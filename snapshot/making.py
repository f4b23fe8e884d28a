"""One generation of one video -> its thumbnails, poster and manifest in the bucket.

reuse          stored thumbnails, the last manifest and the journal say what need not be paid for again
media info     a paid call, unless it is known
plan           plan.py
capture        capture.py; then other moments where those of the plan could not be had
publish        the poster beside the last thumbnails, then the manifest
or break off   what was learned goes into the journal, and the failure goes on up
"""

import logging
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from snapshot import __version__
from snapshot.errors import SnapshotError, SourceChanged, SourceRejected
from snapshot.fallback import EndSearch, first_frame_shots, is_for_parameters
from snapshot.journal import Journal, MediaRecord
from snapshot.layout import NO_CACHE
from snapshot.logs import fact
from snapshot.manifest import Manifest, MissedEntry, PosterEntry, PreviewEntry, Source, StoryboardEntry, format_time
from snapshot.media import MediaInfo, Missed
from snapshot.outcomes import Made
from snapshot.plan import Plan, plan_shots
from snapshot.posters import describe_measured, publish_poster
from snapshot.previews import publish_preview
from snapshot.storyboards import capture_storyboard, publish_storyboard
from snapshot.workspace import Workspace

logger = logging.getLogger(__name__)

_JSON = "application/json"
_FIRST_FRAME = "none of the requested moments has a picture; the first frame is used instead"
_OTHER_SIZE = "pictures in the size that the settings need were refused; they are made of the video's own size instead"


def make_generation(work: Workspace) -> Made:
    """Return the outcome: the video is made.

    Raises:
        SourceChanged: the source is no longer the one that was inspected.
        CloudUnavailable: a later delivery can heal it. The journal then holds what was learned.
        SetupError: a person must repair something first.
        BadSettings: this build of Pillow cannot write a format.
    """
    laps = _Stopwatch()
    try:
        problems = _read_media(work)
        laps.note("media_info_ms")
        plan = _capture_all(work) if not problems else Plan((), work.settings.sizes, work.settings.formats, ())
        moments = _described_moments(work, plan)
        grid = capture_storyboard(work, moments)
        tiles = grid.moments if grid else ()
        products = _Products(
            poster=publish_poster(work, moments, tiles),
            storyboard=publish_storyboard(work, grid),
            preview=publish_preview(work, {*moments, *tiles}),
        )
        work.capture.put(work.confirm)  # what the media info said, and what was refused, is of this content too
        work.capture.wait_stored()
        work.raise_failures()
        laps.note("shots_ms")
        manifest = _describe(work, plan, problems, moments, products)
        work.io.gather(partial(_put_document, work, work.layout.manifest, manifest.to_json()))
    except SnapshotError as error:
        _break_off(work, error)
        raise
    laps.note("write_ms")
    fact(logger, "video.done", key=work.key, manifest=work.layout.manifest, **laps.spent_ms)
    return Made(work.key, work.layout.manifest, len(manifest.thumbnails), len(manifest.missed))


def name_replacements(missed: Iterable[MissedEntry], moments: set[int]) -> tuple[MissedEntry, ...]:
    """Return these in the order of time, each once, with the moment whose picture stands in its place."""
    unique = {(entry.at_ms, entry.code, entry.message): entry for entry in missed}
    named = []
    for entry in sorted(unique.values(), key=lambda entry: (entry.at_ms is None, entry.at_ms or 0)):
        nearest = min(moments, key=lambda at_ms: (abs(at_ms - (entry.at_ms or 0)), at_ms), default=None)
        named.append(entry.model_copy(update={"instead_at_ms": nearest}))
    return tuple(named)


def _read_media(work: Workspace) -> list[Missed]:
    """Find out what the video is; return what is missed where the file is to blame that there can be no picture."""
    media = work.reuse.media
    if media is None:
        version_id = work.object.version_id
        try:
            (media,) = work.io.gather(partial(work.source.media_info, work.key, version_id=version_id))
        except SourceRejected as error:
            return [Missed(None, error.code, f"no media info: {error.message}")]
    work.media = media
    if media.main is None:
        return [Missed(None, "NoPicture", "the file has no video stream")]
    if not media.main.codec_is_documented:
        message = f"the video is in {media.codec}; GetSnapshot takes H.264, H.265, VP8, VP9 and AV1"
        return [Missed(None, "CodecNotSupported", message)]
    return []


def _capture_all(work: Workspace) -> Plan:
    """Capture the shots of the plan, then others for moments that could not be had; return the final plan."""
    plan = _plan(work, work.media)
    work.source.allow_retries(len(plan.shots))
    work.capture_shots(plan.shots)
    if not work.capture.failures and not work.moments:
        _capture_first_frame(work, plan)
    search = EndSearch.of(work.moments, work.capture.missed.values())
    if search is None or work.capture.failures:
        return plan
    return _capture_up_to_the_end(work, search)


def _capture_first_frame(work: Workspace, plan: Plan) -> None:
    """Ask for the first frame, which can nearly always be had, so that a video that plays has a poster.

    Where it can be had in another size only, the size was refused and not the moments: they are asked for again.
    """
    for shot in first_frame_shots(work.plan_shot(0), work.media):
        if not work.calls_left:
            return
        if shot in plan.shots:  # refused already
            continue
        work.capture_shots([shot])
        if work.capture.failures:
            return
        if 0 in work.capture.measured:
            _capture_in_size(work, plan, (shot.width_px, shot.height_px))
            has_planned = bool(work.moments & {shot.at_ms for shot in plan.shots})
            work.notes.append(_OTHER_SIZE if has_planned else _FIRST_FRAME)
            return


def _capture_in_size(work: Workspace, plan: Plan, size: tuple[int, int]) -> None:
    """Capture the refused moments in this size, unless it is the size of the plan."""
    refused = {at_ms for at_ms, missed in work.capture.missed.items() if is_for_parameters(missed)}
    shots = [shot for shot in plan.shots if shot.at_ms in refused]
    if not shots or size == (shots[0].width_px, shots[0].height_px):
        return
    work.set_size(*size)
    work.capture_shots([work.plan_shot(shot.at_ms) for shot in shots][: work.calls_left])


def _capture_up_to_the_end(work: Workspace, search: EndSearch) -> Plan:
    """Find where the picture ends, and capture the plan of that length."""
    refused, stated_ms = len(work.capture.missed), work.media.duration_ms
    while search.probe_ms is not None and work.calls_left and not work.capture.failures:
        at_ms = search.probe_ms
        work.capture_shots([work.plan_shot(at_ms)])
        search = search.after(at_ms, was_shown=at_ms in work.capture.measured)
    work.media = replace(work.media, duration_ms=search.shown_ms + 1)
    stated = "does not say a length" if stated_ms is None else f"says {stated_ms / 1000:g} s"
    work.notes.append(f"the picture ends at about {search.shown_ms / 1000:g} s; the media info {stated}")
    plan = _plan(work, work.media)
    known = work.moments | work.capture.missed.keys()
    shots = [shot for shot in plan.shots if shot.at_ms not in known]
    work.capture_shots(shots[: min(refused, work.calls_left)])
    return plan


def _plan(work: Workspace, media: MediaInfo) -> Plan:
    return plan_shots(work.settings, work.make.recipe.times, media, max_shots=work.settings.max_calls - 1)


def _described_moments(work: Workspace, plan: Plan) -> set[int]:
    """Return the moments that the manifest describes: those of the plan, and what was captured in their place."""
    planned = {shot.at_ms for shot in plan.shots}
    moments = work.moments & (planned | work.capture.measured.keys())
    return moments or work.moments & {0}


def _describe(
    work: Workspace, plan: Plan, problems: Sequence[Missed], moments: set[int], products: "_Products"
) -> Manifest:
    thumbnails = [
        entry for name, entry in work.thumbnails.items() if name.at_ms in moments and name in work.names(name.at_ms)
    ]
    refused = work.capture.missed
    dropped = [moment for moment in plan.dropped if moment.at_ms not in refused]  # the cloud's own words say more
    missed = [_describe_missed(moment) for moment in (*problems, *dropped, *refused.values())]
    planned = {shot.at_ms for shot in plan.shots}
    is_same_recipe = work.reuse.recipe == work.make.recipe.digest
    earlier = [entry for entry in work.reuse.missed if is_same_recipe or entry.at_ms in planned]
    media = work.media
    return Manifest(
        source=Source(
            bucket=work.bucket_name,
            region=work.invocation.region,
            key=work.key,
            etag=work.object.etag,
            size_bytes=work.object.size_bytes,
            duration_ms=media.duration_ms,
            width_px=media.width_px,
            height_px=media.height_px,
            codec=media.codec,
        ),
        recipe=work.make.recipe.digest,
        generation=work.generation,
        thumbnails=tuple(sorted(thumbnails, key=lambda entry: (entry.at_ms, -entry.width_px, entry.key))),
        missed=name_replacements((*earlier, *missed), {entry.at_ms for entry in thumbnails}),
        notes=tuple(work.notes),
        poster=products.poster,
        storyboard=products.storyboard,
        preview=products.preview,
        calls=work.calls,
        made_at=format_time(work.invocation.now),
        made_by=f"snapshot {__version__}",
    )


def _break_off(work: Workspace, error: SnapshotError) -> None:
    """Leave findings and paid calls to the next delivery; the failure itself is what counts.

    Only where the source is still the same: what was learned may be of a content that came in between.
    """
    calls = work.calls
    if isinstance(error, SourceChanged) or calls == work.reuse.calls:
        return
    journal = Journal(
        recipe=work.make.recipe.digest,
        media=MediaRecord.of(work.media) if work.media.duration_ms is not None or work.media.has_picture else None,
        missed=(*work.reuse.missed, *map(_describe_missed, work.capture.missed.values())),
        candidates=describe_measured(work),
        calls=calls,
    )
    key = work.layout.journal(work.generation)
    write = partial(work.put_late, key, journal.to_json(), content_type=_JSON)
    with suppress(SnapshotError, FutureTimeout):
        work.invocation.io.submit(write).result(timeout=work.invocation.deadline.left_s())


def _put_document(work: Workspace, key: str, body: bytes) -> None:
    work.put(key, body, content_type=_JSON, cache_control=NO_CACHE)


def _describe_missed(missed: Missed) -> MissedEntry:
    return MissedEntry(at_ms=missed.at_ms, code=missed.code, message=missed.message)


@dataclass(frozen=True, slots=True)
class _Products:
    """The products of a video beside its thumbnails."""

    poster: PosterEntry | None
    storyboard: StoryboardEntry | None
    preview: PreviewEntry | None


class _Stopwatch:
    """The duration of each step in whole milliseconds."""

    def __init__(self) -> None:
        self.spent_ms: dict[str, int] = {}
        self._since_s = time.monotonic()

    def note(self, name: str) -> None:
        """Note the time since the last note under this name."""
        now_s = time.monotonic()
        self.spent_ms[name] = int((now_s - self._since_s) * 1000)
        self._since_s = now_s

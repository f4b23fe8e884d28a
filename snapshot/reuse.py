"""Objects that earlier deliveries left of a generation -> pictures that need not be captured, or paid for, again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import cast

from snapshot.answers import check_unreadable
from snapshot.bucket import Bucket
from snapshot.journal import MediaRecord, parse_journal
from snapshot.layout import MEDIA_METADATA, PICTURE_METADATA, SOURCE_ETAG_METADATA, ThumbnailName
from snapshot.manifest import NO_CALLS, Calls, CandidateEntry, FileFormat, Manifest, MissedEntry, ThumbnailEntry
from snapshot.media import ListedObject, MediaInfo, StoredObject
from snapshot.plan import PLAN_CODES
from snapshot.products.scoring import FrameStats
from snapshot.scheduler import Lane
from snapshot.state import Inspection, names_by_key

_MEASURES = {field.name for field in fields(FrameStats)}


@dataclass(frozen=True, slots=True)
class Reuse:
    """The stored objects of one generation: stored thumbnails, their measures, media info, moments that cannot be had.

    `candidates` are the measures of moments of which nothing is stored. `recipe` is the digest of the recipe by which
    the last delivery of this generation went, empty where that is not known.
    """

    thumbnails: Mapping[ThumbnailName, ThumbnailEntry]
    stats: Mapping[int, FrameStats]
    candidates: Mapping[int, FrameStats]
    media: MediaInfo | None
    missed: tuple[MissedEntry, ...]
    calls: Calls
    recipe: str = ""


NOTHING = Reuse({}, {}, {}, None, (), NO_CALLS)


def read_reuse(state: Inspection, generation: str, output: Bucket, io: Lane, *, abandoned: Calls = NO_CALLS) -> Reuse:
    """Return the stored objects of a generation; asks for nothing where nothing does.

    `abandoned` are paid calls of this generation that are counted nowhere yet.

    Raises:
        SnapshotError: a look at an object failed.
    """
    names = names_by_key(state, generation)
    journal_key = state.layout.journal(generation)
    has_journal = journal_key in state.listed
    known = _known_media(state)
    manifest = _manifest_of(state, generation)
    if not names and not has_journal and manifest is None:
        return replace(NOTHING, media=known.to_media() if known else None, calls=abandoned)
    body, *heads = io.gather(
        (lambda: output.get(journal_key)) if has_journal else (lambda: None),
        *(partial(output.head, key) for key in names),
    )
    thumbnails: dict[ThumbnailName, ThumbnailEntry] = {}
    stats: dict[int, FrameStats] = {}
    media: MediaRecord | None = None
    for (key, name), head in zip(names.items(), heads, strict=True):
        stored = _read_thumbnail(state, name, state.listed[key], head)
        if stored is not None:
            thumbnails[name], stats[name.at_ms] = stored
            media = media or MediaRecord.parse(head.metadata.get(MEDIA_METADATA, ""))
    journal = parse_journal(body)
    if has_journal and journal is None:
        check_unreadable(output, io, state.listed[journal_key], body)
    missed = journal.missed if journal else manifest.missed if manifest else ()
    last = journal or manifest
    paid_at_least = Calls(snapshot=len(stats), media_info=1 if media and not known and not last else 0)
    calls = (last.calls if last else NO_CALLS).plus(abandoned).at_least(paid_at_least)
    media = (journal and journal.media) or known or media
    return Reuse(
        thumbnails,
        stats,
        _read_candidates(journal.candidates if journal else (), manifest),
        media.to_media() if media else None,
        tuple(entry for entry in missed if entry.at_ms is not None and entry.code not in PLAN_CODES),
        calls,  # a delivery that was killed counted none; what lies there says how many there must have been
        last.recipe if last else "",
    )


def picture_metadata(width_px: int, height_px: int, stats: FrameStats) -> str:
    """Return the facts in a stored thumbnail's metadata."""
    return f"{width_px}x{height_px} {stats.to_text()}"


def _read_thumbnail(
    state: Inspection, name: ThumbnailName, listed: ListedObject, head: StoredObject | None
) -> tuple[ThumbnailEntry, FrameStats] | None:
    if head is None or state.source is None or head.metadata.get(SOURCE_ETAG_METADATA) != state.source.etag:
        return None
    size, _, text = head.metadata.get(PICTURE_METADATA, "").partition(" ")
    stats = FrameStats.from_text(text)
    width_px, cross, height_px = size.partition("x")
    if stats is None or not (cross and width_px.isdecimal() and height_px.isdecimal()) or not listed.size_bytes:
        return None
    entry = ThumbnailEntry(
        key=listed.key,
        at_ms=name.at_ms,
        width_px=int(width_px),
        height_px=int(height_px),
        format=cast("FileFormat", name.format),
        size_bytes=listed.size_bytes,
        etag=listed.etag,
    )
    return entry, stats


def _read_candidates(entries: Iterable[CandidateEntry], manifest: Manifest | None) -> dict[int, FrameStats]:
    of_manifest = manifest.poster.candidates if manifest and manifest.poster else ()
    candidates = {}
    for entry in (*of_manifest, *entries):
        if entry.origin == "candidate" and entry.measures.keys() == _MEASURES:
            candidates[entry.at_ms] = FrameStats(**entry.measures)
    return candidates


def _known_media(state: Inspection) -> MediaRecord | None:
    """Return the media info in the last manifest; it is of the content alone, whatever is made of it."""
    manifest = state.manifest
    if manifest is None or state.source is None or manifest.source.etag != state.source.etag:
        return None
    source = manifest.source
    has_picture = all(entry.code != "NoPicture" for entry in manifest.missed)
    if has_picture and source.codec is None and not manifest.thumbnails:
        return None  # there was no media info either
    return MediaRecord(
        duration_ms=source.duration_ms,
        width_px=source.width_px,
        height_px=source.height_px,
        codec=source.codec,
        has_picture=has_picture,
    )


def _manifest_of(state: Inspection, generation: str) -> Manifest | None:
    manifest = state.manifest
    if manifest is None or state.source is None:
        return None
    return manifest if (manifest.generation, manifest.source.etag) == (generation, state.source.etag) else None

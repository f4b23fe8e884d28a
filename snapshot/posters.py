"""Measured pictures of one video -> the poster's files in the bucket, and the manifest's entry about them.

Pictures that are there anyway are compared first. Where none convinces, a few more moments are captured small, and the
winner of those once more in full.
"""

from collections.abc import Iterable
from dataclasses import asdict, replace
from functools import partial
from typing import Any

from snapshot.layout import NO_CACHE
from snapshot.manifest import CandidateEntry, FileEntry, PosterEntry
from snapshot.plan import within
from snapshot.products.picture import MEASURED_PX
from snapshot.products.placeholder import dominant_colour, make_placeholder
from snapshot.products.poster import Candidate, Choice, Origin, choose, plan_candidates
from snapshot.products.small import open_small
from snapshot.products.thumbnails import CONTENT_TYPES, Thumbnail
from snapshot.times import moments_of, spell_point
from snapshot.workspace import Workspace, describe_file


def publish_poster(work: Workspace, moments: Iterable[int], tiles: Iterable[int] = ()) -> PosterEntry | None:
    """Begin to store the poster of the best of these moments beside the last thumbnails, and return its entry.

    `tiles` are moments of which there is a small picture anyway.

    None where there is no picture, or a failure that will be raised.

    Raises:
        SnapshotError: a stored picture could not be read.
    """
    policy = _read_policy(work)
    if isinstance(policy, int) and policy not in work.moments and work.calls_left:
        work.capture_kept(work.plan_shot(policy))
    choice = _choose(work, moments, tiles, policy)
    for candidates in _plan_candidates(work) if policy == "best" else ():
        if choice is None or choice.convinces or work.capture.failures:
            break
        _capture_small(work, candidates)
        choice = _choose(work, moments, tiles, policy)
    if choice is None or work.capture.failures:
        return None
    entry = _existing_poster(work, choice)
    if entry is not None:
        return entry
    if not _has_picture(work, choice.at_ms):
        work.capture_kept(work.plan_shot(choice.at_ms))
        if work.capture.failures or not work.capture.kept(choice.at_ms):
            return None
    return _store_poster(work, choice)


def _has_picture(work: Workspace, at_ms: int) -> bool:
    """Tell whether a moment's thumbnails are in memory or in the bucket."""
    file_format = work.settings.formats[0]
    if work.capture.kept(at_ms) or work.has_thumbnails(at_ms, file_format):
        return True
    if at_ms in work.capture.measured:
        work.capture.wait_stored()
    return work.has_thumbnails(at_ms, file_format)


def _read_policy(work: Workspace) -> str | int:
    """Return the policy, or the moment that was asked for; a moment outside the video is noted."""
    point = work.make.recipe.poster
    if isinstance(point, str):
        return point
    moments = moments_of(point, work.media.duration_ms)
    if moments is None or not within(work.media.duration_ms, moments[0]):
        work.notes.append(f"the poster should be the picture at {spell_point(point)}, but the video has none there")
        return "best"
    return moments[0]


def _choose(work: Workspace, moments: Iterable[int], tiles: Iterable[int], policy: str | int) -> Choice | None:
    origins: dict[int, Origin] = {**dict.fromkeys(tiles, "tile"), **dict.fromkeys(moments, "shot")}
    shots = {at_ms for at_ms, origin in origins.items() if origin == "shot"}
    stats = {**work.reuse.candidates, **work.reuse.stats, **work.capture.measured}
    candidates = [
        Candidate(at_ms, origins.get(at_ms, "candidate"), measures)
        for at_ms, measures in stats.items()
        if (at_ms in shots or work.calls_left)  # the winner of the others is captured once more
        and (at_ms in origins or at_ms in work.capture.measured or at_ms in work.reuse.candidates)
    ]
    return choose(candidates, policy, duration_ms=work.media.duration_ms) if candidates else None


def _plan_candidates(work: Workspace) -> tuple[tuple[int, ...], ...]:
    """Return the moments to look at where no picture convinces, in rounds."""
    count = min(work.settings.poster_candidates, max(0, work.calls_left - 1))  # the winner is captured once more
    main = work.media.main
    return plan_candidates(work.media.duration_ms, count, frames=main.frames if main else None)


def _capture_small(work: Workspace, moments: Iterable[int]) -> None:
    """Capture these moments in the size that is measured; what of them cannot be had is no failure."""
    known = {*work.capture.measured, *work.reuse.stats, *work.reuse.candidates, *work.capture.missed}
    width_px, height_px = work.media.width_px or 0, work.media.height_px or 0
    if max(width_px, height_px) <= MEASURED_PX and width_px:
        side = (0, 0)
    else:
        side = (MEASURED_PX, 0) if width_px >= height_px else (0, MEASURED_PX)
    shots = [
        replace(work.plan_shot(at_ms), width_px=side[0], height_px=side[1], format="jpg")
        for at_ms in moments
        if at_ms not in known
    ]
    work.capture_shots(shots, names=frozenset())


def _existing_poster(work: Workspace, choice: Choice) -> PosterEntry | None:
    """Return the entry of a poster of this moment that lies there already, as it would be stored now."""
    manifest = work.state.manifest
    if manifest is None or manifest.poster is None or manifest.generation != work.generation:
        return None
    poster, listed = manifest.poster, work.state.listed
    if poster.at_ms != choice.at_ms or {entry.key for entry in poster.files} != set(_poster_keys(work)):
        return None
    for entry in poster.files:
        stored = listed.get(entry.key)
        if stored is None or (stored.etag, stored.size_bytes) != (entry.etag, entry.size_bytes):
            return None
    return poster.model_copy(update=_describe_choice(choice))


def _poster_keys(work: Workspace) -> list[str]:
    file_format, sizes = work.settings.formats[0], work.settings.sizes
    sized = [work.layout.poster(file_format, size) for size in sizes] if len(sizes) > 1 else []
    return [work.layout.poster(file_format), *sized]


def _store_poster(work: Workspace, choice: Choice) -> PosterEntry:
    file_format = work.settings.formats[0]
    pictures = work.read_thumbnails(choice.at_ms, file_format)
    files = {work.layout.poster(file_format): pictures[0]}
    if len(work.settings.sizes) > 1:
        files |= {work.layout.poster(file_format, thumbnail.size): thumbnail for thumbnail in pictures}
    for key, thumbnail in files.items():
        work.capture.put(partial(_put_poster, work, key, thumbnail))
    entries = tuple(describe_file(key, thumbnail) for key, thumbnail in files.items())
    work.read_small([choice.at_ms], is_tile=False)
    placeholder, colour = work.cpu.gather(partial(_make_placeholder, work.capture.small.get(choice.at_ms)))[0]
    return PosterEntry(
        key=entries[0].key,
        at_ms=choice.at_ms,
        files=entries,
        srcset=_srcset(entries),
        placeholder=placeholder,
        colour=colour,
        **_describe_choice(choice),
    )


def _make_placeholder(small: bytes | None) -> tuple[str | None, str | None]:
    """Return a data URI and a colour, for a page to show until the poster has loaded; None without a picture."""
    if small is None:
        return None, None
    pixels = open_small(small).pixels
    return make_placeholder(pixels), dominant_colour(pixels)


def _put_poster(work: Workspace, key: str, thumbnail: Thumbnail) -> None:
    work.put(key, thumbnail.body, content_type=CONTENT_TYPES[thumbnail.format], cache_control=NO_CACHE)


def describe_measured(work: Workspace) -> tuple[CandidateEntry, ...]:
    """Return the measures of moments without a stored picture, for the journal."""
    stored = {name.at_ms for name in work.thumbnails}
    measured = {**work.reuse.candidates, **work.capture.measured}
    return tuple(
        CandidateEntry(at_ms=at_ms, origin="candidate", measures=asdict(stats))
        for at_ms, stats in sorted(measured.items())
        if at_ms not in stored
    )


def _describe_choice(choice: Choice) -> dict[str, Any]:
    measured = [
        CandidateEntry(at_ms=candidate.at_ms, origin=candidate.origin, score=score, measures=asdict(candidate.stats))
        for candidate, score in choice.scores
    ]
    return {
        "why": choice.reason,
        "flat": choice.is_flat,
        "score": choice.score,
        "candidates": tuple(measured),
    }


def _srcset(entries: Iterable[FileEntry]) -> str:
    """Return a value for an img element's srcset: each width once, by file names beside the manifest."""
    by_width = {entry.width_px: entry.key.rpartition("/")[2] for entry in entries}
    return ", ".join(f"{name} {width_px}w" for width_px, name in sorted(by_width.items()))

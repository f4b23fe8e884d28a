"""A run -> lines for a terminal: one row a thumbnail, then the missed moments, then the time.

Keys come last, so that none is cut.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from studio.manifest import Manifest, Missed
from studio.page import Failure, Phase, VideoResult, chosen_picture, cost_usd, seconds, timecode, usd

_MAX_MOMENTS = 4
_HEADINGS = ("time", "size", "bytes", "key")


def video_lines(video: VideoResult) -> Iterator[str]:
    """Return the lines about one video that has a manifest."""
    manifest = video.manifest
    yield _heading(manifest)
    yield from _missed_lines(manifest.missed)
    rows = [
        (
            timecode(picture.at_ms),
            f"{picture.width_px}x{picture.height_px}",
            f"{picture.size_bytes:,}",
            _plain(picture.key),
        )
        for picture in manifest.thumbnails
    ]
    best = chosen_picture(manifest)
    if manifest.poster and best:
        size = f"{best.width_px}x{best.height_px}"
        rows.append((timecode(manifest.poster.at_ms), size, f"{best.size_bytes:,}", _plain(manifest.poster.key)))
    if rows:
        yield from _columns([_HEADINGS, *rows])
    if manifest.poster:
        yield f"  poster: {_plain(manifest.poster.reason)}"
    if manifest.calls:
        yield f"  cost: {usd(cost_usd(manifest))} at list price"


def failure_lines(failure: Failure) -> Iterator[str]:
    """Return the lines about a video without a manifest, and the reason."""
    first, *rest = failure.reason.splitlines() or [""]
    yield f"{_plain(failure.key)}: no manifest. {failure.state}: {_plain(first)}"
    yield from (f"  {_plain(line)}" for line in rest)


def time_lines(phases: Sequence[Phase]) -> Iterator[str]:
    """Return the lines about the time, its sum last."""
    yield "where the time went"
    width = max([len(phase.name) for phase in phases], default=0)
    for phase in [*phases, Phase("in all", sum(phase.duration_ms for phase in phases))]:
        yield f"  {phase.name:<{width}}  {seconds(phase.duration_ms):>9}"


def _missed_lines(missed: Sequence[Missed]) -> Iterator[str]:
    """Return a line for each reason, with the moments that it is the reason of."""
    for (code, message), group in groupby(missed, key=lambda miss: (miss.code, miss.message)):
        moments = [timecode(miss.at_ms) for miss in group if miss.at_ms is not None]
        names = ", ".join(moments[:_MAX_MOMENTS])
        if moments[_MAX_MOMENTS:]:
            names += f" and {len(moments) - _MAX_MOMENTS} more"
        yield f"  missed {names}".rstrip() + f"  {_plain(code)}: {_plain(message)}"


def _heading(manifest: Manifest) -> str:
    source = manifest.source
    facts = [
        timecode(source.duration_ms) if source.duration_ms is not None else "",
        f"{source.width_px}x{source.height_px}" if source.width_px and source.height_px else "",
        source.codec or "",
        f"{source.size_bytes:,} bytes" if source.size_bytes is not None else "",
    ]
    return ", ".join([_plain(source.key), *filter(None, facts)])


def _columns(rows: Iterable[tuple[str, str, str, str]]) -> Iterator[str]:
    rows = list(rows)
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for time, size, size_bytes, key in rows:
        yield f"  {time:>{widths[0]}}  {size:>{widths[1]}}  {size_bytes:>{widths[2]}}  {key}"


def _plain(text: str) -> str:
    """Escape the letters that a terminal would obey instead of printing."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)

"""What a run made, turned into lines for a terminal: one row a thumbnail, then what was missed, then the time.

It must not know how wide the terminal is, nor where the lines go. Keys come last, so that none is cut.
"""

from collections.abc import Iterable, Iterator, Sequence

from emulator.demo.manifest import Manifest
from emulator.demo.page import Film, Loss, Phase, chosen_picture, seconds, timecode

_HEADINGS = ("time", "size", "bytes", "key")


def film_lines(film: Film) -> Iterator[str]:
    """Tell what was made of one film.  Raises: nothing."""
    manifest = film.manifest
    yield _heading(manifest)
    rows = [
        (timecode(one.at_ms), f"{one.width_px}x{one.height_px}", f"{one.size_bytes:,}", _plain(one.key))
        for one in manifest.thumbnails
    ]
    best = chosen_picture(manifest)
    if manifest.poster and best:
        size = f"{best.width_px}x{best.height_px}"
        rows.append((timecode(manifest.poster.at_ms), size, f"{best.size_bytes:,}", _plain(manifest.poster.key)))
    if rows:
        yield from _columns([_HEADINGS, *rows])
    if manifest.poster:
        yield f"  poster: {_plain(manifest.poster.why)}"
    for missed in manifest.missed:
        moment = "missed" if missed.at_ms is None else f"missed {timecode(missed.at_ms)}"
        yield f"  {moment}  {_plain(missed.code)}: {_plain(missed.message)}"


def loss_lines(loss: Loss) -> Iterator[str]:
    """Tell that a video has no manifest, and why.  Raises: nothing."""
    first, *rest = loss.reason.splitlines() or [""]
    yield f"{_plain(loss.key)}: no manifest. {_plain(first)}"
    yield from (f"  {_plain(line)}" for line in rest)


def time_lines(phases: Sequence[Phase]) -> Iterator[str]:
    """Tell where the time went, the whole of it last.  Raises: nothing."""
    yield "where the time went"
    width = max([len(phase.name) for phase in phases], default=0)
    for phase in [*phases, Phase("in all", sum(phase.duration_ms for phase in phases))]:
        yield f"  {phase.name:<{width}}  {seconds(phase.duration_ms):>9}"


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
    """Show what a terminal would obey, and not print, as an escape."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)

"""Manifests, turned into a contact sheet: one HTML document with its style inside, pictures by link.

It must not know where pictures lie (it is told how to link to an object), nor what a cloud or a file is.
Every text is escaped by the template engine; the look stands in page.css, the structure in page.html.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from emulator.demo.manifest import Manifest, Missed, Thumbnail

Href = Callable[[str, str], str]
"""(bucket, key) -> an address that a browser can follow from the page."""

_HERE = Path(__file__).parent
_GRID_WIDTH_PX = 640  # no frame of the grid is shown wider than this on a common screen
_KILO = 1000
_UNITS = ("kB", "MB", "GB", "TB")


@dataclass(frozen=True, slots=True)
class Film:
    """A video that has its manifest, and where that manifest lies, its pictures beside it."""

    manifest: Manifest
    bucket: str
    manifest_key: str


@dataclass(frozen=True, slots=True)
class Phase:
    """A part of the time that a run took."""

    name: str
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Loss:
    """A video without a manifest, and what is known about it."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Live:
    """The cloud behind a page that keeps itself fresh; `watched`: a function answers uploads."""

    endpoint: str
    region: str
    buckets: tuple[str, ...]
    watched: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """One place of the grid: a moment with its pictures, widest first, or the reason why it has none."""

    number: int
    at_ms: int | None
    pictures: tuple[Thumbnail, ...]
    missed: Missed | None

    @property
    def shown(self) -> Thumbnail:
        """The smallest picture that fills its place in the grid, else the widest there is."""
        enough = [picture for picture in self.pictures if picture.width_px >= _GRID_WIDTH_PX]
        return enough[-1] if enough else self.pictures[0]


def contact_sheet(
    films: Sequence[Film],
    *,
    href: Href,
    losses: Sequence[Loss] = (),
    phases: Sequence[Phase] = (),
    settings: Sequence[tuple[str, str]] = (),
    live: Live | None = None,
) -> str:
    """Lay the films out, in the order given, as one HTML document.

    `phases` are shown as one bar in the order given, `settings` as (name, value) as they are.
    Raises: nothing; a manifest's text, however hostile, is only ever text.
    """
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        timecode=timecode, amount=amount, seconds=seconds, name=file_name, folder=_folder, plural=_plural
    )
    return environment.get_template("page.html").render(
        style=Markup((_HERE / "page.css").read_text("utf-8")),  # noqa: S704  # our own file
        films=films,
        href=href,
        losses=losses,
        phases=phases,
        total_ms=sum(phase.duration_ms for phase in phases),
        settings=settings,
        live=live,
        moments=moments_of,
        chosen=chosen_picture,
    )


def moments_of(manifest: Manifest) -> tuple[Moment, ...]:
    """Put pictures and misses in the order of the film, one place a moment; misses without one go last."""
    pictures = sorted(manifest.thumbnails, key=lambda picture: (picture.at_ms, -picture.width_px))
    places: list[tuple[int | None, tuple[Thumbnail, ...], Missed | None]] = [
        (at_ms, tuple(group), None) for at_ms, group in groupby(pictures, key=lambda picture: picture.at_ms)
    ]
    places += [(missed.at_ms, (), missed) for missed in manifest.missed]
    places.sort(key=lambda place: (place[0] is None, place[0] or 0))
    return tuple(Moment(number, *place) for number, place in enumerate(places, start=1))


def chosen_picture(manifest: Manifest) -> Thumbnail | None:
    """Find the thumbnail that the poster is a copy of: its size is the poster's; None where none fits."""
    poster = manifest.poster
    if poster is None:
        return None
    same = [picture for picture in manifest.thumbnails if picture.at_ms == poster.at_ms]
    named = [picture for picture in same if picture.key == poster.key]
    return next(iter(named or sorted(same, key=lambda picture: -picture.width_px)), None)


def timecode(at_ms: int) -> str:
    """Write a moment as people read film time, e.g. 75500 -> "1:15.500", 3600000 -> "1:00:00.000"."""
    sign, rest = ("-", -at_ms) if at_ms < 0 else ("", at_ms)
    minutes, milliseconds = divmod(rest, 60_000)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours}:{minutes:02d}" if hours else str(minutes)
    return f"{sign}{clock}:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"


def amount(size_bytes: int) -> str:
    """Write a size with three digits that matter, in decimal units, e.g. 48211 -> "48.2 kB"."""
    if size_bytes < _KILO:
        return f"{size_bytes} B"
    power = min(len(str(size_bytes)) - 1, 14) // 3
    size = size_bytes / _KILO**power
    if float(f"{size:.3g}") >= _KILO and power < len(_UNITS):  # 999.9 kB is written 1.00 MB
        power, size = power + 1, size / _KILO
    return f"{size:#.3g}".rstrip(".") + f" {_UNITS[power - 1]}"


def seconds(duration_ms: int) -> str:
    """Write how long something took, e.g. 42 -> "42 ms", 1420 -> "1.42 s"."""
    return f"{duration_ms} ms" if duration_ms < _KILO else f"{duration_ms / _KILO:.2f} s"


def file_name(key: str) -> str:
    """Give the last part of a key: what people call the file."""
    return key.rpartition("/")[2] or key


def _folder(key: str) -> str:
    return key.removesuffix(file_name(key))


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

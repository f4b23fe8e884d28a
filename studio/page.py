"""Manifests, failures and phases -> one HTML document with its style inside, pictures by link.

Every text is escaped by the template engine; the look stands in page.css, the structure in page.html and live.html.
Source of the price: Tencent Cloud's price list (INTL), media processing, read 2026-11-22.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from studio.manifest import File, Manifest, Missed, Storyboard, Thumbnail

Href = Callable[[str, str], str]
"""(bucket, key) -> an address that a browser can follow from the page."""

_FOLDER = Path(__file__).parent
_GRID_WIDTH_PX = 640  # no frame of the grid is shown wider than this on a common screen
_KILO = 1000
_UNITS = ("kB", "MB", "GB", "TB")
_USD_PER_CALL = Decimal("0.000015")  # a snapshot and a media info: 0.015 USD per thousand each


@dataclass(frozen=True, slots=True)
class VideoResult:
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
class Failure:
    """A video without a manifest, with the reason; a skipped one was never meant to have pictures."""

    key: str
    reason: str
    state: Literal["failed", "skipped"] = "failed"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An uploaded video whose manifest is still to come, and how far it is."""

    key: str
    state: str


@dataclass(frozen=True, slots=True)
class Snippet:
    """An upload to the local cloud in one language, ready to be run."""

    language: str
    code: str


@dataclass(frozen=True, slots=True)
class Live:
    """The cloud behind a page that keeps itself fresh.

    `watched`: a function answers uploads under `prefix`. `settings_problem` is what the function says of its settings
    where it does not start at all. A file of more than `slice_bytes` is uploaded in slices.
    """

    endpoint: str
    region: str
    buckets: tuple[str, ...]
    watched: bool
    prefix: str = "videos/"
    waiting: tuple[Waiting, ...] = ()
    settings_problem: str = ""
    snippets: tuple[Snippet, ...] = ()
    slice_bytes: int = 16 * 1024 * 1024


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
        wide_enough = [picture for picture in self.pictures if picture.width_px >= _GRID_WIDTH_PX]
        return wide_enough[-1] if wide_enough else self.pictures[0]


@dataclass(frozen=True, slots=True)
class Tile:
    """One small picture of a storyboard: the sheet it lies on, and its place there."""

    at_ms: int
    sheet_key: str
    left_px: int
    top_px: int


def contact_sheet(
    videos: Sequence[VideoResult],
    *,
    href: Href,
    failures: Sequence[Failure] = (),
    phases: Sequence[Phase] = (),
    settings: Sequence[tuple[str, str]] = (),
    live: Live | None = None,
) -> str:
    """Lay the videos out, in the order given, as one HTML document.

    `phases` are shown as one bar in the order given, `settings` as (name, value) as they are. A manifest's text,
    however hostile, is only ever text.
    """
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        timecode=timecode,
        amount=amount,
        seconds=seconds,
        name=file_name,
        folder=_folder,
        plural=_plural,
        usd=usd,
        breakable=_breakable,
        breakable_code=_breakable_code,
    )
    return environment.get_template("page.html").render(
        style=_own_file("page.css"),
        script=_own_file("live.js") if live else "",
        videos=videos,
        href=href,
        address=lambda bucket, key: live.endpoint + href(bucket, key) if live else _cos_address(videos, bucket, key),
        failures=failures,
        without_pictures=[video for video in videos if not video.manifest.thumbnails],
        summary=_summary(videos, failures, live.waiting if live else ()),
        phases=phases,
        total_ms=sum(phase.duration_ms for phase in phases),
        settings=settings,
        live=live,
        moments=moments_of,
        tiles=tiles_of,
        chosen=chosen_picture,
        cost=cost_usd,
        paid=paid_calls,
    )


def moments_of(manifest: Manifest) -> tuple[Moment, ...]:
    """Return pictures and misses in the order of the video, one place a moment; misses without a moment go last."""
    pictures = sorted(manifest.thumbnails, key=lambda picture: (picture.at_ms, -picture.width_px))
    places: list[tuple[int | None, tuple[Thumbnail, ...], Missed | None]] = [
        (at_ms, tuple(group), None) for at_ms, group in groupby(pictures, key=lambda picture: picture.at_ms)
    ]
    places += [(missed.at_ms, (), missed) for missed in manifest.missed]
    places.sort(key=lambda place: (place[0] is None, place[0] or 0))
    return tuple(Moment(number, *place) for number, place in enumerate(places, start=1))


def chosen_picture(manifest: Manifest) -> File | None:
    """Return the picture that the poster is a copy of: its size is the poster's; None where none fits."""
    poster = manifest.poster
    if poster is None:
        return None
    thumbnails = sorted(manifest.thumbnails, key=lambda picture: -picture.width_px)
    pictures = [*poster.files, *(picture for picture in thumbnails if picture.at_ms == poster.at_ms)]
    return next((picture for picture in pictures if picture.key == poster.key), pictures[0] if pictures else None)


def cost_usd(manifest: Manifest) -> Decimal:
    """Return the price of the paid calls of a manifest, at Tencent Cloud's list price."""
    return _USD_PER_CALL * paid_calls(manifest)


def paid_calls(manifest: Manifest) -> int:
    """Return the number of calls of a manifest that Tencent Cloud charges for."""
    return manifest.calls.get("snapshot", 0) + manifest.calls.get("media_info", 0)


def usd(price: Decimal) -> str:
    """Write a price without zeros that say nothing, e.g. "0.000075 USD"."""
    return f"{price.normalize():f} USD"


def tiles_of(storyboard: Storyboard) -> tuple[Tile, ...]:
    """Return the tiles of a storyboard in the order of time."""
    places = [
        (sheet.key, *divmod(place, storyboard.columns)) for sheet in storyboard.sheets for place in range(sheet.tiles)
    ]
    return tuple(
        Tile(number * storyboard.interval_ms, key, column * storyboard.tile_width_px, row * storyboard.tile_height_px)
        for number, (key, row, column) in enumerate(places)
    )


def timecode(at_ms: int) -> str:
    """Write a moment as players show it, e.g. 75500 -> "1:15.500", 3600000 -> "1:00:00.000"."""
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
    """Write a duration, e.g. 42 -> "42 ms", 1420 -> "1.42 s"."""
    return f"{duration_ms} ms" if duration_ms < _KILO else f"{duration_ms / _KILO:.2f} s"


def file_name(key: str) -> str:
    """Return the last part of a key, the name of the file."""
    return key.rpartition("/")[2] or key


def _folder(key: str) -> str:
    return key.removesuffix(file_name(key))


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _summary(videos: Sequence[VideoResult], failures: Sequence[Failure], waiting: Sequence[Waiting]) -> str:
    """Count the videos by their outcome, e.g. "8 videos: 4 with pictures, 2 failed, 2 skipped"."""
    counts = {
        "with pictures": sum(bool(video.manifest.thumbnails) for video in videos),
        "without a picture": sum(not video.manifest.thumbnails for video in videos),
        "failed": sum(failure.state == "failed" for failure in failures),
        "skipped": sum(failure.state == "skipped" for failure in failures),
        "in progress": len(waiting),
    }
    parts = [f"{count} {state}" for state, count in counts.items() if count]
    total = _plural(sum(counts.values()), "video")
    return total if parts in ([], [f"{len(videos)} with pictures"]) else f"{total}: {', '.join(parts)}"


def _cos_address(videos: Sequence[VideoResult], bucket: str, key: str) -> str:
    """Return an object's address in COS; the function works in one region."""
    return f"https://{bucket}.cos.{videos[0].manifest.source.region}.myqcloud.com/{quote(key)}"


def _breakable(address: str) -> Markup:
    """Let a long address break behind its slashes."""
    return Markup("/<wbr>").join(address.split("/"))


def _breakable_code(code: str) -> Markup:
    """Let the name of an error, such as PastTheEnd, break between its words where it does not fit."""
    return Markup("<wbr>").join(re.split(r"(?<=[a-z])(?=[A-Z])", code))


def _own_file(name: str) -> Markup:
    return Markup((_FOLDER / name).read_text("utf-8"))  # noqa: S704  # our own file

"""The length and shape of a video -> a grid of tiles, and tiles -> sheets: the pictures a player shows while scrubbing.

Intervals are whole seconds, because two players floor to them, and fit how xgplayer computes its own:
round(length / tiles). Sheets are at most 4096 px a side: Roku and iOS show nothing above. All sheets of a storyboard
have one layout, the last one is padded: HLS states it once a rendition.
Source: players' own code and issue threads, docs/storyboard.md, 2026-11-25.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from PIL import Image

from snapshot.media import Size
from snapshot.products.picture import BadPicture, Picture, decode, read_header
from snapshot.products.thumbnails import cut, encode, resize

MAX_SHEET_PX = 4096
MAX_LENGTH_S = 99 * 3600 + 59 * 60 + 59  # players read hours of two digits
_SIDE = 5  # tiles a row and a column
_SHEET_QUALITY, _TILE_QUALITY = 80, 95  # a tile is encoded twice, so first with little loss
_ROUNDED_PX = 2  # what even sides may cost a side; a picture that is off by more gets bars
_AUTO: tuple[tuple[int, int], ...] = (
    (10 * 60, 25),
    (60 * 60, 50),
    (MAX_LENGTH_S, 100),
)  # up to so many seconds, so many tiles


@dataclass(frozen=True, slots=True)
class Spacing:
    """The spacing of tiles: `every` so many seconds, `count` of them, or `auto` by the length (value 0)."""

    kind: Literal["every", "count", "auto"]
    value: int = 0


@dataclass(frozen=True, slots=True)
class Grid:
    """A storyboard before it is drawn.

    Tile n shows the video from n intervals on; `moments` holds what is captured for each, in milliseconds. `length_s`
    is the video's length in whole seconds, at least 1. `wanted_interval_s` is the interval before it was fitted.
    """

    length_s: int
    interval_s: int
    wanted_interval_s: int
    moments: tuple[int, ...]
    columns: int
    rows: int
    tile_width_px: int
    tile_height_px: int

    @property
    def tiles_per_sheet(self) -> int:
        """Return the number of tiles on a full sheet."""
        return self.columns * self.rows

    @property
    def sheets(self) -> int:
        """Return the number of sheets."""
        return math.ceil(len(self.moments) / self.tiles_per_sheet)

    @property
    def sheet_size(self) -> tuple[int, int]:
        """Return the width and height of every sheet in pixels."""
        return self.columns * self.tile_width_px, self.rows * self.tile_height_px

    def tiles_of(self, sheet: int) -> range:
        """Return the numbers of the tiles on a sheet."""
        first = sheet * self.tiles_per_sheet
        return range(first, min(first + self.tiles_per_sheet, len(self.moments)))

    def box(self, tile: int) -> tuple[int, int, int, int]:
        """Return left, top, width and height of a tile on its sheet."""
        row, column = divmod(tile % self.tiles_per_sheet, self.columns)
        width_px, height_px = self.tile_width_px, self.tile_height_px
        return column * width_px, row * height_px, width_px, height_px

    def span_s(self, tile: int) -> tuple[int, int]:
        """Return the seconds at which a tile begins and ends to be shown."""
        return tile * self.interval_s, min((tile + 1) * self.interval_s, self.length_s)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A finished sheet; `repeated` holds the moments whose tile is missing and shows a neighbour instead."""

    body: bytes
    width_px: int
    height_px: int
    repeated: tuple[int, ...]


def plan_grid(
    spacing: Spacing,
    *,
    duration_ms: int,
    width_px: int,
    height_px: int,
    tile_width_px: int = 160,
    max_tiles: int,
    captured: Sequence[int] = (),
) -> Grid:
    """Return the grid for a video of this length and shown size.

    Where more than `max_tiles` would be captured anew the interval is widened. `captured` are moments of which there
    are frames anyway: a tile in whose interval one lies takes it, and costs nothing.

    Raises:
        ValueError: the video is too long for players, or there is not a single tile to spend. The text says which.
    """
    length_s = max(1, math.ceil(duration_ms / 1000))
    if length_s > MAX_LENGTH_S:
        raise ValueError(f"a video of {length_s} s is beyond 99:59:59, the last time that players read")
    wanted_s = _wanted_interval(spacing, length_s)
    least_s = max(wanted_s, length_s // (max_tiles + len(captured) + 1))
    fewer = range(math.ceil(length_s / least_s) - 1, 0, -1)
    for attempt_s in (least_s, *(math.ceil(length_s / count) for count in fewer)):
        interval_s = _fitting_interval(attempt_s, duration_ms, length_s)
        moments = _moments(interval_s, duration_ms, length_s, captured)
        if len(set(moments) - set(captured)) <= max_tiles:
            break
    else:
        raise ValueError("no paid calls are left for tiles")
    columns, rows = _SIDE, _SIDE
    if len(moments) < _SIDE * _SIDE:
        columns = min(_SIDE, len(moments))
        rows = math.ceil(len(moments) / columns)
    tile_width, tile_height = _tile_size(width_px, height_px, tile_width_px)
    return Grid(length_s, interval_s, wanted_s, moments, columns, rows, tile_width, tile_height)


def make_tile(picture: Picture, grid: Grid) -> bytes:
    """Return a picture as one tile, a JPEG file of exactly the tile's size; bars fill up where the shapes differ."""
    header, size = picture.header, Size(grid.tile_width_px, grid.tile_height_px)
    part = cut(size, "contain", header.width_px, header.height_px)
    if max(size.width_px - part.width_px, size.height_px - part.height_px) <= _ROUNDED_PX:
        part = cut(size, "cover", header.width_px, header.height_px)
    image = resize([picture.pixels], header, part)
    if image.size != (size.width_px, size.height_px):
        image = _centred(image, size)
    return encode(image, "jpg", _TILE_QUALITY)


def compose(grid: Grid, sheet: int, tiles: Mapping[int, bytes]) -> Sheet:
    """Return one sheet made of tiles by their moment in milliseconds.

    A tile that is missing or does not decode shows the nearest one before it, else the nearest after.

    Raises:
        ValueError: no tile of the whole storyboard is there.
    """
    canvas = Image.new("RGB", grid.sheet_size)
    images: dict[int, Image.Image | None] = {}
    repeated = []
    for tile in grid.tiles_of(sheet):
        wanted_ms = grid.moments[tile]
        for at_ms in sorted(tiles, key=lambda other: (other > wanted_ms, abs(other - wanted_ms))):
            if at_ms not in images:
                images[at_ms] = _open_tile(tiles[at_ms])
            image = images[at_ms]
            if image is not None:
                break
        else:
            raise ValueError("none of the tiles could be captured")
        if at_ms != wanted_ms:
            repeated.append(wanted_ms)
        left, top, _, _ = grid.box(tile)
        canvas.paste(image, (left, top))
    return Sheet(encode(canvas, "jpg", _SHEET_QUALITY), canvas.width, canvas.height, tuple(repeated))


def _wanted_interval(spacing: Spacing, length_s: int) -> int:
    match spacing.kind:
        case "every":
            return max(1, spacing.value)
        case "count":
            return max(1, math.ceil(length_s / max(1, spacing.value)))
    count: int = next(tiles for limit_s, tiles in _AUTO if length_s <= limit_s)
    return max(1, math.ceil(length_s / count))


def _fitting_interval(wanted_s: int, duration_ms: int, length_s: int) -> int:
    """Return the wanted interval, or the nearest at which xgplayer's own comes out the same, for no more tiles."""
    count = math.ceil(length_s / wanted_s)
    even_s = math.ceil(length_s / count)
    attempts: tuple[int, ...] = (wanted_s, even_s, *range(wanted_s + 1, length_s))
    for interval_s in attempts:
        if grid_count(interval_s, duration_ms):
            return interval_s
    return length_s


def grid_count(interval_s: int, duration_ms: int) -> int:
    """Return the number of tiles to tell xgplayer, so that its own interval is this one; 0 where there is none.

    It may be one less than there are: then the last tile's seconds show the one before.
    Source: xgplayer 3.0.26, plugins/common/thumbnail.js, read 2026-11-25: `Math.round(duration / pic_num)`.
    """
    count = math.ceil(max(1, math.ceil(duration_ms / 1000)) / interval_s)
    for number in (count, count - 1):
        if number and math.floor(duration_ms / 1000 / number + 0.5) == interval_s:
            return number
    return 1 if count == 1 else 0  # of a single tile any interval will do


def _moments(interval_s: int, duration_ms: int, length_s: int, captured: Sequence[int]) -> tuple[int, ...]:
    interval_ms = interval_s * 1000
    ends = [min(start + interval_ms, max(duration_ms, 1)) for start in range(0, length_s * 1000, interval_ms)]
    middles = [(number * interval_ms + end_ms) // 2 for number, end_ms in enumerate(ends)]
    nearest: dict[int, int] = {}
    for at_ms in sorted(captured):
        tile = at_ms // interval_ms
        if tile < len(ends) and at_ms < ends[tile]:
            other = nearest.get(tile, at_ms)
            nearest[tile] = min(other, at_ms, key=lambda one_ms: (abs(one_ms - middles[tile]), one_ms))
    return tuple(nearest.get(tile, middle) for tile, middle in enumerate(middles))


def _tile_size(width_px: int, height_px: int, tile_width_px: int) -> tuple[int, int]:
    """Return the tile's size: even sides, the picture's shape, no larger than the picture or than a sheet allows."""
    limit = MAX_SHEET_PX // _SIDE // 2 * 2
    scale = min(1.0, tile_width_px / width_px, limit / height_px)
    return max(2, round(width_px * scale / 2) * 2), max(2, round(height_px * scale / 2) * 2)


def _centred(image: Image.Image, size: Size) -> Image.Image:
    canvas = Image.new("RGB", (size.width_px, size.height_px))
    canvas.paste(image, ((canvas.width - image.width) // 2, (canvas.height - image.height) // 2))
    return canvas


def _open_tile(body: bytes) -> Image.Image | None:
    try:
        return decode(read_header(body)).pixels
    except BadPicture:
        return None

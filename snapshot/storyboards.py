"""Small pictures over a whole video -> sheets and the files by which players find a tile, in the bucket.

Moments of which there is a picture anyway cost nothing; the others are paid calls, bounded by SNAPSHOT_MAX_CALLS. Each
small picture is kept in the bucket until its sheet stands, so that a delivery that breaks off need not pay it again.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial

from snapshot.layout import NO_CACHE
from snapshot.manifest import DocumentEntry, MissedEntry, SheetEntry, StoryboardEntry
from snapshot.products.cues import CONTENT_TYPES, address, write_hls, write_json, write_players, write_vtt
from snapshot.products.picture import BadPicture
from snapshot.products.small import open_small
from snapshot.products.storyboard import Grid, Sheet, Spacing, compose, make_tile, plan_grid
from snapshot.settings import Settings
from snapshot.state import lies_there
from snapshot.times import Every
from snapshot.workspace import Workspace, md5_hex

_MAX_TILES = 2500  # a hundred sheets
_VERSION = 1  # one more whenever the same small pictures would give other sheets
_JPEG = "image/jpeg"


def capture_storyboard(work: Workspace, moments: Iterable[int]) -> Grid | None:
    """Capture the other moments that a storyboard needs beside these, and return its grid.

    None where none is wanted or can be made; then what stands in the way is noted.
    """
    grid = _plan(work, sorted(moments))
    if grid is not None and _stored_sheets(work, grid) is None:
        work.read_small(grid.moments, is_tile=True)
    return grid


def publish_storyboard(work: Workspace, grid: Grid | None) -> StoryboardEntry | None:
    """Begin to store the storyboard, and return its entry; None where there is none, or a failure that will be raised.

    Raises:
        SnapshotError: a small picture could not be read.
    """
    if grid is None or work.capture.failures:
        return None
    sheets = _stored_sheets(work, grid) or _store_sheets(work, grid)
    if not sheets:
        return None
    repeated = tuple(
        MissedEntry(at_ms=at_ms, code="TileMissed", message="no picture of this moment; its neighbour is shown")
        for at_ms in grid.moments
        if at_ms in work.capture.missed
    )
    return StoryboardEntry(
        interval_ms=grid.interval_s * 1000,
        wanted_interval_ms=grid.wanted_interval_s * 1000,
        count=len(grid.moments),
        columns=grid.columns,
        rows=grid.rows,
        tile_width_px=grid.tile_width_px,
        tile_height_px=grid.tile_height_px,
        sheets=sheets,
        files=_store_documents(work, grid, sheets),
        missed=repeated,
    )


def _plan(work: Workspace, moments: Sequence[int]) -> Grid | None:
    if work.settings.storyboard == "off" or not moments:
        return None
    width_px, height_px = work.frame_size
    if work.media.duration_ms is None or not width_px or not height_px:
        work.notes.append("there is no storyboard, since the length or the size of the video is not known")
        return None
    side_px = work.settings.storyboard_tile_px
    tile_width_px = side_px if width_px >= height_px else max(2, round(side_px * width_px / height_px / 2) * 2)
    try:
        return plan_grid(
            _spacing(work.settings),
            duration_ms=work.media.duration_ms,
            width_px=width_px,
            height_px=height_px,
            tile_width_px=tile_width_px,
            max_tiles=min(work.calls_left, _MAX_TILES),
            captured=moments,
        )
    except ValueError as error:
        work.notes.append(f"there is no storyboard: {error}")
        return None


def _spacing(settings: Settings) -> Spacing:
    point = settings.storyboard
    if isinstance(point, str):
        return Spacing("auto")
    return Spacing("every", point.ms // 1000) if isinstance(point, Every) else Spacing("count", point.count)


def _recipe(grid: Grid) -> str:
    """Return eight hex digits that stand for everything that decides the sheets, but the video itself."""
    parts = json.dumps([_VERSION, asdict(grid)], sort_keys=True)
    return hashlib.sha256(parts.encode()).hexdigest()[:8]


def _stored_sheets(work: Workspace, grid: Grid) -> tuple[SheetEntry, ...] | None:
    """Return the sheets of this grid where the last manifest names them and they lie there."""
    manifest = work.state.manifest
    if manifest is None or manifest.storyboard is None or manifest.generation != work.generation:
        return None
    sheets = manifest.storyboard.sheets
    keys = [work.layout.sheet(work.generation, _recipe(grid), number) for number in range(grid.sheets)]
    if [sheet.key for sheet in sheets] != keys:
        return None
    return sheets if all(lies_there(sheet, work.state.listed) for sheet in sheets) else None


def _store_sheets(work: Workspace, grid: Grid) -> tuple[SheetEntry, ...]:
    entries = []
    for number in range(grid.sheets):
        (sheet,) = work.cpu.gather(partial(_compose, grid, number, work.capture.small))
        if sheet is None:
            work.notes.append("there is no storyboard, since none of its pictures could be captured")
            return ()
        key = work.layout.sheet(work.generation, _recipe(grid), number)
        work.capture.put(
            partial(work.put, key, sheet.body, content_type=_JPEG, cache_control=work.settings.cache_control)
        )
        entries.append(
            SheetEntry(
                key=key,
                width_px=sheet.width_px,
                height_px=sheet.height_px,
                format="jpg",
                size_bytes=len(sheet.body),
                etag=md5_hex(sheet.body),
                tiles=len(grid.tiles_of(number)),
            )
        )
    return tuple(entries)


def _compose(grid: Grid, number: int, small: Mapping[int, bytes]) -> Sheet | None:
    """Return one sheet; None where there is no picture at all."""
    tiles = {}
    for at_ms in {grid.moments[tile] for tile in grid.tiles_of(number)} & small.keys() or small.keys():
        try:
            tiles[at_ms] = make_tile(open_small(small[at_ms]), grid)
        except BadPicture:
            continue
    try:
        return compose(grid, number, tiles)
    except ValueError:
        return None


def _store_documents(work: Workspace, grid: Grid, sheets: Sequence[SheetEntry]) -> dict[str, DocumentEntry]:
    """Begin to store the files for players that do not lie there already, and return their entries."""
    public_url = work.settings.public_url
    folder = work.layout.folder
    names = [address(sheet.key if public_url else sheet.key.removeprefix(folder), public_url) for sheet in sheets]
    links = {
        kind: address(key if public_url else key.removeprefix(folder), public_url)
        for kind, key in ((kind, work.layout.player_file(kind)) for kind in ("vtt", "m3u8"))
    }
    documents = {
        "vtt": write_vtt(grid, names),
        "m3u8": write_hls(grid, names),
        "json": write_json(grid, names) if public_url else None,
        "players": write_players(
            grid,
            names,
            duration_ms=work.media.duration_ms or 0,
            sheet_bytes=[sheet.size_bytes for sheet in sheets],
            vtt=links["vtt"],
            hls=links["m3u8"],
        ),
    }
    entries = {}
    for kind, body in documents.items():
        if body is not None:
            key = work.layout.player_file(kind)
            entries[kind] = DocumentEntry(key=key, size_bytes=len(body), etag=md5_hex(body))
            if not lies_there(entries[kind], work.state.listed):
                content_type = CONTENT_TYPES.get(kind, CONTENT_TYPES["json"])
                work.capture.put(partial(work.put, key, body, content_type=content_type, cache_control=NO_CACHE))
    return entries

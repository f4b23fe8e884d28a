"""storyboard.py: where tiles are taken, how they lie, and what becomes of missing ones."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from snapshot.products.picture import decode as decode_picture
from snapshot.products.picture import read_header
from snapshot.products.storyboard import MAX_SHEET_PX, Spacing, compose, grid_count, make_tile, plan_grid
from tests.snapshot.pictures import decode, encode

SPACINGS = st.one_of(
    st.builds(Spacing, st.just("every"), st.integers(1, 600)),
    st.builds(Spacing, st.just("count"), st.integers(1, 500)),
    st.just(Spacing("auto")),
)


def plan(spacing=Spacing("auto"), duration_ms=125_000, size=(1920, 1080), max_tiles=200, **options):  # noqa: B008
    width_px, height_px = size
    return plan_grid(
        spacing, duration_ms=duration_ms, width_px=width_px, height_px=height_px, max_tiles=max_tiles, **options
    )


@pytest.mark.parametrize(
    ("spacing", "duration_ms", "interval_s", "count", "sheets", "layout"),
    [
        (Spacing("every", 5), 125_000, 5, 25, 1, (5, 5)),
        (Spacing("every", 4), 125_000, 4, 32, 2, (5, 5)),
        (Spacing("every", 5), 100_000, 5, 20, 1, (5, 4)),
        (Spacing("count", 50), 7_200_000, 144, 50, 2, (5, 5)),
        (Spacing("auto"), 7_200_000, 72, 100, 4, (5, 5)),
        (Spacing("auto"), 600_000, 24, 25, 1, (5, 5)),
        (Spacing("auto"), 500, 1, 1, 1, (1, 1)),
        (Spacing("every", 30), 500, 30, 1, 1, (1, 1)),
        (Spacing("every", 10), 14_000, 7, 2, 1, (2, 1)),
        (Spacing("auto"), 0, 1, 1, 1, (1, 1)),
    ],
    ids=[
        "one sheet",
        "two",
        "four rows",
        "50x of 2 h",
        "auto of 2 h",
        "auto",
        "0.5 s",
        "one tile",
        "evened",
        "one frame",
    ],
)
def test_layouts(spacing, duration_ms, interval_s, count, sheets, layout):
    """Interval, tiles, sheets and layout of known lengths."""
    grid = plan(spacing, duration_ms)
    assert (grid.interval_s, len(grid.moments), grid.sheets) == (interval_s, count, sheets)
    assert (grid.columns, grid.rows) == layout


@given(SPACINGS, st.integers(0, 20_000_000), st.integers(1, 200), st.lists(st.integers(0, 20_000_000), max_size=20))
@settings(max_examples=300)
def test_every_length(spacing, duration_ms, max_tiles, captured):
    """Tiles are taken in their own interval, cover the video without gaps, and never cost more than allowed."""
    grid = plan(spacing, duration_ms, max_tiles=max_tiles, captured=captured)
    assert len(set(grid.moments) - set(captured)) <= max_tiles
    assert len(grid.moments) == math.ceil(grid.length_s / grid.interval_s)
    assert grid.length_s == max(1, math.ceil(duration_ms / 1000))
    for tile, at_ms in enumerate(grid.moments):
        start_s, end_s = grid.span_s(tile)
        assert start_s * 1000 <= at_ms < max(min(end_s * 1000, duration_ms), 1)
    assert grid.span_s(len(grid.moments) - 1)[1] == grid.length_s
    assert sum(len(grid.tiles_of(sheet)) for sheet in range(grid.sheets)) == len(grid.moments)


@given(SPACINGS, st.integers(1, 20_000_000))
@settings(max_examples=300)
def test_same_interval_as_xgplayer(spacing, duration_ms):
    """The interval that xgplayer computes from the number of tiles is the storyboard's, or there is one tile."""
    grid = plan(spacing, duration_ms, max_tiles=500)
    number = grid_count(grid.interval_s, duration_ms)
    assert number in (len(grid.moments), len(grid.moments) - 1)
    if len(grid.moments) > 1:
        assert math.floor(duration_ms / 1000 / number + 0.5) == grid.interval_s


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.integers(32, 160))
@settings(max_examples=200)
def test_tile_sizes(width_px, height_px, half_width):
    """Sides are even, sheets are no larger than players take, the shape is the video's as near as even sides allow."""
    grid = plan(size=(width_px, height_px), tile_width_px=half_width * 2)
    assert grid.tile_width_px % 2 == grid.tile_height_px % 2 == 0
    assert max(grid.sheet_size) <= MAX_SHEET_PX
    assert grid.tile_width_px <= max(2, half_width * 2, width_px)
    scale = min(1, half_width * 2 / width_px, MAX_SHEET_PX // 5 / height_px)
    assert abs(grid.tile_width_px - width_px * scale) <= 2
    assert abs(grid.tile_height_px - height_px * scale) <= 2


def test_widened_for_the_budget():
    """Where calls are few the interval grows, and the intended one stays known."""
    grid = plan(Spacing("every", 1), 125_000, max_tiles=20)
    assert len(grid.moments) <= 20
    assert grid.wanted_interval_s == 1
    assert grid.interval_s >= 7


def test_captured_frames_are_reused():
    """A frame that is there anyway is the tile of its interval, so that no moment is paid for twice."""
    grid = plan(Spacing("every", 25), 100_000, captured=[1000, 20_000, 60_000, 99_999])
    assert grid.moments == (20_000, 37_500, 60_000, 99_999)


def test_captured_frames_alone():
    """A storyboard of nothing but frames that are there needs no paid call."""
    grid = plan(Spacing("every", 1), 100_000, max_tiles=0, captured=[1000, 25_000, 50_000, 75_000])
    assert set(grid.moments) <= {1000, 25_000, 50_000, 75_000}


def test_no_call_left():
    """Without a call and without a frame there is no storyboard, and the error says so."""
    with pytest.raises(ValueError, match="no paid calls are left"):
        plan(max_tiles=0)


def test_too_long():
    """A video beyond the hours that players read has none."""
    assert plan(duration_ms=359_999_000).length_s == 359_999
    with pytest.raises(ValueError, match="99:59:59"):
        plan(duration_ms=359_999_001)


def picture(colour, size=(640, 360)):
    return decode_picture(read_header(encode(Image.new("RGB", size, colour), "png")))


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (1000, 999), (33, 21), (4000, 30)], ids=str)
def test_tile(size):
    """A tile is exactly as large as the grid says, without bars where the shape is the video's."""
    grid = plan(size=size)
    tile = decode(make_tile(picture("red", size), grid))
    assert tile.size == (grid.tile_width_px, grid.tile_height_px)
    assert all(tile.getpixel(at)[0] > 200 for at in ((0, 0), (tile.width - 1, tile.height - 1)))


def test_tile_of_another_shape():
    """A frame of another shape is shown whole, between bars."""
    tile = decode(make_tile(picture("red", (360, 640)), plan(size=(640, 360))))
    assert tile.size == (160, 90)
    assert max(tile.getpixel((3, 45))) < 30
    assert tile.getpixel((80, 45))[0] > 200


def colour_of(number):
    return (number * 37 % 200 + 30, number * 91 % 200 + 30, number * 53 % 200 + 30)


def tiles_of(grid, missing=()):
    return {
        at_ms: make_tile(picture(colour_of(tile), (160, 90)), grid)
        for tile, at_ms in enumerate(grid.moments)
        if tile not in missing
    }


def shown(grid, sheets, tile):
    left, top, width, height = grid.box(tile)
    return sheets[tile // grid.tiles_per_sheet].getpixel((left + width // 2, top + height // 2))


def is_colour(pixel, number):
    return all(abs(a - b) < 12 for a, b in zip(pixel, colour_of(number), strict=True))


def test_sheets():
    """Every tile lies where its box says; the last sheet is as large as the others, and black where nothing is."""
    grid = plan(Spacing("every", 4), 125_000)
    tiles = tiles_of(grid)
    sheets = [compose(grid, number, tiles) for number in range(grid.sheets)]
    pictures = [decode(sheet.body) for sheet in sheets]
    assert (
        {picture.size for picture in pictures}
        == {(800, 450)}
        == {(sheet.width_px, sheet.height_px) for sheet in sheets}
    )
    assert all(is_colour(shown(grid, pictures, tile), tile) for tile in range(len(grid.moments)))
    assert max(pictures[1].getpixel((799, 449))) < 10
    assert [sheet.repeated for sheet in sheets] == [(), ()]


def test_missing_tiles():
    """A missing tile shows the one before it, the first the one after, and both are named."""
    grid = plan(Spacing("every", 5), 50_000)
    sheet = compose(grid, 0, tiles_of(grid, missing=(0, 4, 5)))
    image = [decode(sheet.body)]
    assert [is_colour(shown(grid, image, tile), other) for tile, other in ((0, 1), (4, 3), (5, 3), (6, 6))] == [
        True
    ] * 4
    assert sheet.repeated == (grid.moments[0], grid.moments[4], grid.moments[5])


def test_missing_first_of_a_sheet():
    """The neighbour may lie on the sheet before."""
    grid = plan(Spacing("every", 4), 125_000)
    sheet = compose(grid, 1, tiles_of(grid, missing=(25,)))
    assert is_colour(shown(grid, [None, decode(sheet.body)], 25), 24)


def test_broken_tile():
    """A stored tile that does not decode is a missing one."""
    grid = plan(Spacing("every", 5), 50_000)
    tiles = tiles_of(grid) | {grid.moments[3]: b"no picture"}
    assert compose(grid, 0, tiles).repeated == (grid.moments[3],)


def test_no_tile_at_all():
    """Without any tile there is no sheet."""
    with pytest.raises(ValueError, match="none of the tiles"):
        compose(plan(), 0, {})


def test_same_bytes():
    """The same tiles make the same sheet."""
    grid = plan(Spacing("every", 5), 50_000)
    assert compose(grid, 0, tiles_of(grid)) == compose(grid, 0, tiles_of(grid))

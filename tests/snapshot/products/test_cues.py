"""cues.py: the files by which players find a tile."""

import json
import re

import pytest

from snapshot.products.cues import CONTENT_TYPES, address, write_hls, write_json, write_players, write_vtt
from snapshot.products.storyboard import grid_count
from tests.snapshot.products.golden import FOLDER, VIDEOS, files_of, grid_of, sheet_names


@pytest.mark.parametrize("name", VIDEOS)
def test_golden(name):
    """Every file is what is kept in golden/, byte for byte."""
    files = files_of(name)
    golden = {path.name: path.read_bytes() for path in FOLDER.iterdir() if path.name.split(".")[0] == name}
    assert files == golden


CUE = re.compile(
    r"(\d\d):(\d\d):(\d\d)\.000 --> (\d\d):(\d\d):(\d\d)\.000\n([a-z0-9./-]+)#xywh=(\d+),(\d+),(\d+),(\d+)", re.ASCII
)


@pytest.mark.parametrize("name", VIDEOS)
def test_vtt_spelling(name):
    """The one spelling that every player takes: LF, no ids, one blank line, whole seconds without gaps from 0."""
    grid = grid_of(name)
    text = write_vtt(grid, sheet_names(grid)).decode("ascii")
    assert "\r" not in text
    assert text.endswith("\n")
    first, *blocks = text.removesuffix("\n").split("\n\n")
    assert first == "WEBVTT"
    end = 0
    for block in blocks:
        match = CUE.fullmatch(block)
        hours, minutes, seconds, *until = map(int, match.groups()[:6])
        assert hours * 3600 + minutes * 60 + seconds == end
        end = until[0] * 3600 + until[1] * 60 + until[2]
        left, top, width, height = map(int, match.groups()[7:])
        assert (width, height) == (grid.tile_width_px, grid.tile_height_px)
        assert left + width <= grid.sheet_size[0]
        assert top + height <= grid.sheet_size[1]
    assert end == grid.length_s
    assert len(blocks) == len(grid.moments)


@pytest.mark.parametrize("name", VIDEOS)
def test_json_names_one_sheet(name):
    """Mux's document is there only where one sheet holds all, and says where each tile is."""
    grid = grid_of(name)
    body = write_json(grid, sheet_names(grid, "https://media.example.com"))
    assert (body is None) is (grid.sheets > 1)
    if body:
        document = json.loads(body)
        assert document["url"].startswith("https://")
        assert [tile["start"] for tile in document["tiles"]] == list(range(0, grid.length_s, grid.interval_s))
        assert {(tile["x"], tile["y"]) for tile in document["tiles"]} == {
            grid.box(tile)[:2] for tile in range(len(grid.moments))
        }


@pytest.mark.parametrize("name", VIDEOS)
def test_hls_adds_up(name):
    """One EXTINF a sheet, each with its tiles; together they are the video's length."""
    grid = grid_of(name)
    lines = write_hls(grid, sheet_names(grid)).decode("ascii").splitlines()
    lengths = [float(line[8:-1]) for line in lines if line.startswith("#EXTINF:")]
    tiles = [line for line in lines if line.startswith("#EXT-X-TILES:")]
    assert sum(lengths) == grid.length_s
    assert len(lengths) == len(tiles) == grid.sheets
    assert len(set(tiles)) == 1
    assert int(next(line for line in lines if "TARGETDURATION" in line).split(":")[1]) >= max(lengths)
    assert lines[0] == "#EXTM3U"
    assert lines[-1] == "#EXT-X-ENDLIST"
    assert "#EXT-X-IMAGES-ONLY" in lines


@pytest.mark.parametrize("name", VIDEOS)
def test_players(name):
    """Every player has its object or its line; ArtPlayer's one picture only where there is one sheet."""
    grid = grid_of(name)
    document = json.loads(files_of(name)[f"{name}.players.json"])
    assert document["xgplayer"]["thumbnail"]["pic_num"] == grid_count(grid.interval_s, VIDEOS[name][0])
    assert len(document["xgplayer"]["thumbnail"]["urls"]) == grid.sheets
    assert (document["artplayer"]["thumbnails"] is None) is (grid.sheets > 1)
    lines = {"tcplayer", "aliplayer", "plyr", "vidstack", "shaka", "media-chrome", "videojs-vtt-thumbnails"}
    assert all('"storyboard.vtt"' in document[player] for player in lines)
    assert document["hls"].endswith('URI="tiles.m3u8"')


def test_bandwidth_is_the_peak():
    """The HLS line states the bits a second of the largest sheet."""
    grid = grid_of("landscape")
    body = write_players(
        grid, sheet_names(grid), duration_ms=125_000, sheet_bytes=[100_000, 70_000], vtt="a.vtt", hls="a.m3u8"
    )
    assert "BANDWIDTH=20000," in json.loads(body)["hls"]


def test_resolution_is_the_tile():
    """The HLS line states the size of a tile: Shaka multiplies it by the layout."""
    document = json.loads(files_of("landscape")["landscape.players.json"])
    assert "RESOLUTION=160x90," in document["hls"]


@pytest.mark.parametrize(
    ("name", "public_url", "expected"),
    [
        ("gen/storyboard-000.jpg", "", "gen/storyboard-000.jpg"),
        ("a film's 50%.mp4/s.jpg", "", "a%20film%27s%2050%25.mp4/s.jpg"),
        ("küche/ä#1?.jpg", "https://x.example/", "https://x.example/k%C3%BCche/%C3%A4%231%3F.jpg"),
        ('a"b\n.jpg', "https://x.example", "https://x.example/a%22b%0A.jpg"),
    ],
    ids=["plain", "blank and percent", "letters and signs", "quotes and newlines"],
)
def test_address(name, public_url, expected):
    """Names are percent-encoded, whatever a key holds; a public URL makes them absolute."""
    assert address(name, public_url) == expected


def test_content_types():
    """Vidstack takes JSON only for exactly this type, browsers VTT only for this one."""
    assert CONTENT_TYPES == {
        "vtt": "text/vtt; charset=utf-8",
        "json": "application/json",
        "m3u8": "application/vnd.apple.mpegurl",
    }

"""Storyboards and previews through the pipeline: what is stored, what is paid, and what a later delivery finds."""

import io
import json

import pytest
from PIL import Image

from snapshot.outcomes import Failed, Made, Removed, Unchanged
from tests.snapshot.fakes import FakeCloud, FakeFilm
from tests.snapshot.test_pipeline import BUCKET, FOLDER, KEY, calls_of, made, manifest, run, unavailable

FILM = FakeFilm(duration_ms=40_000, size=(640, 360))
EVERY = {"times": "1,20", "sizes": "320x0", "storyboard": "every:2", "poster": "1"}


@pytest.fixture
def cloud():
    cloud = FakeCloud(BUCKET)
    cloud.upload(BUCKET, KEY, FILM)
    return cloud


def storyboard(cloud):
    return manifest(cloud)["storyboard"]


def body(cloud, key):
    return cloud.stored[BUCKET][key][0]


def test_sheets_and_files(cloud):
    """Sheets and the files for players are stored as the manifest describes them, and nothing else is left."""
    assert isinstance(run(cloud, **EVERY), Made)
    entry = storyboard(cloud)
    assert (entry["count"], entry["interval_ms"], entry["columns"], entry["rows"]) == (20, 2000, 5, 4)
    assert (entry["tile_width_px"], entry["tile_height_px"]) == (160, 90)
    (sheet,) = entry["sheets"]
    assert (
        Image.open(io.BytesIO(body(cloud, sheet["key"]))).size == (sheet["width_px"], sheet["height_px"]) == (800, 360)
    )
    named = {picture["key"] for picture in (*manifest(cloud)["thumbnails"], *manifest(cloud)["poster"]["files"])}
    named |= {sheet["key"], f"{FOLDER}manifest.json", *(file["key"] for file in entry["files"].values())}
    assert made(cloud).keys() == named
    assert set(entry["files"]) == {"vtt", "m3u8", "players"}


def test_addresses_are_relative(cloud):
    """The files for players name sheets beside themselves, so that any host serves them."""
    run(cloud, **EVERY)
    vtt = body(cloud, f"{FOLDER}storyboard.vtt").decode()
    name = storyboard(cloud)["sheets"][0]["key"].removeprefix(FOLDER)
    assert vtt.startswith(f"WEBVTT\n\n00:00:00.000 --> 00:00:02.000\n{name}#xywh=0,0,160,90\n")
    assert vtt.endswith("\n")
    assert name in body(cloud, f"{FOLDER}tiles.m3u8").decode()


def test_public_address(cloud):
    """With SNAPSHOT_PUBLIC_URL every address is absolute, and there is a JSON document too."""
    run(cloud, **EVERY, public_url="https://media.example.com")
    key = storyboard(cloud)["sheets"][0]["key"]
    document = json.loads(body(cloud, f"{FOLDER}storyboard.json"))
    assert document["url"] == f"https://media.example.com/{key}"
    assert f"https://media.example.com/{key}#xywh" in body(cloud, f"{FOLDER}storyboard.vtt").decode()


def test_changed_address_pays_nothing(cloud):
    """Another public address rewrites the files for players and pays for no picture again."""
    run(cloud, **EVERY)
    cloud.log.clear()
    assert isinstance(run(cloud, **EVERY, public_url="https://media.example.com"), Made)
    assert calls_of(cloud, "GetSnapshot") == calls_of(cloud, "GetMediaInfo") == []


def test_captured_moments_cost_nothing(cloud):
    """A tile in whose interval a shot lies takes that picture: no moment is paid for twice."""
    run(cloud, **EVERY)
    assert len(calls_of(cloud, "GetSnapshot")) == 20
    assert manifest(cloud)["calls"]["snapshot"] == 20


def test_max_calls(cloud):
    """The interval is widened until the storyboard fits SNAPSHOT_MAX_CALLS, and the manifest says both intervals."""
    run(cloud, **EVERY, max_calls="12")
    entry = storyboard(cloud)
    assert entry["wanted_interval_ms"] == 2000 < entry["interval_ms"]
    assert manifest(cloud)["calls"]["snapshot"] <= 11


def test_unchanged(cloud):
    """The same event again costs no paid call and stores nothing."""
    run(cloud, **EVERY)
    cloud.log.clear()
    assert isinstance(run(cloud, **EVERY), Unchanged)
    assert {name for name, _, _ in cloud.log} == {"HeadObject", "GetObject", "GetBucket"}


@pytest.mark.parametrize("lost_name", ["sheet", "storyboard.vtt", "players.json"])
def test_lost_file(cloud, lost_name):
    """A file that was deleted by hand is made again; what was paid for a lost sheet has to be paid again."""
    run(cloud, **EVERY)
    key = storyboard(cloud)["sheets"][0]["key"] if lost_name == "sheet" else f"{FOLDER}{lost_name}"
    del cloud.stored[BUCKET][key]
    cloud.log.clear()
    assert isinstance(run(cloud, **EVERY), Made)
    assert key in made(cloud)
    assert len(calls_of(cloud, "GetSnapshot")) == (18 if lost_name == "sheet" else 0)


def test_broken_off(cloud):
    """A delivery that breaks off keeps its tiles, and the next one pays only for those that are missing."""
    cloud.failures["GetSnapshot"] = [None] * 10 + [unavailable()]
    assert isinstance(run(cloud, **EVERY, concurrency="1"), Failed)
    paid = len(calls_of(cloud, "GetSnapshot"))
    cloud.log.clear()
    assert isinstance(run(cloud, **EVERY, concurrency="1"), Made)
    assert paid + len(calls_of(cloud, "GetSnapshot")) == 21  # 20 tiles, and the one that failed
    assert not [key for key in made(cloud) if "/tile-" in key]


def test_missed_tile(cloud):
    """A tile that can never be had shows its neighbour, and the manifest names it."""
    bucket = cloud.bucket(BUCKET)
    honest = bucket.snapshot

    def snapshot(key, *, at_ms, **options):
        if at_ms == 11_000:
            from tests.snapshot.test_pipeline import rejected

            raise rejected()
        return honest(key, at_ms=at_ms, **options)

    bucket.snapshot = snapshot
    assert isinstance(run(cloud, open_bucket=lambda _: bucket, **EVERY), Made)
    assert [missed["at_ms"] for missed in storyboard(cloud)["missed"]] == [11_000]
    assert storyboard(cloud)["count"] == 20


def test_portrait():
    """An upright video has upright tiles."""
    cloud = FakeCloud(BUCKET)
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=40_000, size=(360, 640)))
    run(cloud, **EVERY)
    assert (storyboard(cloud)["tile_width_px"], storyboard(cloud)["tile_height_px"]) == (90, 160)


def test_short_video():
    """A video of half a second has one tile that is shown for a second."""
    cloud = FakeCloud(BUCKET)
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=500, size=(640, 360)))
    run(cloud, **EVERY | {"times": "0"})
    assert storyboard(cloud)["count"] == 1
    assert "00:00:00.000 --> 00:00:01.000" in body(cloud, f"{FOLDER}storyboard.vtt").decode()


def test_poster_from_tiles(cloud):
    """Tiles are candidates for the poster, and its entry says what each picture was captured for."""
    run(cloud, **EVERY | {"poster": "best"})
    poster = manifest(cloud)["poster"]
    assert {candidate["origin"] for candidate in poster["candidates"]} == {"shot", "tile"}
    is_tile = poster["at_ms"] not in (1000, 20_000)
    assert manifest(cloud)["calls"]["snapshot"] == 20 + is_tile  # a tile that wins is captured once more, in full


def test_switched_off(cloud):
    """A storyboard that is no longer wanted goes."""
    run(cloud, **EVERY)
    run(cloud, **EVERY | {"storyboard": "off"})
    assert storyboard(cloud) is None
    assert not [key for key in made(cloud) if "storyboard" in key or "players" in key]


def test_removed(cloud):
    """Everything goes with the video."""
    run(cloud, **EVERY, preview="webp")
    del cloud.stored[BUCKET][KEY]
    assert isinstance(run(cloud, **EVERY), Removed)
    assert made(cloud) == {}


@pytest.mark.parametrize("file_format", ["webp", "avif"])
def test_preview(cloud, file_format):
    """A preview is a short loop of pictures that were captured for something else."""
    run(cloud, times="5x", sizes="320x0", preview=file_format)
    entry = manifest(cloud)["preview"]
    assert (entry["key"], entry["frames"]) == (f"{FOLDER}preview.{file_format}", 5)
    assert len(body(cloud, entry["key"])) == entry["size_bytes"] <= 100_000
    assert len(calls_of(cloud, "GetSnapshot")) == 5
    if file_format == "webp":
        assert Image.open(io.BytesIO(body(cloud, entry["key"]))).n_frames == 5


def test_preview_added_later(cloud):
    """A preview that is switched on later is made of stored pictures, without a paid call."""
    run(cloud, times="5x", sizes="320x0")
    cloud.log.clear()
    assert isinstance(run(cloud, times="5x", sizes="320x0", preview="webp"), Made)
    assert calls_of(cloud, "GetSnapshot") == calls_of(cloud, "GetMediaInfo") == []
    assert manifest(cloud)["preview"]["frames"] == 5


def test_placeholder(cloud):
    """The poster has a placeholder that needs no decoder on the page, and a colour."""
    run(cloud, times="1")
    poster = manifest(cloud)["poster"]
    assert poster["placeholder"].startswith("data:image/webp;base64,")
    assert len(poster["placeholder"]) <= 350
    assert poster["colour"].startswith("#")
    assert poster["srcset"] == "poster.jpg 640w"

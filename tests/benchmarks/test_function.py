"""benchmarks/function/: each row runs, its outputs are right, and what it reckons with is right."""

import shutil

import pytest

from benchmarks.function import alternatives_row, calls, growth, latency, load
from benchmarks.function.schedule import critical_path_ms

MANIFEST, POSTER = "thumbnails/videos/a.mp4/manifest.json", "thumbnails/videos/a.mp4/poster.jpg"


def call(operation, at_ms, wait_ms, key="videos/a.mp4", moment_s=None):
    return {"operation": operation, "at_ms": at_ms, "wait_ms": wait_ms, "key": key, "moment_s": moment_s}


def look(at_ms):
    return [call(operation, at_ms, 20) for operation in ("head", "get", "list")]


def shot(at_ms, moment_ms, wait_ms=300):
    key = f"thumbnails/videos/a.mp4/0123456789abcdef/{moment_ms:09d}-0x0.jpg"
    return [call("snapshot", at_ms, wait_ms, moment_s=str(moment_ms / 1000)), call("put", at_ms + 330, 40, key)]


ENDING = [call("head", 430, 20), call("put", 470, 40, POSTER), call("put", 510, 40, MANIFEST), *look(550)]


def test_chain_of_one_shot():
    """One shot: look, media info, snapshot, look, PUT, the manifest's PUT, look; without the looks it is bare."""
    seen = [*look(0), call("info", 20, 100), *shot(120, 1000), *ENDING]
    assert critical_path_ms(seen, lanes=8) == 20 + 100 + 300 + 20 + 40 + 40 + 20
    assert critical_path_ms(seen, lanes=8, is_bare=True) == 20 + 100 + 300 + 40 + 40


def test_lanes():
    """Three shots on two lanes take two turns; the slowest one counts."""
    shots = [*shot(120, 1000), *shot(121, 2000, 100), *shot(122, 3000)]
    seen = [*look(0), call("info", 20, 100), *shots, *ENDING]
    assert critical_path_ms(seen, lanes=2) == 20 + 100 + (100 + 300) + 20 + 40 + 40 + 20


@pytest.mark.parametrize("row", [latency, calls, growth], ids=lambda row: row.__name__.rpartition(".")[2])
def test_row_runs(row):
    """The least of a row runs against the scripted cloud, finds its outputs right, and can be drawn."""
    results = row.measure(smoke=True)
    assert row.plot({"machine": {}, **results}).startswith("<svg")


def test_burst():
    """A burst ends no earlier than its instances allow, its queue only gets shorter, and no upload is paid twice."""
    results = load.measure(smoke=True)
    lengths = [length for _, length in results["queue"]]
    assert results["ratio"] > 0.9
    assert lengths == sorted(lengths, reverse=True)
    assert results["uploads"] >= lengths[0] > lengths[-1] == 0
    assert results["paid_calls"] == 2 * results["uploads"]
    assert load.plot(results).startswith("<svg")


def test_calls_are_least():
    """The settings as shipped pay for no more than one media info and one snapshot a moment, and once."""
    (row,) = calls.measure(smoke=True)["rows"]
    assert (row["calls"], row["second_delivery"]) == (row["least"], 0)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="compares with the ffmpeg program")
def test_alternatives_run():
    """Each alternative stores as many pictures as the function, and only those with ffmpeg download the video."""
    rows = alternatives_row.measure(smoke=True)["rows"]
    assert len(rows) == 4
    downloads = {row["way"]: row["mb_in"] > row["size_mb"] - 0.1 for row in rows}
    assert downloads == {way: "ffmpeg" in way for way in downloads}

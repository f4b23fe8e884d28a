"""Paid calls as the embedded cloud counts them: none is made twice for one moment, whatever is made of it."""

import json
from collections import Counter

import pytest

import handler
from tests.snapshot.films import film
from tests.snapshot.invoking import CONTEXT, FILM, event, upload

EVERYTHING = {
    "SNAPSHOT_TIMES": "0.5,1,25%,50%,75%,2.5",
    "SNAPSHOT_SIZES": "0x0,160x0,64x64",
    "SNAPSHOT_FORMAT": "jpg,webp",
    "SNAPSHOT_STORYBOARD": "every:1",
    "SNAPSHOT_PREVIEW": "webp",
}


def moments(cloud):
    """Return how many GetSnapshot calls each moment cost, by its `time` as it was sent."""
    return Counter(dict(call.query)["time"] for call in cloud.calls if call.operation == "GetSnapshot")


@pytest.mark.parametrize("poster", ["best", "first-unless-flat", "1", "3.2"])
def test_one_call_a_moment(root, cloud, bucket, monkeypatch, poster):
    """Sizes, formats, storyboard, preview and poster share one paid call a moment.

    A poster that was only seen small is captured once more, in full.
    """
    upload(bucket, FILM, film())
    for name, value in {**EVERYTHING, "SNAPSHOT_POSTER": poster}.items():
        monkeypatch.setenv(name, value)
    handler.main_handler(event(root, "created-put"), CONTEXT)
    manifest = json.loads(bucket.get(f"thumbnails/{FILM}/manifest.json"))
    counts = moments(cloud)
    chosen = manifest["poster"]["at_ms"]
    is_shot = chosen in {entry["at_ms"] for entry in manifest["thumbnails"]}
    twice = [float(time) * 1000 for time, count in counts.items() if count > 1]
    assert twice in ([], [chosen])
    assert not (is_shot and twice)
    assert max(counts.values()) <= 2
    assert sum(counts.values()) == manifest["calls"]["snapshot"]
    cloud.clear_calls()
    handler.main_handler(event(root, "created-put"), CONTEXT)
    assert moments(cloud) == Counter()

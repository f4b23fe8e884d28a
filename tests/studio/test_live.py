import json
from urllib.parse import quote

import pytest

from studio.function_log import Outcome
from studio.live import live_page
from studio.page import Live
from tests.studio.conftest import BUCKET, manifest_of
from tests.studio.test_page import Elements

LIVE = Live("http://127.0.0.1:9", "ap-guangzhou", (BUCKET,), watched=True)


def show(objects, *, live=LIVE, outcomes=None):
    """The page's texts in order, its pictures, and the keys that were read."""
    read = []

    def read_one(bucket, key):
        read.append(key)
        return objects[bucket, key]

    page = live_page(
        objects,
        live=live,
        read=read_one,
        href=lambda bucket, key: f"/{bucket}/{quote(key)}",
        outcome=(outcomes or {}).get,
        is_output=lambda bucket, key: key.startswith("thumbnails/"),
    )
    elements = Elements(page)
    return [text.strip() for text in elements.texts], elements.values("src"), read


def stored(*keys, **manifests):
    objects = {(BUCKET, key): b"never read" for key in keys}
    for name, made_at in manifests.items():
        manifest = manifest_of(f"videos/{name}.mp4") | {"made_at": made_at}
        objects[BUCKET, f"videos/{name}.mp4"] = b"never read"
        objects[BUCKET, f"thumbnails/videos/{name}.mp4/manifest.json"] = json.dumps(manifest).encode()
    return objects


def test_order():
    """The newest video comes first, below the uploads that have no manifest; nothing but manifests is read."""
    objects = stored("videos/late.MP4", old="2026-11-22T09:00:00Z", new="2026-11-22T10:00:00Z")
    objects[BUCKET, "thumbnails/else/manifest.json"] = b'{"version": 1}'
    texts, pictures, read = show(objects)
    assert texts.index("videos/late.MP4") < texts.index("new.mp4") < texts.index("old.mp4")
    assert all(key.endswith("/manifest.json") for key in read)
    assert f"/{BUCKET}/thumbnails/videos/new.mp4/poster.jpg" in pictures


def test_manifest_among_uploads():
    """An upload that is named like a manifest is an upload."""
    texts, _, read = show(stored("videos/manifest.json"))
    assert "videos/manifest.json" in texts
    assert read == []


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (None, "waiting", "uploaded; the function is at work"),
        (Outcome("skipped", "no video"), "skipped", "no video"),
        (Outcome("failed", "it is odd"), "failed", "it is odd"),
        (Outcome("retrying", "SlowDown"), "waiting", "failed, and will be tried again. SlowDown"),
    ],
    ids=["at-work", "skipped", "failed", "retrying"],
)
def test_states(outcome, state, reason):
    """Every upload has a row with its state and the reason."""
    texts, _, _ = show(stored("videos/a.mp4"), outcomes={"videos/a.mp4": outcome})
    begin = texts.index("videos/a.mp4")
    assert [text for text in texts[begin:] if text][1:3] == [state, reason]


def test_outside_the_prefix():
    """An upload that the function is never called for says so."""
    texts, _, _ = show(stored("a.mp4"))
    assert "It is not under videos/, so the function is never called for it." in texts


def test_wrong_settings():
    """Wrong settings are one banner, and each upload refers to it."""
    live = Live(
        **{**{name: getattr(LIVE, name) for name in LIVE.__slots__}, "settings_problem": "SNAPSHOT_TIMES is odd"}
    )
    outcome = Outcome("failed", "BadSettings: SNAPSHOT_TIMES is odd\nThe event was delivered 3 times.")
    texts, _, _ = show(
        stored("videos/a.mp4", "videos/b.mp4"),
        live=live,
        outcomes=dict.fromkeys(["videos/a.mp4", "videos/b.mp4"], outcome),
    )
    assert "The function does not start" in texts
    assert " ".join(texts).count("SNAPSHOT_TIMES is odd") == 1
    assert texts.count("The function did not start; the reason is above.") == 2


@pytest.mark.parametrize(
    ("watched", "sentence"), [(True, "Its frames appear here"), (False, "No function watches")], ids=["watched", "idle"]
)
def test_empty(watched, sentence):
    """An empty cloud promises frames only where a function watches, and offers a drop area only then."""
    live = Live(LIVE.endpoint, LIVE.region, LIVE.buckets, watched=watched)
    texts, _, _ = show({}, live=live)
    assert any(sentence in text for text in texts)
    assert ("Drop videos here" in texts) == watched

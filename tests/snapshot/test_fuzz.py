"""A hundred thousand wrong events and as many wrong environments: only declared errors come out.

The cases come from a seeded generator: the same in every run, and fast enough to be run every time.
"""

import random
import re
from urllib.parse import quote

import pytest

from snapshot.errors import BadEvent, BadSettings
from snapshot.events import Removal, Skipped, Sources, Upload, read_event
from snapshot.media import WRITTEN_EXTENSIONS
from snapshot.overrides import read_overrides
from snapshot.settings import Settings

CASES = 100_000
CHUNKS = 4
APPID = "1250000000"
SECRET = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
SOURCES = Sources("videos/", "videos/thumbnails/", ("mp4", "mov", "jpg"))

TEXTS = (
    *(
        "",
        " ",
        "\n",
        "\x00",
        "\x1b[2J",
        "\u2028",
        "\ud800",
        "é",
        "视频",
        "🎬",
        "%",
        "%zz",
        "%FF",
        "%2F",
        "+",
        "//",
        "../",
        "/",
    ),
    *(
        "a" * 5000,
        "0",
        "-1",
        "1e9",
        "null",
        "NaN",
        "true",
        "gz",
        "ap-guangzhou",
        "http://[::1",
        "//x",
        "a@evil.com",
        "*",
    ),
    *(
        "videos/a.mp4",
        "videos/a.jpg",
        "videos/thumbnails/a.mp4",
        "videos/",
        ".mp4",
        "videos/.mp4",
        f"/{APPID}/b/videos/a.MP4",
    ),
    *("cos:ObjectCreated:*", "cos: ObjectRemove:Delete", "cos:ObjectRestore:Completed", "cos:", SECRET, "1250000001"),
)
NESTED = None
for _ in range(50):
    NESTED = [NESTED]
VALUES = (None, True, False, 0, -1, 1.5, 10**30, float("nan"), [], {}, [None], {"a": 1}, NESTED, b"bytes", {1: 2})
PATHS = (
    *(
        ("cos",),
        ("event",),
        ("cos", "cosObject"),
        ("cos", "cosBucket"),
        ("event", "eventName"),
        ("cos", "cosObject", "key"),
    ),
    *(("cos", "cosObject", name) for name in ("url", "size", "meta", "vid")),
    *(("cos", "cosBucket", name) for name in ("name", "appid", "region", "s3Region", "cosRegion")),
)


def junk(rng):
    """Return a value that may stand anywhere: text of one or two pieces, or another type."""
    kind = rng.random()
    if kind < 0.4:
        return rng.choice(TEXTS)
    if kind < 0.6:
        return rng.choice(TEXTS) + rng.choice(TEXTS)
    return rng.choice(VALUES)


def wrong_record(rng):
    """Return a record with a random key in a random spelling, and up to three fields that are junk or gone."""
    key = f"videos/{rng.choice(TEXTS)}{rng.choice(('.mp4', '.MOV', '.jpg', '.txt', ''))}"
    encoded = quote(key, errors="replace")
    record = {
        "cos": {
            "cosObject": {
                "key": f"/{APPID}/bucket/{rng.choice((key, encoded))}",
                "url": f"http://bucket-{APPID}.cos.ap-guangzhou.myqcloud.com/{encoded}",
                "size": 5,
                "meta": {"Authorization": SECRET},
            },
            "cosBucket": {"name": "bucket", "appid": APPID, "region": "gz"},
        },
        "event": {
            "eventName": rng.choice(("cos:ObjectCreated:Put", "cos:ObjectRemove:Delete")),
            "requestParameters": {"requestHeaders": {"Authorization": SECRET}},
        },
    }
    for _ in range(rng.randrange(4)):
        *steps, last = rng.choice(PATHS)
        parent = record
        for step in steps:
            parent = parent.get(step) if isinstance(parent, dict) else None
        if not isinstance(parent, dict):
            continue
        if rng.random() < 0.2:
            parent.pop(last, None)
        else:
            parent[last] = junk(rng)
    return record


def wrong_event(rng):
    """Return one of the forms of an event, or something that is none."""
    kind = rng.random()
    if kind < 0.8:
        return {"Records": [wrong_record(rng)]}
    if kind < 0.87:
        location = {"BucketId": f"bucket-{APPID}", "Object": "videos/a.mp4", "Region": "ap-guangzhou"}
        location[rng.choice(sorted(location))] = junk(rng)
        return {rng.choice(("ObjectInfo", "Upstream")): rng.choice((location, junk(rng)))}
    if kind < 0.94:
        bucket = rng.choice((f"bucket-{APPID}", None, junk(rng)))
        return {"keys": rng.choice(([junk(rng), "videos/a.mp4"], junk(rng))), "bucket": bucket}
    return rng.choice((junk(rng), {"Records": junk(rng)}, {str(junk(rng))[:20]: 1}))


def check_outcome(outcome):
    """Assert the properties that every outcome of a record has."""
    if isinstance(outcome, Upload | Removal):
        assert re.fullmatch(rf"[a-z0-9]([a-z0-9-]*[a-z0-9])?-{APPID}", outcome.bucket)
        assert outcome.region is None or re.fullmatch(r"[a-z]+(-[a-z0-9]+)+", outcome.region)
        for key in (outcome.key, *([outcome.other_key] if outcome.other_key else [])):
            assert 0 < len(key.encode()) <= 850
            assert not key.startswith("videos/thumbnails/")
            assert key.rpartition(".")[2].lower() not in WRITTEN_EXTENSIONS
            if isinstance(outcome, Upload):
                assert key.startswith("videos/")
                assert key.rpartition(".")[2].lower() in {"mp4", "mov"}
        return
    text = outcome.reason if isinstance(outcome, Skipped) else outcome.message
    assert text
    assert text.isprintable()
    assert len(text) < 1000
    assert SECRET not in text
    if isinstance(outcome, BadEvent):
        assert not outcome.retryable
    else:
        assert len(outcome.key.encode()) <= 4 * 850


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_events(chunk):
    """Any event gives outcomes that hold, or a BadEvent that is one bounded line without secrets."""
    rng = random.Random(chunk)
    kinds = set()
    for _ in range(CASES // CHUNKS):
        event = wrong_event(rng)
        try:
            outcomes = read_event(event, SOURCES, appid=APPID)
        except BadEvent as error:
            outcomes = (error,)
        for outcome in outcomes:
            check_outcome(outcome)
            kinds.add(type(outcome))
    assert kinds == {Upload, Removal, Skipped, BadEvent}


ALIASES = [field.alias for field in Settings.model_fields.values()]
PIECES = (
    *"0123456789.,;:|x%-+/*= '\"\n\x00\u2028，；：％０６×、ｘ",
    *(
        "every:",
        "jpg",
        "webp",
        "jpeg",
        "640x0",
        "0x0",
        "25%",
        "6x",
        "1.5",
        "00:01:30",
        "best",
        "off",
        "auto",
        "keep",
        "remove",
    ),
    *(
        "videos/",
        "cos://",
        "http://",
        "https://a.b",
        "127.0.0.1:80",
        "bucket-1250000000",
        "\ud800",
        "视频",
        "a" * 300,
        "9" * 30,
    ),
    *("times", "poster", "first-unless-flat", "exactframe", "cover", "max-age", "mp4", "1h", "ms", "٣", SECRET),
)


def wrong_environment(rng):
    """Return one to three variables, some of them misspelt, with values glued from pieces of right ones."""
    environ = {"TENCENTCLOUD_SECRETKEY": SECRET}
    for _ in range(rng.randrange(1, 3)):
        name = rng.choice(ALIASES)
        if rng.random() < 0.02:
            place = rng.randrange(len(name))
            name = name[:place] + rng.choice(("", "S", "_", name[place].lower())) + name[place + 1 :]
        environ[name] = "".join(rng.choices(PIECES, k=rng.randrange(5)))
    return environ


def check_problems(problems):
    """Assert the properties that every sentence about a wrong value has."""
    assert problems
    for problem in problems:
        assert problem.isprintable()
        assert len(problem) < 1500
        assert SECRET.lower() not in problem.lower()


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_settings(chunk):
    """Any environment gives settings, or a BadSettings of bounded lines without secrets; so does any metadata."""
    rng = random.Random(chunk)
    accepted = 0
    for _ in range(CASES // CHUNKS):
        environ = wrong_environment(rng)
        try:
            settings = Settings.from_environment(environ)
        except BadSettings as error:
            check_problems(error.problems)
            continue
        accepted += 1
        assert settings.output_prefix.endswith("/")
        assert 0 < len(settings.times) <= 1000
        assert 0 < len(settings.sizes) <= 20
        metadata = {
            "x-cos-meta-snapshot-times": environ.popitem()[1],
            "x-cos-meta-snapshot-poster": environ.popitem()[1],
        }
        overrides = read_overrides(metadata, settings)
        if overrides.problems:
            check_problems(overrides.problems)
    assert CASES // CHUNKS // 20 < accepted < CASES // CHUNKS

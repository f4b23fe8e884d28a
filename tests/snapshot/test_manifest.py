import copy
import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import jsonschema
import pytest
from pydantic import ValidationError

from snapshot.manifest import Manifest, parse_manifest, schema, spell_time

ETAG = "5d41402abc4b2a76b9719d911017c592"
RECIPE = "0123456789abcdef" * 4
FULL = {
    "version": 1,
    "source": {
        "bucket": "examplebucket-1250000000",
        "region": "ap-guangzhou",
        "key": '视频/a "b" 🎬.mp4',
        "etag": ETAG,
        "size_bytes": 1029,
        "duration_ms": 12_000,
        "width_px": 640,
        "height_px": 360,
        "codec": "h264",
    },
    "recipe": RECIPE,
    "thumbnails": [
        {
            "key": "thumbnails/a.mp4/5d41402a/000001500-640x0.jpg",
            "at_ms": 1500,
            "width_px": 640,
            "height_px": 360,
            "format": "jpg",
            "size_bytes": 2048,
        }
    ],
    "missed": [{"at_ms": 90_000, "code": "PastTheEnd", "message": "90: the video is 12.000 s long"}],
    "poster": {"key": "thumbnails/a.mp4/poster.jpg", "at_ms": 1500, "why": "the first"},
    "calls": {"snapshot": 4, "media_info": 1},
    "made_at": "2026-11-22T09:00:00Z",
    "made_by": "snapshot 0.1.0",
}
NOTHING = FULL | {
    "source": FULL["source"] | dict.fromkeys(["duration_ms", "width_px", "height_px", "codec"]),
    "thumbnails": [],
    "missed": [
        {"at_ms": None, "code": "NoPicture", "message": "the file has no video stream"},
        {"at_ms": -1, "code": "BeforeTheStart", "message": "-2: the video is 1.999 s long"},
    ],
    "poster": None,
}


def changed(value, *path):
    data = copy.deepcopy(FULL)
    at = data
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return data


@pytest.mark.parametrize("data", [FULL, NOTHING], ids=["everything", "nothing was made"])
def test_a_manifest_survives_being_stored_and_is_valid_by_its_schema(data):
    stored = Manifest.model_validate(data).to_json()
    assert json.loads(stored) == data
    assert parse_manifest(stored) == Manifest.model_validate(data)
    jsonschema.Draft202012Validator(schema()).validate(json.loads(stored))


def test_the_stored_text_is_for_reading():
    text = Manifest.model_validate(FULL).to_json().decode()
    assert "视频" in text
    assert text.startswith('{\n  "version": 1,\n  "source": {\n    "bucket"')
    assert text.endswith("}\n")


def test_the_same_manifest_is_the_same_bytes():
    assert Manifest.model_validate(FULL).to_json() == Manifest.model_validate(copy.deepcopy(FULL)).to_json()


WRONG = {
    "an unknown version": (2, "version"),
    "a recipe that is no hash": ("abc", "recipe"),
    "a length below nought": (-1, "source", "duration_ms"),
    "a picture of no width": (0, "thumbnails", 0, "width_px"),
    "an unknown format": ("gif", "thumbnails", 0, "format"),
    "an empty picture": (0, "thumbnails", 0, "size_bytes"),
    "a moment before the start": (-1, "thumbnails", 0, "at_ms"),
    "a time without its zone": ("2026-11-22T09:00:00", "made_at"),
    "calls below nought": (-1, "calls", "snapshot"),
    "no source": (None, "source"),
    "thumbnails that are no list": ({}, "thumbnails"),
}


@pytest.mark.parametrize("change", WRONG.values(), ids=WRONG)
def test_what_is_no_manifest_is_none_by_schema_and_by_code(change):
    data = changed(*change)
    with pytest.raises(ValidationError):
        Manifest.model_validate(data)
    assert parse_manifest(json.dumps(data).encode()) is None
    assert not jsonschema.Draft202012Validator(schema()).is_valid(data)


@pytest.mark.parametrize("name", [name for name in FULL if name != "version"])
def test_a_manifest_without_one_of_its_parts_is_none(name):
    data = {field: value for field, value in FULL.items() if field != name}
    assert parse_manifest(json.dumps(data).encode()) is None
    assert not jsonschema.Draft202012Validator(schema()).is_valid(data)


@pytest.mark.parametrize(
    "body",
    [
        None,
        b"",
        b"{",
        b"null",
        b"[]",
        b'"manifest"',
        b"\xff\xfe",
        b"\x00",
        b"<Error/>",
        b"[" * 100_000,
        b'{"version": 1}',
        b'{"version": 1e400}',
        json.dumps(FULL).encode()[:-40],
    ],
    ids=[
        "none",
        "empty",
        "open",
        "null",
        "list",
        "text",
        "no utf-8",
        "nought",
        "xml",
        "deep",
        "bare",
        "huge",
        "cut off",
    ],
)
def test_bytes_that_are_no_manifest_are_none(body):
    assert parse_manifest(body) is None


def test_a_field_of_a_later_minor_version_is_let_pass():
    data = FULL | {"storyboard": {"key": "x"}, "source": FULL["source"] | {"hdr": True}}
    assert parse_manifest(json.dumps(data).encode()) == Manifest.model_validate(FULL)


def test_a_refused_manifest_does_not_repeat_its_content():
    with pytest.raises(ValidationError) as caught:
        Manifest.model_validate(changed("hunter2", "recipe"))
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("etag", "recipe", "same"),
    [(ETAG, RECIPE, True), ("other", RECIPE, False), (ETAG, "other", False), (ETAG.upper(), RECIPE, False)],
    ids=["both", "another content", "another recipe", "another spelling"],
)
def test_a_manifest_is_of_one_content_by_one_recipe(etag, recipe, same):
    assert Manifest.model_validate(FULL).is_of(etag=etag, recipe=recipe) is same


@pytest.mark.parametrize("hours", [0, 8, -11], ids=["UTC", "east", "west"])
def test_a_moment_is_spelt_in_utc_to_the_second(hours):
    zone = timezone(timedelta(hours=hours))
    moment = datetime(2026, 11, 22, 9, 0, 59, 999_999, tzinfo=timezone.utc).astimezone(zone)
    assert spell_time(moment) == "2026-11-22T09:00:59Z"
    Manifest.model_validate(FULL | {"made_at": spell_time(moment)})


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_stored_schema_is_what_the_program_prints(root):
    printed = subprocess.run([sys.executable, "-m", "snapshot.manifest"], cwd=root, capture_output=True, check=True)
    stored = (root / "docs" / "manifest.schema.json").read_bytes()
    assert printed.stdout == stored, "run: python -m snapshot.manifest > docs/manifest.schema.json"
    assert json.loads(stored) == schema()

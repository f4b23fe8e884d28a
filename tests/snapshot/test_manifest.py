"""manifest.py: the document, its schema, and what is no manifest."""

import copy
import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone

import jsonschema
import pytest
from pydantic import ValidationError

from snapshot.manifest import Manifest, format_time, parse_manifest, schema

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
    "generation": "0123456789abcdef",
    "thumbnails": [
        {
            "key": "thumbnails/a.mp4/0123456789abcdef/000001500-640x0.jpg",
            "width_px": 640,
            "height_px": 360,
            "format": "jpg",
            "size_bytes": 2048,
            "etag": ETAG,
            "at_ms": 1500,
        }
    ],
    "missed": [
        {
            "at_ms": 90_000,
            "code": "PastTheEnd",
            "message": "asked for 90, but the video is 12 s long",
            "instead_at_ms": 1500,
        }
    ],
    "notes": [],
    "poster": {
        "key": "thumbnails/a.mp4/poster.jpg",
        "at_ms": 1500,
        "why": "the first",
        "files": [
            {
                "key": "thumbnails/a.mp4/poster.jpg",
                "width_px": 640,
                "height_px": 360,
                "format": "jpg",
                "size_bytes": 2048,
                "etag": ETAG,
            }
        ],
        "srcset": "poster.jpg 640w",
        "flat": False,
        "score": 0.75,
        "placeholder": None,
        "colour": None,
        "candidates": [{"at_ms": 1500, "origin": "shot", "score": 0.75, "measures": {"luma": 99.5}}],
    },
    "storyboard": None,
    "preview": None,
    "calls": {"snapshot": 4, "media_info": 1, "failed": 0},
    "made_at": "2026-11-22T09:00:00Z",
    "made_by": "snapshot 0.1.0",
}
NOTHING = FULL | {
    "source": FULL["source"] | dict.fromkeys(["duration_ms", "width_px", "height_px", "codec"]),
    "thumbnails": [],
    "missed": [
        {"at_ms": None, "code": "NoPicture", "message": "the file has no video stream", "instead_at_ms": None},
        {"at_ms": -1, "code": "BeforeTheStart", "message": "-2: the video is 1.999 s long", "instead_at_ms": None},
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
def test_round_trip(data):
    """A manifest is the same after it was stored and read, and valid by its schema."""
    stored = Manifest.model_validate(data).to_json()
    assert json.loads(stored) == data
    assert parse_manifest(stored) == Manifest.model_validate(data)
    jsonschema.Draft202012Validator(schema()).validate(json.loads(stored))


def test_readable_text():
    """The stored text is indented, keeps letters as they are and ends with a newline."""
    text = Manifest.model_validate(FULL).to_json().decode()
    assert "视频" in text
    assert text.startswith('{\n  "version": 1,\n  "source": {\n    "bucket"')
    assert text.endswith("}\n")


def test_same_bytes():
    """Equal manifests are equal bytes."""
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
def test_wrong_value(change):
    """A document with a wrong value is no manifest, by the schema as by the code."""
    data = changed(*change)
    with pytest.raises(ValidationError):
        Manifest.model_validate(data)
    assert parse_manifest(json.dumps(data).encode()) is None
    assert not jsonschema.Draft202012Validator(schema()).is_valid(data)


OPTIONAL = {"version", "generation", "notes", "storyboard", "preview"}


@pytest.mark.parametrize("name", [name for name in FULL if name not in OPTIONAL])
def test_missing_part(name):
    """A document without one of its parts is no manifest."""
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
def test_wrong_bytes(body):
    """Bytes that are no manifest are read as none, without an error."""
    assert parse_manifest(body) is None


def test_later_field():
    """Fields of a later minor version are ignored."""
    data = FULL | {"hdr_preview": {"key": "x"}, "source": FULL["source"] | {"hdr": True}}
    assert parse_manifest(json.dumps(data).encode()) == Manifest.model_validate(FULL)


def test_error_shows_no_content():
    """The error about a wrong document does not repeat its content."""
    with pytest.raises(ValidationError) as raised:
        Manifest.model_validate(changed("hunter2", "recipe"))
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("hours", [0, 8, -11], ids=["UTC", "east", "west"])
def test_format_time(hours):
    """A moment is written in UTC, to the second."""
    zone = timezone(timedelta(hours=hours))
    moment = datetime(2026, 11, 22, 9, 0, 59, 999_999, tzinfo=timezone.utc).astimezone(zone)
    assert format_time(moment) == "2026-11-22T09:00:59Z"
    Manifest.model_validate(FULL | {"made_at": format_time(moment)})


def test_schema_is_valid():
    """The schema is a JSON Schema of 2020-12."""
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_stored_schema(root):
    """docs/manifest.schema.json is what `python -m snapshot.manifest` prints."""
    printed = subprocess.run([sys.executable, "-m", "snapshot.manifest"], cwd=root, capture_output=True, check=True)
    stored = (root / "docs" / "manifest.schema.json").read_bytes()
    assert printed.stdout == stored, "run: python -m snapshot.manifest > docs/manifest.schema.json"
    assert json.loads(stored) == schema()

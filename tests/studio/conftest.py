"""Small films, manifests as the function writes them, a served page, a browser."""

import json
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from emulator.cloud import Cloud
from emulator.films.film import make_film
from emulator.scf.function import Function
from emulator.scf.triggers import Trigger
from studio.client import CosClient
from studio.manifest import read_manifest
from studio.page import VideoResult
from studio.screenshots import NAMES
from studio.site import Site

BUCKET = "examplebucket-1250000000"
HARD_NAME = "生日 party+1 & 'co' <b>%20.mp4"
BROWSER = Path(__file__).parent / "browser"


@pytest.fixture(scope="session")
def films(tmp_path_factory):
    """Two small films, one with a name that a shell, a URL and a page could each trip over."""
    folder = tmp_path_factory.mktemp("films")
    make_film(folder / "film.mp4", duration_s=4, size=(320, 180), fade_in_s=0.5)
    make_film(folder / HARD_NAME, duration_s=2, size=(180, 320), fade_in_s=0.5)
    return folder


def manifest_of(key="videos/film.mp4", *, sizes=((640, 360),), times=(1000, 3000), missed=(), **source):
    """A manifest as the function writes it."""
    folder = f"thumbnails/{key}"
    thumbnails = [
        {
            "key": f"{folder}/5d41402a/{at_ms:09d}-{width}x0.jpg",
            "at_ms": at_ms,
            "width_px": width,
            "height_px": height,
            "format": "jpg",
            "size_bytes": 48_211,
        }
        for at_ms in times
        for width, height in sizes
    ]
    facts = {"duration_ms": 12_000, "width_px": 640, "height_px": 360, "codec": "h264", "size_bytes": 990_000}
    return {
        "version": 1,
        "source": {"bucket": BUCKET, "region": "ap-guangzhou", "key": key, "etag": "5d41402abc", **facts, **source},
        "recipe": "0" * 64,
        "thumbnails": thumbnails,
        "missed": list(missed),
        "poster": {"key": f"{folder}/poster.jpg", "at_ms": times[-1], "why": "the least flat"} if times else None,
        "calls": {"snapshot": len(times), "media_info": 1},
        "made_at": "2026-11-22T09:00:00Z",
        "made_by": "snapshot 0.1.0",
    }


def with_products(manifest, *, tiles=7, columns=5):
    """The manifest with everything that can be made: scores, a placeholder, a storyboard, a preview."""
    folder = f"thumbnails/{manifest['source']['key']}"
    per_sheet = columns * columns
    sheets = [
        {
            "key": f"{folder}/5d41402a/storyboard-{number:03d}.jpg",
            "width_px": 160 * columns,
            "height_px": 90 * columns,
            "tiles": min(per_sheet, tiles - number * per_sheet),
            "size_bytes": 30_000,
        }
        for number in range(-(-tiles // per_sheet))
    ]
    return manifest | {
        "notes": ["the picture ends at about 11.9 s; the media info says 12 s"],
        "poster": manifest["poster"]
        | {
            "placeholder": "data:image/webp;base64,UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==",
            "colour": "#4a6c8a",
            "files": [
                {
                    "key": f"{folder}/poster-640x0.webp",
                    "width_px": 640,
                    "height_px": 360,
                    "format": "webp",
                    "size_bytes": 9,
                }
            ],
            "candidates": [
                {"at_ms": 1000, "origin": "shot", "score": 0.25, "measures": {}},
                {"at_ms": 3000, "origin": "shot", "score": 0.75, "measures": {}},
                {"at_ms": 5000, "origin": "candidate", "score": None, "measures": {}},
            ],
        },
        "storyboard": {
            "interval_ms": 2000,
            "asked_interval_ms": 2000,
            "count": tiles,
            "columns": columns,
            "rows": columns,
            "tile_width_px": 160,
            "tile_height_px": 90,
            "sheets": sheets,
            "files": {
                "vtt": {"key": f"{folder}/storyboard.vtt", "size_bytes": 9, "etag": "0" * 32},
                "m3u8": {"key": f"{folder}/tiles.m3u8", "size_bytes": 9, "etag": "0" * 32},
            },
        },
        "preview": {
            "key": f"{folder}/preview.webp",
            "frames": 12,
            "width_px": 320,
            "height_px": 180,
            "size_bytes": 98_000,
            "quality": 60,
            "reduced": "Half of the frames were left out.",
        },
    }


def full_result():
    """A video of which everything was made that can be."""
    missed = [{"at_ms": 5000, "code": "PastTheEnd", "message": "the video is 4 s long", "instead_at_ms": 3000}]
    manifest = read_manifest(json.dumps(with_products(manifest_of(missed=missed), tiles=30)).encode())
    return VideoResult(manifest, BUCKET, "thumbnails/videos/film.mp4/manifest.json")


def result_of(*args, **kwargs):
    """A video that has its manifest."""
    manifest = read_manifest(json.dumps(manifest_of(*args, **kwargs)).encode())
    return VideoResult(manifest, BUCKET, f"thumbnails/{manifest.source.key}/manifest.json")


def client_of(cloud):
    """The owner's client."""
    return CosClient(
        endpoint=cloud.endpoint, region=cloud.region, secret_id=cloud.secret_id, secret_key=cloud.secret_key
    )


@pytest.fixture
def serve(root):
    """Serves the live page of a cloud, with the function behind it unless `watched` is false."""

    @contextmanager
    def start(*, watched=True, slice_bytes=16 * 1024 * 1024, **settings):
        site = Site(settings, prefix="videos/", slice_bytes=slice_bytes)
        with Cloud(compressed_time=True, pages=site.answer) as cloud:
            if watched:
                environment = {**settings, "SNAPSHOT_ENDPOINT": cloud.endpoint}
                cloud.scf.create(Function("thumbnails", root, timeout_s=60, environment=environment))
                cloud.scf.add_trigger(Trigger("thumbnails", BUCKET, prefix="videos/"))
            site.attach(cloud)
            yield cloud

    return start


@pytest.fixture(scope="session")
def chromium():
    """The browser's program."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("Chromium is not installed, so nobody looks at the page")
    return program


@pytest.fixture(scope="session")
def node():
    """Runs a script of tests/studio/browser under Node and returns what it printed, as JSON."""
    if shutil.which("node") is None:
        pytest.skip("Node is not installed, so nothing of npm can be run")
    if not (BROWSER / "node_modules").is_dir():
        pytest.skip("the packages of tests/studio/browser are not installed: npm ci --prefix tests/studio/browser")

    def run(script, *arguments):
        process = subprocess.run(
            ["node", BROWSER / script, *map(str, arguments)], capture_output=True, text=True, timeout=240, check=False
        )
        assert process.returncode == 0, process.stdout + process.stderr
        return json.loads(process.stdout)

    return run

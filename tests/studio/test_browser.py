"""The live page and the contact sheet as a person meets them, in Chromium."""

import base64
import io
import json
import shutil

import pytest
from PIL import Image

from emulator.films.film import make_film
from studio.manifest import read_manifest
from studio.page import Failure, Phase, VideoResult, contact_sheet
from tests.studio.conftest import full_result, manifest_of, result_of, with_products


@pytest.fixture
def dropped(films, tmp_path):
    """A film, a text that is named like one, and a text."""
    shutil.copy(films / "film.mp4", tmp_path)
    (tmp_path / "broken.mp4").write_text("no film", "utf-8")
    (tmp_path / "notes.txt").write_text("hello", "utf-8")
    return [tmp_path / name for name in ("film.mp4", "broken.mp4", "notes.txt")]


def assert_well(views):
    """Nothing sticks out, and axe finds nothing."""
    assert [view for view in views if view["violations"] or view["scrollWidth"] != view["width"]] == []


def test_dropped_files(dropped, serve, node, chromium):
    """A dropped video shows a row at once and its poster soon; what has no pictures says why."""
    with serve(SNAPSHOT_SIZES="320x0") as cloud:
        result = node("drop.js", chromium, cloud.endpoint, *dropped)
    assert result["errors"] == []
    assert any(row.startswith("videos/film.mp4") and "uploading" in row for row in result["rows"]), result["rows"]
    assert [poster[:2] for poster in result["posters"]] == [[320, 180]]
    assert "film.mp4" in result["posters"][0][2]
    assert result["tally"].startswith("3 videos: 1 with pictures, 1 ")
    assert result["copied"]["address"].startswith(cloud.endpoint)
    assert result["copied"]["type"] == "image/jpeg"
    states = "\n".join(result["states"])
    assert "videos/broken.mp4" in states
    assert "SNAPSHOT_EXTENSIONS" in states
    assert_well(result["views"])


def test_large_file(serve, node, chromium, tmp_path):
    """A file larger than a slice is uploaded in slices, and its pictures come too."""
    make_film(tmp_path / "large.mp4", duration_s=5, size=(640, 360), options={"crf": "1", "preset": "ultrafast"})
    size_bytes = (tmp_path / "large.mp4").stat().st_size
    assert size_bytes > 2 << 20
    with serve(slice_bytes=1 << 20) as cloud:
        result = node("drop.js", chromium, cloud.endpoint, tmp_path / "large.mp4")
        operations = [call.operation for call in cloud.calls]
    assert operations.count("UploadPart") == -(-size_bytes // (1 << 20))
    assert operations.count("CompleteMultipartUpload") == 1
    assert len(result["posters"]) == 1


def test_wrong_settings(dropped, serve, node, chromium):
    """With wrong settings every upload says so below one banner."""
    with serve(SNAPSHOT_TIMES="banana") as cloud:
        result = node("drop.js", chromium, cloud.endpoint, *dropped[:1])
    assert result["posters"] == []
    assert any("The function did not start" in state for state in result["states"])
    assert_well(result["views"])


def test_contact_sheet(node, chromium, films, tmp_path):
    """axe finds nothing in a contact sheet with everything on it."""
    missed = [{"at_ms": 5000, "code": "PastTheEnd", "message": "the video is 4 s long"}]
    page = contact_sheet(
        [full_result(), result_of("videos/empty.mp4", times=(), missed=missed)],
        href=lambda bucket, key: "picture.png",
        failures=[Failure("videos/a.mp4", "it is odd"), Failure("videos/b.txt", "no video", "skipped")],
        phases=[Phase(f"phase {number}", 100) for number in range(12)],
        settings=[("SNAPSHOT_TIMES", "6x")],
    )
    (tmp_path / "page.html").write_text(page, "utf-8")
    assert_well(node("inspect.js", chromium, (tmp_path / "page.html").as_uri())["views"])


def test_scrub(node, chromium, tmp_path):
    """The pointer over the storyboard shows the tile of that time, and the first one before it comes."""
    colours = [(20 * number, 255 - 20 * number, 40 * (number % 5)) for number in range(7)]
    sheet = Image.new("RGB", (5 * 160, 5 * 90))
    for number, colour in enumerate(colours):
        sheet.paste(colour, (number % 5 * 160, number // 5 * 90, number % 5 * 160 + 160, number // 5 * 90 + 90))
    sheet.save(tmp_path / "sheet.png")
    manifest = read_manifest(json.dumps(with_products(manifest_of(), tiles=7)).encode())
    page = contact_sheet([VideoResult(manifest, "b", "m")], href=lambda bucket, key: "sheet.png")
    (tmp_path / "page.html").write_text(page, "utf-8")
    shares = [(number + 0.5) / 7 for number in range(7)]
    result = node("scrub.js", chromium, (tmp_path / "page.html").as_uri(), *shares)
    pictures = [Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB") for text in result["screenshots"]]
    pixels = [picture.getpixel((picture.width // 2, picture.height // 4)) for picture in pictures]
    assert pixels == [colours[0], *colours]

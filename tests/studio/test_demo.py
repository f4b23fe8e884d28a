"""The main job, start to end: videos in, pictures of the right moments out, and a clear word where there are none."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from urllib.parse import unquote

import psutil
import pytest
from PIL import Image

from emulator.films.film import make_film, read_stripes
from studio.__main__ import main
from studio.demo import settings_of
from studio.folder import paths_of
from studio.manifest import read_manifest
from studio.page import Phase, contact_sheet
from tests.studio.conftest import HARD_NAME


class Run:
    """One call of the demo: its status, its folder, what it printed."""

    def __init__(self, status, out, printed):
        self.status, self.out, self.printed = status, out, printed

    def file(self, key):
        return self.out / paths_of([key])[key]

    def manifest(self, key):
        return json.loads(self.file(f"thumbnails/{key}/manifest.json").read_bytes())


@pytest.fixture
def demo(tmp_path, capsys):
    """Runs the demo in this process."""

    def run(*arguments, environment=None, out=tmp_path / "out"):
        status = main(["demo", "--out", str(out), *map(str, arguments)], environment or {})
        printed = capsys.readouterr()
        return Run(status, out, printed.out + printed.err)

    return run


class Links(HTMLParser):
    """Every local address of a document."""

    def __init__(self, document):
        super().__init__()
        self.paths = set()
        self.feed(document)

    def handle_starttag(self, tag, attrs):
        self.paths |= {
            unquote(value) for name, value in attrs if name in {"href", "src"} and not value.startswith("data:")
        }


def moment_of(picture_file):
    with Image.open(picture_file) as picture:
        return read_stripes(picture)


def test_without_arguments(tmp_path, root):
    """`make demo` alone leaves a manifest, its pictures, the poster and a page."""
    out = tmp_path / "my out"
    run = subprocess.run(
        [sys.executable, "-m", "studio", "demo", "--out", out],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    manifest = json.loads((out / "thumbnails/videos/film.mp4/manifest.json").read_bytes())
    assert [picture["at_ms"] for picture in manifest["thumbnails"]] == [1000, 3000, 6000, 9000]
    for picture in manifest["thumbnails"]:
        assert moment_of(out / picture["key"]) == picture["at_ms"]
        assert (out / picture["key"]).stat().st_size == picture["size_bytes"]
        row = [str(picture["size_bytes"] // 1000), f"{picture['width_px']}x{picture['height_px']}", picture["key"]]
        assert any(all(part in line for part in row) for line in run.stdout.splitlines())
    assert moment_of(out / manifest["poster"]["key"]) == manifest["poster"]["at_ms"]
    page = (out / "index.html").read_text("utf-8")
    assert {picture["key"] for picture in manifest["thumbnails"]} <= {path[2:] for path in Links(page).paths}


def test_several_videos(demo, films):
    """Several videos under any name each get pictures of the moments asked for."""
    run = demo(*sorted(films.iterdir()), "--set", "SNAPSHOT_TIMES=0.52,75%", "--set", "SNAPSHOT_SIZES=0x0,160x0")
    assert run.status == 0, run.printed
    for video, moments in {"film.mp4": [520, 3000], HARD_NAME: [520, 1500 - 1500 % 40]}.items():
        pictures = run.manifest(f"videos/{video}")["thumbnails"]
        assert sorted({moment_of(run.file(picture["key"])) for picture in pictures}) == moments
        assert len(pictures) == 4
        assert 160 in {picture["width_px"] for picture in pictures}
        assert all(run.file(picture["key"]).stat().st_size == picture["size_bytes"] for picture in pictures)


def test_links(demo, films):
    """Every link of the page leads to a file of the folder, and no phase has another's colour."""
    run = demo(*sorted(films.iterdir()))
    assert run.status == 0, run.printed
    paths = Links((run.out / "index.html").read_text("utf-8")).paths
    assert len(paths) >= 2 * (4 + 1 + 1) - 2  # the short film has fewer moments
    assert [path for path in paths if not path.startswith("./")] == []
    assert [path for path in paths if not (run.out / path).is_file()] == []


def test_products(demo, films):
    """Storyboard, preview and placeholder of a real run are read from its manifest, checked and linked."""
    settings = ["SNAPSHOT_STORYBOARD=8x", "SNAPSHOT_PREVIEW=webp"]
    run = demo(films / "film.mp4", *(part for setting in settings for part in ("--set", setting)))
    assert run.status == 0, run.printed
    assert "wrong: " not in run.printed
    manifest = read_manifest(run.file("thumbnails/videos/film.mp4/manifest.json").read_bytes())
    assert manifest.poster.candidates
    assert manifest.poster.placeholder
    sheets = [sheet.key for sheet in manifest.storyboard.sheets]
    files = [file.key for file in manifest.storyboard.files.values()]
    links = Links((run.out / "index.html").read_text("utf-8")).paths
    assert {f"./{key}" for key in [*sheets, *files, manifest.preview.key]} <= links
    assert all((run.out / link).is_file() for link in links)
    assert len(sheets) > 0 < len(files)


def test_no_video_inside(demo, films, tmp_path):
    """A text named .mp4 is reported as missed, fails the run, and does not harm the other video."""
    broken = tmp_path / "broken.mp4"
    broken.write_text("this is no film", "utf-8")
    run = demo(films / "film.mp4", broken)
    assert run.status == 1
    assert "videos/broken.mp4" in run.printed
    missed = run.manifest("videos/broken.mp4")["missed"][0]
    assert missed["code"] in run.printed
    assert missed["message"] in (run.out / "index.html").read_text("utf-8")
    assert run.manifest("videos/film.mp4")["thumbnails"]


def test_skipped(demo, tmp_path):
    """A file that is no video by its name is reported as skipped, with the reason."""
    notes = tmp_path / "notes.txt"
    notes.write_text("hello", "utf-8")
    run = demo(notes)
    assert run.status == 1
    assert "videos/notes.txt: no manifest. skipped: " in run.printed
    assert "SNAPSHOT_EXTENSIONS" in run.printed
    assert "SNAPSHOT_EXTENSIONS" in (run.out / "index.html").read_text("utf-8")


def test_wrong_settings(demo, films):
    """Wrong settings are all named, and how often the event was delivered."""
    run = demo(films / "film.mp4", "--set", "SNAPSHOT_TIMES=soon", "--set", "SNAPSHOT_SIZES=9999x0")
    assert run.status == 1
    assert "SNAPSHOT_TIMES" in run.printed
    assert "SNAPSHOT_SIZES" in run.printed
    assert "delivered 3 times" in run.printed


def test_settings(demo, films):
    """Settings come from the environment and the command line, which wins."""
    environment = {
        "SNAPSHOT_TIMES": "2",
        "SNAPSHOT_FORMAT": "png",
        "SNAPSHOT_ENDPOINT": "http://127.0.0.1:1",
        "PATH": "x",
    }
    run = demo(films / "film.mp4", "--set", "SNAPSHOT_FORMAT=webp", environment=environment)
    assert run.status == 0, run.printed
    pictures = run.manifest("videos/film.mp4")["thumbnails"]
    assert [(picture["at_ms"], picture["format"]) for picture in pictures] == [(2000, "webp")]
    assert "SNAPSHOT_TIMES=2, SNAPSHOT_FORMAT=webp" in run.printed


def test_output_bucket(demo, films):
    """Pictures in a bucket of their own are fetched and linked too."""
    run = demo(films / "film.mp4", "--set", "SNAPSHOT_OUTPUT_BUCKET=pictures-1250000000")
    assert run.status == 0, run.printed
    assert list((run.out / "pictures-1250000000" / "thumbnails").rglob("poster.jpg"))
    paths = Links((run.out / "index.html").read_text("utf-8")).paths
    assert all((run.out / path).is_file() for path in paths)


@pytest.mark.parametrize("name", ["foo", "pictures-1", "UPPER-1250000000", "a-1234567890"])
def test_wrong_output_bucket(name, demo, films):
    """A bucket that the local cloud cannot have is named, with its setting, before anything runs."""
    run = demo(films / "film.mp4", "--set", f"SNAPSHOT_OUTPUT_BUCKET={name}")
    assert run.status == 1
    assert f"SNAPSHOT_OUTPUT_BUCKET is {name!r}; " in run.printed
    assert "such as pictures-1250000000" in run.printed
    assert not run.out.exists()


def test_input_prefix(demo, films):
    """Videos are uploaded below the input prefix that is set."""
    run = demo(films / "film.mp4", "--set", "SNAPSHOT_INPUT_PREFIX=uploads/2026/")
    assert run.status == 0, run.printed
    assert run.manifest("uploads/2026/film.mp4")["thumbnails"]


def test_equal_names(demo, films, tmp_path):
    """Two files of one name both get their pictures."""
    twin = tmp_path / "film.mp4"
    make_film(twin, duration_s=1, size=(320, 180), fade_in_s=0)
    run = demo(films / "film.mp4", twin, "--set", "SNAPSHOT_TIMES=50%")
    assert run.status == 0, run.printed
    assert run.manifest("videos/film.mp4")["thumbnails"][0]["at_ms"] == 2000
    assert run.manifest("videos/2/film.mp4")["thumbnails"][0]["at_ms"] == 500


def test_folder_of_others(demo, films, tmp_path):
    """A folder that no demo wrote is left as it is."""
    out = tmp_path / "precious"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work", "utf-8")
    run = demo(films / "film.mp4", out=out)
    assert run.status == 1
    assert "no demo wrote" in run.printed
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]


def test_second_run(demo, films):
    """A second run replaces the files of the first, and leaves one's own beside them."""
    first = demo(films / "film.mp4", "--set", "SNAPSHOT_TIMES=1")
    old = set(first.out.rglob("*.jpg"))
    (first.out / "notes.txt").write_text("my notes", "utf-8")
    second = demo(films / "film.mp4", "--set", "SNAPSHOT_TIMES=2", "--set", "SNAPSHOT_FORMAT=png")
    assert (first.status, second.status) == (0, 0)
    assert old
    assert not any(path.exists() for path in old)
    assert (first.out / "notes.txt").read_text("utf-8") == "my notes"


def test_home(demo, films, tmp_path, monkeypatch):
    """`~` in the folder's name is the home folder."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    run = demo(films / "film.mp4", out="~/pictures")
    assert run.status == 0, run.printed
    assert (tmp_path / "pictures" / "index.html").is_file()
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize(
    ("out", "sentence"),
    [("file/sub", "file/sub: not a directory"), ("/proc/x", "/proc.*: no such file or directory")],
    ids=["below-a-file", "proc"],
)
def test_impossible_folder(out, sentence, demo, films, tmp_path):
    """A folder that cannot be made is named in one sentence with the system's reason, without its number."""
    (tmp_path / "file").write_bytes(b"")
    run = demo(films / "film.mp4", out=tmp_path / out)
    assert run.status == 1
    (line,) = run.printed.splitlines()
    assert re.search(sentence, line), line
    assert "Errno" not in line


def test_where_the_time_went(demo, films):
    """The phases add up to the whole, and each has a colour of its own."""
    run = demo(films / "film.mp4")
    lines = run.printed.splitlines()
    begin = lines.index("where the time went") + 1
    phases = {}
    for line in lines[begin : lines.index("", begin)]:
        *name, number, unit = line.split()
        phases[" ".join(name)] = float(number) * {"ms": 1, "s": 1000}[unit]
    total = phases.pop("in all")
    assert {"upload", "cold start of the function"} <= set(phases)
    assert len(phases) >= 7
    assert sum(phases.values()) == pytest.approx(total, abs=5 * (len(phases) + 1))  # to a hundredth of a second
    # The two that this run lacks: loading Python, and making a film.
    page = contact_sheet([], href=lambda *_: "", phases=[Phase(name, 1) for name in [*phases, "load", "make"]])
    colours = page.count("nth-child(12n+")
    assert len(phases) + 2 <= colours // 2 == 12


@pytest.mark.parametrize("name", ["nope.mp4", "film.mp4 nope.mp4"], ids=["alone", "among-others"])
def test_absent_file(name, demo, films, monkeypatch):
    """A file that is not there is named in one line before anything starts."""
    monkeypatch.chdir(films)
    run = demo(name)
    assert (run.status, run.printed) == (2, "demo: there is no file 'nope.mp4'\n")
    assert not run.out.exists()


@pytest.mark.parametrize(
    "pair", ["SNAPSHOT_TIMES", "=1", "SNAPSHOT_ENDPOINT=http://127.0.0.1:1"], ids=["no-value", "no-name", "endpoint"]
)
def test_refused_settings(pair):
    """A pair that sets nothing, or the cloud's own address, is refused."""
    with pytest.raises(ValueError, match=r"--set takes|cannot be set"):
        settings_of({}, [pair])


def is_making_a_film(process, scratch):
    return any(scratch.glob("demo-*/film.mp4"))


def is_uploading(process, scratch):
    return any(connection.status == "ESTABLISHED" for connection in process.net_connections())


def is_at_work(process, scratch):
    return bool(process.children())


@pytest.mark.parametrize(
    ("size_bytes", "is_there"),
    [(0, is_making_a_film), (3 << 30, is_uploading), (-1, is_at_work)],
    ids=["making-a-film", "uploading", "taking-pictures"],
)
def test_interrupted(size_bytes, is_there, root, films, tmp_path):
    """Ctrl-C ends the demo, whatever it is at, with one word, without a traceback, and nothing is left running."""
    video = films / "film.mp4"
    if size_bytes > 0:
        video = tmp_path / "big.mp4"
        with video.open("wb") as file:
            file.truncate(size_bytes)
    demo = subprocess.Popen(
        [sys.executable, "-m", "studio", "demo", "--out", tmp_path / "out", *([video] if size_bytes else [])],
        cwd=root,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    process = psutil.Process(demo.pid)
    try:
        deadline = time.monotonic() + 60
        while not is_there(process, tmp_path):
            assert demo.poll() is None, demo.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        children = process.children(recursive=True)
        os.killpg(demo.pid, signal.SIGINT)
        _, complaint = demo.communicate(timeout=60)
    finally:
        demo.kill()
    assert (demo.returncode, complaint) == (130, "demo: stopped\n")
    assert [child for child in children if child.is_running() and child.status() != "zombie"] == []
    assert not any(tmp_path.glob("demo-*"))

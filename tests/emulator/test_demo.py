"""The main job, start to end: videos in, pictures of the right moments out, and a clear word where there are none."""

import json
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from PIL import Image

from emulator.demo.__main__ import main, settings_of, videos_in
from emulator.demo.folder import paths_of
from emulator.film import make_film, read_stripes

ROOT = Path(__file__).resolve().parents[2]
HARD_NAME = "生日 party+1 & 'co' <b>%20.mp4"


class Run:
    """What one call of the demo left."""

    def __init__(self, status, out, told):
        self.status, self.out, self.told = status, out, told

    def file(self, key):
        return self.out / paths_of([key])[key]

    def manifest(self, key):
        return json.loads(self.file(f"thumbnails/{key}/manifest.json").read_bytes())


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Two small films, one with a name that a shell, a URL and a page could each trip over."""
    folder = tmp_path_factory.mktemp("films")
    make_film(folder / "film.mp4", duration_s=4, size=(320, 180), fade_in_s=0.5)
    make_film(folder / HARD_NAME, duration_s=2, size=(180, 320), fade_in_s=0.5)
    return folder


@pytest.fixture
def demo(tmp_path, capsys):
    def run(*arguments, environment=None, out=tmp_path / "out"):
        status = main(["--out", str(out), *map(str, arguments)], environment or {})
        told = capsys.readouterr()
        return Run(status, out, told.out + told.err)

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


def test_make_demo_without_anything_leaves_a_manifest_its_pictures_the_poster_and_a_page(tmp_path):
    out = tmp_path / "my out"
    run = subprocess.run(
        [sys.executable, "-m", "emulator.demo", "--out", out],
        cwd=ROOT,
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


def test_several_films_under_any_name_each_get_pictures_of_the_moments_asked_for(demo, films):
    run = demo(*sorted(films.iterdir()), "--set", "SNAPSHOT_TIMES=0.52,75%", "--set", "SNAPSHOT_SIZES=0x0,200x0")
    assert run.status == 0, run.told
    for video, moments in {"film.mp4": [520, 3000], HARD_NAME: [520, 1500 - 1500 % 40]}.items():
        pictures = run.manifest(f"videos/{video}")["thumbnails"]
        assert sorted({moment_of(run.file(picture["key"])) for picture in pictures}) == moments
        assert len(pictures) == 4
        assert 200 in {picture["width_px"] for picture in pictures}
        assert all(run.file(picture["key"]).stat().st_size == picture["size_bytes"] for picture in pictures)


def test_every_link_of_the_page_leads_to_a_file_of_the_folder(demo, films):
    run = demo(*sorted(films.iterdir()))
    assert run.status == 0, run.told
    paths = Links((run.out / "index.html").read_text("utf-8")).paths
    assert len(paths) >= 2 * (4 + 1 + 1) - 2  # the short film has fewer moments
    assert [path for path in paths if not path.startswith("./")] == []
    assert [path for path in paths if not (run.out / path).is_file()] == []


def test_a_text_that_calls_itself_mp4_is_told_as_missed_and_fails(demo, films, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_text("this is no film", "utf-8")
    run = demo(films / "film.mp4", broken)
    assert run.status == 1
    assert "videos/broken.mp4" in run.told
    missed = run.manifest("videos/broken.mp4")["missed"][0]
    assert missed["code"] in run.told
    assert missed["message"] in (run.out / "index.html").read_text("utf-8")
    assert run.manifest("videos/film.mp4")["thumbnails"], "the other film must not suffer"


def test_a_file_that_is_no_video_by_its_name_is_told_as_skipped_with_the_reason(demo, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("hello", "utf-8")
    run = demo(notes)
    assert run.status == 1
    assert "videos/notes.txt: no manifest. skipped: " in run.told
    assert "SNAPSHOT_EXTENSIONS" in run.told
    assert "SNAPSHOT_EXTENSIONS" in (run.out / "index.html").read_text("utf-8")


def test_a_wrong_setting_is_told_with_all_it_says_and_the_deliveries_it_took(demo, films):
    run = demo(films / "film.mp4", "--set", "SNAPSHOT_TIMES=soon", "--set", "SNAPSHOT_SIZES=9999x0")
    assert run.status == 1
    assert "SNAPSHOT_TIMES" in run.told
    assert "SNAPSHOT_SIZES" in run.told
    assert "delivered 3 times" in run.told


def test_settings_come_from_the_environment_and_the_command_line_wins(demo, films):
    environment = {
        "SNAPSHOT_TIMES": "2",
        "SNAPSHOT_FORMAT": "png",
        "SNAPSHOT_ENDPOINT": "http://127.0.0.1:1",
        "PATH": "x",
    }
    run = demo(films / "film.mp4", "--set", "SNAPSHOT_FORMAT=webp", environment=environment)
    assert run.status == 0, run.told
    pictures = run.manifest("videos/film.mp4")["thumbnails"]
    assert [(picture["at_ms"], picture["format"]) for picture in pictures] == [(2000, "webp")]
    assert "SNAPSHOT_TIMES=2, SNAPSHOT_FORMAT=webp" in run.told


def test_pictures_in_a_bucket_of_their_own_are_fetched_and_linked_too(demo, films):
    run = demo(films / "film.mp4", "--set", "SNAPSHOT_OUTPUT_BUCKET=pictures-1250000000")
    assert run.status == 0, run.told
    assert list((run.out / "pictures-1250000000" / "thumbnails").rglob("poster.jpg"))
    paths = Links((run.out / "index.html").read_text("utf-8")).paths
    assert all((run.out / path).is_file() for path in paths)


def test_two_files_of_one_name_both_get_their_pictures(demo, films, tmp_path):
    twin = tmp_path / "film.mp4"
    make_film(twin, duration_s=1, size=(320, 180), fade_in_s=0)
    run = demo(films / "film.mp4", twin, "--set", "SNAPSHOT_TIMES=50%")
    assert run.status == 0, run.told
    assert run.manifest("videos/film.mp4")["thumbnails"][0]["at_ms"] == 2000
    assert run.manifest("videos/2/film.mp4")["thumbnails"][0]["at_ms"] == 500


def test_a_folder_that_no_demo_wrote_is_left_as_it_is(demo, films, tmp_path):
    out = tmp_path / "precious"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work", "utf-8")
    run = demo(films / "film.mp4", out=out)
    assert run.status == 1
    assert "no demo wrote" in run.told
    assert [path.name for path in out.iterdir()] == ["thesis.txt"]


def test_a_second_run_replaces_what_the_first_one_left(demo, films):
    first = demo(films / "film.mp4", "--set", "SNAPSHOT_TIMES=1")
    old = set(first.out.rglob("*.jpg"))
    second = demo(films / "film.mp4", "--set", "SNAPSHOT_TIMES=2", "--set", "SNAPSHOT_FORMAT=png")
    assert (first.status, second.status) == (0, 0)
    assert old
    assert not any(path.exists() for path in old)


def test_where_the_time_went_adds_up_to_the_whole(demo, films):
    run = demo(films / "film.mp4")
    lines = run.told.splitlines()
    begin = lines.index("where the time went") + 1
    told = {}
    for line in lines[begin : lines.index("", begin)]:
        *name, number, unit = line.split()
        told[" ".join(name)] = float(number) * {"ms": 1, "s": 1000}[unit]
    whole = told.pop("in all")
    assert {"upload", "cold start of the function", "take and store snapshots"} <= set(told)
    assert sum(told.values()) == pytest.approx(whole, abs=5 * (len(told) + 1))  # written to a hundredth of a second


@pytest.mark.parametrize("name", ["nope.mp4", "film.mp4 nope.mp4"], ids=["alone", "among-others"])
def test_a_file_that_is_not_there_is_named_before_anything_starts(name, demo, films, monkeypatch):
    monkeypatch.chdir(films)
    with pytest.raises(SystemExit) as ended:
        demo(name)
    assert ended.value.code == 2


def test_one_text_names_several_files_as_a_shell_would_part_them(films, monkeypatch):
    monkeypatch.chdir(films)
    Path("my film.mp4").write_bytes(b"")
    assert videos_in("my film.mp4") == [Path("my film.mp4")]
    assert videos_in("'my film.mp4' film.mp4") == [Path("my film.mp4"), Path("film.mp4")]
    assert videos_in("  ") == []
    Path("my film.mp4").unlink()


@pytest.mark.parametrize(
    "pair", ["SNAPSHOT_TIMES", "=1", "SNAPSHOT_ENDPOINT=http://127.0.0.1:1"], ids=["no-value", "no-name", "endpoint"]
)
def test_a_setting_that_cannot_be_set_is_refused(pair):
    with pytest.raises(ValueError, match=r"--set takes|cannot be set"):
        settings_of({}, [pair])

"""The contact sheet: what it names, how it links, what it does not let through, how it lies on a phone."""

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from urllib.parse import quote, unquote, urlsplit

import pytest
from PIL import Image

from emulator.demo.live import live_page
from emulator.demo.manifest import read_manifest
from emulator.demo.page import Film, Live, Loss, Phase, amount, chosen_picture, contact_sheet, moments_of, timecode

BUCKET = "examplebucket-1250000000"


def nothing(key):
    return ""


LIVE = Live("http://127.0.0.1:9", "ap-guangzhou", (BUCKET,), watched=True)


def manifest_of(key="videos/film.mp4", *, sizes=((640, 360),), times=(1000, 3000), missed=(), **source):
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
        "source": {"bucket": BUCKET, "region": "ap-guangzhou", "key": key, "etag": '"5d41402abc"', **facts, **source},
        "recipe": "0" * 64,
        "thumbnails": thumbnails,
        "missed": list(missed),
        "poster": {"key": f"{folder}/poster.jpg", "at_ms": times[-1], "why": "the least flat"} if times else None,
        "calls": {"snapshot": len(times), "media_info": 1},
        "made_at": "2026-11-22T09:00:00Z",
        "made_by": "snapshot 0.1.0",
    }


def film_of(*args, **kwargs):
    body = json.dumps(manifest_of(*args, **kwargs)).encode()
    manifest = read_manifest(body)
    return Film(manifest, BUCKET, f"thumbnails/{manifest.source.key}/manifest.json")


def link(bucket, key):
    return "./" + quote(key)


class Elements(HTMLParser):
    """Every element with its attributes, and every text, of a document."""

    def __init__(self, document):
        super().__init__()
        self.elements, self.texts = [], []
        self.feed(document)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    def values(self, attribute):
        return [attributes[attribute] for _, attributes in self.elements if attribute in attributes]


def test_every_picture_poster_and_manifest_is_linked_relatively_under_its_own_name():
    film = film_of("videos/a b+c%20d#e?f/生日🎂 & 'q'.mp4", sizes=((640, 360), (160, 90)))
    page = Elements(contact_sheet([film], href=link))
    links = page.values("href") + page.values("src")
    named = {picture.key for picture in film.manifest.thumbnails}
    named |= {film.manifest.poster.key, film.manifest_key}
    local = [urlsplit(address) for address in links if not address.startswith("data:")]
    assert all(not address.scheme and not address.netloc and not address.query for address in local)
    assert {unquote(address.path).removeprefix("./") for address in local} == named


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>.mp4",
        '"><img src=x onerror=alert(1)>.mp4',
        "' onmouseover='alert(1).mp4",
        "{{ 7 * 7 }}.mp4",
        "javascript:alert(1)//.mp4",
        "</style></title><b>.mp4",
    ],
    ids=["script", "attribute", "single-quote", "template", "scheme", "end-tags"],
)
def test_a_hostile_text_stays_a_text_wherever_it_stands(hostile):
    missed = [{"at_ms": 5000, "code": hostile, "message": hostile}]
    manifest = manifest_of(hostile, missed=missed, codec=hostile, bucket=hostile)
    manifest["poster"]["why"] = manifest["made_by"] = manifest["made_at"] = hostile
    film = Film(read_manifest(json.dumps(manifest).encode()), BUCKET, f"thumbnails/{hostile}/manifest.json")
    plain = Elements(contact_sheet([film_of(missed=[{"at_ms": 5000, "code": "x", "message": "y"}])], href=link))
    page = Elements(contact_sheet([film], href=link, losses=[Loss(hostile, hostile)], settings=[(hostile, hostile)]))
    known = {tag for tag, _ in plain.elements} | {"h3", "ul", "li"}
    assert {tag for tag, _ in page.elements} <= known
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert not [address for address in page.values("href") if address.lower().startswith("javascript")]
    assert hostile in page.texts


def test_a_missed_moment_stands_in_its_place_in_time_with_its_reason():
    missed = [{"at_ms": 2000, "code": "InvalidMedia", "message": "no frame there"}]
    film = film_of(missed=missed)
    assert [moment.at_ms for moment in moments_of(film.manifest)] == [1000, 2000, 3000]
    texts = [text.strip() for text in Elements(contact_sheet([film], href=link)).texts]
    assert texts.index("0:01.000") < texts.index("InvalidMedia") < texts.index("no frame there")
    assert texts.index("no frame there") < len(texts) - 1 - texts[::-1].index("0:03.000")


def test_a_miss_without_a_moment_stands_last():
    film = film_of(missed=[{"at_ms": None, "code": "past_end", "message": "cut"}])
    assert [moment.at_ms for moment in moments_of(film.manifest)] == [1000, 3000, None]
    assert "past_end" in Elements(contact_sheet([film], href=link)).texts


def test_a_film_without_any_picture_or_fact_still_has_its_place():
    film = film_of(times=(), duration_ms=None, width_px=None, height_px=None, codec=None, size_bytes=None)
    page = Elements(contact_sheet([film], href=link))
    assert "film.mp4" in page.texts
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert any("No frame" in text for text in page.texts)


def test_every_picture_says_in_words_what_it_shows():
    page = Elements(contact_sheet([film_of()], href=link))
    pictures = [attributes for tag, attributes in page.elements if tag == "img"]
    assert len(pictures) == 3
    assert all(re.search(r"film\.mp4.*\d:\d\d\.\d{3}", picture["alt"]) for picture in pictures)
    assert {(picture["width"], picture["height"]) for picture in pictures} == {("640", "360")}


def test_the_grid_shows_the_smallest_size_that_fills_its_place_and_links_to_the_widest():
    film = film_of(sizes=((1920, 1080), (800, 450), (160, 90)), times=(1000,))
    moment = moments_of(film.manifest)[0]
    assert moment.shown.width_px == 800
    assert [picture.width_px for picture in moment.pictures] == [1920, 800, 160]


def test_the_poster_takes_its_dimensions_from_the_thumbnail_it_is_a_copy_of():
    film = film_of(sizes=((160, 90), (640, 360)))
    assert chosen_picture(film.manifest).width_px == 640
    assert chosen_picture(film.manifest).at_ms == film.manifest.poster.at_ms


def test_the_page_needs_nothing_but_its_pictures():
    page = contact_sheet([film_of()], href=link, phases=[Phase("upload", 3)])
    tags = [tag for tag, _ in Elements(page).elements]
    assert "script" not in tags
    assert not [tag for tag, attributes in Elements(page).elements if tag == "link" and attributes["rel"] != "icon"]
    assert not re.search(r"https?://|@import|url\(", page)


def test_where_the_time_went_is_told_in_full():
    texts = Elements(contact_sheet([], href=link, phases=[Phase("film", 812), Phase("upload", 1420)])).texts
    assert {"812 ms", "1.42 s"} <= set(texts)
    assert any("2.23 s in all" in text for text in texts)


def test_the_live_page_shows_the_newest_film_first_and_names_what_waits():
    stored = {}
    for key, made_at in (("videos/old.mp4", "2026-11-22T09:00:00Z"), ("videos/new.mp4", "2026-11-22T10:00:00Z")):
        manifest = manifest_of(key) | {"made_at": made_at}
        stored[BUCKET, f"thumbnails/{key}/manifest.json"] = json.dumps(manifest).encode()
        stored[BUCKET, key] = b"never read"
    stored[BUCKET, "videos/late.MP4"] = b"never read"
    stored[BUCKET, "videos/notes.txt"] = b"never read"
    stored[BUCKET, "else/manifest.json"] = b'{"version": 1}'
    read = []

    def read_one(bucket, key):
        read.append(key)
        return stored[bucket, key]

    page = live_page(stored, live=LIVE, read=read_one, href=lambda bucket, key: f"/{bucket}/{quote(key)}", why=nothing)
    texts = Elements(page).texts
    assert texts.index("new.mp4") < texts.index("old.mp4") < texts.index("videos/late.MP4")
    assert "videos/notes.txt" not in texts
    assert all(key.endswith("/manifest.json") for key in read)
    assert f"/{BUCKET}/thumbnails/videos/new.mp4/poster.jpg" in Elements(page).values("src")


@pytest.mark.parametrize(
    ("watched", "sentence"), [(True, "frames appear here"), (False, "No function watches")], ids=["watched", "idle"]
)
def test_an_empty_cloud_promises_frames_only_where_a_function_watches(watched, sentence):
    live = Live(LIVE.endpoint, LIVE.region, LIVE.buckets, watched=watched)
    page = live_page([], live=live, read=lambda bucket, key: b"", href=link, why=nothing)
    assert any(sentence in text for text in Elements(page).texts)


def test_the_live_page_says_why_a_video_has_no_manifest():
    page = live_page(
        [(BUCKET, "videos/a.mp4")], live=LIVE, read=lambda *_: b"", href=link, why=lambda key: f"{key} is odd"
    )
    assert "videos/a.mp4 is odd" in " ".join(Elements(page).texts)


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [(0, "0:00.000"), (75_500, "1:15.500"), (3_600_000, "1:00:00.000"), (-1500, "-0:01.500")],
    ids=["zero", "minutes", "hours", "before"],
)
def test_a_moment_reads_like_film_time(at_ms, text):
    assert timecode(at_ms) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (48_211, "48.2 kB"), (999_999, "1.00 MB"), (100_000, "100 kB")],
    ids=str,
)
def test_a_size_has_three_digits_that_matter(size_bytes, text):
    assert amount(size_bytes) == text


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"version": 2}', b"\xff"], ids=["empty", "list", "version-2", "not-utf-8"]
)
def test_what_is_no_manifest_is_refused(body):
    with pytest.raises(ValueError, match="validation error"):
        read_manifest(body)


@pytest.fixture(scope="module")
def chromium():
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("Chromium is not installed, so nobody looks at the page")
    return program


@pytest.mark.parametrize("width_px", [320, 390, 1280])
def test_nothing_sticks_out_of_the_window(width_px, chromium, tmp_path):
    long = "videos/" + "x" * 180 + "/" + "生" * 60 + ".mp4"
    missed = [{"at_ms": 5000, "code": "C" * 60, "message": "m" * 200}]
    films = [film_of(long, missed=missed, codec="h" * 80), film_of(sizes=((720, 1280), (90, 160)), missed=missed)]
    page = contact_sheet(
        films,
        href=lambda bucket, key: "picture.png",
        losses=[Loss("k" * 300, "r" * 300)],
        phases=[Phase("p" * 40, 12)],
        settings=[("S" * 40, "v" * 120)],
    )
    # A frame of a set width, because a headless window may refuse to be as narrow as a phone.
    probe = f"""<!doctype html><iframe id=f width={width_px} height=900 style="border:0" src=page.html></iframe>
    <script>f.onload = () => document.title = [f.contentDocument.documentElement.scrollWidth,
      f.contentDocument.querySelectorAll(".frame").length, f.contentWindow.innerWidth].join(" ")</script>"""
    (tmp_path / "page.html").write_text(page, "utf-8")
    (tmp_path / "probe.html").write_text(probe, "utf-8")
    Image.new("RGB", (64, 36)).save(tmp_path / "picture.png")
    arguments = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --allow-file-access-from-files"
    arguments += " --disable-background-networking --disable-component-update --disable-sync --dump-dom"
    arguments += " --hide-scrollbars --virtual-time-budget=5000"
    run = subprocess.run(
        [chromium, *arguments.split(), f"--user-data-dir={tmp_path / 'profile'}", (tmp_path / "probe.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    scrolled, frames, inner = map(int, re.search(r"<title>(\d+) (\d+) (\d+)</title>", run.stdout).groups())
    assert (scrolled, frames, inner) == (width_px, 6, width_px)

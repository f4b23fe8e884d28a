"""The contact sheet: what it names, how it links, what it does not let through, how it lies on a phone."""

import itertools
import json
import re
import subprocess
from html.parser import HTMLParser
from urllib.parse import quote, unquote, urlsplit

import pytest
from PIL import Image

from studio.manifest import read_manifest
from studio.page import (
    Failure,
    Live,
    Phase,
    Snippet,
    VideoResult,
    Waiting,
    amount,
    chosen_picture,
    contact_sheet,
    cost_usd,
    moments_of,
    tiles_of,
    timecode,
    usd,
)
from tests.studio.conftest import BUCKET, full_result, manifest_of, result_of, with_products


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


def test_links():
    """Every picture, poster and manifest is linked relatively under its own name."""
    result = result_of("videos/a b+c%20d#e?f/生日🎂 & 'q'.mp4", sizes=((640, 360), (160, 90)))
    page = Elements(contact_sheet([result], href=link))
    links = page.values("href") + page.values("src")
    named = {picture.key for picture in result.manifest.thumbnails}
    named |= {result.manifest.poster.key, result.manifest_key}
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
def test_hostile_text(hostile):
    """A hostile text stays a text wherever it stands."""
    missed = [{"at_ms": 5000, "code": hostile, "message": hostile}]
    manifest = manifest_of(hostile, missed=missed, codec=hostile, bucket=hostile)
    manifest["poster"]["why"] = manifest["made_by"] = manifest["made_at"] = hostile
    result = VideoResult(read_manifest(json.dumps(manifest).encode()), BUCKET, f"thumbnails/{hostile}/manifest.json")
    plain = Elements(contact_sheet([result_of(missed=[{"at_ms": 5000, "code": "x", "message": "y"}])], href=link))
    page = Elements(
        contact_sheet([result], href=link, failures=[Failure(hostile, hostile)], settings=[(hostile, hostile)])
    )
    known = {tag for tag, _ in plain.elements} | {"ul", "li"}
    assert {tag for tag, _ in page.elements} <= known
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert not [address for address in page.values("href") if address.lower().startswith("javascript")]
    assert hostile in page.texts


def test_missed():
    """A missed moment stands in its place in time, with its reason."""
    missed = [{"at_ms": 2000, "code": "InvalidMedia", "message": "no frame there"}]
    result = result_of(missed=missed)
    assert [moment.at_ms for moment in moments_of(result.manifest)] == [1000, 2000, 3000]
    texts = [text.strip() for text in Elements(contact_sheet([result], href=link)).texts]
    assert texts.index("0:01.000") < texts.index("Invalid") < texts.index("no frame there")
    assert "<b>Invalid<wbr>Media</b>" in contact_sheet([result], href=link)  # where it breaks in a narrow tile
    assert texts.index("no frame there") < len(texts) - 1 - texts[::-1].index("0:03.000")


def test_missed_without_moment():
    """A miss without a moment stands last."""
    result = result_of(missed=[{"at_ms": None, "code": "past_end", "message": "cut"}])
    assert [moment.at_ms for moment in moments_of(result.manifest)] == [1000, 3000, None]
    assert "past_end" in Elements(contact_sheet([result], href=link)).texts


def test_no_picture():
    """A video without any picture or fact still has its place, and is counted on top."""
    result = result_of(times=(), duration_ms=None, width_px=None, height_px=None, codec=None, size_bytes=None)
    page = Elements(contact_sheet([result], href=link))
    assert "film.mp4" in page.texts
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert any("No picture was taken" in text for text in page.texts)
    assert "1 video without pictures" in page.texts


def test_alternative_texts():
    """Every picture says in words what it shows."""
    page = Elements(contact_sheet([result_of()], href=link))
    pictures = [attributes for tag, attributes in page.elements if tag == "img"]
    assert len(pictures) == 3
    assert all(re.search(r"film\.mp4.*\d:\d\d\.\d{3}", picture["alt"]) for picture in pictures)
    assert {(picture["width"], picture["height"]) for picture in pictures} == {("640", "360")}


def test_grid_size():
    """The grid shows the smallest size that fills its place, and links to the widest."""
    result = result_of(sizes=((1920, 1080), (800, 450), (160, 90)), times=(1000,))
    moment = moments_of(result.manifest)[0]
    assert moment.shown.width_px == 800
    assert [picture.width_px for picture in moment.pictures] == [1920, 800, 160]


def test_poster_size():
    """The poster takes its size from its own file, else from the widest thumbnail of its moment."""
    manifest = manifest_of(sizes=((160, 90), (640, 360)))
    chosen = chosen_picture(read_manifest(json.dumps(manifest).encode()))
    assert (chosen.width_px, chosen.at_ms) == (640, 3000)
    file = {"width_px": 320, "height_px": 180, "format": "jpg", "size_bytes": 9}
    manifest["poster"] |= {"at_ms": 7000, "files": [file | {"key": "other"}, file | {"key": manifest["poster"]["key"]}]}
    assert chosen_picture(read_manifest(json.dumps(manifest).encode())).key == manifest["poster"]["key"]


def test_self_contained():
    """The page loads nothing but its pictures."""
    page = contact_sheet([result_of()], href=link, phases=[Phase("upload", 3)])
    tags = [tag for tag, _ in Elements(page).elements]
    assert "script" not in tags
    assert not [tag for tag, attributes in Elements(page).elements if tag == "link" and attributes["rel"] != "icon"]
    loaded = Elements(page).values("src") + Elements(page).values("href")
    assert not [address for address in loaded if "//" in address]
    assert not re.search(r"@import|url\(", page)


def test_phases():
    """Each phase is shown with its time, and their sum."""
    texts = Elements(contact_sheet([], href=link, phases=[Phase("film", 812), Phase("upload", 1420)])).texts
    assert {"812 ms", "1.42 s"} <= set(texts)
    assert any("2.23 s in all" in text for text in texts)


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [(0, "0:00.000"), (75_500, "1:15.500"), (3_600_000, "1:00:00.000"), (-1500, "-0:01.500")],
    ids=["zero", "minutes", "hours", "before"],
)
def test_timecode(at_ms, text):
    """A moment is written as players show it."""
    assert timecode(at_ms) == text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (48_211, "48.2 kB"), (999_999, "1.00 MB"), (100_000, "100 kB")],
    ids=str,
)
def test_amount(size_bytes, text):
    """A size has three digits that matter."""
    assert amount(size_bytes) == text


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"version": 2}', b"\xff"], ids=["empty", "list", "version-2", "not-utf-8"]
)
def test_no_manifest(body):
    """A document that is no manifest is refused."""
    with pytest.raises(ValueError, match="validation error"):
        read_manifest(body)


def test_addresses():
    """The addresses of poster and manifest in COS can be copied as text."""
    text = "".join(Elements(contact_sheet([result_of("videos/a b.mp4")], href=link)).texts)
    folder = f"https://{BUCKET}.cos.ap-guangzhou.myqcloud.com/thumbnails/videos/a%20b.mp4"
    assert f"{folder}/poster.jpg\n" in text.replace(" ", "")
    assert f"{folder}/manifest.json\n" in text.replace(" ", "")


def test_cost():
    """The cost of a video is in USD, without zeros that say nothing."""
    result = result_of(times=(1000, 2000, 3000, 4000))
    assert usd(cost_usd(result.manifest)) == "0.000075 USD"
    assert "0.000075 USD" in Elements(contact_sheet([result], href=link)).texts


@pytest.mark.parametrize(
    ("failures", "waiting", "summary"),
    [
        ([], 0, "2 videos · 4 thumbnails"),
        (
            [Failure("a", "b"), Failure("c", "d", "skipped")],
            1,
            "5 videos: 2 with pictures, 1 failed, 1 skipped, 1 in progress",
        ),
    ],
    ids=["all-well", "mixed"],
)
def test_summary(failures, waiting, summary):
    """The videos are counted by their outcome, and failures stand above the first video."""
    live = Live("http://127.0.0.1:9", "ap-guangzhou", (BUCKET,), watched=True, waiting=(Waiting("x", "y"),) * waiting)
    page = Elements(contact_sheet([result_of()] * 2, href=link, failures=failures, live=live))
    text = " ".join(page.texts)
    assert summary in text
    if failures:
        assert text.index("2 videos without pictures") < text.index("film.mp4")


def test_products():
    """Scores, placeholder, storyboard and preview are shown, and each of their files is linked."""
    result = full_result()
    page = Elements(contact_sheet([result], href=link))
    text = " ".join(" ".join(page.texts).split())
    assert "How the poster was chosen: 3 candidates" in text
    assert "0:03.000 0.75 poster" in text
    assert "30 tiles, one each 2.00 s" in text
    assert "12 frames, 98.0 kB. Half of the frames were left out." in text
    assert "The frame at 0:03.000 stands in its place." in text
    assert "the picture ends at about 11.9 s" in text
    manifest = result.manifest
    keys = {
        manifest.preview.key,
        *(file.key for file in manifest.storyboard.files.values()),
        *(sheet.key for sheet in manifest.storyboard.sheets),
    }
    assert {quote(key) for key in keys} <= {address.removeprefix("./") for address in page.values("href")}
    assert manifest.poster.placeholder in page.values("src")


def test_tiles():
    """A storyboard's tiles lie side by side, row by row, sheet after sheet, and end with the last moment."""
    tiles = tiles_of(full_result().manifest.storyboard)
    assert [tile.at_ms for tile in tiles] == list(range(0, 60_000, 2000))
    assert (tiles[7].left_px, tiles[7].top_px) == (320, 90)
    assert tiles[24].sheet_key.endswith("storyboard-000.jpg")
    assert (tiles[25].sheet_key[-18:], tiles[25].left_px, tiles[25].top_px) == ("storyboard-001.jpg", 0, 0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("placeholder", "https://example.com/x.png"),
        ("placeholder", "data:image/svg+xml;base64,AAAA"),
        ("placeholder", "data:text/html;base64,AAAA"),
        ("placeholder", 5),
        ("colour", "red;background:url(//example.com)"),
        ("colour", "#12345g"),
    ],
    ids=["address", "svg", "html", "number", "style", "no-colour"],
)
def test_unsafe_placeholder(field, value):
    """A placeholder or colour of another form than the function writes does not reach the page."""
    manifest = with_products(manifest_of())
    manifest["poster"][field] = value
    assert getattr(read_manifest(json.dumps(manifest).encode()).poster, field) is None


def test_headings():
    """There is one h1, and no level is left out."""
    page = contact_sheet(
        [result_of()], href=link, failures=[Failure("a", "b")], phases=[Phase("p", 1)], settings=[("a", "b")]
    )
    levels = [int(tag[1]) for tag, _ in Elements(page).elements if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(next_level <= level + 1 for level, next_level in itertools.pairwise(levels))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours(scheme):
    """Every phase has a colour that can be told from the others."""
    page = contact_sheet([], href=link)
    light, dark = page.split("prefers-color-scheme: dark")
    colours = dict(re.findall(r"--(p\d+): #([0-9a-f]{6})", light if scheme == "light" else dark))
    assert len(colours) == 12
    values = [tuple(bytes.fromhex(colour)) for colour in colours.values()]
    distances = [
        sum((a - b) ** 2 for a, b in zip(colour, other, strict=True)) ** 0.5
        for number, colour in enumerate(values)
        for other in values[number + 1 :]
    ]
    assert min(distances) > 30


@pytest.mark.parametrize("width_px", [320, 390, 1280])
@pytest.mark.parametrize("is_live", [False, True], ids=["sheet", "live"])
def test_width(is_live, width_px, chromium, tmp_path):
    """Nothing sticks out of the window or of a missed tile, however long the texts, whatever the tile's shape."""
    long = "videos/" + "x" * 180 + "/" + "生" * 60 + ".mp4"
    missed = [{"at_ms": 5000, "code": "C" * 60, "message": "m" * 200}]
    results = [
        result_of(long, missed=missed, codec="h" * 80),
        result_of(sizes=((720, 1280), (90, 160)), missed=missed),
        result_of(times=(1000,), sizes=((320, 180),), missed=missed),
        full_result(),
    ]
    live = Live(
        "http://127.0.0.1:40000",
        "ap-guangzhou",
        ("b" * 49 + "-1250000000",),
        watched=True,
        prefix="p" * 100 + "/",
        waiting=(Waiting("k" * 300, "s" * 300),),
        settings_problem="w" * 300,
        snippets=(Snippet("Python", "x" * 300),),
    )
    page = contact_sheet(
        results,
        href=lambda bucket, key: "picture.png",
        failures=[Failure("k" * 300, "r" * 300)],
        phases=[Phase("p" * 40, 12)],
        settings=[("S" * 40, "v" * 120)],
        live=live if is_live else None,
    )
    # A frame of a set width, because a headless window may refuse to be as narrow as a phone.
    probe = f"""<!doctype html><iframe id=f width={width_px} height=900 style="border:0" src=page.html></iframe>
    <script>f.onload = () => document.title = [f.contentDocument.documentElement.scrollWidth,
      f.contentDocument.querySelectorAll(".frame").length, f.contentWindow.innerWidth,
      [...f.contentDocument.querySelectorAll(".empty")].filter((tile) =>
        tile.firstElementChild.offsetHeight > tile.clientHeight).length].join(" ")</script>"""
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
    title = re.search(r"<title>(\d+) (\d+) (\d+) (\d+)</title>", run.stdout)
    scrolled, frames, inner, overflowing = map(int, title.groups())
    assert (scrolled, frames, inner, overflowing) == (width_px, 11, width_px, 0)

"""The README's pictures, and the live page as a browser gets it from the cloud itself."""

import io
import json
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest
from PIL import Image

from emulator.cloud import Cloud
from emulator.demo.bucket import Buckets
from emulator.demo.manifest import read_manifest
from emulator.demo.page import Film, contact_sheet
from emulator.demo.picture import NAMES, find_chromium, main, photograph, save_small
from emulator.film import paint_frame

KEY = "videos/生日 party+1 & co.mp4"


def manifest_of(picture):
    thumbnail = {"at_ms": 1000, "width_px": 320, "height_px": 180, "format": "png", "size_bytes": len(picture)}
    source = {"bucket": "examplebucket-1250000000", "region": "ap-guangzhou", "key": KEY, "etag": "5d41402a"}
    document = {
        "version": 1,
        "source": source | {"size_bytes": 9, "duration_ms": 4000, "width_px": 320, "height_px": 180, "codec": "h264"},
        "recipe": "0" * 64,
        "thumbnails": [thumbnail | {"key": f"thumbnails/{KEY}/5d41402a/000001000-0x0.png"}],
        "missed": [],
        "poster": {"key": f"thumbnails/{KEY}/poster.png", "at_ms": 1000, "why": "the only one"},
        "calls": {"snapshot": 1, "media_info": 1},
        "made_at": "2026-11-22T09:00:00Z",
        "made_by": "snapshot 0.1.0",
    }
    return json.dumps(document).encode()


@pytest.fixture(scope="module")
def picture():
    file = io.BytesIO()
    paint_frame(1, size=(320, 180)).save(file, "png")
    return file.getvalue()


@pytest.fixture
def chromium():
    if not any(shutil.which(name) for name in NAMES):
        pytest.skip("Chromium is not installed, so no picture of the page can be taken")


class Links(HTMLParser):
    def __init__(self, document):
        super().__init__()
        self.pictures, self.others = [], []
        self.feed(document)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "img":
            self.pictures.append(values["src"])
        if tag == "a":
            self.others.append(values["href"])


def fetch(address):
    with urlopen(address, timeout=30) as answer:
        return answer.read()


def test_the_clouds_own_address_shows_what_it_holds_and_every_link_there_leads_to_it(picture, tmp_path):
    body = manifest_of(picture)
    with Cloud() as cloud:
        assert "No film yet" in fetch(cloud.endpoint).decode()
        door = Buckets(
            endpoint=cloud.endpoint, region=cloud.region, secret_id=cloud.secret_id, secret_key=cloud.secret_key
        )
        named = {f"thumbnails/{KEY}/manifest.json": body}
        named |= {one.key: picture for one in (*read_manifest(body).thumbnails, read_manifest(body).poster)}
        for key, content in named.items():
            (tmp_path / "object").write_bytes(content)
            door.put(cloud.buckets[0], key, tmp_path / "object")
        links = Links(fetch(cloud.endpoint).decode())
        assert [fetch(urljoin(cloud.endpoint, link)) for link in links.pictures] == [picture, picture]
        assert {fetch(urljoin(cloud.endpoint, link)) for link in links.others} == {picture, body}


@pytest.mark.parametrize(("scheme", "is_light"), [("light", True), ("dark", False)], ids=["light", "dark"])
def test_a_photograph_holds_the_whole_page_in_the_colours_of_its_scheme(scheme, is_light, picture, chromium, tmp_path):
    (tmp_path / "picture.png").write_bytes(picture)
    film = Film(read_manifest(manifest_of(picture)), "b", "m")
    (tmp_path / "page.html").write_text(contact_sheet([film], href=lambda bucket, key: "picture.png"), "utf-8")
    photo = photograph(tmp_path / "page.html", scheme=scheme)
    assert photo.width == 1280
    assert 500 < photo.height < 2000, "the empty paper below is cut off"
    assert (sum(photo.getpixel((2, 2))) > 384) == is_light
    file = tmp_path / "small.png"
    save_small(photo, file)
    assert file.stat().st_size < 400_000


def test_a_picture_too_rich_for_a_readme_is_saved_in_fewer_colours(tmp_path):
    rich = Image.effect_noise((700, 400), 80).convert("RGB")
    rich.paste(Image.effect_noise((700, 400), 80), mask=Image.linear_gradient("L").resize((700, 400)))
    save_small(rich, tmp_path / "rich.png")
    with Image.open(tmp_path / "rich.png") as saved:
        assert saved.mode == "P"


def test_without_a_browser_one_sentence_says_what_is_missing(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="Chromium"):
        find_chromium()
    assert main(["--into", str(tmp_path / "docs")]) == 1
    assert capsys.readouterr().err.startswith("picture: the pictures need Chromium")
    assert not Path(tmp_path / "docs").exists()

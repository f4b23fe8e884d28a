"""The files of a storyboard in the players themselves: each shows the right tile at the right time.

The players' own code runs in Chromium, from node_modules (`npm ci` in this folder). A page moves over the player's bar,
or asks the look-up the player itself uses, and says which part of which picture is shown; the tile's stripes then say
which moment that is.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from emulator.films.film import read_stripes
from tests.players.site import FILMS, HERE, Film, Site, serving

ADDRESS = "http://media.test"  # TCPlayer loses the port of an address in which names are relative
PLAYERS = [
    "aliplayer",
    "artplayer",
    "media-chrome",
    "plyr",
    "shaka",
    "shaka#hls",
    "tcplayer",
    "videojs-sprite-thumbnails",
    "videojs-vtt-thumbnails",
    "vidstack",
    "vidstack#json",
    "xgplayer",
]
LONG_S = 120


@pytest.fixture(scope="module")
def chromium():
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not path:
        pytest.skip("no Chromium on this machine")
    if not (HERE / "node_modules").is_dir():
        pytest.skip("the players are not installed: run `npm ci` in tests/players")
    if not shutil.which("ffmpeg"):
        pytest.skip("no ffmpeg on this machine")
    return path


@pytest.fixture(scope="module")
def site(chromium, tmp_path_factory):
    site = Site({name: Film(name, tmp_path_factory.mktemp(name)) for name in FILMS})
    with serving(site) as base:
        site.host = base.removeprefix("http://")
        yield site


class Browser:
    """A Chromium that is started once and opens each page in a tab of its own."""

    def __init__(self, chromium, profile, host):
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        options += ["--autoplay-policy=no-user-gesture-required", "--window-size=900,700", "--remote-debugging-port=0"]
        options += [f"--user-data-dir={profile}", f"--host-resolver-rules=MAP media.test:80 {host}"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.process = subprocess.Popen([chromium, *options], **quiet, start_new_session=True)
        self.port_file = profile / "DevToolsActivePort"

    def end(self):
        os.killpg(self.process.pid, signal.SIGKILL)  # with the processes it started
        self.process.wait(LONG_S)

    @contextmanager
    def showing(self, address):
        tab = json.loads(self.control("PUT", f"/json/new?{address}"))
        try:
            yield
        finally:
            self.control("GET", f"/json/close/{tab['id']}")

    def control(self, method, path):
        connection = HTTPConnection("127.0.0.1", self.port(), timeout=LONG_S)
        try:
            connection.request(method, path)
            response = connection.getresponse()
            assert response.status == 200, path
            return response.read()
        finally:
            connection.close()

    def port(self):
        ends_s = time.monotonic() + LONG_S
        while not (self.port_file.exists() and self.port_file.read_text()):
            assert self.process.poll() is None, "Chromium did not start"
            assert time.monotonic() < ends_s, "Chromium named no port"
            time.sleep(0.02)
        return int(self.port_file.read_text().split()[0])


@pytest.fixture(scope="module")
def browser(chromium, site, tmp_path_factory):
    browser = Browser(chromium, tmp_path_factory.mktemp("profile"), site.host)
    try:
        yield browser
    finally:
        browser.end()


def shown_by(browser, site, player, name):
    """Return the tiles that a player shows of a film, as its page reports them."""
    page, _, variant = player.partition("#")
    path = f"/{page}/{name}/"
    site.results.pop(path, None)
    with browser.showing(ADDRESS + path + (f"#{variant}" if variant else "")), site.arrived:
        assert site.arrived.wait_for(lambda: path in site.results, LONG_S), "the page said nothing"
    result = site.results[path]
    assert "error" not in result, result["error"]
    return result["shown"]


def moment_of(film, shown):
    """Return the moment, in milliseconds, that the part of a sheet shows."""
    sheet = next(number for number, name in enumerate(film.names) if shown["url"].partition("#")[0].endswith(name))
    left, top, width, height = (round(shown[side]) for side in ("x", "y", "width", "height"))
    assert (width, height) == (film.grid.tile_width_px, film.grid.tile_height_px)
    return read_stripes(film.images[sheet].crop((left, top, left + width, top + height)))


def expected_of(film, player, at_s):
    """Return the moment that has to be shown; Plyr does not go into the last second of a film."""
    if player == "plyr":
        at_s = max(0, min(at_s, film.duration_ms / 1000 - 1) - 0.01)  # and shows the tile before at a boundary
    return film.expected_ms(at_s)


@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize("player", PLAYERS)
def test_right_tile(browser, site, player, name):
    """At each time the tile is that of the interval it lies in, on every film."""
    film = site.films[name]
    if player == "vidstack#json" and film.grid.sheets > 1:
        assert site.body_of(f"/vidstack/{name}/storyboard.json", ADDRESS) is None  # it can name but one sheet
        return
    shown = shown_by(browser, site, player, name)
    assert [tile["at"] for tile in shown] == film.times()
    if (player, name) == ("plyr", "short"):
        assert not any(tile["url"] for tile in shown)  # it shows nothing of a film under a second, whatever it is given
        return
    expected = [expected_of(film, player, at_s) for at_s in film.times()]
    assert [moment_of(film, tile) for tile in shown] == expected

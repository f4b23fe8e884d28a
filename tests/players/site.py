"""Four films with their storyboards, and a server that gives them to a player in a browser."""

import io
import json
import re
import subprocess
import threading
from contextlib import contextmanager
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import numpy as np
from PIL import Image

from emulator.films.film import paint_frame
from snapshot.products.cues import CONTENT_TYPES, address, write_hls, write_json, write_players, write_vtt
from snapshot.products.storyboard import Spacing, compose, plan_grid
from snapshot.products.thumbnails import encode

HERE = Path(__file__).parent
FILMS = {  # milliseconds, shown size, spacing, seconds between the frames of the film itself
    "landscape": (125_000, (640, 360), Spacing("every", 4), 1),
    "portrait": (100_000, (360, 640), Spacing("count", 20), 1),
    "long": (7_200_000, (640, 360), Spacing("auto"), 20),
    "short": (500, (640, 360), Spacing("auto"), Fraction(1, 10)),
}
TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
TYPES |= {".webm": "video/webm", ".mp4": "video/mp4", ".m4s": "video/mp4", ".jpg": "image/jpeg", ".html": "text/html"}
TYPES |= {f".{ending}": kind for ending, kind in CONTENT_TYPES.items()}
IMPORTS = {  # what Vidstack would load from afar
    "https://cdn.jsdelivr.net/npm/media-icons@1.1.5/dist/cdn.js/+esm": "data:text/javascript,",
    "https://cdn.jsdelivr.net/npm/media-captions@1.0.4/dist/prod.js/+esm": "/node_modules/media-captions/dist/prod.js",
}
SHEETS = "0123456789abcdef"  # the folder beside the files that name it


class Film:
    """One film: its storyboard, the files that a page loads, by their path."""

    def __init__(self, name, folder):
        self.name = name
        self.duration_ms, size, spacing, step = FILMS[name]
        self.grid = plan_grid(spacing, duration_ms=self.duration_ms, width_px=size[0], height_px=size[1], max_tiles=200)
        tile_size = (self.grid.tile_width_px, self.grid.tile_height_px)
        tiles = {
            at_ms: encode(paint_frame(Fraction(at_ms, 1000), size=tile_size), "jpg", 95) for at_ms in self.grid.moments
        }
        sheets = [compose(self.grid, number, tiles).body for number in range(self.grid.sheets)]
        self.images = [Image.open(io.BytesIO(body)).convert("RGB") for body in sheets]
        self.names = [address(f"{SHEETS}/storyboard-{number:03d}.jpg") for number in range(len(sheets))]
        self.files = dict(zip(self.names, sheets, strict=True))
        self.files |= {
            "storyboard.vtt": write_vtt(self.grid, self.names),
            "tiles.m3u8": write_hls(self.grid, self.names),
        }
        self.players = json.loads(
            write_players(
                self.grid,
                self.names,
                duration_ms=self.duration_ms,
                sheet_bytes=[len(body) for body in sheets],
                vtt="storyboard.vtt",
                hls="tiles.m3u8",
            )
        )
        make_film(folder / "film.webm", self.duration_ms, size, Fraction(step))
        make_hls(folder)
        self.files |= {path.name: path.read_bytes() for path in folder.iterdir()}
        self.files["master.m3u8"] = self.files["master.m3u8"] + (self.players["hls"] + "\n").encode()

    def times(self):
        """Return the seconds to look at: early and late in tiles at the ends of rows and of sheets."""
        last = len(self.grid.moments) - 1
        tiles = sorted({tile for tile in (0, 1, 4, 5, 9, 24, 25, 26, 49, 50, last - 1, last) if 0 <= tile <= last})
        times = []
        for tile in tiles:
            start_s, end_s = self.grid.span_s(tile)
            end_s = min(end_s, self.duration_ms / 1000)
            times.append(round(start_s + (end_s - start_s) * (0.7 if tile % 2 else 0.3), 3))
        return times

    def expected_ms(self, at_s):
        """Return the moment that the tile shown at a time has to show."""
        return self.grid.moments[min(int(at_s // self.grid.interval_s), len(self.grid.moments) - 1)]

    def describe(self):
        """Return the parameters of a page."""
        return {"times": self.times(), "players": self.players}


def make_film(path, duration_ms, size, step):
    """Write a plain film of that length; players need its length, not its pictures."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libvpx-vp9", rate=25, options={"deadline": "realtime", "cpu-used": "8", "b": "50k"})
        stream.width, stream.height = size[0] // 4, size[1] // 4
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = 1
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(int(Fraction(duration_ms, 1000) / step)):
            frame = av.VideoFrame.from_ndarray(np.full((stream.height, stream.width, 3), 90, np.uint8))
            frame.pts, frame.time_base = int(number * step * 1000), Fraction(1, 1000)
            for packet in stream.encode(frame):
                packet.duration = int(step * 1000)
                film.mux(packet)
        for packet in stream.encode(None):
            packet.duration = int(step * 1000)
            film.mux(packet)


def make_hls(folder):
    """Write the same film as HLS, for a player that takes its tiles from there."""
    command = ["ffmpeg", "-v", "error", "-i", "film.webm", "-c", "copy"]
    command += ["-f", "hls", "-hls_time", "600", "-hls_playlist_type", "vod"]
    subprocess.run([*command, "-hls_segment_type", "fmp4", "video.m3u8"], cwd=folder, check=True)
    stream = '#EXT-X-STREAM-INF:BANDWIDTH=50000,CODECS="vp09.00.10.08"'
    (folder / "master.m3u8").write_text(f"#EXTM3U\n#EXT-X-VERSION:7\n{stream}\nvideo.m3u8\n")


class Site:
    """The films, the players' own files, and the reports of pages."""

    def __init__(self, films):
        self.films = films
        self.results = {}
        self.arrived = threading.Condition()

    def body_of(self, path, base):
        """Return the file under a path; None where there is none."""
        if path.startswith(("/node_modules/", "/pages/")):
            file = (HERE / path[1:]).resolve()
            return file.read_bytes() if file.is_file() and HERE in file.parents else None
        if path.count("/") < 3:  # /player/film/rest
            return None
        _, player, name, rest = path.split("/", 3)
        film = self.films[name]
        if rest == "":
            return page(player)
        if rest == "film.json":
            return json.dumps(film.describe()).encode()
        if rest == "storyboard.json":
            return write_json(film.grid, [f"{base}/{player}/{name}/{sheet}" for sheet in film.names])
        return film.files.get(rest)


def page(player):
    """Return the page that runs one player."""
    return (
        f'<!doctype html><meta charset="utf-8"><title>{player}</title><link rel="icon" href="data:,">'
        f'<script type="importmap">{json.dumps({"imports": IMPORTS})}</script>'
        '<body style="margin:40px;background:#fff">'
        f'<div id="stage" style="width:640px"></div><script type="module" src="/pages/{player}.js"></script>'
    ).encode()


@contextmanager
def serving(site):
    """Serve the site on this machine; give its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            path = self.path.partition("?")[0]
            body = site.body_of(path, f"http://{self.headers['Host']}")
            if body is None:
                return self.answer(404, b"", "text/plain")
            ending = "." + path.rsplit(".", 1)[-1] if "." in path.rsplit("/", 1)[-1] else ".html"
            return self.answer(200, body, TYPES.get(ending, "application/octet-stream"))

        def do_POST(self):
            result = self.rfile.read(int(self.headers["Content-Length"]))
            with site.arrived:
                site.results[self.path.rsplit("/", 1)[0] + "/"] = json.loads(result)
                site.arrived.notify_all()
            self.answer(200, b"", "text/plain")

        def answer(self, status, body, content_type):
            wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
            if status == 200 and wanted:
                first, last = int(wanted[1]), min(int(wanted[2] or len(body) - 1), len(body) - 1)
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {first}-{last}/{len(body)}")
                body = body[first : last + 1]
            else:
                self.send_response(status)
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Access-Control-Allow-Origin", "*")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            """Let a browser hang up whenever it likes."""

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

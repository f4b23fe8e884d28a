"""Answers of COS and CI that people have reported, whole requests over a socket: what the function makes of each."""

import collections
import hashlib
import http.server
import io
import threading
import urllib.parse
from xml.sax.saxutils import escape

import pytest
from PIL import Image

import handler
from snapshot.batch import BatchIncomplete
from snapshot.manifest import parse_manifest
from tests.snapshot.invoking import BUCKET, CONTEXT

KEY = "videos/a.mp4"
MANIFEST = f"thumbnails/{KEY}/manifest.json"
SOURCE = {"ETag": '"5d41402abc4b2a76b9719d911017c592"', "Content-Type": "video/mp4", "Content-Length": "1284547"}
XML = {"Content-Type": "application/xml"}
SIZE = (320, 180)


def video(**fields):
    """Return a stream as the media info has it; a field that is None is left out."""
    usual = {
        "Index": "0",
        "CodecName": "h264",
        "Width": str(SIZE[0]),
        "Height": str(SIZE[1]),
        "AvgFps": "25/1",
        "Fps": "25.000000",
        "Duration": "100.000000",
        "NumFrames": "2500",
    }
    stated = {name: value for name, value in {**usual, **fields}.items() if value is not None}
    return f"<Video>{''.join(f'<{name}>{value}</{name}>' for name, value in stated.items())}</Video>"


def info(duration="100.000000", *videos, name="mov,mp4,m4a,3gp,3g2,mj2", start="0.000000"):
    return (
        "<?xml version='1.0' encoding='utf-8' ?><Response><MediaInfo><Format>"
        f"<Duration>{duration}</Duration><FormatName>{name}</FormatName><StartTime>{start}</StartTime></Format>"
        f"<Stream>{''.join(videos or [video()])}</Stream></MediaInfo></Response>"
    ).encode()


def error(code):
    return f"<?xml version='1.0' encoding='utf-8' ?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()


COVER = video(CodecName="mjpeg", Width="300", Height="300", NumFrames=None, AvgFps="0/0")


class Cloud(http.server.ThreadingHTTPServer):
    """A bucket with one film of 100 s; `script` maps an operation to the answer that each of its calls gets."""

    daemon_threads = True

    def __init__(self, script, length_s=100.0):
        self.script, self.length_s = script, length_s
        self.stored = {}
        self.calls = collections.Counter()
        body = io.BytesIO()
        Image.effect_noise(SIZE, 80).convert("RGB").save(body, "JPEG")
        self.picture = body.getvalue()
        super().__init__(("127.0.0.1", 0), Answers)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self):
        address = urllib.parse.urlsplit(self.path)
        query, key = dict(urllib.parse.parse_qsl(address.query)), urllib.parse.unquote(address.path[1:])
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        operation = {"snapshot": "snapshot", "videoinfo": "info"}.get(query.get("ci-process")) or self.command
        if operation == "GET" and not key:
            operation = "LIST"
        self.server.calls[operation] += 1
        status, headers, content = self.server.script.get(operation) or self.usual(operation, query, key, body)
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | headers).items():
            if value is not None:
                self.send_header(name, value)
        if headers.get("Content-Length", "") is None:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD" and status != 204:
            self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_DELETE = answer  # noqa: N815  # the names that http.server calls

    def usual(self, operation, query, key, body):  # noqa: PLR0911  # one answer an operation
        cloud = self.server
        if operation == "snapshot":
            if float(query["time"]) >= cloud.length_s:
                return 400, XML, error("InvalidArgument")
            return 200, {"Content-Type": "image/jpeg"}, cloud.picture
        if operation == "info":
            return 200, XML, info()
        if operation == "PUT":
            cloud.stored[key] = body
            return 200, {"ETag": f'"{hashlib.md5(body).hexdigest()}"'}, b""
        if operation == "DELETE":
            cloud.stored.pop(key, None)
            return 204, {}, b""
        if operation == "LIST":
            contents = "".join(
                f"<Contents><Key>{escape(urllib.parse.quote(name))}</Key>"
                f"<ETag>{hashlib.md5(content).hexdigest()}</ETag><Size>{len(content)}</Size></Contents>"
                for name, content in sorted(cloud.stored.items())
                if name.startswith(query["prefix"])
            )
            text = f"<ListBucketResult>{contents}<IsTruncated>false</IsTruncated></ListBucketResult>"
            return 200, XML, text.encode()
        if operation == "HEAD" and key == KEY:
            return 200, SOURCE, b""
        if key in cloud.stored:
            return 200, {}, cloud.stored[key]
        return 404, XML, error("NoSuchKey")


@pytest.fixture
def run(monkeypatch):
    """Make the pictures of the film in such a cloud, and return what the handler returns, and the cloud."""
    clouds = []

    def run(script, *, time_limit_ms=120_000, **settings):
        clouds.append(Cloud(script))
        port = clouds[-1].server_address[1]
        environment = {
            "TENCENTCLOUD_REGION": "ap-guangzhou",
            "TENCENTCLOUD_SECRETID": "id",
            "TENCENTCLOUD_SECRETKEY": "key",
            "SNAPSHOT_POSTER_CANDIDATES": "0",
            "SNAPSHOT_ENDPOINT": f"http://127.0.0.1:{port}",
            **settings,
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        context = {**CONTEXT, "time_limit_in_ms": time_limit_ms}
        return handler.main_handler({"bucket": BUCKET, "keys": [KEY]}, context)["records"], clouds[-1]

    yield run
    for cloud in clouds:
        cloud.shutdown()
        cloud.server_close()


REDELIVERED = {
    "520 of a proxy on every snapshot": {"snapshot": (520, {}, b"")},
    "509 on every snapshot": {"snapshot": (509, {}, b"")},
    "524 on every snapshot": {"snapshot": (524, {}, b"")},
    "202 on every snapshot": {"snapshot": (202, {}, b"")},
    "a firewall's page with 200": {"snapshot": (200, {"Content-Type": "text/html"}, b"<html>blocked</html>")},
    "an empty picture": {"snapshot": (200, {"Content-Type": "image/jpeg"}, b"")},
    "an error document with 200": {"snapshot": (200, XML, error("InternalError"))},
    "BadDigest on every PUT": {"PUT": (400, XML, error("BadDigest"))},
    "PUT answered by another ETag": {"PUT": (200, {"ETag": '"0"'}, b"")},
    "HEAD without an ETag": {"HEAD": (200, {**SOURCE, "ETag": None}, b"")},
    "520 on HEAD": {"HEAD": (520, {}, b"")},
    "204 for media info": {"info": (204, {}, b"")},
    "206 for media info": {"info": (206, XML, info()[:100])},
    "overdue payment": {"snapshot": (402, XML, error("PaymentRequired"))},
    "archived": {"info": (403, XML, error("InvalidObjectState"))},
}


@pytest.mark.parametrize("name", REDELIVERED)
def test_comes_again(run, name):
    """An error that is not known to be final is raised, so that the event is delivered again."""
    with pytest.raises(BatchIncomplete):
        run(REDELIVERED[name], time_limit_ms=2000)


@pytest.mark.parametrize(
    "head",
    [{**SOURCE, "Content-Length": None}, {**SOURCE, "Last-Modified": "yesterday"}],
    ids=["no length", "odd date"],
)
def test_poor_head(run, head):
    """A HEAD that lacks what is not needed costs no picture."""
    (record,), _ = run({"HEAD": (200, head, b"")})
    assert (record["outcome"], record["thumbnails"]) == ("made", 4)


@pytest.mark.parametrize(
    ("media", "settings", "moments"),
    [
        (
            info("100.000000", COVER, video(Index="1")),
            {},
            [1000, 25_000, 50_000, 75_000],
        ),
        (info("0.000000"), {}, [1000, 25_000, 50_000, 75_000]),
        (
            info("3700.000000", video(NumFrames=None), name="matroska,webm", start="3600.000000"),
            {},
            [1000, 25_000, 50_000, 75_000],
        ),
        (
            info("160.000000", video(NumFrames=None), name="matroska,webm", start="60.000000"),
            {"SNAPSHOT_TIMES": "90%,-1"},
            [90_000, 99_000],
        ),
        (
            info("100.000000", video(NumFrames=None), name="mpegts", start="37.500000"),
            {},
            [1000, 25_000, 50_000, 75_000],
        ),
    ],
    ids=["cover first", "length 0", "clock of an hour", "clock of a minute", "clock of a ts"],
)
def test_length_and_stream(run, media, settings, moments):
    """The length is the picture's, and the stream is the one that a snapshot shows."""
    _, cloud = run({"info": (200, XML, media)}, **settings)
    manifest = parse_manifest(cloud.stored[MANIFEST])
    assert [entry.at_ms for entry in manifest.thumbnails] == moments
    assert cloud.calls["snapshot"] == len(moments)


def test_length_that_is_not_the_pictures(run):
    """A length that the picture does not reach is learned by few calls, and every share has a picture."""
    _, cloud = run({"info": (200, XML, info("400.000000", video(NumFrames=None, Duration="400.000000")))})
    manifest = parse_manifest(cloud.stored[MANIFEST])
    assert len({entry.at_ms for entry in manifest.thumbnails}) >= 4
    assert cloud.calls["snapshot"] <= 4 + 4 + 3


def test_final_refusal(run):
    """A refusal that is final is written down, and not paid for again."""
    script = {"snapshot": (400, XML, error("ResourceNotSupported"))}
    (record,), cloud = run(script)
    assert (record["outcome"], record["thumbnails"]) == ("made", 0)
    assert {entry.code for entry in parse_manifest(cloud.stored[MANIFEST]).missed} == {"ResourceNotSupported"}


def test_store_that_does_not_list(run):
    """Where listings are answered by 404, everything is made all the same."""
    (record,), cloud = run({"LIST": (404, XML, error("NoSuchKey"))})
    assert record["outcome"] == "made"
    assert cloud.calls["snapshot"] == 4

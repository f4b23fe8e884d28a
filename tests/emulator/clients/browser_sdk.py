"""Call every method of cos-js-sdk-v5 from a page in Chromium against the local cloud.

The page stands at the cloud's own address, which is another origin than COS: it may send and read what the buckets'
CORS rules allow. The names of COS's hosts lead Chromium to the cloud, and no other name leads anywhere.
"""

import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from emulator.cloud import Cloud
from emulator.cos.cors_rules import CorsRule
from emulator.films.film import make_film
from emulator.http.messages import Response
from studio.screenshots import NAMES
from tests.emulator.clients.outcomes import BUCKETS, Outcome

NAME, VERSION = "cos-js-sdk-v5", "1.10.1"
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
LONG_S = 120  # a page that begins no operation for so long has failed
HERE = Path(__file__).parent
# Every method that a rule can name, and the headers of an answer that the SDK or a scenario reads.
METHODS = ("GET", "PUT", "HEAD", "POST", "DELETE")
EXPOSED = ("ETag", "x-cos-request-id", "x-cos-version-id", "x-cos-delete-marker", "x-cos-hash-crc64ecma")
PAGE = """<!doctype html><meta charset="utf-8"><title>cos-js-sdk-v5</title><link rel="icon" href="data:,">
<script src="/sdk.js"></script><script type="module" src="/browser_sdk.mjs"></script>"""


def outcomes(sdk):
    """Return the outcome of each method of the SDK whose script this is, by name."""
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        make_film(film, duration_s=2.0, size=(320, 180))
        site = Site(sdk, film)
        with Cloud(buckets=BUCKETS, pages=site.answer) as cloud:
            site.cloud = cloud
            with chromium(cloud):
                report = site.report()
    assert "error" not in report, report["error"]
    return [Outcome(**outcome) for outcome in report["outcomes"]]


class Site:
    """Serves the page and its files, does what a page cannot, and takes the report."""

    def __init__(self, sdk, film):
        self.cloud = None
        self.files = {
            "/": ("text/html", PAGE.encode()),
            "/sdk.js": ("text/javascript", sdk.read_bytes()),
            "/film.mp4": ("video/mp4", film.read_bytes()),
        }
        for name in ("browser_sdk.mjs", "sdk_scenarios.mjs"):
            self.files[f"/{name}"] = ("text/javascript", (HERE / name).read_bytes())
        self.reports = queue.Queue()  # None for each operation that begins, and the report at the end

    def answer(self, request):
        """Answer a request of the page; None leaves it to the cloud."""
        if request.path == "/settings.json":
            return Response.of(200, json.dumps(self.settings()).encode())
        if request.path == "/clear":
            self.clear()
            self.reports.put(None)
            return Response.of(200)
        if request.path == "/report":
            self.reports.put(json.loads(request.body.read(request.length)))
            return Response.of(200)
        if request.path in self.files:
            content_type, body = self.files[request.path]
            return Response.of(200, body, (("Content-Type", content_type),))
        return None

    def settings(self):
        """Return the settings that the page makes its client of."""
        return {"region": self.cloud.region, "SecretId": self.cloud.secret_id, "SecretKey": self.cloud.secret_key}

    def clear(self):
        """Start the cloud afresh, with rules that let the page do whatever a rule can allow."""
        self.cloud.clear()
        rule = CorsRule(origins=(self.cloud.endpoint,), methods=METHODS, headers=("*",), exposed=EXPOSED)
        for bucket in BUCKETS:
            self.cloud.store.bucket(bucket).cors = (rule,)

    def report(self):
        """Return the report of the page; an error where there is none in time."""
        try:
            while (report := self.reports.get(timeout=LONG_S)) is None:
                pass
        except queue.Empty:
            return {"error": "the page reported nothing"}
        return report


@contextmanager
def chromium(cloud):
    """Show the page in Chromium."""
    rules = [f"MAP *.{domain}:80 127.0.0.1:{cloud.port}" for domain in ("myqcloud.com", "tencentcos.cn")]
    rules += ["MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1"]
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    options += ["--no-proxy-server", f"--host-resolver-rules={', '.join(rules)}"]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [CHROMIUM, *options, f"--user-data-dir={profile}", f"{cloud.endpoint}/"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(command, **quiet, start_new_session=True)
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # with the processes it started
            process.wait(LONG_S)

"""Uploads, overwrites and deletes of small videos through the emulator, with faults, kills and new credentials.

Two workers, processes of their own, take the events; one in twenty is killed at any moment, one call in ten meets a
fault, and the run role's credentials change. An event that failed comes again. Then the whole bucket is audited.

    python -m benchmarks.soak [ACTIONS]
"""

import io
import json
import os
import queue
import random
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from emulator.cloud import Cloud
from emulator.cos.access_log import AccessLogEntry
from emulator.faults.effects import (
    CorruptBody,
    Effect,
    ErrorResponse,
    Latency,
    Redirect,
    ResetPeer,
    Timeout,
    TruncateBody,
    WrongContentType,
)
from emulator.faults.injector import Fault
from emulator.films.film import make_film, read_stripes
from snapshot.deadline import Deadline
from snapshot.layout import Layout
from snapshot.manifest import parse_manifest
from snapshot.state import named_keys
from snapshot.tencent.bucket import Bucket
from snapshot.tencent.client import CosClient

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "soak.json"
BUCKET, APPID, NAME = "examplebucket-1250000000", "1250000000", "examplebucket"
ACTIONS, KEYS, WORKERS = 2000, 24, 2
_SIZES = ((160, 90), (192, 108), (160, 120))  # each film has its own, so that a picture says which film it is of
_TIMES = ("0.5,1", "0.25,50%")
_MIN_CALLS = 3  # of an upload: media info and two moments
_FAULT_SHARE, _KILL_SHARE, _DUPLICATE_SHARE = 0.1, 0.05, 0.05
_ROTATION = 40  # deliveries
_FRAME_MS = 40
_EFFECTS: tuple[Effect, ...] = (
    ErrorResponse(503, "SlowDown"),
    ErrorResponse(500, "InternalError"),
    ErrorResponse(403, "AccessDenied"),
    ResetPeer("before"),
    ResetPeer("during"),
    ResetPeer("after"),
    TruncateBody(0.5),
    CorruptBody(),
    WrongContentType("text/html"),
    Redirect(),
    Latency(50),
    Timeout(0.2),
)
# The person who uploads meets no fault: of what both send, only calls on the output are hit.
_TARGETS = {
    "HeadObject": None,
    "GetBucket": None,
    "GetMediaInfo": None,
    "GetSnapshot": None,
    "GetObject": "thumbnails/*",
    "PutObject": "thumbnails/*",
    "DeleteObject": "thumbnails/*",
}


@dataclass(slots=True)
class Figures:
    """The work of a soak, and the findings of its audit; `problems` is empty where all is right."""

    actions: int
    uploads: int = 0
    deletes: int = 0
    deliveries: int = 0
    failed: int = 0
    killed: int = 0
    seconds: int = 0
    faults: int = 0
    paid: int = 0
    videos: int = 0
    objects: int = 0
    problems: list[str] = field(default_factory=list)

    def describe(self) -> dict[str, Any]:
        """Return the figures as JSON has them."""
        stated = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return stated | {"paid_per_upload": round(self.paid / max(1, self.uploads), 2), "least": _MIN_CALLS}


class Soak:
    """One run over one cloud."""

    def __init__(self, cloud: Cloud, bucket: Bucket, *, actions: int, seed: int = 1) -> None:
        self._cloud, self._bucket = cloud, bucket
        self._chance = random.Random(seed)  # noqa: S311  # chance that can be repeated, no secret
        self._events: queue.Queue[dict[str, Any]] = queue.Queue()
        self._films = _films()
        self._is_quiet = False
        self._credentials = cloud.credentials.issue("runrole", 3600)
        self._lock = threading.Lock()
        self.figures = Figures(actions)

    def run(self) -> Figures:
        """Act, deliver everything, audit, and return the figures."""
        started_s = time.monotonic()
        share = _FAULT_SHARE / len(_EFFECTS)
        for number, effect in enumerate(_EFFECTS):
            for operation, key in _TARGETS.items():
                self._cloud.faults.add(Fault(effect, operation=operation, key=key, probability=share, seed=number))
        over = threading.Event()
        threads = [threading.Thread(target=self._work, args=(over,)) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        for _ in range(self.figures.actions):
            self._act()
            while self._events.qsize() > KEYS:
                time.sleep(0.01)
        self.figures.faults = len(self._cloud.faults.events)
        self._is_quiet = True
        self._cloud.faults.clear()
        self._events.join()
        over.set()
        for thread in threads:
            thread.join()
        self.figures.seconds = int(time.monotonic() - started_s)
        self._audit()
        return self.figures

    def _act(self) -> None:
        key = f"videos/{self._chance.randrange(KEYS)}.mp4"
        if self._chance.random() < 0.3:  # noqa: PLR2004  # three deletes in ten actions
            self._bucket.delete(key)
            self.figures.deletes += 1
            name = "cos:ObjectRemove:Delete"
        else:
            body, metadata = (
                self._chance.choice(self._films),
                {"x-cos-meta-snapshot-times": self._chance.choice(_TIMES)},
            )
            self._bucket.put(key, body, content_type="video/mp4", cache_control="no-cache", metadata=metadata)
            self.figures.uploads += 1
            name = "cos:ObjectCreated:Put"
        for _ in range(1 + (self._chance.random() < _DUPLICATE_SHARE)):
            self._events.put(_event(key, name))

    def _work(self, over: threading.Event) -> None:
        worker = _Worker()
        try:
            while not over.is_set():
                try:
                    event = self._events.get(timeout=0.2)
                except queue.Empty:
                    continue
                is_killed = not self._is_quiet and self._chance.random() < _KILL_SHARE
                kill_after_s = self._chance.random() / 2 if is_killed else None
                is_done = worker.deliver(event, self._environment(), kill_after_s=kill_after_s)
                with self._lock:
                    self.figures.killed += worker.is_over
                    self.figures.failed += not is_done
                if not is_done:
                    self._events.put(event)
                self._events.task_done()
                if worker.is_over:
                    worker.close()
                    worker = _Worker()
        finally:
            worker.close()

    def _environment(self) -> dict[str, str]:
        with self._lock:
            self.figures.deliveries += 1
            if self.figures.deliveries % _ROTATION == 0:
                self._cloud.credentials.revoke(self._credentials.secret_id)
                self._credentials = self._cloud.credentials.issue("runrole", 3600)
            credentials = self._credentials
        return {
            "TENCENTCLOUD_REGION": self._cloud.region,
            "TENCENTCLOUD_SECRETID": credentials.secret_id,
            "TENCENTCLOUD_SECRETKEY": credentials.secret_key,
            "TENCENTCLOUD_SESSIONTOKEN": credentials.token,
            "SNAPSHOT_ENDPOINT": self._cloud.endpoint,
            "SNAPSHOT_POSTER_CANDIDATES": "0",
        }

    def _audit(self) -> None:
        """Hold every video to its manifest, and every object to a manifest that names it."""
        listed = {each.key: each for each in self._bucket.list("thumbnails/")}
        self.figures.objects = len(listed)
        named = set()
        for number in range(KEYS):
            key = f"videos/{number}.mp4"
            source, layout = self._bucket.head(key), Layout.of("thumbnails/", key)
            manifest = parse_manifest(self._bucket.get(layout.manifest))
            if source is None:
                continue
            self.figures.videos += 1
            if manifest is None or manifest.source.etag != source.etag:
                self.figures.problems.append(f"lost: {key} has no manifest of what it is now")
                continue
            named |= named_keys(manifest) | {layout.manifest}
            size = (manifest.source.width_px, manifest.source.height_px)
            pictures = {entry.at_ms: self._bucket.get(entry.key) for entry in manifest.thumbnails}
            poster = self._bucket.get(manifest.poster.key) if manifest.poster else None
            if len(pictures) != _MIN_CALLS - 1 or poster not in pictures.values():
                self.figures.problems.append(f"lost: {key} has {len(pictures)} pictures, or another poster")
            self.figures.problems += [
                f"false: {key} at {at_ms} ms" for at_ms, body in pictures.items() if not _shows(body, at_ms, size)
            ]
        self.figures.problems += [f"orphaned: {key}" for key in sorted(listed.keys() - named)]


class _Worker:
    """A process that runs the handler, as an instance of SCF does."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "benchmarks.soak", "--worker"]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def is_over(self) -> bool:
        return self._process.poll() is not None

    def deliver(self, event: dict[str, Any], environment: dict[str, str], *, kill_after_s: float | None) -> bool:
        """Deliver an event; tell whether it is done."""
        process = self._process
        assert process.stdin is not None  # noqa: S101  # piped
        assert process.stderr is not None  # noqa: S101  # piped
        timer = threading.Timer(kill_after_s, process.kill) if kill_after_s is not None else None
        try:
            process.stdin.write(json.dumps([event, environment]) + "\n")
            process.stdin.flush()
            if timer:
                timer.start()
            answer = process.stderr.readline()
        except OSError:
            answer = ""
        if timer:
            timer.cancel()
            process.kill()
        if not answer or timer:
            process.wait()
        return answer == "done\n"

    def close(self) -> None:
        """End the process, and close what leads to it."""
        self._process.kill()
        self._process.communicate()


def work() -> None:
    """Run the handler for each line of standard input, and say on standard error how it went."""
    import handler  # noqa: PLC0415  # only in a worker

    for line in sys.stdin:
        event, environment = json.loads(line)
        os.environ.update(environment)
        try:
            handler.main_handler(event, {"time_limit_in_ms": 10_000, "memory_limit_in_mb": 512})
        except Exception:  # noqa: BLE001  # the event comes again
            sys.stderr.write("again\n")
        else:
            sys.stderr.write("done\n")
        sys.stderr.flush()


def soak(actions: int) -> Figures:
    """Run a soak of so many actions, and return its figures."""
    operations: list[str] = []  # appended to by several threads

    def count(entry: AccessLogEntry) -> None:
        operations.append(entry.operation)

    with (
        Cloud(buckets=(BUCKET,), on_call=count) as cloud,
        CosClient(
            region=cloud.region,
            secret_id=cloud.secret_id,
            secret_key=cloud.secret_key,
            token="",
            deadline=Deadline.after(86_400),
            endpoint=cloud.endpoint,
        ) as client,
    ):
        figures = Soak(cloud, Bucket(client, BUCKET), actions=actions).run()
    figures.paid = operations.count("GetMediaInfo") + operations.count("GetSnapshot")
    return figures


def _films() -> list[bytes]:
    films = []
    with tempfile.TemporaryDirectory() as folder:
        for size in _SIZES:
            path = Path(folder) / "film.mp4"
            make_film(path, duration_s=1.5, size=size)
            films.append(path.read_bytes())
    return films


def _event(key: str, name: str) -> dict[str, Any]:
    stored = {"key": f"/{APPID}/{NAME}/{key}", "url": f"http://{BUCKET}.cos.ap-guangzhou.myqcloud.com/{key}"}
    place = {"name": NAME, "appid": APPID, "region": "gz", "s3Region": "ap-guangzhou"}
    return {"Records": [{"cos": {"cosObject": stored, "cosBucket": place}, "event": {"eventName": name}}]}


def _shows(body: bytes | None, at_ms: int, size: tuple[int | None, int | None]) -> bool:
    """Tell whether a picture decodes, is of the film of this size, and shows this moment."""
    if body is None:
        return False
    try:
        picture = Image.open(io.BytesIO(body))
        return picture.size == size and 0 <= at_ms - read_stripes(picture) < _FRAME_MS
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    if sys.argv[1:] == ["--worker"]:
        work()
        sys.exit()
    result = soak(int(sys.argv[1]) if sys.argv[1:] else ACTIONS)
    text = json.dumps(result.describe(), indent=2) + "\n"
    RESULTS.write_text(text)
    sys.stdout.write(text)
    sys.exit(bool(result.problems))

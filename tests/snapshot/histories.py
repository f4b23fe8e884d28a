"""Histories of a bucket, made by chance from a seed: what people do to videos, and the deliveries that follow.

Every delivery runs on a thread of its own, but only one thread runs at a time: each call to the cloud waits for its
turn. So two deliveries can be interleaved call by call, people can act between any two calls, and a delivery can be
ended before or after any of them; the same seed gives the same history. Every picture says which film and which moment
it shows, and the bucket is audited after each call.
"""

import hashlib
import io
import random
import threading
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timezone

from PIL import Image

from snapshot.deadline import Deadline
from snapshot.errors import CloudUnavailable
from snapshot.events import Removal, Upload
from snapshot.invocation import Invocation
from snapshot.layout import Layout
from snapshot.manifest import parse_manifest
from snapshot.media import StoredObject
from snapshot.memory import MIB, MemoryBudget
from snapshot.outcomes import Failed
from snapshot.pipeline import process
from snapshot.plan import plan_shots
from snapshot.recipe import read_recipe
from snapshot.settings import Settings
from snapshot.state import generation_of, named_keys, no_source_reason
from tests.snapshot.fakes import PILLOW, FakeBucket, FakeCloud, FakeFilm, media_info

BUCKET = "examplebucket-1250000000"
KEYS = ("videos/a.mp4", "videos/a.mp4/b.mp4")  # the folder of the second lies in that of the first
FILMS = (FakeFilm(4000), FakeFilm(6000), FakeFilm(1500))
SETTINGS = (
    {},
    {"SNAPSHOT_TIMES": "1,50%"},
    {"SNAPSHOT_TIMES": "0.5,50%,-0.25"},
    {"SNAPSHOT_SIZES": "0x0,32x0"},
    {"SNAPSHOT_FORMAT": "png"},
    {"SNAPSHOT_MODE": "keyframe"},
    {"SNAPSHOT_POSTER": "0.5"},
    {"SNAPSHOT_STORYBOARD": "4x", "SNAPSHOT_STORYBOARD_TILE": "64", "SNAPSHOT_PREVIEW": "webp"},
)
METADATA = ({}, {}, {"snapshot_times": "0.25,1"}, {"snapshot_times": "nonsense"}, {"snapshot_poster": "25%"})
MAX_TICKS, MAX_STEP_S = 6000, 60  # only a test that fails takes so long
_COLUMNS, _ROWS = 4, 4  # of blocks, each a bit, white for 1: four of the film, twelve of the moment in 1/8 s
_WHITE = 128
_STEP_MS = 125


class Killed(BaseException):
    """The platform has ended the delivery."""


def paint(film_number, at_ms, size):
    """Return a picture that says which film and which moment it shows, to an eighth of a second."""
    number = film_number << 12 | at_ms // _STEP_MS
    bits = [255 * (number >> place & 1) for place in range(_COLUMNS * _ROWS)]
    small = Image.new("L", (_COLUMNS, _ROWS))
    small.putdata(bits)
    return small.resize(size, Image.Resampling.NEAREST).convert("RGB")


def read(body):
    """Return the film's number and the moment, to an eighth of a second, of a stored picture."""
    picture = Image.open(io.BytesIO(body)).convert("L")
    width, height = picture.size
    number = 0
    for place in range(_COLUMNS * _ROWS):
        x, y = place % _COLUMNS * width // _COLUMNS, place // _COLUMNS * height // _ROWS
        pixel = picture.getpixel((x + width // _COLUMNS // 2, y + height // _ROWS // 2))
        number |= (pixel > _WHITE) << place
    return number >> 12, (number & 0xFFF) * _STEP_MS


class PaintedCloud(FakeCloud):
    """A cloud whose pictures say what they show; `turn` is called before and after each call."""

    def __init__(self):
        super().__init__(BUCKET)
        self.seconds = 0

    def describe(self, body, headers):
        self.seconds += 1
        moment = f"25 Nov 2026 {self.seconds // 3600:02d}:{self.seconds // 60 % 60:02d}:{self.seconds % 60:02d} GMT"
        return StoredObject(hashlib.md5(body).hexdigest(), len(body), headers, last_modified=moment)


class TurnBucket(FakeBucket):
    """A bucket whose every call waits for its turn."""

    def __init__(self, cloud, name, delivery):
        super().__init__(cloud, name)
        self.delivery = delivery

    def snapshot(self, key, *, at_ms, width_px, height_px, format, mode, rotate, version_id=""):
        film = self._pay("snapshot", lambda: self._shown(key, at_ms))
        width, height = film.size
        size = (width_px, round(height * width_px / width)) if width_px else film.size
        body = io.BytesIO()
        paint(FILMS.index(film), at_ms, size).save(body, PILLOW[format])
        return body.getvalue()


def _in_turn(name):
    call = getattr(TurnBucket, name)

    def wait_and_call(self, key, *args, **kwargs):
        self.delivery.wait(name, key)
        if self.delivery.is_faulty and name in ("media_info", "snapshot"):
            self.paid += [name, "failed"]
        self.delivery.fail(name, key)
        result = call(self, key, *args, **kwargs)
        self.delivery.acted()
        return result

    return wait_and_call


for _name in ("head", "get", "list", "put", "delete", "media_info", "snapshot"):
    setattr(TurnBucket, _name, _in_turn(_name))


class InlineWorkers:
    """Workers that run everything at once, in the caller's thread."""

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001  # whoever waits for the future gets it
            future.set_exception(error)
        return future


class Delivery(threading.Thread):
    """One delivery of an event: its records one after the other, until one of its calls is its last."""

    def __init__(self, cloud, records, settings):
        super().__init__(daemon=True)
        self.cloud, self.records, self.settings = cloud, records, settings
        self.turn, self.back = threading.Semaphore(0), threading.Semaphore(0)
        self.pending = ("start", "")
        self.is_over = self.has_failed = False
        self.kill_before = self.kill_after = self.is_faulty = False
        self.error = None
        self.outcomes = []
        self.buckets = []

    def step(self):
        """Let it run up to its next call, or to its end."""
        if self.is_over:
            return
        if self.pending[0] == "start":
            self.start()
        else:
            self.turn.release()
        assert self.back.acquire(timeout=MAX_STEP_S)

    def wait(self, name, key):
        if self.kill_before:
            raise Killed
        self.pending = (name, key)
        self.back.release()
        self.turn.acquire()
        if self.kill_before:
            raise Killed

    def fail(self, name, key):
        """Fail in a way that may heal, where chance has it so."""
        if self.is_faulty:
            self.is_faulty = False
            raise CloudUnavailable("later", operation=name, key=key, code="SlowDown", status=503)

    def acted(self):
        if self.kill_after:
            self.kill_before = True
            raise Killed

    @property
    def plight(self):
        """Return the fate of its next call."""
        plights = {"killed before": self.kill_before, "killed after": self.kill_after, "fails": self.is_faulty}
        return [plight for plight, is_so in plights.items() if is_so]

    @property
    def paid(self):
        return sum(bucket.calls[name] for bucket in self.buckets for name in ("media_info", "snapshot"))

    def run(self):
        try:
            for record in self.records:
                self.outcomes.append(process(record, self._invocation()))
            self.has_failed = any(isinstance(outcome, Failed) and outcome.retryable for outcome in self.outcomes)
        except Killed:
            self.has_failed = True
        except BaseException as error:  # noqa: BLE001  # the test tells of it
            self.has_failed, self.error = True, error
        self.is_over = True
        self.back.release()

    def _invocation(self):
        return Invocation(
            settings=self.settings,
            region="ap-guangzhou",
            open_bucket=self._open,
            deadline=Deadline.after(600),
            now=datetime(2026, 11, 25, tzinfo=timezone.utc),
            io=InlineWorkers(),
            cpu=InlineWorkers(),
            files=MemoryBudget(64 * MIB),
            rendering=MemoryBudget(64 * MIB),
        )

    def _open(self, name, *_):
        self.buckets.append(TurnBucket(self.cloud, name, self))
        return self.buckets[-1]


@dataclass
class History:
    """The events in the life of one bucket's videos, by chance.

    `side_by_side` lets two deliveries run at a time, `kills` lets them be ended at any call.
    """

    seed: int
    side_by_side: bool = True
    kills: bool = True
    fault_share: float = 0.02
    actions: int = 6
    trace: list = field(default_factory=list)
    problems: list = field(default_factory=list)
    windows: Counter = field(default_factory=Counter)
    paid: int = 0
    ticks: int = 0

    def __post_init__(self):
        self.chance = random.Random(self.seed)
        self.cloud = PaintedCloud()
        self.settings = Settings.from_environment({})
        self.queue = []
        self.running = []
        self.known = {}  # every content that ever was, by its ETag
        self.seen = set()  # pictures that were looked at

    def run(self):
        """Let it happen; `problems` is empty where everything held."""
        self._act()
        while self.actions and not self.problems:
            self._tick(is_quiet=False)
        while (self.running or self.queue) and not self.problems:
            self._tick(is_quiet=True)
        if not self.problems:
            self._audit_end()
        return self

    def _tick(self, *, is_quiet):
        self.ticks += 1
        if self.ticks > MAX_TICKS:
            self.problems.append("it does not come to rest")
        chance = self.chance
        if not is_quiet and chance.random() < (0.03 if self.running else 0.3):
            self._act()
            while self.actions and chance.random() < 0.3:
                self._act()
            return
        limit = 2 if self.side_by_side else 1
        if self.queue and len(self.running) < limit and (not self.running or chance.random() < 0.15):
            self._deliver()
            return
        if not self.running:
            return
        self._step(chance.choice(self.running), is_quiet=is_quiet)
        self._audit_step()

    def _step(self, delivery, *, is_quiet):
        """Let a delivery make its next call, which may fail or be its last."""
        chance = self.chance
        if not is_quiet:
            is_last = self.kills and chance.random() < 0.04
            delivery.kill_before = is_last and chance.random() < 0.5
            delivery.kill_after = is_last and not delivery.kill_before
            delivery.is_faulty = delivery.is_faulty or chance.random() < self.fault_share
        self._note("step", self.running.index(delivery), *delivery.pending, *delivery.plight)
        delivery.step()
        if delivery.is_over:
            self.running.remove(delivery)
            self.paid += delivery.paid
            self._note("over", delivery.outcomes, delivery.error)
            if delivery.error:
                self.problems.append(f"a delivery raised {delivery.error!r}")
            if delivery.has_failed:
                self.queue.append(delivery.records)

    def _deliver(self):
        records = self.queue.pop(self.chance.randrange(len(self.queue)))
        if self.queue and self.chance.random() < 0.15:
            records = (*records, *self.queue.pop(self.chance.randrange(len(self.queue))))
        self._note("deliver", records)
        self.running.append(Delivery(self.cloud, records, self.settings))

    def _act(self):
        """Let a person do something."""
        self.actions -= 1
        chance, stored = self.chance, self.cloud.stored[BUCKET]
        key = KEYS[chance.random() < 0.2]
        action = chance.choices(("upload", "delete", "touch", "settings", "restore"), (5, 3, 2, 2, 1))[0]
        if action == "settings" and self.running:
            action = "touch"  # a delivery that is under way keeps the settings that it began with
        if action == "settings":
            self.settings = Settings.from_environment(chance.choice(SETTINGS))
            self._note(action, self.settings.model_dump(exclude_defaults=True))
            for key in KEYS:  # as `ops backfill` does
                self._emit(Upload(BUCKET, key))
            return
        if action in ("touch", "restore") and key not in stored:
            action = "upload"
        if action == "upload":
            content = chance.choices((*FILMS, b"no film"), (4, 4, 2, 1))[0]
            self._upload(key, content)
        elif action == "touch":
            self._upload(key, stored[key][2] or stored[key][0])
        elif action == "delete":
            stored.pop(key, None)
            self._note(action, key)
            self._emit(Removal(BUCKET, key))
        else:
            self._note(action, key)
            self._emit(Upload(BUCKET, key))

    def _upload(self, key, content):
        metadata = self.chance.choice(METADATA)
        etag = self.cloud.upload(BUCKET, key, content, **metadata)
        self.known[etag] = content
        self._note("upload", key, content, metadata)
        self._emit(Upload(BUCKET, key))

    def _emit(self, record):
        for _ in range(1 + (self.chance.random() < 0.2)):
            self.queue.append((record,))

    def _note(self, *fields):
        self.trace.append(fields)

    def _audit_step(self):
        """Hold the bucket to `never false`: what a manifest names is there and is what it says."""
        stored = self.cloud.stored[BUCKET]
        for key in KEYS:
            layout = Layout.of("thumbnails/", key)
            manifest = parse_manifest(stored.get(layout.manifest, (None,))[0])
            if manifest is None:
                continue
            film = self.known[manifest.source.etag]
            for entry in manifest.thumbnails:
                if entry.key not in stored:
                    self._window("a manifest names what is not there", key)
                elif not self._shows(stored[entry.key][0], film, entry.at_ms):
                    self.problems.append(f"{entry.key} is not what the manifest says")
                elif stored[entry.key][1].etag != entry.etag:
                    self._window("a thumbnail is another file of the same frame", key)
            for entry in manifest.poster.files if manifest.poster else ():
                if entry.key not in stored or stored[entry.key][1].etag != entry.etag:
                    self._window("the poster is not the manifest's", key)

    def _window(self, name, key):
        self.windows[name] += 1
        if not self.side_by_side and name.startswith("a manifest"):
            self.problems.append(f"{name}: {key}")

    def _is_right(self, body, entry, film, at_ms):
        return hashlib.md5(body).hexdigest() == entry.etag and self._shows(body, film, at_ms)

    def _shows(self, body, film, at_ms):
        if (body, at_ms, film) not in self.seen:
            if not isinstance(film, FakeFilm):
                return False
            if read(body) != (FILMS.index(film), at_ms // _STEP_MS * _STEP_MS):
                return False
            self.seen.add((body, at_ms, film))
        return True

    def _audit_end(self):
        """Hold the bucket to its right state once the queue is empty."""
        stored = self.cloud.stored[BUCKET]
        for key in KEYS:
            layout = Layout.of("thumbnails/", key)
            own_keys = {stored_key for stored_key in stored if layout.owns(stored_key)}
            source = stored[key][1] if key in stored else None
            manifest = parse_manifest(stored.get(layout.manifest, (None,))[0])
            if no_source_reason(source):
                if own_keys:
                    self.problems.append(f"{key} is gone, and there is {sorted(own_keys)}")
                continue
            if manifest is None:
                self.problems.append(f"{key} has no manifest")
                continue
            self._audit_manifest(key, stored, manifest)
            if own_keys != named_keys(manifest) | {layout.manifest}:
                self.problems.append(f"nothing names {sorted(own_keys - named_keys(manifest) - {layout.manifest})}")

    def _audit_manifest(self, key, stored, manifest):
        _, source, film, _, _ = stored[key]
        recipe = read_recipe(self.settings, source.metadata)
        expected = (source.etag, recipe.digest, generation_of(self.settings, source.etag), recipe.notes)
        if (
            manifest.source.etag,
            manifest.recipe,
            manifest.generation,
            manifest.notes[: len(recipe.notes)],
        ) != expected:
            self.problems.append(f"the manifest of {key} is of something else")
            return
        moments = set()
        if film:
            media = media_info(film.duration_ms, *film.size)
            moments = {shot.at_ms for shot in plan_shots(self.settings, recipe.times, media, max_shots=99).shots}
        names = {
            (at_ms, str(size), file_format)
            for at_ms in moments
            for size in self.settings.sizes
            for file_format in self.settings.formats
        }
        described = {
            (entry.at_ms, entry.key.rpartition("-")[2].rpartition(".")[0], entry.format)
            for entry in manifest.thumbnails
        }
        if names != described:
            self.problems.append(f"{key}: {sorted(names ^ described)} are missing or too many")
        if (manifest.poster is None) != (not moments):
            self.problems.append(f"{key}: the poster is {manifest.poster}")
        for entry in (*manifest.thumbnails, *(manifest.poster.files if manifest.poster else ())):
            at_ms = getattr(entry, "at_ms", None)
            at_ms = manifest.poster.at_ms if at_ms is None else at_ms
            if entry.key not in stored or not self._is_right(stored[entry.key][0], entry, film, at_ms):
                self.problems.append(f"{entry.key} is not there, or not what it should be")

import threading

import pytest
from PIL import Image

from snapshot.capture import Capture, CaptureContext
from snapshot.deadline import Deadline
from snapshot.errors import BadFrame, BadSettings, CloudUnavailable, SetupError, SourceChanged, SourceRejected
from snapshot.layout import ThumbnailName
from snapshot.manifest import ThumbnailEntry
from snapshot.memory import MIB, MemoryBudget
from snapshot.plan import Shot
from snapshot.scheduler import Scheduler
from snapshot.settings import Settings
from snapshot.workers import Workers
from tests.snapshot.pictures import decode, encode, noise

KEY = "videos/a.mp4"
LONG_S = 60  # only a test that fails waits so long
PIXELS = 64 * 36


class Camera:
    """Shows grey noise; what `responses` holds for a moment comes instead, and an exception is raised."""

    def __init__(self, responses=None):
        self.responses = responses or {}
        self.requested = []

    def snapshot(self, key, *, at_ms, width_px, height_px, format, mode, rotate, version_id):
        self.requested.append(at_ms)
        response = self.responses.get(at_ms)
        if isinstance(response, list):
            response = response.pop(0) if response else None
        if isinstance(response, Exception):
            raise response
        return response or encode(noise(width_px or 64, (width_px or 64) * 36 // 64), format)


class Store:
    """Keeps thumbnails; raises what `failures` holds for a moment."""

    def __init__(self, failures=None):
        self.failures = failures or {}
        self.bodies = {}

    def __call__(self, at_ms, stats, thumbnail):
        if at_ms in self.failures:
            raise self.failures[at_ms]
        name = ThumbnailName(at_ms, thumbnail.size, thumbnail.format)
        self.bodies[str(name)] = thumbnail.body
        return ThumbnailEntry(
            key=str(name),
            at_ms=at_ms,
            width_px=thumbnail.width_px,
            height_px=thumbnail.height_px,
            format=thumbnail.format,
            size_bytes=len(thumbnail.body),
        )


@pytest.fixture(params=[1, 4], ids=["one at a time", "four side by side"])
def concurrency(request):
    return request.param


def capture(
    times,
    *,
    concurrency=4,
    camera=None,
    store=None,
    store_tile=None,
    small_px=64,
    is_tile=False,
    confirm=lambda: None,
    files=64 * MIB,
    rendering=64 * MIB,
    alone_bytes=None,
    deadline=None,
    names=None,
    **values,
):
    settings = Settings.from_environment({f"SNAPSHOT_{name.upper()}": value for name, value in values.items()})
    with Workers(concurrency, name="io") as threads, Workers(2, name="cpu") as cpu:
        scheduler = Scheduler(deadline or Deadline.after(LONG_S), key=KEY)
        context = CaptureContext(
            camera=camera or Camera(),
            key=KEY,
            version_id="",
            settings=settings,
            confirm=confirm,
            store=store or Store(),
            store_tile=store_tile or (lambda at_ms, body: None),
            small_px=small_px,
            files=MemoryBudget(files),
            rendering=MemoryBudget(rendering, alone_bytes=alone_bytes),
        )
        work = Capture(context, scheduler, scheduler.lane(threads, concurrency), scheduler.lane(cpu, 2))
        for at_ms in times:
            shot = Shot(at_ms, 0, 0, "png" if "png" in settings.formats else "jpg", settings.mode, settings.rotate)
            all_names = frozenset(
                ThumbnailName(at_ms, size, file_format) for size in settings.sizes for file_format in settings.formats
            )
            work.add(shot, names=all_names if names is None else names, expected_pixels=PIXELS, is_tile=is_tile)
        work.wait_measured()
        work.wait_stored()
    return work


def test_too_large_for_the_memory():
    """A picture that the function's memory cannot hold is missed and says so; it is neither decoded nor paid again."""
    camera = Camera()
    work = capture([0, 10_000], camera=camera, alone_bytes=1000)
    assert {missed.code for missed in work.missed.values()} == {"MemoryLimit"}
    assert "memorySize" in work.missed[0].message
    assert (work.stored, work.failures) == ({}, [])
    assert sorted(camera.requested) == [0, 10_000]


def failed(kind, code, **facts):
    return kind("no", operation="GetSnapshot", key=KEY, code=code, **facts)


UNBOUND = failed(SetupError, "MediaBucketUnBinded", status=400)
BUSY = failed(CloudUnavailable, "SlowDown", status=429)
UNWRITABLE = BadSettings(["SNAPSHOT_FORMAT: this Pillow cannot write avif"])


def test_everything_is_stored(concurrency):
    """Every shot is stored in every size, as its entry says."""
    store = Store()
    work = capture([0, 10_000, 30_000], concurrency=concurrency, store=store, sizes="64x0,32x0")
    assert {str(name) for name in work.stored} == set(store.bodies)
    assert len(store.bodies) == 6
    for entry in work.stored.values():
        assert entry.size_bytes == len(store.bodies[entry.key])
        assert decode(store.bodies[entry.key]).size == (entry.width_px, entry.height_px)
    assert (work.missed, work.failures) == ({}, [])


def test_one_call_for_every_size(concurrency):
    """Every size of a shot comes from one call."""
    camera = Camera()
    capture([1000, 2000], concurrency=concurrency, camera=camera, sizes="64x0,32x0,16x0")
    assert sorted(camera.requested) == [1000, 2000]


def test_byte_for_byte():
    """A picture that is what was asked for is stored byte for byte."""
    body, store = encode(noise()), Store()
    capture([1000], camera=Camera({1000: body}), store=store)
    assert store.bodies == {"000001000-0x0.jpg": body}


def test_only_what_is_missing():
    """Of a shot's thumbnails only the named ones are stored; without names it is only measured."""
    store = Store()
    names = frozenset({ThumbnailName(1000, Settings.from_environment({"SNAPSHOT_SIZES": "32x0"}).sizes[0], "jpg")})
    capture([1000], store=store, names=names, sizes="64x0,32x0")
    assert list(store.bodies) == ["000001000-32x0.jpg"]
    work = capture([1000], store=store, names=frozenset())
    assert len(store.bodies) == 1
    assert 1000 in work.measured


def test_final_failures(concurrency):
    """A moment that can never be had is missed, and the others are made."""
    camera = Camera(
        {
            0: b"no picture",
            40_000: failed(SourceRejected, "InvalidArgument", status=400),
            20_000: failed(BadFrame, "BadFrame"),
        }
    )
    work = capture(range(0, 60_000, 10_000), concurrency=concurrency, camera=camera)
    assert {at_ms: missed.code for at_ms, missed in work.missed.items()} == {
        0: "BadFrame",
        20_000: "BadFrame",
        40_000: "InvalidArgument",
    }
    assert {name.at_ms for name in work.stored} == {10_000, 30_000, 50_000}


def test_broken_picture_is_captured_again():
    """A picture that does not decode is captured once more; what the camera itself gave up on is not."""
    body = encode(noise())
    camera = Camera({1000: [body[: len(body) // 2]]})
    assert capture([1000], camera=camera).missed == {}
    assert camera.requested == [1000, 1000]
    camera = Camera({1000: b"no picture", 2000: failed(BadFrame, "BadFrame")})
    capture([1000, 2000], camera=camera)
    assert sorted(camera.requested) == [1000, 1000, 2000]


def test_nothing_decodes():
    """Where not one picture decodes, that is a failure and not a missed moment."""
    work = capture([1000], camera=Camera({1000: b"no"}))
    assert (work.missed, [error.code for error in work.failures]) == ({}, ["BadFrame"])


def test_side_by_side():
    """Calls are under way side by side."""
    barrier = threading.Barrier(4)

    class Slow(Camera):
        def snapshot(self, *args, **options):
            barrier.wait(LONG_S)
            return super().snapshot(*args, **options)

    assert len(capture(range(8), camera=Slow()).stored) == 8


@pytest.mark.parametrize(
    ("by_camera", "by_store"),
    [
        ({0: UNBOUND}, {}),
        ({}, {0: failed(SetupError, "AccessDenied", status=403)}),
        ({}, {0: failed(SourceRejected, "KeyTooLong", status=400)}),
        ({}, {0: UNWRITABLE}),
        ({0: failed(CloudUnavailable, "OutOfTime")}, {}),
    ],
    ids=["unbound", "may not store", "cannot store", "cannot write the format", "out of time"],
)
def test_what_ends_a_run(by_camera, by_store):
    """Where no further shot could fare better, those that have not begun are left out."""
    camera = Camera(by_camera)
    work = capture(range(0, 600_000, 10_000), concurrency=1, camera=camera, store=Store(by_store))
    assert work.failures == [next(iter({**by_camera, **by_store}.values()))]
    assert len(camera.requested) < 10


def test_passing_trouble_ends_nothing(concurrency):
    """A shot that is unavailable leaves the others their turn."""
    camera, store = Camera({0: BUSY}), Store()
    work = capture(range(0, 60_000, 10_000), concurrency=concurrency, camera=camera, store=store)
    assert work.failures == [BUSY]
    assert len(camera.requested) == 6
    assert len(store.bodies) == 5


def test_defect():
    """A defect comes through."""
    with pytest.raises(ZeroDivisionError):
        capture([0, 1], store=Store({0: ZeroDivisionError()}))


def test_changed_source_stores_nothing():
    """Nothing is stored of a snapshot after which the source turned out to be another."""
    store = Store()

    def confirm():
        raise SourceChanged("no", operation="HeadObject", key=KEY)

    work = capture(range(8), store=store, confirm=confirm)
    assert store.bodies == {}
    assert {error.code for error in work.failures} == {"SourceChanged"}


def test_source_is_confirmed_after_each_snapshot(concurrency):
    """Between a snapshot and its storing the source is looked at; one look serves all that wait."""
    log, lock = [], threading.Lock()

    class Logging(Camera):
        def snapshot(self, key, *, at_ms, **options):
            body = super().snapshot(key, at_ms=at_ms, **options)
            with lock:
                log.append(("snapshot", at_ms))
            return body

    class LoggingStore(Store):
        def __call__(self, at_ms, stats, thumbnail):
            with lock:
                log.append(("store", at_ms))
            return super().__call__(at_ms, stats, thumbnail)

    def confirm():
        with lock:
            log.append(("begin", None))

    capture(range(8), concurrency=concurrency, camera=Logging(), store=LoggingStore(), confirm=confirm)
    for at_ms in range(8):
        between = log[log.index(("snapshot", at_ms)) : log.index(("store", at_ms))]
        assert ("begin", None) in between
    assert sum(name == "begin" for name, _ in log) <= 8


def test_one_picture_at_a_time():
    """Where memory holds one picture, one is held at a time, and all are made."""
    holding, peak, lock = [0], [0], threading.Lock()

    class Watching(Camera):
        def snapshot(self, key, **options):
            with lock:
                holding[0] += 1
                peak[0] = max(peak[0], holding[0])
            return super().snapshot(key, **options)

    class Releasing(Store):
        def __call__(self, at_ms, stats, thumbnail):
            entry = super().__call__(at_ms, stats, thumbnail)
            with lock:
                holding[0] -= 1
            return entry

    work = capture(range(8), camera=Watching(), store=Releasing(), files=1, rendering=1)
    assert (len(work.stored), peak[0]) == (8, 1)


def test_kept_pictures():
    """Pictures that may become the poster are still in memory."""
    work = capture([0, 1000])
    assert {thumbnail.width_px for thumbnail in work.kept(1000)} == {64}
    assert work.kept(5000) == ()


def test_deadline():
    """A call that hangs is left behind at the deadline; what was stored before stays."""
    now, gate, store = [0.0], threading.Event(), Store()

    class Hanging(Camera):
        def snapshot(self, key, *, at_ms, **options):
            if at_ms:
                now[0] = 100.0
                gate.wait(LONG_S)
            return super().snapshot(key, at_ms=at_ms, **options)

    work = capture([0, 1000], concurrency=1, camera=Hanging(), store=store, deadline=Deadline(50.0, lambda: now[0]))
    gate.set()
    assert [error.code for error in work.failures][:1] == ["OutOfTime"]


def test_log(caplog):
    """Stored and missed shots are logged by moment."""
    with caplog.at_level("INFO", logger="snapshot"):
        capture([1000, 2000], camera=Camera({1000: b"no"}))
    facts = {record.getMessage(): record.facts for record in caplog.records}
    missed, stored = facts["frame.missed"], facts["frame.stored"]
    assert (missed["key"], missed["at_ms"], missed["code"]) == (KEY, 1000, "BadFrame")
    assert (stored["key"], stored["at_ms"]) == (KEY, 2000)
    assert {"capture_ms", "render_ms", "store_ms", "size_bytes"} <= stored.keys()


def test_black_is_measured():
    """A black picture is measured as every other."""
    work = capture([0], camera=Camera({0: encode(Image.new("RGB", (64, 36)))}))
    assert work.measured[0].luma == 0

import gc
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from snapshot.errors import BadFrame, BadSettings, CloudRefused, CloudUnavailable
from snapshot.frames import MediaInfo
from snapshot.plan import plan_shots
from snapshot.poster import look_at
from snapshot.settings import Settings
from snapshot.taking import Studio, take_all
from snapshot.thumbnails import Thumbnail
from snapshot.times import parse_times
from tests.pictures import decode, encode, noise

KEY = "videos/a.mp4"
FILM = MediaInfo(60_000, 64, 36, "h264", has_picture=True)
LONG_S = 20  # only a test that fails waits so long


@pytest.fixture(params=[1, 4], ids=["one at a time", "four side by side"])
def pool(request):
    with ThreadPoolExecutor(request.param) as pool:
        yield pool


@pytest.fixture
def one_at_a_time():
    with ThreadPoolExecutor(1) as pool:
        yield pool


class Camera:
    """Shows grey noise; what `answers` holds for a moment comes instead, and an exception is raised."""

    def __init__(self, answers=None):
        self.answers = answers or {}
        self.asked = []

    def snapshot(self, key, *, at_ms, width_px, height_px, format, mode, rotate):
        self.asked.append(at_ms)
        answer = self.answers.get(at_ms)
        if isinstance(answer, Exception):
            raise answer
        size = (width_px or 64, (width_px or 64) * 36 // 64)
        return answer or encode(noise(*size), format)


class Shelf:
    """Keeps thumbnails under a key that says moment and size; raises what `failures` holds for a moment."""

    def __init__(self, failures=None):
        self.failures = failures or {}
        self.bodies = {}

    def __call__(self, thumbnail):
        if thumbnail.at_ms in self.failures:
            raise self.failures[thumbnail.at_ms]
        key = f"{thumbnail.at_ms}-{thumbnail.size}"
        self.bodies[key] = thumbnail.body
        return key


def plan(times="every:10", **values):
    settings = Settings.from_environment({f"SNAPSHOT_{name.upper()}": value for name, value in values.items()})
    return plan_shots(settings, parse_times(times), duration_ms=FILM.duration_ms)


def take(pool, camera=None, shelf=None, planned=None, format="jpg"):
    store = Shelf() if shelf is None else shelf
    return take_all(planned or plan(), Studio(camera or Camera(), KEY, FILM, format, store), pool)


def failed(kind, code, **facts):
    return kind("so it said", operation="GetSnapshot", key=KEY, code=code, **facts)


def black():
    return encode(Image.new("RGB", (64, 36)))


def test_everything_planned_is_stored_and_told_in_the_order_of_the_film(pool):
    shelf = Shelf()
    taken = take(pool, shelf=shelf, planned=plan("50,0,30,10", sizes="64x0,32x0"))
    assert [one.key for one in taken.stored] == [
        f"{at_ms}-{size}" for at_ms in (0, 10_000, 30_000, 50_000) for size in ("64x0", "32x0")
    ]
    assert taken.missed == ()
    for one in taken.stored:
        assert one.size_bytes == len(shelf.bodies[one.key])
        assert decode(shelf.bodies[one.key]).size == (one.width_px, one.height_px)


def test_every_size_of_a_shot_comes_from_one_call(pool):
    camera = Camera()
    taken = take(pool, camera, planned=plan("1,2", sizes="64x0,32x0,16x0"))
    assert sorted(camera.asked) == [1000, 2000]
    assert len(taken.stored) == 6


def test_a_picture_that_is_what_was_asked_for_is_stored_byte_for_byte(pool):
    body, shelf = encode(noise()), Shelf()
    take(pool, Camera({1000: body}), shelf, plan("1"))
    assert shelf.bodies == {"1000-0x0": body}


def test_pictures_are_stored_in_the_format_of_the_studio(pool):
    shelf = Shelf()
    taken = take(pool, shelf=shelf, planned=plan("1", format="webp"), format="webp")
    assert [one.format for one in taken.stored] == ["webp"]
    assert decode(shelf.bodies["1000-0x0"]).format == "WEBP"


def test_what_is_missed_is_told_in_the_order_of_the_film_beside_what_was_taken(pool):
    refused = failed(CloudRefused, "InvalidArgument", status=400)
    camera = Camera({0: b"no picture", 40_000: refused, 20_000: failed(BadFrame, "BadFrame")})
    taken = take(pool, camera)
    assert [(one.at_ms, one.code) for one in taken.missed] == [
        (0, "BadFrame"),
        (20_000, "BadFrame"),
        (40_000, "InvalidArgument"),
    ]
    assert [one.at_ms for one in taken.stored] == [10_000, 30_000, 50_000]


def test_a_plan_without_shots_takes_nothing(pool):
    assert take(pool, planned=plan("90")).poster is None


def test_where_all_is_missed_there_is_no_poster(pool):
    taken = take(pool, Camera({1000: b"no"}), planned=plan("1"))
    assert (taken.stored, taken.poster) == ((), None)


def test_the_poster_is_the_first_that_shows_something_in_its_largest_size(pool):
    taken = take(pool, Camera({0: black(), 10_000: black()}), planned=plan(sizes="16x9,0x0,32x0"))
    assert taken.poster.look.at_ms == taken.poster.thumbnail.at_ms == 20_000
    assert (taken.poster.thumbnail.width_px, taken.poster.thumbnail.height_px) == (64, 36)
    assert taken.poster.look == look_at(20_000, taken.poster.thumbnail.body)


class Watched(bytes):
    """A picture whose end can be waited for."""

    released: threading.Semaphore

    def __del__(self):
        self.released.release()


def test_of_all_pictures_one_is_held_on_to(one_at_a_time):
    released, waited = threading.Semaphore(0), []

    class Patient(Camera):
        def snapshot(self, key, *, at_ms, **how):
            if at_ms >= 30_000:  # the best so far, the one just told and this one: every other must have gone
                waited.append(released.acquire(timeout=LONG_S))
            body = Watched(super().snapshot(key, at_ms=at_ms, **how))
            body.released = released
            return body

    taken = take(one_at_a_time, Patient(), lambda one: f"{one.at_ms}", plan("every:5"))
    assert waited == [True] * 6
    assert taken.poster.look.at_ms == 0
    gc.collect()
    assert [one.at_ms for one in gc.get_objects() if isinstance(one, Thumbnail)] == [0]


def test_calls_are_under_way_side_by_side():
    together = threading.Barrier(4)

    class Slow(Camera):
        def snapshot(self, *args, **how):
            together.wait(LONG_S)
            return super().snapshot(*args, **how)

    with ThreadPoolExecutor(4) as pool:
        assert len(take(pool, Slow(), planned=plan("8x")).stored) == 8


UNBOUND = failed(CloudRefused, "MediaBucketUnBinded", status=400, about_setup=True)
UNWRITABLE = BadSettings(["SNAPSHOT_FORMAT: this Pillow cannot write avif"])


class CountingPool(ThreadPoolExecutor):
    """A pool of one that counts what is cancelled."""

    def __init__(self):
        super().__init__(1)
        self.cancelled = threading.Semaphore(0)

    def submit(self, *args):
        future = super().submit(*args)
        future.add_done_callback(lambda future: self.cancelled.release() if future.cancelled() else None)
        return future


@pytest.mark.parametrize(
    ("by_camera", "by_shelf"),
    [
        ({0: UNBOUND}, {}),
        ({}, {0: failed(CloudRefused, "AccessDenied", status=403, about_setup=True)}),
        ({}, {0: failed(CloudRefused, "KeyTooLong", status=400)}),
        ({}, {0: UNWRITABLE}),
        ({}, {0: ZeroDivisionError()}),
    ],
    ids=["unbound", "may not store", "cannot store", "cannot write the format", "a defect"],
)
def test_what_the_video_is_not_to_blame_for_leaves_out_all_that_has_not_begun(by_camera, by_shelf):
    with CountingPool() as pool:

        class SecondWaits(Camera):
            """The second call, where it has begun, ends once the other four are cancelled."""

            def snapshot(self, key, *, at_ms, **how):
                body = super().snapshot(key, at_ms=at_ms, **how)
                if at_ms:
                    assert all(pool.cancelled.acquire(timeout=LONG_S) for _ in range(4))
                return body

        camera, failures = SecondWaits(by_camera), by_camera | by_shelf
        with pytest.raises(type(failures[0])) as caught:
            take(pool, camera, Shelf(by_shelf))
    assert caught.value is failures[0]
    assert camera.asked in ([0], [0, 10_000])


def test_a_refusal_comes_before_an_unavailability(pool):
    camera = Camera({0: failed(CloudUnavailable, "SlowDown", status=429), 10_000: UNBOUND})
    with pytest.raises(CloudRefused):
        take(pool, camera, planned=plan("0,10"))


def test_a_store_that_is_unavailable_is_raised_too(pool):
    failure = failed(CloudUnavailable, "ServiceUnavailable", status=503)
    with pytest.raises(CloudUnavailable) as caught:
        take(pool, shelf=Shelf({10_000: failure}))
    assert caught.value is failure


def test_what_was_stored_and_missed_is_logged_by_moment(pool, caplog):
    with caplog.at_level("INFO", logger="snapshot"):
        take(pool, Camera({1000: b"no"}), planned=plan("1,2"))
    facts = {record.getMessage(): record.facts for record in caplog.records}
    missed, stored = facts["frame.missed"], facts["frame.stored"]
    assert (missed["key"], missed["at_ms"], missed["code"]) == (KEY, 1000, "BadFrame")
    assert (stored["key"], stored["at_ms"]) == (KEY, 2000)
    assert {"capture_ms", "render_ms", "store_ms", "size_bytes"} <= stored.keys()


def test_unavailability_is_raised_once_all_had_their_turn(pool):
    camera = Camera({0: failed(CloudUnavailable, "SlowDown", status=429)})
    shelf = Shelf()
    with pytest.raises(CloudUnavailable) as caught:
        take(pool, camera, shelf)
    assert caught.value.code == "SlowDown"
    assert sorted(camera.asked) == [0, 10_000, 20_000, 30_000, 40_000, 50_000]
    assert len(shelf.bodies) == 5

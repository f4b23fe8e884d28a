"""One contract, two buckets: the fake that the pipeline's tests use, and the real door against the emulator."""

import io
import time
from urllib.parse import unquote_plus

import pytest
from PIL import Image

from emulator.cloud import Cloud
from snapshot.bucket import Bucket
from snapshot.cos import Door
from snapshot.errors import CloudRefused
from tests.fakes import FakeCloud, FakeFilm
from tests.films import film, sound

NAME, OTHER = "examplebucket-1250000000", "nosuch-1250000000"
ASKED = {"at_ms": 1500, "width_px": 0, "height_px": 0, "format": "jpg", "mode": "exactframe", "rotate": "auto"}


class Fake:
    def __init__(self):
        self.cloud = FakeCloud(NAME)

    def open(self, name=NAME):
        return self.cloud.bucket(name)

    def upload_film(self, key):
        self.cloud.upload(NAME, key, FakeFilm(duration_ms=5000, size=(320, 180)))

    def upload_sound(self, key):
        self.cloud.upload(NAME, key, FakeFilm(has_picture=False))


class Real:
    def __init__(self, cloud):
        self.door = Door(
            region=cloud.region,
            secret_id=cloud.secret_id,
            secret_key=cloud.secret_key,
            token="",
            deadline=time.monotonic() + 60,
            endpoint=cloud.endpoint,
        )

    def open(self, name=NAME):
        return Bucket(self.door, name)

    def upload_film(self, key):
        put(self.open(), key, film())

    def upload_sound(self, key):
        put(self.open(), key, sound())


@pytest.fixture(scope="module")
def the_cloud():
    with Cloud(buckets=(NAME,)) as cloud:
        yield cloud


@pytest.fixture(params=["fake", "real"])
def side(request):
    if request.param == "fake":
        yield Fake()
        return
    cloud = request.getfixturevalue("the_cloud")
    cloud.clear()
    real = Real(cloud)
    yield real
    real.door.close()


def put(bucket, key, body, **metadata):
    bucket.put(key, body, content_type="application/octet-stream", cache_control="no-cache", metadata=metadata)


def test_nothing_is_none(side):
    assert side.open().head("a") is None
    assert side.open().get("a") is None


def test_what_is_put_is_there(side):
    put(side.open(), "a", b"12345", **{"x-cos-meta-snapshot-source-etag": "e"})
    assert side.open().get("a") == b"12345"
    stored = side.open().head("a")
    assert (stored.etag, stored.size_bytes) == ("827ccb0eea8a706c4c34a16891f84e7b", 5)
    assert stored.metadata["x-cos-meta-snapshot-source-etag"] == "e"


def test_an_empty_object_is_empty_bytes(side):
    put(side.open(), "a", b"")
    assert side.open().get("a") == b""
    assert side.open().head("a").size_bytes == 0


@pytest.mark.parametrize(
    "key", ["a b", "a+b", "a%2Bb", "视频/🎬", "a//b", "/a", "//a", "a/../b", "a/./b", "a'\"<&>?#", "k" * 850]
)
def test_a_key_is_itself(side, key):
    put(side.open(), key, key.encode())
    assert side.open().get(key) == key.encode()
    if unquote_plus(key) != key:
        assert side.open().get(unquote_plus(key)) is None


def test_a_bucket_that_does_not_exist_is_about_the_set_up(side):
    with pytest.raises(CloudRefused) as raised:
        side.open(OTHER).get("a")
    assert (raised.value.code, raised.value.about_setup, raised.value.retry) == ("NoSuchBucket", True, False)
    assert side.open(OTHER).head("a") is None


def test_media_info_describes_the_film(side):
    side.upload_film("a.mp4")
    media = side.open().media_info("a.mp4")
    assert (media.duration_ms, media.width_px, media.height_px, media.codec) == (5000, 320, 180, "h264")
    assert media.has_picture


def test_media_info_of_sound_has_no_picture(side):
    side.upload_sound("a.mp4")
    assert not side.open().media_info("a.mp4").has_picture


@pytest.mark.parametrize("operation", ["media_info", "snapshot"])
@pytest.mark.parametrize(("key", "body"), [("gone.mp4", None), ("text.mp4", b"no film, " * 99)], ids=["gone", "text"])
def test_what_is_no_film_is_refused_for_good_and_not_about_the_set_up(side, operation, key, body):
    bucket = side.open()
    if body:
        put(bucket, key, body)
    with pytest.raises(CloudRefused) as raised:
        getattr(bucket, operation)(key, **(ASKED if operation == "snapshot" else {}))
    assert (raised.value.about_setup, raised.value.retry) == (False, False)


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ({}, (320, 180)),
        ({"width_px": 160}, (160, 90)),
        ({"height_px": 45}, (80, 45)),
        ({"width_px": 640}, (640, 360)),
        ({"format": "png", "mode": "keyframe", "rotate": "off"}, (320, 180)),
    ],
)
def test_a_snapshot_is_a_picture_of_the_size_and_format_asked_for(side, asked, size):
    side.upload_film("a.mp4")
    wanted = {**ASKED, **asked}
    picture = Image.open(io.BytesIO(side.open().snapshot("a.mp4", **wanted)))
    assert (picture.size, picture.format) == (size, {"jpg": "JPEG", "png": "PNG"}[wanted["format"]])


@pytest.mark.parametrize("at_ms", [5000, 99_000])
def test_a_moment_past_the_end_is_refused_for_good(side, at_ms):
    side.upload_film("a.mp4")
    with pytest.raises(CloudRefused) as raised:
        side.open().snapshot("a.mp4", **{**ASKED, "at_ms": at_ms})
    assert (raised.value.status, raised.value.code, raised.value.about_setup) == (400, "InvalidArgument", False)


def test_paid_calls_are_counted(side):
    side.upload_film("a.mp4")
    bucket = side.open()
    bucket.media_info("a.mp4")
    bucket.snapshot("a.mp4", **ASKED)
    bucket.snapshot("a.mp4", **ASKED)
    assert bucket.calls == {"media_info": 1, "snapshot": 2}

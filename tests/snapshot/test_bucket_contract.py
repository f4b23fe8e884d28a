"""One contract, two buckets: the fake that the pipeline's tests use, and the real client against the emulator."""

import io
from urllib.parse import unquote_plus

import pytest
from PIL import Image

from emulator.cloud import Cloud
from snapshot.deadline import Deadline
from snapshot.errors import SetupError, SourceChanged, SourceRejected
from snapshot.tencent.bucket import Bucket
from snapshot.tencent.client import CosClient
from tests.snapshot.fakes import FakeCloud, FakeFilm
from tests.snapshot.films import film, sound

NAME, OTHER = "examplebucket-1250000000", "nosuch-1250000000"
REQUEST = {"at_ms": 1500, "width_px": 0, "height_px": 0, "format": "jpg", "mode": "exactframe", "rotate": "auto"}


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
        self.client = CosClient(
            region=cloud.region,
            secret_id=cloud.secret_id,
            secret_key=cloud.secret_key,
            token="",
            deadline=Deadline.after(60),
            endpoint=cloud.endpoint,
        )

    def open(self, name=NAME):
        return Bucket(self.client, name)

    def upload_film(self, key):
        put(self.open(), key, film())

    def upload_sound(self, key):
        put(self.open(), key, sound())


@pytest.fixture(scope="module")
def contract_cloud():
    with Cloud(buckets=(NAME,)) as cloud:
        yield cloud


@pytest.fixture(params=["fake", "real"])
def side(request):
    if request.param == "fake":
        yield Fake()
        return
    cloud = request.getfixturevalue("contract_cloud")
    cloud.clear()
    real = Real(cloud)
    yield real
    real.client.close()


def put(bucket, key, body, **metadata):
    bucket.put(key, body, content_type="application/octet-stream", cache_control="no-cache", metadata=metadata)


def test_absent(side):
    """An object that does not exist is None."""
    assert side.open().head("a") is None
    assert side.open().get("a") is None


def test_put(side):
    """A stored object has its bytes, its ETag, its length and its metadata."""
    put(side.open(), "a", b"12345", **{"x-cos-meta-snapshot-source-etag": "e"})
    assert side.open().get("a") == b"12345"
    stored = side.open().head("a")
    assert (stored.etag, stored.size_bytes) == ("827ccb0eea8a706c4c34a16891f84e7b", 5)
    assert stored.metadata["x-cos-meta-snapshot-source-etag"] == "e"


def test_empty_object(side):
    """An empty object is empty bytes, not None."""
    put(side.open(), "a", b"")
    assert side.open().get("a") == b""
    assert side.open().head("a").size_bytes == 0


@pytest.mark.parametrize(
    "key", ["a b", "a+b", "a%2Bb", "视频/🎬", "a//b", "/a", "//a", "a/../b", "a/./b", "a'\"<&>?#", "k" * 850]
)
def test_any_key(side, key):
    """A key is used as it is, whatever characters it has."""
    put(side.open(), key, key.encode())
    assert side.open().get(key) == key.encode()
    if unquote_plus(key) != key:
        assert side.open().get(unquote_plus(key)) is None


def test_no_bucket(side):
    """A bucket that does not exist is an error of the set-up."""
    with pytest.raises(SetupError) as raised:
        side.open(OTHER).get("a")
    assert (raised.value.code, raised.value.retryable) == ("NoSuchBucket", True)
    assert side.open(OTHER).head("a") is None


def test_media_info(side):
    """Media info has length, size and codec of a video."""
    side.upload_film("a.mp4")
    media = side.open().media_info("a.mp4")
    assert (media.duration_ms, media.width_px, media.height_px, media.codec) == (5000, 320, 180, "h264")
    assert media.has_picture


def test_sound_only(side):
    """Media info of a file with sound only has no picture."""
    side.upload_sound("a.mp4")
    assert not side.open().media_info("a.mp4").has_picture


@pytest.mark.parametrize("operation", ["media_info", "snapshot"])
def test_no_video(side, operation):
    """A file that is no video is refused for good, and the set-up is not to blame."""
    bucket = side.open()
    put(bucket, "text.mp4", b"no film, " * 99)
    with pytest.raises(SourceRejected) as raised:
        getattr(bucket, operation)("text.mp4", **(REQUEST if operation == "snapshot" else {}))
    assert not raised.value.retryable


@pytest.mark.parametrize("operation", ["media_info", "snapshot"])
def test_source_gone(side, operation):
    """A source that is not there any more has changed, and the event must not be lost; it is paid for once."""
    bucket = side.open()
    with pytest.raises(SourceChanged) as raised:
        getattr(bucket, operation)("gone.mp4", **(REQUEST if operation == "snapshot" else {}))
    assert (raised.value.code, raised.value.retryable) == ("SourceChanged", True)
    assert bucket.calls == {operation: 1, "failed": 1}


def test_preparations(side):
    """A plan adds to the retry budget, and connections can be opened ahead; both cost nothing."""
    bucket = side.open()
    bucket.allow_retries(20)
    bucket.warm(2)
    assert bucket.calls == {}
    assert bucket.head("a") is None


def test_get_within(side):
    """A document longer than is wanted is none."""
    put(side.open(), "a", b"12345")
    assert side.open().get("a", max_bytes=5) == b"12345"
    assert side.open().get("a", max_bytes=4) is None


def test_list(side):
    """A listing has every key under the prefix, in the order of their bytes, with ETag and length."""
    bucket = side.open()
    for key in ["p/b", "p/a b+c%2B", "p/视频", "q", "p", "p/"]:
        put(bucket, key, key.encode())
    listed = bucket.list("p/")
    assert [entry.key for entry in listed] == ["p/", "p/a b+c%2B", "p/b", "p/视频"]
    assert listed[2].etag == bucket.head("p/b").etag
    assert [entry.size_bytes for entry in listed] == [len(entry.key.encode()) for entry in listed]
    assert bucket.list("nothing/") == ()
    assert [entry.key for entry in bucket.list("p/a b")] == ["p/a b+c%2B"]


def test_list_of_no_bucket(side):
    """A listing of a bucket that does not exist is the set-up's fault."""
    with pytest.raises(SetupError) as raised:
        side.open(OTHER).list("a")
    assert raised.value.code == "NoSuchBucket"


def test_delete(side):
    """A deleted object is gone; deleting what is not there is fine."""
    bucket = side.open()
    put(bucket, "a", b"1")
    bucket.delete("a")
    assert bucket.head("a") is None
    bucket.delete("a")
    assert bucket.list("") == ()


def test_last_modified(side):
    """HEAD says when an object was stored."""
    put(side.open(), "a", b"1")
    assert side.open().head("a").last_modified.endswith(" GMT")


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, (320, 180)),
        ({"width_px": 160}, (160, 90)),
        ({"height_px": 45}, (80, 45)),
        ({"width_px": 640}, (640, 360)),
        ({"format": "png", "mode": "keyframe", "rotate": "off"}, (320, 180)),
    ],
)
def test_snapshot(side, changes, size):
    """A snapshot is a picture in the size and format of the request."""
    side.upload_film("a.mp4")
    request = {**REQUEST, **changes}
    picture = Image.open(io.BytesIO(side.open().snapshot("a.mp4", **request)))
    assert (picture.size, picture.format) == (size, {"jpg": "JPEG", "png": "PNG"}[request["format"]])


@pytest.mark.parametrize("at_ms", [5000, 99_000])
def test_past_the_end(side, at_ms):
    """A moment past the end is refused for good."""
    side.upload_film("a.mp4")
    with pytest.raises(SourceRejected) as raised:
        side.open().snapshot("a.mp4", **{**REQUEST, "at_ms": at_ms})
    assert (raised.value.status, raised.value.code) == (400, "InvalidArgument")


def test_paid_calls(side):
    """Each paid call is counted."""
    side.upload_film("a.mp4")
    bucket = side.open()
    bucket.media_info("a.mp4")
    bucket.snapshot("a.mp4", **REQUEST)
    bucket.snapshot("a.mp4", **REQUEST)
    assert bucket.calls == {"media_info": 1, "snapshot": 2}

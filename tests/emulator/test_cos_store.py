import io
import os
import threading
from pathlib import Path

import pytest

from emulator.cos.backend import Backend
from emulator.cos.store import Store
from emulator.refusal import Refusal

BUCKET = "examplebucket-1250000000"
FILES = Path("/proc/self/fd")
SMALL, LARGE = b"small" * 10, bytes(range(256)) * (8 * 4096)  # 8 MiB, which moto keeps in a file


@pytest.fixture
def backend():
    backend = Backend()
    backend.call("PUT", BUCKET)
    yield backend
    backend.close()


@pytest.fixture
def store(backend):
    return Store(backend)


def put(backend, body, key="a", **headers):
    backend.call("PUT", BUCKET, key, body=body, headers=headers)


SIZES = pytest.mark.parametrize("body", [b"", SMALL, LARGE], ids=["empty", "small", "large"])


@SIZES
def test_a_reader_reads_what_was_stored(backend, store, body):
    put(backend, body)
    stored = store.open(BUCKET, "a")
    assert stored.size_bytes == len(body)
    with stored.open() as reader:
        assert reader.read() == body
        assert reader.read(1) == b""


@SIZES
def test_each_reader_has_a_position_of_its_own(backend, store, body):
    put(backend, body)
    stored = store.open(BUCKET, "a")
    one, other = stored.open(), stored.open()
    assert one.read(5) == body[:5]
    assert other.read(3) == body[:3]
    assert one.tell() == min(5, len(body))
    assert one.seek(-2, io.SEEK_END) == len(body) - 2 if len(body) > 2 else True
    assert one.read() == body[-2:]
    assert other.seek(1, io.SEEK_CUR) == min(3, len(body)) + 1
    assert other.read(2) == body[4:6]
    buffer = bytearray(4)
    one.seek(0)
    assert one.readinto(buffer) == min(4, len(body))
    assert one.readable()
    assert one.seekable()
    assert not one.writable()


@SIZES
@pytest.mark.parametrize("how", ["overwritten", "deleted", "thrown away with its cloud"])
def test_an_open_reader_reads_on_when_its_object_is(backend, store, body, how):
    put(backend, body)
    reader = store.open(BUCKET, "a").open()
    start = reader.read(10)
    if how == "overwritten":
        put(backend, b"another body altogether")
    elif how == "deleted":
        backend.call("DELETE", BUCKET, "a")
    else:
        backend.close()
    assert start + reader.read() == body


def test_a_position_before_the_first_byte_is_none(backend, store):
    put(backend, SMALL)
    with store.open(BUCKET, "a").open() as reader, pytest.raises(ValueError, match="before the first"):
        reader.seek(-1)


def test_a_large_object_is_read_where_it_lies(backend, store):
    """No bytes are read on opening: the reader's file is the one moto wrote."""
    put(backend, LARGE)
    reader = store.open(BUCKET, "a").open()
    kept = backend.key(BUCKET, "a", None)._value_buffer.fileno()
    assert os.path.sameopenfile(reader._source._fd, kept)


def test_a_small_object_is_shared_and_not_copied(backend, store):
    put(backend, SMALL)
    one, other = (store.open(BUCKET, "a").open() for _ in range(2))
    assert one._source._whole is other._source._whole


def test_a_readers_file_is_closed_with_its_last_reader(backend, store):
    put(backend, LARGE)
    stored = store.open(BUCKET, "a")
    reader, descriptor = stored.open(), stored._bytes._fd
    del stored
    assert os.fstat(descriptor).st_size == len(LARGE)
    del reader
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_many_small_objects_hold_no_files(backend, store):
    before = len(list(FILES.iterdir()))
    for number in range(50):
        put(backend, SMALL, f"a{number}")
        store.open(BUCKET, f"a{number}")
    assert len(list(FILES.iterdir())) <= before + 1


def test_what_is_known_of_an_object(backend, store):
    put(backend, SMALL, **{"content-type": "video/mp4", "x-amz-meta-a": "b", "x-amz-storage-class": "GLACIER"})
    stored = store.open(BUCKET, "a")
    assert (stored.headers["content-type"], stored.headers["x-amz-meta-a"]) == ("video/mp4", "b")
    assert (stored.storage_class, stored.is_archived, stored.is_public, stored.version) == ("GLACIER", True, False, "")


@pytest.mark.parametrize(
    ("bucket", "key", "version", "code"),
    [
        (BUCKET, "absent", None, "NoSuchKey"),
        ("absent-1250000000", "a", None, "NoSuchBucket"),
        (BUCKET, "a", "unknown", "NoSuchVersion"),
    ],
)
def test_what_is_not_there_is_refused(backend, store, bucket, key, version, code):
    put(backend, SMALL)
    with pytest.raises(Refusal) as caught:
        store.open(bucket, key, version)
    assert (caught.value.status, caught.value.code) == (404, code)


def test_reading_while_others_overwrite_gives_one_body_or_the_other(backend, store):
    bodies = [bytes([number]) * (6 * 1024 * 1024 if number % 2 else 1000) for number in range(1, 9)]
    put(backend, bodies[0])
    done = threading.Event()

    def overwrite():
        for body in bodies[1:]:
            put(backend, body)
        done.set()

    writer = threading.Thread(target=overwrite)
    writer.start()
    mixed = []
    while not done.is_set():
        with store.open(BUCKET, "a").open() as reader:
            found = reader.read()
        if found not in bodies:
            mixed.append(found[:10])
    writer.join()
    assert mixed == []


def test_two_clouds_of_one_process_share_nothing(backend, store):
    put(backend, SMALL)
    other = Backend()
    other.call("PUT", BUCKET)
    assert other.key(BUCKET, "a", None) is None
    put(other, LARGE)
    assert store.open(BUCKET, "a").size_bytes == len(SMALL)
    other.close()
    assert store.open(BUCKET, "a").open().read() == SMALL


def test_nothing_of_a_closed_cloud_stays_in_moto():
    from moto.s3.models import FakeKey, FakeMultipart, s3_backends

    backend = Backend()
    backend.call("PUT", BUCKET)
    put(backend, LARGE)
    backend.call("POST", BUCKET, "parts", query=(("uploads", ""),))
    backend.close()
    assert backend.account not in s3_backends
    assert backend.inner_name(BUCKET) not in s3_backends.bucket_accounts
    tracked = [*FakeKey.instances_tracked, *FakeMultipart.instances_tracked]
    assert not [each for each in tracked if each.account_id == backend.account]

"""Blobs and the store, without HTTP."""

import io
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import pytest

from emulator.cos.attributes import read_attributes
from emulator.cos.blobs import join_blobs, store_bytes
from emulator.cos.store import Store, StoredObject
from emulator.errors import ServiceError

BUCKET = "examplebucket-1250000000"
FILES = Path("/proc/self/fd")
SMALL, LARGE = b"small" * 10, bytes(range(256)) * (8 * 4096)  # 8 MiB, which is kept in a file
NOW = datetime(2026, 11, 25, tzinfo=timezone.utc)
SIZES = pytest.mark.parametrize("body", [b"", SMALL, LARGE], ids=["empty", "small", "large"])


@pytest.fixture
def store():
    store = Store()
    store.create(BUCKET)
    return store


def put(store, body, key="a", **headers):
    blob = store_bytes([body])
    stored = StoredObject(key, blob, f'"{blob.md5}"', read_attributes(headers), NOW)
    return store.bucket(BUCKET).put(stored)


@SIZES
def test_reading(store, body):
    """A reader reads what was stored, and nothing after it."""
    put(store, body)
    stored = store.open(BUCKET, "a")
    assert stored.size_bytes == len(body)
    with stored.open() as reader:
        assert reader.read() == body
        assert reader.read(1) == b""


@SIZES
def test_positions(store, body):
    """Each reader has a position of its own."""
    put(store, body)
    stored = store.open(BUCKET, "a")
    first, other = stored.open(), stored.open()
    assert first.read(5) == body[:5]
    assert other.read(3) == body[:3]
    assert first.tell() == min(5, len(body))
    assert first.seek(-2, io.SEEK_END) == len(body) - 2 if len(body) > 2 else True
    assert first.read() == body[-2:]
    assert other.seek(1, io.SEEK_CUR) == min(3, len(body)) + 1
    assert other.read(2) == body[4:6]
    buffer = bytearray(4)
    first.seek(0)
    assert first.readinto(buffer) == min(4, len(body))
    assert first.readable()
    assert first.seekable()
    assert not first.writable()


@SIZES
@pytest.mark.parametrize("action", ["overwritten", "deleted", "forgotten with its cloud"])
def test_reader_outlives_its_object(store, body, action):
    """An open reader reads on when its object is overwritten, deleted or forgotten."""
    put(store, body)
    reader = store.open(BUCKET, "a").open()
    start = reader.read(10)
    if action == "overwritten":
        put(store, b"another body altogether")
    elif action == "deleted":
        store.bucket(BUCKET).delete("a")
    else:
        store.clear()
    assert start + reader.read() == body


def test_seek_before_start(store):
    """A position before the first byte is refused."""
    put(store, SMALL)
    with store.open(BUCKET, "a").open() as reader, pytest.raises(ValueError, match="before the first"):
        reader.seek(-1)


def test_large_object_in_place(store):
    """Opening reads no bytes: every reader reads the one file."""
    put(store, LARGE)
    readers = [store.open(BUCKET, "a").open() for _ in range(2)]
    assert readers[0]._source._descriptor == readers[1]._source._descriptor


def test_small_object_shared(store):
    """A small object's bytes are shared by its readers, not copied."""
    put(store, SMALL)
    first, other = (store.open(BUCKET, "a").open() for _ in range(2))
    assert first._source._data is other._source._data


def test_file_closes_with_last_reader(store):
    """The file of a large object is closed when nobody can read it any more."""
    put(store, LARGE)
    stored = store.open(BUCKET, "a")
    reader, descriptor = stored.open(), stored.blob._bytes._descriptor
    store.bucket(BUCKET).delete("a")
    del stored
    assert os.fstat(descriptor).st_size == len(LARGE)
    del reader
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


def test_small_objects_hold_no_files(store):
    """Small objects are kept in memory, so that many of them do not use up the descriptors."""
    earlier = len(list(FILES.iterdir()))
    for number in range(50):
        put(store, SMALL, f"a{number}")
        store.open(BUCKET, f"a{number}")
    assert len(list(FILES.iterdir())) <= earlier + 1


def test_broken_body_keeps_nothing():
    """A body that breaks off leaves no file behind."""

    def broken():
        yield LARGE
        raise ServiceError(400, "IncompleteBody", "gone")

    earlier = len(list(FILES.iterdir()))
    with pytest.raises(ServiceError):
        store_bytes(broken())
    assert len(list(FILES.iterdir())) == earlier


def test_checksums():
    """A blob knows its MD5 and its CRC-64 (the check value of CRC-64/XZ), in one piece and joined from several."""
    complete = store_bytes([b"123", b"456789"])
    joined = join_blobs([store_bytes([b"1234"]), store_bytes([]), store_bytes([b"56789"])])
    assert complete.crc64 == joined.crc64 == 0x995DC9BBDF1939FA
    assert complete.md5 == joined.md5 == "25f9e794323b453885f5181f1b624d0b"


@pytest.mark.parametrize("sizes", [(1, 2, 3), (0, 5, 0), (6 * 1024 * 1024, 10, 5 * 1024 * 1024)], ids=str)
def test_joined_blobs(sizes):
    """Blobs that are joined read as one, from every position."""
    bodies = [bytes([number]) * size for number, size in enumerate(sizes, 1)]
    complete, blob = b"".join(bodies), join_blobs(store_bytes([body]) for body in bodies)
    assert b"".join(blob.chunks()) == complete
    reader = blob.open()
    for start in (0, sizes[0] - 1 if sizes[0] else 0, sizes[0], sizes[0] + sizes[1], len(complete)):
        reader.seek(start)
        assert reader.read(7) == complete[start : start + 7]


def test_attributes(store):
    """An object keeps the attributes of its upload."""
    put(store, SMALL, **{"content-type": "video/mp4", "x-cos-meta-a": "b", "x-cos-storage-class": "ARCHIVE"})
    stored = store.open(BUCKET, "a")
    assert (stored.headers["content-type"], stored.headers["x-cos-meta-a"]) == ("video/mp4", "b")
    assert (stored.attributes.storage_class, stored.is_archived(NOW)) == ("ARCHIVE", True)
    assert (stored.attributes.acl.is_default, stored.version_id) == (True, "null")


@pytest.mark.parametrize(
    ("bucket", "key", "version", "code"),
    [
        (BUCKET, "absent", None, "NoSuchKey"),
        ("absent-1250000000", "a", None, "NoSuchBucket"),
        (BUCKET, "a", "unknown", "NoSuchVersion"),
    ],
)
def test_absent(store, bucket, key, version, code):
    """An absent bucket, key or version is refused with its own code."""
    put(store, SMALL)
    with pytest.raises(ServiceError) as raised:
        store.open(bucket, key, version)
    assert (raised.value.status, raised.value.code) == (404, code)


def test_reading_during_overwrites(store):
    """A reader during overwrites gets one body or the other, never a mixture."""
    bodies = [bytes([number]) * (6 * 1024 * 1024 if number % 2 else 1000) for number in range(1, 9)]
    put(store, bodies[0])
    done = threading.Event()

    def overwrite():
        for body in bodies[1:]:
            put(store, body)
        done.set()

    writer = threading.Thread(target=overwrite)
    writer.start()
    mixed = []
    while not done.is_set():
        with store.open(BUCKET, "a").open() as reader:
            reply = reader.read()
        if reply not in bodies:
            mixed.append(reply[:10])
    writer.join()
    assert mixed == []


def test_parallel_changes(store):
    """Threads that put, delete, list and version at once lose nothing and break nothing."""
    bucket = store.bucket(BUCKET)
    bucket.versioning = "Enabled"
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def work(number):
        for turn in range(40):
            put(store, SMALL, f"own/{number}/{turn}")
            put(store, SMALL, "shared")
            bucket.delete(f"own/{number}/{turn}" if turn % 2 else "shared")
            upload = bucket.begin_upload("upload", read_attributes({}))
            assert {stored.key for stored, _ in bucket.versions()} >= {f"own/{number}/{turn}"}
            assert bucket.uploads()
            bucket.end_upload(upload)
            assert len(list(store.objects())) >= 1

    try:
        with ThreadPoolExecutor(8) as pool:
            for result in [pool.submit(work, number) for number in range(8)]:
                result.result()
    finally:
        sys.setswitchinterval(interval)
    versions = [version for version, _ in bucket.versions()]
    assert len({version.version_id for version in versions}) == len(versions)
    assert len([version for version in versions if version.key == "shared"]) == 8 * (40 + 20)
    assert sum(key.startswith("own/") for key in bucket.object_keys()) == 8 * 20
    assert bucket.uploads() == []

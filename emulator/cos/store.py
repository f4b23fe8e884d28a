"""A stored object -> readers over its bytes where they lie, each with a position of its own.

The bytes are never copied as a whole. Overwriting or deleting the object does not touch a reader that is open.
Knows no HTTP.
"""

import io
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO, Protocol, cast

from moto.s3.models import FakeKey
from moto.s3.utils import ARCHIVE_STORAGE_CLASSES

from emulator.cos.backend import Backend
from emulator.refusal import Refusal


class _Bytes(Protocol):
    """Where an object's bytes lie."""

    def at(self, start: int, size: int) -> bytes:
        """Up to `size` bytes from `start`, whoever else reads."""


class _InFile:
    """Bytes in an unnamed file, whose descriptor closes when the last reader lets go of it."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def at(self, start: int, size: int) -> bytes:
        return os.pread(self._fd, size, start)

    def __del__(self) -> None:
        os.close(self._fd)


class _InMemory:
    """Bytes that moto keeps in memory, as it does with a few MB: a file each would use up the descriptors."""

    def __init__(self, whole: bytes) -> None:
        self._whole = whole

    def at(self, start: int, size: int) -> bytes:
        return self._whole[start : start + size]


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as it is at one moment.

    `etag` is quoted; `headers` are what was stored with it, names in lower case: content-type, x-amz-meta-* ...;
    `version` is empty where the bucket keeps no versions; `storage_class` is S3's name.
    """

    etag: str
    size_bytes: int
    headers: Mapping[str, str]
    modified_at: datetime
    version: str
    storage_class: str
    is_archived: bool
    is_public: bool
    _bytes: _Bytes

    def open(self) -> BinaryIO:
        """A new reader from the object's first byte. Any number may be open, in any thread."""
        return cast("BinaryIO", _Reader(self._bytes, self.size_bytes))


@dataclass(frozen=True, slots=True)
class Listed:
    """One object as a listing has it; `etag` without quotes."""

    bucket: str
    key: str
    etag: str
    size_bytes: int


class Store:
    """Opens this cloud's objects."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def open(self, bucket: str, key: str, version: str | None = None) -> Stored:
        """The object as it is now.

        Raises:
            Refusal: 404 NoSuchBucket, NoSuchKey or NoSuchVersion.
        """
        with self._backend.holding((bucket, key)):
            found = self._backend.key(bucket, key, version)
            if found is not None:
                return _stored(found)
        if version is None:
            raise Refusal(404, "NoSuchKey", "the specified key does not exist")
        raise Refusal(404, "NoSuchVersion", "the specified version does not exist")

    def objects(self, buckets: Iterable[str]) -> Iterator[Listed]:
        """Every object in these buckets, by key."""
        for bucket in buckets:
            for key in sorted(self._backend.names(bucket)):
                with self._backend.holding((bucket, key)):
                    found = self._backend.key(bucket, key, None)
                    listed = found and Listed(bucket, key, found.etag.strip('"'), found.size)
                if listed:
                    yield listed


class _Reader(io.RawIOBase):
    """A seekable reader over shared bytes: reads by position, so readers never move each other."""

    def __init__(self, source: _Bytes, size_bytes: int) -> None:
        super().__init__()
        self._source = source
        self._size_bytes = size_bytes
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size_bytes}[whence]
        if start + offset < 0:
            raise ValueError("a position before the first byte")
        self._at = start + offset
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        left = max(0, self._size_bytes - self._at)
        wanted = left if size is None or size < 0 else min(size, left)
        found = self._source.at(self._at, wanted) if wanted else b""
        self._at += len(found)
        return found

    def readinto(self, buffer: "memoryview | bytearray", /) -> int:  # type: ignore[override]  # typeshed: Buffer
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


def _stored(key: FakeKey) -> Stored:
    with key.lock:
        # Moto's only other way to the bytes copies them all.
        buffer = key._value_buffer  # noqa: SLF001
        held = buffer._file  # noqa: SLF001
        found: _Bytes
        if isinstance(held, io.BytesIO):
            found = _InMemory(held.getvalue())  # shared with moto's buffer, not copied
        else:
            buffer.flush()
            found = _InFile(os.dup(buffer.fileno()))
        size_bytes = key.size
    return Stored(
        etag=key.etag,
        size_bytes=size_bytes,
        headers={name.lower(): str(value) for name, value in key.metadata.items()},
        modified_at=key.last_modified,
        version="" if key.version_id == "null" else key.version_id,
        storage_class=key.storage_class or "STANDARD",
        is_archived=key.storage_class in ARCHIVE_STORAGE_CLASSES,
        is_public=bool(key.acl and key.acl.public_read),
        _bytes=found,
    )

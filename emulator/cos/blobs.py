"""Keep an object's bytes, in memory or in an unnamed file, and read them in place.

A blob never changes: overwriting or deleting an object does not disturb who is still reading it, copies share it, and
a file is closed when the last reader lets go of it.
"""

import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol, cast

from fastcrc import crc64

# A file for each small object would use up the process's descriptors.
MAX_IN_MEMORY_BYTES = 4 * 1024**2
_CHUNK_BYTES = 256 * 1024


class _Bytes(Protocol):
    """A place where bytes lie."""

    def read_at(self, start: int, size: int) -> bytes:
        """Return up to `size` bytes from `start`; safe across threads."""


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes at rest. `md5` is in hexadecimal; `crc64` is CRC-64 of ECMA-182 in the reflected form COS shows (XZ's).

    Source: COS's document on CRC64 checks (x-cos-hash-crc64ecma), read 2026-11-25.
    """

    size_bytes: int
    md5: str
    crc64: int
    _bytes: _Bytes

    def open(self) -> BinaryIO:
        """Return a new reader from the first byte. Any number may be open, in any thread."""
        return cast("BinaryIO", _Reader(self._bytes, self.size_bytes))

    def chunks(self, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Read the bytes of [start, stop) in pieces."""
        stop = self.size_bytes if stop is None else stop
        while start < stop:
            chunk = self._bytes.read_at(start, min(_CHUNK_BYTES, stop - start))
            start += len(chunk)
            yield chunk


def store_bytes(chunks: Iterable[bytes]) -> Blob:
    """Keep the bytes as they come; nothing is kept if `chunks` raises."""
    md5, crc, size_bytes = hashlib.md5(usedforsecurity=False), 0, 0
    with tempfile.SpooledTemporaryFile(MAX_IN_MEMORY_BYTES) as spool:
        for chunk in chunks:
            md5.update(chunk)
            crc = crc64.xz(chunk, crc)
            size_bytes += len(chunk)
            spool.write(chunk)
        source: _Bytes
        if size_bytes > MAX_IN_MEMORY_BYTES:
            spool.flush()
            source = _FileBytes(os.dup(spool.fileno()))
        else:
            spool.seek(0)
            source = _MemoryBytes(spool.read())
    return Blob(size_bytes, md5.hexdigest(), crc, source)


def join_blobs(blobs: Iterable[Blob]) -> Blob:
    """Return one blob over the bytes of several in order; the bytes are shared, not copied."""
    parts = tuple(blobs)
    md5, crc = hashlib.md5(usedforsecurity=False), 0
    for chunk in (chunk for part in parts for chunk in part.chunks()):
        md5.update(chunk)
        crc = crc64.xz(chunk, crc)
    return Blob(sum(part.size_bytes for part in parts), md5.hexdigest(), crc, _JoinedBytes(parts))


def read_chunks(body: BinaryIO) -> Iterator[bytes]:
    """Read a stream to its end in pieces."""
    return iter(lambda: body.read(_CHUNK_BYTES), b"")


class _MemoryBytes:
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read_at(self, start: int, size: int) -> bytes:
        return self._data[start : start + size]


class _FileBytes:
    """Bytes in an unnamed file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read_at(self, start: int, size: int) -> bytes:
        return os.pread(self._descriptor, size, start)

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        close(self._descriptor)  # bound early: at the interpreter's end the module may be gone


class _JoinedBytes:
    """Bytes of several blobs, one after the other."""

    def __init__(self, parts: tuple[Blob, ...]) -> None:
        self._parts = parts

    def read_at(self, start: int, size: int) -> bytes:
        pieces = []
        for part in self._parts:
            if size <= 0:
                break
            if start < part.size_bytes:
                pieces.append(part._bytes.read_at(start, min(size, part.size_bytes - start)))  # noqa: SLF001  # its own kind
                size -= len(pieces[-1])
                start = 0
            else:
                start -= part.size_bytes
        return b"".join(pieces)


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
        size = left if size is None or size < 0 else min(size, left)
        data = self._source.read_at(self._at, size) if size else b""
        self._at += len(data)
        return data

    def readinto(self, buffer: "memoryview | bytearray", /) -> int:  # type: ignore[override]  # typeshed: Buffer
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

"""Read a request's body: streamed under its Content-MD5 and length, or whole as a small XML document.

Sources: COS's document on common request headers and its error codes, read 2026-11-22.
"""

import hashlib
import time
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable, Iterator
from typing import BinaryIO, cast
from xml.etree.ElementTree import Element

from emulator.cos.blobs import read_chunks
from emulator.errors import ServiceError
from emulator.http.messages import Request
from emulator.xml import read_xml

# "an object of up to 5 GB"
MAX_OBJECT_BYTES = 5 * 1024**3
MAX_DOCUMENT_BYTES = 2 * 1024**2
_MD5_BYTES = 16
# "x-cos-traffic-limit ... from 819200 to 838860800, in bit/s"
_MIN_TRAFFIC, _MAX_TRAFFIC = 819_200, 838_860_800


class _CheckedBody:
    """Passes a body on and, at its end, checks it against the length and the MD5 that were announced."""

    def __init__(self, body: BinaryIO, length: int | None, md5: bytes | None, max_bytes: int) -> None:
        self._body = body
        self._length = length
        self._max_bytes = max_bytes
        self._read_bytes = 0
        self._md5 = md5
        self._hash = hashlib.md5(usedforsecurity=False)

    def read(self, size: int = -1) -> bytes:
        try:
            data = self._body.read(size)
        except OSError as error:
            # the client is gone or too slow, or its chunks are not chunks
            raise ServiceError(400, "IncompleteBody", "the body could not be read to its end") from error
        self._count(data)
        if size < 0 or (not data and size):
            self._check()
        return data

    def readinto(self, buffer: "bytearray | memoryview") -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _count(self, data: bytes) -> None:
        self._read_bytes += len(data)
        if self._read_bytes > self._max_bytes:
            raise ServiceError(400, "EntityTooLarge", f"a body has at most {self._max_bytes} bytes")
        if self._md5 is not None:
            self._hash.update(data)
        if data and self._read_bytes == self._length:
            self._check()

    def _check(self) -> None:
        if self._length is not None and self._read_bytes < self._length:
            # IncompleteBody is "the body is smaller than the Content-Length header"
            raise ServiceError(400, "IncompleteBody", f"{self._read_bytes} bytes came of {self._length}")
        if self._md5 is not None and self._hash.digest() != self._md5:
            # BadDigest is "the Content-MD5 does not match the body received"
            raise ServiceError(400, "BadDigest", "the Content-MD5 is not that of the body")


def checked_body(request: Request, max_bytes: int) -> BinaryIO:
    """Return the body to read on. Reading it may raise ServiceError.

    Raises:
        ServiceError: 411 MissingContentLength, 400 EntityTooLarge or InvalidDigest.
    """
    if request.length is not None and not request.header("content-length"):
        raise ServiceError(411, "MissingContentLength", "a body needs a Content-Length or a chunked transfer")
    if (request.length or 0) > max_bytes:
        raise ServiceError(400, "EntityTooLarge", f"a body has at most {max_bytes} bytes")
    body = _CheckedBody(request.body, request.length, _announced_md5(request.header("content-md5")), max_bytes)
    if request.length == 0:
        body.read(1)  # nobody reads an empty body, and its MD5 must still be right
    return cast("BinaryIO", body)


def body_chunks(request: Request) -> Iterator[bytes]:
    """Return the bytes of an object that a request uploads, at the pace that it asks for.

    Raises:
        ServiceError: as checked_body and read_traffic_limit do; also while the bytes are read.
    """
    limit = read_traffic_limit(request)
    return paced(read_chunks(checked_body(request, MAX_OBJECT_BYTES)), limit)


def read_document(request: Request, root: str) -> Element:
    """Return the body as an XML document with this root; namespaces are dropped.

    Raises:
        ServiceError: 400 MalformedXML, XMLSizeLimit, or what checked_body refuses.
    """
    try:
        element = read_xml(read_whole(request))
    except ValueError as error:
        raise ServiceError(400, "MalformedXML", f"the body cannot be read: {error}") from error
    if element.tag != root:
        raise ServiceError(400, "MalformedXML", f"the document's root is {root}")
    return element


def read_whole(request: Request) -> bytes:
    """Return the body of a request that carries a document.

    Raises:
        ServiceError: 400 XMLSizeLimit, or what checked_body refuses.
    """
    try:
        body = checked_body(request, MAX_DOCUMENT_BYTES)
    except ServiceError as error:
        if error.code != "EntityTooLarge":
            raise
        raise ServiceError(400, "XMLSizeLimit", error.message) from None
    return b"".join(read_chunks(body))


def read_traffic_limit(request: Request) -> int | None:
    """Return the limit in bits a second that a header or a parameter sets, None without one.

    Raises:
        ServiceError: 400 InvalidArgument, the limit is outside its range.
    """
    text = request.header("x-cos-traffic-limit") or request.param("x-cos-traffic-limit")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10 and _MIN_TRAFFIC <= int(text) <= _MAX_TRAFFIC):  # noqa: PLR2004  # digits
        raise ServiceError(
            400, "InvalidArgument", f"x-cos-traffic-limit is a number of bit/s from {_MIN_TRAFFIC} to {_MAX_TRAFFIC}"
        )
    return int(text)


def paced(chunks: Iterable[bytes], bits_per_s: int | None) -> Iterator[bytes]:
    """Pass chunks on, slowed down to a rate; None passes them as they come."""
    start, sent_bytes = time.monotonic(), 0
    for chunk in chunks:
        yield chunk
        sent_bytes += len(chunk)
        if bits_per_s is not None:
            time.sleep(max(0.0, start + sent_bytes * 8 / bits_per_s - time.monotonic()))


def _announced_md5(text: str) -> bytes | None:
    if not text:
        return None
    try:
        digest = b64decode(text, validate=True)
    except (NotBase64, ValueError):
        digest = b""
    if len(digest) != _MD5_BYTES:
        # InvalidDigest is "the Content-MD5 given is not valid"
        raise ServiceError(400, "InvalidDigest", "Content-MD5 is the base64 of 16 bytes")
    return digest

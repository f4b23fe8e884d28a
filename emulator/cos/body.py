"""A call's body: streamed on under its Content-MD5 and length, or read whole as a small XML document.

Knows neither buckets nor keys. What is wrong with a body is found before anything of it is stored.
Sources: COS's document on common request headers and its error codes, read 2026-11-22.
"""

import hashlib
from base64 import b64decode
from binascii import Error as NotBase64
from typing import BinaryIO, cast
from xml.etree.ElementTree import Element, ParseError, fromstring

from emulator.cos.wire import Asked
from emulator.refusal import Refusal

# "an object of up to 5 GB"
LARGEST_OBJECT_BYTES = 5 * 1024**3
LARGEST_DOCUMENT_BYTES = 2 * 1024**2
_MD5_BYTES = 16


class _Counted:
    """Reads a body on and, at its end, holds it to the length and the MD5 that were announced."""

    def __init__(self, body: BinaryIO, length: int | None, md5: bytes | None, largest_bytes: int) -> None:
        self._body = body
        self._length = length
        self._largest_bytes = largest_bytes
        self._read_bytes = 0
        self._md5 = md5
        self._hash = hashlib.md5(usedforsecurity=False)

    def read(self, size: int = -1) -> bytes:
        try:
            found = self._body.read(size)
        except OSError as error:
            # the caller is gone or too slow, or its chunks are none
            raise Refusal(400, "IncompleteBody", "the body could not be read to its end") from error
        self._count(found)
        if size < 0 or (not found and size):
            self._check()
        return found

    def readinto(self, buffer: "bytearray | memoryview") -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)

    def _count(self, found: bytes) -> None:
        self._read_bytes += len(found)
        if self._read_bytes > self._largest_bytes:
            raise Refusal(400, "EntityTooLarge", f"a body has at most {self._largest_bytes} bytes")
        if self._md5 is not None:
            self._hash.update(found)
        if found and self._read_bytes == self._length:
            self._check()

    def _check(self) -> None:
        if self._length is not None and self._read_bytes < self._length:
            # IncompleteBody is "the body is smaller than the Content-Length header"
            raise Refusal(400, "IncompleteBody", f"{self._read_bytes} bytes came of {self._length}")
        if self._md5 is not None and self._hash.digest() != self._md5:
            # BadDigest is "the Content-MD5 does not match the body received"
            raise Refusal(400, "BadDigest", "the Content-MD5 is not that of the body")


def counted_body(asked: Asked, largest_bytes: int) -> BinaryIO:
    """The body to read on. Reading it may raise Refusal.

    Raises:
        Refusal: 411 MissingContentLength, 400 EntityTooLarge or InvalidDigest.
    """
    if asked.length is not None and not asked.header("content-length"):
        raise Refusal(411, "MissingContentLength", "a body needs a Content-Length or a chunked transfer")
    if (asked.length or 0) > largest_bytes:
        raise Refusal(400, "EntityTooLarge", f"a body has at most {largest_bytes} bytes")
    body = _Counted(asked.body, asked.length, _announced_md5(asked.header("content-md5")), largest_bytes)
    if asked.length == 0:
        body.read(1)  # nobody reads an empty body, and its MD5 must still hold
    return cast("BinaryIO", body)


def read_document(asked: Asked, root: str) -> Element:
    """The body as an XML document with this root; namespaces are dropped.

    Raises:
        Refusal: 400 MalformedXML, XMLSizeLimit, or what counted_body refuses.
    """
    try:
        body = counted_body(asked, LARGEST_DOCUMENT_BYTES)
    except Refusal as refusal:
        raise Refusal(400, "XMLSizeLimit", refusal.message) if refusal.code == "EntityTooLarge" else refusal from None
    whole = b"".join(iter(lambda: body.read(65536), b""))
    if b"<!DOCTYPE" in whole or b"<!ENTITY" in whole:
        raise Refusal(400, "MalformedXML", "a document type has no place here")
    try:
        found = fromstring(whole)  # noqa: S314  # no entities: see above
    except ParseError as error:
        raise Refusal(400, "MalformedXML", "the body is no well-formed XML") from error
    for element in found.iter():
        element.tag = element.tag.rpartition("}")[2]
    if found.tag != root:
        raise Refusal(400, "MalformedXML", f"the document's root is {root}")
    return found


def _announced_md5(text: str) -> bytes | None:
    if not text:
        return None
    try:
        digest = b64decode(text, validate=True)
    except (NotBase64, ValueError):
        digest = b""
    if len(digest) != _MD5_BYTES:
        # InvalidDigest is "the Content-MD5 given is not valid"
        raise Refusal(400, "InvalidDigest", "Content-MD5 is the base64 of 16 bytes")
    return digest

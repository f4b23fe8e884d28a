"""The answer to the GET of a document, compared with the listing that was asked for beside it."""

import hashlib
from functools import partial

from snapshot.bucket import MAX_DOCUMENT_BYTES, Bucket
from snapshot.errors import CloudUnavailable
from snapshot.media import ListedObject
from snapshot.scheduler import Lane


def check_unreadable(output: Bucket, io: Lane, listed: ListedObject | None, body: bytes | None) -> None:
    """Make sure that a document is not there, or broken, as the answer to its GET says; a listing may lag behind.

    Raises:
        CloudUnavailable: another document lies there, so that the answer must not be believed.
    """
    etag = "" if body is None else hashlib.md5(body, usedforsecurity=False).hexdigest()
    if listed is None or listed.etag == etag or listed.size_bytes > MAX_DOCUMENT_BYTES:
        return
    (head,) = io.gather(partial(output.head, listed.key))
    if head is not None and head.etag != etag:
        message = "the answer is not the object that is listed"
        raise CloudUnavailable(message, operation="GetObject", key=listed.key, code="BrokenAnswer")

"""One bucket: objects, listings, media info, snapshots.

Source: COS's object operations, GET Bucket, GenerateMediainfo, GetSnapshot; read 2026-11-22, 2026-11-25.
"""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TypeVar

from snapshot.errors import BadFrame, CallFailed, CloudUnavailable, SourceRejected
from snapshot.logs import fact
from snapshot.media import ListedObject, MediaInfo, StoredObject
from snapshot.tencent.checksums import crc_is_not_of, crc_of, etag_is_not_of, md5_header
from snapshot.tencent.client import CosClient, Request
from snapshot.tencent.documents import MAX_BYTES as MAX_DOCUMENT_BYTES
from snapshot.tencent.documents import UnsafeDocument
from snapshot.tencent.listing import Page, read_page
from snapshot.tencent.media_info import read_media_info
from snapshot.tencent.responses import NOT_FOUND, Response, facts_of, not_a_picture

_MAX_PICTURE_BYTES = 64 * 1024 * 1024
_MAX_PAGE_BYTES = 4 * 1024 * 1024  # 1,000 keys of 850 bytes, each of which takes three when it is encoded
_MAX_PAGES = 1000

logger = logging.getLogger(__name__)

_T = TypeVar("_T")


class Bucket:
    """One bucket, as the run role may use it. Every method raises what `CallFailed` stands for.

    A response is believed only where it bears out what it claims: an object is stored when the ETag is the MD5 of what
    was sent, a body is whole when its checksum is the one that the response states.
    """

    def __init__(self, client: CosClient, name: str) -> None:
        self._client = client
        self._name = name
        self._calls: list[str] = []  # appended to by several threads
        self._source_crcs: dict[str, str] = {}

    @property
    def calls(self) -> Counter[str]:
        """Return the number of paid calls sent, `media_info` and `snapshot`, and of those that `failed`."""
        return Counter(self._calls)

    def allow_retries(self, planned: int) -> None:
        """Add a fifth of the planned paid calls to the retries of the invocation."""
        self._client.budget.allow(planned)

    def warm(self, connections: int) -> None:
        """Open connections before they are needed, side by side. It returns at once and never fails."""
        self._client.warm(self._name, connections=connections)

    def head(self, key: str) -> StoredObject | None:
        """Return the object as HEAD describes it, None where there is none.

        Raises:
            CallFailed: as errors.py has it.
        """
        request = Request("HeadObject", "HEAD", self._name, key)

        def read(response: Response) -> StoredObject:
            self._source_crcs[key] = crc_of(response.headers)
            stored = _stored(response)
            if not stored.etag:
                raise request.failed(
                    CloudUnavailable, "a response without an ETag", code="BrokenAnswer", **facts_of(response)
                )
            return stored

        try:
            return self._client.call(request, read)
        except SourceRejected as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def get(self, key: str, *, max_bytes: int = MAX_DOCUMENT_BYTES) -> bytes | None:
        """Return a document's bytes; None where there is none, or where it is longer than `max_bytes`.

        Raises:
            CallFailed: as errors.py has it.
        """
        request = Request("GetObject", "GET", self._name, key, max_bytes=max_bytes)

        def read(response: Response) -> bytes:
            if response.content_type == "text/html":
                raise request.failed(
                    CloudUnavailable, "a page where an object was expected", code="BrokenAnswer", **facts_of(response)
                )
            if etag_is_not_of(response.body, response.headers):
                raise request.failed(
                    CloudUnavailable, "a body that does not match its ETag", code="BrokenAnswer", **facts_of(response)
                )
            self._check_crc(request, response)
            return response.body

        try:
            return self._client.call(request, read)
        except SourceRejected as error:
            if error.code == "NoSuchKey":
                return None
            raise
        except CloudUnavailable as error:
            if error.code != "TooLarge":
                raise
            fact(logger, "document.too_large", level=logging.WARNING, key=key, max_bytes=max_bytes)
            return None

    def list(self, prefix: str) -> tuple[ListedObject, ...]:
        """Return every object whose key begins with `prefix`, in the order of their keys.

        Eventually consistent: an object that was stored a moment ago may be missing.

        Raises:
            CallFailed: as errors.py has it.
        """
        objects: list[ListedObject] = []
        marker = ""
        for _ in range(_MAX_PAGES):
            page = self._list_page(prefix, marker)
            objects += page.objects
            if not page.next_marker:
                break
            marker = page.next_marker
        return tuple(objects)

    def put(self, key: str, body: bytes, *, content_type: str, cache_control: str, metadata: Mapping[str, str]) -> None:
        """Store an object, whole or not at all. The names in `metadata` begin with `x-cos-meta-`.

        Raises:
            CallFailed: as errors.py has it; CloudUnavailable `PutNotConfirmed` where the response does not confirm it.
        """
        headers = {
            "Content-Type": content_type,
            "Cache-Control": cache_control,
            "Content-MD5": md5_header(body),
            **metadata,
        }
        request = Request("PutObject", "PUT", self._name, key, headers=headers, body=body)

        def read(response: Response) -> None:
            if "etag" not in response.headers or etag_is_not_of(body, response.headers):
                message = "a success without the ETag of the sent body"
                raise request.failed(CloudUnavailable, message, code="PutNotConfirmed", **facts_of(response))
            if crc_is_not_of(body, crc_of(response.headers)):
                message = "a success with the wrong checksum"
                raise request.failed(CloudUnavailable, message, code="PutNotConfirmed", **facts_of(response))

        self._client.call(request, read)

    def delete(self, key: str) -> None:
        """Delete an object; that there is none is fine.

        Raises:
            CallFailed: as errors.py has it.
        """
        request = Request("DeleteObject", "DELETE", self._name, key)

        def read(response: Response) -> None:
            if response.body:
                message = "a body in the answer to a deletion"
                raise request.failed(CloudUnavailable, message, code="BrokenAnswer", **facts_of(response))

        try:
            self._client.call(request, read)
        except SourceRejected as error:
            if error.status != NOT_FOUND:
                raise

    def media_info(self, key: str, *, version_id: str = "") -> MediaInfo:
        """Return the media info of a video. One paid call an attempt.

        Raises:
            CallFailed: as errors.py has it; CloudUnavailable `SourceChanged` where CI finds no such object.
        """
        params = {"ci-process": "videoinfo", **_version(version_id)}
        request = Request("GetMediaInfo", "GET", self._name, key, params=params)

        def read(response: Response) -> MediaInfo:
            try:
                return read_media_info(response.body)
            except ValueError as error:
                code = "UnsafeDocument" if isinstance(error, UnsafeDocument) else "BadMediaInfo"
                raise request.failed(CloudUnavailable, str(error), code=code, **facts_of(response)) from error

        return self._call_paid("media_info", request, read)

    def snapshot(
        self,
        key: str,
        *,
        at_ms: int,
        width_px: int,
        height_px: int,
        format: str,
        mode: str,
        rotate: str,
        version_id: str = "",
    ) -> bytes:
        """Return a picture file of the moment `at_ms`. One paid call an attempt. At most one side is above 0.

        Raises:
            CallFailed: as errors.py has it; CloudUnavailable `SourceChanged` where CI finds no such object; BadFrame
                where content type or first bytes are not those of such a picture.
        """
        params = {
            "ci-process": "snapshot",
            "time": _seconds(at_ms),
            **({"width": str(width_px)} if width_px else {}),
            **({"height": str(height_px)} if height_px else {}),
            "format": format,
            "rotate": rotate,
            "mode": mode,
            **_version(version_id),
        }
        request = Request("GetSnapshot", "GET", self._name, key, params=params, max_bytes=_MAX_PICTURE_BYTES)

        def read(response: Response) -> bytes:
            problem = not_a_picture(response, format)
            if problem:
                raise request.failed(BadFrame, problem, code="BadFrame", **facts_of(response))
            self._check_crc(request, response)
            return response.body

        return self._call_paid("snapshot", request, read)

    def _list_page(self, prefix: str, marker: str) -> Page:
        params = {"prefix": prefix, "max-keys": "1000", "encoding-type": "url"} | ({"marker": marker} if marker else {})
        request = Request("GetBucket", "GET", self._name, "", params=params, max_bytes=_MAX_PAGE_BYTES)

        def read(response: Response) -> Page:
            try:
                page = read_page(response.body, prefix=prefix)
            except ValueError as error:
                raise request.failed(CloudUnavailable, str(error), code="BadListing", **facts_of(response)) from error
            if page.next_marker and page.next_marker <= marker:
                message = "a page that leads to itself"
                raise request.failed(CloudUnavailable, message, code="BadListing", **facts_of(response))
            return page

        return self._client.call(request, read)

    def _check_crc(self, request: Request, response: Response) -> None:
        """Hold a body to its checksum, unless that is the source's own, which CI could have handed on.

        Raises:
            CloudUnavailable: the body is not of its checksum.
        """
        stated = crc_of(response.headers)
        if stated and stated != self._source_crcs.get(request.key) and crc_is_not_of(response.body, stated):
            message = "a body that does not match its checksum"
            raise request.failed(CloudUnavailable, message, code="BrokenAnswer", **facts_of(response))

    def _call_paid(self, name: str, request: Request, read: Callable[[Response], _T]) -> _T:
        attempts: list[None] = []

        def on_sent() -> None:
            self._calls.append(name)
            attempts.append(None)

        try:
            value = self._client.call(request, read, on_sent=on_sent)
        except CallFailed:
            self._calls += ["failed"] * len(attempts)
            raise
        self._calls += ["failed"] * (len(attempts) - 1)
        return value


def _stored(response: Response) -> StoredObject:
    headers = response.headers
    length = headers.get("content-length", "")
    return StoredObject(
        etag=headers.get("etag", "").strip('"'),
        size_bytes=int(length) if length.isascii() and length.isdigit() else None,
        metadata={name: value for name, value in headers.items() if name.startswith("x-cos-meta-")},
        last_modified=headers.get("last-modified", ""),
        version_id=headers.get("x-cos-version-id", ""),
    )


def _version(version_id: str) -> dict[str, str]:
    return {"versionId": version_id} if version_id else {}


def _seconds(at_ms: int) -> str:
    """Return a moment as the API takes it, seconds with at most three decimals: 1, 1.5, 90.04."""
    return f"{at_ms // 1000}.{at_ms % 1000:03d}".rstrip("0").rstrip(".")

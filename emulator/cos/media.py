"""ci-process on an object and /mediabucket: who may, is the bucket bound; then emulator.ci makes the picture.

Knows no codec and no picture. Every refusal is CI's, only a missing object's or bucket's is COS's.
Sources: get-snapshot.md; CI's documents on CreateMediaBucket, DescribeMediaBuckets and DeleteMediaBucket;
read 2026-11-22.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from xml.etree.ElementTree import Element, SubElement

from emulator.ci.api import answer_media_info, answer_snapshot, parse_snapshot
from emulator.cos.call import Call, Operations, Rights
from emulator.cos.errors import to_xml
from emulator.cos.store import Store, Stored
from emulator.cos.wire import Answer
from emulator.cos.writing import XML
from emulator.refusal import Refusal

_PAGE_SIZE = 10
_LARGEST_PAGE = 100
_CHINA = timezone(timedelta(hours=8))


class MediaBuckets:
    """Which buckets have media processing on, and since when. Safe across threads."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._bound: dict[str, datetime] = {}

    def bind(self, bucket: str) -> None:
        """Turns media processing on; nothing changes where it is on."""
        with self._lock:
            self._bound.setdefault(bucket, datetime.fromtimestamp(self._now(), _CHINA))

    def unbind(self, bucket: str) -> None:
        """Turns media processing off; nothing changes where it is off."""
        with self._lock:
            self._bound.pop(bucket, None)

    def bound(self) -> dict[str, datetime]:
        """Every bound bucket and when it was bound."""
        with self._lock:
            return dict(self._bound)


class Media:
    """CI's operations, by their names."""

    def __init__(self, store: Store, rights: Rights, buckets: MediaBuckets, exists: Callable[[str], bool]) -> None:
        self._store = store
        self._rights = rights
        self._buckets = buckets
        self._exists = exists
        self.operations: Operations = {
            "GetSnapshot": self._snapshot,
            "GetMediaInfo": self._media_info,
            "DescribeMediaBuckets": self._describe,
            "CreateMediaBucket": self._create,
            "DeleteMediaBucket": self._delete,
        }

    def _snapshot(self, call: Call) -> Answer:
        request = parse_snapshot(call.asked.query)
        with self._source(call).open() as stream:
            picture = answer_snapshot(request, stream)
        return Answer.of(200, picture.body, (("Content-Type", picture.content_type),))

    def _media_info(self, call: Call) -> Answer:
        stored = self._source(call)
        with stored.open() as stream:
            return Answer.of(200, answer_media_info(stream, stored.size_bytes), XML)

    def _source(self, call: Call) -> Stored:
        # "requires enabling Cloud Infinite in advance and binding a bucket"; status and words as the SDKs show them
        if call.bucket not in self._buckets.bound():
            raise Refusal(400, "MediaBucketUnBinded", "media bucket unbinded, bucket's host is unavailable", "ci")
        # Whether CI also asks COS for the caller's right to read the object is open: the strict reading.
        self._rights.require(call, action="name/cos:GetObject")
        stored = self._store.open(call.bucket, call.key)
        if stored.is_archived:
            raise Refusal(403, "InvalidObjectState", "the object is archived and must be restored first")
        return stored

    def _describe(self, call: Call) -> Answer:
        asked = call.asked
        page, size = _number(call, "pageNumber", 1, 10**6), _number(call, "pageSize", _PAGE_SIZE, _LARGEST_PAGE)
        wanted_regions, wanted_names = _list(asked.param("regions")), _list(asked.param("bucketNames"))
        found = [
            (bucket, since)
            for bucket, since in sorted(self._buckets.bound().items())
            if bucket.startswith(asked.param("bucketName") or "")
            and (not wanted_names or bucket in wanted_names)
            and (not wanted_regions or self._rights.account.region in wanted_regions)
        ]
        root = _response(call)
        for name, number in (("TotalCount", len(found)), ("PageNumber", page), ("PageSize", size)):
            SubElement(root, name).text = str(number)
        for bucket, since in found[(page - 1) * size : page * size]:
            self._bucket(root, "MediaBucketList", bucket, since)
        return Answer.of(200, to_xml(root), XML)

    def _create(self, call: Call) -> Answer:
        self._require_bucket(call)
        # "403 MediaBucketAlreadyBinded"
        if call.bucket in self._buckets.bound():
            raise Refusal(403, "MediaBucketAlreadyBinded", "the bucket is bound already", "ci")
        self._buckets.bind(call.bucket)
        root = _response(call)
        self._bucket(root, "MediaBucket", call.bucket, self._buckets.bound()[call.bucket])
        return Answer.of(200, to_xml(root), XML)

    def _delete(self, call: Call) -> Answer:
        self._require_bucket(call)
        if call.bucket not in self._buckets.bound():
            raise Refusal(400, "MediaBucketUnBinded", "media bucket unbinded, bucket's host is unavailable", "ci")
        self._buckets.unbind(call.bucket)
        return Answer.of(200, to_xml(_response(call)), XML)

    def _require_bucket(self, call: Call) -> None:
        if not call.bucket or not self._exists(call.bucket):
            raise Refusal(400, "InvalidHost", "the host names no bucket of this account", "ci")

    def _bucket(self, root: Element, name: str, bucket: str, since: datetime) -> None:
        element = SubElement(root, name)
        fields = (
            ("BucketId", bucket),
            ("Name", bucket),
            ("Region", self._rights.account.region),
            ("CreateTime", since.strftime("%Y-%m-%dT%H:%M:%S%z")),
        )
        for tag, text in fields:
            SubElement(element, tag).text = text


def _response(call: Call) -> Element:
    root = Element("Response")
    SubElement(root, "RequestId").text = call.request_id
    return root


def _list(text: str | None) -> list[str]:
    return [each for each in (text or "").split(",") if each]


def _number(call: Call, name: str, default: int, most: int) -> int:
    text = call.asked.param(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= most:
        raise Refusal(400, "InvalidArgument", f"{name} is a whole number from 1 to {most}", "ci")
    return int(text)

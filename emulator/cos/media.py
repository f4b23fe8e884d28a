"""Handle CI's operations on stored videos and pictures, and which buckets have media processing on.

Errors are CI's, only those about a missing object or bucket are COS's. emulator.ci, and with it the decoders, is
imported with the first such request.
Sources: CI's documents on GetSnapshot, GenerateSnapshot (POST /snapshot), GetMediaInfo, imageInfo, CreateMediaBucket,
DescribeMediaBuckets and DeleteMediaBucket; read 2026-11-22 and 2026-11-25.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from xml.etree.ElementTree import Element

from emulator.ci.request import MediaInfoForm
from emulator.cos.addresses import read_key
from emulator.cos.attributes import read_attributes
from emulator.cos.blobs import store_bytes
from emulator.cos.bodies import read_document
from emulator.cos.context import Operations, RequestContext
from emulator.cos.object_writer import ObjectWriter
from emulator.cos.objects import require_readable
from emulator.cos.store import StoredObject
from emulator.errors import ServiceError, not_here
from emulator.http.messages import XML, Response
from emulator.xml import add_fields, document, to_xml

_PAGE_SIZE = 10
_MAX_PAGE_SIZE = 100
_MAX_IMAGE_BYTES = 32 * 1024**2  # "the input image cannot be larger than 32 MB"
_CHINA = timezone(timedelta(hours=8))
# Elements of POST /snapshot -> parameters of GetSnapshot: "the same parameters"
_SNAPSHOT_ELEMENTS = {
    "Time": "time",
    "Width": "width",
    "Height": "height",
    "Mode": "mode",
    "Rotate": "rotate",
    "Format": "format",
}


class MediaBuckets:
    """Records which buckets have media processing on, and since when. Safe across threads."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._bound: dict[str, datetime] = {}

    def bind(self, bucket: str) -> datetime:
        """Turn media processing on and return since when it is; nothing changes where it is on."""
        with self._lock:
            return self._bound.setdefault(bucket, datetime.fromtimestamp(self._now(), _CHINA))

    def unbind(self, bucket: str) -> None:
        """Turn media processing off; nothing changes where it is off."""
        with self._lock:
            self._bound.pop(bucket, None)

    def bound(self) -> dict[str, datetime]:
        """Return every bound bucket and when it was bound."""
        with self._lock:
            return dict(self._bound)


class Media:
    """CI's operations, by their names."""

    def __init__(
        self, writer: ObjectWriter, buckets: MediaBuckets, media_info_form: Callable[[], MediaInfoForm]
    ) -> None:
        self._media_info_form = media_info_form
        self._writer = writer
        self._store = writer.store
        self._authorizer = writer.authorizer
        self._buckets = buckets
        self.operations: Operations = {
            "GetSnapshot": self._snapshot,
            "PostSnapshot": self._post_snapshot,
            "GetMediaInfo": self._media_info,
            "GetImageInfo": self._image_info,
            "DescribeMediaBuckets": self._describe,
            "CreateMediaBucket": self._create,
            "DeleteMediaBucket": self._delete,
        }

    def _snapshot(self, context: RequestContext) -> Response:
        from emulator.ci.service import answer_snapshot, parse_snapshot  # noqa: PLC0415  # decoders load when needed

        request = parse_snapshot(context.request.query)
        with self._source(context, context.key, context.version_id).open() as stream:
            picture = answer_snapshot(request, stream)
        return Response.of(200, picture.body, (("Content-Type", picture.content_type),))

    def _post_snapshot(self, context: RequestContext) -> Response:
        from emulator.ci.service import answer_snapshot, parse_snapshot  # noqa: PLC0415  # decoders load when needed

        root = _read_request(context)
        output = [(name, root.findtext(f"Output/{name}") or "") for name in ("Region", "Bucket", "Object")]
        region, bucket, key = (text for _, text in output)
        source = root.findtext("Input/Object") or ""
        if not source or not bucket or not key:
            raise ServiceError(
                400, "InvalidArgument", "Request has Input/Object, Output/Bucket and Output/Object", "ci"
            )
        if region != self._authorizer.account.region:
            raise not_here(f"an output in the region {region or '(none)'}", "ci")
        fields = [(name, root.findtext(element)) for element, name in _SNAPSHOT_ELEMENTS.items()]
        request = parse_snapshot([("ci-process", "snapshot"), *((name, text) for name, text in fields if text)])
        context.key = source
        # Which right covers the output is not documented: the strict reading is the sender's own.
        self._authorizer.require(context)
        self._authorizer.require(context, action="name/cos:PutObject", bucket=bucket, key=read_key(f"/{key}"))
        with self._source(context, source, None).open() as stream:
            picture = answer_snapshot(request, stream)
        attributes = read_attributes({"content-type": picture.content_type})
        self._writer.write(context, store_bytes([picture.body]), attributes, event="Put", place=(bucket, key))
        response = _response(context)
        response.append(add_fields(document("Output"), output))
        return Response.of(200, to_xml(response), XML)

    def _media_info(self, context: RequestContext) -> Response:
        from emulator.ci.service import answer_media_info  # noqa: PLC0415  # decoders load when needed

        stored = self._source(context, context.key, context.version_id)
        with stored.open() as stream:
            return Response.of(200, answer_media_info(stream, stored.size_bytes, self._media_info_form()), XML)

    def _image_info(self, context: RequestContext) -> Response:
        from emulator.ci.image_info import describe_image  # noqa: PLC0415  # decoders load when needed

        self._require_bound(context)
        stored = self._store.open(context.bucket, context.key, context.version_id)
        require_readable(stored)
        if stored.size_bytes > _MAX_IMAGE_BYTES:
            raise ServiceError(400, "ResourceNotSupported", f"a picture has at most {_MAX_IMAGE_BYTES} bytes", "ci")
        with stored.open() as stream:
            body = describe_image(stream, stored.size_bytes, stored.blob.md5)
        return Response.of(200, body, (("Content-Type", "application/json"),))

    def _require_bound(self, context: RequestContext) -> None:
        # "requires enabling Cloud Infinite in advance and binding a bucket"; status and words as the SDKs show them
        if context.bucket not in self._buckets.bound():
            raise ServiceError(400, "MediaBucketUnBinded", "media bucket unbinded, bucket's host is unavailable", "ci")

    def _source(self, context: RequestContext, key: str, version_id: str | None) -> StoredObject:
        self._require_bound(context)
        # Whether CI also asks COS for the sender's right to read the object is open: the strict reading.
        self._authorizer.require(context, action="name/cos:GetObject", key=key)
        stored = self._store.open(context.bucket, key, version_id)
        require_readable(stored)
        return stored

    def _describe(self, context: RequestContext) -> Response:
        request = context.request
        page = _number(context, "pageNumber", 1, 10**6)
        size = _number(context, "pageSize", _PAGE_SIZE, _MAX_PAGE_SIZE)
        regions, names = _list(request.param("regions")), _list(request.param("bucketNames"))
        prefix = request.param("bucketName") or ""
        buckets = [
            (bucket, since)
            for bucket, since in sorted(self._buckets.bound().items())
            if bucket.startswith(prefix)
            and (not names or bucket in names)
            and (not regions or self._authorizer.account.region in regions)
        ]
        root = _response(context)
        add_fields(root, [("TotalCount", str(len(buckets))), ("PageNumber", str(page)), ("PageSize", str(size))])
        for bucket, since in buckets[(page - 1) * size : page * size]:
            root.append(self._bucket("MediaBucketList", bucket, since))
        return Response.of(200, to_xml(root), XML)

    def _create(self, context: RequestContext) -> Response:
        self._require_bucket(context)
        # "403 MediaBucketAlreadyBinded"
        if context.bucket in self._buckets.bound():
            raise ServiceError(403, "MediaBucketAlreadyBinded", "the bucket is bound already", "ci")
        since = self._buckets.bind(context.bucket)
        root = _response(context)
        root.append(self._bucket("MediaBucket", context.bucket, since))
        return Response.of(200, to_xml(root), XML)

    def _delete(self, context: RequestContext) -> Response:
        self._require_bucket(context)
        self._require_bound(context)
        self._buckets.unbind(context.bucket)
        return Response.of(200, to_xml(_response(context)), XML)

    def _require_bucket(self, context: RequestContext) -> None:
        if context.bucket not in self._store.names:
            raise ServiceError(400, "InvalidHost", "the host names no bucket of this account", "ci")

    def _bucket(self, name: str, bucket: str, since: datetime) -> Element:
        fields = [
            ("BucketId", bucket),
            ("Name", bucket),
            ("Region", self._authorizer.account.region),
            ("CreateTime", since.strftime("%Y-%m-%dT%H:%M:%S%z")),
        ]
        return document(name, fields)


def _read_request(context: RequestContext) -> Element:
    try:
        return read_document(context.request, "Request")
    except ServiceError as error:
        raise ServiceError(400, "InvalidArgument", error.message, "ci") from error


def _response(context: RequestContext) -> Element:
    return document("Response", [("RequestId", context.request_id)])


def _list(text: str | None) -> list[str]:
    return [item for item in (text or "").split(",") if item]


def _number(context: RequestContext, name: str, default: int, maximum: int) -> int:
    text = context.request.param(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= maximum:
        raise ServiceError(400, "InvalidArgument", f"{name} is a whole number from 1 to {maximum}", "ci")
    return int(text)

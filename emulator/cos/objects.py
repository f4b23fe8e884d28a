"""Answer GET and HEAD of an object: its bytes or a range of them, under the conditions of the request.

Sources: COS's documents on GET Object and HEAD Object; RFC 9110, section 14; read 2026-11-22.
"""

import re
from collections.abc import Callable
from datetime import timezone
from email.utils import format_datetime

from werkzeug.http import parse_range_header

from emulator.cos.attributes import object_headers
from emulator.cos.bodies import paced, read_traffic_limit
from emulator.cos.context import Operations, RequestContext
from emulator.cos.preconditions import evaluate
from emulator.cos.store import Store, StoredObject, now
from emulator.errors import ServiceError
from emulator.http.messages import Headers, Request, Response

_NO_BYTES = re.compile(r"bytes\s*=\s*-0+")

# What "public-read" and "public-read-write" let anybody do.
_PUBLIC_READS = frozenset({"GetObject", "HeadObject"})
_PUBLIC_BUCKET_READS = frozenset({"GetBucket", "HeadBucket"})
_PUBLIC_WRITES = frozenset(
    {
        "PutObject",
        "DeleteObject",
        "InitiateMultipartUpload",
        "UploadPart",
        "CompleteMultipartUpload",
        "AbortMultipartUpload",
    }
)
# "response-content-type ... sets the Content-Type response header"
_OVERRIDES = {
    f"response-{name}": name.title()
    for name in (
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-type",
        "expires",
    )
}


class ObjectReader:
    """The operations that read objects, by their names.

    `may_list(context, key)` says whether the sender may learn that a key is absent.
    """

    def __init__(self, store: Store, may_list: Callable[[RequestContext, str], bool]) -> None:
        self._store = store
        self._may_list = may_list
        self.operations: Operations = {"GetObject": self._read, "HeadObject": self._read}

    def _read(self, context: RequestContext) -> Response:
        return object_response(context.request, self.open(context))

    def open(self, context: RequestContext) -> StoredObject:
        """Return the object, or the version, that a request names.

        Raises:
            ServiceError: 404 NoSuchKey or NoSuchVersion; 403 AccessDenied to who may not list.
        """
        try:
            return self._store.open(context.bucket, context.key, context.version_id)
        except ServiceError:
            # Open in the documents; strict, as S3 does it: who may not list may not learn that a key is absent.
            if not self._may_list(context, context.key):
                raise ServiceError(403, "AccessDenied", "Access Denied.") from None
            raise


def anybody_may(store: Store, context: RequestContext) -> bool:
    """Return whether a list of access, the object's or its bucket's, lets anybody do what a request asks for."""
    name = context.operation.name
    bucket = store.find(context.bucket)
    if context.place.service != "cos" or bucket is None:
        return False
    if name in _PUBLIC_BUCKET_READS:
        return bucket.acl.lets_everybody("READ")
    if name in _PUBLIC_WRITES:
        return bucket.acl.lets_everybody("WRITE")
    if name not in _PUBLIC_READS:
        return False
    stored = bucket.find(context.key, context.version_id)
    acl = bucket.acl if stored is None or stored.attributes.acl.is_default else stored.attributes.acl
    return acl.lets_everybody("READ")


def object_response(request: Request, stored: StoredObject) -> Response:
    """Return the object or the range that is asked for; a HEAD gets the same headers and no bytes.

    Raises:
        ServiceError: 412 PreconditionFailed, 416 InvalidRange, 403 InvalidObjectState, 400 InvalidArgument.
    """
    is_head = request.method == "HEAD"
    if not is_head:
        require_readable(stored)
    limit = read_traffic_limit(request)
    verdict = evaluate(request.headers, stored)
    if verdict == "failed":
        raise ServiceError(412, "PreconditionFailed", "at least one of the preconditions does not hold")
    headers = _headers(request, stored)
    if verdict == "unmodified":
        return Response(304, tuple(pair for pair in headers if not pair[0].startswith("Content-")))
    start, stop, is_part = _range(request.header("range"), stored.size_bytes)
    if is_part:
        headers += (("Content-Range", f"bytes {start}-{stop - 1}/{stored.size_bytes}"),)
    if is_head:
        headers += (("Content-Length", str(stop - start)),)
        return Response(206 if is_part else 200, headers)
    chunks = stored.blob.chunks(start, stop)
    return Response(206 if is_part else 200, headers, paced(chunks, limit) if limit else chunks, stop - start)


def require_readable(stored: StoredObject) -> None:
    """Check that an object need not be restored first.

    Raises:
        ServiceError: 403 InvalidObjectState.
    """
    if stored.is_archived(now()):
        # InvalidObjectState is "the storage class conflicts with the operation"
        raise ServiceError(403, "InvalidObjectState", "the object is archived and must be restored first")


def _headers(request: Request, stored: StoredObject) -> Headers:
    headers = dict(object_headers(stored))
    for name, header in _OVERRIDES.items():
        value = request.param(name)
        if value is None:
            continue
        if not value.isprintable():
            raise ServiceError(400, "InvalidArgument", f"{name} has control characters")
        headers[header] = value.encode().decode("latin-1")
    headers["Last-Modified"] = format_datetime(stored.modified_at.astimezone(timezone.utc), usegmt=True)
    headers["Accept-Ranges"] = "bytes"
    if stored.restored_until is not None:
        expiry = format_datetime(stored.restored_until, usegmt=True)
        headers["x-cos-restore"] = f'ongoing-request="false", expiry-date="{expiry}"'
    return tuple(headers.items())


def _range(header: str, size_bytes: int) -> tuple[int, int, bool]:
    """Return start, end and whether this is a part. What cannot be read, and more than one range, mean the whole."""
    if _NO_BYTES.fullmatch(header.strip()):  # "unsatisfiable if the suffix-length is zero"; werkzeug cannot read it
        raise ServiceError(416, "InvalidRange", "the last 0 bytes are none")
    ranges = parse_range_header(header) if header else None
    if ranges is None or ranges.units != "bytes" or len(ranges.ranges) != 1:
        return 0, size_bytes, False
    span = ranges.range_for_length(size_bytes)
    if span is None:
        raise ServiceError(416, "InvalidRange", f"the object has {size_bytes} bytes")
    return span[0], span[1], True

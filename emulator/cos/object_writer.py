"""Store objects and publish events, for uploads, copies, forms, appends and completed uploads alike.

Sources: COS's documents on PUT Object, PUT Object - Copy and Upload Part - Copy, read 2026-11-22.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qs, unquote

from emulator.cos.addresses import read_host, read_key
from emulator.cos.attributes import object_headers
from emulator.cos.authorizer import Authorizer
from emulator.cos.blobs import Blob
from emulator.cos.context import RequestContext
from emulator.cos.objects import require_readable
from emulator.cos.preconditions import evaluate
from emulator.cos.store import NULL_VERSION, Attributes, Check, Store, StoredObject, now
from emulator.errors import ServiceError

_COPY_SOURCE_FORM = "x-cos-copy-source is HOST/KEY, percent-encoded"


class Publish(Protocol):
    """Tells whoever listens that something happened to an object."""

    def __call__(  # the fields of an event
        self,
        context: RequestContext,
        event_name: str,
        place: tuple[str, str],
        *,
        size_bytes: int,
        version_id: str,
        headers: Mapping[str, str],
    ) -> None:
        """Publish an event.

        `event_name` is concrete: `cos:ObjectCreated:Put`; `place` is bucket and key; `version_id` is empty where the
        bucket keeps no versions.
        """


@dataclass(frozen=True, slots=True)
class ObjectWriter:
    """Puts objects into their buckets and publishes what happened."""

    store: Store
    authorizer: Authorizer
    publish: Publish

    def write(  # what an object is made of
        self,
        context: RequestContext,
        blob: Blob,
        attributes: Attributes,
        *,
        event: str,
        etag: str = "",
        is_appendable: bool = False,
        check: Check | None = None,
        place: tuple[str, str] | None = None,
    ) -> StoredObject:
        """Make the blob the current object of the request's key, under the request's conditions and a further check.

        `event` ends the event's name: Put, Post, Copy ...; `etag` is quoted, by default the body's MD5; `place` is
        another bucket and key to write to.

        Raises:
            ServiceError: 412 PreconditionFailed, 409 FileAlreadyExists, what `check` raises; nothing has changed then.
        """

        def check_all(current: StoredObject | None) -> None:
            _check_conditions(context, current)
            if check is not None:
                check(current)

        bucket, key = place or (context.bucket, context.key)
        stored = StoredObject(
            key=key,
            blob=blob,
            etag=etag or f'"{blob.md5}"',
            attributes=attributes,
            modified_at=now(),
            is_appendable=is_appendable,
        )
        stored = self.store.bucket(bucket).put(stored, check_all)
        self.publish_object(context, f"cos:ObjectCreated:{event}", stored, bucket=bucket)
        return stored

    def publish_object(
        self, context: RequestContext, event_name: str, stored: StoredObject, *, bucket: str | None = None
    ) -> None:
        """Publish an event of an object that exists, by default in the request's bucket."""
        self.publish(
            context,
            event_name,
            (bucket or context.bucket, stored.key),
            size_bytes=stored.size_bytes,
            version_id=shown_version(stored.version_id),
            headers=dict(object_headers(stored)),
        )

    def delete(self, context: RequestContext, key: str, version_id: str | None) -> tuple[tuple[str, str], ...]:
        """Delete an object or a version and publish it; return the headers that describe the deletion."""
        deletion = self.store.bucket(context.bucket).delete(key, version_id)
        removed, marker = deletion.removed, deletion.marker
        if marker is not None:
            version = shown_version(marker.version_id)
            self._publish_removal(context, "DeleteMarkerCreated", key, version)
            return (("x-cos-delete-marker", "true"), *((("x-cos-version-id", version),) if version else ()))
        if isinstance(removed, StoredObject):
            self._publish_removal(context, "Delete", key, shown_version(removed.version_id))
        version = version_id or ""
        is_marker = removed is not None and not isinstance(removed, StoredObject)
        return (
            *((("x-cos-delete-marker", "true"),) if is_marker else ()),
            *((("x-cos-version-id", version),) if version and version != NULL_VERSION else ()),
        )

    def copy_source(self, context: RequestContext) -> StoredObject:
        """Return the object that x-cos-copy-source names, once the sender may read it and its conditions hold.

        Raises:
            ServiceError: 400 InvalidCopySource, 403 AccessDenied or InvalidObjectState, 404 NoSuchCopySource, 412
                PreconditionFailed.
        """
        bucket, key, region, version_id = _read_copy_source(context.request.header("x-cos-copy-source"))
        self.authorizer.require(context, action="name/cos:GetObject", bucket=bucket, key=key)
        if region != self.authorizer.account.region:
            raise ServiceError(404, "NoSuchCopySource", "the source is in another region")
        try:
            stored = self.store.open(bucket, key, version_id)
        except ServiceError as error:
            raise ServiceError(404, "NoSuchCopySource", error.message) from error
        require_readable(stored)
        if stored.is_appendable:
            raise ServiceError(403, "OperationNotSupported", "an appendable object cannot be copied")
        if evaluate(context.request.headers, stored, "x-cos-copy-source-") != "met":
            raise ServiceError(412, "PreconditionFailed", "a precondition on the copy's source does not hold")
        return stored

    def _publish_removal(self, context: RequestContext, event: str, key: str, version_id: str) -> None:
        name = f"cos:ObjectRemove:{event}"
        self.publish(context, name, (context.bucket, key), size_bytes=0, version_id=version_id, headers={})


def shown_version(version_id: str) -> str:
    """Return a version as responses and events show it: empty where the bucket keeps none."""
    return "" if version_id == NULL_VERSION else version_id


def _check_conditions(context: RequestContext, current: StoredObject | None) -> None:
    """Check the conditions of a write. On a write, an `If-None-Match` that is met by the object fails it."""
    headers = context.request.headers
    if current is not None and headers.get("x-cos-forbid-overwrite", "").lower() == "true":
        raise ServiceError(409, "FileAlreadyExists", "an object has this key, and x-cos-forbid-overwrite is set")
    conditions = {name: headers[name] for name in ("if-match", "if-none-match") if headers.get(name)}
    if current is None:
        if "if-match" in conditions:
            raise ServiceError(412, "PreconditionFailed", "there is no object that If-Match could match")
    elif conditions and evaluate(conditions, current) != "met":
        raise ServiceError(412, "PreconditionFailed", "at least one of the preconditions does not hold")


def _read_copy_source(header: str) -> tuple[str, str, str, str | None]:
    """Return bucket, key, region and version.

    Raises:
        ServiceError: 400 InvalidCopySource.
    """
    path, _, query = header.partition("?")
    host, slash, raw_key = path.partition("/")
    version_id = parse_qs(query).get("versionId", [None])[0]
    try:
        place, key = read_host(host.lower()), read_key("/" + unquote(raw_key, errors="strict"))
    except (ServiceError, UnicodeDecodeError) as error:
        raise ServiceError(400, "InvalidCopySource", _COPY_SOURCE_FORM) from error
    if place.service != "cos" or not place.bucket or not slash or not key:
        raise ServiceError(400, "InvalidCopySource", _COPY_SOURCE_FORM)
    return place.bucket, key, place.region, version_id

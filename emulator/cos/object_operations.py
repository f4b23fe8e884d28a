"""Handle PUT, copy, append, restore and DELETE of objects, and their tags and lists of access.

Sources: COS's documents on PUT Object, PUT Object - Copy, APPEND Object, POST Object restore, DELETE Object, DELETE
Multiple Objects, PUT Object tagging and PUT Object acl, read 2026-11-22 and 2026-11-25.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from xml.etree.ElementTree import Element

from emulator.cos.acl import OBJECT_ACLS, acl_from_headers, acl_from_xml, acl_to_xml
from emulator.cos.addresses import read_key
from emulator.cos.attributes import check_tags, crc_header, read_attributes, written_headers
from emulator.cos.blobs import join_blobs, store_bytes
from emulator.cos.bodies import MAX_OBJECT_BYTES, body_chunks, read_document
from emulator.cos.context import Operations, RequestContext
from emulator.cos.object_writer import ObjectWriter
from emulator.cos.store import ARCHIVES, Attributes, StoredObject, Tags, now
from emulator.errors import ServiceError
from emulator.http.messages import XML, Response
from emulator.xml import add, add_fields, document, to_xml

_MAX_DELETED = 1000
_MAX_RESTORE_DAYS = 365
_TIERS = frozenset({"Expedited", "Standard", "Bulk"})
_DIRECTIVES = {"copy": True, "replaced": False, "": True}


class ObjectOperations:
    """The operations that change objects, by their names."""

    def __init__(self, writer: ObjectWriter) -> None:
        self._writer = writer
        self._store = writer.store
        self.operations: Operations = {
            "PutObject": self._put,
            "AppendObject": self._append,
            "PostObjectRestore": self._restore,
            "DeleteObject": self._delete,
            "DeleteMultipleObjects": self._delete_several,
            "GetObjectACL": self._get_acl,
            "PutObjectACL": self._put_acl,
            "GetObjectTagging": self._get_tags,
            "PutObjectTagging": self._put_tags,
            "DeleteObjectTagging": self._delete_tags,
        }

    def _put(self, context: RequestContext) -> Response:
        if context.request.header("x-cos-copy-source"):
            return self._copy(context)
        attributes = read_attributes(context.request.headers, context.key)
        blob = store_bytes(body_chunks(context.request))
        stored = self._writer.write(context, blob, attributes, event="Put")
        return Response.of(200, headers=written_headers(stored))

    def _copy(self, context: RequestContext) -> Response:
        source = self._writer.copy_source(context)
        stored = self._writer.write(
            context, source.blob, _copied_attributes(context, source), event="Copy", etag=source.etag
        )
        fields = [("ETag", stored.etag), ("LastModified", iso_time(stored)), ("CRC64", crc_header(stored.blob)[1])]
        return Response.of(200, to_xml(document("CopyObjectResult", fields)), (*written_headers(stored), *XML))

    def _append(self, context: RequestContext) -> Response:
        position = context.request.param("position") or ""
        if not (position.isascii() and position.isdigit()):
            raise ServiceError(400, "InvalidArgument", "position is a whole number of bytes")
        attributes = read_attributes(context.request.headers, context.key)
        current = self._store.bucket(context.bucket).find(context.key)
        _check_position(current, int(position))
        blob = store_bytes(body_chunks(context.request))
        if current is not None:
            if current.size_bytes + blob.size_bytes > MAX_OBJECT_BYTES:
                raise ServiceError(400, "EntityTooLarge", f"an object has at most {MAX_OBJECT_BYTES} bytes")
            blob, attributes = join_blobs((current.blob, blob)), current.attributes

        def unchanged(latest: StoredObject | None) -> None:
            if latest is not current:
                raise ServiceError(409, "PositionNotEqualToLength", "another request changed the object meanwhile")

        stored = self._writer.write(context, blob, attributes, event="Append", is_appendable=True, check=unchanged)
        headers = (*written_headers(stored), ("x-cos-next-append-position", str(stored.size_bytes)))
        return Response.of(200, headers=headers)

    def _restore(self, context: RequestContext) -> Response:
        root = read_document(context.request, "RestoreRequest")
        days, tier = root.findtext("Days") or "", root.findtext("CASJobParameters/Tier") or "Standard"
        if not (days.isascii() and days.isdigit() and len(days) <= 3 and 1 <= int(days) <= _MAX_RESTORE_DAYS):  # noqa: PLR2004  # digits
            raise ServiceError(400, "MalformedXML", f"Days is a whole number from 1 to {_MAX_RESTORE_DAYS}")
        if tier not in _TIERS:
            raise ServiceError(400, "MalformedXML", f"Tier is one of {', '.join(sorted(_TIERS))}")

        def restored(stored: StoredObject) -> StoredObject:
            if stored.attributes.storage_class not in ARCHIVES:
                raise ServiceError(403, "InvalidObjectState", "only an archived object can be restored")
            return replace(stored, restored_until=now() + timedelta(days=int(days)))

        was_restored = not self._open(context).is_archived(now())
        self._change(context, restored)
        for event in ("Post", "Completed"):  # here it takes no time
            self._writer.publish_object(context, f"cos:ObjectRestore:{event}", self._open(context))
        # "202 Accepted"; "200 OK, the object is restored already"
        return Response.of(200 if was_restored else 202)

    def _delete(self, context: RequestContext) -> Response:
        return Response.of(204, headers=self._writer.delete(context, context.key, context.version_id))

    def _delete_several(self, context: RequestContext) -> Response:
        # "Content-MD5 ... required"
        if not context.request.header("content-md5"):
            raise ServiceError(400, "InvalidRequest", "deleting several objects needs a Content-MD5")
        root = read_document(context.request, "Delete")
        objects = [(item.findtext("Key") or "", item.findtext("VersionId") or None) for item in root.findall("Object")]
        # "up to 1000 objects"
        if not 0 < len(objects) <= _MAX_DELETED or not all(key for key, _ in objects):
            raise ServiceError(400, "MalformedXML", f"Delete names 1 to {_MAX_DELETED} objects, each with a Key")
        is_quiet = (root.findtext("Quiet") or "").lower() == "true"
        result = document("DeleteResult")
        for key, version_id in objects:
            version = [("VersionId", version_id)] if version_id else []
            try:
                self._writer.authorizer.require(context, action="name/cos:DeleteObject", key=read_key(f"/{key}"))
                headers = dict(self._writer.delete(context, key, version_id))
            except ServiceError as error:
                add_fields(
                    add(result, "Error"), [("Code", error.code), ("Message", error.message), ("Key", key), *version]
                )
                continue
            if not is_quiet:
                add_fields(add(result, "Deleted"), [("Key", key), *version, *_marker_fields(headers)])
        return Response.of(200, to_xml(result), XML)

    def _get_acl(self, context: RequestContext) -> Response:
        acl = self._open(context).attributes.acl
        headers = (("x-cos-acl", "default"),) if acl.is_default else ()
        return Response.of(200, to_xml(acl_to_xml(acl, self._owner)), (*XML, *headers))

    def _put_acl(self, context: RequestContext) -> Response:
        acl = acl_from_headers(context.request.headers, OBJECT_ACLS)
        if acl is None:
            acl = acl_from_xml(read_document(context.request, "AccessControlPolicy"))
        self._change_attributes(context, lambda attributes: replace(attributes, acl=acl))
        return Response.of(200)

    def _get_tags(self, context: RequestContext) -> Response:
        return Response.of(200, to_xml(tags_to_xml(self._open(context).attributes.tags)), XML)

    def _put_tags(self, context: RequestContext) -> Response:
        tags = tags_from_xml(read_document(context.request, "Tagging"))
        self._change_attributes(context, lambda attributes: replace(attributes, tags=tags))
        return Response.of(200)

    def _delete_tags(self, context: RequestContext) -> Response:
        self._change_attributes(context, lambda attributes: replace(attributes, tags=()))
        return Response.of(204)

    @property
    def _owner(self) -> str:
        return self._writer.authorizer.account.owner

    def _open(self, context: RequestContext) -> StoredObject:
        return self._store.open(context.bucket, context.key, context.version_id)

    def _change(self, context: RequestContext, change: Callable[[StoredObject], StoredObject]) -> None:
        self._store.bucket(context.bucket).update(context.key, context.version_id, change)

    def _change_attributes(self, context: RequestContext, change: Callable[[Attributes], Attributes]) -> None:
        self._change(context, lambda stored: replace(stored, attributes=change(stored.attributes)))


def tags_from_xml(root: Element) -> Tags:
    """Read a Tagging document.

    Raises:
        ServiceError: 400 MalformedXML, a tag without a key or a value; what check_tags refuses.
    """
    tags = [(tag.findtext("Key"), tag.findtext("Value")) for tag in root.findall("TagSet/Tag")]
    if not tags or not all(key and value is not None for key, value in tags):
        raise ServiceError(400, "MalformedXML", "Tagging has a TagSet of Tags, each with a Key and a Value")
    return check_tags(tuple((key or "", value or "") for key, value in tags))


def tags_to_xml(tags: Tags) -> Element:
    """Return the tags as a Tagging document."""
    root = document("Tagging")
    tag_set = add(root, "TagSet")
    for key, value in tags:
        add_fields(add(tag_set, "Tag"), [("Key", key), ("Value", value)])
    return root


def iso_time(stored: StoredObject) -> str:
    """Return when an object was stored, as COS's documents write it."""
    return stored.modified_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _copied_attributes(context: RequestContext, source: StoredObject) -> Attributes:
    attributes = read_attributes(context.request.headers, context.key)
    directive = context.request.header("x-cos-metadata-directive").lower()
    if directive not in _DIRECTIVES:
        raise ServiceError(400, "InvalidArgument", "x-cos-metadata-directive is Copy or Replaced")
    if not _DIRECTIVES[directive]:
        return attributes
    # "x-cos-acl and the storage class are not copied with the metadata"
    return replace(attributes, headers=source.headers, tags=attributes.tags or source.attributes.tags)


def _check_position(current: StoredObject | None, position: int) -> None:
    if current is not None and not current.is_appendable:
        # "409 ObjectNotAppendable"
        raise ServiceError(409, "ObjectNotAppendable", "the object was not made by appending")
    if position != (0 if current is None else current.size_bytes):
        # "if the position is not the object's length, 409"; the code's name is COS's for a state that does not fit
        raise ServiceError(409, "PositionNotEqualToLength", "position is not the length of the object")


def _marker_fields(headers: dict[str, str]) -> list[tuple[str, str]]:
    if headers.get("x-cos-delete-marker") != "true":
        return []
    marker = headers.get("x-cos-version-id", "")
    return [("DeleteMarker", "true"), *([("DeleteMarkerVersionId", marker)] if marker else [])]

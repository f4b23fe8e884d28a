"""Handle an upload in parts: begun, fed part by part or by copying, then completed to one object or aborted.

Source: COS's documents on multipart uploads, read 2026-11-22 and 2026-11-25.
"""

import hashlib
import re
from collections.abc import Sequence
from urllib.parse import quote

from emulator.cos.attributes import crc_header, read_attributes, written_headers
from emulator.cos.blobs import Blob, join_blobs, store_bytes
from emulator.cos.bodies import body_chunks, read_document
from emulator.cos.context import Operations, RequestContext
from emulator.cos.listing import UploadsQuery, describe_uploads, paginate_uploads
from emulator.cos.object_writer import ObjectWriter
from emulator.cos.store import Part, Upload, now
from emulator.errors import ServiceError
from emulator.http.messages import XML, Response
from emulator.xml import add, add_fields, document, to_xml

MAX_PART_NUMBER = 10_000
MAX_PARTS_PAGE = 1000
# "each part is 1 MB to 5 GB, the last part may be less than 1 MB"
MIN_PART_BYTES = 1024 * 1024
_COPY_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{1,15})", re.ASCII)


class Multipart:
    """The operations on uploads in parts, by their names."""

    def __init__(self, writer: ObjectWriter) -> None:
        self._writer = writer
        self._store = writer.store
        self.operations: Operations = {
            "InitiateMultipartUpload": self._begin,
            "UploadPart": self._put_part,
            "CompleteMultipartUpload": self._complete,
            "AbortMultipartUpload": self._abort,
            "ListParts": self._list_parts,
            "ListMultipartUploads": self._list_uploads,
        }

    def _begin(self, context: RequestContext) -> Response:
        attributes = read_attributes(context.request.headers, context.key)
        upload = self._store.bucket(context.bucket).begin_upload(context.key, attributes)
        fields = [("Bucket", context.bucket), ("Key", context.key), ("UploadId", upload.upload_id)]
        return Response.of(200, to_xml(document("InitiateMultipartUploadResult", fields)), XML)

    def _put_part(self, context: RequestContext) -> Response:
        upload = self._upload(context)
        number = context.request.param("partNumber") or ""
        # "partNumber ... 1 - 10000"
        if not _is_number(number) or not 1 <= int(number) <= MAX_PART_NUMBER:
            raise ServiceError(400, "InvalidArgument", f"partNumber is a whole number from 1 to {MAX_PART_NUMBER}")
        is_copy = bool(context.request.header("x-cos-copy-source"))
        blob = self._copied(context) if is_copy else store_bytes(body_chunks(context.request))
        part = Part(int(number), blob, now())
        upload.parts[part.number] = part
        headers = (("ETag", part.etag), crc_header(blob))
        if not is_copy:
            return Response.of(200, headers=headers)
        fields = [("ETag", part.etag), ("LastModified", f"{part.modified_at:%Y-%m-%dT%H:%M:%S.000Z}")]
        return Response.of(200, to_xml(document("CopyPartResult", fields)), (*headers, *XML))

    def _copied(self, context: RequestContext) -> Blob:
        source = self._writer.copy_source(context)
        span = context.request.header("x-cos-copy-source-range")
        if not span:
            return source.blob
        match = _COPY_RANGE.fullmatch(span)
        if not match or not int(match[1]) <= int(match[2]) < source.size_bytes:
            raise ServiceError(416, "InvalidRange", "x-cos-copy-source-range is bytes=FIRST-LAST within the source")
        return store_bytes(source.blob.chunks(int(match[1]), int(match[2]) + 1))

    def _complete(self, context: RequestContext) -> Response:
        upload = self._upload(context)
        parts = _chosen_parts(context, upload)
        if any(part.blob.size_bytes < MIN_PART_BYTES for part in parts[:-1]):
            raise ServiceError(400, "EntityTooSmall", f"each part but the last has at least {MIN_PART_BYTES} bytes")
        blob = join_blobs(part.blob for part in parts)
        bucket = self._store.bucket(context.bucket)
        stored = self._writer.write(
            context,
            blob,
            upload.attributes,
            event="CompleteMultipartUpload",
            etag=_etag_of_parts(parts),
            check=lambda _: bucket.end_upload(upload),  # of two that complete it at once, one is too late
        )
        fields = [
            ("Location", f"http://{context.request.host}/{quote(context.key)}"),
            ("Bucket", context.bucket),
            ("Key", context.key),
            ("ETag", stored.etag),
        ]
        headers = (*written_headers(stored), *XML)
        return Response.of(200, to_xml(document("CompleteMultipartUploadResult", fields)), headers)

    def _abort(self, context: RequestContext) -> Response:
        self._store.bucket(context.bucket).end_upload(self._upload(context))
        return Response.of(204)

    def _list_parts(self, context: RequestContext) -> Response:
        upload = self._upload(context)
        marker = _number(context, "part-number-marker", 0, MAX_PART_NUMBER)
        limit = _number(context, "max-parts", MAX_PARTS_PAGE, MAX_PARTS_PAGE)
        is_encoded = context.request.param("encoding-type") == "url"
        later = [part for number, part in sorted(upload.parts.copy().items()) if number > marker]
        page = later[:limit]
        owner = self._writer.authorizer.account.owner
        fields = [
            ("Bucket", context.bucket),
            *([("Encoding-Type", "url")] if is_encoded else []),
            ("Key", quote(context.key) if is_encoded else context.key),
            ("UploadId", upload.upload_id),
        ]
        root = document("ListPartsResult", fields)
        for role in ("Initiator", "Owner"):
            add_fields(add(root, role), [("ID", owner), ("DisplayName", owner)])
        add_fields(
            root,
            [
                ("StorageClass", upload.attributes.storage_class),
                ("PartNumberMarker", str(marker)),
                *([("NextPartNumberMarker", str(page[-1].number))] if page else []),
                ("MaxParts", str(limit)),
                ("IsTruncated", str(len(later) > limit).lower()),
            ],
        )
        for part in page:
            add_fields(
                add(root, "Part"),
                [
                    ("PartNumber", str(part.number)),
                    ("LastModified", f"{part.modified_at:%Y-%m-%dT%H:%M:%S.000Z}"),
                    ("ETag", part.etag),
                    ("Size", str(part.blob.size_bytes)),
                ],
            )
        return Response.of(200, to_xml(root), XML)

    def _list_uploads(self, context: RequestContext) -> Response:
        query = UploadsQuery.read(context.request.query)
        page = paginate_uploads(self._store.bucket(context.bucket).uploads(), query)
        owner = self._writer.authorizer.account.owner
        return Response.of(200, to_xml(describe_uploads(page, query, bucket=context.bucket, owner=owner)), XML)

    def _upload(self, context: RequestContext) -> Upload:
        return self._store.bucket(context.bucket).upload(context.request.param("uploadId") or "", context.key)


def _chosen_parts(context: RequestContext, upload: Upload) -> list[Part]:
    """Return the parts that the request names, which have to be there and in order.

    Raises:
        ServiceError: 400 MalformedXML, InvalidPartOrder, InvalidPart.
    """
    root = read_document(context.request, "CompleteMultipartUpload")
    named = [(part.findtext("PartNumber") or "", part.findtext("ETag") or "") for part in root.findall("Part")]
    if not named or not all(_is_number(number) and etag for number, etag in named):
        raise ServiceError(400, "MalformedXML", "each Part has a PartNumber and an ETag")
    numbers = [int(number) for number, _ in named]
    # "listed in ascending order of their numbers"
    if numbers != sorted(set(numbers)):
        raise ServiceError(400, "InvalidPartOrder", "parts are listed by ascending number, each once")
    parts = [upload.parts.get(number) for number in numbers]
    chosen = [part for part, (_, etag) in zip(parts, named, strict=True) if part and part.blob.md5 == etag.strip('"')]
    if len(chosen) != len(named):
        raise ServiceError(400, "InvalidPart", "a part was not uploaded, or its ETag is another")
    return chosen


def _etag_of_parts(parts: Sequence[Part]) -> str:
    """Return the quoted ETag of an object made of parts: the MD5 of their MD5s, and their number."""
    digests = b"".join(bytes.fromhex(part.blob.md5) for part in parts)
    return f'"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"'


def _number(context: RequestContext, name: str, default: int, maximum: int) -> int:
    text = context.request.param(name) or str(default)
    if not _is_number(text) or int(text) > maximum:
        raise ServiceError(400, "InvalidArgument", f"{name} is a whole number up to {maximum}")
    return int(text)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(MAX_PART_NUMBER))

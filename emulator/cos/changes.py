"""PUT, copy, multipart upload and DELETE of objects: each handed to moto, then told to whoever listens.

Knows no signature. The caller's right to the call itself is checked before; here only what a call touches besides.
Sources: COS's documents on PUT Object, PUT Object - Copy, multipart uploads, DELETE; read 2026-11-22.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote
from xml.etree import ElementTree

from emulator.cos.addresses import read_host, read_key
from emulator.cos.backend import Backend, S3Answer
from emulator.cos.body import LARGEST_OBJECT_BYTES, counted_body, read_document
from emulator.cos.call import Call, Publish, Rights
from emulator.cos.dialect import from_s3, from_s3_xml, to_s3
from emulator.cos.errors import to_xml
from emulator.cos.objects import judge
from emulator.cos.store import Store, Stored
from emulator.cos.wire import Answer, Asked, Query
from emulator.refusal import Refusal

XML = (("Content-Type", "application/xml"),)
_UPLOAD_KEYS_AT_ONCE = 1000
_LAST_PART = 10_000
_CONDITIONS = ("if-match", "if-none-match")
_COPY_RANGE = re.compile(r"bytes=(\d+)-(\d+)")


@dataclass(frozen=True, slots=True)
class Source:
    """Where a copy comes from."""

    bucket: str
    key: str
    version: str | None
    stored: Stored


class Changes:
    """The operations that change objects, by their names."""

    def __init__(self, backend: Backend, store: Store, rights: Rights, publish: Publish) -> None:
        self._backend = backend
        self._store = store
        self._rights = rights
        self._publish = publish
        self.operations: dict[str, Callable[[Call], Answer]] = {
            "PutObject": self._put,
            "InitiateMultipartUpload": self._begin,
            "UploadPart": self._part,
            "CompleteMultipartUpload": self._complete,
            "AbortMultipartUpload": self._abort,
            "ListParts": self._list_parts,
            "DeleteObject": self._delete,
            "DeleteMultipleObjects": self._delete_many,
        }

    def _put(self, call: Call) -> Answer:
        if call.asked.header("x-cos-copy-source"):
            return self._copy(call)
        body, length = counted_body(call.asked, LARGEST_OBJECT_BYTES)
        headers = to_s3(call.asked.headers) | _kept(call.asked, _CONDITIONS)
        # Moto would read a form's content type as a form; in the query it is only metadata.
        query = (("content-type", headers["content-type"]),)
        headers["content-type"] = "application/octet-stream"
        answer = self._backend.call(
            "PUT", call.bucket, call.key, query=query, headers=headers, body=body, length=length
        )
        self._created(call, "Put")
        return Answer.of(200, headers=from_s3(_without_content(answer)))

    def _copy(self, call: Call) -> Answer:
        source = self._source(call)
        headers = to_s3(call.asked.headers)
        if "x-cos-metadata-directive" not in call.asked.headers and "content-type" not in call.asked.headers:
            del headers["content-type"]
        answer = self._backend.call("PUT", call.bucket, call.key, headers=headers | self._copy_source(source))
        self._created(call, "Copy")
        return Answer.of(200, self._document(call, answer), (*from_s3(_without_content(answer)), *XML))

    def _begin(self, call: Call) -> Answer:
        headers = to_s3(call.asked.headers)
        answer = self._backend.call("POST", call.bucket, call.key, query=(("uploads", ""),), headers=headers)
        return Answer.of(200, self._document(call, answer), XML)

    def _part(self, call: Call) -> Answer:
        upload = self._upload(call)
        number = call.asked.param("partNumber") or ""
        # "partNumber ... 1 - 10000"
        if not number.isascii() or not number.isdigit() or not 1 <= int(number) <= _LAST_PART:
            raise Refusal(400, "InvalidArgument", f"partNumber is a whole number from 1 to {_LAST_PART}")
        query: Query = (("partNumber", str(int(number))), ("uploadId", upload))
        if not call.asked.header("x-cos-copy-source"):
            body, length = counted_body(call.asked, LARGEST_OBJECT_BYTES)
            answer = self._backend.call("PUT", call.bucket, call.key, query=query, body=body, length=length)
            return Answer.of(200, headers=from_s3(_without_content(answer)))
        source = self._source(call)
        headers = self._copy_source(source)
        if span := call.asked.header("x-cos-copy-source-range"):
            found = _COPY_RANGE.fullmatch(span)
            if not found or not int(found[1]) <= int(found[2]) < source.stored.size_bytes:
                raise Refusal(416, "InvalidRange", "x-cos-copy-source-range is bytes=FIRST-LAST within the source")
            headers["x-amz-copy-source-range"] = span
        answer = self._backend.call("PUT", call.bucket, call.key, query=query, headers=headers)
        return Answer.of(200, self._document(call, answer), XML)

    def _complete(self, call: Call) -> Answer:
        upload = self._upload(call)
        root = read_document(call.asked, "CompleteMultipartUpload")
        parts = [(part.findtext("PartNumber") or "", part.findtext("ETag") or "") for part in root.findall("Part")]
        if not parts or not all(number.isascii() and number.isdigit() and etag for number, etag in parts):
            raise Refusal(400, "MalformedXML", "each Part has a PartNumber and an ETag")
        body = ElementTree.tostring(root)
        answer = self._backend.call("POST", call.bucket, call.key, query=(("uploadId", upload),), body=body)
        self._created(call, "CompleteMultipartUpload")
        document = from_s3_xml(answer.body, names=self._names(call.bucket), owner=self._rights.account.uin)
        for location in document.iter("Location"):
            location.text = f"http://{call.asked.host}/{quote(call.key)}"
        return Answer.of(200, to_xml(document), (*from_s3(_without_content(answer)), *XML))

    def _abort(self, call: Call) -> Answer:
        self._backend.call("DELETE", call.bucket, call.key, query=(("uploadId", self._upload(call)),))
        return Answer.of(204)

    def _list_parts(self, call: Call) -> Answer:
        query = [("uploadId", self._upload(call))]
        for name in ("max-parts", "part-number-marker"):
            value = call.asked.param(name)
            if value is None:
                continue
            if not value.isascii() or not value.isdigit() or int(value) > _LAST_PART:
                raise Refusal(400, "InvalidArgument", f"{name} is a whole number up to {_LAST_PART}")
            query.append((name, str(int(value))))
        answer = self._backend.call("GET", call.bucket, call.key, query=tuple(query))
        return Answer.of(200, self._document(call, answer), XML)

    def _delete(self, call: Call) -> Answer:
        return Answer.of(204, headers=from_s3(self._remove(call, call.key, call.asked.param("versionId")).headers))

    def _delete_many(self, call: Call) -> Answer:
        # "Content-MD5 ... required"
        if not call.asked.header("content-md5"):
            raise Refusal(400, "InvalidRequest", "deleting several objects needs a Content-MD5")
        root = read_document(call.asked, "Delete")
        objects = [(each.findtext("Key") or "", each.findtext("VersionId")) for each in root.findall("Object")]
        # "up to 1000 objects"
        if not 0 < len(objects) <= _UPLOAD_KEYS_AT_ONCE or not all(key for key, _ in objects):
            raise Refusal(400, "MalformedXML", f"Delete names 1 to {_UPLOAD_KEYS_AT_ONCE} objects, each with a Key")
        is_quiet = (root.findtext("Quiet") or "").lower() == "true"
        result = ElementTree.Element("DeleteResult")
        for key, version in objects:
            try:
                self._rights.require(call, action="name/cos:DeleteObject", key=read_key(f"/{key}"))
                self._remove(call, key, version)
            except Refusal as refusal:
                _add(result, "Error", Code=refusal.code, Message=refusal.message, Key=key)
            else:
                if not is_quiet:
                    _add(result, "Deleted", Key=key)
        return Answer.of(200, to_xml(result), XML)

    def _remove(self, call: Call, key: str, version: str | None) -> S3Answer:
        existed = self._backend.key(call.bucket, key, version)
        query = (("versionId", version),) if version else ()
        answer = self._backend.call("DELETE", call.bucket, key, query=query)
        is_marker = answer.headers.get("x-amz-delete-marker", "").lower() == "true" and not version
        if existed is not None or is_marker:
            name = "DeleteMarkerCreated" if is_marker else "Delete"
            marked = answer.headers.get("x-amz-version-id", "") if is_marker else version or ""
            self._publish(call, f"cos:ObjectRemove:{name}", key, 0, marked, {})
        return answer

    def _created(self, call: Call, how: str) -> None:
        stored = self._store.open(call.bucket, call.key)
        self._publish(
            call, f"cos:ObjectCreated:{how}", call.key, stored.size_bytes, stored.version, dict(from_s3(stored.headers))
        )

    def _upload(self, call: Call) -> str:
        upload = call.asked.param("uploadId") or ""
        found = self._backend.bucket(call.bucket).multiparts.get(upload)
        if found is None or found.key_name != call.key:
            raise Refusal(404, "NoSuchUpload", "the specified upload does not exist for this key")
        return upload

    def _source(self, call: Call) -> Source:
        path, _, query = call.asked.header("x-cos-copy-source").partition("?")
        host, slash, raw_key = path.partition("/")
        version = parse_qs(query).get("versionId", [None])[0]
        try:
            place, key = read_host(host.lower()), read_key("/" + unquote(raw_key, errors="strict"))
        except (Refusal, UnicodeDecodeError) as error:
            raise Refusal(400, "InvalidCopySource", "x-cos-copy-source is HOST/KEY, percent-encoded") from error
        if place.service != "cos" or not place.bucket or not slash or not key:
            raise Refusal(400, "InvalidCopySource", "x-cos-copy-source is HOST/KEY, percent-encoded")
        self._rights.require(call, action="name/cos:GetObject", bucket=place.bucket, key=key)
        try:
            if place.region != self._rights.account.region:
                raise Refusal(404, "NoSuchBucket", "the source's region is another")
            stored = self._store.open(place.bucket, key, version)
        except Refusal as error:
            raise Refusal(404, "NoSuchCopySource", error.message) from error
        if stored.is_archived:
            raise Refusal(403, "InvalidObjectState", "the source is archived and must be restored first")
        if judge(call.asked.headers, stored, "x-cos-copy-source-") != "send":
            raise Refusal(412, "PreconditionFailed", "a precondition on the copy's source does not hold")
        return Source(place.bucket, key, version, stored)

    def _copy_source(self, source: Source) -> dict[str, str]:
        text = f"{self._backend.inner_name(source.bucket)}/{quote(source.key, safe='')}"
        return {"x-amz-copy-source": text + (f"?versionId={quote(source.version)}" if source.version else "")}

    def _names(self, bucket: str) -> dict[str, str]:
        return {self._backend.inner_name(bucket): bucket}

    def _document(self, call: Call, answer: S3Answer) -> bytes:
        return to_xml(from_s3_xml(answer.body, names=self._names(call.bucket), owner=self._rights.account.uin))


def _kept(asked: Asked, names: tuple[str, ...]) -> dict[str, str]:
    return {name: asked.header(name) for name in names if asked.header(name)}


def _without_content(answer: S3Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if not name.startswith("content-")}


def _add(parent: ElementTree.Element, name: str, **texts: str) -> None:
    element = ElementTree.SubElement(parent, name)
    for tag, text in texts.items():
        ElementTree.SubElement(element, tag).text = text

"""An upload in parts: begun, fed part by part or by copying, then completed to one object or given up.

Checks what moto takes on trust: numbers, and that an upload is of the key that is named.
Source: COS's documents on multipart uploads, read 2026-11-22.
"""

import re
from urllib.parse import quote
from xml.etree.ElementTree import tostring

from emulator.cos.body import LARGEST_OBJECT_BYTES, counted_body, read_document
from emulator.cos.call import Call, Operations
from emulator.cos.dialect import from_s3, to_s3
from emulator.cos.errors import to_xml
from emulator.cos.wire import Answer, Query
from emulator.cos.writing import XML, Writing, without_content
from emulator.refusal import Refusal

_LAST_PART = 10_000
_COPY_RANGE = re.compile(r"bytes=(\d{1,15})-(\d{1,15})", re.ASCII)


class Multipart:
    """The operations on uploads in parts, by their names."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._backend = writing.backend
        self.operations: Operations = {
            "InitiateMultipartUpload": self._begin,
            "UploadPart": self._part,
            "CompleteMultipartUpload": self._complete,
            "AbortMultipartUpload": self._abort,
            "ListParts": self._list_parts,
        }

    def _begin(self, call: Call) -> Answer:
        headers = to_s3(call.asked.headers)
        answer = self._backend.call("POST", call.bucket, call.key, query=(("uploads", ""),), headers=headers)
        return Answer.of(200, to_xml(self._writing.document(call, answer)), XML)

    def _part(self, call: Call) -> Answer:
        upload = self._upload(call)
        number = call.asked.param("partNumber") or ""
        # "partNumber ... 1 - 10000"
        if not _is_number(number) or not 1 <= int(number) <= _LAST_PART:
            raise Refusal(400, "InvalidArgument", f"partNumber is a whole number from 1 to {_LAST_PART}")
        query: Query = (("partNumber", str(int(number))), ("uploadId", upload))
        if not call.asked.header("x-cos-copy-source"):
            body = counted_body(call.asked, LARGEST_OBJECT_BYTES)
            answer = self._backend.call("PUT", call.bucket, call.key, query=query, body=body)
            return Answer.of(200, headers=from_s3(without_content(answer)))
        source = self._writing.source(call)
        headers = {"x-amz-copy-source": source.header}
        if span := call.asked.header("x-cos-copy-source-range"):
            found = _COPY_RANGE.fullmatch(span)
            if not found or not int(found[1]) <= int(found[2]) < source.stored.size_bytes:
                raise Refusal(416, "InvalidRange", "x-cos-copy-source-range is bytes=FIRST-LAST within the source")
            headers["x-amz-copy-source-range"] = span
        read = (source.bucket, source.key)
        answer = self._backend.call("PUT", call.bucket, call.key, query=query, headers=headers, source=read)
        return Answer.of(200, to_xml(self._writing.document(call, answer)), XML)

    def _complete(self, call: Call) -> Answer:
        upload = self._upload(call)
        root = read_document(call.asked, "CompleteMultipartUpload")
        parts = [(part.findtext("PartNumber") or "", part.findtext("ETag") or "") for part in root.findall("Part")]
        if not parts or not all(_is_number(number) and etag for number, etag in parts):
            raise Refusal(400, "MalformedXML", "each Part has a PartNumber and an ETag")
        numbers = [int(number) for number, _ in parts]
        # "listed in ascending order of their numbers"
        if numbers != sorted(set(numbers)):
            raise Refusal(400, "InvalidPartOrder", "parts are listed by ascending number, each once")
        body = tostring(root)
        answer = self._backend.call("POST", call.bucket, call.key, query=(("uploadId", upload),), body=body)
        self._backend.drop_parts(call.bucket, call.key)
        self._writing.created(call, "CompleteMultipartUpload")
        document = self._writing.document(call, answer)
        for location in document.iter("Location"):
            location.text = f"http://{call.asked.host}/{quote(call.key)}"
        return Answer.of(200, to_xml(document), (*from_s3(without_content(answer)), *XML))

    def _abort(self, call: Call) -> Answer:
        upload = self._upload(call)
        parts = self._backend.bucket(call.bucket).multiparts[upload]
        self._backend.call("DELETE", call.bucket, call.key, query=(("uploadId", upload),))
        parts.dispose()  # moto forgets them without closing their files
        return Answer.of(204)

    def _list_parts(self, call: Call) -> Answer:
        query = [("uploadId", self._upload(call))]
        for name in ("max-parts", "part-number-marker"):
            value = call.asked.param(name)
            if value is None:
                continue
            if not _is_number(value) or int(value) > _LAST_PART:
                raise Refusal(400, "InvalidArgument", f"{name} is a whole number up to {_LAST_PART}")
            query.append((name, str(int(value))))
        answer = self._backend.call("GET", call.bucket, call.key, query=tuple(query))
        return Answer.of(200, to_xml(self._writing.document(call, answer)), XML)

    def _upload(self, call: Call) -> str:
        upload = call.asked.param("uploadId") or ""
        found = self._backend.bucket(call.bucket).multiparts.get(upload)
        if found is None or found.key_name != call.key:
            raise Refusal(404, "NoSuchUpload", "the specified upload does not exist for this key")
        return upload


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(_LAST_PART))

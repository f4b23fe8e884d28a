"""PUT, copy and DELETE of objects: each handed to moto, then told to whoever listens.

Knows no signature. The caller's right to the call itself is checked before; here only what a call touches besides.
Sources: COS's documents on PUT Object, PUT Object - Copy, DELETE Object and DELETE Multiple Objects, read 2026-11-22.
"""

from xml.etree.ElementTree import Element, SubElement

from emulator.cos.addresses import read_key
from emulator.cos.backend import S3Answer
from emulator.cos.body import LARGEST_OBJECT_BYTES, counted_body, read_document
from emulator.cos.call import Call, Operations
from emulator.cos.dialect import from_s3, to_s3
from emulator.cos.errors import to_xml
from emulator.cos.wire import Answer
from emulator.cos.writing import XML, Writing, without_content
from emulator.refusal import Refusal

_MOST_DELETED = 1000
_CONDITIONS = ("if-match", "if-none-match")


class Changes:
    """The operations that change objects, by their names."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._backend = writing.backend
        self.operations: Operations = {
            "PutObject": self._put,
            "DeleteObject": self._delete,
            "DeleteMultipleObjects": self._delete_many,
        }

    def _put(self, call: Call) -> Answer:
        if call.asked.header("x-cos-copy-source"):
            return self._copy(call)
        body = counted_body(call.asked, LARGEST_OBJECT_BYTES)
        headers = to_s3(call.asked.headers)
        headers |= {name: call.asked.header(name) for name in _CONDITIONS if call.asked.header(name)}
        # Moto would read a form's content type as a form; in the query it is only metadata.
        query = (("content-type", headers["content-type"]),)
        headers["content-type"] = "application/octet-stream"
        answer = self._backend.call("PUT", call.bucket, call.key, query=query, headers=headers, body=body)
        # a form ends here too, as a PUT of its file
        self._writing.created(call, "Post" if call.operation.name == "PostObject" else "Put")
        return Answer.of(200, headers=from_s3(without_content(answer)))

    def _copy(self, call: Call) -> Answer:
        source = self._writing.source(call)
        headers = to_s3(call.asked.headers) | {"x-amz-copy-source": source.header}
        answer = self._backend.call("PUT", call.bucket, call.key, headers=headers, source=(source.bucket, source.key))
        self._writing.created(call, "Copy")
        return Answer.of(200, to_xml(self._writing.document(call, answer)), (*from_s3(without_content(answer)), *XML))

    def _delete(self, call: Call) -> Answer:
        return Answer.of(204, headers=from_s3(self._remove(call, call.key, call.asked.param("versionId")).headers))

    def _delete_many(self, call: Call) -> Answer:
        # "Content-MD5 ... required"
        if not call.asked.header("content-md5"):
            raise Refusal(400, "InvalidRequest", "deleting several objects needs a Content-MD5")
        root = read_document(call.asked, "Delete")
        objects = [(each.findtext("Key") or "", each.findtext("VersionId")) for each in root.findall("Object")]
        # "up to 1000 objects"
        if not 0 < len(objects) <= _MOST_DELETED or not all(key for key, _ in objects):
            raise Refusal(400, "MalformedXML", f"Delete names 1 to {_MOST_DELETED} objects, each with a Key")
        is_quiet = (root.findtext("Quiet") or "").lower() == "true"
        result = Element("DeleteResult")
        for key, version in objects:
            try:
                self._writing.rights.require(call, action="name/cos:DeleteObject", key=read_key(f"/{key}"))
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
            self._writing.publish(call, f"cos:ObjectRemove:{name}", key, 0, marked, {})
        return answer


def _add(parent: Element, name: str, **texts: str) -> None:
    element = SubElement(parent, name)
    for tag, text in texts.items():
        SubElement(element, tag).text = text

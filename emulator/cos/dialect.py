"""Headers and XML between COS and S3, both ways.

Knows which words differ and nothing of what a call does. What has no place in the table does not pass.
Sources: COS's documents on common headers, storage classes and ACL, read 2026-11-22.
"""

import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, fromstring

from emulator.cos.wire import Headers
from emulator.refusal import Refusal

# "user-defined metadata ... limited to 2 KB"
LARGEST_METADATA_BYTES = 2048

_KEPT = frozenset(
    {"cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires"}
)
_STORAGE = {
    "STANDARD": "STANDARD",
    "STANDARD_IA": "STANDARD_IA",
    "INTELLIGENT_TIERING": "INTELLIGENT_TIERING",
    "ARCHIVE": "GLACIER",
    "DEEP_ARCHIVE": "DEEP_ARCHIVE",
}
_STORAGE_BACK = {s3: cos for cos, s3 in _STORAGE.items()}
_OBJECT_ACLS = frozenset({"default", "private", "public-read"})
_DIRECTIVES = {"copy": "COPY", "replaced": "REPLACE"}
_GRANTS = frozenset({"read", "write", "read-acp", "write-acp", "full-control"})
_GRANT = re.compile(r'id="[^",]+"(?:,\s*id="[^",]+")*')
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def to_s3(headers: Mapping[str, str]) -> dict[str, str]:
    """What of a call's headers goes with the object, in S3's words.

    Raises:
        Refusal: a value that COS does not take.
    """
    found = {name: value for name, value in headers.items() if name in _KEPT}
    found.setdefault("content-type", "application/octet-stream")
    metadata = {name: value for name, value in headers.items() if name.startswith("x-cos-meta-")}
    if sum(len(name) + len(value) for name, value in metadata.items()) > LARGEST_METADATA_BYTES:
        raise Refusal(400, "InvalidArgument", f"x-cos-meta-* headers have at most {LARGEST_METADATA_BYTES} bytes")
    found.update({f"x-amz-{name[6:]}": value for name, value in metadata.items()})
    if storage := headers.get("x-cos-storage-class"):
        found["x-amz-storage-class"] = _storage_class(storage)
    if directive := headers.get("x-cos-metadata-directive"):
        if directive.lower() not in _DIRECTIVES:
            raise Refusal(400, "InvalidArgument", "x-cos-metadata-directive is Copy or Replaced")
        found["x-amz-metadata-directive"] = _DIRECTIVES[directive.lower()]
    if tagging := headers.get("x-cos-tagging"):
        found["x-amz-tagging"] = tagging
    found.update(_access(headers))
    if any(_CONTROL.search(value) for value in found.values()):
        raise Refusal(400, "InvalidArgument", "a header's value has no control characters")
    return found


def from_s3(headers: Mapping[str, str]) -> Headers:
    """What S3 says of an object or of a write, in COS's words; the rest is left out."""
    found: list[tuple[str, str]] = []
    for name, value in headers.items():
        if name in _KEPT:
            found.append((name.title(), value))
        elif name == "etag":
            found.append(("ETag", value))
        elif name.startswith("x-amz-meta-"):
            found.append((f"x-cos-{name[6:]}", value))
        elif name == "x-amz-storage-class" and value != "STANDARD":
            found.append(("x-cos-storage-class", _STORAGE_BACK.get(value, value)))
        elif name in {"x-amz-version-id", "x-amz-delete-marker"} and value not in {"null", "False"}:
            found.append((f"x-cos-{name[6:]}", value))
    return tuple(found)


def storage_headers(storage_class: str) -> Headers:
    """The header that says an object is not of the standard class."""
    return from_s3({"x-amz-storage-class": storage_class})


def from_s3_xml(body: bytes, *, names: Mapping[str, str], owner: str) -> Element:
    """S3's document without its namespace, with COS's names: inner bucket names, owners, storage classes."""
    root = fromstring(body)  # noqa: S314  # moto's own answer
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        text = element.text or ""
        if element.tag in {"Name", "Bucket"}:
            element.text = names.get(text, text)
        elif element.tag == "StorageClass":
            element.text = _STORAGE_BACK.get(text, text)
        elif element.tag in {"Owner", "Initiator"}:
            for child in list(element):
                element.remove(child)
            SubElement(element, "ID").text = owner
            SubElement(element, "DisplayName").text = owner
    return root


def cos_storage_class(name: str | None) -> str:
    """COS's name for a storage class of S3's."""
    return _STORAGE_BACK.get(name or "STANDARD", name or "STANDARD")


def _storage_class(name: str) -> str:
    if name.upper().startswith("MAZ_"):
        raise Refusal(400, "MAZOperationNotSupportOnOAZBucket", "the bucket lies in a single zone")
    if name.upper() not in _STORAGE:
        raise Refusal(400, "NotSupportedStorageClass", f"x-cos-storage-class is one of {', '.join(_STORAGE)}")
    return _STORAGE[name.upper()]


def _access(headers: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    acl = headers.get("x-cos-acl", "default")
    if acl not in _OBJECT_ACLS:
        raise Refusal(400, "InvalidArgument", f"x-cos-acl of an object is one of {', '.join(sorted(_OBJECT_ACLS))}")
    if acl != "default":
        found["x-amz-acl"] = acl
    for name, value in headers.items():
        if not name.startswith("x-cos-grant-"):
            continue
        if name[12:] not in _GRANTS or not _GRANT.fullmatch(value) or "x-amz-acl" in found:
            raise Refusal(400, "InvalidArgument", f'{name} has the form id="OwnerUin" and goes without x-cos-acl')
        found[f"x-amz-{name[6:]}"] = value
    return found

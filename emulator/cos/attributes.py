"""Read an object's attributes from a request's headers, and write them into a response's.

Sources: COS's documents on PUT Object, common headers, storage classes, tags and server-side encryption,
read 2026-11-22 and 2026-11-25.
"""

import mimetypes
import re
from collections.abc import Mapping
from functools import cache
from urllib.parse import parse_qsl

from emulator.cos.acl import DEFAULT, OBJECT_ACLS, acl_from_headers
from emulator.cos.blobs import Blob
from emulator.cos.store import NULL_VERSION, Attributes, StoredObject, Tags
from emulator.errors import ServiceError, not_here
from emulator.http.messages import Headers

# "user-defined metadata ... limited to 2 KB"; "up to 10 tags, keys of 1 to 127 characters, values of 1 to 255"
MAX_METADATA_BYTES = 2048
MAX_TAGS = 10
MAX_TAG_KEY_CHARS = 127
MAX_TAG_VALUE_CHARS = 255

_STORED_HEADERS = frozenset(
    {"cache-control", "content-disposition", "content-encoding", "content-language", "content-type", "expires"}
)
_STORAGE_CLASSES = ("STANDARD", "STANDARD_IA", "INTELLIGENT_TIERING", "ARCHIVE", "DEEP_ARCHIVE")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_DEFAULT_TYPE = "application/octet-stream"
# Passing over one of these would store something else than was asked for.
_ABSENT_HEADERS = ("x-cos-object-lock-", "x-cos-server-side-encryption-", "x-cos-callback", "pic-operations")


def read_attributes(headers: Mapping[str, str], key: str = "") -> Attributes:
    """Read the attributes of an object from the headers of its upload; without a type the key's ending says it.

    Raises:
        ServiceError: a value that COS does not take; 501 for what this cloud does not have.
    """
    _reject_absent(headers)
    own_headers = {name: value for name, value in headers.items() if name in _STORED_HEADERS and value}
    own_headers.setdefault("content-type", _type_of(key))
    metadata = {name: value for name, value in headers.items() if name.startswith("x-cos-meta-")}
    if sum(len(name) + len(value) for name, value in metadata.items()) > MAX_METADATA_BYTES:
        raise ServiceError(400, "InvalidArgument", f"x-cos-meta-* headers have at most {MAX_METADATA_BYTES} bytes")
    own_headers.update(metadata)
    if any(_CONTROL.search(value) for value in own_headers.values()):
        raise ServiceError(400, "InvalidArgument", "a header's value has no control characters")
    return Attributes(
        headers=own_headers,
        storage_class=_storage_class(headers.get("x-cos-storage-class", "")),
        acl=acl_from_headers(headers, OBJECT_ACLS) or DEFAULT,
        tags=_tags(headers.get("x-cos-tagging", "")),
        encryption=headers.get("x-cos-server-side-encryption", ""),
    )


def object_headers(stored: StoredObject) -> Headers:
    """Return the headers of a GET or HEAD but the length."""
    attributes = stored.attributes
    named = [(_title(name), value) for name, value in attributes.headers.items()]
    return (
        *named,
        *(() if attributes.storage_class == "STANDARD" else (("x-cos-storage-class", attributes.storage_class),)),
        *((("x-cos-tagging-count", str(len(attributes.tags))),) if attributes.tags else ()),
        *((("x-cos-object-type", "appendable"),) if stored.is_appendable else ()),
        *written_headers(stored),
    )


def written_headers(stored: StoredObject) -> Headers:
    """Return the headers of a response to a write."""
    attributes = stored.attributes
    return (
        ("ETag", stored.etag),
        crc_header(stored.blob),
        *(() if stored.version_id == NULL_VERSION else (("x-cos-version-id", stored.version_id),)),
        *((("x-cos-server-side-encryption", attributes.encryption),) if attributes.encryption else ()),
    )


def crc_header(blob: Blob) -> tuple[str, str]:
    """Return the checksum header that SDKs compare with their own."""
    return "x-cos-hash-crc64ecma", str(blob.crc64)


def check_tags(tags: Tags) -> Tags:
    """Return the tags if an object or a bucket may have them.

    Raises:
        ServiceError: 400 InvalidTag or BadRequest.
    """
    if len(tags) > MAX_TAGS or len({key for key, _ in tags}) != len(tags):
        raise ServiceError(400, "BadRequest", f"there are at most {MAX_TAGS} tags, each key once")
    if not all(0 < len(key) <= MAX_TAG_KEY_CHARS and len(value) <= MAX_TAG_VALUE_CHARS for key, value in tags):
        raise ServiceError(400, "InvalidTag", f"a tag has a key of 1 to {MAX_TAG_KEY_CHARS} characters and a value")
    return tags


def _type_of(key: str) -> str:
    # Where no type is sent, COS takes it from the key's ending: the Node SDK's own tests expect it of .zip and .txt.
    return _types().guess_type(f"/{key}", strict=False)[0] or _DEFAULT_TYPE


@cache
def _types() -> mimetypes.MimeTypes:
    return mimetypes.MimeTypes()  # Python's own table, whatever the machine's files say


def _reject_absent(headers: Mapping[str, str]) -> None:
    for name in headers:
        if name.startswith(_ABSENT_HEADERS):
            raise not_here(f"the header {name}")
    if headers.get("x-cos-server-side-encryption", "AES256") != "AES256":
        raise not_here(f"x-cos-server-side-encryption: {headers['x-cos-server-side-encryption']}")


def _storage_class(name: str) -> str:
    name = name.upper() or "STANDARD"
    if name.startswith("MAZ_"):
        raise ServiceError(400, "MAZOperationNotSupportOnOAZBucket", "the bucket lies in a single zone")
    if name not in _STORAGE_CLASSES:
        raise ServiceError(
            400, "NotSupportedStorageClass", f"x-cos-storage-class is one of {', '.join(_STORAGE_CLASSES)}"
        )
    return name


def _tags(text: str) -> Tags:
    return check_tags(tuple(parse_qsl(text, keep_blank_values=True)))


def _title(name: str) -> str:
    return name if name.startswith("x-cos-") else name.title()

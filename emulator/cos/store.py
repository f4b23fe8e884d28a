"""Hold the buckets of one cloud, with their objects, versions and uploads. Safe across threads.

Values are frozen and bytes are blobs: a lock is held only while names are looked up or changed, never while bytes move.
"""

import itertools
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO, Literal

from emulator.cos.acl import DEFAULT, PRIVATE, Acl
from emulator.cos.blobs import Blob
from emulator.errors import ServiceError

if TYPE_CHECKING:
    from emulator.cos.cors_rules import CorsRule

NULL_VERSION = "null"
ARCHIVES = frozenset({"ARCHIVE", "DEEP_ARCHIVE"})

Versioning = Literal["", "Enabled", "Suspended"]
Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of an object: its own headers (lower-case names), storage class, list, tags, encryption."""

    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    storage_class: str = "STANDARD"
    acl: Acl = DEFAULT
    tags: Tags = ()
    encryption: str = ""


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One version of an object. `etag` is quoted; `version_id` is "null" where the bucket kept no versions."""

    key: str
    blob: Blob
    etag: str
    attributes: Attributes
    modified_at: datetime
    version_id: str = NULL_VERSION
    is_appendable: bool = False
    restored_until: datetime | None = None

    @property
    def size_bytes(self) -> int:
        """The number of its bytes."""
        return self.blob.size_bytes

    @property
    def headers(self) -> Mapping[str, str]:
        """Its own headers, names in lower case: content-type, x-cos-meta-* ..."""
        return self.attributes.headers

    def is_archived(self, now: datetime) -> bool:
        """Return whether it has to be restored before it can be read."""
        if self.attributes.storage_class not in ARCHIVES:
            return False
        return self.restored_until is None or self.restored_until <= now

    def open(self) -> BinaryIO:
        """Return a new reader from the object's first byte. Any number may be open, in any thread."""
        return self.blob.open()


@dataclass(frozen=True, slots=True)
class DeleteMarker:
    """The newest version of a key that was deleted where versions are kept."""

    key: str
    modified_at: datetime
    version_id: str


Version = StoredObject | DeleteMarker


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an upload; `etag` is quoted."""

    number: int
    blob: Blob
    modified_at: datetime

    @property
    def etag(self) -> str:
        """Its ETag, quoted."""
        return f'"{self.blob.md5}"'


@dataclass(slots=True)
class Upload:
    """An upload in parts that was begun and not yet completed or aborted."""

    upload_id: str
    key: str
    attributes: Attributes
    initiated_at: datetime
    parts: dict[int, Part] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deletion:
    """The effect of a deletion. `removed` is the version that is gone, `marker` the one that was put in front."""

    removed: Version | None = None
    marker: DeleteMarker | None = None


@dataclass(frozen=True, slots=True)
class ListedObject:
    """One object as a listing has it; `etag` without quotes."""

    bucket: str
    key: str
    etag: str
    size_bytes: int


Check = Callable[[StoredObject | None], None]
"""Looks at the current object before it is replaced, and raises what stands against it."""


class Bucket:
    """One bucket: its versions by key, its uploads and its settings."""

    def __init__(self, name: str, created_at: datetime, acl: Acl = PRIVATE) -> None:
        self.name = name
        self.created_at = created_at
        self.acl = acl
        self.versioning: Versioning = ""
        self.cors: tuple[CorsRule, ...] = ()
        self.tags: Tags | None = None
        self.documents: dict[str, bytes] = {}
        self._lock = threading.RLock()
        self._versions: dict[str, tuple[Version, ...]] = {}  # oldest first, never empty
        self._uploads: dict[str, Upload] = {}

    @property
    def is_empty(self) -> bool:
        """True when nothing is stored, not even an old version."""
        return not self._versions

    def find(self, key: str, version_id: str | None = None) -> StoredObject | None:
        """Return the current object, or that version; None for what is not there or is a delete marker."""
        versions = self._versions.get(key, ())
        if version_id is None:
            newest = versions[-1] if versions else None
        else:
            newest = next((item for item in versions if item.version_id == version_id), None)
        return newest if isinstance(newest, StoredObject) else None

    def object_keys(self) -> list[str]:
        """Return the keys of all current objects, in no order."""
        with self._lock:
            return [key for key, versions in self._versions.items() if isinstance(versions[-1], StoredObject)]

    def versions(self) -> list[tuple[Version, bool]]:
        """Return every version, newest first within its key, keys in order, and whether it is the current one."""
        with self._lock:
            by_key = dict(self._versions)
        return [(item, item is by_key[key][-1]) for key in sorted(by_key) for item in reversed(by_key[key])]

    def put(self, stored: StoredObject, check: Check | None = None) -> StoredObject:
        """Make this the current object of its key; return it with the version it got.

        Raises:
            ServiceError: what `check` raises; then nothing has changed.
        """
        with self._lock:
            if check is not None:
                check(self.find(stored.key))
            # "appendable objects ... do not take part in versioning"
            version_id = NULL_VERSION if stored.is_appendable else self._new_version_id()
            stored = replace(stored, version_id=version_id)
            self._push(stored)
        return stored

    def update(self, key: str, version_id: str | None, change: Callable[[StoredObject], StoredObject]) -> None:
        """Replace an object, in its place, by the result of `change`.

        Raises:
            ServiceError: 404 NoSuchKey or NoSuchVersion; what `change` raises.
        """
        with self._lock:
            stored = self.find(key, version_id)
            if stored is None:
                raise absent(version_id)
            changed = change(stored)
            self._versions[key] = tuple(changed if item is stored else item for item in self._versions[key])

    def delete(self, key: str, version_id: str | None = None) -> Deletion:
        """Remove that version, or the object; where versions are kept, put a delete marker in front instead."""
        with self._lock:
            if version_id is not None:
                return Deletion(removed=self._remove(key, version_id))
            if not self.versioning:
                return Deletion(removed=self._remove(key, NULL_VERSION))
            marker = DeleteMarker(key, now(), self._new_version_id())
            self._push(marker)
            return Deletion(marker=marker)

    def begin_upload(self, key: str, attributes: Attributes) -> Upload:
        """Begin an upload in parts."""
        upload = Upload(secrets.token_hex(16), key, attributes, now())
        with self._lock:
            self._uploads[upload.upload_id] = upload
        return upload

    def upload(self, upload_id: str, key: str) -> Upload:
        """Return an upload of this key.

        Raises:
            ServiceError: 404 NoSuchUpload.
        """
        upload = self._uploads.get(upload_id)
        if upload is None or upload.key != key:
            raise ServiceError(404, "NoSuchUpload", "the specified upload does not exist for this key")
        return upload

    def end_upload(self, upload: Upload) -> None:
        """Forget an upload.

        Raises:
            ServiceError: 404 NoSuchUpload, another request ended it meanwhile.
        """
        with self._lock:
            if self._uploads.pop(upload.upload_id, None) is None:
                raise ServiceError(404, "NoSuchUpload", "the specified upload does not exist any more")

    def uploads(self) -> list[Upload]:
        """Return the uploads that were begun, by key and then by id."""
        with self._lock:
            uploads = tuple(self._uploads.values())
        return sorted(uploads, key=lambda upload: (upload.key, upload.upload_id))

    def _new_version_id(self) -> str:
        return _next_version_id() if self.versioning == "Enabled" else NULL_VERSION

    def _push(self, version: Version) -> None:
        older = tuple(item for item in self._versions.get(version.key, ()) if item.version_id != version.version_id)
        self._versions[version.key] = (*older, version)

    def _remove(self, key: str, version_id: str) -> Version | None:
        versions = self._versions.get(key, ())
        removed = next((item for item in versions if item.version_id == version_id), None)
        left = tuple(item for item in versions if item is not removed)
        if left:
            self._versions[key] = left
        else:
            self._versions.pop(key, None)
        return removed


class Store:
    """The buckets of one cloud, in the order they were created."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[str, Bucket] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """The full names of all buckets."""
        with self._lock:
            return tuple(self._buckets)

    def create(self, name: str, acl: Acl = PRIVATE) -> None:
        """Create a bucket.

        Raises:
            ServiceError: 409 BucketAlreadyOwnedByYou.
        """
        with self._lock:
            if name in self._buckets:
                raise ServiceError(409, "BucketAlreadyOwnedByYou", "the bucket exists and is yours")
            self._buckets[name] = Bucket(name, now(), acl)

    def delete(self, name: str) -> None:
        """Delete an empty bucket.

        Raises:
            ServiceError: 404 NoSuchBucket, 409 BucketNotEmpty.
        """
        with self._lock:
            if not self.bucket(name).is_empty:
                raise ServiceError(409, "BucketNotEmpty", "the bucket still holds objects or versions")
            del self._buckets[name]

    def clear(self) -> None:
        """Forget every bucket and object."""
        with self._lock:
            self._buckets.clear()

    def bucket(self, name: str) -> Bucket:
        """Return a bucket.

        Raises:
            ServiceError: 404 NoSuchBucket.
        """
        bucket = self.find(name)
        if bucket is None:
            raise ServiceError(404, "NoSuchBucket", "the specified bucket does not exist")
        return bucket

    def buckets(self) -> tuple[Bucket, ...]:
        """Return every bucket, in the order they were created."""
        with self._lock:
            return tuple(self._buckets.values())

    def find(self, name: str) -> Bucket | None:
        """Return a bucket, None where there is none of this name."""
        return self._buckets.get(name)

    def open(self, bucket: str, key: str, version: str | None = None) -> StoredObject:
        """Return an object as it is now.

        Raises:
            ServiceError: 404 NoSuchBucket, NoSuchKey or NoSuchVersion.
        """
        stored = self.bucket(bucket).find(key, version)
        if stored is None:
            raise absent(version)
        return stored

    def objects(self) -> Iterator[ListedObject]:
        """Return every current object, by bucket and key."""
        for bucket in self.buckets():
            for key in sorted(bucket.object_keys()):
                stored = bucket.find(key)
                if stored is not None:
                    yield ListedObject(bucket.name, key, stored.etag.strip('"'), stored.size_bytes)


def absent(version_id: str | None) -> ServiceError:
    """Return the error for an object, or a version, that is not there."""
    if version_id is None:
        return ServiceError(404, "NoSuchKey", "the specified key does not exist")
    return ServiceError(404, "NoSuchVersion", "the specified version does not exist")


def now() -> datetime:
    """Return the time that is written on objects."""
    return datetime.now(timezone.utc)


def _next_version_id() -> str:
    # As COS's: base64 of a number of 20 digits that falls as time goes on, such as MTg0NDUxNTc1NjIzMTQ1MDAwODg.
    number = 2**64 - 1 - time.time_ns() // 1000 - next(_SERIAL)
    return urlsafe_b64encode(str(number).encode()).decode().rstrip("=")


_SERIAL = itertools.count()

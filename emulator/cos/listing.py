"""Turn the names in a bucket into one page of a listing, and describe the page as COS's XML.

Sources: COS's documents on GET Bucket (List Objects), GET Bucket Object versions and List Multipart Uploads,
read 2026-11-22 and 2026-11-25.
"""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree.ElementTree import Element

from emulator.cos.store import StoredObject, Upload, Version
from emulator.errors import ServiceError
from emulator.xml import add, add_fields, document

MAX_KEYS = 1000
_TIME = "%Y-%m-%dT%H:%M:%S.000Z"


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which page of objects: `marker` is the last name of the page before, `limit` counts keys and folders together."""

    prefix: str = ""
    delimiter: str = ""
    marker: str = ""
    limit: int = MAX_KEYS
    is_encoded: bool = False
    is_second_form: bool = False
    token: str = ""

    @classmethod
    def read(cls, params: Sequence[tuple[str, str]]) -> "ListQuery":
        """Read a listing's parameters.

        Raises:
            ServiceError: 400 InvalidArgument or InvalidDelimiter.
        """
        values = dict(params)
        if values.get("list-type") not in {None, "", "2"}:
            raise ServiceError(400, "InvalidArgument", "list-type is 2")
        is_second_form = values.get("list-type") == "2"
        token = values.get("continuation-token", "") if is_second_form else ""
        marker = values.get("start-after" if is_second_form else "marker", "")
        return cls(
            prefix=values.get("prefix", ""),
            delimiter=_delimiter(values),
            marker=_read_token(token) if token else marker,
            limit=_limit(values, "max-keys"),
            is_encoded=_is_encoded(values),
            is_second_form=is_second_form,
            token=token,
        )


@dataclass(frozen=True, slots=True)
class VersionsQuery:
    """Which page of versions: those after `version_id` of `key`, or after all of `key` where that is empty."""

    prefix: str
    delimiter: str
    key: str
    version_id: str
    limit: int
    is_encoded: bool

    @classmethod
    def read(cls, params: Sequence[tuple[str, str]]) -> "VersionsQuery":
        """Read the parameters of a listing of versions.

        Raises:
            ServiceError: 400 InvalidArgument or InvalidDelimiter.
        """
        values = dict(params)
        key, version_id = values.get("key-marker", ""), values.get("version-id-marker", "")
        if version_id and not key:
            raise ServiceError(400, "InvalidArgument", "version-id-marker goes with key-marker")
        return cls(
            prefix=values.get("prefix", ""),
            delimiter=_delimiter(values),
            key=key,
            version_id=version_id,
            limit=_limit(values, "max-keys"),
            is_encoded=_is_encoded(values),
        )


@dataclass(frozen=True, slots=True)
class UploadsQuery:
    """Which page of uploads: those after `upload_id` of `key`, or after all of `key` where that is empty."""

    prefix: str
    delimiter: str
    key: str
    upload_id: str
    limit: int
    is_encoded: bool

    @classmethod
    def read(cls, params: Sequence[tuple[str, str]]) -> "UploadsQuery":
        """Read the parameters of a listing of uploads.

        Raises:
            ServiceError: 400 InvalidArgument or InvalidDelimiter.
        """
        values = dict(params)
        return cls(
            prefix=values.get("prefix", ""),
            delimiter=_delimiter(values),
            key=values.get("key-marker", ""),
            upload_id=values.get("upload-id-marker", "") if values.get("key-marker") else "",
            limit=_limit(values, "max-uploads"),
            is_encoded=_is_encoded(values),
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Keys and folders in order; `last` is the last name of either, empty on an empty page."""

    keys: tuple[str, ...]
    folders: tuple[str, ...]
    last: str
    is_truncated: bool


@dataclass(frozen=True, slots=True)
class VersionsPage:
    """Versions, each with whether it is the current one, and folders; the last key and version if there are more."""

    versions: tuple[tuple[Version, bool], ...]
    folders: tuple[str, ...]
    last: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class UploadsPage:
    """Uploads and folders; the last key and upload if there are more."""

    uploads: tuple[Upload, ...]
    folders: tuple[str, ...]
    last: tuple[str, str] | None


def paginate(names: Iterable[str], query: ListQuery) -> Page:
    """Return the page of these names, whatever their order. Keys are ordered by their UTF-8 bytes."""
    keys: list[str] = []
    folders: list[str] = []
    last = ""
    for name in sorted(names):
        if not name.startswith(query.prefix) or name <= query.marker:
            continue
        folder = _folder(name, query.prefix, query.delimiter)
        if folder is not None and (folder == query.marker or (folders and folder == folders[-1])):
            continue
        if len(keys) + len(folders) == query.limit:
            return Page(tuple(keys), tuple(folders), last, is_truncated=query.limit > 0)
        last = name if folder is None else folder
        (keys if folder is None else folders).append(last)
    return Page(tuple(keys), tuple(folders), last, is_truncated=False)


def paginate_versions(versions: Iterable[tuple[Version, bool]], query: VersionsQuery) -> VersionsPage:
    """Return the page of these versions, which come in order: by key, the newest first."""
    listed: list[tuple[Version, bool]] = []
    folders: list[str] = []
    last = ("", "")
    has_passed_marker = not query.version_id
    for version, is_latest in versions:
        key = version.key
        if key < query.key or (key == query.key and not query.version_id and query.key):
            continue
        if key == query.key and not has_passed_marker:
            has_passed_marker = version.version_id == query.version_id
            continue
        if not key.startswith(query.prefix):
            continue
        folder = _folder(key, query.prefix, query.delimiter)
        if folder is not None and (folder == query.key or (folders and folder == folders[-1])):
            continue
        if len(listed) + len(folders) == query.limit:
            return VersionsPage(tuple(listed), tuple(folders), last if query.limit else None)
        if folder is None:
            listed.append((version, is_latest))
            last = (key, version.version_id)
        else:
            folders.append(folder)
            last = (folder, "")
    return VersionsPage(tuple(listed), tuple(folders), None)


def paginate_uploads(uploads: Iterable[Upload], query: UploadsQuery) -> UploadsPage:
    """Return the page of these uploads, which come in order: by key, then by id."""
    listed: list[Upload] = []
    folders: list[str] = []
    last = ("", "")
    for upload in uploads:
        key = upload.key
        is_before = key < query.key or (
            key == query.key and (not query.upload_id or upload.upload_id <= query.upload_id)
        )
        if (query.key and is_before) or not key.startswith(query.prefix):
            continue
        folder = _folder(key, query.prefix, query.delimiter)
        if folder is not None and (folder == query.key or (folders and folder == folders[-1])):
            continue
        if len(listed) + len(folders) == query.limit:
            return UploadsPage(tuple(listed), tuple(folders), last if query.limit else None)
        if folder is None:
            listed.append(upload)
            last = (key, upload.upload_id)
        else:
            folders.append(folder)
            last = (folder, "")
    return UploadsPage(tuple(listed), tuple(folders), None)


def describe(page: Page, objects: Iterable[StoredObject], query: ListQuery, *, bucket: str, owner: str) -> Element:
    """Return the page as a ListBucketResult; `objects` are the page's keys."""
    spell = _spelling(is_encoded=query.is_encoded)
    fields = [("Name", bucket), ("Prefix", spell(query.prefix)), ("MaxKeys", str(query.limit))]
    if query.is_encoded:
        fields.append(("EncodingType", "url"))
    if query.delimiter:
        fields.append(("Delimiter", spell(query.delimiter)))
    fields.append(("IsTruncated", _boolean(page.is_truncated)))
    if query.is_second_form:
        fields.append(("KeyCount", str(len(page.keys) + len(page.folders))))
        fields += [("ContinuationToken", query.token)] if query.token else []
        fields += [("NextContinuationToken", _write_token(page.last))] if page.is_truncated else []
    else:
        fields.append(("Marker", spell(query.marker)))
        fields += [("NextMarker", spell(page.last))] if page.is_truncated else []
    root = document("ListBucketResult", fields)
    for stored in objects:
        contents = add(root, "Contents")
        add_fields(
            contents,
            [
                ("Key", spell(stored.key)),
                ("LastModified", stored.modified_at.strftime(_TIME)),
                ("ETag", stored.etag),
                ("Size", str(stored.size_bytes)),
                ("StorageClass", stored.attributes.storage_class),
            ],
        )
        _add_owner(contents, owner)
    _add_folders(root, page.folders, spell)
    return root


def describe_versions(page: VersionsPage, query: VersionsQuery, *, bucket: str, owner: str) -> Element:
    """Return the page as a ListVersionsResult."""
    spell = _spelling(is_encoded=query.is_encoded)
    root = document(
        "ListVersionsResult",
        [
            ("Name", bucket),
            *([("EncodingType", "url")] if query.is_encoded else []),
            ("Prefix", spell(query.prefix)),
            ("KeyMarker", spell(query.key)),
            ("VersionIdMarker", query.version_id),
            ("MaxKeys", str(query.limit)),
            *([("Delimiter", spell(query.delimiter))] if query.delimiter else []),
            ("IsTruncated", _boolean(page.last is not None)),
        ],
    )
    if page.last is not None:
        add_fields(root, [("NextKeyMarker", spell(page.last[0])), ("NextVersionIdMarker", page.last[1])])
    for version, is_latest in page.versions:
        is_object = isinstance(version, StoredObject)
        element = add(root, "Version" if is_object else "DeleteMarker")
        add_fields(
            element,
            [
                ("Key", spell(version.key)),
                ("VersionId", version.version_id),
                ("IsLatest", _boolean(is_latest)),
                ("LastModified", version.modified_at.strftime(_TIME)),
            ],
        )
        if isinstance(version, StoredObject):
            add_fields(
                element,
                [
                    ("ETag", version.etag),
                    ("Size", str(version.size_bytes)),
                    ("StorageClass", version.attributes.storage_class),
                ],
            )
        _add_owner(element, owner)
    _add_folders(root, page.folders, spell)
    return root


def describe_uploads(page: UploadsPage, query: UploadsQuery, *, bucket: str, owner: str) -> Element:
    """Return the page as a ListMultipartUploadsResult."""
    spell = _spelling(is_encoded=query.is_encoded)
    root = document(
        "ListMultipartUploadsResult",
        [
            ("Bucket", bucket),
            *([("Encoding-Type", "url")] if query.is_encoded else []),
            ("KeyMarker", spell(query.key)),
            ("UploadIdMarker", query.upload_id),
            ("MaxUploads", str(query.limit)),
            ("IsTruncated", _boolean(page.last is not None)),
            ("Prefix", spell(query.prefix)),
            ("Delimiter", spell(query.delimiter)),
        ],
    )
    if page.last is not None:
        add_fields(root, [("NextKeyMarker", spell(page.last[0])), ("NextUploadIdMarker", page.last[1])])
    for upload in page.uploads:
        element = add(root, "Upload")
        add_fields(element, [("Key", spell(upload.key)), ("UploadId", upload.upload_id)])
        add(element, "StorageClass", upload.attributes.storage_class)
        _add_owner(element, owner, "Initiator")
        _add_owner(element, owner)
        add(element, "Initiated", upload.initiated_at.strftime(_TIME))
    _add_folders(root, page.folders, spell)
    return root


def _delimiter(values: dict[str, str]) -> str:
    delimiter = values.get("delimiter", "")
    # "the delimiter can only be one character"
    if len(delimiter) > 1:
        raise ServiceError(400, "InvalidDelimiter", "the delimiter is a single character")
    return delimiter


def _limit(values: dict[str, str], name: str) -> int:
    text = values.get(name) or str(MAX_KEYS)
    # "max-keys ... at most 1000"
    if not (text.isascii() and text.isdigit() and len(text) < 5 and int(text) <= MAX_KEYS):  # noqa: PLR2004  # digits
        raise ServiceError(400, "InvalidArgument", f"{name} is a whole number up to {MAX_KEYS}")
    return int(text)


def _is_encoded(values: dict[str, str]) -> bool:
    if values.get("encoding-type") not in {None, "", "url"}:
        raise ServiceError(400, "InvalidArgument", "encoding-type is url")
    return values.get("encoding-type") == "url"


def _folder(name: str, prefix: str, delimiter: str) -> str | None:
    if not delimiter or not name.startswith(prefix):
        return None
    head, separator, _ = name[len(prefix) :].partition(delimiter)
    return prefix + head + separator if separator else None


def _spelling(*, is_encoded: bool) -> Callable[[str], str]:
    return quote if is_encoded else str


def _boolean(value: bool) -> str:  # noqa: FBT001  # a boolean is what it spells
    return str(value).lower()


def _write_token(last: str) -> str:
    return urlsafe_b64encode(last.encode()).decode()


def _read_token(token: str) -> str:
    try:
        return b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise ServiceError(400, "InvalidArgument", "continuation-token was not made by this cloud") from error


def _add_owner(parent: Element, owner: str, role: str = "Owner") -> None:
    add_fields(add(parent, role), [("ID", owner), ("DisplayName", owner)])


def _add_folders(root: Element, folders: Iterable[str], spell: Callable[[str], str]) -> None:
    for folder in folders:
        add_fields(add(root, "CommonPrefixes"), [("Prefix", spell(folder))])

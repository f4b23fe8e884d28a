"""Names in a bucket -> one page of a listing: keys, folders, and where the next page begins.

Pure: knows no bucket and no call; words the page as COS's XML.
Source: COS's document on GET Bucket (List Objects), read 2026-11-22.
"""

from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement

from emulator.refusal import Refusal

MOST_KEYS = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which page: `after` is the last name of the page before, `most` its number of keys and folders together."""

    prefix: str = ""
    delimiter: str = ""
    after: str = ""
    most: int = MOST_KEYS
    is_encoded: bool = False
    is_second_form: bool = False
    token: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Keys and folders in order; `last` is the last name of either, empty on an empty page."""

    keys: tuple[str, ...]
    folders: tuple[str, ...]
    last: str
    is_truncated: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """What a listing says of one object; times as ISO 8601, `etag` quoted."""

    key: str
    modified: str
    etag: str
    size_bytes: int
    storage_class: str


def read_wanted(params: Sequence[tuple[str, str]]) -> Wanted:
    """Reads a listing's parameters.

    Raises:
        Refusal: 400 InvalidArgument or InvalidDelimiter.
    """
    given = dict(params)
    most = given.get("max-keys") or str(MOST_KEYS)
    # "max-keys ... at most 1000"
    if not (most.isascii() and most.isdigit() and len(most) < 5 and int(most) <= MOST_KEYS):  # noqa: PLR2004  # digits
        raise Refusal(400, "InvalidArgument", f"max-keys is a whole number up to {MOST_KEYS}")
    # "the delimiter can only be one character"
    if len(given.get("delimiter", "")) > 1:
        raise Refusal(400, "InvalidDelimiter", "the delimiter is a single character")
    for name, accepted in (("encoding-type", "url"), ("list-type", "2")):
        if given.get(name) not in {None, "", accepted}:
            raise Refusal(400, "InvalidArgument", f"{name} is {accepted}")
    is_second_form = given.get("list-type") == "2"
    token = given.get("continuation-token", "") if is_second_form else ""
    after = given.get("start-after" if is_second_form else "marker", "")
    return Wanted(
        prefix=given.get("prefix", ""),
        delimiter=given.get("delimiter", ""),
        after=_read_token(token) if token else after,
        most=int(most),
        is_encoded=given.get("encoding-type") == "url",
        is_second_form=is_second_form,
        token=token,
    )


def turn_to(names: Iterable[str], wanted: Wanted) -> Page:
    """The page of these names, whatever their order. Keys are ordered by their UTF-8 bytes."""
    keys: list[str] = []
    folders: list[str] = []
    last = ""
    for name in sorted(names):
        if not name.startswith(wanted.prefix) or name <= wanted.after:
            continue
        folder = _folder(name, wanted)
        if folder is not None and (folder == wanted.after or (folders and folder == folders[-1])):
            continue
        if len(keys) + len(folders) == wanted.most:
            return Page(tuple(keys), tuple(folders), last, is_truncated=wanted.most > 0)
        last = name if folder is None else folder
        (keys if folder is None else folders).append(last)
    return Page(tuple(keys), tuple(folders), last, is_truncated=False)


def describe(page: Page, entries: Iterable[Entry], wanted: Wanted, *, bucket: str, owner: str) -> Element:
    """The page as COS words it; `entries` are the page's keys."""

    def shown(text: str) -> str:
        return quote(text) if wanted.is_encoded else text

    root = Element("ListBucketResult")
    fields = [("Name", bucket), ("Prefix", shown(wanted.prefix)), ("MaxKeys", str(wanted.most))]
    if wanted.is_encoded:
        fields.append(("EncodingType", "url"))
    if wanted.delimiter:
        fields.append(("Delimiter", shown(wanted.delimiter)))
    fields.append(("IsTruncated", str(page.is_truncated).lower()))
    if wanted.is_second_form:
        fields.append(("KeyCount", str(len(page.keys) + len(page.folders))))
        fields += [("ContinuationToken", wanted.token)] if wanted.token else []
        fields += [("NextContinuationToken", _write_token(page.last))] if page.is_truncated else []
    else:
        fields.append(("Marker", shown(wanted.after)))
        fields += [("NextMarker", shown(page.last))] if page.is_truncated else []
    _fill(root, fields)
    for entry in entries:
        contents = SubElement(root, "Contents")
        head = [("Key", shown(entry.key)), ("LastModified", entry.modified), ("ETag", entry.etag)]
        _fill(contents, [*head, ("Size", str(entry.size_bytes)), ("StorageClass", entry.storage_class)])
        _fill(SubElement(contents, "Owner"), [("ID", owner), ("DisplayName", owner)])
    for folder in page.folders:
        _fill(SubElement(root, "CommonPrefixes"), [("Prefix", shown(folder))])
    return root


def _folder(name: str, wanted: Wanted) -> str | None:
    if not wanted.delimiter:
        return None
    head, found, _ = name[len(wanted.prefix) :].partition(wanted.delimiter)
    return wanted.prefix + head + found if found else None


def _write_token(last: str) -> str:
    return urlsafe_b64encode(last.encode()).decode()


def _read_token(token: str) -> str:
    try:
        return b64decode(token, altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise Refusal(400, "InvalidArgument", "continuation-token is none of this cloud's") from error


def _fill(parent: Element, fields: Iterable[tuple[str, str]]) -> None:
    for name, text in fields:
        SubElement(parent, name).text = text

"""A page of a bucket's listing, an XML document -> the objects on it, and where the next page begins.

Source: GET Bucket (List Objects) of COS (436/7734), read 2026-11-25. Its first note: a listing is eventually
consistent; an object that was stored a moment ago may be missing from it.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, unquote_plus

from snapshot.media import ListedObject
from snapshot.tencent.documents import read_xml


@dataclass(frozen=True, slots=True)
class Page:
    """Objects in the order of their keys; `next_marker` is empty on the last page."""

    objects: tuple[ListedObject, ...]
    next_marker: str


def read_page(body: bytes, *, prefix: str) -> Page:
    """Return the page of a listing that was requested with `encoding-type=url`.

    Raises:
        ValueError: these bytes are no page of this listing.
    """
    try:
        result = read_xml(body, lists=("Contents",))["ListBucketResult"]
        objects = tuple(_read_object(entry, prefix) for entry in result.get("Contents") or [])
        is_truncated = result["IsTruncated"] == "true"
        marker = _decode(result.get("NextMarker") or "", prefix)
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"{len(body)} bytes that are no listing") from error
    if not is_truncated:
        return Page(objects, "")
    next_marker = marker or (objects[-1].key if objects else "")
    if not next_marker:
        raise ValueError("a page that is not the last and does not say where the next begins")
    return Page(objects, next_marker)


def _read_object(entry: dict[str, Any], prefix: str) -> ListedObject:
    key = _decode(entry["Key"], prefix)
    if not key.startswith(prefix):
        raise ValueError("a listing with keys that were not requested")
    return ListedObject(key=key, etag=(entry.get("ETag") or "").strip('"'), size_bytes=int(entry["Size"]))


def _decode(text: str, prefix: str) -> str:
    """Return the key; whether a blank is encoded as %20 or + is not documented, so the prefix decides."""
    key = unquote(text)
    return key if key.startswith(prefix) else unquote_plus(text)

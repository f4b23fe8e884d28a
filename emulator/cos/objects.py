"""GET and HEAD of a stored object -> its bytes, or the part asked for, under the conditions given.

Streams from where the bytes lie; knows no caller and no bucket.
Sources: COS's documents on GET Object and HEAD Object; RFC 9110, sections 13 and 14; read 2026-11-22.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import Literal

from werkzeug.http import parse_date, parse_etags, parse_range_header

from emulator.cos.dialect import from_s3, storage_headers
from emulator.cos.store import Stored
from emulator.cos.wire import Answer, Asked, Headers
from emulator.refusal import Refusal

CHUNK_BYTES = 256 * 1024
_NO_BYTES = re.compile(r"bytes\s*=\s*-0+")

# "response-content-type ... sets the Content-Type response header"
_OVERRIDES = {
    f"response-{name}": name.title()
    for name in (
        "cache-control",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-type",
        "expires",
    )
}

Verdict = Literal["send", "unmodified", "failed"]


def answer_object(asked: Asked, stored: Stored) -> Answer:
    """The object or the range asked for; a HEAD gets the same headers and no bytes.

    Raises:
        Refusal: 412 PreconditionFailed, 416 InvalidRange, 403 InvalidObjectState, 400 InvalidArgument.
    """
    is_head = asked.method == "HEAD"
    if stored.is_archived and not is_head:
        # InvalidObjectState is "the storage class conflicts with the operation"
        raise Refusal(403, "InvalidObjectState", "the object is archived and must be restored first")
    verdict = judge(asked.headers, stored)
    if verdict == "failed":
        raise Refusal(412, "PreconditionFailed", "at least one of the preconditions does not hold")
    headers = _headers(asked, stored)
    if verdict == "unmodified":
        return Answer(304, tuple(pair for pair in headers if not pair[0].startswith("Content-")))
    start, stop, is_part = _range(asked.header("range"), stored.size_bytes)
    if is_part:
        headers += (("Content-Range", f"bytes {start}-{stop - 1}/{stored.size_bytes}"),)
    if is_head:
        headers += (("Content-Length", str(stop - start)),)
        return Answer(206 if is_part else 200, headers)
    return Answer(206 if is_part else 200, headers, _chunks(stored, start, stop), stop - start)


def judge(headers: Mapping[str, str], stored: Stored, prefix: str = "") -> Verdict:
    """What the conditions say; `prefix` is `x-cos-copy-source-` for those on a copy's source.

    An entity tag goes before a date, as RFC 9110 orders them. A date that cannot be read is ignored.
    """
    tag = stored.etag.strip('"')
    modified_at = stored.modified_at.replace(microsecond=0)
    if modified_at.tzinfo is None:
        modified_at = modified_at.replace(tzinfo=timezone.utc)
    match, none_match = headers.get(f"{prefix}if-match"), headers.get(f"{prefix}if-none-match")
    if match is not None:
        if not parse_etags(match).contains(tag):
            return "failed"
    elif (unmodified := _date(headers, f"{prefix}if-unmodified-since")) and modified_at > unmodified:
        return "failed"
    if none_match is not None:
        if parse_etags(none_match).contains_weak(tag):
            return "unmodified"
    elif (modified := _date(headers, f"{prefix}if-modified-since")) and modified_at <= modified:
        return "unmodified"
    return "send"


def _headers(asked: Asked, stored: Stored) -> Headers:
    headers = dict(from_s3(stored.headers))
    for name, header in _OVERRIDES.items():
        value = asked.param(name)
        if value is None:
            continue
        if not value.isprintable():
            raise Refusal(400, "InvalidArgument", f"{name} has control characters")
        headers[header] = value.encode().decode("latin-1")
    headers["ETag"] = stored.etag
    headers["Last-Modified"] = format_datetime(_aware(stored.modified_at), usegmt=True)
    headers["Accept-Ranges"] = "bytes"
    if stored.version:
        headers["x-cos-version-id"] = stored.version
    return (*headers.items(), *storage_headers(stored.storage_class))


def _range(header: str, size_bytes: int) -> tuple[int, int, bool]:
    """Start, end and whether this is a part. What cannot be read, and more than one range, mean the whole."""
    if _NO_BYTES.fullmatch(header.strip()):  # "unsatisfiable if the suffix-length is zero"; werkzeug cannot read it
        raise Refusal(416, "InvalidRange", "the last 0 bytes are none")
    asked_for = parse_range_header(header) if header else None
    if asked_for is None or asked_for.units != "bytes" or len(asked_for.ranges) != 1:
        return 0, size_bytes, False
    found = asked_for.range_for_length(size_bytes)
    if found is None:
        raise Refusal(416, "InvalidRange", f"the object has {size_bytes} bytes")
    return found[0], found[1], True


def _chunks(stored: Stored, start: int, stop: int) -> Iterator[bytes]:
    reader = stored.open()
    reader.seek(start)
    while start < stop:
        chunk = reader.read(min(CHUNK_BYTES, stop - start))
        start += len(chunk)
        yield chunk


def _date(headers: Mapping[str, str], name: str) -> datetime | None:
    return parse_date(headers.get(name))


def _aware(moment: datetime) -> datetime:
    return moment.astimezone(timezone.utc) if moment.tzinfo else moment.replace(tzinfo=timezone.utc)

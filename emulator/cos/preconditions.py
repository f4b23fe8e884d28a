"""Evaluate the conditions of a request against a stored object.

Source: RFC 9110, section 13; COS's documents on GET Object and PUT Object - Copy, read 2026-11-22.
"""

from collections.abc import Mapping
from typing import Literal

from werkzeug.http import parse_date, parse_etags

from emulator.cos.store import StoredObject

Verdict = Literal["met", "unmodified", "failed"]


def evaluate(headers: Mapping[str, str], stored: StoredObject, prefix: str = "") -> Verdict:
    """Return whether the conditions are met; `prefix` is `x-cos-copy-source-` for those on a copy's source.

    An entity tag goes before a date, as RFC 9110 orders them. A date that cannot be read is ignored.
    """
    tag = stored.etag.strip('"')
    modified_at = stored.modified_at.replace(microsecond=0)
    match, none_match = headers.get(f"{prefix}if-match"), headers.get(f"{prefix}if-none-match")
    if match is not None:
        if not parse_etags(match).contains(tag):
            return "failed"
    elif (unmodified := parse_date(headers.get(f"{prefix}if-unmodified-since"))) and modified_at > unmodified:
        return "failed"
    if none_match is not None:
        if parse_etags(none_match).contains_weak(tag):
            return "unmodified"
    elif (modified := parse_date(headers.get(f"{prefix}if-modified-since"))) and modified_at <= modified:
        return "unmodified"
    return "met"

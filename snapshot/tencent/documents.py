"""XML of COS and CI -> dictionaries, read so that no document can take the memory or the time of the function."""

from typing import Any

import xmltodict

MAX_BYTES = 1024 * 1024  # of a document: a manifest, media info, a page of a listing
_MAX_TAGS = 40_000  # a page of 1,000 keys has 20,000; a million bytes of `<a>` would take 100 MB to read


class UnsafeDocument(ValueError):
    """XML that declares entities or has too many tags: it could grow without end, or read files."""


def read_xml(body: bytes, *, lists: tuple[str, ...]) -> dict[str, Any]:
    """Return the document as dictionaries; elements named in `lists` are lists, however many there are.

    Raises:
        UnsafeDocument: the document must not be read.
        ValueError: these bytes are no XML.
    """
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise UnsafeDocument(f"{len(body)} bytes of XML with a document type")
    if body.count(b"<") > _MAX_TAGS:
        raise UnsafeDocument(f"{len(body)} bytes of XML with more than {_MAX_TAGS} tags")
    try:
        document: dict[str, Any] = xmltodict.parse(body, force_list=lists)
    except xmltodict.expat.ExpatError as error:
        raise ValueError(f"{len(body)} bytes that are no XML") from error
    except (ValueError, LookupError) as error:  # an encoding that hides entities from the search above, or is unknown
        raise UnsafeDocument(f"{len(body)} bytes of XML that could not be read safely") from error
    return document

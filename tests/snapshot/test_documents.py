"""Documents of the cloud are read, or refused before they can cost memory or time."""

import pytest

from snapshot.tencent.documents import UnsafeDocument, read_xml


def test_read():
    """Elements are dictionaries and texts; those that may repeat are lists, however many there are."""
    body = b"<R><A>1</A><B/><L><K>x</K></L></R>"
    assert read_xml(body, lists=("L",)) == {"R": {"A": "1", "B": None, "L": [{"K": "x"}]}}


@pytest.mark.parametrize("body", [b"", b"text", b"<R>", b"<R></S>", b"\x00", b"<R>&nbsp;</R>"], ids=repr)
def test_no_xml(body):
    """Text that is no XML is refused."""
    with pytest.raises(ValueError, match="no XML"):
        read_xml(body, lists=())


@pytest.mark.parametrize(
    "body",
    [
        b"<!DOCTYPE R><R/>",
        b'<!DOCTYPE R [<!ENTITY a "b">]><R>&a;</R>',
        b"<a>" * 40_001,
        b"<a/>" * 40_001,
        b'<?xml version="1.0" encoding="bogus"?><R/>',
    ],
    ids=["a document type", "an entity", "deep", "wide", "an unknown encoding"],
)
def test_unsafe(body):
    """A document that could grow without end, or read files, is refused before it is read."""
    with pytest.raises(UnsafeDocument):
        read_xml(body, lists=())

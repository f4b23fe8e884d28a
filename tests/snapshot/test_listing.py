"""A page of a listing: keys as they are, and where the next page begins."""

import pytest

from snapshot.media import ListedObject
from snapshot.tencent.listing import Page, read_page

# The document's example of a first page, shortened.
EXAMPLE = b"""<?xml version='1.0' encoding='utf-8' ?>
<ListBucketResult><Name>examplebucket-1250000000</Name><Prefix/><Marker/><MaxKeys>1000</MaxKeys>
 <IsTruncated>true</IsTruncated><NextMarker>example-object-1000.jpg</NextMarker>
 <Contents><Key>example-object-0001.jpg</Key><LastModified>2019-05-27T11:07:29.000Z</LastModified>
  <ETag>&quot;f49ffbb2dd542ef6843135d66ec97855&quot;</ETag><Size>23</Size>
  <Owner><ID>1250000000</ID><DisplayName>1250000000</DisplayName></Owner><StorageClass>STANDARD</StorageClass></Contents>
</ListBucketResult>"""
MARKER = b"<NextMarker>example-object-1000.jpg</NextMarker>"


def test_example():
    """The document's example is read."""
    listed = ListedObject("example-object-0001.jpg", "f49ffbb2dd542ef6843135d66ec97855", 23)
    assert read_page(EXAMPLE, prefix="") == Page((listed,), "example-object-1000.jpg")


def test_last_page():
    """After the last page comes none, whatever stands there."""
    assert read_page(EXAMPLE.replace(b">true<", b">false<"), prefix="").next_marker == ""


def test_no_marker():
    """Where the page does not say where the next begins, it begins after its last key."""
    assert read_page(EXAMPLE.replace(MARKER, b""), prefix="").next_marker == "example-object-0001.jpg"


@pytest.mark.parametrize(
    ("encoded", "prefix", "key"),
    [
        ("a%20b%2Bc%25", "a b", "a b+c%"),
        ("a+b%2Bc", "a b", "a b+c"),
        ("a%2Bb+c", "a+b+", "a+b+c"),
        ("%E8%A7%86%2F1", "视/", "视/1"),
    ],
    ids=["blank as %20", "blank as +", "a plus that is one", "CJK"],
)
def test_keys(encoded, prefix, key):
    """A key is itself, in whichever way its blanks are encoded."""
    body = EXAMPLE.replace(b"example-object-0001.jpg", encoded.encode()).replace(b">true<", b">false<")
    assert read_page(body, prefix=prefix).objects[0].key == key


@pytest.mark.parametrize(
    ("body", "prefix"),
    [
        (b"", ""),
        (b"<Error><Code>AccessDenied</Code></Error>", ""),
        (b"<ListBucketResult/>", ""),
        (b"<ListBucketResult>text</ListBucketResult>", ""),
        (EXAMPLE.replace(b"<Size>23</Size>", b"<Size>many</Size>"), ""),
        (EXAMPLE.replace(b"<Size>23</Size>", b""), ""),
        (EXAMPLE.replace(b"<Key>example-object-0001.jpg</Key>", b""), ""),
        (b"<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", ""),
        (EXAMPLE, "other/"),
    ],
    ids=["empty", "an error", "empty element", "text", "a size of words", "no size", "no key", "no next", "other keys"],
)
def test_no_page(body, prefix):
    """A document that is no page of this listing is refused: nothing may be taken for an empty folder."""
    with pytest.raises(ValueError, match=r".+"):
        read_page(body, prefix=prefix)

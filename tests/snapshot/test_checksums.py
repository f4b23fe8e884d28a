"""Checksums: the known values, and what says nothing of a body."""

import pytest

from snapshot.tencent import checksums
from snapshot.tencent.checksums import crc_is_not_of, crc_of, etag_is_not_of, md5_header

BODY = b"123456789"
MD5 = "25f9e794323b453885f5181f1b624d0b"
CRC = str(0x995DC9BBDF1939FA)  # the check value of CRC-64/XZ, which is what COS calls crc64ecma


def test_md5_header():
    """`Content-MD5` is the MD5 in base64. Source: RFC 1864."""
    assert md5_header(b"12345") == "gnzLDuqKcGxMNKFokfhOew=="


@pytest.mark.parametrize(
    ("headers", "differs"),
    [
        ({"etag": f'"{MD5}"'}, False),
        ({"etag": MD5.upper()}, False),
        ({"etag": f'"{MD5[:-1]}0"'}, True),
        ({"etag": f'"{MD5[:-1]}0-2"'}, False),
        ({"etag": ""}, False),
        ({}, False),
        ({"etag": f'"{MD5[:-1]}0"', "x-cos-server-side-encryption": "cos/kms"}, False),
        ({"etag": f'"{MD5[:-1]}0"', "x-cos-server-side-encryption-customer-algorithm": "AES256"}, False),
        ({"etag": f'"{MD5[:-1]}0"', "x-cos-server-side-encryption": "AES256"}, True),
    ],
    ids=["same", "capitals", "other", "parts", "empty", "none", "KMS", "own key", "COS's key"],
)
def test_etag(headers, differs):
    """An ETag that is an MD5 is the body's, or the body is not what it should be."""
    assert etag_is_not_of(BODY, headers) is differs


@pytest.mark.parametrize(
    ("stated", "differs"), [(CRC, False), ("1", True), ("", False), ("x", False), ("-1", False), ("9" * 30, False)]
)
def test_crc(stated, differs):
    """A checksum that is one is the body's, or the body is not what it should be."""
    assert crc_is_not_of(BODY, stated) is differs
    assert crc_of({"x-cos-hash-crc64ecma": f" {stated} "}) == stated


def test_slow_crc(monkeypatch):
    """Without the compiled extension a large body is not looked at, a small one is."""
    monkeypatch.setattr(checksums, "_IS_COMPILED", False)
    assert not crc_is_not_of(bytes(2**20 + 1), "1")
    assert crc_is_not_of(BODY, "1")

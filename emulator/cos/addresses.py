"""Host and path -> which bucket, in which region, which key.

Knows the naming rules of COS and no call: not who asks, not what for.
Sources: COS's documents on regions and domains, bucket naming and object keys, read 2026-11-22.
"""

import re
from dataclasses import dataclass
from typing import Literal

from emulator.refusal import Refusal

_HOST = re.compile(r"(?:(?P<bucket>[a-z0-9-]+-\d{5,})\.)?(?P<service>cos|ci)\.(?P<region>[a-z0-9-]+)\.myqcloud\.com")
_LOCAL = frozenset({"127.0.0.1", "localhost", "[::1]", ""})
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?-\d{5,}")

# "BucketName-APPID", at most 60 characters together; keys of 1 to 850 bytes
LONGEST_BUCKET_CHARS = 60
LONGEST_KEY_BYTES = 850


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call goes. `local` is this machine's own address: the emulator's pages, CI's list of buckets."""

    service: Literal["cos", "ci", "local"]
    bucket: str
    region: str


def read_host(host: str) -> Place:
    """Reads a Host without its port.

    Raises:
        Refusal: 400 InvalidURI, the host is of no form that COS or CI has.
    """
    if host in _LOCAL or host == "service.cos.myqcloud.com":
        return Place("local", "", "")
    found = _HOST.fullmatch(host)
    if found is None:
        raise Refusal(
            400,
            "InvalidURI",
            "the Host must be NAME-APPID.cos.REGION.myqcloud.com or NAME-APPID.ci.REGION.myqcloud.com",
        )
    return Place("cos" if found["service"] == "cos" else "ci", found["bucket"] or "", found["region"])


def read_key(path: str) -> str:
    """The key in a decoded path: everything behind the first slash, as it stands. Empty for the bucket itself.

    Raises:
        Refusal: 400 KeyTooLong or InvalidObjectName.
    """
    key = path[1:]
    if len(key.encode()) > LONGEST_KEY_BYTES:
        raise Refusal(400, "KeyTooLong", f"a key has at most {LONGEST_KEY_BYTES} bytes in UTF-8")
    if any(not _is_writable(letter) for letter in key):
        raise Refusal(400, "InvalidObjectName", "a key has no control characters")
    return key


def check_bucket_name(name: str) -> None:
    """Raises ValueError when a bucket may not be called this."""
    if not _NAME.fullmatch(name) or len(name) > LONGEST_BUCKET_CHARS:
        raise ValueError(
            f"bucket {name!r}: a full name is NAME-APPID, lower-case letters, digits and hyphens, "
            f"at most {LONGEST_BUCKET_CHARS} characters"
        )


def appid_of(bucket: str) -> str:
    """The account in a full bucket name."""
    return bucket.rpartition("-")[2]


def _is_writable(letter: str) -> bool:
    # What XML 1.0 cannot hold could not be listed; COS's document names CAN, EM, SUB and ESC among them.
    code = ord(letter)
    return 0x20 <= code < 0x7F or 0x7F < code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF  # noqa: PLR2004

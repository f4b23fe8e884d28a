"""Read a Host and a path: which bucket, in which region, which key.

Sources: COS's documents on regions and domains, bucket naming and object keys, read 2026-11-22. The second domain,
tencentcos.cn: cos-python-sdk-v5 1.9.44 (cos_comm.py) and cos-js-sdk-v5 1.10.1 (submitRequest), read 2026-11-26.
"""

import re
from dataclasses import dataclass
from typing import Literal

from emulator.errors import ServiceError, not_here

_DOMAIN = r"\.(?:myqcloud\.com|tencentcos\.cn)"
_HOST = re.compile(r"(?:(?P<bucket>[a-z0-9-]+-\d{5,})\.)?(?P<service>cos|ci)\.(?P<region>[a-z0-9-]+)" + _DOMAIN)
_ABSENT_HOST = re.compile(
    r"(?:[a-z0-9-]+\.)?(?:pic\.[a-z0-9-]+|[a-z0-9-]+\.migration|cos-control\.[a-z0-9-]+)" + _DOMAIN
)
_SERVICE_HOST = re.compile(r"service\.cos" + _DOMAIN)
_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "[::1]", ""})
_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?-\d{5,}")

# "BucketName-APPID", at most 60 characters together; keys of 1 to 850 bytes
MAX_BUCKET_CHARS = 60
MAX_KEY_BYTES = 850


@dataclass(frozen=True, slots=True)
class Place:
    """The target of a request. `local` is this machine's own address: pages, control paths, CI's list of buckets.

    Empty `bucket`: the account's buckets are meant; empty `region`: those of every region.
    """

    service: Literal["cos", "ci", "local"]
    bucket: str
    region: str


UNKNOWN_PLACE = Place("cos", "", "")


def read_host(host: str) -> Place:
    """Read a Host without its port.

    Raises:
        ServiceError: 400 InvalidURI, the host has none of the forms that COS and CI have; 501 for one that is not here.
    """
    if _ABSENT_HOST.fullmatch(host):
        raise not_here(f"the host {host}")
    if host in _LOCAL_HOSTS:
        return Place("local", "", "")
    if _SERVICE_HOST.fullmatch(host):
        return Place("cos", "", "")
    match = _HOST.fullmatch(host)
    if match is None:
        raise ServiceError(
            400,
            "InvalidURI",
            "the Host must be NAME-APPID.cos.REGION.myqcloud.com or NAME-APPID.ci.REGION.myqcloud.com, or end in "
            "tencentcos.cn instead",
        )
    return Place("cos" if match["service"] == "cos" else "ci", match["bucket"] or "", match["region"])


def read_key(path: str) -> str:
    """Return the key in a decoded path: everything after the first slash. Empty for the bucket itself.

    Raises:
        ServiceError: 400 KeyTooLong or InvalidObjectName.
    """
    key = path[1:]
    if len(key.encode()) > MAX_KEY_BYTES:
        raise ServiceError(400, "KeyTooLong", f"a key has at most {MAX_KEY_BYTES} bytes in UTF-8")
    if any(not _is_writable(character) for character in key):
        raise ServiceError(400, "InvalidObjectName", "a key has no control characters")
    return key


def check_bucket_name(name: str) -> None:
    """Check that a bucket may have this name.

    Raises:
        ValueError: it may not.
    """
    if not _BUCKET.fullmatch(name) or len(name) > MAX_BUCKET_CHARS:
        raise ValueError(
            f"bucket {name!r}: a full name is NAME-APPID, lower-case letters, digits and hyphens, "
            f"at most {MAX_BUCKET_CHARS} characters"
        )


def appid_of(bucket: str) -> str:
    """Return the account in a full bucket name."""
    return bucket.rpartition("-")[2]


def _is_writable(character: str) -> bool:
    # What XML 1.0 cannot hold could not be listed; COS's document names CAN, EM, SUB and ESC among them.
    code = ord(character)
    return 0x20 <= code < 0x7F or 0x7F < code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF  # noqa: PLR2004  # XML's ranges

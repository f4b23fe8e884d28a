"""Compute COS's request signature: from what was signed and the secret key, hexadecimal digits.

Source: COS's document on the request signature, read 2026-11-22.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

_FIELDS = (
    "q-sign-algorithm",
    "q-ak",
    "q-sign-time",
    "q-key-time",
    "q-header-list",
    "q-url-param-list",
    "q-signature",
)
_TIMES = re.compile(r"(\d{1,12});(\d{1,12})")


@dataclass(frozen=True, slots=True)
class Claim:
    """The parts of a signature: SecretId, the time span in unix seconds, what was signed, and the digits."""

    key_id: str
    key_time: str
    starts_at_s: int
    ends_at_s: int
    header_names: tuple[str, ...]
    param_names: tuple[str, ...]
    digits: str


def read_claim(fields: dict[str, str]) -> Claim:
    """Read the seven q- fields.

    Raises:
        ValueError: a field is missing or has a shape the document does not know.
    """
    missing = [name for name in _FIELDS if name not in fields]
    if missing:
        raise ValueError(f"the signature has no {', '.join(missing)}")
    # "the algorithm is sha1, and no other yet"
    if fields["q-sign-algorithm"] != "sha1":
        raise ValueError("q-sign-algorithm must be sha1")
    times = _TIMES.fullmatch(fields["q-key-time"])
    # both are KeyTime in the document, "<start>;<end>"
    if times is None or fields["q-sign-time"] != fields["q-key-time"]:
        raise ValueError("q-sign-time and q-key-time must be the same START;END in unix seconds")
    return Claim(
        key_id=fields["q-ak"],
        key_time=fields["q-key-time"],
        starts_at_s=int(times[1]),
        ends_at_s=int(times[2]),
        header_names=_names(fields["q-header-list"]),
        param_names=_names(fields["q-url-param-list"]),
        digits=fields["q-signature"],
    )


def read_authorization(text: str) -> Claim:
    """Read an Authorization header.

    Raises:
        ValueError: as read_claim does.
    """
    return read_claim(dict(part.partition("=")[::2] for part in text.strip().split("&")))


def http_string(method: str, path: str, params: Sequence[tuple[str, str]], headers: Sequence[tuple[str, bytes]]) -> str:
    """Return the text that is signed: method, DECODED path, and the signed parameters and headers.

    Pairs come as they are on the wire, values of headers as bytes; here they are encoded and sorted.
    """
    signed_params = _pairs([(name, value.encode()) for name, value in params])
    return f"{method.lower()}\n{path}\n{signed_params}\n{_pairs(headers)}\n"


def string_to_sign(key_time: str, signed: str) -> str:
    """Return the text under the HMAC, from KeyTime and an HttpString."""
    return f"sha1\n{key_time}\n{hashlib.sha1(signed.encode()).hexdigest()}\n"  # noqa: S324  # COS's algorithm


def sign_key(secret_key: str, key_time: str) -> str:
    """Return SignKey: HMAC-SHA1 of KeyTime under the secret key, as digits."""
    return _hmac(secret_key, key_time)


def signature(key: str, text: str) -> str:
    """Return HMAC-SHA1 of a StringToSign under SignKey's digits."""
    return _hmac(key, text)


def encode(value: str | bytes) -> str:
    """Encode as the document's UrlEncode: RFC 3986, unreserved characters stay, upper-case digits."""
    return quote(value, safe="-_.~")


def _pairs(pairs: Sequence[tuple[str, bytes]]) -> str:
    return "&".join(f"{name}={value}" for name, value in sorted((encode(k).lower(), encode(v)) for k, v in pairs))


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(";") if name)


def _hmac(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha1).hexdigest()

"""A request signed by TC3-HMAC-SHA256 -> who signed it.

Knows keys and the time, and nothing of what is asked for.
Source: cloud API 3.0, "Signature v3" and "Common Error Codes" (read 2026-11-22).
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Final, Literal, Protocol

from emulator.api.refusal import ApiRefusal

Service = Literal["scf", "cam"]

_AUTHORIZATION: Final = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<key_id>[^/\s]+)/(?P<date>\d{4}-\d{2}-\d{2})/(?P<service>[a-z]+)/tc3_request, ?"
    r"SignedHeaders=(?P<names>[a-z0-9;-]+), ?Signature=(?P<digits>[0-9a-f]{64})"
)
# "The timestamp and the server time cannot differ by more than five minutes"
_SKEW_S: Final = 5 * 60


class Holder(Protocol):
    """Whose key it is."""

    @property
    def kind(self) -> str:
        """`root` or `role`."""

    @property
    def secret_key(self) -> str:
        """What signs."""

    @property
    def token(self) -> str | None:
        """What goes with a temporary key."""

    @property
    def expires_at(self) -> int | None:
        """When a temporary key ends, unix seconds."""


class KeyRing(Protocol):
    """Finds who holds a key."""

    def find(self, secret_id: str) -> Holder | None:
        """The holder, or None where the key does not exist."""


def verify(headers: Mapping[str, str], body: bytes, *, keys: KeyRing, now_s: float) -> tuple[Holder, str]:
    """Who signed a POST to `/`, and for which service.

    `headers` have lower-case names and hold host, content-type, x-tc-timestamp and authorization.

    Raises:
        ApiRefusal: AuthFailure.* with what is wrong.
    """
    claim = _AUTHORIZATION.fullmatch(headers.get("authorization", ""))
    if claim is None:
        raise ApiRefusal(
            "AuthFailure.InvalidAuthorization", "the Authorization header has not the form of signature v3"
        )
    names = claim["names"].split(";")
    # "content-type and host are required headers", "sorted in ASCII order"
    if names != sorted(names) or not {"content-type", "host"} <= set(names):
        raise ApiRefusal("AuthFailure.SignatureFailure", "content-type and host must be signed, in order")
    timestamp = headers.get("x-tc-timestamp", "")
    if not timestamp.isascii() or not timestamp.isdigit():
        raise ApiRefusal("MissingParameter", "X-TC-Timestamp is a whole number of seconds")
    if abs(now_s - int(timestamp)) > _SKEW_S:
        raise ApiRefusal("AuthFailure.SignatureExpire", "the timestamp is more than five minutes from now")
    # "Date must be the UTC date of the timestamp"
    if claim["date"] != datetime.fromtimestamp(int(timestamp), timezone.utc).strftime("%Y-%m-%d"):
        raise ApiRefusal("AuthFailure.SignatureFailure", "the credential's date is not that of the timestamp")
    holder = keys.find(claim["key_id"])
    if holder is None:
        raise ApiRefusal("AuthFailure.SecretIdNotFound", "the key does not exist")
    if holder.token is not None and not hmac.compare_digest(holder.token, headers.get("x-tc-token", "")):
        raise ApiRefusal("AuthFailure.TokenFailure", "a temporary key comes with its token")
    if holder.expires_at is not None and now_s >= holder.expires_at:
        raise ApiRefusal("AuthFailure.TokenFailure", "the temporary key has expired")
    if not hmac.compare_digest(_signature(claim, names, timestamp, headers, body, holder.secret_key), claim["digits"]):
        raise ApiRefusal("AuthFailure.SignatureFailure", "the signature is not that of this request")
    return holder, claim["service"]


def _signature(  # each part of what is signed
    claim: re.Match[str], names: list[str], timestamp: str, headers: Mapping[str, str], body: bytes, secret_key: str
) -> str:
    canonical_headers = "".join(f"{name}:{headers.get(name, '').strip().lower()}\n" for name in names)
    canonical = "\n".join(["POST", "/", "", canonical_headers, claim["names"], hashlib.sha256(body).hexdigest()])
    scope = f"{claim['date']}/{claim['service']}/tc3_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"TC3{secret_key}".encode()
    for part in (claim["date"], claim["service"], "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    text = f"TC3-HMAC-SHA256\n{timestamp}\n{scope}\n{digest}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

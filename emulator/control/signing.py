"""A request of the cloud API 3.0 -> who signed it: TC3-HMAC-SHA256 (signature v3), or signature v1.

The host may be signed with or without its port: a real address has none, so clients differ.
Sources: cloud API 3.0, "Signature v3", "Signature" (v1) and "Common Error Codes", read 2026-11-22 and 2026-11-25.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Literal

from emulator.control.errors import ApiError
from emulator.identity.credentials import Credentials, Holder

_AUTHORIZATION = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<secret_id>[^/\s]+)/(?P<date>\d{4}-\d{2}-\d{2})/(?P<service>[a-z]+)/tc3_request, ?"
    r"SignedHeaders=(?P<names>[a-z0-9;-]+), ?Signature=(?P<digits>[0-9a-f]{64})"
)
# "The timestamp and the server time cannot differ by more than five minutes"
_MAX_SKEW_S = 5 * 60
# Signature v1: "SignatureMethod: currently only HmacSHA256 and HmacSHA1 are supported ... HmacSHA1 by default"
_V1_METHODS = {"HmacSHA1": hashlib.sha1, "HmacSHA256": hashlib.sha256}


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The parts of a request that a signature covers; `headers` have lower-case names, `query` is as it was sent."""

    method: Literal["GET", "POST"]
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names under which the host may have been signed."""
        host = self.headers.get("host", "")
        return (host, host.partition(":")[0])


def verify_tc3(request: SignedRequest, *, credentials: Credentials, now_s: float) -> tuple[Holder, str]:
    """Return the signer of a request with signature v3, and the service it is for.

    Raises:
        ApiError: AuthFailure.* with what is wrong.
    """
    claim = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if claim is None:
        raise ApiError("AuthFailure.InvalidAuthorization", "the Authorization header has not the form of signature v3")
    names = claim["names"].split(";")
    # "content-type and host are required headers", "sorted in ASCII order"
    if names != sorted(names) or not {"content-type", "host"} <= set(names):
        raise ApiError("AuthFailure.SignatureFailure", "content-type and host must be signed, in order")
    timestamp = request.headers.get("x-tc-timestamp", "")
    _check_time(timestamp, "X-TC-Timestamp", now_s)
    # "Date must be the UTC date of the timestamp"
    if claim["date"] != datetime.fromtimestamp(int(timestamp), timezone.utc).strftime("%Y-%m-%d"):
        raise ApiError("AuthFailure.SignatureFailure", "the credential's date is not that of the timestamp")
    holder = _holder(credentials, claim["secret_id"], request.headers.get("x-tc-token", ""), now_s)
    expected = [_tc3_signature(claim, request, host, holder.secret_key) for host in request.hosts]
    _check_signature(claim["digits"], expected)
    return holder, claim["service"]


def verify_v1(
    request: SignedRequest, pairs: Sequence[tuple[str, str]], *, credentials: Credentials, now_s: float
) -> Holder:
    """Return the signer of a request with signature v1; `pairs` are the decoded parameters of its query or form.

    Raises:
        ApiError: AuthFailure.* with what is wrong.
    """
    parameters = dict(pairs)
    method = parameters.get("SignatureMethod", "HmacSHA1")
    if method not in _V1_METHODS:
        raise ApiError("AuthFailure.SignatureFailure", f"SignatureMethod is {' or '.join(_V1_METHODS)}")
    if not parameters.get("Nonce", "").isdecimal():
        raise ApiError("MissingParameter", "Nonce is a positive integer")
    _check_time(parameters.get("Timestamp", ""), "Timestamp", now_s)
    holder = _holder(credentials, parameters.get("SecretId", ""), parameters.get("Token", ""), now_s)
    # "sorted by parameter name in ASCII ascending order", joined undecoded: name=value&name=value
    text = "&".join(f"{name}={value}" for name, value in sorted(pairs) if name != "Signature")
    expected = [
        base64.b64encode(
            hmac.new(
                holder.secret_key.encode(), f"{request.method}{host}/?{text}".encode(), _V1_METHODS[method]
            ).digest()
        ).decode()
        for host in request.hosts
    ]
    _check_signature(parameters.get("Signature", ""), expected)
    return holder


def _check_time(timestamp: str, name: str, now_s: float) -> None:
    if not timestamp.isascii() or not timestamp.isdigit():
        raise ApiError("MissingParameter", f"{name} is a whole number of seconds")
    if abs(now_s - int(timestamp)) > _MAX_SKEW_S:
        raise ApiError("AuthFailure.SignatureExpire", "the timestamp is more than five minutes from now")


def _holder(credentials: Credentials, secret_id: str, token: str, now_s: float) -> Holder:
    holder = credentials.find(secret_id)
    if holder is None:
        raise ApiError("AuthFailure.SecretIdNotFound", "the secret id does not exist")
    if holder.token is not None and not hmac.compare_digest(holder.token.encode(), token.encode()):
        raise ApiError("AuthFailure.TokenFailure", "temporary credentials come with their token")
    if holder.expires_at is not None and now_s >= holder.expires_at:
        raise ApiError("AuthFailure.TokenFailure", "the temporary credentials have expired")
    return holder


def _check_signature(signature: str, expected: Sequence[str]) -> None:
    if not any(hmac.compare_digest(signature.encode(), candidate.encode()) for candidate in expected):
        raise ApiError("AuthFailure.SignatureFailure", "the signature is not that of this request")


def _tc3_signature(claim: re.Match[str], request: SignedRequest, host: str, secret_key: str) -> str:
    headers = {**request.headers, "host": host}
    canonical_headers = "".join(
        f"{name}:{headers.get(name, '').strip().lower()}\n" for name in claim["names"].split(";")
    )
    is_unsigned = request.headers.get("x-tc-content-sha256") == "UNSIGNED-PAYLOAD"
    payload = b"UNSIGNED-PAYLOAD" if is_unsigned else request.body
    canonical = "\n".join(
        [request.method, "/", request.query, canonical_headers, claim["names"], hashlib.sha256(payload).hexdigest()]
    )
    scope = f"{claim['date']}/{claim['service']}/tc3_request"
    key = f"TC3{secret_key}".encode()
    for part in (claim["date"], claim["service"], "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"TC3-HMAC-SHA256\n{request.headers['x-tc-timestamp']}\n{scope}\n{digest}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

"""Who asks, and may they: a call's signature, token and time -> a principal; a principal and an action -> yes or no.

Knows keys and the policy; knows nothing of what an operation does. Each refusal has the code of the service asked.
Sources: COS's error codes and request signature, CI's error codes, read 2026-11-22.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from emulator.cos import signature
from emulator.cos.errors import Mismatch
from emulator.cos.operations import Service
from emulator.cos.wire import Asked
from emulator.keys import Holder, Keys
from emulator.refusal import Refusal

if TYPE_CHECKING:
    from emulator.cam import Policy

SKEW_S = 15 * 60

Reason = Literal["unsigned", "malformed", "unknown key", "expired key", "expired", "skewed", "mismatch", "denied"]

# "403 AccessDenied", "403 InvalidAccessKeyId", "400 ExpiredToken", "403 RequestTimeTooSkewed: ... more than 15
# minutes", "403 SignatureDoesNotMatch" (COS); "401 MissingAuthorization, InvalidAuthorization, SecretidNotExist,
# SignatureExpired", "403 AccessDenied" (CI)
_REFUSALS: dict[Service, dict[Reason, tuple[int, str, str]]] = {
    "cos": {
        "unsigned": (403, "AccessDenied", "Access Denied."),
        "malformed": (403, "AccessDenied", "the signature has not the form of the document"),
        "unknown key": (403, "InvalidAccessKeyId", "The Access Key Id you provided does not exist in our records"),
        "expired key": (400, "ExpiredToken", "the token of the temporary keys has expired"),
        "expired": (403, "AccessDenied", "Request has expired"),
        "skewed": (403, "RequestTimeTooSkewed", "the signature begins more than 15 minutes from now"),
        "mismatch": (403, "SignatureDoesNotMatch", "The Signature you specified is invalid."),
        "denied": (403, "AccessDenied", "Access Denied."),
    },
    "ci": {
        "unsigned": (401, "MissingAuthorization", "the call carries no signature"),
        "malformed": (401, "InvalidAuthorization", "the signature has not the form of the document"),
        "unknown key": (401, "SecretidNotExist", "the key does not exist"),
        "expired key": (401, "SignatureExpired", "the token of the temporary keys has expired"),
        "expired": (401, "SignatureExpired", "the signature has expired"),
        "skewed": (401, "SignatureExpired", "the signature begins more than 15 minutes from now"),
        "mismatch": (401, "InvalidAuthorization", "the signature is not that of this call"),
        "denied": (403, "AccessDenied", "the policy does not allow this"),
    },
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: the root account, a role by its name, or nobody known."""

    kind: Literal["root", "role", "anonymous"]
    name: str = ""


ANONYMOUS = Principal("anonymous")


class Gate:
    """Checks calls against the keys and the role's policy. `policy` None lets a role do everything."""

    def __init__(self, keys: Keys, now: Callable[[], float]) -> None:
        self._keys = keys
        self._now = now
        self.policy: Policy | None = None

    def identify(self, asked: Asked, service: Service) -> Principal:
        """Who signed the call, in its Authorization header or in its query; ANONYMOUS when nobody did.

        Raises:
            Refusal: the signature is not in order.
        """
        fields = {name: value for name, value in asked.query if name.startswith("q-")}
        try:
            if asked.header("authorization"):
                claim = signature.read_authorization(asked.header("authorization"))
            elif fields:
                claim = signature.read_claim(fields)
            else:
                return ANONYMOUS
        except ValueError as error:
            raise Refusal(*_REFUSALS[service]["malformed"][:2], str(error), service) from error
        signed = _signed_by(asked, claim)
        return self.check(claim, signed, token=_token(asked), service=service)

    def check(
        self, claim: signature.Claim, signed: str, *, token: str | None, service: Service, is_text: bool = False
    ) -> Principal:
        """Who made this claim over `signed`: an HttpString, or with `is_text` the StringToSign itself.

        Raises:
            Refusal: the time, the key, its token or the signature is not in order.
        """
        self._check_time(claim, service)
        holder = self._keys.find(claim.key_id)
        # A temporary key is no key without its token.
        if holder is None or (holder.token is not None and not _equal(holder.token, token or "")):
            raise refuse("unknown key", service)
        if holder.expires_at is not None and self._now() >= holder.expires_at:
            raise refuse("expired key", service)
        text = signed if is_text else signature.string_to_sign(claim.key_time, signed)
        if not _equal(_expected(holder, claim, text), claim.digits):
            mismatch = Mismatch(*_REFUSALS[service]["mismatch"], service)
            mismatch.string_to_sign = text
            raise mismatch
        return Principal(holder.kind, holder.name)

    def permits(self, principal: Principal, action: str, resource: str) -> bool:
        """Whether the principal may do this: root everything, a role what the policy says, nobody else anything."""
        if principal.kind == "role":
            return self.policy is None or self.policy.allows(action, resource)
        return principal.kind == "root"

    def require(self, principal: Principal, action: str, resource: str, service: Service) -> None:
        """Raises Refusal when the principal may not do this."""
        if not self.permits(principal, action, resource):
            raise refuse("unsigned" if principal.kind == "anonymous" else "denied", service)

    def _check_time(self, claim: signature.Claim, service: Service) -> None:
        now = self._now()
        if claim.starts_at_s > now + SKEW_S:
            raise refuse("skewed", service)
        # "the time of the request is outside the signature's validity"
        if not claim.starts_at_s <= now <= claim.ends_at_s:
            raise refuse("expired", service)


def refuse(reason: Reason, service: Service) -> Refusal:
    """The service's refusal for a reason."""
    return Refusal(*_REFUSALS[service][reason], service)


def _signed_by(asked: Asked, claim: signature.Claim) -> str:
    """The HttpString over exactly what the claim lists. What is listed and absent counts as empty."""
    params = [pair for pair in asked.query if not pair[0].startswith("q-")]
    signed_params: list[tuple[str, str]] = []
    for name in claim.param_names:
        signed_params += [pair for pair in params if signature.encode(pair[0]).lower() == name] or [(unquote(name), "")]
    # "host is signed without the port"
    values = {**asked.headers, "host": asked.host}
    headers = [(name, values.get(unquote(name), "").encode("latin-1")) for name in claim.header_names]
    return signature.http_string(asked.method, asked.path, signed_params, headers)


def _token(asked: Asked) -> str | None:
    names = ("x-cos-security-token", "x-ci-security-token")
    return next(
        (asked.header(name) or asked.param(name) for name in names if asked.header(name) or asked.has(name)), None
    )


def _expected(holder: Holder, claim: signature.Claim, text: str) -> str:
    return signature.signature(signature.sign_key(holder.secret_key, claim.key_time), text)


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())

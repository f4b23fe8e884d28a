"""Find out who sent a request, by its signature, token and time; and decide what they may do, by policy and ACL.

Sources: COS's error codes and request signature, CI's error codes, read 2026-11-22.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from emulator.cos import signature
from emulator.errors import ServiceError
from emulator.http.messages import Request
from emulator.identity.credentials import Credentials, Holder
from emulator.identity.policy import Policy
from emulator.operations import Service

MAX_SKEW_S = 15 * 60

Reason = Literal["unsigned", "malformed", "unknown key", "expired key", "expired", "skewed", "mismatch", "denied"]

# "403 AccessDenied", "403 InvalidAccessKeyId", "400 ExpiredToken", "403 RequestTimeTooSkewed: ... more than 15
# minutes", "403 SignatureDoesNotMatch" (COS); "401 MissingAuthorization, InvalidAuthorization, SecretidNotExist,
# SignatureExpired", "403 AccessDenied" (CI)
_ERRORS: dict[Service, dict[Reason, tuple[int, str, str]]] = {
    "cos": {
        "unsigned": (403, "AccessDenied", "Access Denied."),
        "malformed": (403, "AccessDenied", "the signature does not have the form of the document"),
        "unknown key": (403, "InvalidAccessKeyId", "The Access Key Id you provided does not exist in our records"),
        "expired key": (400, "ExpiredToken", "the token of the temporary credentials has expired"),
        "expired": (403, "AccessDenied", "Request has expired"),
        "skewed": (403, "RequestTimeTooSkewed", "the signature begins more than 15 minutes from now"),
        "mismatch": (403, "SignatureDoesNotMatch", "The Signature you specified is invalid."),
        "denied": (403, "AccessDenied", "Access Denied."),
    },
    "ci": {
        "unsigned": (401, "MissingAuthorization", "the request carries no signature"),
        "malformed": (401, "InvalidAuthorization", "the signature does not have the form of the document"),
        "unknown key": (401, "SecretidNotExist", "the SecretId does not exist"),
        "expired key": (401, "SignatureExpired", "the token of the temporary credentials has expired"),
        "expired": (401, "SignatureExpired", "the signature has expired"),
        "skewed": (401, "SignatureExpired", "the signature begins more than 15 minutes from now"),
        "mismatch": (401, "InvalidAuthorization", "the signature is not that of this request"),
        "denied": (403, "AccessDenied", "the policy does not allow this"),
    },
}


@dataclass(frozen=True, slots=True)
class Principal:
    """The sender of a request: the root account, a role by its name, or nobody known.

    `policies` are those of the credentials themselves, where they have some: all of them must allow what is done.
    """

    kind: Literal["root", "role", "anonymous"]
    name: str = ""
    policies: tuple[Policy, ...] | None = None


ANONYMOUS = Principal("anonymous")


class Authenticator:
    """Checks requests against the credentials that there are."""

    def __init__(self, credentials: Credentials, now: Callable[[], float]) -> None:
        self._credentials = credentials
        self._now = now

    def identify(self, request: Request, service: Service) -> Principal:
        """Return the principal that signed the request, in its Authorization header or its query; else ANONYMOUS.

        Raises:
            ServiceError: the signature is not in order.
        """
        fields = {name: value for name, value in request.query if name.startswith("q-")}
        # Older SDKs put the whole signature into one parameter; seen in cos-nodejs-sdk-v5's own tests.
        text = request.header("authorization") or request.param("sign")
        try:
            if text:
                claim = signature.read_authorization(text)
            elif fields:
                claim = signature.read_claim(fields)
            else:
                return ANONYMOUS
        except ValueError as error:
            raise ServiceError(*_ERRORS[service]["malformed"][:2], str(error), service) from error
        return self.check(claim, _signed_by(request, claim), token=_token(request), service=service)

    def check(
        self, claim: signature.Claim, signed: str, *, token: str | None, service: Service, is_text: bool = False
    ) -> Principal:
        """Return the principal of a claim over `signed`: an HttpString, or with `is_text` the StringToSign itself.

        Raises:
            ServiceError: the time, the credentials, their token or the signature is not in order.
        """
        self._check_time(claim, service)
        holder = self._credentials.find(claim.key_id)
        # Temporary credentials are none without their token.
        if holder is None or (holder.token is not None and not _equal(holder.token, token or "")):
            raise auth_error("unknown key", service)
        if holder.expires_at is not None and self._now() >= holder.expires_at:
            raise auth_error("expired key", service)
        text = signed if is_text else signature.string_to_sign(claim.key_time, signed)
        if not _equal(_expected(holder, claim, text), claim.digits):
            raise ServiceError(*_ERRORS[service]["mismatch"], service, (("StringToSign", text),))
        return Principal(holder.kind, holder.name, holder.policies)

    def _check_time(self, claim: signature.Claim, service: Service) -> None:
        now = self._now()
        if claim.starts_at_s > now + MAX_SKEW_S:
            raise auth_error("skewed", service)
        # "the time of the request is outside the signature's validity"
        if not claim.starts_at_s <= now <= claim.ends_at_s:
            raise auth_error("expired", service)


class PolicyHolder:
    """The access policy of the account's roles; None lets them do everything."""

    def __init__(self) -> None:
        self.policy: Policy | None = None

    def permits(self, principal: Principal, action: str, resource: str) -> bool:
        """Return whether a principal may do this: root everything, a role what the policy says, others nothing."""
        if principal.policies is not None:
            return all(policy.allows(action, resource) for policy in principal.policies)
        if principal.kind == "role":
            return self.policy is None or self.policy.allows(action, resource)
        return principal.kind == "root"


def auth_error(reason: Reason, service: Service) -> ServiceError:
    """Return the service's error for a reason."""
    return ServiceError(*_ERRORS[service][reason], service)


def _signed_by(request: Request, claim: signature.Claim) -> str:
    """Return the HttpString over exactly what the claim lists. What is listed and absent counts as empty."""
    params = [pair for pair in request.query if not pair[0].startswith("q-") and pair[0] != "sign"]
    signed_params: list[tuple[str, str]] = []
    for name in claim.param_names:
        signed_params += [pair for pair in params if signature.encode(pair[0]).lower() == name] or [(unquote(name), "")]
    # "host is signed without the port"
    values = {**request.headers, "host": request.host}
    headers = [(name, values.get(unquote(name), "").encode("latin-1")) for name in claim.header_names]
    return signature.http_string(request.method, request.path, signed_params, headers)


def _token(request: Request) -> str | None:
    names = ("x-cos-security-token", "x-ci-security-token")
    return next(
        (request.header(name) or request.param(name) for name in names if request.header(name) or request.has(name)),
        None,
    )


def _expected(holder: Holder, claim: signature.Claim, text: str) -> str:
    return signature.signature(signature.sign_key(holder.secret_key, claim.key_time), text)


def _equal(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())

"""A signed HTTP request -> a call -> the response's JSON.

The status is always 200; an error stands in the JSON.
Source: cloud API 3.0, "Request Structure", "Common Parameters", "Responses", "Signature v3", "Signature" (v1),
read 2026-11-22 and 2026-11-25.
"""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qsl

from emulator.control.errors import ApiError
from emulator.control.parameters import Actions, Parameters, Response, from_pairs
from emulator.control.signing import SignedRequest, verify_tc3, verify_v1
from emulator.identity.credentials import Credentials, Holder

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_VERSIONS = {"scf": "2018-04-16", "cam": "2019-01-16", "sts": "2018-08-13"}
_SERVICES = {version: service for service, version in _VERSIONS.items()}
# Signature v3: "POST requests signed with TC3-HMAC-SHA256: up to 10 MB"
_MAX_BODY_BYTES = 10 * 1024 * 1024
_FORM = "application/x-www-form-urlencoded"
# What signature v1 carries among the parameters.
_COMMON = (
    "Action", "Version", "Region", "Timestamp", "Nonce", "SecretId", "Signature", "SignatureMethod", "Token",
    "RequestClient", "Language",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Call:
    """A call whose signature is verified; `region` is empty where none was common."""

    holder: Holder
    service: str
    action: str
    version: str
    region: str


class Api:
    """The control plane as a WSGI application. `on_call` gets the service, the action, and the code of an error."""

    def __init__(
        self,
        services: Mapping[str, Actions],
        *,
        credentials: Credentials,
        region: str,
        now: Callable[[], float],
        on_call: Callable[[str, str, str], None],
    ) -> None:
        self._services, self._credentials, self._region = services, credentials, region
        self._now, self._on_call = now, on_call

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        request_id = str(uuid.uuid4())
        service = action = code = ""
        try:
            request = _read(environ)
            call, parameters = self._authenticate(request)
            service, action = call.service, call.action
            response = self._dispatch(call, parameters(request))
        except ApiError as error:
            code = error.code
            response = {"Error": {"Code": error.code, "Message": error.message}}
        self._on_call(service, action, code)
        content = json.dumps({"Response": {**response, "RequestId": request_id}}).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
        return [content]

    def _authenticate(self, request: SignedRequest) -> tuple[_Call, Callable[[SignedRequest], Parameters]]:
        headers = request.headers
        if "authorization" not in headers:
            pairs = _pairs(request)
            if any(name == "Signature" for name, _ in pairs):
                holder = verify_v1(request, pairs, credentials=self._credentials, now_s=self._now())
                common = dict(pairs)
                version = common.get("Version", "")
                service = _SERVICES.get(version, "")
                call = _Call(holder, service, common.get("Action", ""), version, common.get("Region", ""))
                return call, lambda _: from_pairs(pair for pair in pairs if pair[0] not in _COMMON)
        holder, service = verify_tc3(request, credentials=self._credentials, now_s=self._now())
        action, version = headers.get("x-tc-action", ""), headers.get("x-tc-version", "")
        return _Call(holder, service, action, version, headers.get("x-tc-region", "")), _parameters

    def _dispatch(self, call: _Call, parameters: Parameters) -> Response:
        # Only the root account may use the control plane here; a run role's credentials are for its function.
        if call.holder.kind != "root":
            raise ApiError("UnauthorizedOperation", "the credentials are a role's: only the root account's may do this")
        if call.service not in self._services:
            raise ApiError("AuthFailure.SignatureFailure", f"there is no service {call.service} here")
        if call.version != _VERSIONS[call.service]:
            raise ApiError("NoSuchVersion", f"the version of {call.service} is {_VERSIONS[call.service]}")
        action = self._services[call.service].get(call.action)
        if action is None:
            raise ApiError("InvalidAction", f"{call.service} has no action {call.action or 'without a name'} here")
        if call.service == "scf" and call.region != self._region:
            raise ApiError("UnsupportedRegion", f"the only region here is {self._region}")
        return action(parameters)


def _read(environ: "WSGIEnvironment") -> SignedRequest:
    headers = {
        name[5:].lower().replace("_", "-"): str(value) for name, value in environ.items() if name.startswith("HTTP_")
    }
    headers["content-type"] = str(environ.get("CONTENT_TYPE", ""))
    method: Literal["GET", "POST"] | None = {"GET": "GET", "POST": "POST"}.get(environ["REQUEST_METHOD"])  # type: ignore[assignment]  # a literal each
    path, _, query = str(environ["REQUEST_URI"]).partition("?")
    if method is None or path != "/":
        raise ApiError("InvalidRequest", "a call is a POST or a GET of /")
    kind = headers["content-type"].partition(";")[0]
    if method == "POST" and kind not in {"application/json", _FORM}:
        raise ApiError("InvalidRequest", f"the body of a call is application/json, or {_FORM} with signature v1")
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > _MAX_BODY_BYTES:
        raise ApiError("RequestSizeLimitExceeded", "a request has at most 10 MB")
    stream: Any = environ["wsgi.input"]
    return SignedRequest(method, query, headers, stream.read(length) if length else b"")


def _pairs(request: SignedRequest) -> list[tuple[str, str]]:
    is_form = request.headers["content-type"].partition(";")[0] == _FORM
    text = request.query if request.method == "GET" else request.body.decode(errors="replace") if is_form else ""
    return parse_qsl(text, keep_blank_values=True)


def _parameters(request: SignedRequest) -> Parameters:
    if request.method == "GET":
        return from_pairs(parse_qsl(request.query, keep_blank_values=True))
    try:
        values = json.loads(request.body or b"{}")
    except ValueError as error:
        raise ApiError("InvalidParameter", "the body is not JSON") from error
    if not isinstance(values, dict):
        raise ApiError("InvalidParameter", "the body is a JSON object")
    return Parameters(values)

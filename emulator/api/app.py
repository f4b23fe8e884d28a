"""A signed HTTP request -> a call -> the answer's JSON. It knows no call's meaning.

An answer is always 200 with JSON; a refusal is in it.
Source: cloud API 3.0, "Request Structure", "Common Parameters", "Responses", "Signature v3" (read 2026-11-22).
"""

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from emulator.api.parameters import Parameters
from emulator.api.refusal import ApiRefusal
from emulator.api.tc3 import KeyRing, verify

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Actions = Mapping[str, Callable[[Parameters], Mapping[str, object]]]

_VERSIONS: Final = {"scf": "2018-04-16", "cam": "2019-01-16"}
# Signature v3: "POST requests signed with TC3-HMAC-SHA256: up to 10 MB"
_LARGEST_BYTES: Final = 10 * 1024 * 1024


class Api:
    """The control plane as a WSGI application. `noted` is told each call: service, action, and code when refused."""

    def __init__(
        self,
        services: Mapping[str, Actions],
        *,
        keys: KeyRing,
        region: str,
        now: Callable[[], float],
        noted: Callable[[str, str, str], None],
    ) -> None:
        self._services, self._keys, self._region = services, keys, region
        self._now, self._noted = now, noted

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answers one request."""
        request_id = str(uuid.uuid4())
        service = action = code = ""
        try:
            headers, body = _request(environ)
            service, action = self._who(headers, body), headers.get("x-tc-action", "")
            answer = self._do(service, action, headers, body)
        except ApiRefusal as refused:
            code = refused.code
            answer = {"Error": {"Code": refused.code, "Message": refused.message}}
        self._noted(service, action, code)
        content = json.dumps({"Response": {**answer, "RequestId": request_id}}).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
        return [content]

    def _who(self, headers: Mapping[str, str], body: bytes) -> str:
        holder, service = verify(headers, body, keys=self._keys, now_s=self._now())
        # Only the root account may use the control plane here; a run role's keys are for its function.
        if holder.kind != "root":
            raise ApiRefusal("UnauthorizedOperation", "the keys are a run role's")
        return service

    def _do(self, service: str, action: str, headers: Mapping[str, str], body: bytes) -> Mapping[str, object]:
        if service not in self._services:
            raise ApiRefusal("AuthFailure.SignatureFailure", f"there is no service {service} here")
        if headers.get("x-tc-version") != _VERSIONS[service]:
            raise ApiRefusal("NoSuchVersion", f"the version of {service} is {_VERSIONS[service]}")
        do = self._services[service].get(action)
        if do is None:
            raise ApiRefusal("InvalidAction", f"{service} has no {action or 'call without X-TC-Action'} here")
        if service == "scf" and headers.get("x-tc-region") != self._region:
            raise ApiRefusal("UnsupportedRegion", f"the only region here is {self._region}")
        try:
            values = json.loads(body or b"{}")
        except ValueError as error:
            raise ApiRefusal("InvalidParameter", "the body is not JSON") from error
        if not isinstance(values, dict):
            raise ApiRefusal("InvalidParameter", "the body is a JSON object")
        return do(Parameters(values))


def _request(environ: "WSGIEnvironment") -> tuple[dict[str, str], bytes]:
    headers = {
        name[5:].lower().replace("_", "-"): str(value) for name, value in environ.items() if name.startswith("HTTP_")
    }
    headers["content-type"] = str(environ.get("CONTENT_TYPE", ""))
    if environ["REQUEST_METHOD"] != "POST" or environ.get("PATH_INFO", "/") != "/":
        raise ApiRefusal("InvalidRequest", "a call is a POST to /")
    if headers["content-type"].partition(";")[0] != "application/json":
        raise ApiRefusal("InvalidRequest", "a call's body is application/json")
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if length > _LARGEST_BYTES:
        raise ApiRefusal("RequestSizeLimitExceeded", "a request has at most 10 MB")
    stream: Any = environ["wsgi.input"]
    return headers, stream.read(length)

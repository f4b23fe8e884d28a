"""Turn a WSGI environ into a Request, and complete a Response with the common headers."""

import re
import time
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from itertools import count
from os import urandom
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, unquote

from emulator.errors import ServiceError

Headers = tuple[tuple[str, str], ...]
Query = tuple[tuple[str, str], ...]

XML: Headers = (("Content-Type", "application/xml"),)
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    `path` is percent-decoded and begins with a slash; `raw_path` and `raw_query` are as they came. `headers` have
    lower-case names. `host` has no port. `query` keeps order and repetitions, decoded. `length` is None for a chunked
    body.
    """

    method: str
    host: str
    raw_path: str
    headers: Mapping[str, str]
    body: BinaryIO
    length: int | None
    source_ip: str
    raw_query: str = ""
    path: str = ""
    query: Query = ()

    def param(self, name: str) -> str | None:
        """Return the first value of a query parameter, or None."""
        return next((value for key, value in self.query if key == name), None)

    def has(self, name: str) -> bool:
        """Return whether a query parameter is there, with a value or without."""
        return any(key == name for key, _ in self.query)

    def header(self, name: str) -> str:
        """Return a header's value, empty when it is absent."""
        return self.headers.get(name, "")

    def decoded(self) -> "Request":
        """Return the request with its path and query decoded.

        Raises:
            ServiceError: 400 InvalidURI, path or query is not percent-encoded UTF-8.
        """
        if _ESCAPE.search(self.raw_path):
            raise ServiceError(400, "InvalidURI", "a % in the path is followed by two hexadecimal digits")
        try:
            path = unquote(self.raw_path.encode("latin-1").decode(), errors="strict")
            # Clients write a space in a query as "+" as often as "%20"; the signature is over the decoded value.
            text = self.raw_query.encode("latin-1").decode()
            query = tuple(parse_qsl(text, keep_blank_values=True, errors="strict"))
        except ValueError as error:
            raise ServiceError(400, "InvalidURI", "path and query must be percent-encoded UTF-8") from error
        return replace(self, path=path if path.startswith("/") else "/" + path, query=query)


@dataclass(frozen=True, slots=True)
class Response:
    """A response: `length` bytes in `chunks`. The response to a HEAD says a length and brings no chunks."""

    status: int
    headers: Headers = ()
    chunks: Iterable[bytes] = ()
    length: int = 0

    @classmethod
    def of(cls, status: int, body: bytes = b"", headers: Headers = ()) -> "Response":
        """Return a response whose body is at hand."""
        return cls(status, headers, (body,) if body else (), len(body))

    def header(self, name: str) -> str | None:
        """Return a header's value whatever its case, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(slots=True)
class RequestIds:
    """Makes request ids of the shape in the documents: base64 of `58774b25_bdc35_15b2_6dff7`."""

    _serial: "count[int]" = field(default_factory=lambda: count(1))
    _host: str = field(default_factory=lambda: urandom(3).hex()[:5])

    def next(self) -> str:
        """Return a new id; no two of one server are equal."""
        text = f"{int(time.time()):08x}_{self._host}_{urandom(2).hex()}_{next(self._serial):05x}"
        return b64encode(text.encode()).decode()


class ConnectionCut(Exception):
    """The connection ends here: `reset` with a RST, otherwise closed in order. A response's chunks may raise it."""

    def __init__(self, *, reset: bool) -> None:
        super().__init__("the connection is cut by a fault")
        self.reset = reset


def read_request(environ: Mapping[str, Any]) -> Request:
    """Read a WSGI environ; path and query are still to be decoded."""
    raw_path, _, raw_query = str(environ["REQUEST_URI"]).partition("?")
    return Request(
        method=str(environ["REQUEST_METHOD"]),
        host=_without_port(str(environ.get("HTTP_HOST", ""))),
        raw_path=raw_path,
        raw_query=raw_query,
        headers=_headers(environ),
        body=environ["wsgi.input"],
        length=None if environ.get("wsgi.input_terminated") else int(environ.get("CONTENT_LENGTH") or 0),
        source_ip=str(environ.get("REMOTE_ADDR", "")),
    )


def with_common_headers(response: Response, *, server: str, request_id_header: str, request_id: str) -> Response:
    """Add the headers of every response, in the order of the document's example.

    Source: get-snapshot.md, Examples ("Connection: keep-alive", "Server: tencent-ci", "x-cos-request-id: ...").
    """
    first = [(name, value) for name, value in response.headers if name.lower() == "content-type"]
    rest = [(name, value) for name, value in response.headers if name.lower() not in {"content-type", "content-length"}]
    no_body = response.status in {204, 304}
    length = [] if no_body else [("Content-Length", response.header("Content-Length") or str(response.length))]
    common = [
        ("Connection", "keep-alive"),
        ("Date", formatdate(usegmt=True)),
        ("Server", server),
        (request_id_header, request_id),
    ]
    return Response(response.status, (*first, *length, *common, *rest), response.chunks, response.length)


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    headers = {
        name[5:].replace("_", "-").lower(): str(value) for name, value in environ.items() if name.startswith("HTTP_")
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = str(environ[name])
    return headers


def _without_port(host: str) -> str:
    return re.sub(r":\d*$", "", host.strip()).lower()

"""Answer the cloud's own address: control paths under /_emulator/, mounted pages, and an index of them at /.

It is reached by a loopback Host alone and needs no signature; a request that changes something must say that it is
JSON, which a web page of another origin cannot without a preflight.
"""

import html
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from emulator.cos.objects import object_response
from emulator.cos.store import Store
from emulator.errors import ServiceError
from emulator.faults.injector import FaultInjector
from emulator.faults.wire import read_fault, write_event, write_fault
from emulator.http.messages import Request, Response

PREFIX = "/_emulator/"
Pages = Callable[[Request], Response | None]
"""Answers an unsigned request at this machine's own address; None leaves it to the cloud."""

_MAX_BODY_BYTES = 1024 * 1024


class Admin:
    """Answers the cloud's own address.

    `summary` is what the cloud says of itself. `reads` are the paths to look at and `changes` those that change
    something, by method and name; a change is given the request's JSON and raises ValueError for what it cannot take.
    """

    def __init__(
        self,
        *,
        summary: Callable[[], Mapping[str, object]],
        reads: Mapping[str, Callable[[], object]],
        changes: Mapping[tuple[str, str], Callable[[Any], None]],
        faults: FaultInjector,
        store: Store,
        pages: Pages | None,
    ) -> None:
        self._describe, self._store, self._pages = summary, store, pages
        self._get: dict[str, Callable[[], object]] = {"": self._summary, "faults": lambda: _faults(faults), **reads}
        self._change: dict[tuple[str, str], Callable[[Any], None]] = {
            ("POST", "faults"): lambda body: faults.add(read_fault(body)),
            ("DELETE", "faults"): lambda _: faults.clear(),
            **changes,
        }

    def answer(self, request: Request) -> Response | None:
        """Return the response to one of the cloud's own paths; None where the path is COS's or CI's."""
        if not request.header("authorization"):
            page = self._pages(request) if self._pages else None
            if page is not None:
                return page
            if request.path == "/" and request.method == "GET":
                return Response.of(200, self._index(), (("Content-Type", "text/html; charset=utf-8"),))
        if not request.path.startswith(PREFIX):
            return None
        name = request.path[len(PREFIX) :]
        if request.method == "GET" and name == "object":
            return self._object(request)
        if request.method == "GET" and name in self._get:
            return _json(200, self._get[name]())
        return self._changed(request, name)

    def _changed(self, request: Request, name: str) -> Response:
        change = self._change.get((request.method, name))
        if change is None:
            return _json(404, {"error": f"there is no {request.method} {PREFIX}{name}"})
        try:
            change(_body(request))
        except ValueError as error:
            return _json(400, {"error": str(error)})
        return _json(200, {})

    def _summary(self) -> object:
        return {**self._describe(), "paths": sorted({*self._get, *(name for _, name in self._change), "object"})}

    def _object(self, request: Request) -> Response:
        try:
            stored = self._store.open(request.param("bucket") or "", request.param("key") or "")
            response = object_response(replace(request, query=()), stored)
        except ServiceError as error:
            return _json(error.status, {"error": error.message})
        # An object is whatever somebody uploaded: shown as its type says, never run in this page's name.
        added = (
            ("Content-Security-Policy", "sandbox; default-src 'none'; img-src 'self'; media-src 'self'"),
            ("X-Content-Type-Options", "nosniff"),
        )
        return replace(response, headers=(*response.headers, *added))

    def _index(self) -> bytes:
        names = sorted({*self._get, "object"})
        links = "".join(f'<li><a href="{PREFIX}{name}">{PREFIX}{name}</a></li>' for name in names)
        address = html.escape(str(self._describe()["endpoint"]))
        return f"<!doctype html><title>{address}</title><h1>{address}</h1><ul>{links}</ul>".encode()


def bucket_in(body: object) -> str:
    """Return the bucket that a request's JSON names.

    Raises:
        ValueError: it names none.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("bucket"), str):
        raise ValueError('say {"bucket": "NAME-APPID"}')  # noqa: TRY004  # a wrong document
    return str(body["bucket"])


def _faults(faults: FaultInjector) -> dict[str, object]:
    return {
        "faults": [write_fault(fault) for fault in faults.faults],
        "fired": [write_event(event) for event in faults.events],
    }


def _body(request: Request) -> object:
    if request.header("content-type").partition(";")[0].strip() != "application/json":
        raise ValueError("say Content-Type: application/json")
    if (request.length or 0) > _MAX_BODY_BYTES:
        raise ValueError("the body is too large")
    text = request.body.read(_MAX_BODY_BYTES)
    try:
        return json.loads(text) if text else None
    except RecursionError as error:
        raise ValueError("the body is nested too deeply") from error


def _json(status: int, value: object) -> Response:
    return Response.of(status, json.dumps(value, default=str).encode(), (("Content-Type", "application/json"),))

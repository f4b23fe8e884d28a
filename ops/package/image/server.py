"""SCF's calls of an image-based function by HTTP -> calls of handler.main_handler. It runs inside the image.

The platform sends POST /event-invoke to port 9000: the event is the body, the context and the run role's temporary
credentials are headers, and stdout and stderr become the log.
Source: SCF, "WebServer Image Function" (tencentcloud.com document 583/41076, read 2026-11-25). What makes a call a
failed one is not stated there; a status of 500 is taken for it.
"""

import json
import os
import sys
import threading
import traceback
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PORT = 9000
_MAX_EVENT_BYTES = 6 * 1024 * 1024
_VARIABLES = {
    "X-Scf-Secret-Id": "TENCENTCLOUD_SECRETID",
    "X-Scf-Secret-Key": "TENCENTCLOUD_SECRETKEY",
    "X-Scf-Session-Token": "TENCENTCLOUD_SESSIONTOKEN",
    "X-Scf-Region": "TENCENTCLOUD_REGION",
    "X-Scf-Appid": "TENCENTCLOUD_APPID",
}
"""The variables of a function that is deployed as code, by the header that brings each value here."""
_MS = 1000


class Handler(BaseHTTPRequestHandler):
    """Answers one request. Calls run one after another, as they do in an instance of a function of code."""

    protocol_version = "HTTP/1.1"
    timeout = 60
    _running = threading.Lock()

    def do_GET(self) -> None:  # the name that http.server calls
        """Answer a health check."""
        self._answer(200, b"{}")

    def do_POST(self) -> None:  # the name that http.server calls
        """Run the function for one event."""
        size = self.headers.get("Content-Length", "")
        if self.path != "/event-invoke" or not size.isdecimal() or int(size) > _MAX_EVENT_BYTES:
            self.close_connection = True
            self._answer(400, b'{"errorMessage": "POST /event-invoke with an event of at most 6 MB"}')
            return
        body = self.rfile.read(int(size))
        with self._running:
            status, answer = invoke(body, {name: str(value) for name, value in self.headers.items()})
        self._answer(status, json.dumps(answer).encode())

    def log_message(self, format: str, *args: object) -> None:  # the name that http.server gives
        """Leave the log to the function."""

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def invoke(body: bytes, headers: Mapping[str, str]) -> tuple[int, object]:
    """Return the status and the answer of one invocation: the function's result, or its error."""
    from handler import main_handler  # noqa: PLC0415  # so that a setting that is wrong fails calls, not the start

    lowered = {name.lower(): value for name, value in headers.items()}
    os.environ.update({
        variable: lowered[name.lower()] for name, variable in _VARIABLES.items() if name.lower() in lowered
    })  # fmt: skip
    try:
        return 200, main_handler(json.loads(body), read_context(lowered))
    except Exception as error:  # noqa: BLE001  # whatever it is, it is this invocation's failure
        traceback.print_exc()
        return 500, {"errorCode": -1, "errorMessage": f"{type(error).__name__}: {error}", "statusCode": 430}


def read_context(headers: Mapping[str, str]) -> dict[str, object]:
    """Return the context as a function of code gets it, from headers with names in lower case."""
    context: dict[str, object] = {
        "request_id": headers.get("x-scf-request-id", ""),
        "function_name": headers.get("x-scf-name", ""),
        "namespace": headers.get("x-scf-namespace", ""),
        "tencentcloud_region": headers.get("x-scf-region", ""),
        "tencentcloud_appid": headers.get("x-scf-appid", ""),
    }
    timeout, memory = headers.get("x-scf-timeout", ""), headers.get("x-scf-memory", "")
    if timeout.isdecimal():
        context["time_limit_in_ms"] = int(timeout) * (_MS if int(timeout) < _MS else 1)  # the unit is not stated
    if memory.isdecimal():
        context["memory_limit_in_mb"] = int(memory)
    return context


def main(port: int = _PORT) -> None:
    """Serve until the instance ends."""
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a file or a pipe, never replaced here
    with ThreadingHTTPServer(("0.0.0.0", port), Handler) as server:  # noqa: S104  # "it should listen on 0.0.0.0:9000"
        server.serve_forever()


if __name__ == "__main__":
    main(int(os.environ.get("PORT", _PORT)))

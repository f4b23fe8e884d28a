"""Serve a WSGI application over HTTP/1.1 on 127.0.0.1, with connections that stay open.

Werkzeug's server, bound where it is made, so a taken port fails at once. Werkzeug closes every connection and folds
`//` at a path's start; COS does neither. A request whose end is not certain is answered 400 and its connection closed,
so that nothing of a body is ever taken for a second request (RFC 9112, section 6.3, read 2026-11-25).
"""

import logging
import socket
import ssl
import struct
import threading
from email.errors import FirstHeaderLineIsContinuationDefect, InvalidHeaderDefect, MissingHeaderBodySeparatorDefect
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from werkzeug.serving import DechunkedInput, ThreadedWSGIServer, WSGIRequestHandler

from emulator.http.messages import ConnectionCut

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
_IDLE_S = 60
_DRAINED_BYTES = 256 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_CLOSE_S = 10.0
_HANDSHAKE_S = 10.0

_HEADER_DEFECTS = (FirstHeaderLineIsContinuationDefect, InvalidHeaderDefect, MissingHeaderBodySeparatorDefect)

_log = logging.getLogger(__name__)


class PortTaken(OSError):
    """The port cannot be bound."""


class Server:
    """Serves an application from the moment it is made until close()."""

    def __init__(
        self, app: "WSGIApplication", port: int = 0, *, host: str = HOST, tls: ssl.SSLContext | None = None
    ) -> None:
        """Bind and begin to serve, by https where `tls` is given.

        Raises:
            PortTaken: the port is in use or may not be bound.
        """
        with socket.socket() as bound:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                bound.bind((host, port))
            except OSError as error:
                raise PortTaken(
                    f"port {port} of {host} cannot be bound ({error.strerror}): choose another, or 0 for a free one"
                ) from error
            bound.listen(128)
            self._server = _Server(host, port, app, handler=_Handler, fd=bound.fileno())
            self._server.tls = tls
        self.port = int(self._server.socket.getsockname()[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="emulator", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End every connection and every thread; return once nothing runs."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.end_connections()


class _Server(ThreadedWSGIServer):
    """Werkzeug's threaded server, that knows its connections."""

    daemon_threads = True
    tls: ssl.SSLContext | None = None

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  # werkzeug's own
        self._open: dict[threading.Thread, socket.socket] = {}
        self._guard = threading.Lock()
        super().__init__(*arguments, **options)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # socketserver's own
        if self.tls is not None:
            # The handshake is made in this thread: a client that never ends it holds up nobody else.
            request = self.tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
        with self._guard:
            self._open[threading.current_thread()] = request
        try:
            if self.tls is not None and not _handshake(request):
                self.shutdown_request(request)
                return
            super().process_request_thread(request, client_address)
        finally:
            with self._guard:
                del self._open[threading.current_thread()]

    def end_connections(self) -> None:
        with self._guard:
            still_open = dict(self._open)
        for connection in still_open.values():
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # the other side was faster
        for thread in still_open:
            thread.join(_CLOSE_S)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002  # socketserver's own
        _log.debug("server.connection_failed", exc_info=True)


def _handshake(connection: ssl.SSLSocket) -> bool:
    """Make the handshake of TLS; return whether it came about."""
    try:
        connection.settimeout(_HANDSHAKE_S)
        connection.do_handshake()
        connection.settimeout(None)
    except OSError:
        _log.debug("server.handshake_failed", exc_info=True)
        return False
    return True


class _Body:
    """The part of a request's body that is still to come, so that a connection can go on after it."""

    def __init__(self, stream: BinaryIO, length: int) -> None:
        self._stream = stream
        self.left = length

    def read(self, size: int = -1) -> bytes:
        size = self.left if size is None or size < 0 else min(size, self.left)
        data = self._stream.read(size) if size else b""
        self.left -= len(data)
        return data

    def readinto(self, buffer: "bytearray | memoryview") -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _Handler(WSGIRequestHandler):
    """One connection: requests one after the other until one side has had enough."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE_S
    disable_nagle_algorithm = True

    def make_environ(self) -> "WSGIEnvironment":
        # http.server has folded a leading "//" in self.path, and werkzeug's reading of it can fail: neither is used.
        self.path = "/"
        environ = super().make_environ()
        target = self.requestline.split()[1]
        if "://" in target.partition("?")[0]:
            target = "/" + target.partition("://")[2].partition("/")[2]
        environ["REQUEST_URI"] = target
        return environ

    def run_wsgi(self) -> None:
        if not self._has_certain_end():
            self._refuse()
            return
        environ = self.make_environ()
        if not environ.get("wsgi.input_terminated"):
            length = int(self.headers.get("Content-Length", "0").strip())
            environ["wsgi.input"] = _Body(cast("BinaryIO", self.rfile), length)
        try:
            self._send(self.server.app, environ)
        except ConnectionCut as cut:
            self._cut(reset=cut.reset)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        if not self.close_connection:
            self._drain(environ["wsgi.input"])

    def _has_certain_end(self) -> bool:
        """Return whether the headers leave no doubt where the request's body ends."""
        # What cannot be read as a header (`Content-Length : 5`) ends the headers for Python's parser, silently.
        # Defects of a body do not count: the parser takes a form's type for that of a message whose parts are missing.
        if any(isinstance(defect, _HEADER_DEFECTS) for defect in self.headers.defects):
            return False
        # "A server that receives an obs-fold ... MUST either reject the message" (section 5.2)
        if any("\n" in value or "\r" in value for value in self.headers.values()):
            return False
        codings = self.headers.get_all("Transfer-Encoding", [])
        lengths = self.headers.get_all("Content-Length", [])
        if codings:
            return [coding.strip().lower() for coding in codings] == ["chunked"] and not lengths
        length = lengths[0].strip() if lengths else "0"
        return len(lengths) <= 1 and length.isascii() and length.isdigit()

    def _send(self, app: "WSGIApplication", environ: "WSGIEnvironment") -> None:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], _: object = None
        ) -> "Callable[[bytes], object]":
            started.append((status, headers))
            return self.wfile.write

        chunks = app(environ, start_response)
        status, headers = started[0]
        code, _, phrase = status.partition(" ")
        self.send_response_only(int(code), phrase)
        for name, value in headers:
            self.send_header(name, "close" if name == "Connection" and self.close_connection else value)
        # http.server keeps the headers until here; with a small body they leave in one piece.
        self._headers_buffer: list[bytes]
        self._headers_buffer.append(b"\r\n")
        pending, self._headers_buffer = b"".join(self._headers_buffer), []
        try:
            for chunk in chunks:
                self.wfile.write(pending + chunk if pending else chunk)
                pending = b""
        finally:
            if pending:
                self.wfile.write(pending)

    def _drain(self, body: "_Body | DechunkedInput") -> None:
        """Read the rest of the body, so that a client still sending gets to read the response."""
        left = _DRAINED_BYTES
        try:
            while left > 0 and (chunk := body.read(_CHUNK_BYTES)):
                left -= len(chunk)
        except OSError:
            left = 0
        self.close_connection = self.close_connection or left <= 0

    def _cut(self, *, reset: bool) -> None:
        self.close_connection = True
        if reset:
            # A linger of zero seconds makes the kernel send RST.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.rfile.close()
            self.connection.close()

    def _refuse(self) -> None:
        self.close_connection = True
        self.send_response_only(400, "Bad Request")
        self.send_header("Content-Length", "0")
        self.send_header("Connection", "close")
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Write nothing: the cloud has an access log of its own."""

    def log_error(self, format: str, *args: Any) -> None:  # noqa: ANN401  # http.server's own
        _log.debug("server.bad_request " + format, *args)  # http.server's own format

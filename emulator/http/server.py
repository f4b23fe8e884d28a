"""A WSGI application -> HTTP/1.1 on 127.0.0.1 with connections that stay open.

Werkzeug's server, bound where it is made, so a taken port fails at once. Werkzeug closes every connection and
folds `//` at a path's start; COS does neither. Knows nothing of COS but that a body may be cut on purpose.
"""

import logging
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from werkzeug.serving import DechunkedInput, ThreadedWSGIServer, WSGIRequestHandler

from emulator.cos.wire import ConnectionCut

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

HOST = "127.0.0.1"
_IDLE_S = 60
_DRAINED_BYTES = 256 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024
_CLOSE_S = 10.0

_log = logging.getLogger(__name__)


class PortTaken(OSError):
    """Nothing could be bound to the port asked for."""


class Server:
    """Serves an application from the moment it is made until close()."""

    def __init__(self, app: "WSGIApplication", port: int = 0) -> None:
        """Binds and begins to serve.

        Raises:
            PortTaken: the port is in use or may not be bound.
        """
        with socket.socket() as bound:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                bound.bind((HOST, port))
            except OSError as error:
                raise PortTaken(
                    f"port {port} of {HOST} cannot be bound ({error.strerror}): ask for another, or for 0"
                ) from error
            bound.listen(128)
            self._server = _Server(HOST, port, app, handler=_Handler, fd=bound.fileno())
        self.port = int(self._server.socket.getsockname()[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="emulator", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends every connection and every thread; returns once nothing runs."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.end_connections()


class _Server(ThreadedWSGIServer):
    """Werkzeug's threaded server, that knows its connections."""

    daemon_threads = True

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401  # werkzeug's own
        self._open: dict[threading.Thread, socket.socket] = {}
        self._guard = threading.Lock()
        super().__init__(*arguments, **options)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # socketserver's own
        with self._guard:
            self._open[threading.current_thread()] = request
        try:
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


class _Body:
    """What of a request's body is still to come, so that a connection can go on behind it."""

    def __init__(self, stream: BinaryIO, length: int) -> None:
        self._stream = stream
        self.left = length

    def read(self, size: int = -1) -> bytes:
        wanted = self.left if size is None or size < 0 else min(size, self.left)
        found = self._stream.read(wanted) if wanted else b""
        self.left -= len(found)
        return found

    def readinto(self, buffer: "bytearray | memoryview") -> int:
        found = self.read(len(buffer))
        buffer[: len(found)] = found
        return len(found)


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
        length = self.headers.get("Content-Length", "0").strip()
        is_chunked = self.headers.get("Transfer-Encoding", "").lower().strip() == "chunked"
        if not (length.isascii() and length.isdigit()) or (is_chunked and "Content-Length" in self.headers):
            self._refuse()
            return
        environ = self.make_environ()
        if not is_chunked:
            environ["wsgi.input"] = _Body(cast("BinaryIO", self.rfile), int(length))
        try:
            self._send(self.server.app, environ)
        except ConnectionCut as cut:
            self._cut(reset=cut.reset)
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        if not self.close_connection:
            self._drain(environ["wsgi.input"])

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
        """Reads what the application left of the body, so that a client still sending gets to read its answer."""
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
        """Says nothing: the cloud notes its calls itself."""

    def log_error(self, format: str, *args: Any) -> None:  # noqa: ANN401  # http.server's own
        _log.debug("server.bad_request " + format, *args)  # http.server's own format

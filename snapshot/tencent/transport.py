"""One HTTP exchange over a connection that is kept -> status, headers, body; never past its deadline.

A socket's timeout counts from the last byte, so a peer that sends one now and then can hold a call for hours: in its
headers, in `100 Continue` after `100 Continue`, in trailers. Here each connection has a second handle on its socket,
which a watching thread shuts down when the time is over; names are resolved on a thread that can be left behind.
The standard library's HTTP is used directly: requests and urllib3 offer no such handle.
"""

import http.client
import io
import socket
import ssl
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple, cast

import certifi

from snapshot.deadline import Deadline
from snapshot.workers import run_in_background

_CONNECT_S, _READ_S = 5.0, 30.0
_MAX_EXCHANGE_S = 120.0  # one exchange, however far the deadline is
_MIN_WAIT_S = 0.01  # 0 would mean not to wait at all
_CHUNK_BYTES = 64 * 1024
_MAX_ERROR_BYTES = 64 * 1024
_OK = 200

Address = tuple[Any, ...]
Resolve = Callable[[str, int], list[Address]]


class TransportError(Exception):
    """An exchange that came to nothing. `code` is NotSent, NoAnswer, BrokenAnswer, TooLarge or OutOfTime."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Origin(NamedTuple):
    """The end that a connection leads to."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Exchange:
    """The bytes of one exchange: `target` is path and query, encoded; the body of a 200 may have `max_bytes`."""

    origin: Origin
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None
    max_bytes: int


@dataclass(frozen=True, slots=True)
class RawResponse:
    """A response, whole but for the end of an error's body beyond 64 KiB."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


def resolve_name(host: str, port: int) -> list[Address]:
    """Return the addresses of a host, as getaddrinfo gives them."""
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


class Transport:
    """Connections to a few origins, kept open between exchanges. Used by several threads at once."""

    def __init__(self, *, max_idle: int, resolve: Resolve = resolve_name) -> None:
        self._max_idle = max_idle
        self._resolve = resolve
        self._lock = threading.Lock()
        self._idle: dict[Origin, list[_Connection]] = defaultdict(list)
        self._names: dict[Origin, Future[list[Address]]] = {}
        self._watch = _Watch()
        self._is_closed = False

    def close(self) -> None:
        """Close every connection that is not in use; one in use is closed by whoever uses it."""
        with self._lock:
            self._is_closed = True
            idle = [connection for connections in self._idle.values() for connection in connections]
            self._idle.clear()
        for connection in idle:
            connection.release()
        self._watch.close()

    def send(
        self, exchange: Exchange, deadline: Deadline, *, on_sent: Callable[[], None] = lambda: None
    ) -> RawResponse:
        """Send one request and return the response, whatever its status. `on_sent` is called as the request goes out.

        Raises:
            TransportError: no whole response came in time, or nothing could be sent.
        """
        ends = Deadline(min(deadline.at_s, deadline.clock() + _MAX_EXCHANGE_S), deadline.clock)
        connection: _Connection | None = None
        with self._watch.until(ends) as guard:
            try:
                connection = self._take(exchange.origin) or self._open(exchange.origin, guard, ends)
                guard.hold(connection)
                raw, is_read = _exchange(connection, exchange, guard, on_sent)
            except TransportError as error:
                if guard.is_over and error.code == "BrokenAnswer":
                    raise _explain(error, guard=guard, deadline=deadline) from None
                raise
            except OSError as error:
                raise _explain(error, guard=guard, deadline=deadline) from None
            except (http.client.InvalidURL, ValueError) as error:  # a header or a path that cannot be sent
                raise TransportError("NotSent", f"could not be sent ({type(error).__name__})") from None
            except http.client.HTTPException as error:
                raise _explain(error, guard=guard, deadline=deadline) from None
            else:
                if is_read and connection.sock is not None:
                    guard.let_go()
                    self._keep(exchange.origin, connection)
                    connection = None
                return raw
            finally:
                guard.let_go()
                if connection is not None:
                    connection.release()

    def warm(self, origin: Origin, deadline: Deadline) -> None:
        """Open one more connection to `origin` and keep it for the next exchange. A failure shows there."""
        with self._watch.until(deadline) as guard, suppress(OSError, TransportError):
            connection = self._open(origin, guard, deadline)
            guard.let_go()
            self._keep(origin, connection)

    def _take(self, origin: Origin) -> "_Connection | None":
        while True:
            with self._lock:
                connections = self._idle[origin]
                connection = connections.pop() if connections else None
            if connection is None or connection.is_alive():
                return connection
            connection.release()

    def _keep(self, origin: Origin, connection: "_Connection") -> None:
        with self._lock:
            has_room = not self._is_closed and len(self._idle[origin]) < self._max_idle
            if has_room:
                self._idle[origin].append(connection)
        if not has_room:
            connection.release()

    def _open(self, origin: Origin, guard: "_Guard", deadline: Deadline) -> "_Connection":
        failure: OSError = OSError("no address")
        for address in self._find(origin, deadline):
            connection = _Connection(origin)
            try:
                connection.open(address, guard, deadline)
            except OSError as error:
                connection.release()
                failure = error
                if guard.is_over:
                    break
            else:
                return connection
        raise failure

    def _find(self, origin: Origin, deadline: Deadline) -> list[Address]:
        """Return the addresses of the origin, looked up once; name resolution has no timeout of its own."""
        with self._lock:
            resolving = self._names.get(origin)
            if resolving is None or (resolving.done() and resolving.exception()):
                resolving = self._names[origin] = run_in_background(self._resolve, origin.host, origin.port)
        try:
            return resolving.result(timeout=deadline.left_s())
        except FutureTimeoutError:
            raise TransportError("OutOfTime", "the name of the host was not resolved in time") from None
        except UnicodeError as error:
            raise TransportError("NotSent", f"the host has no valid name ({type(error).__name__})") from None


class _Lines(io.BufferedReader):
    """A response as it is read; `is_cut` once it ended amid its head. http.client takes that for the head's end."""

    is_cut = False

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        self.is_cut = self.is_cut or not line.endswith(b"\n")
        return line


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # http.client's own
        super().__init__(sock, *args, **kwargs)
        self.fp = self.lines = _Lines(self.fp.detach())


class _Connection(http.client.HTTPConnection):
    """A connection with a second handle on its socket, by which another thread can end it."""

    response_class = _Response

    def __init__(self, origin: Origin) -> None:
        super().__init__(origin.host, origin.port)
        self.twin: socket.socket | None = None
        self._origin = origin

    def open(self, address: Address, guard: "_Guard", deadline: Deadline) -> None:
        family, kind, protocol, _, target = address
        plain = socket.socket(family, kind, protocol)
        try:
            self.twin = plain.dup()
            guard.hold(self)
            plain.settimeout(max(_MIN_WAIT_S, min(_CONNECT_S, deadline.left_s())))
            plain.connect(target)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            secure = self._origin.scheme == "https"
            self.sock = _tls().wrap_socket(plain, server_hostname=self._origin.host) if secure else plain
        except BaseException:
            plain.close()
            raise

    def connect(self) -> None:
        """Refuse to open by itself: a connection that was lost is not taken up again unseen."""
        raise ConnectionResetError("the connection was closed")

    def wait_at_most(self, seconds: float) -> None:
        if self.sock is not None:
            self.sock.settimeout(max(_MIN_WAIT_S, seconds))

    def is_alive(self) -> bool:
        """Tell whether the peer has neither closed the connection nor sent what was not requested.

        Read, not polled: over TLS the session tickets that follow a handshake make a live socket readable.
        """
        if self.sock is None:
            return False
        try:
            self.sock.settimeout(0)
            self.sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            return False
        return False

    def shut_down(self) -> None:
        if self.twin is not None:
            with suppress(OSError):
                self.twin.shutdown(socket.SHUT_RDWR)

    def release(self) -> None:
        self.close()
        if self.twin is not None:
            self.twin.close()


class _Guard:
    """The state of one exchange; `is_over` once its time is over and what it held was shut down."""

    def __init__(self, ends: Deadline) -> None:
        self.ends = ends
        self.is_over = False
        self._lock = threading.Lock()
        self._connection: _Connection | None = None

    def hold(self, connection: _Connection) -> None:
        with self._lock:
            self._connection = connection
            if self.is_over:
                connection.shut_down()

    def let_go(self) -> None:
        with self._lock:
            self._connection = None

    def end(self) -> None:
        with self._lock:
            self.is_over = True
            if self._connection:
                self._connection.shut_down()


class _Watch:
    """A thread that ends what has run out of time; started with the first exchange."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._guards: set[_Guard] = set()
        self._is_running = False
        self._is_closed = False

    @contextmanager
    def until(self, ends: Deadline) -> Iterator[_Guard]:
        guard = _Guard(ends)
        with self._condition:
            self._guards.add(guard)
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._run, name="deadline", daemon=True).start()
            self._condition.notify()
        try:
            yield guard
        finally:
            with self._condition:
                self._guards.discard(guard)

    def close(self) -> None:
        """Let the thread end once nothing is under way."""
        with self._condition:
            self._is_closed = True
            self._condition.notify()

    def _run(self) -> None:
        while True:
            with self._condition:
                over = [guard for guard in self._guards if guard.ends.left_s() == 0]
                self._guards.difference_update(over)
                if not over:
                    if self._is_closed and not self._guards:
                        self._is_running = False
                        return
                    self._condition.wait(min((guard.ends.left_s() for guard in self._guards), default=None))
            for guard in over:
                guard.end()


def _exchange(
    connection: _Connection, exchange: Exchange, guard: _Guard, on_sent: Callable[[], None]
) -> tuple[RawResponse, bool]:
    """Send the request; return the response, and whether it was read to its end."""
    connection.wait_at_most(min(_READ_S, guard.ends.left_s()))
    on_sent()
    connection.request(exchange.method, exchange.target, body=exchange.body, headers=dict(exchange.headers))
    response = cast("_Response", connection.getresponse())
    with closing(response):
        body = _read(connection, response, exchange, guard.ends)
        is_read = response.isclosed()
    if guard.is_over or response.lines.is_cut:  # a connection that is shut down looks as if the peer had ended it
        raise TransportError("BrokenAnswer", "the response was cut off")
    return RawResponse(response.status, response.headers, body), is_read


def _read(connection: _Connection, response: http.client.HTTPResponse, exchange: Exchange, deadline: Deadline) -> bytes:
    """Return the body: whole where the status is 200, at most its first 64 KiB otherwise."""
    is_success = response.status == _OK
    limit = exchange.max_bytes if is_success else _MAX_ERROR_BYTES
    promised = _promised_length(response) if exchange.method != "HEAD" else None
    if is_success and promised is not None and promised > limit:
        raise TransportError("TooLarge", f"a response of {promised} bytes where {limit} are accepted")
    body = io.BytesIO()  # hands its bytes over without a copy
    while body.tell() <= limit:
        connection.wait_at_most(min(_READ_S, deadline.left_s()))
        chunk = response.read(_CHUNK_BYTES)
        if not chunk:
            break
        body.write(chunk)
    else:
        if is_success:
            raise TransportError("TooLarge", f"a response of more than {limit} bytes")
        connection.close()
        body.truncate(limit)
        return body.getvalue()
    if promised is not None and promised != body.tell():
        raise TransportError("BrokenAnswer", f"{body.tell()} of {promised} bytes came")
    return body.getvalue()


def _promised_length(response: http.client.HTTPResponse) -> int | None:
    """Return the length that the response states; None where it is chunked or ends with the connection."""
    stated = set(response.headers.get_all("Content-Length", []))
    if not stated or response.headers.get("Transfer-Encoding"):
        return None
    length = stated.pop()
    if stated or not (length.isascii() and length.isdigit() and len(length) < 16):  # noqa: PLR2004  # digits
        raise TransportError("BrokenAnswer", "a response whose Content-Length is no length")
    return int(length)


def _explain(error: Exception, *, guard: _Guard, deadline: Deadline) -> TransportError:
    if guard.is_over:
        if deadline.left_s() == 0:
            return TransportError("OutOfTime", "the response did not end in time")
        return TransportError("NoAnswer", f"no whole response within {_MAX_EXCHANGE_S:.0f} s")
    if isinstance(error, http.client.HTTPException) and not isinstance(error, http.client.RemoteDisconnected):
        return TransportError("BrokenAnswer", f"a broken response ({type(error).__name__})")
    return TransportError("NoAnswer", f"no response ({type(error).__name__})")


@cache
def _tls() -> ssl.SSLContext:
    """Return the settings of TLS, made once: reading the certificates takes longer than a handshake."""
    return ssl.create_default_context(cafile=certifi.where())

"""A server that answers each request with the bytes it is given, well-formed or not, and keeps what it was sent."""

import contextlib
import socket
import threading
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Endless:
    """Bytes that are sent again and again, with a pause, until the client has gone."""

    data: bytes
    pause_s: float = 0.03


class Wire:
    """Answers the n-th request with the n-th of `answers`, the last one ever after. None: closes without a word.

    An answer may be bytes, or a list of bytes, Endless, and threading.Events to wait for. A connection is kept unless
    the answer says `Connection: close`.
    """

    def __init__(self, *answers, reads=True, tls=None):
        self.answers = list(answers)
        self.requests = []
        self.connections = 0
        self.closed = 0
        self.reads, self.tls = reads, tls
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.threads = [threading.Thread(target=self._serve)]
        self.threads[0].start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join()

    def wait_until_closed(self, connections):
        """Return once the server has closed so many connections."""
        while self.closed < connections:
            time.sleep(0.001)

    def _serve(self):
        while not self.over.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._attend, args=(connection,))
            self.threads.append(thread)
            thread.start()

    def _attend(self, connection):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            stack.enter_context(connection)
            if self.tls:
                connection = stack.enter_context(self.tls.wrap_socket(connection, server_side=True))
            connection.settimeout(0.05)
            while self.reads or self.over.wait():
                request = self._read(connection)
                if request is None:
                    break
                answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
                self.requests.append(request)
                if not self._answer(connection, answer):
                    break
        self.closed += 1

    def _answer(self, connection, answer):
        is_kept = True
        for part in answer if isinstance(answer, list) else [answer]:
            if part is None:
                return False
            if isinstance(part, threading.Event):
                while not part.wait(0.05) and not self.over.is_set():
                    pass
            elif isinstance(part, Endless):
                while not self.over.wait(part.pause_s):
                    connection.sendall(part.data)
                return False
            else:
                connection.sendall(part)
                is_kept = is_kept and b"Connection: close" not in part
        return is_kept

    def _read(self, connection):
        data = b""
        while not self.over.is_set():
            with contextlib.suppress(TimeoutError):
                packet = connection.recv(65536)
                if not packet:
                    return None
                data += packet
            head, end, body = data.partition(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.split(b"\r\n")
                    if line.lower().startswith(b"content-length")
                ),
                0,
            )
            if end and len(body) >= length:
                return data.decode("latin-1")
        return None


def http(status, body=b"", **headers):
    """Return a response in HTTP/1.1 that closes its connection; the length is the body's unless it is given."""
    named = {"Content-Length": len(body), "Connection": "close"}
    named.update({name.replace("_", "-"): value for name, value in headers.items()})
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items() if value is not None)
    return f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + body

"""Starts the scripted cloud, changes its times and reads what it was called."""

import http.client
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any

from typing_extensions import Self

from benchmarks.function.function import end_process
from benchmarks.function.scripted import Film

LATENCIES_MS = {"head": 20.0, "get": 20.0, "list": 20.0, "info": 100.0, "snapshot": 300.0, "put": 40.0, "delete": 20.0}
INSTANT = dict.fromkeys(LATENCIES_MS, 0.0)


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls that the cloud received: its calls, and the bytes that went into and out of the function."""

    calls: list[dict[str, Any]]
    bytes_in: int
    bytes_out: int
    objects: dict[str, int]

    def count(self, operation: str) -> int:
        """Return how often an operation was called."""
        return sum(call["operation"] == operation for call in self.calls)


class ScriptedCloud:
    """A cloud in a process of its own, for these films by name; ends with the with statement."""

    def __init__(self, films: dict[str, Film], latencies_ms: dict[str, float] = LATENCIES_MS) -> None:
        self._latencies_ms = latencies_ms
        command = [sys.executable, "-m", "benchmarks.function.scripted"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin is not None  # noqa: S101  # it is a pipe
        assert self._process.stdout is not None  # noqa: S101  # it is a pipe
        document = {"films": {name: asdict(film) for name, film in films.items()}, "latencies_ms": latencies_ms}
        self._process.stdin.write(json.dumps(document) + "\n")
        self._process.stdin.flush()
        self.port = int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        end_process(self._process)

    @property
    def endpoint(self) -> str:
        """Return its address, as SNAPSHOT_ENDPOINT takes it."""
        return f"http://127.0.0.1:{self.port}"

    def clear(self, latencies_ms: dict[str, float] | None = None, *, has_tail: bool = False, seed: int = 1) -> None:
        """Empty the bucket, forget the calls, and set the times, which are its first ones where none are given."""
        latencies_ms = latencies_ms or self._latencies_ms
        self._control("PUT", "/script", {"latencies_ms": latencies_ms, "has_tail": has_tail, "seed": seed})

    def calls(self) -> Calls:
        """Return the calls since it was cleared."""
        return Calls(**json.loads(self._control("GET", "/calls")))

    def read(self, key: str) -> bytes:
        """Return an object that was put."""
        return self._control("GET", f"/object/{key}")

    def _control(self, method: str, path: str, document: object = None) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        body = None if document is None else json.dumps(document).encode()
        connection.request(method, path, body, {"Host": "control"})
        content = connection.getresponse().read()
        connection.close()
        return content

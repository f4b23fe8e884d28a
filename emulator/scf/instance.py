"""One process that holds one function: started, called, watched, killed.

An event -> an outcome: a status, the returned value, the output, the memory it took. An instance takes one call at a
time; the pool sees to that.
Source: the SCF documents "Cloud Function Status Code" and "Quota Limits", read 2026-11-22.
"""

import contextlib
import json
import math
import os
import selectors
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from emulator.account import Account
from emulator.scf import status
from emulator.scf.environment import process_variables
from emulator.scf.function import Function
from emulator.scf.process_tree import ProcessTree

_BOOTSTRAP = Path(__file__).parent / "sandbox" / "bootstrap.py"
_MIB = 1024 * 1024
_MEMORY_POLL_S = 0.05
_EXIT_WAIT_S = 1.0
_MAX_OUTPUT_BYTES = _MIB
_STATUS_OF_KIND = {
    "done": status.OK,
    "ready": status.OK,
    "failed": status.USER_CODE,
    "too_large": status.RESPONSE_TOO_LARGE,
    "not_found": status.HANDLER_NOT_FOUND,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a call: `value` is what was returned, in JSON; `detail` a traceback or a sentence."""

    status_code: int
    duration_ms: int
    peak_bytes: int
    output: str
    value: str = "null"
    detail: str = ""


class Instance:
    """A running process of one function.

    Raises:
        OSError: the process could not be started.
    """

    def __init__(self, function: Function, account: Account, first_credentials: Mapping[str, str]) -> None:
        self._memory_limit_bytes = function.memory_mb * _MIB
        self._temp_dir = Path(tempfile.mkdtemp(prefix="scf-"))
        self._channel, child_end = socket.socketpair()
        self._output_fd, output_end = os.pipe()
        self._selector = selectors.DefaultSelector()
        self._inbox = bytearray()
        self._output = bytearray()
        try:
            with child_end:
                self._process = subprocess.Popen(  # noqa: S603  # to run a function's code is what this is for
                    _command(function, child_end.fileno()),
                    cwd=function.code_dir,
                    env=process_variables(function, account) | dict(first_credentials),
                    stdin=subprocess.DEVNULL,
                    stdout=output_end,
                    stderr=subprocess.STDOUT,
                    pass_fds=(child_end.fileno(),),
                    start_new_session=True,
                )
        except OSError:
            self._release()
            raise
        finally:
            os.close(output_end)
        os.set_blocking(self._output_fd, False)
        self._selector.register(self._channel, selectors.EVENT_READ)
        self._selector.register(self._output_fd, selectors.EVENT_READ)
        self._processes = ProcessTree(self._process.pid)
        self._released = False

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def start(self, function: Function) -> Outcome:
        """Import the handler, within the function's init timeout."""
        setup = {
            "handler": function.handler,
            "code_dir": str(function.code_dir.resolve()),
            "temp_dir": str(self._temp_dir),
        }
        return self._exchange(json.dumps(setup).encode(), function.init_timeout_s, status.INIT_TIMED_OUT)

    def call(
        self, event: bytes, context: Mapping[str, object], credentials: Mapping[str, str], timeout_s: int
    ) -> Outcome:
        """Run the handler once with an event in JSON; unless it returns or raises, the process is dead then."""
        rest = json.dumps({"context": context, "credentials": credentials}).encode()
        return self._exchange(b'{"event":' + event + b"," + rest[1:], timeout_s, status.TIMED_OUT)

    @property
    def alive(self) -> bool:
        """Whether the process still runs, so that it can take another call."""
        return self._process.poll() is None

    def interrupt(self) -> None:
        """End the process from another thread than the one that calls it, which then finds it ended."""
        if self._process.returncode is None:
            self._processes.kill_session()

    def kill(self) -> None:
        """End the process and its children and remove its folder; a second time does nothing."""
        if not self._released:
            self._released = True
            self._stop()
            self._release()

    def _release(self) -> None:
        self._selector.close()
        self._channel.close()
        os.close(self._output_fd)
        shutil.rmtree(self._temp_dir, ignore_errors=True)

    def _exchange(self, body: bytes, timeout_s: float, late: int) -> Outcome:
        began = time.monotonic()
        try:
            self._channel.sendall(struct.pack("!I", len(body)) + body)
        except OSError:
            response = None
            code, peak_bytes = status.PROCESS_EXITED, 0
        else:
            code, response, peak_bytes = self._wait(began + timeout_s, late)
        duration_ms = max(1, math.ceil((time.monotonic() - began) * 1000))
        if response is not None:
            code = _STATUS_OF_KIND[str(response["kind"])]
            peak_bytes = max(peak_bytes, int(str(response.get("peak_bytes", 0))))
        if peak_bytes > self._memory_limit_bytes:
            code = status.OUT_OF_MEMORY
        ended_by = self._end_after(code)
        self._drain()
        value = str(response["value"]) if response is not None and code == status.OK and "value" in response else "null"
        detail = ended_by or _detail(code, response)
        return Outcome(code, duration_ms, peak_bytes, self._take_output(), value, detail)

    def _end_after(self, code: int) -> str:
        """Kill the process unless it can take another call; return a sentence if it ended by itself."""
        if code in {status.OK, status.USER_CODE, status.RESPONSE_TOO_LARGE}:
            return ""
        if code == status.PROCESS_EXITED:
            with contextlib.suppress(subprocess.TimeoutExpired):
                ended_with = self._process.wait(_EXIT_WAIT_S)
                self._stop()
                return f"{status.NAMES[code]} ({_exit_text(ended_with)})"
        self._stop()
        return ""

    def _wait(self, until: float, late: int) -> tuple[int, Mapping[str, object] | None, int]:
        """Wait for the response within time and memory; nothing is polled but the memory."""
        peak_bytes = 0
        next_check = time.monotonic() + _MEMORY_POLL_S
        while True:
            now = time.monotonic()
            if now >= until:
                return late, None, peak_bytes
            if now >= next_check:
                peak_bytes = max(peak_bytes, self._processes.resident_bytes())
                next_check = now + _MEMORY_POLL_S
                if peak_bytes > self._memory_limit_bytes:
                    return status.OUT_OF_MEMORY, None, peak_bytes
            for key, _ in self._selector.select(min(until, next_check) - now):
                if key.fd == self._output_fd:
                    self._read_output()
                    continue
                response, ended = self._read_response()
                if response is not None:
                    return status.OK, response, peak_bytes
                if ended:
                    return status.PROCESS_EXITED, None, peak_bytes

    def _read_response(self) -> tuple[Mapping[str, object] | None, bool]:
        try:
            part = self._channel.recv(_MIB)
        except OSError:
            part = b""
        self._inbox += part
        size_bytes = struct.unpack("!I", self._inbox[:4])[0] if len(self._inbox) >= 4 else math.inf  # noqa: PLR2004
        if len(self._inbox) - 4 < size_bytes:
            return None, not part
        response: Mapping[str, object] = json.loads(bytes(self._inbox[4:]))
        self._inbox.clear()
        return response, False

    def _read_output(self) -> bool:
        """Read the printed output; return whether there may be more."""
        try:
            part = os.read(self._output_fd, 1 << 16)
        except BlockingIOError:
            return False
        if not part:
            with contextlib.suppress(KeyError):
                self._selector.unregister(self._output_fd)
            return False
        self._output += part[: max(0, _MAX_OUTPUT_BYTES - len(self._output))]
        return True

    def _drain(self) -> None:
        # The output of the handler is in the pipe before its response is sent; no more than a pipe holds can be there.
        for _ in range(_MAX_OUTPUT_BYTES >> 16):
            if not self._read_output():
                return

    def _take_output(self) -> str:
        text = self._output.decode(errors="replace")
        if len(self._output) >= _MAX_OUTPUT_BYTES:
            text += f"\n(the output of this call is cut at {_MAX_OUTPUT_BYTES} bytes)\n"
        self._output.clear()
        return text

    def _stop(self) -> None:
        self._processes.kill()
        self._process.wait()


def _command(function: Function, descriptor: int) -> list[str]:
    # -I: nothing of the host's environment or of this folder is on the import path; -S: nor the site's packages.
    alone = ["-I", "-S"] if function.isolated else ["-I"]
    return [str(function.python), *alone, "-B", "-X", "utf8", str(_BOOTSTRAP), str(descriptor)]


def _detail(code: int, response: Mapping[str, object] | None) -> str:
    if response is not None and code in {status.USER_CODE, status.HANDLER_NOT_FOUND}:
        return str(response.get("stack", response.get("message", "")))
    return "" if code == status.OK else status.NAMES[code]


def _exit_text(returned: int) -> str:
    return f"signal {-returned}" if returned < 0 else f"exit code {returned}"

"""One process that holds one function: started, called, watched, killed.

Turns an event into an outcome: a status, what came back, what was printed, how much memory it took. It must not know
queues, retries, roles or logs; it is told its limits. It takes one call at a time; the caller sees to that.
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
from typing import Final

from emulator.scf import status, surroundings
from emulator.scf.family import Family
from emulator.scf.function import Function
from emulator.scf.surroundings import Account

_BOOTSTRAP: Final = Path(__file__).with_name("bootstrap.py")
_MIB: Final = 1024 * 1024
_CHECK_MEMORY_EVERY_S: Final = 0.05
_LAST_WORDS_S: Final = 1.0
_KEPT_OUTPUT_BYTES: Final = _MIB
_KINDS: Final = {
    "done": status.OK,
    "ready": status.OK,
    "failed": status.USER_CODE,
    "too_large": status.RESPONSE_TOO_LARGE,
    "not_found": status.HANDLER_NOT_FOUND,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: `value` is the answer as JSON text, `detail` a traceback or a sentence on the failure."""

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

    def __init__(self, function: Function, account: Account, first_keys: Mapping[str, str]) -> None:
        self._limit_bytes = function.memory_mb * _MIB
        self._temp_dir = Path(tempfile.mkdtemp(prefix="scf-"))
        self._channel, theirs = socket.socketpair()
        self._output_fd, printing = os.pipe()
        self._selector = selectors.DefaultSelector()
        self._inbox = bytearray()
        self._output = bytearray()
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603  # to run a function's code is what this is for
                    _command(function, theirs.fileno()),
                    cwd=function.code_dir,
                    env=surroundings.environment(function, account) | dict(first_keys),
                    stdin=subprocess.DEVNULL,
                    stdout=printing,
                    stderr=subprocess.STDOUT,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
        except OSError:
            self._let_go()
            raise
        finally:
            os.close(printing)
        os.set_blocking(self._output_fd, False)
        self._selector.register(self._channel, selectors.EVENT_READ)
        self._selector.register(self._output_fd, selectors.EVENT_READ)
        self._family = Family(self._process.pid)
        self._gone = False

    @property
    def pid(self) -> int:
        """The process's id."""
        return self._process.pid

    def start(self, function: Function) -> Outcome:
        """Have the handler imported, within the function's init timeout."""
        setup = {
            "handler": function.handler,
            "code_dir": str(function.code_dir.resolve()),
            "temp_dir": str(self._temp_dir),
        }
        return self._exchange(json.dumps(setup).encode(), function.init_timeout_s, status.INIT_TIMED_OUT)

    def call(self, event: bytes, context: Mapping[str, object], keys: Mapping[str, str], timeout_s: int) -> Outcome:
        """Run the handler once, with an event that is JSON; after anything but an answer or an exception it is dead."""
        rest = json.dumps({"context": context, "keys": keys}).encode()
        return self._exchange(b'{"event":' + event + b"," + rest[1:], timeout_s, status.TIMED_OUT)

    @property
    def alive(self) -> bool:
        """Whether the process still runs, so that it can take another call."""
        return self._process.poll() is None

    def interrupt(self) -> None:
        """End the process from another thread than the one that calls it; that one finds it gone."""
        if self._process.returncode is None:
            self._family.kill_session()

    def kill(self) -> None:
        """End the process and all it started, and leave nothing of it; a second time does nothing."""
        if not self._gone:
            self._gone = True
            self._stop()
            self._let_go()

    def _let_go(self) -> None:
        self._selector.close()
        self._channel.close()
        os.close(self._output_fd)
        shutil.rmtree(self._temp_dir, ignore_errors=True)

    def _exchange(self, body: bytes, timeout_s: float, late: int) -> Outcome:
        began = time.monotonic()
        try:
            self._channel.sendall(struct.pack("!I", len(body)) + body)
        except OSError:
            answer = None
            code, peak_bytes = status.PROCESS_EXITED, 0
        else:
            code, answer, peak_bytes = self._wait(began + timeout_s, late)
        duration_ms = max(1, math.ceil((time.monotonic() - began) * 1000))
        if answer is not None:
            code = _KINDS[str(answer["kind"])]
            peak_bytes = max(peak_bytes, int(str(answer.get("peak_bytes", 0))))
        if peak_bytes > self._limit_bytes:
            code = status.OUT_OF_MEMORY
        ended_by = self._end_after(code)
        self._drain()
        value = str(answer["value"]) if answer is not None and code == status.OK and "value" in answer else "null"
        detail = ended_by or _detail(code, answer)
        return Outcome(code, duration_ms, peak_bytes, self._taken_output(), value, detail)

    def _end_after(self, code: int) -> str:
        """Kill the process unless it can take another call; a sentence if it ended by itself."""
        if code in {status.OK, status.USER_CODE, status.RESPONSE_TOO_LARGE}:
            return ""
        if code == status.PROCESS_EXITED:
            with contextlib.suppress(subprocess.TimeoutExpired):
                ended_with = self._process.wait(_LAST_WORDS_S)
                self._stop()
                return f"{status.NAMES[code]} ({_ending(ended_with)})"
        self._stop()
        return ""

    def _wait(self, until: float, late: int) -> tuple[int, Mapping[str, object] | None, int]:
        """Wait for the answer with an eye on time and memory; nothing is polled but the memory."""
        peak_bytes = 0
        next_look = time.monotonic() + _CHECK_MEMORY_EVERY_S
        while True:
            now = time.monotonic()
            if now >= until:
                return late, None, peak_bytes
            if now >= next_look:
                peak_bytes = max(peak_bytes, self._family.resident_bytes())
                next_look = now + _CHECK_MEMORY_EVERY_S
                if peak_bytes > self._limit_bytes:
                    return status.OUT_OF_MEMORY, None, peak_bytes
            for key, _ in self._selector.select(min(until, next_look) - now):
                if key.fd == self._output_fd:
                    self._read_output()
                    continue
                answer, ended = self._read_answer()
                if answer is not None:
                    return status.OK, answer, peak_bytes
                if ended:
                    return status.PROCESS_EXITED, None, peak_bytes

    def _read_answer(self) -> tuple[Mapping[str, object] | None, bool]:
        try:
            part = self._channel.recv(_MIB)
        except OSError:
            part = b""
        self._inbox += part
        size_bytes = struct.unpack("!I", self._inbox[:4])[0] if len(self._inbox) >= 4 else math.inf  # noqa: PLR2004
        if len(self._inbox) - 4 < size_bytes:
            return None, not part
        answer: Mapping[str, object] = json.loads(bytes(self._inbox[4:]))
        self._inbox.clear()
        return answer, False

    def _read_output(self) -> bool:
        """Take what was printed; whether there may be more."""
        try:
            part = os.read(self._output_fd, 1 << 16)
        except BlockingIOError:
            return False
        if not part:
            with contextlib.suppress(KeyError):
                self._selector.unregister(self._output_fd)
            return False
        self._output += part[: max(0, _KEPT_OUTPUT_BYTES - len(self._output))]
        return True

    def _drain(self) -> None:
        # What the handler printed is in the pipe before its answer is sent; no more than a pipe holds can be there.
        for _ in range(_KEPT_OUTPUT_BYTES >> 16):
            if not self._read_output():
                return

    def _taken_output(self) -> str:
        text = self._output.decode(errors="replace")
        if len(self._output) >= _KEPT_OUTPUT_BYTES:
            text += f"\n(the output of this call is cut at {_KEPT_OUTPUT_BYTES} bytes)\n"
        self._output.clear()
        return text

    def _stop(self) -> None:
        self._family.kill()
        self._process.wait()


def _command(function: Function, descriptor: int) -> list[str]:
    # -I: nothing of the host's environment or of this folder is on the import path; -S: nor the site's packages.
    alone = ["-I", "-S"] if function.isolated else ["-I"]
    return [str(function.python), *alone, "-B", "-X", "utf8", str(_BOOTSTRAP), str(descriptor)]


def _detail(code: int, answer: Mapping[str, object] | None) -> str:
    if answer is not None and code in {status.USER_CODE, status.HANDLER_NOT_FOUND}:
        return str(answer.get("stack", answer.get("message", "")))
    return "" if code == status.OK else status.NAMES[code]


def _ending(returned: int) -> str:
    return f"signal {-returned}" if returned < 0 else f"exit code {returned}"

"""Runs inside the function's process: imports the handler once, then one call after the other over a socket.

Stands alone: the standard library only, run by its path with the function's own interpreter, Python 3.9 or newer.
It must not know who calls, what a retry is or how long a call may take: it is killed from outside.

A message either way is four bytes of length and that much JSON. In comes first {"handler", "code_dir", "temp_dir"},
then calls {"event", "context", "keys"}; out go {"kind": ...} answers, "ready" first.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import json
import logging
import os
import resource
import signal
import socket
import struct
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_LARGEST_ANSWER_BYTES = 6 * 1024 * 1024
_OPEN_FILES = 1024
_TEMP_BYTES = 512 * 1024 * 1024
_KEYS = ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN")
# Should the caller be gone and the handler never end, the process ends by itself this long after its time was up.
_GRACE_S = 30


def main(descriptor: int) -> None:
    """Serve calls until the other end of the socket is closed."""
    os.set_inheritable(descriptor, False)  # noqa: FBT003
    channel = socket.socket(fileno=descriptor)
    setup = _receive(channel)
    if setup is None:
        return
    memory = _Memory()
    _settle(setup)
    handler = _load(setup, channel, memory)
    if handler is None:
        return
    _send(channel, {"kind": "ready", "peak_bytes": memory.peak_bytes()})
    while True:
        call = _receive(channel)
        if call is None:
            return
        memory.reset()
        for name in _KEYS:
            os.environ.pop(name, None)
        os.environ.update(call["keys"])
        signal.alarm(call["context"]["time_limit_in_ms"] // 1000 + _GRACE_S)
        answer = _answer(handler, call)
        signal.alarm(0)
        _flush()
        answer["peak_bytes"] = memory.peak_bytes()
        _send(channel, answer)


def _settle(setup: dict[str, Any]) -> None:
    """Make the process what SCF's is: its limits, its streams, its import path, its walls."""
    for limit, wanted in ((resource.RLIMIT_NOFILE, _OPEN_FILES), (resource.RLIMIT_FSIZE, _TEMP_BYTES)):
        hard = resource.getrlimit(limit)[1]
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(limit, (most, most))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="strict")
    # The documents show logger.info() of the root logger in the log, so it has a handler, and basicConfig() has no
    # effect; how its lines look they do not say, so a line of JSON logged this way is no longer JSON.
    logging.basicConfig(stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s")
    sys.path.insert(0, setup["code_dir"])
    readable = [*sys.path, sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix]
    if not _beside("room").enter(setup["temp_dir"], readable):
        os.environ["TMPDIR"] = setup["temp_dir"]
        _beside("walls").build([setup["temp_dir"], "/tmp"], setup["code_dir"])  # noqa: S108  # SCF's own name for it


def _beside(name: str) -> Any:  # noqa: ANN401  # a module
    spec = importlib.util.spec_from_file_location(f"_scf_{name}", Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(f"{name}.py does not stand beside this file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _load(setup: dict[str, Any], channel: socket.socket, memory: _Memory) -> Callable[..., Any] | None:
    module, _, function = setup["handler"].partition(".")
    if not Path(setup["code_dir"], f"{module}.py").is_file():
        _send(channel, {"kind": "not_found", "message": f"there is no {module}.py in the package's root"})
        return None
    try:
        handler = getattr(importlib.import_module(module), function, None)
    except Exception as error:  # noqa: BLE001  # whatever the package raises is its author's to see
        _flush()
        _send(channel, {"kind": "failed", "stack": _stack(error), "peak_bytes": memory.peak_bytes()})
        return None
    _flush()
    if not callable(handler):
        _send(channel, {"kind": "not_found", "message": f"{module}.py has no function {function}"})
        return None
    return handler  # type: ignore[no-any-return]  # what the package holds is not known here


def _answer(handler: Callable[..., Any], call: dict[str, Any]) -> dict[str, Any]:
    try:
        text = json.dumps(handler(call["event"], call["context"]), ensure_ascii=False, allow_nan=False)
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001  # likewise
        return {"kind": "failed", "stack": _stack(error)}
    if len(text.encode("utf-8", "surrogatepass")) > _LARGEST_ANSWER_BYTES:
        return {"kind": "too_large"}
    return {"kind": "done", "value": text}


def _stack(error: BaseException) -> str:
    """The traceback as the function's author knows it: without this file's own frame."""
    own = error.__traceback__
    return "".join(traceback.format_exception(type(error), error, own.tb_next if own else None))


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            continue


class _Memory:
    """The high-water mark of resident memory, of this process and of the children it waited for."""

    def __init__(self) -> None:
        self._status = self._clear = -1
        self._children = 0
        if sys.platform.startswith("linux"):
            self._status = os.open("/proc/self/status", os.O_RDONLY)
            try:
                self._clear = os.open("/proc/self/clear_refs", os.O_WRONLY)
            except OSError:
                self._clear = -1

    def reset(self) -> None:
        """Begin a new mark where the kernel allows it; else the mark is that of the process's whole life."""
        self._children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        if self._clear >= 0:
            try:
                os.write(self._clear, b"5")
            except OSError:
                self._clear = -1

    def peak_bytes(self) -> int:
        """Give the mark in bytes. ru_maxrss is of no use on Linux: it begins with the parent's size."""
        unit = 1 if sys.platform == "darwin" else 1024
        children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        largest_child = children * unit if children > self._children else 0
        if self._status < 0:
            return max(largest_child, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)
        status = os.pread(self._status, 8192, 0)
        return max(largest_child, int(status.split(b"VmHWM:", 1)[1].split(None, 1)[0]) * 1024)


def _send(channel: socket.socket, message: dict[str, Any]) -> None:
    body = json.dumps(message).encode()
    channel.sendall(struct.pack("!I", len(body)) + body)


def _receive(channel: socket.socket) -> dict[str, Any] | None:
    head = _read(channel, 4)
    if head is None:
        return None
    body = _read(channel, struct.unpack("!I", head)[0])
    return None if body is None else json.loads(body)


def _read(channel: socket.socket, size_bytes: int) -> bytes | None:
    parts = bytearray()
    while len(parts) < size_bytes:
        part = channel.recv(min(1 << 20, size_bytes - len(parts)))
        if not part:
            return None
        parts += part
    return bytes(parts)


if __name__ == "__main__":
    main(int(sys.argv[1]))

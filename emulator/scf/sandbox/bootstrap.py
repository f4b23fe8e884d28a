"""The host of a handler: imports it once, then makes one call after the other, over a socket.

Runs inside the function's process with the function's own interpreter, Python 3.9 or newer, and the standard library
only. It does not end a call that takes too long: it is killed from outside.

A message either way is four bytes of length and that much JSON. In comes first {"handler", "code_dir", "temp_dir"},
then calls {"event", "context", "credentials"}; out go {"kind": ...} responses, "ready" first.
Source: the bootstrap.py of both Python runtimes in tencentyun/scfcli (environment, root logger, size of what is
returned), read 2026-11-25.
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

_MAX_RETURN_BYTES = 6 * 1024 * 1024
_OPEN_FILES = 1024
_TEMP_BYTES = 512 * 1024 * 1024
_CREDENTIALS = ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN")
# Should the caller be gone and the handler never end, the process ends by itself this long after its time was up.
_GRACE_S = 30


def main(descriptor: int) -> None:
    """Serve calls until the other end of the socket is closed."""
    os.set_inheritable(descriptor, False)  # noqa: FBT003  # the call has no such keyword
    channel = socket.socket(fileno=descriptor)
    setup = _receive(channel)
    if setup is None:
        return
    memory = _Memory()
    _prepare(setup)
    variables = {name: value for name, value in os.environ.items() if name not in _CREDENTIALS}
    handler = _load(setup, channel, memory)
    if handler is None:
        return
    _send(channel, {"kind": "ready", "peak_bytes": memory.peak_bytes()})
    while True:
        call = _receive(channel)
        if call is None:
            return
        memory.reset()
        signal.alarm(call["context"]["time_limit_in_ms"] // 1000 + _GRACE_S)
        response = _call(handler, call, variables)
        signal.alarm(0)
        _flush()
        response["peak_bytes"] = memory.peak_bytes()
        _send(channel, response)


def _prepare(setup: dict[str, Any]) -> None:
    """Give the process the limits, streams, root logger, import path and read-only disk of SCF's."""
    for limit, soft in ((resource.RLIMIT_NOFILE, _OPEN_FILES), (resource.RLIMIT_FSIZE, _TEMP_BYTES)):
        hard = resource.getrlimit(limit)[1]
        value = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
        resource.setrlimit(limit, (value, value))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="strict")
    # The runtime installs a root logger at DEBUG that writes to stdout, so basicConfig() has no effect and every
    # library's DEBUG line is printed unless it is silenced. How its lines look the documents do not say, so a line of
    # JSON that is logged this way is no longer JSON.
    logging.basicConfig(stream=sys.stdout, level=logging.DEBUG, format="%(asctime)s %(levelname)s %(message)s")
    sys.path.insert(0, setup["code_dir"])
    readable = [*sys.path, sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix]
    if not _sibling("mounts").isolate(setup["temp_dir"], readable):
        os.environ["TMPDIR"] = setup["temp_dir"]
        _sibling("audit_hook").deny_writes(allowed=[setup["temp_dir"], "/tmp"], denied=setup["code_dir"])  # noqa: S108  # SCF's own name for it


def _sibling(name: str) -> Any:  # noqa: ANN401  # a module
    spec = importlib.util.spec_from_file_location(f"_scf_{name}", Path(__file__).with_name(f"{name}.py"))
    if spec is None or spec.loader is None:
        raise ImportError(f"{name}.py is not beside this file")
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


def _call(handler: Callable[..., Any], call: dict[str, Any], variables: dict[str, str]) -> dict[str, Any]:
    try:
        _set_environment(variables, call["context"], call["credentials"])
        text = json.dumps(handler(call["event"], call["context"]), ensure_ascii=False, allow_nan=False)
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001  # whatever the handler raises is its author's to see
        return {"kind": "failed", "stack": _stack(error)}
    if len(text.encode("utf-8", "surrogatepass")) > _MAX_RETURN_BYTES:
        return {"kind": "too_large"}
    return {"kind": "done", "value": text}


def _set_environment(variables: dict[str, str], context: dict[str, Any], credentials: dict[str, str]) -> None:
    """Set os.environ anew from the context, split at `;` and then at `=`, as the strictest runtime does.

    There a value with `;` or `=` raises, or arrives cut; here it always raises.
    """
    broken = [name for name, value in json.loads(context["environment"]).items() if ";" in value or "=" in value]
    if broken:
        raise ValueError(
            f"environment variable {', '.join(broken)}: the value holds ';' or '='. SCF's runtime splits context"
            '["environ"] at these two characters before each call, so no value may hold either'
        )
    parsed = dict(pair.split("=") for pair in context["environ"].split(";"))
    os.environ.clear()
    os.environ.update({**variables, **parsed, **credentials})


def _stack(error: BaseException) -> str:
    """Return the traceback as the function's author knows it: without this file's own frame."""
    first = error.__traceback__
    return "".join(traceback.format_exception(type(error), error, first.tb_next if first else None))


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
        """Return the mark in bytes. ru_maxrss is of no use on Linux: it begins with the parent's size."""
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

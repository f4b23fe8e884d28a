"""A private view of the disk for the process: everything read-only, and a /tmp of its own.

Runs inside the function's process, on Python 3.9 or newer and the standard library only, loaded by its path.
The kernel does it, with a mount namespace, so it holds for child processes and C libraries too, and /tmp has 512 MB
and no more. It takes Linux 5.12 and the right to make namespaces; where either is missing nothing is changed.
Sources: "RootFS is read-only and only /tmp is writable" (SCF, "Cloud Function Status Code"), "Each function has a
temporary disk space of 512 MB" (SCF, "How It Works"); mount_namespaces(7), mount_setattr(2), read 2026-11-22.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000
_BIND, _MOVE, _RECURSIVE, _PRIVATE = 4096, 8192, 16384, 1 << 18
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_READ_ONLY = 1
_MOUNT_SETATTR = 442  # the same on every architecture
_TEMP_BYTES = 512 * 1024 * 1024


def isolate(staging: str, needed: Iterable[str]) -> bool:
    """Isolate the process; return False, with nothing changed, where the system does not allow it.

    `staging` is an empty folder to build the new /tmp in; `needed` are paths that must stay readable even if they
    lie under /tmp. The process must have one thread.
    """
    if not sys.platform.startswith("linux"):
        return False
    paths, folder = tuple(needed), Path(staging)
    # Some of the mounts could not be undone after a failure, so a child process tries all of them first.
    trial = os.fork()
    if trial == 0:
        try:
            _mount_all(folder, paths)
        except OSError:
            os._exit(1)
        os._exit(0)
    if os.waitpid(trial, 0)[1] != 0:
        return False
    _mount_all(folder, paths)
    return True


def _mount_all(staging: Path, needed: tuple[str, ...]) -> None:
    kernel = ctypes.CDLL(None, use_errno=True)
    _unshare(kernel)
    _check(kernel.mount(b"none", b"/", None, _RECURSIVE | _PRIVATE, None), "/")
    _set_read_only(kernel, "/")
    tmp = Path("/tmp").resolve()  # noqa: S108  # it is about this very folder
    options = f"size={_TEMP_BYTES},mode=1777".encode()
    _check(kernel.mount(b"tmpfs", bytes(staging), b"tmpfs", 0, options), staging)
    for path in _outermost(needed, tmp):
        stand_in = staging / path.relative_to(tmp)
        stand_in.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            stand_in.mkdir()
        else:
            stand_in.touch()
        _check(kernel.mount(bytes(path), bytes(stand_in), None, _BIND | _RECURSIVE, None), path)
    _check(kernel.mount(bytes(staging), bytes(tmp), None, _MOVE, None), tmp)
    os.chdir(Path.cwd())


def _unshare(kernel: ctypes.CDLL) -> None:
    if kernel.unshare(_NEW_MOUNTS) == 0:
        return
    user, group = os.geteuid(), os.getegid()
    _check(kernel.unshare(_NEW_USER | _NEW_MOUNTS), "unshare")
    for name, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        Path("/proc/self", name).write_text(line, encoding="ascii")


def _set_read_only(kernel: ctypes.CDLL, path: str) -> None:
    attributes = struct.pack("QQQQ", _READ_ONLY, 0, 0, 0)
    done = kernel.syscall(
        _MOUNT_SETATTR, _AT_FDCWD, os.fsencode(path), _AT_RECURSIVE, attributes, ctypes.c_size_t(len(attributes))
    )
    _check(done, path)


def _outermost(paths: Iterable[str], folder: Path) -> list[Path]:
    """Return the paths that lie in the folder, without those that lie in another of them."""
    inside = {real for real in (Path(path).resolve() for path in paths) if folder in real.parents and real.exists()}
    return sorted(path for path in inside if inside.isdisjoint(path.parents))


def _check(done: int, path: str | Path) -> None:
    if done != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(path))

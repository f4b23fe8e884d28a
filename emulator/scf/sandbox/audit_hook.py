"""An audit hook that keeps the process from writing anywhere but in the folders that are allowed.

Runs inside the function's process, on Python 3.9 or newer and the standard library only, loaded by its path.
It stands in for mounts where the system allows none. It works as root and on every system, but cannot see writes of a
child process or a C library. Paths are plain strings here: the hook runs at every open, and pathlib would cost more
than the check.
Source: "RootFS is read-only and only /tmp is writable" (SCF, "Cloud Function Status Code"), read 2026-11-22.
"""
# ruff: noqa: PTH100, PTH115, PTH116, PTH117, PTH118

from __future__ import annotations

import errno
import os
import stat
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

if sys.platform == "darwin":
    import fcntl

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_AT_CWD = -1


def deny_writes(*, allowed: list[str], denied: str) -> None:
    """End every write outside the `allowed` folders, or in `denied`, in OSError EROFS, for the rest of the process."""
    inside = tuple(os.path.realpath(folder) + os.sep for folder in allowed)
    outside = os.path.realpath(denied) + os.sep

    def watch(event: str, args: tuple[Any, ...]) -> None:
        touched = _TOUCHED.get(event)
        if touched is None:
            return
        for path in touched(args):
            place = path + os.sep
            if (not place.startswith(inside) or place.startswith(outside)) and not _is_no_file(path):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), path)

    sys.addaudithook(watch)


def _opened(args: tuple[Any, ...]) -> Iterator[str]:
    path, mode, flags = args
    if isinstance(path, int):
        return
    by_mode = isinstance(mode, str) and any(letter in mode for letter in "wax+")
    if by_mode or (isinstance(flags, int) and flags & _WRITING):
        yield _target(path)


def _entries(*places: tuple[int, int]) -> Callable[[tuple[Any, ...]], Iterator[str]]:
    """Return a reader of (argument with a path, argument with its folder's descriptor or -1) pairs."""

    def read(args: tuple[Any, ...]) -> Iterator[str]:
        for path_at, folder_at in places:
            path = args[path_at]
            if not isinstance(path, int):
                folder = args[folder_at] if folder_at >= 0 else _AT_CWD
                yield _entry(path, folder)

    return read


def _database(args: tuple[Any, ...]) -> Iterator[str]:
    name = os.fsdecode(args[0])
    if name not in {"", ":memory:"} and not name.startswith("file:"):
        yield _target(name)


def _target(path: str | bytes) -> str:
    """Return the path that is opened in the end, links followed."""
    return os.path.realpath(os.fsdecode(path))


def _entry(path: str | bytes, folder: int) -> str:
    """Return the path of the entry that is made, moved or removed; a link is not followed."""
    name = os.fsdecode(path)
    if folder != _AT_CWD and not os.path.isabs(name):
        name = os.path.join(_folder_of(folder), name)
    parent, last = os.path.split(os.path.abspath(name))
    return os.path.join(os.path.realpath(parent), last)


def _folder_of(descriptor: int) -> str:
    if sys.platform == "darwin":
        return os.fsdecode(fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0"))
    return os.readlink(f"/proc/self/fd/{descriptor}")


def _is_no_file(path: str) -> bool:
    """Return whether the path is a device, a pipe or a socket: writing there changes nothing on a disk."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return False
    return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


_TOUCHED: dict[str, Callable[[tuple[Any, ...]], Iterator[str]]] = {
    "open": _opened,
    "os.mkdir": _entries((0, 2)),
    "os.rmdir": _entries((0, 1)),
    "os.remove": _entries((0, 1)),
    "os.rename": _entries((0, 2), (1, 3)),
    "os.link": _entries((1, 3)),
    "os.symlink": _entries((1, 2)),
    "os.truncate": _entries((0, -1)),
    "os.chmod": _entries((0, 2)),
    "os.chown": _entries((0, 3)),
    "os.utime": _entries((0, 3)),
    "os.setxattr": _entries((0, -1)),
    "os.removexattr": _entries((0, -1)),
    "sqlite3.connect": _database,
}

"""Stored objects, written as files below one folder, whatever their keys.

A key is any text, a path is not: `..` must not leave the folder, `a//b` must not meet `a/b`, and `a` may be
an object beside `a/b`. It must not know what the objects are, nor where they come from.
"""

import hashlib
import shutil
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath

MARKER = ".contact-sheet"
PAGE = "index.html"
_UNSAFE = frozenset('%\\:*?"<>|') | {chr(code) for code in (*range(32), 127)}
_NAME_BYTES = 255  # what a file system takes for one name


def check_folder(folder: Path) -> None:
    """Make sure that `folder` may be emptied and written: it is absent, empty, or an earlier run's.

    Raises: FileExistsError, saying what is in the way.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FileExistsError(f"{folder} is a file, not a folder")
    if any(folder.iterdir()) and not (folder / MARKER).is_file():
        raise FileExistsError(f"{folder} holds files that no demo wrote; name another folder or empty this one")


def renew_folder(folder: Path) -> None:
    """Empty the folder, or make it, and mark it as a demo's.

    Raises: FileExistsError as check_folder does; OSError where the file system refuses.
    """
    check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    (folder / MARKER).write_text("A demo wrote this folder; the next one empties it.\n", "utf-8")


def paths_of(keys: Iterable[str], *, taken: Collection[str] = (PAGE, MARKER)) -> dict[str, str]:
    """Give each key a path of its own below the folder, parted by "/": the key itself wherever that is safe.

    A part that is empty, `.` or `..`, or holds what some file system refuses, is percent-encoded; a part too
    long for a file name is cut and ends in a digest; what would take one of the names in `taken`, and a key
    that is also a folder of another, gets a "%" at its end. Raises: nothing.
    """
    paths: dict[str, str] = {}
    for key in keys:
        first, *rest = map(_name, key.split("/"))
        paths[key] = "/".join([first + "%" if first.lower() in taken else first, *rest])
    folders = {parent.as_posix() for path in paths.values() for parent in PurePosixPath(path).parents}
    return {key: path + "%" if path in folders else path for key, path in paths.items()}


def _name(part: str) -> str:
    if not part.strip("."):
        return "%2E" * len(part) or "%"
    name = "".join(f"%{ord(letter):02X}" if letter in _UNSAFE else letter for letter in part)
    if len(name.encode()) < _NAME_BYTES:
        return name
    digest = hashlib.sha256(part.encode()).hexdigest()[:16]
    return f"{name.encode()[: _NAME_BYTES - 20].decode(errors='ignore')}~{digest}"

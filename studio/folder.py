"""Stored objects -> files below one folder, whatever their keys.

A key is any text, a path is not: `..` must not leave the folder, `a//b` must not meet `a/b`, and `a` may be
an object beside `a/b`. Only files that an earlier run wrote are removed: the marker file lists them.
"""

import hashlib
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path, PurePosixPath

MARKER = ".contact-sheet"
PAGE = "index.html"
_MARKER_TITLE = "make demo wrote these files, and replaces them the next time:"
_UNSAFE = frozenset('%\\:*?"<>|') | {chr(code) for code in (*range(32), 127)}
_MAX_NAME_BYTES = 255  # the limit of common file systems


def check_folder(folder: Path) -> None:
    """Return if `folder` may be written: it is absent, empty, or an earlier run wrote to it.

    Raises:
        FileExistsError: something else is there; the message says what.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise FileExistsError(f"{folder} is a file, not a folder")
    if any(folder.iterdir()) and not (folder / MARKER).is_file():
        raise FileExistsError(f"{folder} holds files that no demo wrote; name another folder or empty this one")


def renew_folder(folder: Path, paths: Collection[str]) -> None:
    """Remove the files of the last run, and make folders for the `paths` that this run is going to write.

    The paths are relative to the folder. They are written to the marker before any of them is made, so that a run that
    breaks off leaves nothing that the next one does not know.

    Raises:
        FileExistsError: check_folder refuses, or a file that no demo wrote lies where one is going to be written.
        OSError: the file system refuses.
    """
    check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for path in _written_paths(folder):
        _remove(folder, path)
    for path in paths:
        obstacle = _obstacle(folder, path)
        if obstacle is not None:
            raise FileExistsError(f"{obstacle} is in the way and no demo wrote it; move it or name another folder")
    (folder / MARKER).write_text("\n".join([_MARKER_TITLE, *sorted(paths)]) + "\n", "utf-8")
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)


def paths_of(keys: Iterable[str], *, reserved: Collection[str] = (PAGE, MARKER)) -> dict[str, str]:
    """Return for each key a path of its own below the folder, separated by "/": the key itself wherever that is safe.

    A part that is empty, `.` or `..`, or holds what some file system refuses, is percent-encoded; a part too
    long for a file name is cut and ends in a digest; what would take one of the names in `reserved`, and a key
    that is also a folder of another, gets a "%" at its end.
    """
    paths: dict[str, str] = {}
    for key in keys:
        first, *rest = map(_name, key.split("/"))
        paths[key] = "/".join([first + "%" if first.lower() in reserved else first, *rest])
    folders = {parent.as_posix() for path in paths.values() for parent in PurePosixPath(path).parents}
    return {key: path + "%" if path in folders else path for key, path in paths.items()}


def _written_paths(folder: Path) -> list[str]:
    with suppress(FileNotFoundError, UnicodeDecodeError):
        title, *paths = (folder / MARKER).read_text("utf-8").splitlines()
        if title == _MARKER_TITLE:
            return [path for path in paths if not {"", ".", ".."} & set(path.split("/"))]
    return []


def _remove(folder: Path, path: str) -> None:
    """Remove one file and the folders that are empty then; never through a link, which leads elsewhere."""
    file = folder / path
    parents = [folder / parent for parent in PurePosixPath(path).parents][:-1]
    if any(parent.is_symlink() for parent in parents):
        return
    with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
        file.unlink()
    for parent in parents:
        try:
            parent.rmdir()
        except OSError:  # not empty, or gone
            return


def _obstacle(folder: Path, path: str) -> Path | None:
    """Return the foreign file that is in the way of `path`: in its place, or in place of a folder above it."""
    for parent in [folder / parent for parent in reversed(PurePosixPath(path).parents)][1:]:
        if parent.is_symlink() or (parent.exists() and not parent.is_dir()):
            return parent
    file = folder / path
    return file if file.is_symlink() or file.exists() else None


def _name(part: str) -> str:
    if not part.strip("."):
        return "%2E" * len(part) or "%"
    name = "".join(f"%{ord(letter):02X}" if letter in _UNSAFE else letter for letter in part)
    if len(name.encode()) < _MAX_NAME_BYTES:
        return name
    digest = hashlib.sha256(part.encode()).hexdigest()[:16]
    return f"{name.encode()[: _MAX_NAME_BYTES - 20].decode(errors='ignore')}~{digest}"

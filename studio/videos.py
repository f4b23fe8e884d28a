"""VIDEO as somebody typed it -> the files it names: a file, a folder of videos, a pattern, or several of these."""

import shlex
from glob import glob, has_magic
from pathlib import Path

ENDINGS = (".avi", ".mp4", ".m4v", ".mkv", ".mov", ".webm", ".flv", ".ts", ".mts", ".m2ts", ".3gp")
"""What the function takes for a video unless SNAPSHOT_EXTENSIONS says otherwise."""


def find_videos(text: str) -> list[Path]:
    """Return the files that a text names.

    The whole text may be one path. Otherwise it is split at spaces, as a shell does it, and each part is a file, a
    folder (every video in it, by name) or a pattern such as `*.mp4`. An empty text names nothing.

    Raises:
        ValueError: a part names nothing; the message is one sentence about that part.
    """
    if not text.strip():
        return []
    if _is_path(Path(text).expanduser()):
        return _expand(text)
    try:
        parts = shlex.split(text)
    except ValueError as error:
        raise ValueError(f"there is no file {text!r}, and as a list of files it has an unclosed quote") from error
    return [video for part in parts for video in _expand(part)]


def _expand(part: str) -> list[Path]:
    path = Path(part).expanduser()
    try:
        if path.is_file():
            with path.open("rb"):
                return [path]
        if path.is_dir():
            return _videos_in(path)
    except OSError as error:
        raise ValueError(f"{part!r} cannot be read: {(error.strerror or str(error)).lower()}") from error
    if has_magic(part):
        matches = sorted(Path(match) for match in glob(str(path)) if Path(match).is_file())  # noqa: PTH207  # any folder
        if matches:
            return matches
        raise ValueError(f"no file matches {part!r}")
    raise ValueError(f"there is no file {part!r}")


def _videos_in(folder: Path) -> list[Path]:
    videos = sorted(file for file in folder.iterdir() if file.suffix.lower() in ENDINGS and file.is_file())
    if not videos:
        endings = ", ".join(ending[1:] for ending in ENDINGS)
        raise ValueError(f"{str(folder)!r} is a folder without a video in it ({endings}); name any other file itself")
    return videos


def _is_path(path: Path) -> bool:
    """Return whether something is there; a text too long for a path, or out of reach, is none."""
    try:
        return path.is_file() or path.is_dir()
    except OSError:
        return False

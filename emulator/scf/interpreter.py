"""A Python by its name or path -> where it really is, and its version.

A name on PATH may be a shim that runs none, or another version than it says: the interpreter itself is asked.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_TIMEOUT_S = 20
_PROGRAM = "import json, sys; print(json.dumps([sys.executable, list(sys.version_info[:3])]))"


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that runs functions; `version` is (major, minor, micro)."""

    path: Path = Path(sys.executable)
    version: tuple[int, ...] = sys.version_info[:3]

    @property
    def runtime(self) -> str:
        """The name of SCF's runtime of this version: Python3.10."""
        return f"Python{self.version[0]}.{self.version[1]}"

    def __str__(self) -> str:
        return f"{self.path} ({'.'.join(map(str, self.version))})"


def find_interpreter(python: str) -> Interpreter | None:
    """Return the interpreter, None where nothing that runs as a Python is found under that name."""
    try:
        completed = subprocess.run(  # noqa: S603  # the caller's own interpreter
            [python, "-I", "-S", "-c", _PROGRAM],
            capture_output=True,
            check=True,
            timeout=_TIMEOUT_S,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        path, version = json.loads(completed.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return Interpreter(Path(path), tuple(version))


def mismatch(runtime: str, interpreter: Interpreter) -> str | None:
    """Return a warning where a function's runtime is not the interpreter's version, None where it is."""
    if runtime == interpreter.runtime:
        return None
    return (
        f"the function is made for {runtime}, but runs here under {interpreter}: packages with compiled parts will not"
        f" import. Name a {runtime} with --python PATH"
    )

"""A version -> the Python of that version on this machine.

A name on PATH proves nothing: a shim of pyenv stands there and fails for every version that is not activated. So each
candidate is run, and the first that reports the right version and can compile is taken.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ops.errors import PackageError

_TIMEOUT_S = 20
_PROGRAM = (
    "import json, sys, py_compile;"
    " print(json.dumps([sys.implementation.name, list(sys.version_info[:3]), sys.executable]))"
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A CPython that was run and reported its version."""

    path: Path
    version: tuple[int, int, int]


def find_interpreter(version: str, *, environment: Mapping[str, str], named: str | None = None) -> Interpreter | None:
    """Return the Python of `version` ("3.10") on this machine, or None where there is none.

    `named`, or else the variable PYTHON310 (for 3.10), leaves no choice: one that cannot be used is an error and not
    a reason to look further. An empty variable means: none.

    Raises:
        PackageError: the one that was named cannot be used.
    """
    variable = f"PYTHON{version.replace('.', '')}"
    chosen = named if named is not None else environment.get(variable)
    if chosen == "":
        return None
    if chosen is not None:
        interpreter = _try(chosen, version)
        if interpreter is None:
            raise PackageError(
                f"{chosen} does not run as a CPython {version}.",
                remedy=f"Name another with {variable} or --python310, or unset it: this command then searches for one.",
            )
        return interpreter
    for candidate in _candidates(version, environment):
        interpreter = _try(candidate, version)
        if interpreter is not None:
            return interpreter
    return None


def _candidates(version: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield where a Python of that version may be, the likeliest first."""
    path = environment.get("PATH", "")
    for name in (f"python{version}", "python3", "python"):
        for folder in path.split(":"):
            program = shutil.which(name, path=folder) if folder else None
            if program:
                yield program
    home = Path(environment.get("HOME", "~")).expanduser()
    pyenv = Path(environment.get("PYENV_ROOT", home / ".pyenv"))
    uv = Path(environment.get("UV_PYTHON_INSTALL_DIR", home / ".local/share/uv/python"))
    for place, pattern in ((pyenv / "versions", f"{version}*"), (uv, f"cpython-{version}.*")):
        for installed in sorted(place.glob(pattern), reverse=True):
            yield str(installed / "bin" / f"python{version}")


def _try(candidate: str, version: str) -> Interpreter | None:
    """Return the candidate as it reports itself, or None where it fails, is another version or is not CPython."""
    try:
        answer = subprocess.run(  # noqa: S603  # the operator's own interpreters
            [candidate, "-I", "-S", "-c", _PROGRAM],
            capture_output=True,
            check=True,
            timeout=_TIMEOUT_S,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        name, (major, minor, micro), path = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    if name != "cpython" or f"{major}.{minor}" != version:
        return None
    return Interpreter(Path(path), (major, minor, micro))

"""Which Python on this machine is of the version that SCF runs.

A name on PATH is no proof: a shim of pyenv stands there and fails for every version that is not switched on.
So each candidate is run and asked, and the first that answers with the right version and can compile is taken.

Must not know: what is compiled with it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops.errors import PackageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ASK_S = 20
QUESTION = (
    "import json, sys, py_compile;"
    " print(json.dumps([sys.implementation.name, list(sys.version_info[:3]), sys.executable]))"
)


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A CPython that was run and answered."""

    path: Path
    version: tuple[int, int, int]


def find_interpreter(version: str, *, environment: Mapping[str, str], named: str | None = None) -> Interpreter | None:
    """The Python of `version` ("3.10") on this machine, or None where there is none.

    `named`, or else the variable PYTHON310 (for 3.10), leaves no choice: if it is not what it should be, that
    is an error and not a reason to look further. An empty variable means: none.

    Raises PackageError when the one that was named cannot be used.
    """
    variable = f"PYTHON{version.replace('.', '')}"
    chosen = named if named is not None else environment.get(variable)
    if chosen == "":
        return None
    if chosen is not None:
        found = _ask(chosen, version)
        if found is None:
            raise PackageError(
                f"{chosen} does not run as a CPython {version}.",
                remedy=f"Name another with {variable} or --python310, or leave it unset to have one looked for.",
            )
        return found
    for candidate in _candidates(version, environment):
        found = _ask(candidate, version)
        if found is not None:
            return found
    return None


def _candidates(version: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Where a Python of that version may stand, the likeliest first."""
    path = environment.get("PATH", "")
    for name in (f"python{version}", "python3", "python"):
        for folder in path.split(":"):
            found = shutil.which(name, path=folder) if folder else None
            if found:
                yield found
    home = Path(environment.get("HOME", "~")).expanduser()
    pyenv = Path(environment.get("PYENV_ROOT", home / ".pyenv"))
    uv = Path(environment.get("UV_PYTHON_INSTALL_DIR", home / ".local/share/uv/python"))
    for place, pattern in ((pyenv / "versions", f"{version}*"), (uv, f"cpython-{version}.*")):
        for installed in sorted(place.glob(pattern), reverse=True):
            yield str(installed / "bin" / f"python{version}")


def _ask(candidate: str, version: str) -> Interpreter | None:
    """The candidate's own answer, or None where it fails, is another version or is not CPython."""
    try:
        answer = subprocess.run(  # noqa: S603 -- the operator's own interpreters
            [candidate, "-I", "-S", "-c", QUESTION],
            capture_output=True,
            check=True,
            timeout=ASK_S,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        name, (major, minor, micro), path = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    if name != "cpython" or f"{major}.{minor}" != version:
        return None
    return Interpreter(Path(path), (major, minor, micro))

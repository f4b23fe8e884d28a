"""Which Python compiles: whatever stands on PATH is run and asked before it is believed."""

import os
import sys

import pytest

from ops.errors import PackageError
from ops.package.interpreter import find_interpreter

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
REAL = os.path.realpath(sys.executable)


def _program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def _environment(home, *folders):
    return {"HOME": str(home), "PATH": ":".join(str(folder) for folder in folders)}


def test_broken_shim(tmp_path):
    """A shim that fails is skipped."""
    _program(tmp_path / "shims" / f"python{VERSION}", "echo 'command not found' >&2; exit 127\n")
    _program(tmp_path / "bin" / f"python{VERSION}", f'exec {REAL} "$@"\n')
    interpreter = find_interpreter(VERSION, environment=_environment(tmp_path, tmp_path / "shims", tmp_path / "bin"))
    assert interpreter.version == sys.version_info[:3]


def test_other_version(tmp_path):
    """A Python of another version is skipped."""
    _program(tmp_path / "bin" / "python3.9", f'exec {REAL} "$@"\n')
    assert find_interpreter("3.9", environment=_environment(tmp_path, tmp_path / "bin")) is None


def test_not_cpython(tmp_path):
    """A Python that is not CPython is skipped."""
    _program(tmp_path / "bin" / "python3.10", """echo '["pypy", [3, 10, 1], "/x"]'\n""")
    assert find_interpreter("3.10", environment=_environment(tmp_path, tmp_path / "bin")) is None


@pytest.mark.parametrize(
    "place",
    [".pyenv/versions/{}.9/bin/python{}", ".local/share/uv/python/cpython-{}.9-linux/bin/python{}"],
    ids=["pyenv", "uv"],
)
def test_not_on_path(tmp_path, place):
    """A Python of pyenv or uv is found although it is not on PATH."""
    _program(tmp_path / place.format(VERSION, VERSION), f'exec {REAL} "$@"\n')
    interpreter = find_interpreter(VERSION, environment=_environment(tmp_path))
    assert interpreter.version == sys.version_info[:3]


def test_no_python(tmp_path):
    """None is returned where there is none."""
    assert find_interpreter("3.10", environment=_environment(tmp_path, tmp_path)) is None


def test_variable(tmp_path):
    """The variable names the Python, and one that cannot be used is an error."""
    variable = f"PYTHON{VERSION.replace('.', '')}"
    good = _program(tmp_path / "mine", f'exec {REAL} "$@"\n')
    assert find_interpreter(VERSION, environment={variable: str(good)}).version == sys.version_info[:3]
    bad = _program(tmp_path / "bad", "exit 1\n")
    with pytest.raises(PackageError, match="does not run as a CPython"):
        find_interpreter(VERSION, environment={variable: str(bad), "PATH": os.environ["PATH"]})


def test_empty_variable():
    """An empty variable means: none."""
    assert (
        find_interpreter(
            VERSION, environment={f"PYTHON{VERSION.replace('.', '')}": "", **_environment("/", "/usr/bin")}
        )
        is None
    )

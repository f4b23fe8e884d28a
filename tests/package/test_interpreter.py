"""Which Python compiles: whatever stands on PATH is run and asked before it is believed."""

import os
import sys

import pytest

from ops.errors import PackageError
from ops.interpreter import find_interpreter

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"
REAL = os.path.realpath(sys.executable)


def _program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)
    return path


def _environment(home, *folders):
    return {"HOME": str(home), "PATH": ":".join(str(folder) for folder in folders)}


def test_a_shim_that_fails_is_passed_over_for_one_that_runs(tmp_path):
    _program(tmp_path / "shims" / f"python{HERE}", "echo 'command not found' >&2; exit 127\n")
    _program(tmp_path / "bin" / f"python{HERE}", f'exec {REAL} "$@"\n')
    found = find_interpreter(HERE, environment=_environment(tmp_path, tmp_path / "shims", tmp_path / "bin"))
    assert found.version == sys.version_info[:3]


def test_one_that_says_it_is_another_version_is_passed_over(tmp_path):
    _program(tmp_path / "bin" / "python3.9", f'exec {REAL} "$@"\n')
    assert find_interpreter("3.9", environment=_environment(tmp_path, tmp_path / "bin")) is None


def test_one_that_is_not_cpython_is_passed_over(tmp_path):
    _program(tmp_path / "bin" / "python3.10", """echo '["pypy", [3, 10, 1], "/x"]'\n""")
    assert find_interpreter("3.10", environment=_environment(tmp_path, tmp_path / "bin")) is None


@pytest.mark.parametrize(
    "place",
    [".pyenv/versions/{}.9/bin/python{}", ".local/share/uv/python/cpython-{}.9-linux/bin/python{}"],
    ids=["pyenv", "uv"],
)
def test_installed_ones_that_are_not_on_path_are_found(tmp_path, place):
    _program(tmp_path / place.format(HERE, HERE), f'exec {REAL} "$@"\n')
    found = find_interpreter(HERE, environment=_environment(tmp_path))
    assert found.version == sys.version_info[:3]


def test_none_on_the_machine_is_none(tmp_path):
    assert find_interpreter("3.10", environment=_environment(tmp_path, tmp_path)) is None


def test_the_variable_names_it_and_leaves_no_choice(tmp_path):
    variable = f"PYTHON{HERE.replace('.', '')}"
    good = _program(tmp_path / "mine", f'exec {REAL} "$@"\n')
    assert find_interpreter(HERE, environment={variable: str(good)}).version == sys.version_info[:3]
    bad = _program(tmp_path / "bad", "exit 1\n")
    with pytest.raises(PackageError, match="does not run as a CPython"):
        find_interpreter(HERE, environment={variable: str(bad), "PATH": os.environ["PATH"]})


def test_an_empty_variable_means_none():
    assert (
        find_interpreter(HERE, environment={f"PYTHON{HERE.replace('.', '')}": "", **_environment("/", "/usr/bin")})
        is None
    )

"""Each list in requirements/ holds what the programs that it is for import, and no more than they need is installed."""

import ast
import re
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

# What each list adds is for these: files that `make demo` and `make serve`, then `make package` and `ops`, run.
OUR_PACKAGES = {"snapshot", "emulator", "studio", "ops", "handler", "benchmarks", "tests", "checks"}
PROGRAMS = {
    "demo": (["requirements.txt", "requirements/demo.txt"], ["handler.py", "snapshot", "emulator", "studio"]),
    "ops": (
        ["requirements.txt", "requirements/demo.txt", "requirements/ops.txt"],
        ["ops", "benchmarks", "emulator/films"],
    ),
}
FOR_TESTS = {"emulator/pytest_plugin.py", "emulator/http/tls.py"}


def listed(root, files):
    """The names of the packages that requirement files list, as packaging normalizes them."""
    lines = [line for file in files for line in (root / file).read_text("utf-8").splitlines()]
    return {normal(match[1]) for line in lines if (match := re.match(r"([A-Za-z][\w.-]*)", line))}


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(root, places):
    """The top-level modules that the files import when they run, by file."""
    files = [
        file for place in places for file in ([root / place] if place.endswith(".py") else (root / place).rglob("*.py"))
    ]
    for file in files:
        name = file.relative_to(root).as_posix()
        tree = ast.parse(file.read_text("utf-8"))
        typing_only = {
            inner
            for node in ast.walk(tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            for inner in ast.walk(node)
        }
        for node in ast.walk(tree):
            if node in typing_only or name in FOR_TESTS:
                continue
            if isinstance(node, ast.Import):
                yield from ((name, alias.name.partition(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield name, node.module.partition(".")[0]


@pytest.mark.parametrize("program", PROGRAMS)
def test_imports(program, root):
    """Whatever a program imports is on the lists that its target installs."""
    files, places = PROGRAMS[program]
    names = listed(root, files)
    distributions = packages_distributions()
    missing = {
        (file, module)
        for file, module in imported(root, places)
        if module in distributions and module not in OUR_PACKAGES
        if not {normal(name) for name in distributions[module]} & names
    }
    assert missing == set()
    assert len(names) > 4


@pytest.mark.parametrize(
    "file", sorted(Path(__file__).parent.parent.glob("requirements/*.txt")), ids=lambda file: file.stem
)
def test_pinned(file):
    """Every package is pinned to one version, or to a range with its reason beside it."""
    lines = [line for line in file.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    assert lines
    assert [line for line in lines if not re.match(r"[\w.\[\]-]+==[\w.]+( ; .+)?(  # .+)?$|.+<.+  # .+", line)] == []

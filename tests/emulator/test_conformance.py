"""The conformance table of GetSnapshot: complete, current, and held by tests."""

import ast

import pytest

from tests.emulator.conformance import FOLDER, README, ROWS, with_table


def test_table_is_current():
    """The table in emulator/README.md is the one that this list makes."""
    assert README.read_text() == with_table(README.read_text())
    assert ROWS[0][0] in README.read_text()


@pytest.mark.parametrize(("statement", "file", "names"), ROWS, ids=[statement[:40] for statement, _, _ in ROWS])
def test_tests_exist(statement, file, names):
    """Every statement of the document names tests that exist."""
    tree = ast.parse((FOLDER / file).read_text())
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert names
    assert set(names) <= functions


def test_every_parameter():
    """Every parameter of the document is among the statements."""
    text = " ".join(statement for statement, _, _ in ROWS)
    for parameter in ("ci-process", "time", "width", "height", "format", "rotate", "mode"):
        assert f"`{parameter}`" in text

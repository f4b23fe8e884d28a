import ast

import pytest

from tests.emulator.conformance import HERE, README, ROWS, with_table


def test_the_table_in_the_readme_is_the_one_the_tests_make():
    assert README.read_text() == with_table(README.read_text())
    assert ROWS[0][0] in README.read_text()


@pytest.mark.parametrize(("says", "file", "names"), ROWS, ids=[says[:40] for says, _, _ in ROWS])
def test_every_statement_is_held_by_tests_that_are_there(says, file, names):
    tree = ast.parse((HERE / file).read_text())
    there = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert names
    assert set(names) <= there


def test_every_parameter_of_the_document_is_among_the_statements():
    said = " ".join(says for says, _, _ in ROWS)
    for parameter in ("ci-process", "time", "width", "height", "format", "rotate", "mode"):
        assert f"`{parameter}`" in said

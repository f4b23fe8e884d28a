"""The files that the scheduler keeps together are those that start a browser, and are there."""

import re

from tests.conftest import GROUPS

NEEDS_BROWSER = re.compile(r"^def test_.*\bchromium\b", re.MULTILINE)


def test_files_exist(root):
    """Each file of a group exists."""
    assert [name for name in GROUPS if not (root / name).is_file()] == []


def test_browsers(root):
    """Each file of tests that need Chromium is in the browser's group."""
    files = {path.relative_to(root).as_posix(): path for path in (root / "tests").rglob("test_*.py")}
    need = {name for name, path in files.items() if NEEDS_BROWSER.search(path.read_text("utf-8"))}
    assert need
    assert {GROUPS.get(name) for name in need} == {"browser"}

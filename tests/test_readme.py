import re

import pytest

from snapshot.settings import Settings

EMPTY = {"*(empty)*", "*(the source's)*", "*(unset)*"}


@pytest.fixture(scope="module")
def readme(root):
    return (root / "README.md").read_text()


@pytest.fixture(scope="module")
def table(readme):
    rows = re.findall(r"^\| `(SNAPSHOT_\w+)` \| (.+?) \| (.+) \|$", readme, re.MULTILINE)
    return {name: default if default in EMPTY else default.strip("`") for name, default, _ in rows}


def test_the_table_names_every_setting_and_no_other(table):
    assert list(table) == [field.alias for field in Settings.model_fields.values()]


def test_the_table_has_the_defaults(table):
    said = {name: value for name, value in table.items() if value not in EMPTY}
    assert Settings.from_environment(said) == Settings.from_environment({})
    for name in table.keys() - said.keys():
        field = next(field for field in Settings.model_fields.values() if field.alias == name)
        assert field.default == ""


def test_every_link_and_picture_is_there(root, readme):
    targets = re.findall(r"\]\(([^)#]+)\)|src(?:set)?=\"([^\"]+)\"", readme)
    assert targets
    for target in ("".join(pair) for pair in targets):
        assert target.startswith("https://") or (root / target).exists(), target


def test_every_command_is_a_target_of_the_makefile(root, readme):
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^    |`)make ([a-z]+)", readme, re.MULTILINE)) <= targets

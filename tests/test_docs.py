"""The documents say what is there: links lead somewhere, named tests and commands exist, versions agree."""

import ast
import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import fields

import pytest
import yaml

from checks import posters
from checks.marks import replace
from snapshot.products.scoring import FrameStats

EARLIER_VERSIONS = {"CHANGELOG.md"}  # it names what was there at its time


@pytest.fixture(scope="module")
def documents(root):
    """Every document in the tree, by its path."""
    folders = [root, root / "docs", root / "emulator", root / "events"]
    return {path.relative_to(root).as_posix(): path.read_text() for folder in folders for path in folder.glob("*.md")}


def without_code(text):
    return re.sub(r"^```.*?^```|^ {4,}.*?$|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)


def anchors(text):
    """Return the anchors of a document's headings, as GitHub forms them."""
    slugs = []
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    for heading in re.findall(r"^#+ (.+)$", prose, re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        slugs.append(f"{slug}-{slugs.count(slug)}" if slug in slugs else slug)
    return slugs


def test_links_lead_somewhere(root, documents):
    """Every relative link names a file of the tree, and every anchor a heading in it."""
    dead = []
    count = 0
    for name, text in documents.items():
        folder = (root / name).parent
        for target in re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"", without_code(text)):
            link = "".join(target)
            count += 1
            if re.match(r"[a-z]+:", link):
                continue
            path, _, anchor = link.partition("#")
            file = (folder / path).resolve() if path else root / name
            if not file.exists() or (anchor and anchor not in anchors(file.read_text())):
                dead.append(f"{name}: {link}")
    assert count > 20
    assert dead == []


def test_every_document_is_linked(documents):
    """A reader who starts at the README reaches every document."""
    pages = {name for name in documents if name.startswith("docs/")} | {
        "CONTRIBUTING.md",
        "SECURITY.md",
        "CHANGELOG.md",
    }
    linked = {link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", documents["README.md"])}
    assert pages - linked == set()


def test_make_targets_exist(root, documents):
    """Every `make` command in a document is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(), re.MULTILINE))
    named = {
        (name, target)
        for name, text in documents.items()
        for target in re.findall(r"(?:^    |`|^)make ([a-z]+)\b(?=[`\s])", text, re.MULTILINE)
        if name not in EARLIER_VERSIONS
    }
    assert len(named) > 3
    assert {(name, target) for name, target in named if target not in targets} == set()


def test_modules_exist(root, documents):
    """Every `python -m` in a document names a module of the tree or a tool that is installed with it."""
    tools = {"pip", "venv", "pytest", "mypy", "ruff", "http.server"}
    named = {
        (name, module)
        for name, text in documents.items()
        for module in re.findall(r"python3? -m ([a-z_.]+[a-z])", text)
        if name not in EARLIER_VERSIONS
    }
    missing = {
        (name, module)
        for name, module in named
        if module not in tools
        and not (root / module.replace(".", "/")).with_suffix(".py").is_file()
        and not (root / module.replace(".", "/") / "__main__.py").is_file()
    }
    assert missing == set()


def test_ops_commands_exist(root, documents):
    """Every `python -m ops` command in a document is one that `python -m ops --help` lists."""
    command = [sys.executable, "-m", "ops", "--help"]
    output = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout
    commands = set(re.findall(r"^    (\w+)  ", output, re.MULTILINE))
    named = {
        (name, command)
        for name, text in documents.items()
        for command in re.findall(r"python -m ops ([a-z]\w+)", text)
        if name not in EARLIER_VERSIONS
    }
    assert "deploy" in commands
    assert {(name, command) for name, command in named if command not in commands} == set()


def test_invariants_name_tests_that_exist(root, documents):
    """Each statement in docs/invariants.md is followed by the tests that enforce it, and they exist."""
    text = documents["docs/invariants.md"]
    statements = re.split(r"^### ", text, flags=re.MULTILINE)[1:]
    assert len(statements) >= 10
    for statement in statements:
        heading = statement.splitlines()[0]
        enforced = re.search(r"^Enforced by: (.+?)(?:\n\n|\Z)", statement, re.MULTILINE | re.DOTALL)
        assert enforced, heading
        names = re.findall(r"`([^`]+)`", enforced[1])
        assert names, heading
        for name in names:
            path, separator, test = name.partition("::")
            assert (root / path).is_file(), f"{heading}: {name}"
            if separator:
                assert test in functions(root / path), f"{heading}: {name}"


def test_codes_are_those_of_the_code(root, documents):
    """Every code in the table of missing pictures is one that the function can write into a manifest."""
    section = documents["docs/troubleshooting.md"].partition("## A picture is missing")[2].partition("\n## ")[0]
    codes = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    source = "".join(path.read_text() for path in (root / "snapshot").rglob("*.py"))
    assert len(codes) > 4
    assert [code for code in codes if f'"{code}"' not in source] == []


def test_quoted_messages_are_the_codes(root, documents):
    """Messages that docs/troubleshooting.md quotes from the log stand in the function's code."""
    section = documents["docs/troubleshooting.md"].partition("## No pictures appear")[2].partition("\n## ")[0]
    symptoms = re.findall(r"^\| (.+?) \|", section, re.MULTILINE)
    quoted = [text for symptom in symptoms for text in re.findall(r"\"([^\"]+)\"", symptom)]
    source = "".join(path.read_text() for path in (root / "snapshot").rglob("*.py"))
    assert len(quoted) > 3
    assert [text for text in quoted if text not in source] == []


def test_measures_are_those_of_the_code(documents):
    """docs/posters.md explains every measure that a manifest can hold, and no other."""
    section = documents["docs/posters.md"].partition("## Measures")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == [field.name for field in fields(FrameStats)]


def test_figures_of_posters_are_measured(root, documents):
    """docs/posters.md has the figures of the last benchmark, as `python -m checks posters --write` writes them."""
    document = documents["docs/posters.md"]
    assert document == replace(document, posters.render(root), command="posters")


def test_lines_for_players_are_the_codes(root, documents):
    """docs/storyboard.md has every line for a player that the function writes into players.json."""
    golden = json.loads((root / "tests/snapshot/products/golden/landscape.players.json").read_text())
    lines = [value for value in (*golden.values(), golden["artplayer"]["plugins"]) if isinstance(value, str)]
    missing = [
        line for line in lines if "storyboard.vtt" in line and f"`{line}`" not in documents["docs/storyboard.md"]
    ]
    assert len(lines) > 6
    assert missing == []


def test_named_files_exist(root, documents):
    """Every file, folder and test that a document names in code is there."""
    named = [
        (name, path, test)
        for name, text in documents.items()
        if name not in EARLIER_VERSIONS
        for path, test in re.findall(
            r"`((?:benchmarks|checks|docs|emulator|events|ops|snapshot|studio|tests)/[\w./-]*)(?:::(\w+))?`", text
        )
    ]
    assert len(named) > 50
    assert [(name, path) for name, path, _ in named if not (root / path).exists()] == []
    assert [(name, test) for name, path, test in named if test and test not in functions(root / path)] == []


def functions(path):
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}


def test_glossary_explains_each_term_once(documents):
    """No term has two meanings."""
    rows = re.findall(r"^\| (\*\*.+?) \|", documents["docs/glossary.md"], re.MULTILINE)
    terms = Counter(term for row in rows for term in re.findall(r"\*\*(.+?)\*\*", row))
    assert len(terms) > 40
    assert {term for term, number in terms.items() if number > 1} == set()


def test_hooks_run_the_pinned_tools(root):
    """The commit hooks use the versions that `make check` uses."""
    lines = "\n".join(path.read_text() for path in root.glob("requirements/*.txt"))
    pins = dict(re.findall(r"^([\w-]+)==([\w.]+)", lines, re.MULTILINE))
    hooks = yaml.safe_load((root / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    used = dict(pin.split("==") for hook in hooks for pin in hook["additional_dependencies"])
    assert used["ruff"] == pins["ruff"]


def test_package_needs_what_ships(root):
    """The dependencies of `pip install` are those of the zip, by name."""
    project = (root / "pyproject.toml").read_text()
    declared = set(re.findall(r'"([\w-]+)', re.search(r"^dependencies = (.+)$", project, re.MULTILINE)[1]))
    shipped = set(re.findall(r"^([\w-]+)==", (root / "ops/requirements.in").read_text(), re.MULTILINE))
    assert declared == shipped

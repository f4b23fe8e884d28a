"""Who may import whom: the table of the design, held to the code."""

import ast

import pytest

# A part -> the parts of snapshot/ it may know, and the libraries at its edges beyond the standard one.
SNAPSHOT = {
    "errors": (set(), set()),
    "times": (set(), set()),
    "settings": ({"errors", "times"}, {"pydantic"}),
    "events": ({"errors"}, {"pydantic"}),
    "plan": ({"errors", "settings", "times"}, set()),
    "frames": ({"errors", "plan"}, {"PIL"}),
    "thumbnails": ({"errors", "frames", "settings"}, {"PIL"}),
    "poster": ({"thumbnails"}, {"PIL"}),
    "manifest": (set(), {"pydantic"}),
    "logs": (set(), set()),
    "answers": ({"errors", "frames"}, {"xmltodict"}),
    "cos": (
        {"answers", "errors", "logs"},
        {"qcloud_cos", "requests", "urllib3", "typing_extensions"},
    ),
    "bucket": ({"answers", "cos", "errors", "frames"}, set()),
    "taking": ({"errors", "frames", "logs", "plan", "poster", "thumbnails"}, set()),
    "outcomes": ({"errors", "events"}, set()),
    "pipeline": (
        {
            "errors",
            "events",
            "frames",
            "logs",
            "manifest",
            "outcomes",
            "plan",
            "poster",
            "settings",
            "taking",
            "thumbnails",
            "times",
        },
        set(),
    ),
}
PURE = ("events", "outcomes", "plan", "times", "thumbnails", "poster", "manifest", "answers")
WORLDLY = {"os", "time", "logging", "random", "socket", "threading", "subprocess", "concurrent", "requests", "urllib3"}
STANDARD = __import__("sys").stdlib_module_names


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            if node.module in ("snapshot", "emulator", "ops"):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def python_files(folder):
    found = sorted(folder.rglob("*.py"))
    assert found, f"nothing in {folder}"
    return found


def test_the_table_names_every_module(root):
    assert {path.stem for path in (root / "snapshot").glob("*.py")} - {"__init__"} == SNAPSHOT.keys()


@pytest.mark.parametrize("name", SNAPSHOT)
def test_each_module_knows_what_it_may(root, name):
    parts, libraries = SNAPSHOT[name]
    allowed = (
        {f"snapshot.{part}" for part in parts}
        | {"snapshot"}
        | ({"snapshot.__version__"} if name == "pipeline" else set())
    )
    for imported in imports(root / "snapshot" / f"{name}.py"):
        top = imported.partition(".")[0]
        if top == "snapshot":
            assert imported in allowed
        else:
            assert top in libraries | STANDARD


@pytest.mark.parametrize("name", PURE)
def test_the_core_does_nothing_to_the_world(root, name):
    assert not {one.partition(".")[0] for one in imports(root / "snapshot" / f"{name}.py")} & WORLDLY


def test_only_one_module_knows_the_sdk(root):
    knowing = [path.name for path in python_files(root / "snapshot") if any("qcloud" in one for one in imports(path))]
    assert knowing == ["cos.py"]


@pytest.mark.parametrize(
    ("folder", "never"), [("snapshot", {"emulator", "ops"}), ("emulator", {"snapshot", "ops"}), ("ops", {"emulator"})]
)
def test_houses_do_not_know_each_other(root, folder, never):
    for path in python_files(root / folder):
        assert not {one.partition(".")[0] for one in imports(path)} & never, path


def test_the_handler_knows_no_emulator(root):
    assert not {one.partition(".")[0] for one in imports(root / "handler.py")} & {"emulator", "ops"}


@pytest.mark.parametrize("name", ["errors", "settings", "events", "plan", "pipeline"])
def test_importing_a_module_does_not_load_the_sdk(root, name):
    import subprocess
    import sys

    code = f"import sys, snapshot.{name}; sys.exit('qcloud_cos' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_only_the_handler_catches_everything(root):
    catching = [
        path.name
        for path in [*python_files(root / "snapshot"), root / "handler.py"]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")))
    ]
    assert catching == ["handler.py"]

"""Imports: the contracts in pyproject.toml hold, and so do rules that import-linter cannot express."""

import ast
import subprocess
import sys

import pytest

from checks import packages
from checks.marks import replace

# What may look at the clock, the log, the network or threads. Every other module of the function is pure.
SHELL = {
    "snapshot.answers",
    "snapshot.batch",
    "snapshot.capture",
    "snapshot.deadline",
    "snapshot.invocation",
    "snapshot.logs",
    "snapshot.making",
    "snapshot.memory",
    "snapshot.pipeline",
    "snapshot.posters",
    "snapshot.previews",
    "snapshot.reuse",
    "snapshot.scheduler",
    "snapshot.storyboards",
    "snapshot.tencent",
    "snapshot.workers",
    "snapshot.workspace",
}
CATCHES_EVERYTHING = {
    "snapshot/batch.py",  # each record has its turn
    "snapshot/workers.py",  # an error in a thread goes to the caller that waits for its result
}


@pytest.fixture(scope="module")
def contracts(root):
    return {contract["name"]: contract for contract in packages.read_contracts(root)}


def modules_of(root, package):
    """Return the names of all modules below a package, without the package itself."""
    paths = (path.relative_to(root) for path in (root / package).rglob("*.py"))
    names = {".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in paths}
    return names - {package}


def contract_about(contracts, words):
    (contract,) = (contract for name, contract in contracts.items() if words in name)
    return contract


def test_contracts_hold(root):
    """Every import goes the way that the contracts in pyproject.toml allow."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_no_import_is_ignored(contracts):
    """No contract is kept by looking away."""
    assert not [name for name, contract in contracts.items() if contract.get("ignore_imports")]


def test_handler_knows_no_tool(root, contracts):
    """The entry point, which lies outside the packages of the contracts, imports no tool either."""
    tools = set(contract_about(contracts, "function knows no tool")["forbidden_modules"])
    packages_of_handler = set()
    for node in ast.walk(ast.parse((root / "handler.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            packages_of_handler |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            packages_of_handler.add((node.module or "").partition(".")[0])
    assert "snapshot" in packages_of_handler
    assert not packages_of_handler & tools


def test_every_module_is_core_or_shell(root, contracts):
    """A new module of the function is either under the contract of the pure core, or on the short list here."""
    core = set(contract_about(contracts, "no clock")["source_modules"])
    assert core.isdisjoint(SHELL)
    children = {name for name in modules_of(root, "snapshot") if name.count(".") == 1}
    assert children == core | SHELL


def test_sdk_contract_names_every_module(root, contracts):
    """The contract about Tencent's SDK covers all of the function but the client, by name or through the core's."""
    named = {
        *contract_about(contracts, "SDK")["source_modules"],
        *contract_about(contracts, "no clock")["source_modules"],
    }
    for name in modules_of(root, "snapshot") - {"snapshot.tencent", "snapshot.tencent.client"}:
        assert named & {name, name.rpartition(".")[0]}, name


@pytest.mark.parametrize("module", ["batch", "errors", "events", "media", "pipeline", "plan", "tencent.client"])
def test_values_load_no_pictures(root, module):
    """The planning half of the function starts without Pillow: it is loaded while the first call is under way."""
    assert loaded_by(root, f"import snapshot.{module}", "PIL") == "False"


@pytest.mark.parametrize("module", ["capture", "frames", "pipeline", "products.thumbnails", "tencent.responses"])
def test_steps_load_no_sdk(root, module):
    """Tencent's SDK is loaded by the client and by nothing else."""
    assert loaded_by(root, f"import snapshot.{module}", "qcloud_cos") == "False"


def test_client_loads_the_sdk(root):
    """The two tests above can fail: what they look for is seen where it is."""
    assert loaded_by(root, "import snapshot.tencent.client", "qcloud_cos") == "True"
    assert loaded_by(root, "import snapshot.products.thumbnails", "PIL") == "True"


def loaded_by(root, statement, package):
    command = [sys.executable, "-c", f"{statement}; import sys; print({package!r} in sys.modules)"]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.strip()


def test_importing_does_nothing(root):
    """Importing the function opens no connection, starts no thread, sets up no logging and needs no environment."""
    statements = """
        import importlib, logging, os, pkgutil, sys, threading
        watched = {"socket.connect", "subprocess.Popen"}
        calls = []
        sys.addaudithook(lambda name, args: name in watched and calls.append(name))
        import snapshot
        for module in pkgutil.walk_packages(snapshot.__path__, "snapshot."):
            importlib.import_module(module.name)
        import handler
        assert not calls, calls
        assert threading.active_count() == 1, threading.enumerate()
        assert not logging.getLogger().handlers, logging.getLogger().handlers
    """
    lines = "\n".join(line[8:] for line in statements.splitlines())
    command = [sys.executable, "-c", lines]
    result = subprocess.run(command, cwd=root, env={}, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_everything_is_caught_in_one_place(root):
    """Nothing hides an error that nobody foresaw: it is raised again, but in the places listed here."""
    catching = set()
    for path in [root / "handler.py", *(root / "snapshot").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler) and catches_everything(node.type) and not raises_again(node):
                catching.add(path.relative_to(root).as_posix())
    assert catching == CATCHES_EVERYTHING


def test_only_two_decoders_are_reached(root):
    """Pillow never guesses a format: every picture is opened as JPEG or PNG, so no other decoder is reached."""
    formats = [
        [ast.literal_eval(keyword.value) for keyword in node.keywords if keyword.arg == "formats"]
        for path in (root / "snapshot").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"Image.open", "PIL.Image.open"}
    ]
    assert formats
    assert all(names == [("JPEG", "PNG")] for names in formats)


def catches_everything(types):
    if types is None:
        return True
    names = types.elts if isinstance(types, ast.Tuple) else [types]
    return any(isinstance(name, ast.Name) and name.id in {"Exception", "BaseException"} for name in names)


def raises_again(handler):
    return isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None


def test_tables_of_packages_are_current(root):
    """docs/architecture.md has the tables that `python -m checks packages --write` would write."""
    document = (root / packages.DOCUMENT).read_text()
    assert document == replace(document, packages.render(root), command="packages")

"""import-linter's contracts -> the tables of packages in docs/architecture.md.

Each row has the place of a module in its layers and the first sentence of its docstring: the map is what the code says
of itself. `python -m checks packages --write` brings the document up to date; tests/test_architecture.py holds it.
"""

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypedDict, cast

from importlinter import api

DOCUMENT = Path("docs/architecture.md")


class Contract(TypedDict, total=False):
    """A contract as pyproject.toml spells it; which keys it has depends on its type."""

    name: str
    type: str
    containers: Sequence[str]
    layers: Sequence[str]
    source_modules: Sequence[str]
    forbidden_modules: Sequence[str]


def read_contracts(root: Path) -> list[Contract]:
    """Return the contracts in pyproject.toml, in its order."""
    options: Mapping[str, object] = api.read_configuration(str(root / "pyproject.toml"))
    return cast("list[Contract]", options["contracts_options"])


def render(root: Path) -> str:
    """Return a table for each contract of layers, then the list of forbidden imports."""
    contracts = read_contracts(root)
    parts = [_layers(root, contract) for contract in contracts if contract["type"] == "layers"]
    parts.append(_forbidden(contract for contract in contracts if contract["type"] == "forbidden"))
    return "\n\n".join(parts)


def _layers(root: Path, contract: Contract) -> str:
    (container,) = contract["containers"]
    rows = []
    for number, layer in enumerate(contract["layers"], 1):
        for name in re.findall(r"\w+", layer):
            path = root / container / name
            source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            if source.exists():
                rows.append(f"| {number} | `{container}.{name}` | {_headline(source)} |")
    return "\n".join(
        [f"**{contract['name']}.**", "", "| layer | module | its subject |", "| ---: | --- | --- |", *rows]
    )


def _forbidden(contracts: Iterable[Contract]) -> str:
    rows = [
        f"| {contract['name']} | {_names(contract['source_modules'])} | {_names(contract['forbidden_modules'])} |"
        for contract in contracts
    ]
    return "\n".join(["| rule | these modules | import none of |", "| --- | --- | --- |", *rows])


def _names(modules: Sequence[str]) -> str:
    return ", ".join(f"`{module}`" for module in modules)


def _headline(source: Path) -> str:
    """Return the first sentence of a module's docstring, as it may stand in a cell of a table."""
    docstring = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(docstring.partition("\n\n")[0].split())
    sentence = re.split(r"(?<=[.;]) ", paragraph, maxsplit=1)[0]
    return str(sentence).rstrip(".;").replace("|", r"\|")

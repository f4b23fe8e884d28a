"""serverless.yml as it stands in the project, to be changed and read again."""

import copy
import zipfile

import pytest
import yaml

from ops.package.command import ROOT
from ops.stack.stackfile import parse_stack

BUCKET = "examplebucket-1250000000"


@pytest.fixture
def document():
    """The parsed file; a test may change it."""
    return yaml.safe_load((ROOT / "serverless.yml").read_text(encoding="utf-8"))


@pytest.fixture
def stack_with(document):
    """The stack with variables set (None removes one), inputs replaced, and the triggers' parameters replaced."""

    def stack_with(*, variables=None, trigger=None, **inputs):
        changed = copy.deepcopy(document)
        changed["inputs"].update(inputs)
        present = changed["inputs"]["environment"]["variables"]
        for name, value in (variables or {}).items():
            present.pop(name, None)
            present.update({} if value is None else {name: value})
        if trigger:
            for number, entry in enumerate(changed["inputs"]["events"]):
                parameters = {name: value for name, value in trigger.items() if name != "events" or not number}
                entry["cos"]["parameters"].update(parameters)
        return parse_stack(changed)

    return stack_with


@pytest.fixture
def stack(stack_with):
    return stack_with()


@pytest.fixture(scope="session")
def small_package(tmp_path_factory):
    """The function's own files; the dependencies are this Python's. The real package is proven in tests/package."""
    path = tmp_path_factory.mktemp("package") / "snapshot.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for source in [ROOT / "handler.py", *sorted((ROOT / "snapshot").rglob("*.py"))]:
            archive.write(source, source.relative_to(ROOT))
    return path

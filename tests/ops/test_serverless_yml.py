"""The file that ships: held to the component's own words, and to the function's own settings."""

import re

import jsonschema
import pytest
import yaml

from ops.package.command import ROOT, runtime_version
from snapshot.settings import Settings
from tests.ops.component import SCHEMA

TEXT = (ROOT / "serverless.yml").read_text(encoding="utf-8")
VARIABLES = {field.alias: field for field in Settings.model_fields.values()}


def _problems(document):
    return [error.json_path for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(document)]


def test_component_accepts(document):
    """The component accepts the file."""
    assert _problems(document) == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda document: document["inputs"].update(memorySize=500), "$.inputs.memorySize"),
        (lambda document: document["inputs"].update(memorySize="512"), "$.inputs.memorySize"),
        (lambda document: document["inputs"].update(memory=512), "$.inputs"),
        (lambda document: document["inputs"].update(name="1snapshot"), "$.inputs.name"),
        (lambda document: document["inputs"].update(type="cron"), "$.inputs.type"),
        (lambda document: document["inputs"].update(description="Posters; thumbnails"), "$.inputs.description"),
        (lambda document: document["inputs"].update(timeout=901), "$.inputs.timeout"),
        (lambda document: document["inputs"].pop("src"), "$.inputs"),
        (lambda document: document.update(component="cos"), "$.component"),
        (
            lambda document: _trigger(document).update(events="cos:ObjectCreated:Append"),
            "$.inputs.events[0].cos.parameters.events",
        ),
        (
            lambda document: _trigger(document).update(events=["cos:ObjectCreated:*"]),
            "$.inputs.events[0].cos.parameters.events",
        ),
        (lambda document: _trigger(document).pop("enable"), "$.inputs.events[0].cos.parameters"),
        (lambda document: _trigger(document).pop("filter"), "$.inputs.events[0].cos.parameters"),
        (
            lambda document: document["inputs"]["environment"]["variables"].update({"A-B": "x"}),
            "$.inputs.environment.variables",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_validator(document, change, place):
    """The schema refuses what the component would refuse."""
    change(document)
    assert place in _problems(document)


def _trigger(document):
    return document["inputs"]["events"][0]["cos"]["parameters"]


def test_settings_accept(document):
    """The function accepts the variables of the file."""
    variables = document["inputs"]["environment"]["variables"]
    assert all(isinstance(value, str) for value in variables.values()), "a bare number would be quoted by nobody"
    settings = Settings.from_environment(variables)
    assert settings.input_prefix == "videos/"


@pytest.mark.parametrize("variable", VARIABLES)
def test_setting_is_listed(variable):
    """Every setting stands in the file with a comment above it."""
    lines = TEXT.splitlines()
    (at,) = [number for number, line in enumerate(lines) if re.match(rf"\s*(# )?{variable}:", line)]
    assert lines[at - 1].strip().startswith("# ")


def test_no_unknown_variable(document):
    """The file sets no variable that the function does not know."""
    assert set(document["inputs"]["environment"]["variables"]) <= set(VARIABLES)


def test_defaults(document):
    """Every value in the file is the default, except for the input prefix."""
    settings = Settings.from_environment(document["inputs"]["environment"]["variables"])
    assert settings.model_copy(update={"input_prefix": ""}) == Settings.from_environment({})


def test_trigger(document):
    """The triggers are open, and the output lies outside them."""
    trigger, settings = _trigger(document), Settings.from_environment(document["inputs"]["environment"]["variables"])
    assert trigger["enable"] is True
    assert trigger["filter"]["prefix"] == settings.input_prefix
    assert not settings.output_prefix.startswith(trigger["filter"]["prefix"])
    assert not trigger["filter"]["prefix"].startswith(settings.output_prefix)


def test_runtime(document):
    """The packager finds the runtime that YAML reads."""
    assert document["inputs"]["runtime"] == f"Python{runtime_version(ROOT / 'serverless.yml')}"


def test_no_duplicate():
    """No name stands in the file twice."""

    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader, node):
        names = [loader.construct_object(name) for name, _ in node.value]
        assert len(names) == len(set(names))
        return yaml.SafeLoader.construct_mapping(loader, node, deep=True)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    assert yaml.load(TEXT, Strict)

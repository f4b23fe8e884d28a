"""The file that ships: held to the component's own words, and to the function's own settings."""

import re

import jsonschema
import pytest
import yaml

from ops.package import ROOT, runtime_version
from snapshot.settings import Settings
from tests.ops.component import SCHEMA

TEXT = (ROOT / "serverless.yml").read_text(encoding="utf-8")
VARIABLES = {field.alias: field for field in Settings.model_fields.values()}


def _problems(document):
    return [error.json_path for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(document)]


def test_the_component_accepts_it(document):
    assert _problems(document) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda it: it["inputs"].update(memorySize=500), "$.inputs.memorySize"),
        (lambda it: it["inputs"].update(memorySize="512"), "$.inputs.memorySize"),
        (lambda it: it["inputs"].update(memory=512), "$.inputs"),
        (lambda it: it["inputs"].update(name="1snapshot"), "$.inputs.name"),
        (lambda it: it["inputs"].update(type="cron"), "$.inputs.type"),
        (lambda it: it["inputs"].update(description="Posters; thumbnails"), "$.inputs.description"),
        (lambda it: it["inputs"].update(timeout=901), "$.inputs.timeout"),
        (lambda it: it["inputs"].pop("src"), "$.inputs"),
        (lambda it: it.update(component="cos"), "$.component"),
        (lambda it: _trigger(it).update(events="cos:ObjectCreated:Append"), "$.inputs.events[0].cos.parameters.events"),
        (lambda it: _trigger(it).update(events=["cos:ObjectCreated:*"]), "$.inputs.events[0].cos.parameters.events"),
        (lambda it: _trigger(it).pop("enable"), "$.inputs.events[0].cos.parameters"),
        (lambda it: _trigger(it).pop("filter"), "$.inputs.events[0].cos.parameters"),
        (lambda it: it["inputs"]["environment"]["variables"].update({"A-B": "x"}), "$.inputs.environment.variables"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_validator_sees_what_the_component_would_refuse(document, change, where):
    change(document)
    assert where in _problems(document)


def _trigger(document):
    return document["inputs"]["events"][0]["cos"]["parameters"]


def test_the_real_settings_parse_what_stands_in_it(document):
    variables = document["inputs"]["environment"]["variables"]
    assert all(isinstance(value, str) for value in variables.values()), "a bare number would be quoted by nobody"
    settings = Settings.from_environment(variables)
    assert settings.input_prefix == "videos/"


@pytest.mark.parametrize("variable", VARIABLES)
def test_every_setting_stands_in_it_with_a_comment_above(variable):
    lines = TEXT.splitlines()
    (at,) = [number for number, line in enumerate(lines) if re.match(rf"\s*(# )?{variable}:", line)]
    assert lines[at - 1].strip().startswith("# ")


def test_it_sets_no_variable_that_the_function_does_not_know(document):
    assert set(document["inputs"]["environment"]["variables"]) <= set(VARIABLES)


def test_what_it_sets_is_the_default_but_for_the_prefix(document):
    settings = Settings.from_environment(document["inputs"]["environment"]["variables"])
    assert settings.model_copy(update={"input_prefix": ""}) == Settings.from_environment({})


def test_the_trigger_is_open_and_never_meets_the_output(document):
    trigger, settings = _trigger(document), Settings.from_environment(document["inputs"]["environment"]["variables"])
    assert trigger["enable"] is True
    assert trigger["filter"]["prefix"] == settings.input_prefix
    assert not settings.output_prefix.startswith(trigger["filter"]["prefix"])
    assert not trigger["filter"]["prefix"].startswith(settings.output_prefix)


def test_the_runtime_is_found_by_the_packager_as_yaml_reads_it(document):
    assert document["inputs"]["runtime"] == f"Python{runtime_version(ROOT / 'serverless.yml')}"


def test_no_line_is_there_twice():
    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader, node):
        names = [loader.construct_object(name) for name, _ in node.value]
        assert len(names) == len(set(names))
        return yaml.SafeLoader.construct_mapping(loader, node, deep=True)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    assert yaml.load(TEXT, Strict)

"""The documents themselves; that they are enough and hold nothing to spare is shown end to end."""

import json

import pytest

from ops.__main__ import main
from ops.policy import as_text, run_policy, trust_policy

BUCKET = "examplebucket-1250000000"


def _grants(policy):
    return {
        (action, resource) for rule in policy["statement"] for action in rule["action"] for resource in rule["resource"]
    }


def test_the_least_policy_of_the_file_as_it_stands(stack):
    cos, ci = f"qcs::cos:ap-guangzhou:uid/1250000000:{BUCKET}/", f"qcs::ci:ap-guangzhou:uid/1250000000:bucket/{BUCKET}/"
    assert _grants(run_policy(stack)) >= {
        ("name/cos:HeadObject", cos + "videos/*"),
        ("ci:GenerateSnapshot", ci + "videos/*"),
        ("ci:GenerateMediaInfo", ci + "videos/*"),
        ("name/cos:PutObject", cos + "thumbnails/*"),
        ("name/cos:GetObject", cos + "thumbnails/*"),
    }
    assert all(rule["effect"] == "allow" for rule in run_policy(stack)["statement"])
    assert not any("*" in action for action, _ in _grants(run_policy(stack)))


def test_the_output_goes_where_the_settings_say(stack_with):
    stack = stack_with(variables={"SNAPSHOT_OUTPUT_BUCKET": "pictures-1250000000", "SNAPSHOT_OUTPUT_PREFIX": "t/"})
    puts = {resource for action, resource in _grants(run_policy(stack)) if action == "name/cos:PutObject"}
    assert puts == {"qcs::cos:ap-guangzhou:uid/1250000000:pictures-1250000000/t/*"}


@pytest.mark.parametrize(
    ("trigger", "setting", "granted"),
    [
        ("videos/", "videos/", "videos/*"),
        ("videos/", "videos/new/", "videos/new/*"),
        ("videos/new/", "videos/", "videos/new/*"),
    ],
    ids=["same", "the setting is narrower", "the trigger is narrower"],
)
def test_the_narrower_of_both_prefixes_is_granted(stack_with, trigger, setting, granted):
    stack = stack_with(variables={"SNAPSHOT_INPUT_PREFIX": setting}, trigger={"filter": {"prefix": trigger}})
    heads = {resource for action, resource in _grants(run_policy(stack)) if action == "ci:GenerateSnapshot"}
    assert {resource.partition(f"{BUCKET}/")[2] for resource in heads} == {granted}


def test_scf_may_take_the_role_and_nobody_else():
    (statement,) = trust_policy()["statement"]
    assert statement == {
        "action": "name/sts:AssumeRole",
        "effect": "allow",
        "principal": {"service": "scf.qcloud.com"},
    }


def test_a_document_has_one_text_whatever_its_order():
    assert as_text({"b": 1, "a": [1]}) == as_text({"a": [1], "b": 1}) == '{"a":[1],"b":1}'


@pytest.mark.parametrize("only", ["policy", "trust"])
def test_the_command_prints_one_document_to_be_pasted(capsys, only):
    assert main(["policy", "--only", only]) == 0
    assert json.loads(capsys.readouterr().out)["version"] == "2.0"


def test_the_command_names_the_role(capsys):
    assert main(["policy"]) == 0
    out = capsys.readouterr().out
    assert "the role snapshot-run" in out
    assert "ci:GenerateSnapshot" in out
    assert "scf.qcloud.com" in out

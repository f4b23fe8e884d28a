"""The documents themselves; that they are enough and hold nothing to spare is shown end to end."""

import json

import pytest

from ops.__main__ import main
from ops.deploy.policy import as_text, run_policy, trust_policy

BUCKET = "examplebucket-1250000000"


def _grants(policy):
    return {
        (action, resource) for rule in policy["statement"] for action in rule["action"] for resource in rule["resource"]
    }


def test_default_policy(stack):
    """The policy of the shipped file allows its prefixes, and no action by wildcard."""
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


def test_output_bucket(stack_with):
    """Writing is allowed where the settings put the output."""
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
def test_narrower_prefix(stack_with, trigger, setting, granted):
    """Of trigger prefix and input prefix the narrower one is granted."""
    stack = stack_with(variables={"SNAPSHOT_INPUT_PREFIX": setting}, trigger={"filter": {"prefix": trigger}})
    heads = {resource for action, resource in _grants(run_policy(stack)) if action == "ci:GenerateSnapshot"}
    assert {resource.partition(f"{BUCKET}/")[2] for resource in heads} == {granted}


def test_trust_policy():
    """SCF may assume the role, and nobody else."""
    (statement,) = trust_policy()["statement"]
    assert statement == {
        "action": "name/sts:AssumeRole",
        "effect": "allow",
        "principal": {"service": "scf.qcloud.com"},
    }


def test_text_is_canonical():
    """A document has one text, whatever its order."""
    assert as_text({"b": 1, "a": [1]}) == as_text({"a": [1], "b": 1}) == '{"a":[1],"b":1}'


@pytest.mark.parametrize("choice", ["policy", "trust"])
def test_command_only(capsys, choice):
    """One document alone is printed as JSON."""
    assert main(["policy", "--only", choice]) == 0
    assert json.loads(capsys.readouterr().out)["version"] == "2.0"


def test_command(capsys):
    """The command names the role and prints both documents."""
    assert main(["policy"]) == 0
    out = capsys.readouterr().out
    assert "the role snapshot-run" in out
    assert "ci:GenerateSnapshot" in out
    assert "scf.qcloud.com" in out


@pytest.mark.parametrize(
    ("on_delete", "on_replace", "granted"),
    [("remove", "remove", True), ("keep", "remove", True), ("remove", "keep", True), ("keep", "keep", False)],
)
def test_delete(stack_with, on_delete, on_replace, granted):
    """Deleting is allowed on the output prefix alone, and not at all where the settings remove nothing."""
    stack = stack_with(variables={"SNAPSHOT_ON_DELETE": on_delete, "SNAPSHOT_ON_REPLACE": on_replace})
    deletes = {resource for action, resource in _grants(run_policy(stack)) if action == "name/cos:DeleteObject"}
    prefix = f"qcs::cos:ap-guangzhou:uid/1250000000:{BUCKET}/thumbnails/*"
    assert deletes == ({prefix} if granted else set())


def test_list(stack):
    """Listing the output is allowed."""
    lists = {resource for action, resource in _grants(run_policy(stack)) if action == "name/cos:GetBucket"}
    assert lists == {f"qcs::cos:ap-guangzhou:uid/1250000000:{BUCKET}/*"}

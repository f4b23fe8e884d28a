"""serverless.yml read: what comes out, and how each slip is named."""

import pytest

from ops.errors import StackError
from ops.stack import DeadLetter, environment_bytes
from ops.stackfile import parse_stack, read_stack

HOST = "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com"


def test_the_projects_own_file_is_read_whole(stack):
    assert (stack.name, stack.region, stack.appid, stack.role) == (
        "snapshot",
        "ap-guangzhou",
        "1250000000",
        "snapshot-run",
    )
    assert (stack.memory_mb, stack.timeout_s, stack.retries, stack.message_ttl_s) == (512, 120, 2, 21600)
    (trigger,) = stack.triggers
    assert (trigger.host, trigger.bucket, trigger.prefix) == (HOST, "examplebucket-1250000000", "videos/")
    assert dict(stack.environment)["SNAPSHOT_TIMES"] == "1,25%,50%,75%"
    assert stack.output_bucket == "examplebucket-1250000000"


def test_a_number_becomes_the_text_the_component_would_write(stack_with):
    assert dict(stack_with(variables={"SNAPSHOT_CONCURRENCY": 4}).environment)["SNAPSHOT_CONCURRENCY"] == "4"


def test_a_dead_letter_is_read_in_either_spelling(stack_with):
    assert stack_with(deadLetter={"type": "CMQ-QUEUE", "name": "lost"}).dead_letter == DeadLetter("CMQ-QUEUE", "lost")
    assert stack_with(deadLetter={"Type": "CMQ-TOPIC", "Name": "lost"}).dead_letter == DeadLetter("CMQ-TOPIC", "lost")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"variables": {"SNAPSHOT_SIZES": "640"}}, "variable SNAPSHOT_SIZES"),
        ({"variables": {"SNAPSHOT_ENDPOINT": "http://127.0.0.1:8000"}}, "never in the cloud"),
        ({"variables": {"TENCENTCLOUD_REGION": "ap-beijing"}}, "the platform keeps that name"),
        ({"variables": {"A-B": "x"}}, "a letter, then letters"),
        ({"variables": {"SNAPSHOT_OUTPUT_BUCKET": ""}}, "empty; leave it out"),
        ({"variables": {"X": "y" * 4096}}, "the platform gives 4096"),
        ({"variables": {"SNAPSHOT_OUTPUT_PREFIX": "videos/thumbs/"}}, "would start the function again"),
        ({"trigger": {"filter": {"prefix": "films/"}}}, "nothing in common"),
        ({"trigger": {"filter": {"prefix": "", "suffix": ""}}}, "would start the function again"),
        ({"trigger": {"filter": {"prefix": "videos/", "suffix": "mp4"}}}, "begins with a full stop"),
        ({"trigger": {"bucket": "examplebucket-1250000000"}}, "NAME-APPID.cos.REGION.myqcloud.com"),
        ({"trigger": {"bucket": HOST.replace("guangzhou", "beijing")}}, "they must meet"),
        ({"trigger": {"events": "cos:ObjectRemove:*"}}, "cos:ObjectCreated"),
        ({"trigger": {"enable": False}}, "enable must be written"),
        ({"events": []}, "one or more cos triggers"),
        ({"events": [{"timer": {"parameters": {}}}]}, "no other kind"),
        ({"memorySize": 500}, "inputs.memorySize"),
        ({"timeout": 0}, "inputs.timeout"),
        ({"initTimeout": 2}, "inputs.initTimeout"),
        ({"retryNum": 3}, "inputs.retryNum"),
        ({"msgTTL": 30}, "inputs.msgTTL"),
        ({"role": None}, "without a run role the function has no keys"),
        ({"name": "x"}, "inputs.name"),
        ({"handler": "main"}, "inputs.handler"),
        ({"runtime": "Nodejs16.13"}, "inputs.runtime"),
        ({"region": "Guangzhou"}, "inputs.region"),
        ({"description": "a; b"}, "inputs.description"),
        ({"type": "web"}, "COS calls no web function"),
        ({"asyncRunEnable": True}, "switches retries and the dead letter off"),
        ({"installDependency": True}, "in the package"),
        ({"eip": True}, "fixed address"),
        ({"publicAccess": "yes"}, "neither true nor false"),
        ({"vpcConfig": {"vpcId": "vpc-1"}}, "inputs.vpcConfig is nothing that is set from here"),
        ({"deadLetter": {"type": "SQS", "name": "x"}}, "CMQ-QUEUE or CMQ-TOPIC"),
        ({"tags": ["a"]}, "inputs.tags"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_slip_is_named_where_it_stands(stack_with, change, said):
    with pytest.raises(StackError) as raised:
        stack_with(**change)
    assert said in str(raised.value)


def test_every_slip_is_named_at_once(stack_with):
    with pytest.raises(StackError) as raised:
        stack_with(memorySize=500, timeout=0, variables={"SNAPSHOT_MODE": "fast", "SNAPSHOT_FORMAT": "gif"})
    text = str(raised.value)
    assert all(word in text for word in ("memorySize", "timeout", "SNAPSHOT_MODE", "SNAPSHOT_FORMAT"))


def test_an_output_bucket_of_its_own_may_use_any_prefix(stack_with):
    stack = stack_with(
        variables={"SNAPSHOT_OUTPUT_BUCKET": "pictures-1250000000", "SNAPSHOT_OUTPUT_PREFIX": "t/"},
        trigger={"filter": {"prefix": "videos/"}},
    )
    assert stack.output_bucket == "pictures-1250000000"


def test_buckets_of_two_accounts_do_not_go_together(document):
    other = {"cos": {"parameters": {**document["inputs"]["events"][0]["cos"]["parameters"]}}}
    other["cos"]["parameters"]["bucket"] = HOST.replace("1250000000", "1251111111")
    document["inputs"]["events"].append(other)
    with pytest.raises(StackError, match="2 accounts"):
        parse_stack(document)


@pytest.mark.parametrize("found", [None, [], "x", {"component": "cos"}, {"component": "scf"}], ids=repr)
def test_another_document_is_not_taken_for_it(found):
    with pytest.raises(StackError, match="no file for the component scf"):
        parse_stack(found)


def test_what_is_not_yaml_is_named_by_line(tmp_path):
    path = tmp_path / "serverless.yml"
    path.write_text("a: 1\n  b: [\n")
    with pytest.raises(StackError, match="not YAML at line 2"):
        read_stack(path)
    with pytest.raises(StackError, match="cannot be read"):
        read_stack(tmp_path / "none.yml")


def test_the_bytes_of_the_environment_count_name_sign_and_value():
    assert environment_bytes((("A", "é"),)) == 4

"""serverless.yml read: what comes out, and how each slip is named."""

import contextlib
import copy
from datetime import date

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
        ({"trigger": {"filter": {"prefix": "videos/", "suffix": "mp4"}}}, "the end of a key, from a full stop on"),
        ({"trigger": {"bucket": "examplebucket-1250000000"}}, "NAME-APPID.cos.REGION.myqcloud.com"),
        ({"trigger": {"bucket": HOST.replace("guangzhou", "beijing")}}, "they must meet"),
        ({"trigger": {"events": "cos:ObjectRemove:*"}}, "cos:ObjectCreated"),
        ({"trigger": {"enable": False}}, "enable: must be written"),
        ({"events": []}, "one or more cos triggers"),
        ({"events": [{"timer": {"parameters": {}}}]}, "no other kind"),
        ({"trigger": {"filter": {"prefx": "videos/"}}}, "filter.prefx: no such part of a filter; prefix is the name"),
        ({"trigger": {"enabled": True}}, "parameters.enabled: no such part of a trigger; enable is the name"),
        ({"trigger": {"events": "cos:ObjectCreated:Append"}}, "CompleteMultipartUpload"),
        ({"variables": {"SNAPSHOT_TIME": "6x"}}, "SNAPSHOT_TIMES"),
        ({"variables": {"X": ["a"]}}, "variables.X: a list or a mapping"),
        ({"tag": {"a": "b"}}, "inputs.tag: nothing that is set from here; leave it out, or use scf deploy; tags is"),
        ({"memorySize": 500}, "inputs.memorySize: 500 is not 64 or a multiple of 128 up to 3072"),
        ({"timeout": 0}, "inputs.timeout"),
        ({"initTimeout": 2}, "inputs.initTimeout"),
        ({"retryNum": 3}, "inputs.retryNum"),
        ({"msgTTL": 30}, "inputs.msgTTL"),
        ({"role": None}, "inputs.role: missing; give it a role's name; without a run role the function has no keys"),
        ({"name": "x"}, "inputs.name"),
        ({"handler": "main"}, "inputs.handler"),
        ({"runtime": "Nodejs16.13"}, "inputs.runtime"),
        ({"region": "Guangzhou"}, "inputs.region"),
        ({"description": "a; b"}, "inputs.description"),
        ({"type": "web"}, "COS calls no web function"),
        ({"asyncRunEnable": True}, "switches retries and the dead letter off"),
        ({"installDependency": True}, "in the package"),
        ({"eip": True}, "fixed address"),
        ({"publicAccess": "yes"}, "inputs.publicAccess: 'yes' is not true or false"),
        ({"vpcConfig": {"vpcId": "vpc-1"}}, "inputs.vpcConfig: nothing that is set from here"),
        ({"deadLetter": {"type": "SQS", "name": "x"}}, "CMQ-QUEUE or CMQ-TOPIC"),
        ({"deadLetter": "lost"}, "inputs.deadLetter: 'lost' stands"),
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


def _places(node, at=()):
    yield at
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in items:
        yield from _places(value, (*at, name))


@pytest.mark.parametrize(
    "spoilt", [None, True, 3, 1.5, "", "x", [], ["x"], {}, {"x": {"y": 1}}, date(2026, 1, 1)], ids=repr
)
def test_whatever_stands_anywhere_is_read_or_refused_in_words(document, spoilt):
    places = [at for at in _places(document) if at]
    assert ("inputs", "events", 0, "cos", "parameters", "filter", "prefix") in places
    for *parents, last in places:
        changed = copy.deepcopy(document)
        holder = changed
        for name in parents:
            holder = holder[name]
        holder[last] = spoilt
        with contextlib.suppress(StackError):
            parse_stack(changed)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ("hello", "inputs.environment: 'hello' stands where names with values belong"),
        ({"variables": "hello"}, "inputs.environment.variables: 'hello' stands where names with values belong"),
        ({"variable": {"X": "y"}}, "inputs.environment.variable: no such part; variables is the name"),
    ],
    ids=["no mapping", "variables no mapping", "misspelt"],
)
def test_an_environment_that_is_none_is_named(document, environment, said):
    document["inputs"]["environment"] = environment
    with pytest.raises(StackError) as raised:
        parse_stack(document)
    assert said in raised.value.what


def test_what_is_not_utf_8_is_said_to_be_so(tmp_path):
    path = tmp_path / "serverless.yml"
    path.write_bytes(b"\xff\xfea")
    with pytest.raises(StackError, match="not text in UTF-8"):
        read_stack(path)


def test_what_is_not_yaml_is_named_by_line(tmp_path):
    path = tmp_path / "serverless.yml"
    path.write_text("a: 1\n  b: [\n")
    with pytest.raises(StackError, match="not YAML at line 2"):
        read_stack(path)
    with pytest.raises(StackError, match="cannot be read"):
        read_stack(tmp_path / "none.yml")


def test_the_bytes_of_the_environment_count_name_sign_and_value():
    assert environment_bytes((("A", "é"),)) == 4

"""serverless.yml read: what comes out, and how each slip is named."""

import contextlib
import copy
from datetime import date

import pytest

from ops.errors import StackError
from ops.package.command import ROOT
from ops.stack.stack import DeadLetter, environment_bytes
from ops.stack.stackfile import parse_stack, read_stack

HOST = "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com"


def test_own_file(stack):
    """The project's own file is read completely."""
    assert (stack.name, stack.region, stack.appid, stack.role) == (
        "snapshot",
        "ap-guangzhou",
        "1250000000",
        "snapshot-run",
    )
    assert (stack.memory_mb, stack.timeout_s, stack.retries, stack.message_ttl_s) == (512, 120, 2, 21600)
    trigger, removal, restore = stack.triggers
    assert (removal.event, restore.event) == ("cos:ObjectRemove:*", "cos:ObjectRestore:Completed")
    assert (trigger.host, trigger.bucket, trigger.prefix) == (HOST, "examplebucket-1250000000", "videos/")
    assert dict(stack.environment)["SNAPSHOT_TIMES"] == "1,25%,50%,75%"
    assert stack.output_bucket == "examplebucket-1250000000"


def test_number_as_text(stack_with):
    """A number becomes the text that the component would write."""
    assert dict(stack_with(variables={"SNAPSHOT_CONCURRENCY": 4}).environment)["SNAPSHOT_CONCURRENCY"] == "4"


def test_dead_letter(stack_with):
    """A dead letter is read in either spelling."""
    assert stack_with(deadLetter={"type": "CMQ-QUEUE", "name": "lost"}).dead_letter == DeadLetter("CMQ-QUEUE", "lost")
    assert stack_with(deadLetter={"Type": "CMQ-TOPIC", "Name": "lost"}).dead_letter == DeadLetter("CMQ-TOPIC", "lost")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"variables": {"SNAPSHOT_SIZES": "640"}}, "variable SNAPSHOT_SIZES"),
        ({"variables": {"SNAPSHOT_ENDPOINT": "http://127.0.0.1:8000"}}, "never in the cloud"),
        ({"variables": {"TENCENTCLOUD_REGION": "ap-beijing"}}, "the platform reserves that name"),
        ({"variables": {"A-B": "x"}}, "a letter, then letters"),
        ({"variables": {"SNAPSHOT_OUTPUT_BUCKET": ""}}, "empty; leave it out"),
        ({"variables": {"X": "y" * 4096}}, "the platform allows 4096"),
        ({"variables": {"SNAPSHOT_OUTPUT_PREFIX": "videos/thumbs/"}}, "would start the function again"),
        (
            {"variables": {"SNAPSHOT_OUTPUT_BUCKET": "pictures-1251111111"}},
            "it belongs to another account; this function's is 1250000000",
        ),
        ({"trigger": {"filter": {"prefix": "films/"}}}, "nothing in common"),
        ({"trigger": {"filter": {"prefix": "", "suffix": ""}}}, "would start the function again"),
        (
            {"trigger": {"filter": {"prefix": "videos/", "suffix": "mp4"}}},
            "is not the end of a key such as .mp4, or empty",
        ),
        ({"trigger": {"bucket": "examplebucket-1250000000"}}, "NAME-APPID.cos.REGION.myqcloud.com"),
        ({"trigger": {"bucket": HOST.replace("guangzhou", "beijing")}}, "they must be in one region"),
        ({"trigger": {"events": "cos:ObjectRemove:*"}}, "no trigger is for uploads"),
        ({"trigger": {"enable": False}}, "enable: must be written"),
        ({"events": []}, "one or more cos triggers"),
        ({"events": [{"timer": {"parameters": {}}}]}, "no other kind"),
        (
            {"trigger": {"filter": {"prefx": "videos/"}}},
            "filter.prefx: a filter has no such entry; did you mean prefix?",
        ),
        ({"trigger": {"enabled": True}}, "parameters.enabled: a trigger has no such entry; did you mean enable?"),
        ({"trigger": {"events": "cos:ObjectCreated:Rename"}}, "CompleteMultipartUpload"),
        ({"variables": {"SNAPSHOT_TIME": "6x"}}, "SNAPSHOT_TIMES"),
        ({"variables": {"X": ["a"]}}, "variables.X: must be one value, not a list or a mapping"),
        (
            {"tag": {"a": "b"}},
            "inputs.tag: nothing here reads it; remove it, or deploy with `scf deploy`; did you mean tags?",
        ),
        ({"memorySize": 500}, "inputs.memorySize: 500 is not 64 or a multiple of 128 up to 3072"),
        ({"timeout": 0}, "inputs.timeout"),
        ({"initTimeout": 2}, "inputs.initTimeout"),
        ({"retryNum": 3}, "inputs.retryNum"),
        ({"msgTTL": 30}, "inputs.msgTTL"),
        (
            {"role": None},
            "inputs.role: missing; give it a role's name; without a run role the function has no credentials",
        ),
        ({"name": "x"}, "inputs.name"),
        ({"handler": "main"}, "inputs.handler"),
        ({"runtime": "Nodejs16.13"}, "inputs.runtime"),
        ({"region": "Guangzhou"}, "inputs.region"),
        ({"description": "a; b"}, "inputs.description"),
        ({"type": "web"}, "COS calls no web function"),
        ({"asyncRunEnable": "yes"}, "inputs.asyncRunEnable: 'yes' is not true or false"),
        ({"installDependency": True}, "in the package"),
        ({"eip": True}, "fixed address"),
        ({"publicAccess": "yes"}, "inputs.publicAccess: 'yes' is not true or false"),
        ({"vpcConfig": {"vpcId": "vpc-1"}}, "inputs.vpcConfig: nothing here reads it"),
        ({"deadLetter": {"type": "SQS", "name": "x"}}, "CMQ-QUEUE or CMQ-TOPIC"),
        ({"deadLetter": "lost"}, "inputs.deadLetter: 'lost' is not a mapping"),
        ({"tags": ["a"]}, "inputs.tags"),
        ({"trigger": {"filter": {"prefix": "/videos/"}}}, "filter.prefix: '/videos/' can never match"),
        ({"trigger": {"filter": {"prefix": "videos/*"}}}, "filter.prefix: 'videos/*' can never match"),
        ({"trigger": {"filter": {"prefix": "*"}}}, "filter.prefix: '*' can never match"),
        ({"trigger": {"filter": {"prefix": "cos://b/videos/"}}}, "filter.prefix: 'cos://b/videos/' can never match"),
        ({"trigger": {"filter": {"prefix": "videos/,films/"}}}, "filter.prefix: 'videos/,films/' can never match"),
        (
            {"trigger": {"filter": {"prefix": "videos／"}}},
            "can never match: it has blanks, quotes, invisible or full-width",
        ),
        (
            {"trigger": {"filter": {"prefix": "my%20videos/"}}},
            "it is percent-encoded, and keys are not; write 'my videos/'",
        ),
        ({"trigger": {"bucket": HOST.replace("bucket", "bucket-")}}, "NAME-APPID.cos.REGION.myqcloud.com"),
        ({"variables": {"SNAPSHOT_INPUT_PREFIX": "/videos/"}}, "SNAPSHOT_INPUT_PREFIX"),
        ({"variables": {"SNAPSHOT_CACHE_CONTROL": "max-age=60"}}, "SNAPSHOT_CACHE_CONTROL: the value contains '='"),
        ({"variables": {"OTHER": "a;b=c"}}, "OTHER: the value contains ';' and '='"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_mistake(stack_with, change, message):
    """A mistake is named with the accepted values."""
    with pytest.raises(StackError) as raised:
        stack_with(**change)
    assert message in str(raised.value)


def test_all_mistakes(stack_with):
    """All mistakes are named at once."""
    with pytest.raises(StackError) as raised:
        stack_with(memorySize=500, timeout=0, variables={"SNAPSHOT_MODE": "fast", "SNAPSHOT_FORMAT": "gif"})
    text = str(raised.value)
    assert all(word in text for word in ("memorySize", "timeout", "SNAPSHOT_MODE", "SNAPSHOT_FORMAT"))


def test_output_bucket(stack_with):
    """An output bucket of its own may use any prefix."""
    stack = stack_with(
        variables={"SNAPSHOT_OUTPUT_BUCKET": "pictures-1250000000", "SNAPSHOT_OUTPUT_PREFIX": "t/"},
        trigger={"filter": {"prefix": "videos/"}},
    )
    assert stack.output_bucket == "pictures-1250000000"


def test_two_accounts(document):
    """Buckets of two accounts are refused."""
    other = {"cos": {"parameters": {**document["inputs"]["events"][0]["cos"]["parameters"]}}}
    other["cos"]["parameters"]["bucket"] = HOST.replace("1250000000", "1251111111")
    document["inputs"]["events"].append(other)
    with pytest.raises(StackError, match="2 accounts"):
        parse_stack(document)


@pytest.mark.parametrize("document", [None, [], "x", {"component": "cos"}, {"component": "scf"}], ids=repr)
def test_other_document(document):
    """Another document is refused."""
    with pytest.raises(StackError, match="not a file for the component scf"):
        parse_stack(document)


def _places(node, at=()):
    yield at
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in items:
        yield from _places(value, (*at, name))


@pytest.mark.parametrize(
    "spoilt", [None, True, 3, 1.5, "", "x", [], ["x"], {}, {"x": {"y": 1}}, date(2026, 1, 1)], ids=repr
)
def test_any_value_anywhere(document, spoilt):
    """Any value in any place is read or refused with a StackError."""
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
    ("environment", "message"),
    [
        ("hello", "inputs.environment: 'hello' is not a mapping (lines of `name: value`)"),
        ({"variables": "hello"}, "inputs.environment.variables: 'hello' is not a mapping (lines of `name: value`)"),
        ({"variable": {"X": "y"}}, "inputs.environment.variable: unknown name; did you mean variables?"),
    ],
    ids=["no mapping", "variables no mapping", "misspelt"],
)
def test_no_environment(document, environment, message):
    """An environment that is no mapping is named."""
    document["inputs"]["environment"] = environment
    with pytest.raises(StackError) as raised:
        parse_stack(document)
    assert message in raised.value.problem


def test_not_utf_8(tmp_path):
    """A file that is not UTF-8 is refused in words."""
    path = tmp_path / "serverless.yml"
    path.write_bytes(b"\xff\xfea")
    with pytest.raises(StackError, match="not text in UTF-8"):
        read_stack(path)


def test_not_yaml(tmp_path):
    """A file that is not YAML is refused with the line."""
    path = tmp_path / "serverless.yml"
    path.write_text("a: 1\n  b: [\n")
    with pytest.raises(StackError, match="not YAML at line 2"):
        read_stack(path)
    with pytest.raises(StackError, match="cannot be read"):
        read_stack(tmp_path / "none.yml")


def test_environment_bytes():
    """The size of the environment counts name, sign and value."""
    assert environment_bytes((("A", "é"),)) == 4


def test_line_numbers(tmp_path):
    """Every problem is named with its line, also inside triggers and variables."""
    text = (ROOT / "serverless.yml").read_text(encoding="utf-8")
    for good, bad in (
        ("memorySize: 512", "memorySize: 500"),
        ("SNAPSHOT_MODE: exactframe", "SNAPSHOT_MODE: fast"),
        ("            prefix: videos/", "            prefix: /videos/"),
        ("  publicAccess:", "  publicacces:"),
    ):
        assert good in text
        text = text.replace(good, bad)
    path = tmp_path / "serverless.yml"
    path.write_text(text, encoding="utf-8")
    lines = text.splitlines()
    with pytest.raises(StackError) as raised:
        read_stack(path)
    for word in ("memorySize: 500", "SNAPSHOT_MODE: fast", "prefix: /videos/", "publicacces: true"):
        number = 1 + next(at for at, line in enumerate(lines) if word in line)
        assert f"- line {number}: " in raised.value.problem, (word, raised.value.problem)


def test_overlapping_triggers(document):
    """Two triggers that one event could meet are refused, because COS refuses them."""
    other = copy.deepcopy(document["inputs"]["events"][0])
    other["cos"]["parameters"].update(events="cos:ObjectCreated:Put", filter={"prefix": "videos/new/"})
    document["inputs"]["events"].append(other)
    with pytest.raises(StackError, match="two triggers overlap"):
        parse_stack(document)


@pytest.mark.parametrize("text", ["a: &a [*a, *a]\n", "a: &a {b: *a}\n", "[" * 2000, "a: 2026-13-01\n"], ids=[
    "list in itself", "mapping in itself", "deep", "no date",
])  # fmt: skip
def test_hostile_yaml(tmp_path, text):
    """A document that contains itself, is very deep or holds no date is refused in words."""
    path = tmp_path / "serverless.yml"
    path.write_text(text)
    with pytest.raises(StackError):
        read_stack(path)


def test_duplicate(tmp_path):
    """A name that stands twice is refused with both lines: YAML would silently take the last."""
    text = (ROOT / "serverless.yml").read_text(encoding="utf-8")
    path = tmp_path / "serverless.yml"
    path.write_text(text.replace("  timeout: 120\n", "  timeout: 120\n  timeout: 60\n"), encoding="utf-8")
    at = 1 + text.splitlines().index("  timeout: 120")
    with pytest.raises(StackError, match=rf"inputs\.timeout twice, on line {at} and on line {at + 1}"):
        read_stack(path)

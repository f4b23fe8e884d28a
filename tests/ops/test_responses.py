"""Answers of the cloud as values: defaults for what is left out, and the forms that the documents leave open."""

import pytest

from ops.cloud.account import read_trigger
from ops.cloud.manifest import read_manifest
from ops.cloud.responses import BucketPage, FunctionResponse, InvokeConfigResponse, TriggerResponse, parse
from ops.errors import CloudError

HOST = "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com"


def test_defaults():
    """A field that an answer leaves out or gives as null takes its default."""
    left_out = parse(FunctionResponse, {}, call="SCF GetFunction")
    nulls = dict.fromkeys(("Description", "Environment", "Tags", "DeadLetterConfig", "PublicNetConfig", "Status"))
    assert parse(FunctionResponse, nulls, call="SCF GetFunction") == left_out
    assert (left_out.status, left_out.environment.variables, left_out.dead_letter.name) == ("Active", (), "")


@pytest.mark.parametrize("is_reversed", [False, True])
def test_retry_config(is_reversed):
    """Of two RetryConfig entries the function's own is taken, in whatever order they come."""
    entries = [{"ErrorCode": ["default"], "RetryNum": 1}, {"ErrorCode": ["432"], "RetryNum": -1}]
    answer = {"AsyncTriggerConfig": {"RetryConfig": entries[::-1] if is_reversed else entries, "MsgTTL": 60}}
    assert parse(InvokeConfigResponse, answer, call="SCF x").config.retries == 1


@pytest.mark.parametrize(
    ("name", "url"),
    [(HOST, ""), (HOST, HOST), ("cos_1700000000_abcdef", HOST), ("cos_1700000000_abcdef", f"https://{HOST}")],
)
def test_trigger_host(name, url):
    """A trigger's bucket is read from bucketUrl first, and from its name otherwise."""
    described = {"event": "cos:ObjectCreated:*", "filter": {"Prefix": "videos/", "Suffix": ""}, "bucketUrl": url}
    trigger = read_trigger(TriggerResponse(Type="cos", TriggerName=name, TriggerDesc=described, Enable=1))
    assert (trigger.bucket, trigger.host, trigger.name) == ("examplebucket-1250000000", HOST, name)


def test_broken():
    """An answer that cannot be understood is an error that names the call and the place."""
    with pytest.raises(CloudError) as raised:
        parse(InvokeConfigResponse, {"AsyncTriggerConfig": {"MsgTTL": "soon"}}, call="SCF GetFunctionEventInvokeConfig")
    assert raised.value.problem.startswith("SCF GetFunctionEventInvokeConfig: the answer cannot be understood")
    assert "AsyncTriggerConfig.MsgTTL" in raised.value.problem


def test_listing():
    """Keys of a listing come decoded; a single object and none are lists, too."""
    page = parse(BucketPage, {"Contents": {"Key": "a%20b/%E6%97%A9.mp4", "Size": "3"}}, call="COS x")
    assert [(entry.key, entry.size_bytes) for entry in page.objects] == [("a b/早.mp4", 3)]
    assert parse(BucketPage, {"Contents": None}, call="COS x").objects == ()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"{" * 100_000, b'{"source": 1}'])
def test_no_manifest(body):
    """A document that is not a manifest is None."""
    assert read_manifest(body) is None


def test_manifest_keys():
    """Every text of a manifest counts as a key that it names."""
    manifest = read_manifest(
        b'{"source": {"key": "v/a.mp4", "etag": "e"}, "storyboard": {"sheets": [{"key": "t/s.jpg"}], "n": 1}}'
    )
    assert {"v/a.mp4", "t/s.jpg"} <= manifest.keys

"""Lifecycle rules, bucket policies, and filters of the list of buckets."""

import json
import time
from xml.etree.ElementTree import fromstring

import pytest
from qcloud_cos import CosServiceError

RULES = {
    "Rule": [
        {
            "ID": "old",
            "Filter": {"Prefix": "tmp/"},
            "Status": "Enabled",
            "Expiration": {"Days": "3"},
        }
    ]
}
POLICY = {
    "version": "2.0",
    "Statement": [
        {
            "Principal": {"qcs": ["qcs::cam::uin/100000000002:uin/100000000002"]},
            "Effect": "allow",
            "Action": ["name/cos:GetObject"],
            "Resource": ["qcs::cos:ap-guangzhou:uid/1250000000:examplebucket-1250000000/*"],
        }
    ],
}


def refusal(call, *arguments, **options):
    with pytest.raises(CosServiceError) as raised:
        call(*arguments, **options)
    return raised.value.get_status_code(), raised.value.get_error_code()


def test_lifecycle(sdk, bucket):
    """Lifecycle rules are kept and returned; without any there is a code for it."""
    assert refusal(sdk.get_bucket_lifecycle, bucket) == (404, "NoSuchLifecycleConfiguration")
    sdk.put_bucket_lifecycle(bucket, RULES)
    (rule,) = sdk.get_bucket_lifecycle(bucket)["Rule"]
    assert (rule["ID"], rule["Filter"]["Prefix"], rule["Expiration"]["Days"]) == ("old", "tmp/", "3")
    sdk.delete_bucket_lifecycle(bucket)
    assert refusal(sdk.get_bucket_lifecycle, bucket) == (404, "NoSuchLifecycleConfiguration")


@pytest.mark.parametrize("version", ["version", "Version"])
def test_policy(sdk, bucket, version):
    """A bucket's policy is kept and returned, however its names are capitalized."""
    policy = {version: "2.0", "Statement": POLICY["Statement"]}
    assert refusal(sdk.get_bucket_policy, bucket) == (404, "NoSuchBucketPolicy")
    sdk.put_bucket_policy(bucket, policy)
    assert json.loads(sdk.get_bucket_policy(bucket)["Policy"]) == POLICY
    sdk.delete_bucket_policy(bucket)
    assert refusal(sdk.get_bucket_policy, bucket) == (404, "NoSuchBucketPolicy")


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"version": "2.0"}', b"[" * 100_000], ids=len)
def test_malformed_policy(plain, body):
    """A policy that is none is refused."""
    reply = plain("PUT", params={"policy": ""}, body=body)
    assert (reply.status, reply.code) == (400, "MalformedPolicy")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_document_type(plain, encoding):
    """A document type is refused in whatever encoding it comes, before an entity of it is known."""
    head = f'<?xml version="1.0" encoding="{encoding.removesuffix("-le")}"?>'
    tags = "<Tagging><TagSet><Tag><Key>&b;</Key><Value>v</Value></Tag></TagSet></Tagging>"
    body = f'{head}<!DOCTYPE a [<!ENTITY b "c">]>{tags}'
    reply = plain("PUT", params={"tagging": ""}, body=body.encode(encoding))
    assert (reply.status, reply.code) == (400, "MalformedXML")
    assert plain("GET", params={"tagging": ""}).code == "NoSuchTagSet"


def test_nested_document(plain):
    """A document nested a hundred thousand deep is read or refused like any other."""
    body = b"<Tagging>" + b"<a>" * 100_000 + b"</a>" * 100_000 + b"</Tagging>"
    assert plain("PUT", params={"tagging": ""}, body=body).code == "MalformedXML"


def buckets(plain, **params):
    root = fromstring(plain("GET", params=params, headers={"host": plain.host.partition(".")[2]}).body)
    return [element.text for element in root.iter("Name")], root


def test_list_of_buckets(plain, cloud):
    """The account's buckets are listed at the region's host, and only that region's."""
    assert buckets(plain)[0] == list(cloud.buckets)
    assert buckets(plain, region="ap-beijing")[0] == []
    plain.host = plain.host.replace("guangzhou", "beijing")
    assert buckets(plain)[0] == []


def test_pages_of_buckets(plain, cloud):
    """The list of buckets comes in pages."""
    names, root = buckets(plain, **{"max-keys": "1"})
    assert (names, root.findtext("IsTruncated")) == ([cloud.buckets[0]], "true")
    assert buckets(plain, marker=root.findtext("NextMarker"))[0] == [cloud.buckets[1]]


def test_buckets_by_tag_and_time(plain, sdk, cloud):
    """The list of buckets is narrowed by tag and by time of creation."""
    sdk.put_bucket_tagging(cloud.buckets[1], {"TagSet": {"Tag": [{"Key": "made", "Value": "here"}]}})
    assert buckets(plain, tagkey="made")[0] == [cloud.buckets[1]]
    assert buckets(plain, tagkey="made", tagvalue="elsewhere")[0] == []
    later = str(int(time.time()) + 3600)
    assert buckets(plain, **{"create-time": later, "range": "lt"})[0] == list(cloud.buckets)
    assert buckets(plain, **{"create-time": later, "range": "gt"})[0] == []
    for params in ({"create-time": "x", "range": "lt"}, {"create-time": later}, {"max-keys": "0"}):
        reply = plain("GET", params=params, headers={"host": plain.host.partition(".")[2]})
        assert (reply.status, reply.code) == (400, "InvalidArgument")

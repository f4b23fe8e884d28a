import json

import pytest

from emulator.scf.event import Wording, describe
from emulator.scf.triggers import EVENT_TYPES, ObjectEvent, Trigger, TriggerRefused, check

BUCKET = "examplebucket-1250000000"
AUTHORIZATION = (
    "q-sign-algorithm=sha1&q-ak=AKIDverysecret&q-sign-time=1545205709;1545215769&q-key-time=1545205709;1545215769"
    "&q-header-list=host;x-cos-storage-class&q-url-param-list=&q-signature=0123456789abcdef"
)


def happened(key="a.mp4", event_name="cos:ObjectCreated:Put", **more):
    return ObjectEvent(BUCKET, key, 1029, event_name, 1545205770, **more)


def described(event, *, key_encoding="raw", event_name="configured", region="ap-chengdu"):
    return describe(
        event,
        configured="cos:ObjectCreated:*",
        function="printevent",
        namespace="default",
        region=region,
        wording=Wording(key_encoding, event_name),
    )


# The event


def test_an_event_has_every_field_of_the_documented_example():
    event = ObjectEvent(
        "testpic-1253970026",
        "testfile",
        1029,
        "cos:ObjectCreated:Put",
        1545205770,
        headers={"X-Cos-Meta-MyKey": "myvalue", "Authorization": "no", "Content-Type": "video/mp4"},
        request_id="NWMxOWY4MGFfMjViMjU4NjRfMTUyMVxxxxxxxxx=",
        authorization=AUTHORIZATION,
        source_ip="192.168.15.101",
    )
    record = described(event)
    reqid = record["event"].pop("reqid")
    assert isinstance(reqid, int)
    assert record == {
        "cos": {
            "cosSchemaVersion": "1.0",
            "cosObject": {
                "url": "http://testpic-1253970026.cos.ap-chengdu.myqcloud.com/testfile",
                "meta": {
                    "x-cos-request-id": "NWMxOWY4MGFfMjViMjU4NjRfMTUyMVxxxxxxxxx=",
                    "Content-Type": "video/mp4",
                    "x-cos-meta-mykey": "myvalue",
                },
                "vid": "",
                "key": "/1253970026/testpic/testfile",
                "size": 1029,
            },
            "cosBucket": {"region": "cd", "name": "testpic", "appid": "1253970026", "s3Region": "ap-chengdu"},
            "cosNotificationId": "unkown",
        },
        "event": {
            "eventName": "cos:ObjectCreated:*",
            "eventVersion": "1.0",
            "eventTime": 1545205770,
            "eventSource": "qcs::cos",
            "requestParameters": {
                "requestSourceIP": "192.168.15.101",
                "requestHeaders": {
                    "Authorization": "q-sign-algorithm=sha1&q-ak=xxxxxxxxxxxxxxx&q-sign-time=1545205709;1545215769"
                    "&q-key-time=1545205709;1545215769&q-header-list=host;x-cos-storage-class&q-url-param-list="
                    "&q-signature=xxxxxxxxxxxxxxx"
                },
            },
            "eventQueue": "qcs:0:scf:cd:appid/1253970026:default.printevent.$LATEST",
            "reservedInfo": "",
        },
    }


def test_the_uploaders_key_and_signature_never_reach_an_event():
    text = json.dumps(described(happened(authorization=AUTHORIZATION, headers={"authorization": AUTHORIZATION})))
    assert "AKIDverysecret" not in text
    assert "0123456789abcdef" not in text


def test_an_upload_without_the_header_has_none_in_its_event():
    assert described(happened())["event"]["requestParameters"]["requestHeaders"] == {}


@pytest.mark.parametrize(
    ("key", "in_url"),
    [
        ("a b.mp4", "a%20b.mp4"),
        ("a+b.mp4", "a%2Bb.mp4"),
        ("a%2Bb.mp4", "a%252Bb.mp4"),
        ("影片/一.mp4", "%E5%BD%B1%E7%89%87/%E4%B8%80.mp4"),
        ("a//b.mp4", "a//b.mp4"),
    ],
    ids=["space", "plus", "percent", "cjk", "double slash"],
)
def test_the_url_is_percent_encoded_and_the_key_is_not_unless_asked(key, in_url):
    raw, quoted = (described(happened(key), key_encoding=how)["cos"]["cosObject"] for how in ("raw", "quoted"))
    assert raw["url"] == quoted["url"] == f"http://{BUCKET}.cos.ap-chengdu.myqcloud.com/{in_url}"
    assert raw["key"] == f"/1250000000/examplebucket/{key}"
    assert quoted["key"] == f"/1250000000/examplebucket/{in_url}"


@pytest.mark.parametrize(
    ("how", "name"), [("configured", "cos:ObjectCreated:*"), ("concrete", "cos:ObjectCreated:Put")]
)
def test_the_event_carries_the_configured_name_or_the_concrete_one(how, name):
    assert described(happened(), event_name=how)["event"]["eventName"] == name


def test_a_region_without_a_known_short_code_is_named_in_full():
    assert described(happened(), region="ap-somewhere")["cos"]["cosBucket"]["region"] == "ap-somewhere"


def test_the_version_of_an_object_is_in_its_event():
    assert described(happened(version_id="MTg0NDUxNTc1NjIz"))["cos"]["cosObject"]["vid"] == "MTg0NDUxNTc1NjIz"


# Which trigger it meets


@pytest.mark.parametrize(
    ("configured", "concrete", "meets"),
    [
        ("cos:ObjectCreated:*", "cos:ObjectCreated:CompleteMultipartUpload", True),
        ("cos:ObjectCreated:Put", "cos:ObjectCreated:Put", True),
        ("cos:ObjectCreated:Put", "cos:ObjectCreated:Post", False),
        ("cos:ObjectCreated:*", "cos:ObjectRemove:Delete", False),
        ("cos:ObjectRemove:*", "cos:ObjectRemove:DeleteMarkerCreated", True),
    ],
)
def test_a_star_takes_every_event_of_its_type_and_a_name_only_its_own(configured, concrete, meets):
    trigger = Trigger("demo", BUCKET, events=(configured,))
    assert trigger.meets(happened(event_name=concrete)) == (configured if meets else "")


@pytest.mark.parametrize(
    ("filters", "key", "meets"),
    [
        ({"prefix": "videos/"}, "videos/a.mp4", True),
        ({"prefix": "videos/"}, "a/videos/a.mp4", False),
        ({"suffix": ".mp4"}, "a.mp4", True),
        ({"suffix": ".mp4"}, "a.MP4", False),
        ({"prefix": "videos/", "suffix": ".mp4"}, "videos/a.mov", False),
        ({"enabled": False}, "a.mp4", False),
    ],
    ids=["prefix", "not at the start", "suffix", "case counts", "both must hold", "switched off"],
)
def test_a_trigger_takes_what_its_filter_lets_through(filters, key, meets):
    assert bool(Trigger("demo", BUCKET, **filters).meets(happened(key))) is meets


def test_a_trigger_takes_nothing_from_another_bucket():
    assert Trigger("demo", "other-1250000000").meets(happened()) == ""


# What may be bound


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"bucket": "examplebucket"}, "full name"),
        ({"bucket": "example-bucket"}, "full name"),
        ({"events": ("cos:ObjectCreated:Append",)}, "none of"),
        ({"events": ()}, "needs an event type"),
        ({"suffix": "mp4"}, "starts with '.'"),
    ],
    ids=["no appid", "appid not a number", "unknown event", "no event", "suffix without a dot"],
)
def test_a_trigger_that_cannot_be_is_refused(wrong, rule):
    with pytest.raises(TriggerRefused, match=rule):
        Trigger(**{"function": "demo", "bucket": BUCKET, **wrong})


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_documented_event_type_can_be_bound(event_type):
    check(Trigger("demo", BUCKET, events=(event_type,)), (), "ap-guangzhou")


def test_a_bucket_of_another_region_is_refused():
    with pytest.raises(TriggerRefused, match="ap-beijing"):
        check(Trigger("demo", BUCKET, region="ap-beijing"), (), "ap-guangzhou")


@pytest.mark.parametrize(
    ("one", "another", "overlap"),
    [
        ({}, {}, True),
        ({"prefix": "Log"}, {"prefix": "Log"}, True),
        ({"prefix": "a/"}, {"prefix": "a/b/"}, True),
        ({"prefix": "a/"}, {"prefix": "b/"}, False),
        ({"suffix": ".mp4"}, {"suffix": ".mov"}, False),
        ({"suffix": ".gz"}, {"suffix": ".tar.gz"}, True),
        ({"prefix": "a/", "suffix": ".mp4"}, {"prefix": "a/", "suffix": ".mov"}, False),
        ({"prefix": "a/"}, {"suffix": ".mp4"}, True),
        ({"events": ("cos:ObjectCreated:Put",)}, {"events": ("cos:ObjectCreated:Post",)}, False),
        ({"events": ("cos:ObjectCreated:*",)}, {"events": ("cos:ObjectCreated:Post",)}, True),
        ({"events": ("cos:ObjectCreated:Put",)}, {"events": ("cos:ObjectCreated:*",)}, True),
        ({"events": ("cos:ObjectCreated:*",)}, {"events": ("cos:ObjectRemove:*",)}, False),
        ({"bucket": "other-1250000000"}, {}, False),
    ],
)
def test_rules_that_one_upload_could_meet_twice_are_refused_whoever_they_call(one, another, overlap):
    first = Trigger(**{"function": "first", "bucket": BUCKET, **one})
    second = Trigger(**{"function": "second", "bucket": BUCKET, **another})
    if not overlap:
        check(second, (first,), "ap-guangzhou")
        return
    with pytest.raises(TriggerRefused, match="overlaps"):
        check(second, (first,), "ap-guangzhou")


def test_event_types_that_overlap_within_one_trigger_are_refused():
    with pytest.raises(TriggerRefused, match="overlap"):
        check(Trigger("demo", BUCKET, events=("cos:ObjectCreated:*", "cos:ObjectCreated:Put")), (), "ap-guangzhou")


def test_an_eleventh_trigger_of_a_function_is_refused():
    ten = [Trigger("demo", f"bucket{number}-1250000000") for number in range(10)]
    check(ten[9], ten[:9], "ap-guangzhou")
    with pytest.raises(TriggerRefused, match="one function can be bound to 10"):
        check(Trigger("demo", BUCKET), ten, "ap-guangzhou")


def test_an_eleventh_rule_of_a_bucket_is_refused():
    ten = [Trigger(f"function{number}", BUCKET, prefix=f"{number}/") for number in range(10)]
    check(ten[9], ten[:9], "ap-guangzhou")
    with pytest.raises(TriggerRefused, match="one COS bucket can be bound to 10"):
        check(Trigger("demo", BUCKET, prefix="x/"), ten, "ap-guangzhou")


def test_nothing_secret_shows_in_the_words_an_event_is_printed_with():
    assert "AKID" not in repr(happened(authorization=AUTHORIZATION, headers={"authorization": AUTHORIZATION}))

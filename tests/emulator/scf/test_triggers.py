import json

import pytest

from emulator.scf.event import EventFormat, describe
from emulator.scf.triggers import EVENT_TYPES, ObjectEvent, Trigger, TriggerRefused, check

BUCKET = "examplebucket-1250000000"
AUTHORIZATION = (
    "q-sign-algorithm=sha1&q-ak=AKIDverysecret&q-sign-time=1545205709;1545215769&q-key-time=1545205709;1545215769"
    "&q-header-list=host;x-cos-storage-class&q-url-param-list=&q-signature=0123456789abcdef"
)


def object_event(key="a.mp4", event_name="cos:ObjectCreated:Put", **fields):
    return ObjectEvent(BUCKET, key, 1029, event_name, 1545205770, **fields)


def described(event, *, key_encoding="raw", event_name="concrete", region="ap-chengdu"):
    return describe(
        event,
        configured="cos:ObjectCreated:*",
        function="printevent",
        namespace="default",
        region=region,
        event_format=EventFormat(key_encoding, event_name),
    )


# The event


def test_captured_event():
    """An event has the fields of the documented example, filled as in the events that were captured."""
    event = ObjectEvent(
        "testpic-1253970026",
        "testfile",
        1029,
        "cos:ObjectCreated:Put",
        1545205770,
        headers={
            "X-Cos-Meta-MyKey": "myvalue",
            "Authorization": "no",
            "Content-Type": "video/mp4",
            "ETag": '"ee8de918d05640145b18f70f4c3aa602"',
        },
        request_id="NWMxOWY4MGFfMjViMjU4NjRfMTUyMVxxxxxxxxx=",
        authorization=AUTHORIZATION,
        source_ip="192.168.15.101",
    )
    assert described(event) == {
        "cos": {
            "cosSchemaVersion": "1.0",
            "cosObject": {
                "url": "http://testpic-1253970026.cos.ap-chengdu.myqcloud.com/testfile",
                "meta": {
                    "ETag": '"ee8de918d05640145b18f70f4c3aa602"',
                    "x-cos-request-id": "NWMxOWY4MGFfMjViMjU4NjRfMTUyMVxxxxxxxxx=",
                    "Content-Type": "video/mp4",
                    "x-cos-storage-class": "Standard",
                    "x-cos-meta-mykey": "myvalue",
                },
                "vid": "",
                "key": "/1253970026/testpic/testfile",
                "size": 1029,
            },
            "cosBucket": {
                "region": "cd",
                "name": "testpic",
                "appid": "1253970026",
                "s3Region": "ap-chengdu",
                "cosRegion": "ap-chengdu",
            },
            "cosNotificationId": "unkown",
        },
        "event": {
            "eventName": "cos:ObjectCreated:Put",
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
            "eventQueue": "qcs:0:scf:ap-chengdu:appid/1253970026:default.printevent.$DEFAULT",
            "reservedInfo": "",
            "reqid": 0,
        },
    }


def test_masked_signature():
    """The uploader's secret id and signature never reach an event."""
    text = json.dumps(described(object_event(authorization=AUTHORIZATION, headers={"authorization": AUTHORIZATION})))
    assert "AKIDverysecret" not in text
    assert "0123456789abcdef" not in text


def test_no_authorization():
    """An upload without the header has none in its event."""
    assert described(object_event())["event"]["requestParameters"]["requestHeaders"] == {}


@pytest.mark.parametrize(
    ("key", "in_url"),
    [
        ("a b.mp4", "a%20b.mp4"),
        ("a+b.mp4", "a%2Bb.mp4"),
        ("a%2Bb.mp4", "a%252Bb.mp4"),
        ("影片/一.mp4", "%E5%BD%B1%E7%89%87/%E4%B8%80.mp4"),
        ("a//b.mp4", "a//b.mp4"),
        ("!!!!!!!", "%21%21%21%21%21%21%21"),
    ],
    ids=["space", "plus", "percent", "cjk", "double slash", "captured"],
)
def test_url_and_key(key, in_url):
    """The url is strictly percent-encoded, and the key is not unless the format says so."""
    raw, quoted = (
        described(object_event(key), key_encoding=spelling)["cos"]["cosObject"] for spelling in ("raw", "quoted")
    )
    assert raw["url"] == quoted["url"] == f"http://{BUCKET}.cos.ap-chengdu.myqcloud.com/{in_url}"
    assert raw["key"] == f"/1250000000/examplebucket/{key}"
    assert quoted["key"] == f"/1250000000/examplebucket/{in_url}"


@pytest.mark.parametrize(
    ("spelling", "name"), [("configured", "cos:ObjectCreated:*"), ("concrete", "cos:ObjectCreated:Put")]
)
def test_event_name(spelling, name):
    """The event carries the concrete name, or the configured one where the format says so."""
    assert described(object_event(), event_name=spelling)["event"]["eventName"] == name


def test_unknown_region():
    """A region without a known short code is named in full."""
    assert described(object_event(), region="ap-somewhere")["cos"]["cosBucket"]["region"] == "ap-somewhere"


def test_version():
    """The version of an object is in its event."""
    assert described(object_event(version_id="MTg0NDUxNTc1NjIz"))["cos"]["cosObject"]["vid"] == "MTg0NDUxNTc1NjIz"


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
def test_event_types(configured, concrete, meets):
    """A star takes every event of its type and a name only its own."""
    trigger = Trigger("demo", BUCKET, events=(configured,))
    assert trigger.match(object_event(event_name=concrete)) == (configured if meets else None)


@pytest.mark.parametrize(
    ("filters", "key", "meets"),
    [
        ({"prefix": "videos/"}, "videos/a.mp4", True),
        ({"prefix": "videos/"}, "a/videos/a.mp4", False),
        ({"suffix": ".mp4"}, "a.mp4", True),
        ({"suffix": ".mp4"}, "a.MP4", False),
        ({"prefix": "videos/", "suffix": ".mp4"}, "videos/a.mov", False),
        ({"enabled": False}, "a.mp4", False),
        ({"prefix": "/videos/"}, "videos/a.mp4", False),
        ({"prefix": "/videos/"}, "/videos/a.mp4", False),
    ],
    ids=["prefix", "not at the start", "suffix", "case counts", "both must hold", "off", "slash", "slash in key too"],
)
def test_filters(filters, key, meets):
    """A trigger takes what its filter lets through."""
    assert bool(Trigger("demo", BUCKET, **filters).match(object_event(key))) is meets


def test_another_bucket():
    """A trigger takes nothing from another bucket."""
    assert Trigger("demo", "other-1250000000").match(object_event()) is None


# What may be bound


@pytest.mark.parametrize(
    ("wrong", "rule"),
    [
        ({"bucket": "examplebucket"}, "full name"),
        ({"bucket": "example-bucket"}, "full name"),
        ({"events": ("cos:ObjectCreated:Rename",)}, "none of"),
        ({"events": ()}, "needs an event type"),
        ({"suffix": "mp4"}, "starts with '.'"),
    ],
    ids=["no appid", "appid not a number", "unknown event", "no event", "suffix without a dot"],
)
def test_invalid_triggers(wrong, rule):
    """A trigger that cannot be is refused."""
    with pytest.raises(TriggerRefused, match=rule):
        Trigger(**{"function": "demo", "bucket": BUCKET, **wrong})


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_documented_event_types(event_type):
    """Every documented event type can be bound."""
    check(Trigger("demo", BUCKET, events=(event_type,)), (), "ap-guangzhou")


def test_another_region():
    """A bucket of another region is refused."""
    with pytest.raises(TriggerRefused, match="ap-beijing"):
        check(Trigger("demo", BUCKET, region="ap-beijing"), (), "ap-guangzhou")


@pytest.mark.parametrize(
    ("rule", "other_rule", "overlap"),
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
def test_overlapping_triggers(rule, other_rule, overlap):
    """Rules that one upload could match twice are refused, whichever functions they call."""
    first = Trigger(**{"function": "first", "bucket": BUCKET, **rule})
    second = Trigger(**{"function": "second", "bucket": BUCKET, **other_rule})
    if not overlap:
        check(second, (first,), "ap-guangzhou")
        return
    with pytest.raises(TriggerRefused, match="overlaps"):
        check(second, (first,), "ap-guangzhou")


def test_overlapping_event_types():
    """Event types that overlap within one trigger are refused."""
    with pytest.raises(TriggerRefused, match="overlap"):
        check(Trigger("demo", BUCKET, events=("cos:ObjectCreated:*", "cos:ObjectCreated:Put")), (), "ap-guangzhou")


def test_eleventh_trigger():
    """An eleventh trigger of a function is refused."""
    ten = [Trigger("demo", f"bucket{number}-1250000000") for number in range(10)]
    check(ten[9], ten[:9], "ap-guangzhou")
    with pytest.raises(TriggerRefused, match="one function can be bound to 10"):
        check(Trigger("demo", BUCKET), ten, "ap-guangzhou")


def test_eleventh_rule():
    """An eleventh rule of a bucket is refused."""
    ten = [Trigger(f"function{number}", BUCKET, prefix=f"{number}/") for number in range(10)]
    check(ten[9], ten[:9], "ap-guangzhou")
    with pytest.raises(TriggerRefused, match="one COS bucket can be bound to 10"):
        check(Trigger("demo", BUCKET, prefix="x/"), ten, "ap-guangzhou")


def test_events_are_not_printed():
    """Nothing secret shows where an event is printed."""
    assert "AKID" not in repr(object_event(authorization=AUTHORIZATION, headers={"authorization": AUTHORIZATION}))

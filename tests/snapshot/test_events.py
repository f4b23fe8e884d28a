import copy
import json
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshot.errors import BadEvent
from snapshot.events import Skipped, Sources, Video, read_event

NAME, APPID = "examplebucket", "1250000000"
BUCKET = f"{NAME}-{APPID}"
HOST = f"{BUCKET}.cos.ap-guangzhou.myqcloud.com"
SOURCES = Sources("", "thumbnails/", ("mp4", "mov"))

# Keys as they are stored. Each comes in four shapes of event: is `key` encoded, is there a `url`.
KEYS = {
    "plain": "videos/a.mp4",
    "top level": "a.mp4",
    "spaces": "my videos/a b .mp4",
    "plus": "a+b.mp4",
    "encoded plus in the name": "a%2Bb.mp4",
    "percent sign": "100% sure.mp4",
    "percent and digits": "100%25.mp4",
    "CJK": "视频/猫.mp4",
    "emoji": "videos/🎬.mp4",
    "combining": "videos/e\u0301.mp4",
    "two slashes": "videos//a.mp4",
    "leading slash": "/a.mp4",
    "two leading slashes": "//a.mp4",
    "quotes": 'it\'s "a".mp4',
    "dots": "videos/../a.mp4",
    "dot": "./a.mp4",
    "question and hash": "a?b#c.mp4",
    "ampersand and semicolon": "a&b;c=d.mp4",
    "brackets": "[a]{b}<c>.mp4",
    "backslash": "a\\b.mp4",
    "newline": "a\nb.mp4",
    "tab": "a\tb.mp4",
    "its own path repeats the prefix": f"{APPID}/{NAME}/{APPID}/{NAME}/a.mp4",
    "its own path repeats the prefix after a slash": f"/{APPID}/{NAME}/a.mp4",
    "850 bytes": "v" * 846 + ".mp4",
    "upper case": "A.MP4",
    "many dots": "a.tar.mov.mp4",
}


def record(key="videos/a.mp4", *, encoded=False, url=True, name="cos:ObjectCreated:Put", **stored):
    wire_key = quote(key, safe="/") if encoded else key
    return {
        "cos": {
            "cosSchemaVersion": "1.0",
            "cosObject": {
                **({"url": f"http://{HOST}/{quote(key, safe='/')}"} if url else {}),
                "meta": {"x-cos-request-id": "NWMxOWY4MGE=", "Content-Type": ""},
                "vid": "",
                "key": f"/{APPID}/{NAME}/{wire_key}",
                "size": 1029,
                **stored,
            },
            "cosBucket": {"region": "gz", "name": NAME, "appid": APPID},
            "cosNotificationId": "unkown",
        },
        "event": {
            "eventName": name,
            "eventVersion": "1.0",
            "eventTime": 1545205770,
            "eventSource": "qcs::cos",
            "requestParameters": {"requestSourceIP": "192.168.15.101", "requestHeaders": {"Authorization": "q-sign"}},
            "eventQueue": "qcs:0:scf:cd:appid/1250000000:default.printevent.$LATEST",
            "reservedInfo": "",
            "reqid": 179398952,
        },
    }


def read(*records, sources=SOURCES):
    return read_event({"Records": list(records)}, sources)


def read_one(*args, sources=SOURCES, **kwargs):
    (outcome,) = read(record(*args, **kwargs), sources=sources)
    return outcome


def without(data, *path):
    data = copy.deepcopy(data)
    at = data
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return data


def with_value(data, value, *path):
    data = copy.deepcopy(data)
    at = data
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return data


def test_the_documents_example_is_read():
    event = {
        "Records": [
            {
                "cos": {
                    "cosSchemaVersion": "1.0",
                    "cosObject": {
                        "url": "http://testpic-1253970026.cos.ap-chengdu.myqcloud.com/testfile",
                        "meta": {"x-cos-request-id": "NWMxOWY=", "Content-Type": "", "x-cos-meta-mykey": "myvalue"},
                        "vid": "",
                        "key": "/1253970026/testpic/testfile",
                        "size": 1029,
                    },
                    "cosBucket": {"region": "cd", "name": "testpic", "appid": "1253970026"},
                    "cosNotificationId": "unkown",
                },
                "event": {"eventName": "cos:ObjectCreated:*", "eventTime": 1545205770},
            }
        ]
    }
    (skipped,) = read_event(event, SOURCES)
    assert skipped == Skipped("testfile", "not a video by its extension; SNAPSHOT_EXTENSIONS says which are")
    film = json.loads(json.dumps(event).replace("testfile", "testfile.mp4"))
    assert read_event(film, SOURCES) == (Video("testpic-1253970026", "testfile.mp4", None, "ap-chengdu"),)


def test_every_record_gets_its_turn_in_order():
    outcomes = read(
        record("a.mp4"),
        {"cos": {}},
        record("b.mp4", name="cos:ObjectRemove:Delete"),
        None,
        record("c.mp4"),
        "record",
        record("d.mp4"),
    )
    kinds = [type(outcome).__name__ for outcome in outcomes]
    assert kinds == ["Video", "BadEvent", "Skipped", "BadEvent", "Video", "BadEvent", "Video"]
    assert [outcome.key for outcome in outcomes if isinstance(outcome, Video)] == ["a.mp4", "c.mp4", "d.mp4"]
    assert [str(outcome).split(" cannot")[0] for outcome in outcomes if isinstance(outcome, BadEvent)] == [
        "record 1",
        "record 3",
        "record 5",
    ]


def test_two_records_of_one_object_are_two_outcomes():
    assert read(record(), record()) == (Video(BUCKET, "videos/a.mp4", None, "ap-guangzhou"),) * 2


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_that_comes_as_it_is_with_a_url_is_itself(key):
    video = read_one(key)
    assert (video.key, video.other_key) == (key, None)


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_that_comes_encoded_with_a_url_is_decoded_once(key):
    video = read_one(key, encoded=True)
    assert video.key == key
    assert video.other_key == (None if quote(key) == key else quote(key))


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_without_a_url_a_key_is_itself_and_what_it_decodes_to_comes_second(key):
    video = read_one(key, url=False)
    assert video.key == key
    assert video.other_key == (None if unquote(key) == key else unquote(key))


@pytest.mark.parametrize("key", [key for key in KEYS.values() if "%" not in key], ids=str)
def test_without_a_url_an_encoded_key_is_found_by_its_second_reading(key):
    video = read_one(key, encoded=True, url=False)
    assert key in (video.key, video.other_key)


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40), st.booleans())
@settings(derandomize=True, max_examples=150)
def test_any_key_survives_with_a_url(stem, encoded):
    key = f"{stem}.mp4"
    outcome = read_one(key, encoded=encoded)
    if key.startswith("thumbnails/") or key.endswith("/.mp4") or key == ".mp4":
        assert isinstance(outcome, Skipped)
    else:
        assert outcome.key == key


@pytest.mark.parametrize("url", [True, False], ids=["with a url", "without"])
def test_a_plus_sign_is_never_a_space(url):
    video = read_one("a+b c.mp4", url=url)
    assert "a b c.mp4" not in (video.key, video.other_key)


def test_where_key_and_url_disagree_both_are_readings():
    (video,) = read(with_value(record("a+b.mp4"), f"http://{HOST}/a%20b.mp4", "cos", "cosObject", "url"))
    assert (video.key, video.other_key) == ("a+b.mp4", "a b.mp4")


def test_a_second_reading_that_is_no_source_is_not_tried():
    (video,) = read(with_value(record("a.mp4"), f"http://{HOST}/thumbnails/a.mp4", "cos", "cosObject", "url"))
    assert (video.key, video.other_key) == ("a.mp4", None)


def test_a_first_reading_that_is_no_source_gives_way_to_the_second():
    sources = Sources("my videos/", "thumbnails/", ("mp4",))
    video = read_one("my videos/a.mp4", encoded=True, url=False, sources=sources)
    assert (video.key, video.other_key) == ("my videos/a.mp4", None)


def test_the_output_prefix_counts_for_a_key_that_comes_encoded():
    sources = Sources("", "my thumbnails/", ("mp4",))
    assert isinstance(read_one("my thumbnails/a.mp4", encoded=True, sources=sources), Skipped)


@pytest.mark.parametrize("region", ["cos", "cos-internal"])
@pytest.mark.parametrize("domain", ["myqcloud.com", "tencentcos.cn"])
def test_the_region_is_read_from_the_urls_host(region, domain):
    url = f"https://{BUCKET}.{region}.ap-shanghai.{domain}/videos/a.mp4"
    (video,) = read(with_value(record(), url, "cos", "cosObject", "url"))
    assert video == Video(BUCKET, "videos/a.mp4", None, "ap-shanghai")


@pytest.mark.parametrize("field", ["s3Region", "cosRegion"])
def test_a_full_region_in_the_event_comes_first(field):
    (video,) = read(with_value(record(), "ap-beijing", "cos", "cosBucket", field))
    assert video.region == "ap-beijing"


@pytest.mark.parametrize("field", ["region", "s3Region", "cosRegion"])
def test_a_short_region_is_never_used(field):
    (video,) = read(with_value(record(url=False), "gz", "cos", "cosBucket", field))
    assert video.region is None


@pytest.mark.parametrize(
    "url",
    [
        "http://cdn.example.com/videos/a.mp4",
        "https://examplebucket-1250000000.cos.evil.myqcloud.com.example.com/videos/a.mp4",
        "",
    ],
    ids=["a domain of one's own", "a host that only looks so", "none"],
)
def test_another_host_says_nothing_of_the_region(url):
    (video,) = read(with_value(record(), url, "cos", "cosObject", "url"))
    assert video == Video(BUCKET, "videos/a.mp4", None, None)


@pytest.mark.parametrize(
    "url",
    ["http://[::1/a.mp4", "http://a]b/a.mp4", "//", "a.mp4", "not a url", "http://", "\ud800", "http://x/%FF.mp4"],
    ids=repr,
)
def test_a_url_that_is_none_costs_nothing_while_there_is_a_key(url):
    broken = with_value(record("videos/a.mp4"), url, "cos", "cosObject", "url")
    first, second = read(broken, record("b.mp4"))
    assert (first.bucket, first.key, first.other_key) == (BUCKET, "videos/a.mp4", None)
    assert second.key == "b.mp4"


@pytest.mark.parametrize(
    "key",
    ["", "/", f"/{APPID}/{NAME}/", f"/{APPID}/{NAME}", "videos/a.mp4", f"/{APPID}/otherbucket/a.mp4"],
    ids=["empty", "a slash", "the prefix alone", "half the prefix", "no prefix", "another bucket's prefix"],
)
def test_a_key_without_its_prefix_is_read_from_the_url_or_reported(key):
    with_url = with_value(record("videos/a.mp4"), key, "cos", "cosObject", "key")
    assert read(with_url) == (Video(BUCKET, "videos/a.mp4", None, "ap-guangzhou"),)
    (bad,) = read(without(with_url, "cos", "cosObject", "url"))
    assert isinstance(bad, BadEvent)
    assert f"cosObject.key does not begin with /{APPID}/{NAME}/" in bad.message


@pytest.mark.parametrize("url", [f"http://{HOST}/", f"http://{HOST}", f"http://{HOST}/%FF"])
def test_a_key_that_decodes_to_nothing_is_reported(url):
    both = with_value(record(), f"/{APPID}/{NAME}/", "cos", "cosObject", "key")
    (bad,) = read(with_value(both, url, "cos", "cosObject", "url"))
    assert isinstance(bad, BadEvent)
    assert "no object key" in bad.message


def test_a_key_whose_encoding_is_not_utf8_is_taken_as_it_is():
    video = read_one("%FF.mp4", url=False)
    assert (video.key, video.other_key) == ("%FF.mp4", None)


def test_a_key_that_utf8_cannot_carry_is_reported_and_not_repeated():
    bad, good = read(record("a\ud800.mp4", url=False), record("b.mp4"))
    assert isinstance(bad, BadEvent)
    assert bad.message == "record 0: the key is not text that UTF-8 can carry"
    assert good.key == "b.mp4"


def test_a_second_reading_that_utf8_cannot_carry_is_dropped():
    (video,) = read(with_value(record("a.mp4"), f"http://{HOST}/b\ud800.mp4", "cos", "cosObject", "url"))
    assert (video.key, video.other_key) == ("a.mp4", None)


@pytest.mark.parametrize(
    "name", ["*", "Put", "Post", "Copy", "CompleteMultipartUpload", "Origin", "Replication", "SomethingNew"]
)
def test_every_form_of_creation_is_a_creation(name):
    assert isinstance(read_one(name=f"cos:ObjectCreated:{name}"), Video)


@pytest.mark.parametrize(
    "name",
    [
        "cos:ObjectRemove:*",
        "cos:ObjectRemove:Delete",
        "cos:ObjectRemove:DeleteMarkerCreated",
        "cos:ObjectRestore:Post",
        "cos:ObjectRestore:Completed",
        "cos:InventoryReportCreated:Put",
        "cos:ObjectCreated",
        "COS:ObjectCreated:Put",
        "s3:ObjectCreated:Put",
    ],
)
def test_another_event_is_skipped_by_its_name(name):
    assert read_one(name=name) == Skipped("videos/a.mp4", f"the event is {name}, not a creation")


def test_an_event_that_is_no_creation_needs_no_key():
    assert read_one("", url=False, name="cos:ObjectRemove:Delete").reason.startswith("the event is cos:ObjectRemove")


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("videos/", "a folder"),
        ("videos/a.mp4/", "a folder"),
        ("thumbnails/videos/a.mp4", "under the output prefix thumbnails/"),
        ("thumbnails/a.mp4/5d41402a/000001500-640x0.jpg", "under the output prefix thumbnails/"),
        ("videos/a.txt", "not a video by its extension"),
        ("videos/a", "not a video by its extension"),
        ("videos/mp4", "not a video by its extension"),
        ("videos/.mp4", "not a video by its extension"),
        ("videos.mp4/a", "not a video by its extension"),
        ("a.mp4.part", "not a video by its extension"),
        ("a.mp4 ", "not a video by its extension"),
    ],
)
def test_what_is_no_source_is_skipped_with_the_reason(key, reason):
    outcome = read_one(key)
    assert isinstance(outcome, Skipped)
    assert outcome.key == key
    assert outcome.reason.startswith(reason)


@pytest.mark.parametrize("key", ["thumbnails", "Thumbnails/a.mp4", "thumbnails-of/a.mp4", "/thumbnails/a.mp4"])
def test_only_the_output_prefix_itself_is_guarded(key):
    assert "output prefix" not in getattr(read_one(key), "reason", "")


def test_only_what_lies_under_the_input_prefix_is_a_source():
    sources = Sources("videos/", "thumbnails/", ("mp4",))
    assert isinstance(read_one("videos/a.mp4", sources=sources), Video)
    assert read_one("other/a.mp4", sources=sources).reason == "not under the input prefix videos/"


def test_outputs_beneath_the_input_prefix_are_no_sources():
    sources = Sources("media/", "media/thumbnails/", ("mp4",))
    assert isinstance(read_one("media/a.mp4", sources=sources), Video)
    assert "output prefix" in read_one("media/thumbnails/a.mp4", sources=sources).reason


def test_an_object_of_zero_bytes_is_skipped():
    assert read_one(size=0) == Skipped("videos/a.mp4", "an object of zero bytes")


@pytest.mark.parametrize("name", ["x-cos-meta-snapshot-source-etag", "X-Cos-Meta-Snapshot-Source-Etag"])
def test_what_this_function_made_is_never_a_source_wherever_it_lies(name):
    outcome = read_one(meta={name: "5d41402abc4b2a76b9719d911017c592"})
    assert outcome == Skipped("videos/a.mp4", "made by this function: it carries x-cos-meta-snapshot-source-etag")


@pytest.mark.parametrize(
    "change",
    [
        lambda data: without(data, "cos", "cosObject", "size"),
        lambda data: without(data, "cos", "cosObject", "meta"),
        lambda data: without(data, "cos", "cosObject", "vid"),
        lambda data: without(data, "cos", "cosBucket", "region"),
        lambda data: without(data, "event", "eventTime"),
        lambda data: without(data, "event", "requestParameters"),
        lambda data: with_value(data, None, "cos", "cosObject", "meta"),
        lambda data: with_value(data, "1029", "cos", "cosObject", "size"),
        lambda data: with_value(data, 1250000000, "cos", "cosBucket", "appid"),
        lambda data: with_value(data, "1970-01-01T00:00:00.000Z", "event", "eventTime"),
        lambda data: with_value(data, {"more": [1]}, "cos", "cosObject", "new"),
        lambda data: with_value(data, "qcs:0:lambda:cd:appid/1250000000:default.f.$LATEST", "event", "eventQueue"),
        lambda data: {**data, "new": 1},
    ],
    ids=[
        "no size",
        "no meta",
        "no vid",
        "no region",
        "no time",
        "no request",
        "meta null",
        "size as text",
        "appid as number",
        "time as text",
        "a new field",
        "an older queue",
        "a new part",
    ],
)
def test_fields_may_come_go_and_change_their_type(change):
    assert read(change(record())) == (Video(BUCKET, "videos/a.mp4", None, "ap-guangzhou"),)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda data: without(data, "cos"), "cos"),
        (lambda data: without(data, "event"), "event"),
        (lambda data: without(data, "event", "eventName"), "event.eventName"),
        (lambda data: with_value(data, "", "event", "eventName"), "event.eventName"),
        (lambda data: without(data, "cos", "cosObject"), "cos.cosObject"),
        (lambda data: without(data, "cos", "cosBucket"), "cos.cosBucket"),
        (lambda data: without(data, "cos", "cosBucket", "name"), "cos.cosBucket.name"),
        (lambda data: without(data, "cos", "cosBucket", "appid"), "cos.cosBucket.appid"),
        (lambda data: with_value(data, "", "cos", "cosBucket", "name"), "cos.cosBucket.name"),
        (lambda data: with_value(data, 7, "cos", "cosObject", "key"), "cos.cosObject.key"),
        (lambda data: with_value(data, "many", "cos", "cosObject", "size"), "cos.cosObject.size"),
        (lambda data: with_value(data, [], "cos"), "cos"),
        (lambda _: [], "it"),
        (lambda _: None, "it"),
        (lambda _: "hunter2", "it"),
    ],
    ids=[
        "no cos",
        "no event",
        "no name",
        "an empty name",
        "no object",
        "no bucket",
        "no bucket's name",
        "no appid",
        "an empty bucket's name",
        "key a number",
        "size a word",
        "cos a list",
        "a list",
        "null",
        "text",
    ],
)
def test_a_record_that_cannot_be_understood_is_reported_with_what_is_missing(change, named):
    bad, good = read(change(record()), record("b.mp4"))
    assert isinstance(bad, BadEvent)
    assert bad.message == f"record 0 cannot be understood; missing or of the wrong type: {named}"
    assert not bad.retry
    assert good.key == "b.mp4"


@pytest.mark.parametrize("event", [None, [], "Records", 7, True], ids=repr)
def test_an_event_that_is_no_object_is_refused_by_its_type(event):
    with pytest.raises(BadEvent, match=f"^the event is of type {type(event).__name__}; accepted: "):
        read_event(event, SOURCES)


@pytest.mark.parametrize("records", [[], {}, None, "a"], ids=repr)
def test_records_that_are_no_list_of_records_are_refused(records):
    with pytest.raises(BadEvent, match=r"^Records is not a list with records in it"):
        read_event({"Records": records}, SOURCES)


def test_an_event_of_another_trigger_is_refused_by_its_names_alone():
    with pytest.raises(BadEvent, match="neither Records") as caught:
        read_event({"Type": "Timer", "Message": "hunter2", "a b": 1, 3: 4}, SOURCES)
    assert "it has Message, Type;" in caught.value.message
    assert "hunter2" not in caught.value.message


def test_an_empty_event_is_refused():
    with pytest.raises(BadEvent, match="it has no name that could be shown"):
        read_event({}, SOURCES)


def place(key="videos/a.mp4", region="ap-guangzhou"):
    return {"BucketId": BUCKET, "Region": region, "Object": key}


@pytest.mark.parametrize(
    "event",
    [
        {"ObjectInfo": place(), "Upstream": place("videos/b.mp4")},
        {"ObjectInfo": place()},
        {"Upstream": place()},
        {"ObjectInfo": None, "Upstream": place()},
        {"ObjectInfo": {**place(), "Size": 5}, "RunId": "w1"},
    ],
    ids=["both", "the object", "the node before", "the object null", "more fields"],
)
def test_a_node_of_a_ci_workflow_is_a_second_way_in(event):
    assert read_event(event, SOURCES) == (Video(BUCKET, "videos/a.mp4", None, "ap-guangzhou"),)


@pytest.mark.parametrize("key", ["a+b.mp4", "a%2Bb.mp4", "视频/猫.mp4", "a//b.mp4"])
def test_a_workflows_key_is_taken_as_it_is(key):
    (video,) = read_event({"ObjectInfo": place(key)}, SOURCES)
    assert (video.key, video.other_key) == (key, None)


def test_a_workflows_short_region_is_not_used():
    (video,) = read_event({"ObjectInfo": place(region="gz")}, SOURCES)
    assert video.region is None


@pytest.mark.parametrize("key", ["videos/", "thumbnails/a.mp4", "a.txt"])
def test_a_workflows_object_is_skipped_by_the_same_rules(key):
    (skipped,) = read_event({"ObjectInfo": place(key)}, SOURCES)
    assert skipped == Skipped(key, SOURCES.refuse(key))
    assert skipped.reason


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"ObjectInfo": None, "Upstream": None}, "ObjectInfo and Upstream are both empty"),
        ({"ObjectInfo": {}}, "ObjectInfo and Upstream are both empty"),
        ({"ObjectInfo": {"BucketId": BUCKET, "Object": ""}}, "ObjectInfo.Object"),
        ({"ObjectInfo": "a.mp4"}, "ObjectInfo"),
        ({"ObjectInfo": place("a\ud800.mp4")}, "ObjectInfo.Object"),
    ],
    ids=["both null", "empty", "no key", "text", "a surrogate"],
)
def test_a_workflow_that_cannot_be_understood_is_reported(event, said):
    (bad,) = read_event(event, SOURCES)
    assert isinstance(bad, BadEvent)
    assert said in bad.message


def test_no_outcome_repeats_the_uploaders_signature():
    secret = "q-sign"
    for data in (
        record(),
        record("a.txt"),
        without(record(), "event", "eventName"),
        without(record(), "cos", "cosBucket"),
    ):
        assert secret not in repr(read(data))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.data(), JSON)
@settings(derandomize=True, max_examples=150)
def test_whatever_stands_in_a_field_the_other_records_have_their_turn(data, junk):
    broken = record()
    path = data.draw(st.sampled_from([["cos"], ["event"], ["cos", "cosObject"], ["cos", "cosBucket"], []]))
    at = broken
    for step in path:
        at = at[step]
    at[data.draw(st.sampled_from(sorted(at)))] = junk
    outcomes = read(record("a.mp4"), broken, record("b.mp4"))
    assert (outcomes[0].key, outcomes[2].key) == ("a.mp4", "b.mp4")
    assert isinstance(outcomes[1], Video | Skipped | BadEvent)

import copy
import json
from urllib.parse import quote, unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshot.errors import BadEvent
from snapshot.events import MAX_RECORDS, Removal, Skipped, Sources, Upload, read_event

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


def place(key="videos/a.mp4", region="ap-guangzhou"):
    return {"BucketId": BUCKET, "Region": region, "Object": key}


def test_document_example():
    """The document's own example is read."""
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
    assert skipped == Skipped("testfile", "not a file name with an extension in SNAPSHOT_EXTENSIONS")
    video = json.loads(json.dumps(event).replace("testfile", "testfile.mp4"))
    assert read_event(video, SOURCES) == (Upload("testpic-1253970026", "testfile.mp4", None, "ap-chengdu"),)


def test_every_record():
    """Every record gets its turn, in order, whatever the others are."""
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
    assert kinds == ["Upload", "BadEvent", "Removal", "BadEvent", "Upload", "BadEvent", "Upload"]
    assert [outcome.key for outcome in outcomes if isinstance(outcome, Upload)] == ["a.mp4", "c.mp4", "d.mp4"]
    assert [str(outcome).split(" cannot")[0] for outcome in outcomes if isinstance(outcome, BadEvent)] == [
        "record 1",
        "record 3",
        "record 5",
    ]


def test_repeated_object():
    """Two records of one object are two outcomes."""
    assert read(record(), record()) == (Upload(BUCKET, "videos/a.mp4", None, "ap-guangzhou"),) * 2


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_raw_key(key):
    """A key that comes raw with a url is itself."""
    video = read_one(key)
    assert (video.key, video.other_key) == (key, None)


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_encoded_key(key):
    """A key that comes percent-encoded with a url is decoded once."""
    video = read_one(key, encoded=True)
    assert video.key == key
    assert video.other_key == (None if quote(key) == key else quote(key))


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_key_without_url(key):
    """Without a url a key is itself, and its decoded form comes second."""
    video = read_one(key, url=False)
    assert video.key == key
    assert video.other_key == (None if unquote(key) == key else unquote(key))


@pytest.mark.parametrize("key", [key for key in KEYS.values() if "%" not in key], ids=str)
def test_encoded_key_without_url(key):
    """Without a url an encoded key is among the readings."""
    video = read_one(key, encoded=True, url=False)
    assert key in (video.key, video.other_key)


@given(
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x18\x19\x1a\x1b"), max_size=40),
    st.booleans(),
)
@settings(max_examples=150)
def test_any_key(stem, encoded):
    """Any key survives with a url."""
    key = f"{stem}.mp4"
    outcome = read_one(key, encoded=encoded)
    if key.startswith("thumbnails/") or key.endswith("/.mp4") or key == ".mp4":
        assert isinstance(outcome, Skipped)
    else:
        assert outcome.key == key


@pytest.mark.parametrize("url", [True, False], ids=["with a url", "without"])
def test_plus_sign(url):
    """A plus sign is never a space."""
    video = read_one("a+b c.mp4", url=url)
    assert "a b c.mp4" not in (video.key, video.other_key)


def test_key_against_url():
    """If key and url disagree, each is a reading."""
    (video,) = read(with_value(record("a+b.mp4"), f"http://{HOST}/a%20b.mp4", "cos", "cosObject", "url"))
    assert (video.key, video.other_key) == ("a+b.mp4", "a b.mp4")


def test_second_reading():
    """A second reading that is no source is not tried."""
    (video,) = read(with_value(record("a.mp4"), f"http://{HOST}/thumbnails/a.mp4", "cos", "cosObject", "url"))
    assert (video.key, video.other_key) == ("a.mp4", None)


def test_first_reading():
    """A first reading that is no source gives way to the second."""
    sources = Sources("my videos/", "thumbnails/", ("mp4",))
    video = read_one("my videos/a.mp4", encoded=True, url=False, sources=sources)
    assert (video.key, video.other_key) == ("my videos/a.mp4", None)


def test_encoded_output():
    """The output prefix counts for a key that comes encoded."""
    sources = Sources("", "my thumbnails/", ("mp4",))
    assert isinstance(read_one("my thumbnails/a.mp4", encoded=True, sources=sources), Skipped)


@pytest.mark.parametrize("region", ["cos", "cos-internal"])
@pytest.mark.parametrize("domain", ["myqcloud.com", "tencentcos.cn"])
def test_region_of_url(region, domain):
    """The region is read from the url's host."""
    url = f"https://{BUCKET}.{region}.ap-shanghai.{domain}/videos/a.mp4"
    (video,) = read(with_value(record(), url, "cos", "cosObject", "url"))
    assert video == Upload(BUCKET, "videos/a.mp4", None, "ap-shanghai")


@pytest.mark.parametrize("field", ["s3Region", "cosRegion"])
def test_full_region(field):
    """A full region in the event comes first."""
    (video,) = read(with_value(record(), "ap-beijing", "cos", "cosBucket", field))
    assert video.region == "ap-beijing"


@pytest.mark.parametrize("field", ["region", "s3Region", "cosRegion"])
def test_short_region(field):
    """A short region is never used."""
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
def test_other_host(url):
    """Another host says nothing of the region."""
    (video,) = read(with_value(record(), url, "cos", "cosObject", "url"))
    assert video == Upload(BUCKET, "videos/a.mp4", None, None)


@pytest.mark.parametrize(
    "url",
    ["http://[::1/a.mp4", "http://a]b/a.mp4", "//", "a.mp4", "not a url", "http://", "\ud800", "http://x/%FF.mp4"],
    ids=repr,
)
def test_broken_url(url):
    """A broken url costs nothing while there is a key."""
    broken = with_value(record("videos/a.mp4"), url, "cos", "cosObject", "url")
    first, second = read(broken, record("b.mp4"))
    assert (first.bucket, first.key, first.other_key) == (BUCKET, "videos/a.mp4", None)
    assert second.key == "b.mp4"


@pytest.mark.parametrize(
    "key",
    ["", "/", f"/{APPID}/{NAME}/", f"/{APPID}/{NAME}", "videos/a.mp4", f"/{APPID}/otherbucket/a.mp4"],
    ids=["empty", "a slash", "the prefix alone", "half the prefix", "no prefix", "another bucket's prefix"],
)
def test_key_without_prefix(key):
    """A key without its prefix is read from the url, or reported."""
    with_url = with_value(record("videos/a.mp4"), key, "cos", "cosObject", "key")
    assert read(with_url) == (Upload(BUCKET, "videos/a.mp4", None, "ap-guangzhou"),)
    (bad,) = read(without(with_url, "cos", "cosObject", "url"))
    assert isinstance(bad, BadEvent)
    assert f"cosObject.key does not begin with /{APPID}/{NAME}/" in bad.message


@pytest.mark.parametrize("url", [f"http://{HOST}/", f"http://{HOST}", f"http://{HOST}/%FF"])
def test_empty_key(url):
    """A key that decodes to nothing is reported."""
    data = with_value(record(), f"/{APPID}/{NAME}/", "cos", "cosObject", "key")
    (bad,) = read(with_value(data, url, "cos", "cosObject", "url"))
    assert isinstance(bad, BadEvent)
    assert "no object key" in bad.message


def test_key_not_utf8():
    """A key whose percent-encoding is not UTF-8 is taken as it is."""
    video = read_one("%FF.mp4", url=False)
    assert (video.key, video.other_key) == ("%FF.mp4", None)


def test_surrogate():
    """A key that UTF-8 cannot carry is reported and not repeated."""
    bad, good = read(record("a\ud800.mp4", url=False), record("b.mp4"))
    assert isinstance(bad, BadEvent)
    assert bad.message == "record 0: the key cannot be written in UTF-8"
    assert good.key == "b.mp4"


def test_surrogate_in_url():
    """A second reading that UTF-8 cannot carry is dropped."""
    (video,) = read(with_value(record("a.mp4"), f"http://{HOST}/b\ud800.mp4", "cos", "cosObject", "url"))
    assert (video.key, video.other_key) == ("a.mp4", None)


@pytest.mark.parametrize(
    "name", ["*", "Put", "Post", "Append", "Copy", "CompleteMultipartUpload", "Origin", "Replication", "SomethingNew"]
)
def test_creations(name):
    """Every form of creation is an upload, also one that no document has yet."""
    assert isinstance(read_one(name=f"cos:ObjectCreated:{name}"), Upload)


@pytest.mark.parametrize("name", ["cos:ObjectRestore:Completed", "cos: ObjectRestore:Completed", "cos:ObjectRestore:*"])
def test_restores(name):
    """An archived object counts as uploaded once it is restored: before, nothing could read it."""
    assert read_one(name=name) == Upload(BUCKET, "videos/a.mp4", None, "ap-guangzhou")


@pytest.mark.parametrize(
    "name",
    [
        "cos:ObjectRemove:*",
        "cos:ObjectRemove:Delete",
        "cos:ObjectRemove:DeleteMarkerCreated",
        "cos: ObjectRemove:Delete",
    ],
)
def test_removals(name):
    """Every form of deletion of a source is a removal, a delete marker too."""
    assert read_one(name=name) == Removal(BUCKET, "videos/a.mp4", None, "ap-guangzhou")


@pytest.mark.parametrize("name", ["cos: ObjectCreated:Post", " cos:ObjectCreated: Put"])
def test_blank_in_name(name):
    """An event's name may have blanks in it, as scfcli's samples have."""
    assert isinstance(read_one(name=name), Upload)


def test_removal_readings():
    """A removal has both readings of its key, since the object is no longer there to tell."""
    removal = read_one("a b.mp4", encoded=True, name="cos:ObjectRemove:Delete")
    assert (removal.key, removal.other_key) == ("a b.mp4", "a%20b.mp4")


def test_removal_of_zero_bytes():
    """The size in a removal means nothing: nobody knows which size it is."""
    assert isinstance(read_one(size=0, name="cos:ObjectRemove:Delete"), Removal)


def test_removal_without_key():
    """A removal without a key is reported."""
    bad = read_one("", url=False, name="cos:ObjectRemove:Delete")
    assert isinstance(bad, BadEvent)
    assert "no object key" in bad.message


@pytest.mark.parametrize(
    "name",
    [
        "cos:ObjectRestore:Post",
        "cos:InventoryReportCreated:Put",
        "cos:ObjectCreated",
        "COS:ObjectCreated:Put",
        "s3:ObjectCreated:Put",
    ],
)
def test_other_events(name):
    """An event that is neither creation, completed restore nor removal is skipped by its name."""
    reason = f"the event is {name!r}; accepted: an object was created, restored or removed"
    assert read_one(name=name) == Skipped(f"/{APPID}/{NAME}/videos/a.mp4", reason)


def test_other_event_without_key():
    """An event that is of no interest needs no key."""
    assert read_one("", url=False, name="cos:InventoryReportCreated:Put").reason.startswith(
        "the event is 'cos:Inventory"
    )


def test_name_of_other_event():
    """An event's name cannot forge a log line."""
    assert "\n" not in read_one(name="cos:x\n{}").reason


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("videos/", "a folder"),
        ("videos/a.mp4/", "a folder"),
        ("thumbnails/videos/a.mp4", "under the output prefix thumbnails/"),
        ("thumbnails/a.mp4/5d41402a/000001500-640x0.jpg", "under the output prefix thumbnails/"),
        ("videos/a.txt", "not a file name with an extension in SNAPSHOT_EXTENSIONS"),
        ("videos/a", "not a file name with an extension in SNAPSHOT_EXTENSIONS"),
        ("videos/mp4", "not a file name with an extension in SNAPSHOT_EXTENSIONS"),
        ("videos/.mp4", "not a file name with an extension in SNAPSHOT_EXTENSIONS"),
        ("videos.mp4/a", "not a file name with an extension in SNAPSHOT_EXTENSIONS"),
        ("a.mp4.part", "not a file name with an extension in SNAPSHOT_EXTENSIONS"),
        ("a.mp4 ", "not a file name with an extension in SNAPSHOT_EXTENSIONS"),
    ],
)
def test_no_source(key, reason):
    """A key that is no source is skipped with the reason."""
    outcome = read_one(key)
    assert isinstance(outcome, Skipped)
    assert outcome.key == key
    assert outcome.reason.startswith(reason)


REMOVED = "cos:ObjectRemove:Delete"


@pytest.mark.parametrize(
    "key",
    ["videos/", "thumbnails/videos/a.mp4", "thumbnails/videos/a.mp4/manifest.json", "videos/a", "videos/.mp4", "a.jpg"],
)
def test_removed_never_a_source(key):
    """The removal of an object that is a source under no settings is skipped."""
    assert isinstance(read_one(key, name=REMOVED), Skipped)


@pytest.mark.parametrize(
    ("key", "reason"),
    [("videos/a.mkv", "not a file name with an extension"), ("old/a.mp4", "not under the input prefix videos/")],
    ids=["extension", "prefix"],
)
def test_removed_no_longer_a_source(key, reason):
    """A removal counts whatever extensions and input prefix are set now: its pictures may be of earlier settings."""
    outcome = read_one(key, name=REMOVED, sources=Sources("videos/", "thumbnails/", ("mp4",)))
    assert (type(outcome), outcome.key) == (Removal, key)
    assert outcome.skip_reason.startswith(reason)
    assert read_one("videos/a.mp4", name=REMOVED).skip_reason == ""


@pytest.mark.parametrize("key", ["thumbnails", "Thumbnails/a.mp4", "thumbnails-of/a.mp4", "/thumbnails/a.mp4"])
def test_near_output_prefix(key):
    """Only the output prefix itself is guarded."""
    assert "output prefix" not in getattr(read_one(key), "reason", "")


def test_input_prefix():
    """Only keys under the input prefix are sources."""
    sources = Sources("videos/", "thumbnails/", ("mp4",))
    assert isinstance(read_one("videos/a.mp4", sources=sources), Upload)
    assert read_one("other/a.mp4", sources=sources).reason == "not under the input prefix videos/"


def test_output_below_input():
    """Outputs below the input prefix are no sources."""
    sources = Sources("media/", "media/thumbnails/", ("mp4",))
    assert isinstance(read_one("media/a.mp4", sources=sources), Upload)
    assert "output prefix" in read_one("media/thumbnails/a.mp4", sources=sources).reason


@pytest.mark.parametrize("size", [0, "0", "", 1.5, "N/A", None, [], -1], ids=repr)
def test_size_in_event(size):
    """The size in an event decides nothing, whatever it is: a look at the object tells whether it is empty."""
    assert isinstance(read(with_value(record(), size, "cos", "cosObject", "size"))[0], Upload)


@pytest.mark.parametrize("key", [None, 7, []], ids=repr)
def test_key_is_no_text(key):
    """An event whose key is no text is read by its address."""
    assert read(with_value(record(), key, "cos", "cosObject", "key"))[0].key == "videos/a.mp4"


@pytest.mark.parametrize("path", [("cosObject", "url"), ("cosBucket", "cosRegion"), ("cosBucket", "s3Region")])
def test_other_fields_are_no_text(path):
    """Fields that an event can do without may hold anything."""
    assert read(with_value(record(), {"a": 1}, "cos", *path))[0].key == "videos/a.mp4"


def test_second_reading_is_a_source():
    """A removal is of a source where any reading of its key is one."""
    sources = Sources("my videos/", "thumbnails/", ("mp4",))
    assert read_one("my%20videos/a.mp4", url=False, name=REMOVED, sources=sources).skip_reason == ""


@pytest.mark.parametrize("extension", ["jpg", "JPEG", "png", "webp", "avif", "json", "vtt", "m3u8"])
def test_written_extensions(extension):
    """An object as the function writes them is never a source, whatever SNAPSHOT_EXTENSIONS says: nothing can loop."""
    sources = Sources("", "thumbnails/", ("mp4", extension.lower()))
    reason = f"the function writes .{extension.lower()} files itself, and always skips them"
    assert read_one(f"copied/a.{extension}", sources=sources) == Skipped(f"copied/a.{extension}", reason)
    assert read_event({"ObjectInfo": place(f"a.{extension}")}, sources) == (Skipped(f"a.{extension}", reason),)


def test_marked_upload():
    """The mark in an event's metadata hides no upload: whoever may upload could hide an overwritten video so."""
    assert isinstance(read_one(meta={"x-cos-meta-snapshot-source-etag": "5d41402a"}), Upload)


@pytest.mark.parametrize(
    ("name", "appid"),
    [
        ("a@evil.com", APPID),
        ("evil.com/", APPID),
        ("examplebucket\n", APPID),
        ("Example", APPID),
        ("-a", APPID),
        ("a-", APPID),
        ("a" * 51, APPID),
        (NAME, "evil.com"),
        (NAME, "12"),
        (NAME, "1250000000/"),
    ],
)
def test_bucket_name(name, appid):
    """A bucket's name that COS does not give is refused, in one line, and not tried again."""
    forged = with_value(with_value(record(), name, "cos", "cosBucket", "name"), appid, "cos", "cosBucket", "appid")
    bad, good = read(forged, record("b.mp4"))
    assert isinstance(bad, BadEvent)
    assert (bad.code, bad.retryable) == ("BadBucket", False)
    assert bad.message.isprintable()
    assert good.key == "b.mp4"


@pytest.mark.parametrize("name", ["cos:ObjectCreated:Put", "cos:ObjectRemove:Delete"])
def test_other_account(name):
    """A record of another account's bucket is refused: it would cost signed calls there."""
    event = {"Records": [record(name=name), with_value(record(name=name), "1250000001", "cos", "cosBucket", "appid")]}
    upload, bad = read_event(event, SOURCES, appid=APPID)
    assert upload.bucket == BUCKET
    assert isinstance(bad, BadEvent)
    assert (bad.code, bad.retryable) == ("OtherAccount", False)
    assert (
        bad.message
        == "record 1: the bucket examplebucket-1250000001 belongs to another account; this function's is 1250000000"
    )


def test_unknown_account():
    """If the function's own account is not known, buckets of any account are taken."""
    assert isinstance(read_event({"Records": [record()]}, SOURCES, appid=None)[0], Upload)


def test_other_account_of_workflow():
    """A workflow and a call by hand cannot name another account's bucket either."""
    (bad,) = read_event({"ObjectInfo": place()}, SOURCES, appid="1250000001")
    assert bad.code == "OtherAccount"
    with pytest.raises(BadEvent, match="belongs to another account"):
        read_event({"bucket": BUCKET, "keys": ["a.mp4"]}, SOURCES, appid="1250000001")


@pytest.mark.parametrize("control", ["\x18", "\x19", "\x1a", "\x1b"], ids=repr)
def test_unsupported_characters(control):
    """A key with one of the four characters that COS does not take is refused; a second reading without is taken."""
    bad = read_one(f"a{control}.mp4")
    assert isinstance(bad, BadEvent)
    assert "control characters" in bad.message
    (upload,) = read(with_value(record("a.mp4"), f"http://{HOST}/a{quote(control)}.mp4", "cos", "cosObject", "url"))
    assert (upload.key, upload.other_key) == ("a.mp4", None)


def test_too_long_key():
    """A key longer than COS takes is refused; where only the encoding makes it long, the other reading is taken."""
    bad = read_one("v" * 847 + ".mp4")
    assert (bad.code, bad.message) == ("KeyTooLong", "record 0: the key has 851 bytes; COS takes at most 850")
    upload = read_one("视" * 200 + ".mp4", encoded=True, url=False)
    assert (upload.key, upload.other_key) == ("视" * 200 + ".mp4", None)


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ({"Records": [{}] * (MAX_RECORDS + 1)}, "Records has 501 entries"),
        ({"keys": ["a.mp4"] * (MAX_RECORDS + 1), "bucket": BUCKET}, "keys has 501 entries"),
    ],
    ids=["records", "keys"],
)
def test_too_many_records(event, named):
    """The number of records is bounded, and the event is not tried again."""
    with pytest.raises(BadEvent, match=named) as error:
        read_event(event, SOURCES)
    assert (error.value.code, error.value.retryable) == ("EventTooLarge", False)


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (("cos", "cosObject", "key"), "cos.cosObject.key"),
        (("cos", "cosObject", "url"), "cos.cosObject.url"),
        (("cos", "cosBucket", "name"), "cos.cosBucket.name"),
        (("cos", "cosBucket", "appid"), "cos.cosBucket.appid"),
        (("cos", "cosBucket", "s3Region"), "cos.cosBucket.s3Region"),
        (("event", "eventName"), "event.eventName"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_long_fields(path, named):
    """A field that is far longer than it can be is named, not repeated."""
    bad, good = read(with_value(record(), "1" * 100_000, *path), record("b.mp4"))
    assert bad.message.endswith(f"too long or of the wrong type: {named}")
    assert good.key == "b.mp4"


def test_by_hand():
    """A call by hand names keys as they are stored, and each has its outcome."""
    call = {"bucket": BUCKET, "keys": ["videos/a b.mp4", "a%20b.mp4", "a.txt", 7, "", "b\ud800.mp4", "视频.MOV"]}
    outcomes = read_event(call, SOURCES, appid=APPID)
    assert outcomes[:3] == (
        Upload(BUCKET, "videos/a b.mp4"),
        Upload(BUCKET, "a%20b.mp4"),
        Skipped("a.txt", "not a file name with an extension in SNAPSHOT_EXTENSIONS"),
    )
    assert [outcome.message for outcome in outcomes[3:6]] == [
        "key 3: a key is text of 1 to 850 bytes",
        "key 4: a key is text of 1 to 850 bytes",
        "key 5: the key cannot be written in UTF-8",
    ]
    assert outcomes[6] == Upload(BUCKET, "视频.MOV")


def test_bucket_of_call():
    """A call by hand that names no bucket means that of the settings; without either it is refused with the remedy."""
    call = {"keys": ["a.mp4"]}
    assert read_event(call, SOURCES, bucket=BUCKET) == (Upload(BUCKET, "a.mp4"),)
    other = "other-1250000000"
    assert read_event({**call, "bucket": other}, SOURCES, bucket=BUCKET) == (Upload(other, "a.mp4"),)
    with pytest.raises(BadEvent, match=r"names no bucket: add .*NAME-APPID.* or set SNAPSHOT_INPUT_BUCKET"):
        read_event(call, SOURCES)


@pytest.mark.parametrize("call", [{"keys": []}, {"keys": "a.mp4"}, {"keys": None}, {"keys": {}}], ids=repr)
def test_broken_call(call):
    """A call by hand without a list of keys is refused with an example."""
    with pytest.raises(BadEvent, match=r'keys is empty or not a list; a call by hand is \{"bucket": '):
        read_event({**call, "bucket": BUCKET}, SOURCES)


@pytest.mark.parametrize("bucket", [7, [], "", "examplebucket", "a@evil.com", "evil.com/-1250000000"], ids=repr)
def test_broken_bucket_of_call(bucket):
    """A call by hand cannot name anything but a bucket."""
    with pytest.raises(BadEvent):
        read_event({"keys": ["a.mp4"], "bucket": bucket}, SOURCES)


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
        lambda data: with_value(data, "text", "cos", "cosObject", "meta"),
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
        "meta text",
        "size as text",
        "appid as number",
        "time as text",
        "a new field",
        "an older queue",
        "a new part",
    ],
)
def test_changed_fields(change):
    """Fields may come, go and change their type."""
    assert read(change(record())) == (Upload(BUCKET, "videos/a.mp4", None, "ap-guangzhou"),)


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
        "cos a list",
        "a list",
        "null",
        "text",
    ],
)
def test_broken_record(change, named):
    """A record that cannot be understood is reported with the fields that are wrong."""
    bad, good = read(change(record()), record("b.mp4"))
    assert isinstance(bad, BadEvent)
    assert bad.message == f"record 0 cannot be understood; missing, too long or of the wrong type: {named}"
    assert not bad.retryable
    assert good.key == "b.mp4"


@pytest.mark.parametrize("event", [None, [], "Records", 7, True], ids=repr)
def test_not_an_object(event):
    """An event that is no object is refused by its type."""
    with pytest.raises(BadEvent, match=f"^the event is of type {type(event).__name__}; accepted: "):
        read_event(event, SOURCES)


@pytest.mark.parametrize("records", [[], {}, None, "a"], ids=repr)
def test_no_records(records):
    """Records that are no list of records are refused."""
    with pytest.raises(BadEvent, match=r"^Records is empty or not a list"):
        read_event({"Records": records}, SOURCES)


def test_other_trigger():
    """An event of another trigger is refused by its names alone."""
    with pytest.raises(BadEvent, match="neither Records") as error:
        read_event({"Type": "Timer", "Message": "hunter2", "a b": 1, 3: 4}, SOURCES)
    assert "it has Message, Type;" in error.value.message
    assert "hunter2" not in error.value.message


def test_empty_event():
    """An empty event is refused."""
    with pytest.raises(BadEvent, match="it has no name that could be shown"):
        read_event({}, SOURCES)


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
def test_workflow(event):
    """The function node of a CI workflow is a second way in."""
    assert read_event(event, SOURCES) == (Upload(BUCKET, "videos/a.mp4", None, "ap-guangzhou"),)


@pytest.mark.parametrize("key", ["a+b.mp4", "a%2Bb.mp4", "视频/猫.mp4", "a//b.mp4"])
def test_workflow_key(key):
    """A workflow's key is taken as it is."""
    (video,) = read_event({"ObjectInfo": place(key)}, SOURCES)
    assert (video.key, video.other_key) == (key, None)


def test_workflow_region():
    """A workflow's short region is not used."""
    (video,) = read_event({"ObjectInfo": place(region="gz")}, SOURCES)
    assert video.region is None


@pytest.mark.parametrize("key", ["videos/", "thumbnails/a.mp4", "a.txt"])
def test_workflow_no_source(key):
    """A workflow's object is skipped by the same rules."""
    (skipped,) = read_event({"ObjectInfo": place(key)}, SOURCES)
    assert skipped == Skipped(key, SOURCES.skip_reason(key))
    assert skipped.reason


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ({"ObjectInfo": None, "Upstream": None}, "ObjectInfo and Upstream are both empty"),
        ({"ObjectInfo": {}}, "ObjectInfo and Upstream are both empty"),
        ({"ObjectInfo": {"BucketId": BUCKET, "Object": ""}}, "ObjectInfo.Object"),
        ({"ObjectInfo": "a.mp4"}, "ObjectInfo"),
        ({"ObjectInfo": place("a\ud800.mp4")}, "ObjectInfo.Object"),
    ],
    ids=["both null", "empty", "no key", "text", "a surrogate"],
)
def test_broken_workflow(event, words):
    """A workflow that cannot be understood is reported."""
    (bad,) = read_event(event, SOURCES)
    assert isinstance(bad, BadEvent)
    assert words in bad.message


def test_signature_stays_out():
    """No outcome repeats the uploader's signature."""
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
@settings(max_examples=150)
def test_junk(data, junk):
    """Whatever stands in a field, the other records have their turn."""
    broken = record()
    path = data.draw(st.sampled_from([["cos"], ["event"], ["cos", "cosObject"], ["cos", "cosBucket"], []]))
    at = broken
    for step in path:
        at = at[step]
    at[data.draw(st.sampled_from(sorted(at)))] = junk
    outcomes = read(record("a.mp4"), broken, record("b.mp4"))
    assert (outcomes[0].key, outcomes[2].key) == ("a.mp4", "b.mp4")
    assert isinstance(outcomes[1], Upload | Removal | Skipped | BadEvent)

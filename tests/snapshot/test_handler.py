import io
import json
import logging
import os
import re

import pytest
from PIL import Image

import handler
from emulator.faults.effects import ErrorResponse
from emulator.faults.injector import Fault
from emulator.films.film import read_stripes
from snapshot import batch
from snapshot.batch import BatchIncomplete
from snapshot.errors import BadSettings
from snapshot.settings import Account
from tests.snapshot.films import film, sound
from tests.snapshot.invoking import CONTEXT, FILM, event, manifest, upload


def made(key=FILM, *, thumbnails=4, missed=0, body=None):
    return {"outcome": "made", "key": key, "thumbnails": thumbnails, "missed": missed}, {key: body or film()}


def skipped(words, key=FILM, body=None):
    return {"outcome": "skipped", "reason": words}, {key: film() if body is None else body}


def failed(code, words):
    return {"outcome": "failed", "code": code, "message": words, "retryable": False}, {}


LONG = "videos/" + "f" * 785 + ".mp4"
CASES = {
    "created-put": made(),
    "created-post": made(),
    "created-copy": made(),
    "created-multipart": made(),
    "created-origin": made(),
    "created-replication": made(),
    "created-as-configured": made(),
    "created-with-regions": made(),
    "created-old-time": made(),
    "created-null-url": made(),
    "created-append": made(),
    "created-with-blank": made(),
    "captured-put": made("videos/!!!!!!!.mp4"),
    "as-captured-post": made(),
    "as-captured-copy": made(),
    "as-captured-multipart": made(),
    "as-captured-removed": made(),
    "as-captured-removed-marker": made(),
    "removed": made(),
    "removed-marker": made(),
    "removed-with-blank": made(),
    "restored": made(),
    "restore-requested": skipped("'cos:ObjectRestore:Post'; accepted: an object was created, restored or removed"),
    "inventory": skipped("'cos:InventoryReportCreated:Put'; accepted: an object was created"),
    "unknown-name": skipped("'cos:ObjectDreamt:Of'; accepted: an object was created"),
    "bucket-elsewhere": failed("OtherAccount", "belongs to another account"),
    "bucket-with-at": failed("BadBucket", "does not have the form NAME-APPID"),
    "bucket-with-newline": failed(
        "BadBucket", r"'examplebucket\\nINFO made-1250000000' does not have the form NAME-APPID"
    ),
    "key-control-characters": failed("BadEvent", "control characters that COS does not take"),
    "by-hand": made(),
    "by-hand-without-bucket": failed("BadEvent", "the call names no bucket"),
    "key-spaces": made("videos/my holiday film.mp4"),
    "key-spaces-encoded": made("videos/my holiday film.mp4"),
    "key-plus": made("videos/1+1.mp4"),
    "key-plus-encoded": made("videos/1+1.mp4"),
    "key-percent": made("videos/100%2B.mp4"),
    "key-percent-encoded": made("videos/100%2B.mp4"),
    "key-cjk": made("videos/视频/测试.mp4"),
    "key-cjk-encoded": made("videos/视频/测试.mp4"),
    "key-emoji": made("videos/🎬.mp4"),
    "key-two-slashes": made("videos//film.mp4"),
    "key-leading-slash": made("/videos/film.mp4"),
    "key-quotes": made('videos/it\'s "quoted" <&>.mp4'),
    "key-dots": made("videos/../film.mp4"),
    "key-repeats-prefix": made("1250000000/examplebucket/1250000000/examplebucket/film.mp4"),
    "key-longest": made(LONG),
    "key-too-long": failed("KeyTooLong", "850"),
    "key-capital-extension": made("videos/FILM.MP4"),
    "key-without-url": made(),
    "key-without-url-encoded": made("videos/视频 1.mp4"),
    "key-without-url-percent": made("videos/100%25.mp4"),
    "key-empty": failed("BadEvent", "no object key"),
    "key-not-utf8": skipped("there is no such object"),
    "folder": skipped("a folder"),
    "empty-object": skipped("is empty", body=b""),
    "not-a-video": skipped("not a file name with an extension in SNAPSHOT_EXTENSIONS"),
    "no-extension": skipped("not a file name with an extension in SNAPSHOT_EXTENSIONS"),
    "under-the-output-prefix": skipped("under the output prefix thumbnails/"),
    "made-here": skipped("made by this function"),
    "source-gone": skipped("there is no such object"),
    "text": made("videos/text.mp4", thumbnails=0, missed=1, body=b"this is no film\n" * 100),
    "truncated": made("videos/truncated.mp4", thumbnails=0, missed=1, body=film()[:20_000]),
    "sound-only": made("videos/sound.mp4", thumbnails=0, missed=1, body=sound()),
    "one-frame": made("videos/one-frame.mp4", thumbnails=3, missed=1, body=film(0.04)),
    "short": made("videos/short.mp4", thumbnails=3, missed=1, body=film(0.2)),
    "no-records": failed("BadEvent", "Records is empty or not a list"),
    "records-not-a-list": failed("BadEvent", "Records is empty or not a list"),
    "not-an-event": failed("BadEvent", "neither Records .* nor ObjectInfo"),
    "not-an-object": failed("BadEvent", "of type list"),
    "record-without-cos": failed("BadEvent", "record 0 .* cos"),
    "record-is-text": failed("BadEvent", "record 0 cannot be understood"),
    "record-without-name": failed("BadEvent", "record 0 .* event.eventName"),
    "workflow": made(),
    "workflow-upstream-only": made(),
    "workflow-empty-upstream": made(),
    "workflow-elsewhere": failed("WrongRegion", "ap-shanghai"),
}
METADATA = {"made-here": {"snapshot-source-etag": "5d41402abc4b2a76b9719d911017c592"}}
OTHERWISE = {"bucket-gone", "several-records"}  # each has a test of its own


def test_stored_events(root):
    """Every file in events/ has its outcome in this module."""
    assert {path.stem for path in (root / "events").glob("*.json")} == CASES.keys() | OTHERWISE


@pytest.mark.parametrize("name", CASES)
def test_outcome(root, cloud, bucket, name):
    """Each stored event has the outcome that is written beside its name, and pictures of the right moments."""
    expected, uploads = CASES[name]
    for key, body in uploads.items():
        upload(bucket, key, body, **METADATA.get(name, {}))
    (record,) = handler.main_handler(event(root, name), CONTEXT)["records"]
    words = {"reason", "message"} & expected.keys()
    assert {field: record[field] for field in expected.keys() - words} == {
        field: value for field, value in expected.items() if field not in words
    }
    for field in words:
        assert re.search(expected[field], record[field])
    if expected["outcome"] == "made":
        document = manifest(bucket, expected["key"])
        assert len(document.thumbnails) == expected["thumbnails"]
        for thumbnail in document.thumbnails:
            picture = Image.open(io.BytesIO(bucket.get(thumbnail.key)))
            assert 0 <= thumbnail.at_ms - read_stripes(picture) < 40  # the frame begun last, at 25 a second


def test_several_records(root, cloud, bucket):
    """Every record of an event is worked on, also after one that failed."""
    upload(bucket, "videos/text.mp4", b"no film")
    upload(bucket, FILM, film())
    records = handler.main_handler(event(root, "several-records"), CONTEXT)["records"]
    assert [record["outcome"] for record in records] == ["made", "failed", "made", "unchanged"]


def test_missing_bucket(root, cloud):
    """A bucket that does not exist fails the invocation, so that SCF delivers the event again."""
    with pytest.raises(BatchIncomplete, match="NoSuchBucket"):
        handler.main_handler(event(root, "bucket-gone"), CONTEXT)


def test_retryable_failure(root, cloud, bucket):
    """A retryable failure is raised after all other records are done."""
    upload(bucket, "videos/text.mp4", film())
    upload(bucket, FILM, film())
    cloud.faults.add(Fault(ErrorResponse(503, "ServiceUnavailable"), operation="GetSnapshot", key="videos/text.mp4"))
    with pytest.raises(BatchIncomplete, match="ServiceUnavailable"):
        handler.main_handler(event(root, "several-records"), {**CONTEXT, "time_limit_in_ms": 8000})
    assert len(manifest(bucket).thumbnails) == 4


def test_archived_source(root, cloud, bucket):
    """An archived video fails its deliveries until it is restored, and then its pictures are made."""
    upload(bucket, FILM, film())
    cloud.faults.add(Fault(ErrorResponse(403, "InvalidObjectState"), operation="GetMediaInfo"))
    with pytest.raises(BatchIncomplete, match="restore it"):
        handler.main_handler(event(root, "created-put"), CONTEXT)
    cloud.faults.clear()
    (record,) = handler.main_handler(event(root, "created-put"), CONTEXT)["records"]
    assert (record["outcome"], record["thumbnails"]) == ("made", 4)


def test_expired_credentials(root, cloud, bucket):
    """Expired credentials fail the invocation, so that the event is not lost."""
    upload(bucket, FILM, film())
    cloud.faults.add(Fault(ErrorResponse(400, "ExpiredToken")))
    with pytest.raises(BatchIncomplete):
        handler.main_handler(event(root, "created-put"), CONTEXT)


def test_defect(root, cloud, bucket, monkeypatch, capsys):
    """A defect in one record leaves the others their turn; the log has its type, not its text."""
    upload(bucket, FILM, film())
    process = batch.process

    def broken(record, invocation):
        if record.key == "videos/text.mp4":
            raise ZeroDivisionError("secret words")
        return process(record, invocation)

    monkeypatch.setattr(batch, "process", broken)
    with pytest.raises(BatchIncomplete, match="a defect"):
        handler.main_handler(event(root, "several-records"), CONTEXT)
    assert len(manifest(bucket).thumbnails) == 4
    printed = capsys.readouterr().out
    assert "ZeroDivisionError" in printed
    assert "secret words" not in printed


@pytest.mark.parametrize("missing", ["TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_REGION"])
def test_missing_account(root, cloud, monkeypatch, missing):
    """Without credentials or region the invocation stops before its first call."""
    monkeypatch.delenv(missing)
    with pytest.raises(BadSettings, match=f"{missing} is not set"):
        handler.main_handler(event(root, "created-put"), CONTEXT)
    assert not cloud.calls


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SNAPSHOT_TIMES", ""),
        ("SNAPSHOT_SIZES", "-1x0"),
        ("SNAPSHOT_SIZES", "4097x0"),
        ("SNAPSHOT_OUTPUT_PREFIX", ""),
        ("SNAPSHOT_INPUT_PREFIX", "thumbnails/videos/"),
    ],
)
def test_wrong_setting(root, cloud, monkeypatch, name, value):
    """A wrong setting stops the invocation before its first call."""
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=name):
        handler.main_handler(event(root, "created-put"), CONTEXT)
    assert not cloud.calls


@pytest.mark.parametrize("name", ["SNAPSHOT_OUTPUT_BUCKET", "SNAPSHOT_INPUT_BUCKET"])
@pytest.mark.parametrize("says", ["context", "environment"])
def test_bucket_of_another_account(root, cloud, bucket, monkeypatch, name, says):
    """No signed request goes to a bucket of another account, whichever says whose the function is."""
    upload(bucket, FILM, film())
    cloud.clear_calls()
    monkeypatch.setenv(name, "pictures-1251111111")
    context = CONTEXT
    if says == "environment":
        monkeypatch.setenv("TENCENTCLOUD_APPID", CONTEXT["tencentcloud_appid"])
        context = {name: fact for name, fact in CONTEXT.items() if name != "tencentcloud_appid"}
    with pytest.raises(BadSettings, match=f"{name} is 'pictures-1251111111': it belongs to another account; this"):
        handler.main_handler(event(root, "created-put"), context)
    assert not cloud.calls


def test_changed_environment(root, cloud, bucket, monkeypatch):
    """Settings and credentials are read at every invocation."""
    upload(bucket, FILM, film())
    handler.main_handler(event(root, "created-put"), CONTEXT)
    fresh = cloud.credentials.issue("runrole", 3600)
    old = Account.model_validate(dict(os.environ)).secret_id.get_secret_value()
    monkeypatch.setenv("TENCENTCLOUD_SECRETID", fresh.secret_id)
    monkeypatch.setenv("TENCENTCLOUD_SECRETKEY", fresh.secret_key)
    monkeypatch.setenv("TENCENTCLOUD_SESSIONTOKEN", fresh.token)
    monkeypatch.setenv("SNAPSHOT_TIMES", "2")
    assert old != fresh.secret_id
    handler.main_handler(event(root, "created-put"), CONTEXT)
    assert [thumbnail.at_ms for thumbnail in manifest(bucket).thumbnails] == [2000]


def test_repeated_event(root, cloud, bucket):
    """The same event again costs no paid call and stores nothing."""
    upload(bucket, FILM, film())
    handler.main_handler(event(root, "created-put"), CONTEXT)
    cloud.clear_calls()
    (record,) = handler.main_handler(event(root, "created-put"), CONTEXT)["records"]
    assert record["outcome"] == "unchanged"
    assert {call.operation for call in cloud.calls} == {"HeadObject", "GetObject", "GetBucket"}


def test_snapshot_parameters(root, cloud, bucket, monkeypatch):
    """Every setting of a shot reaches the API under its own name."""
    upload(bucket, FILM, film())
    chosen = {"TIMES": "1.5", "SIZES": "0x90", "FORMAT": "png", "MODE": "keyframe", "ROTATE": "off"}
    chosen["POSTER_CANDIDATES"] = "0"
    for name, value in chosen.items():
        monkeypatch.setenv(f"SNAPSHOT_{name}", value)
    handler.main_handler(event(root, "created-put"), CONTEXT)
    (call,) = (call for call in cloud.calls if call.operation == "GetSnapshot")
    assert dict(call.query) == {
        "ci-process": "snapshot",
        "time": "1.5",
        "height": "90",
        "format": "png",
        "rotate": "off",
        "mode": "keyframe",
    }


@pytest.mark.parametrize("context", [None, {}, {"time_limit_in_ms": 30_000, "grown": "later"}])
def test_odd_contexts(root, cloud, bucket, context):
    """A context may lack fields or have new ones."""
    upload(bucket, FILM, film())
    assert handler.main_handler(event(root, "created-put"), context)["records"][0]["outcome"] == "made"


def test_log_lines(root, cloud, bucket, capsys):
    """The log is one JSON object a line, each with the request id, and holds no secret."""
    upload(bucket, FILM, film())
    handler.main_handler(event(root, "created-put"), CONTEXT)
    printed = capsys.readouterr()
    lines = [json.loads(line) for line in printed.out.splitlines()]
    assert [line["what"] for line in lines].count("frame.stored") == 4
    assert {line["request_id"] for line in lines} == {CONTEXT["request_id"]}
    for name in ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN"):
        assert os.environ[name] not in printed.out + printed.err
    assert "q-signature" not in printed.out + printed.err
    assert printed.err == ""


def test_no_library_logs(root, cloud, bucket, caplog, monkeypatch):
    """No library gets a line into the log, whatever is made, though the root logger is at DEBUG as in SCF."""
    for name, value in {"FORMAT": "jpg,png,webp,avif", "STORYBOARD": "auto", "PREVIEW": "webp"}.items():
        monkeypatch.setenv(f"SNAPSHOT_{name}", value)
    upload(bucket, FILM, film())
    caplog.set_level(logging.DEBUG)
    logging.getLogger("PIL").setLevel(logging.NOTSET)
    handler.main_handler(event(root, "created-put"), CONTEXT)
    assert {record.name for record in caplog.records if not record.name.startswith("emulator")} == set()


def test_forged_log_lines(root, cloud, bucket, capsys):
    """A key cannot forge a log line, whatever characters a log viewer takes for the end of a line."""
    handler.main_handler(event(root, "key-control-characters"), CONTEXT)
    handler.main_handler(event(root, "bucket-with-newline"), CONTEXT)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["what"] for line in lines] == ["record.done"] * 2


def test_return_value(root, cloud, bucket):
    """The return value can be written as JSON, as SCF does."""
    upload(bucket, FILM, film())
    json.dumps(handler.main_handler(event(root, "several-records"), CONTEXT))

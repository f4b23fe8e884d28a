import io
import json
import os
import re

import pytest
from PIL import Image

import handler
from emulator.effects import Refuse
from emulator.faults import Fault
from emulator.film import read_stripes
from snapshot.errors import BadSettings
from snapshot.settings import Account
from tests.films import film, sound
from tests.invoking import CONTEXT, FILM, event, manifest, upload


def made(key=FILM, *, thumbnails=4, missed=0, body=None):
    return {"outcome": "made", "key": key, "thumbnails": thumbnails, "missed": missed}, {key: body or film()}


def skipped(words, key=FILM, body=None):
    return {"outcome": "skipped", "reason": words}, {key: body or film()}


def failed(code, words, *, again=False):
    return {"outcome": "failed", "code": code, "message": words, "again": again}, {}


LONG = "videos/" + "f" * 787 + ".mp4"
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
    "removed": skipped("cos:ObjectRemove:Delete, not a creation"),
    "removed-marker": skipped("cos:ObjectRemove:DeleteMarkerCreated, not a creation"),
    "restored": skipped("cos:ObjectRestore:Completed, not a creation"),
    "inventory": skipped("cos:InventoryReportCreated:Put, not a creation"),
    "unknown-name": skipped("cos:ObjectDreamt:Of, not a creation"),
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
    "empty-object": skipped("zero bytes"),
    "not-a-video": skipped("not a video by its extension"),
    "no-extension": skipped("not a video by its extension"),
    "under-the-output-prefix": skipped("under the output prefix thumbnails/"),
    "made-here": skipped("made by this function"),
    "source-gone": skipped("there is no such object"),
    "text": made("videos/text.mp4", thumbnails=0, missed=1, body=b"this is no film\n" * 100),
    "truncated": made("videos/truncated.mp4", thumbnails=0, missed=1, body=film()[:20_000]),
    "sound-only": made("videos/sound.mp4", thumbnails=0, missed=1, body=sound()),
    "one-frame": made("videos/one-frame.mp4", thumbnails=3, missed=1, body=film(0.04)),
    "short": made("videos/short.mp4", thumbnails=3, missed=1, body=film(0.2)),
    "no-records": failed("BadEvent", "Records is not a list with records"),
    "records-not-a-list": failed("BadEvent", "Records is not a list with records"),
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
OTHERWISE = {"bucket-gone", "several-records"}  # each has a test of its own


def test_every_event_on_file_is_known_here(root):
    assert {path.stem for path in (root / "events").glob("*.json")} == CASES.keys() | OTHERWISE


@pytest.mark.parametrize("name", CASES)
def test_each_event_has_its_outcome(root, cloud, bucket, name):
    expected, uploads = CASES[name]
    for key, body in uploads.items():
        upload(bucket, key, body)
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
        for one in document.thumbnails:
            picture = Image.open(io.BytesIO(bucket.get(one.key)))
            assert 0 <= one.at_ms - read_stripes(picture) < 40  # the frame begun last, at 25 a second


def test_every_record_has_its_turn(root, cloud, bucket):
    upload(bucket, "videos/text.mp4", b"no film")
    upload(bucket, FILM, film())
    records = handler.main_handler(event(root, "several-records"), CONTEXT)["records"]
    assert [record["outcome"] for record in records] == ["made", "failed", "skipped", "made"]


def test_a_bucket_that_is_gone_is_raised_for_another_delivery(root, cloud):
    with pytest.raises(handler.Unfinished, match="NoSuchBucket"):
        handler.main_handler(event(root, "bucket-gone"), CONTEXT)


def test_a_failure_that_can_heal_is_raised_after_the_others_are_done(root, cloud, bucket):
    upload(bucket, "videos/text.mp4", film())
    upload(bucket, FILM, film())
    cloud.faults.add(Fault(Refuse(503, "ServiceUnavailable"), operation="GetSnapshot", key="videos/text.mp4"))
    with pytest.raises(handler.Unfinished, match="ServiceUnavailable"):
        handler.main_handler(event(root, "several-records"), {**CONTEXT, "time_limit_in_ms": 8000})
    assert len(manifest(bucket).thumbnails) == 4


def test_an_archived_film_is_made_once_it_is_restored(root, cloud, bucket):
    upload(bucket, FILM, film())
    cloud.faults.add(Fault(Refuse(403, "InvalidObjectState"), operation="GetMediaInfo"))
    with pytest.raises(handler.Unfinished, match="restore it"):
        handler.main_handler(event(root, "created-put"), CONTEXT)
    cloud.faults.clear()
    (record,) = handler.main_handler(event(root, "created-put"), CONTEXT)["records"]
    assert (record["outcome"], record["thumbnails"]) == ("made", 4)


def test_keys_that_are_over_do_not_lose_the_event(root, cloud, bucket):
    upload(bucket, FILM, film())
    cloud.faults.add(Fault(Refuse(400, "ExpiredToken")))
    with pytest.raises(handler.Unfinished):
        handler.main_handler(event(root, "created-put"), CONTEXT)


def test_a_defect_in_one_record_does_not_cost_the_others_their_turn(root, cloud, bucket, monkeypatch, capsys):
    upload(bucket, FILM, film())
    process = handler.process

    def broken(video, **more):
        if video.key == "videos/text.mp4":
            raise ZeroDivisionError("secret words")
        return process(video, **more)

    monkeypatch.setattr(handler, "process", broken)
    with pytest.raises(handler.Unfinished, match="a defect"):
        handler.main_handler(event(root, "several-records"), CONTEXT)
    assert len(manifest(bucket).thumbnails) == 4
    said = capsys.readouterr().out
    assert "ZeroDivisionError" in said
    assert "secret words" not in said


@pytest.mark.parametrize("missing", ["TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_REGION"])
def test_without_credentials_or_region_nothing_is_done(root, cloud, monkeypatch, missing):
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
def test_a_wrong_setting_stops_the_invocation_before_any_call(root, cloud, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(BadSettings, match=name):
        handler.main_handler(event(root, "created-put"), CONTEXT)
    assert not cloud.calls


def test_settings_and_keys_are_read_at_every_invocation(root, cloud, bucket, monkeypatch):
    upload(bucket, FILM, film())
    handler.main_handler(event(root, "created-put"), CONTEXT)
    fresh = cloud.keys.issue("runrole", 3600)
    old = Account.model_validate(dict(os.environ)).secret_id.get_secret_value()
    monkeypatch.setenv("TENCENTCLOUD_SECRETID", fresh.secret_id)
    monkeypatch.setenv("TENCENTCLOUD_SECRETKEY", fresh.secret_key)
    monkeypatch.setenv("TENCENTCLOUD_SESSIONTOKEN", fresh.token)
    monkeypatch.setenv("SNAPSHOT_TIMES", "2")
    assert old != fresh.secret_id
    handler.main_handler(event(root, "created-put"), CONTEXT)
    assert [one.at_ms for one in manifest(bucket).thumbnails] == [2000]


def test_the_same_event_again_costs_no_paid_call(root, cloud, bucket):
    upload(bucket, FILM, film())
    handler.main_handler(event(root, "created-put"), CONTEXT)
    cloud.clear_calls()
    (record,) = handler.main_handler(event(root, "created-put"), CONTEXT)["records"]
    assert record["outcome"] == "unchanged"
    assert {call.operation for call in cloud.calls} == {"HeadObject", "GetObject"}


def test_everything_asked_for_reaches_the_api(root, cloud, bucket, monkeypatch):
    upload(bucket, FILM, film())
    chosen = {"TIMES": "1.5", "SIZES": "0x90", "FORMAT": "png", "MODE": "keyframe", "ROTATE": "off"}
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
def test_a_context_may_grow_or_lack_fields(root, cloud, bucket, context):
    upload(bucket, FILM, film())
    assert handler.main_handler(event(root, "created-put"), context)["records"][0]["outcome"] == "made"


def test_the_log_is_one_json_object_a_line_without_secrets(root, cloud, bucket, capsys):
    upload(bucket, FILM, film())
    handler.main_handler(event(root, "created-put"), CONTEXT)
    said = capsys.readouterr()
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [line["what"] for line in lines].count("frame.stored") == 4
    assert {line["request_id"] for line in lines} == {CONTEXT["request_id"]}
    for name in ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN"):
        assert os.environ[name] not in said.out + said.err
    assert "q-signature" not in said.out + said.err
    assert said.err == ""


def test_what_is_returned_can_go_back_as_json(root, cloud, bucket):
    upload(bucket, FILM, film())
    json.dumps(handler.main_handler(event(root, "several-records"), CONTEXT))

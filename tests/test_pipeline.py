import io
import json
from datetime import datetime, timezone

import pytest
from PIL import Image

from snapshot.errors import BadFrame, CloudRefused, CloudUnavailable
from snapshot.events import Skipped, Video
from snapshot.outcomes import Failed, Made, Unchanged
from snapshot.pipeline import process
from snapshot.settings import Settings
from tests.fakes import FakeCloud, FakeFilm

BUCKET = "examplebucket-1250000000"
KEY = "videos/a.mp4"
FOLDER = f"thumbnails/{KEY}/"
NOW = datetime(2026, 11, 22, 9, 0, 0, tzinfo=timezone.utc)


@pytest.fixture
def cloud():
    return FakeCloud(BUCKET, "other-1250000000")


def run(cloud, video=None, **settings):
    environ = {f"SNAPSHOT_{name.upper()}": value for name, value in settings.items()}
    return process(
        video or Video(BUCKET, KEY),
        settings=Settings.from_environment(environ),
        region="ap-guangzhou",
        open_bucket=cloud.bucket,
        now=NOW,
    )


def manifest(cloud, bucket=BUCKET):
    return json.loads(cloud.stored[bucket][f"{FOLDER}manifest.json"][0])


def asked(cloud, operation):
    return [key for name, _, key in cloud.log if name == operation]


def refused(code="InvalidArgument", **more):
    return CloudRefused("no", operation="GetSnapshot", key=KEY, code=code, status=400, **more)


def unavailable(operation="GetSnapshot"):
    return CloudUnavailable("later", operation=operation, key=KEY, code="SlowDown", status=503)


def test_a_video_becomes_thumbnails_a_poster_and_a_manifest(cloud):
    etag = cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=4000))
    assert run(cloud) == Made(KEY, f"{FOLDER}manifest.json", thumbnails=3, missed=0)
    document = manifest(cloud)
    assert [one["at_ms"] for one in document["thumbnails"]] == [1000, 2000, 3000]
    assert document["thumbnails"][0]["key"] == f"{FOLDER}{etag[:8]}/000001000-0x0.jpg"
    assert document["source"] == {
        "bucket": BUCKET,
        "region": "ap-guangzhou",
        "key": KEY,
        "etag": etag,
        "size_bytes": len(FakeFilm(duration_ms=4000).body),
        "duration_ms": 4000,
        "width_px": 64,
        "height_px": 36,
        "codec": "h264",
    }
    assert document["calls"] == {"snapshot": 3, "media_info": 1}
    assert document["made_at"] == "2026-11-22T09:00:00Z"
    assert document["poster"]["key"] == f"{FOLDER}poster.jpg"


def test_every_thumbnail_is_stored_as_the_manifest_describes_it(cloud):
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud, sizes="0x0,32x0,0x9,20x20", format="webp")
    document = manifest(cloud)
    assert len(document["thumbnails"]) == 12
    for one in document["thumbnails"]:
        body, _, _, content_type, cache_control = cloud.stored[BUCKET][one["key"]]
        picture = Image.open(io.BytesIO(body))
        assert (picture.size, picture.format) == ((one["width_px"], one["height_px"]), "WEBP")
        assert (len(body), content_type) == (one["size_bytes"], "image/webp")
        assert cache_control == "public, max-age=31536000, immutable"


def test_the_poster_is_one_of_the_thumbnails_and_may_not_be_cached_long(cloud):
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    document = manifest(cloud)
    body, _, _, _, cache_control = cloud.stored[BUCKET][f"{FOLDER}poster.jpg"]
    chosen = next(one for one in document["thumbnails"] if one["at_ms"] == document["poster"]["at_ms"])
    assert body == cloud.stored[BUCKET][chosen["key"]][0]
    assert cache_control == "no-cache"


def test_everything_stored_says_of_which_content_it_is(cloud):
    etag = cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    made = [value for key, value in cloud.stored[BUCKET].items() if key != KEY]
    assert len(made) == 5
    assert {one[1].metadata["x-cos-meta-snapshot-source-etag"] for one in made} == {etag}


def test_the_manifest_is_written_last(cloud):
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    assert cloud.log[-1] == ("PutObject", BUCKET, f"{FOLDER}manifest.json")


def test_one_snapshot_call_serves_every_size(cloud):
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud, times="1", sizes="0x0,32x0,16x0")
    assert len(asked(cloud, "GetSnapshot")) == 1


def test_the_same_again_is_unchanged_and_costs_no_paid_call(cloud):
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    cloud.log.clear()
    assert run(cloud) == Unchanged(KEY, f"{FOLDER}manifest.json")
    assert sorted(name for name, _, _ in cloud.log) == ["GetObject", "HeadObject"]


@pytest.mark.parametrize("change", [{"times": "2"}, {"sizes": "32x0"}, {"mode": "keyframe"}, {"rotate": "off"}])
def test_another_recipe_is_made_anew(cloud, change):
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    assert isinstance(run(cloud, **change), Made)


def test_another_content_is_made_anew_under_its_own_keys(cloud):
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=4000))
    run(cloud)
    before = {one["key"] for one in manifest(cloud)["thumbnails"]}
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=5000))
    assert isinstance(run(cloud), Made)
    assert before.isdisjoint(one["key"] for one in manifest(cloud)["thumbnails"])


def test_a_manifest_that_cannot_be_read_is_made_anew(cloud):
    cloud.upload(BUCKET, KEY, FakeFilm())
    cloud.upload(BUCKET, f"{FOLDER}manifest.json", b"{")
    assert isinstance(run(cloud), Made)


def test_one_object_can_ask_for_its_own_times(cloud):
    cloud.upload(BUCKET, KEY, FakeFilm(), snapshot_times="0.5,-1")
    run(cloud)
    assert [one["at_ms"] for one in manifest(cloud)["thumbnails"]] == [500, 3000]


def test_an_objects_own_times_that_are_wrong_are_said_not_guessed(cloud):
    cloud.upload(BUCKET, KEY, FakeFilm(), snapshot_times="soon")
    outcome = run(cloud)
    assert (outcome.code, outcome.again) == ("BadTimes", False)
    assert "x-cos-meta-snapshot-times" in outcome.message
    assert asked(cloud, "GetMediaInfo") == []


def test_points_past_the_end_are_named_in_the_manifest(cloud):
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=200))
    assert run(cloud) == Made(KEY, f"{FOLDER}manifest.json", thumbnails=3, missed=1)
    assert manifest(cloud)["missed"][0]["code"] == "PastTheEnd"
    assert [one["at_ms"] for one in manifest(cloud)["thumbnails"]] == [50, 100, 150]


def test_a_film_of_one_frame_and_no_length_gives_that_frame(cloud):
    film = FakeFilm(duration_ms=1)
    cloud.upload(BUCKET, KEY, film)
    run(cloud, times="50%")
    assert [one["at_ms"] for one in manifest(cloud)["thumbnails"]] == [0]


def test_a_file_that_is_no_film_has_a_manifest_that_says_so(cloud):
    cloud.upload(BUCKET, KEY, b"just text")
    assert run(cloud) == Made(KEY, f"{FOLDER}manifest.json", thumbnails=0, missed=1)
    document = manifest(cloud)
    assert (document["missed"][0]["code"], document["poster"]) == ("InvalidContent", None)
    assert isinstance(run(cloud), Unchanged)


def test_a_film_with_sound_only_has_a_manifest_that_says_so(cloud):
    cloud.upload(BUCKET, KEY, FakeFilm(has_picture=False))
    run(cloud)
    assert manifest(cloud)["missed"][0]["code"] == "NoPicture"
    assert asked(cloud, "GetSnapshot") == []


def test_a_plan_over_the_limit_is_cut_and_says_so(cloud):
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=4000))
    run(cloud, times="every:0.1", max_calls="5")
    document = manifest(cloud)
    assert len(document["thumbnails"]) == 4
    assert document["calls"] == {"snapshot": 4, "media_info": 1}
    assert document["missed"][0]["code"] == "TooManyShots"


@pytest.mark.parametrize("failure", [refused(), BadFrame("odd", operation="GetSnapshot", key=KEY, code="BadFrame")])
def test_a_shot_that_fails_for_good_is_missed_and_the_others_are_taken(cloud, failure):
    cloud.upload(BUCKET, KEY, FakeFilm())
    cloud.failures["GetSnapshot"] = [failure]
    assert run(cloud, concurrency="1") == Made(KEY, f"{FOLDER}manifest.json", thumbnails=2, missed=1)
    assert manifest(cloud)["missed"][0]["at_ms"] == 1000


def test_a_shot_that_may_heal_leaves_no_manifest_and_asks_for_another_delivery(cloud):
    cloud.upload(BUCKET, KEY, FakeFilm())
    cloud.failures["GetSnapshot"] = [unavailable()]
    outcome = run(cloud)
    assert (type(outcome), outcome.code, outcome.again) == (Failed, "SlowDown", True)
    assert f"{FOLDER}manifest.json" not in cloud.stored[BUCKET]
    assert len(asked(cloud, "GetSnapshot")) == 3
    assert isinstance(run(cloud), Made)


@pytest.mark.parametrize("operation", ["HeadObject", "GetObject", "GetMediaInfo", "PutObject"])
def test_whatever_may_heal_asks_for_another_delivery(cloud, operation):
    cloud.upload(BUCKET, KEY, FakeFilm())
    cloud.failures[operation] = [unavailable(operation)]
    assert run(cloud).again


def test_a_set_up_that_is_wrong_is_not_recorded_as_done(cloud):
    cloud.upload(BUCKET, KEY, FakeFilm())
    cloud.failures["GetSnapshot"] = [refused("MediaBucketUnBinded", about_setup=True)] * 3
    outcome = run(cloud)
    assert (outcome.code, outcome.again) == ("MediaBucketUnBinded", True)
    assert f"{FOLDER}manifest.json" not in cloud.stored[BUCKET]


def test_an_object_that_changes_meanwhile_is_not_described_as_either(cloud):
    cloud.upload(BUCKET, KEY, FakeFilm())
    bucket = cloud.bucket(BUCKET)
    snapshot = bucket.snapshot

    def overwriting(key, **asked):
        cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=9000))
        return snapshot(key, **asked)

    bucket.snapshot = overwriting
    outcome = process(
        Video(BUCKET, KEY), settings=Settings.from_environment({}), region="r", open_bucket=lambda _: bucket, now=NOW
    )
    assert (outcome.code, outcome.again) == ("SourceChanged", True)
    assert f"{FOLDER}manifest.json" not in cloud.stored[BUCKET]


def test_a_source_that_is_gone_is_skipped(cloud):
    assert run(cloud) == Skipped(KEY, "there is no such object; it may have been deleted or moved since")


def test_a_bucket_that_does_not_exist_is_said_and_not_lost(cloud):
    outcome = run(cloud, Video("nosuch-1250000000", KEY))
    assert (outcome.code, outcome.again) == ("NoSuchBucket", True)


def test_an_output_bucket_takes_everything(cloud):
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud, output_bucket="other-1250000000")
    assert list(cloud.stored[BUCKET]) == [KEY]
    assert len(cloud.stored["other-1250000000"]) == 5


def test_an_empty_object_is_skipped(cloud):
    cloud.upload(BUCKET, KEY, b"")
    assert run(cloud) == Skipped(KEY, "an object of zero bytes")


def test_what_this_function_made_is_never_a_source(cloud):
    cloud.upload(BUCKET, KEY, FakeFilm(), snapshot_source_etag="x")
    assert isinstance(run(cloud), Skipped)


def test_the_second_reading_of_a_key_is_tried_where_the_first_is_nowhere(cloud):
    cloud.upload(BUCKET, "videos/a b.mp4", FakeFilm())
    outcome = run(cloud, Video(BUCKET, "videos/a%20b.mp4", other_key="videos/a b.mp4"))
    assert outcome.key == "videos/a b.mp4"


def test_an_object_of_another_region_is_refused_before_any_call(cloud):
    outcome = run(cloud, Video(BUCKET, KEY, region="ap-shanghai"))
    assert (outcome.code, outcome.again, cloud.log) == ("WrongRegion", False, [])


def test_a_key_too_long_for_its_thumbnails_is_refused_before_any_call(cloud):
    outcome = run(cloud, Video(BUCKET, "v" * 846 + ".mp4"))
    assert (outcome.code, outcome.again, cloud.log) == ("KeyTooLong", False, [])
    assert "850" in outcome.message


def test_a_first_reading_too_long_does_not_cost_the_second_its_turn(cloud):
    key = "视" * 100 + ".mp4"
    cloud.upload(BUCKET, key, FakeFilm())
    assert run(cloud, Video(BUCKET, "%E8%A7%86" * 100 + ".mp4", other_key=key)).key == key

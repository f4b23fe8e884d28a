import io
import json
from datetime import datetime, timezone

import pytest
from PIL import Image

from snapshot.deadline import Deadline
from snapshot.errors import BadFrame, CloudUnavailable, SetupError, SourceRejected
from snapshot.events import Removal, Skipped, Upload
from snapshot.invocation import CPU_WORKERS, Invocation
from snapshot.memory import MIB, MemoryBudget
from snapshot.outcomes import Failed, Made, Removed, Unchanged
from snapshot.pipeline import process
from snapshot.settings import Settings
from snapshot.workers import Workers
from tests.snapshot.fakes import FakeCloud, FakeFilm

BUCKET = "examplebucket-1250000000"
KEY = "videos/a.mp4"
FOLDER = f"thumbnails/{KEY}/"
NOW = datetime(2026, 11, 22, 9, 0, 0, tzinfo=timezone.utc)
TIME_S = 60  # only a test that fails takes so long


@pytest.fixture
def cloud():
    return FakeCloud(BUCKET, "other-1250000000")


def run(cloud, record=None, *, open_bucket=None, files=None, rendering=None, **settings):
    environ = {f"SNAPSHOT_{name.upper()}": value for name, value in settings.items()}
    chosen = Settings.from_environment(environ)
    with Workers(chosen.concurrency, name="io") as threads, Workers(CPU_WORKERS, name="cpu") as cpu:
        invocation = Invocation(
            settings=chosen,
            region="ap-guangzhou",
            open_bucket=lambda name, _: (open_bucket or cloud.bucket)(name),
            deadline=Deadline.after(TIME_S),
            now=NOW,
            io=threads,
            cpu=cpu,
            files=files or MemoryBudget(64 * MIB),
            rendering=rendering or MemoryBudget(64 * MIB),
        )
        return process(record or Upload(BUCKET, KEY), invocation)


def manifest(cloud, bucket=BUCKET):
    return json.loads(cloud.stored[bucket][f"{FOLDER}manifest.json"][0])


def calls_of(cloud, operation):
    return [key for name, _, key in cloud.log if name == operation]


def made(cloud, bucket=BUCKET):
    return {key: value for key, value in cloud.stored[bucket].items() if key.startswith("thumbnails/")}


def rejected(code="InvalidArgument", kind=SourceRejected):
    return kind("no", operation="GetSnapshot", key=KEY, code=code, status=400)


def unavailable(operation="GetSnapshot"):
    return CloudUnavailable("later", operation=operation, key=KEY, code="SlowDown", status=503)


# ---------------------------------------------------------------- what is made


def test_thumbnails_poster_manifest(cloud):
    """A video becomes thumbnails, a poster and a manifest that describes them."""
    etag = cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=4000))
    assert run(cloud) == Made(KEY, f"{FOLDER}manifest.json", thumbnails=3, missed=0)
    document = manifest(cloud)
    assert [entry["at_ms"] for entry in document["thumbnails"]] == [1000, 2000, 3000]
    assert document["thumbnails"][0]["key"] == f"{FOLDER}{document['generation']}/000001000-0x0.jpg"
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
    assert document["calls"] == {"snapshot": 3, "media_info": 1, "failed": 0}
    assert document["made_at"] == "2026-11-22T09:00:00Z"
    assert document["poster"]["key"] == f"{FOLDER}poster.jpg"


def test_stored_as_described(cloud):
    """Every thumbnail is stored in the size, format and length that the manifest says."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud, sizes="0x0,32x0,0x9,20x20", format="webp")
    document = manifest(cloud)
    assert len(document["thumbnails"]) == 12
    for entry in document["thumbnails"]:
        body, stored, _, content_type, cache_control = cloud.stored[BUCKET][entry["key"]]
        picture = Image.open(io.BytesIO(body))
        assert (picture.size, picture.format) == ((entry["width_px"], entry["height_px"]), "WEBP")
        assert (len(body), stored.etag, content_type) == (entry["size_bytes"], entry["etag"], "image/webp")
        assert cache_control == "public, max-age=31536000, immutable"


def test_several_formats(cloud):
    """Each format is stored beside the others; the first is the poster's."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud, times="1", sizes="0x0,32x0", format="jpg,webp")
    document = manifest(cloud)
    assert sorted(entry["format"] for entry in document["thumbnails"]) == ["jpg", "jpg", "webp", "webp"]
    assert {entry["format"] for entry in document["poster"]["files"]} == {"jpg"}
    assert len(calls_of(cloud, "GetSnapshot")) == 1


def test_poster_is_a_thumbnail(cloud):
    """The poster is a copy of one of the thumbnails and may not be cached long."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    document = manifest(cloud)
    body, _, _, _, cache_control = cloud.stored[BUCKET][f"{FOLDER}poster.jpg"]
    chosen = next(entry for entry in document["thumbnails"] if entry["at_ms"] == document["poster"]["at_ms"])
    assert body == cloud.stored[BUCKET][chosen["key"]][0]
    assert cache_control == "no-cache"


def test_poster_in_each_size(cloud):
    """The poster has an address in each configured size, and the plain one is the largest."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud, sizes="32x0,48x0")
    files = manifest(cloud)["poster"]["files"]
    assert {(entry["key"].removeprefix(FOLDER), entry["width_px"]) for entry in files} == {
        ("poster.jpg", 48),
        ("poster-48x0.jpg", 48),
        ("poster-32x0.jpg", 32),
    }
    for entry in files:
        assert cloud.stored[BUCKET][entry["key"]][1].etag == entry["etag"]


def test_everything_is_marked(cloud):
    """Every stored object carries the ETag of its source."""
    etag = cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    assert len(made(cloud)) == 5
    assert {value[1].metadata["x-cos-meta-snapshot-source-etag"] for value in made(cloud).values()} == {etag}


def test_manifest_is_put_last(cloud):
    """The manifest is the last object to be stored."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    assert calls_of(cloud, "PutObject")[-1] == f"{FOLDER}manifest.json"


def test_one_call_serves_every_size(cloud):
    """All sizes of a moment come from one snapshot."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud, times="1", sizes="0x0,32x0,16x0")
    assert len(calls_of(cloud, "GetSnapshot")) == 1


def test_own_times(cloud):
    """An upload can ask for its own time points."""
    cloud.upload(BUCKET, KEY, FakeFilm(), snapshot_times="0.5,-1")
    run(cloud)
    assert [entry["at_ms"] for entry in manifest(cloud)["thumbnails"]] == [500, 3000]


def test_own_times_that_are_wrong(cloud):
    """Time points on an upload that cannot be read fall back to the settings, and the manifest says so."""
    cloud.upload(BUCKET, KEY, FakeFilm(), snapshot_times="soon")
    assert isinstance(run(cloud), Made)
    (note,) = manifest(cloud)["notes"]
    assert "x-cos-meta-snapshot-times" in note
    assert "soon" in note
    assert [entry["at_ms"] for entry in manifest(cloud)["thumbnails"]] == [1000, 2000, 3000]


def test_past_the_end(cloud):
    """Points past the end are named in the manifest, with the moment that stands in their place."""
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=200))
    assert run(cloud) == Made(KEY, f"{FOLDER}manifest.json", thumbnails=3, missed=1)
    (missed,) = manifest(cloud)["missed"]
    assert (missed["code"], missed["instead_at_ms"]) == ("PastTheEnd", 150)
    assert [entry["at_ms"] for entry in manifest(cloud)["thumbnails"]] == [50, 100, 150]


def test_single_frame(cloud):
    """A video of one frame gives that frame."""
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=1))
    run(cloud, times="50%")
    assert [entry["at_ms"] for entry in manifest(cloud)["thumbnails"]] == [0]


def test_first_frame_stands_in(cloud):
    """A video that plays has a poster, even where no moment that was asked for lies in it."""
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=4000))
    assert run(cloud, times="10", sizes="32x0") == Made(KEY, f"{FOLDER}manifest.json", thumbnails=1, missed=1)
    document = manifest(cloud)
    assert (document["poster"]["at_ms"], document["missed"][0]["instead_at_ms"]) == (0, 0)
    assert "the first frame is used instead" in document["notes"][0]
    assert isinstance(run(cloud, times="10", sizes="32x0"), Unchanged)


def lying(cloud, duration_ms):
    """A bucket whose media info says another length than the video has."""
    bucket = cloud.bucket(BUCKET)
    honest = bucket.media_info

    def media_info(key, **version):
        from dataclasses import replace

        return replace(honest(key, **version), duration_ms=duration_ms)

    bucket.media_info = media_info
    return lambda _: bucket


def test_length_is_learned(cloud):
    """Where the stated length is not the picture's, refusals teach the end, and the shares are of the shown length."""
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=4000))
    open_bucket = lying(cloud, 40_000)
    outcome = run(cloud, open_bucket=open_bucket)
    document = manifest(cloud)
    moments = sorted({entry["at_ms"] for entry in document["thumbnails"]})
    assert len(moments) >= 4
    assert all(at_ms < 4000 for at_ms in moments)
    assert 2500 < document["source"]["duration_ms"] <= 4000
    assert "the picture ends at about" in document["notes"][0]
    assert all(entry["instead_at_ms"] in moments for entry in document["missed"])
    assert outcome.missed == len(document["missed"])
    assert document["calls"]["snapshot"] <= 4 + 4 + 3
    cloud.log.clear()
    assert isinstance(run(cloud, open_bucket=open_bucket), Unchanged)
    assert calls_of(cloud, "GetSnapshot") == []


def test_refused_moment_is_named_once(cloud):
    """A moment that was refused as past the end stands once in the manifest, in the cloud's words."""
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=4000))
    run(cloud, open_bucket=lying(cloud, 40_000), times="1,30")
    (missed,) = [entry for entry in manifest(cloud)["missed"] if entry["at_ms"] == 30_000]
    assert missed["code"] == "InvalidArgument"


def refusing(cloud, refuses, code):
    """A bucket that refuses the snapshots for which `refuses` is true of the moment and the size."""
    bucket = cloud.bucket(BUCKET)
    bucket.refused = []
    honest = bucket.snapshot

    def snapshot(key, *, at_ms, width_px, height_px, **options):
        if refuses(at_ms, (width_px, height_px)):
            bucket.refused.append(at_ms)
            raise SourceRejected("refused", operation="GetSnapshot", key=key, code=code, status=400)
        return honest(key, at_ms=at_ms, width_px=width_px, height_px=height_px, **options)

    bucket.snapshot = snapshot
    return lambda _: bucket


@pytest.mark.parametrize("code", ["InvalidContent", "ResourceNotSupported"])
def test_other_refusals_say_nothing_of_the_end(cloud, code):
    """Refusals for the content of the video leave its length as it is."""
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=100_000))
    open_bucket = refusing(cloud, lambda at_ms, _: at_ms >= 70_000, code)
    run(cloud, open_bucket=open_bucket)
    document = manifest(cloud)
    assert document["source"]["duration_ms"] == 100_000
    assert [(entry["at_ms"], entry["code"]) for entry in document["missed"]] == [(75_000, code)]
    assert document["notes"] == []
    assert open_bucket(BUCKET).refused == [75_000]


@pytest.mark.parametrize("times", ["1,25%,50%,75%", "0,1"])
def test_refused_size(cloud, times):
    """Where the planned size is refused, every moment is captured in the video's own; its length stays."""
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=8000))
    open_bucket = refusing(cloud, lambda _, size: size == (0, 20), "InvalidArgument")
    run(cloud, times=times, sizes="0x20", open_bucket=open_bucket)
    document = manifest(cloud)
    assert document["source"]["duration_ms"] == 8000
    assert len({entry["at_ms"] for entry in document["thumbnails"]} - {0}) == len(times.split(",")) - ("0" in times[:1])
    assert {(entry["height_px"]) for entry in document["thumbnails"]} == {20}
    assert document["missed"] == []
    assert len(document["notes"]) == 1
    assert "the size that the settings need" in document["notes"][0]
    cloud.log.clear()
    assert isinstance(run(cloud, times=times, sizes="0x20", open_bucket=open_bucket), Unchanged)
    assert calls_of(cloud, "GetSnapshot") == []


def test_no_video(cloud):
    """A file that is no video has a manifest that says so, and is never paid for again."""
    cloud.upload(BUCKET, KEY, b"just text")
    assert run(cloud) == Made(KEY, f"{FOLDER}manifest.json", thumbnails=0, missed=1)
    document = manifest(cloud)
    assert (document["missed"][0]["code"], document["poster"]) == ("InvalidContent", None)
    cloud.log.clear()
    assert isinstance(run(cloud), Unchanged)
    assert calls_of(cloud, "GetMediaInfo") == []


def test_sound_only(cloud):
    """A file with sound only has a manifest that says so, without a paid snapshot."""
    cloud.upload(BUCKET, KEY, FakeFilm(has_picture=False))
    run(cloud)
    assert manifest(cloud)["missed"][0]["code"] == "NoPicture"
    assert calls_of(cloud, "GetSnapshot") == []


def test_max_calls(cloud):
    """A plan over the limit is thinned and says so."""
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=4000))
    run(cloud, times="every:0.1", max_calls="5")
    document = manifest(cloud)
    assert len(document["thumbnails"]) == 4
    assert document["calls"] == {"snapshot": 4, "media_info": 1, "failed": 0}
    assert document["missed"][0]["code"] == "TooManyShots"


def test_output_bucket(cloud):
    """Another bucket takes everything that is made."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud, output_bucket="other-1250000000")
    assert list(cloud.stored[BUCKET]) == [KEY]
    assert len(cloud.stored["other-1250000000"]) == 5


# ---------------------------------------------------------------- again, and something else


def test_unchanged(cloud):
    """The same again is unchanged: a look at the source and its output, and no paid call."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    cloud.log.clear()
    assert run(cloud) == Unchanged(KEY, f"{FOLDER}manifest.json")
    assert sorted(name for name, _, _ in cloud.log) == ["GetBucket", "GetObject", "HeadObject"]


@pytest.mark.parametrize(
    ("change", "paid"),
    [
        ({"times": "1,2,50%"}, 0),
        ({"times": "1,25%,50%,75%,3.5"}, 1),
        ({"sizes": "32x0"}, 0),
        ({"sizes": "0x0,32x0,20x20"}, 0),
        ({"format": "png"}, 3),
        ({"mode": "keyframe"}, 3),
        ({"rotate": "off"}, 3),
        ({"quality": "40"}, 3),
        ({"poster": "first-unless-flat"}, 0),
    ],
    ids=str,
)
def test_changed_settings(cloud, change, paid):
    """Another recipe is made anew, only new moments are paid for, and nothing of the old one is left over."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    cloud.log.clear()
    assert isinstance(run(cloud, **change), Made)
    assert len(calls_of(cloud, "GetSnapshot")) == paid
    assert calls_of(cloud, "GetMediaInfo") == []
    document = manifest(cloud)
    named = {entry["key"] for entry in (*document["thumbnails"], *document["poster"]["files"])}
    assert made(cloud).keys() == {*named, f"{FOLDER}manifest.json"}


def test_changed_format_leaves_no_poster(cloud):
    """A poster in a format that is no longer made goes."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    run(cloud, format="png")
    assert f"{FOLDER}poster.png" in made(cloud)
    assert f"{FOLDER}poster.jpg" not in made(cloud)


def test_other_content(cloud):
    """Other content is made under its own keys, and the replaced generation goes."""
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=4000))
    run(cloud)
    before = {entry["key"] for entry in manifest(cloud)["thumbnails"]}
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=5000))
    assert isinstance(run(cloud), Made)
    assert before.isdisjoint(made(cloud))


def test_replaced_generation_kept(cloud):
    """With SNAPSHOT_ON_REPLACE=keep the replaced pictures stay for pages that name them."""
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=4000))
    run(cloud)
    before = {entry["key"] for entry in manifest(cloud)["thumbnails"]}
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=5000))
    run(cloud, on_replace="keep")
    assert before <= made(cloud).keys()
    assert isinstance(run(cloud, on_replace="keep"), Unchanged)


def test_broken_manifest(cloud):
    """A manifest that cannot be read is made anew from the stored pictures."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    cloud.upload(BUCKET, f"{FOLDER}manifest.json", b"{")
    cloud.log.clear()
    assert isinstance(run(cloud), Made)
    assert calls_of(cloud, "GetSnapshot") == calls_of(cloud, "GetMediaInfo") == []


def test_lost_thumbnail(cloud):
    """A thumbnail that was deleted by hand is made again, and only that."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    lost_key = manifest(cloud)["thumbnails"][1]["key"]
    del cloud.stored[BUCKET][lost_key]
    cloud.log.clear()
    assert isinstance(run(cloud), Made)
    assert len(calls_of(cloud, "GetSnapshot")) == 1
    assert lost_key in made(cloud)


def test_wrong_poster(cloud):
    """A poster of another video under the stable address is put right without a paid call."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    right = cloud.stored[BUCKET][f"{FOLDER}poster.jpg"][0]
    cloud.upload(BUCKET, f"{FOLDER}poster.jpg", b"of another video")
    cloud.log.clear()
    assert isinstance(run(cloud), Made)
    assert calls_of(cloud, "GetSnapshot") == []
    assert cloud.stored[BUCKET][f"{FOLDER}poster.jpg"][0] == right


def test_lagging_list(cloud):
    """A listing that lags behind what was stored is checked before anything is believed to be missing."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    bucket = cloud.bucket(BUCKET)
    complete = bucket.list
    bucket.list = lambda prefix: complete(prefix)[:1]
    assert isinstance(run(cloud, open_bucket=lambda _: bucket), Made)
    cloud.log.clear()
    assert isinstance(run(cloud, open_bucket=lambda _: bucket), Unchanged)
    assert calls_of(cloud, "GetSnapshot") == []


def test_no_listing(cloud):
    """Where the store does not list, the manifest is believed: made once, unchanged then, and removed by its names."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    refusal = SourceRejected("no", operation="GetBucket", key="", code="NoSuchKey", status=404)
    cloud.failures["GetBucket"] = [refusal] * 10
    assert isinstance(run(cloud), Made)
    assert isinstance(run(cloud), Unchanged)
    del cloud.stored[BUCKET][KEY]
    assert run(cloud) == Removed(KEY, 5)
    assert made(cloud) == {}


# ---------------------------------------------------------------- failures


@pytest.mark.parametrize("failure", [rejected(), BadFrame("odd", operation="GetSnapshot", key=KEY, code="BadFrame")])
def test_final_failure_of_a_shot(cloud, failure):
    """A shot that fails for good is missed, and the others are made."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    cloud.failures["GetSnapshot"] = [failure]
    assert run(cloud, concurrency="1") == Made(KEY, f"{FOLDER}manifest.json", thumbnails=2, missed=1)
    assert manifest(cloud)["missed"][0]["at_ms"] == 1000


def test_order_of_time(cloud):
    """Thumbnails and missed moments stand in the manifest in the order of time, the widest first."""
    cloud.upload(BUCKET, KEY, FakeFilm(duration_ms=10_000))
    honest = cloud.bucket(BUCKET)
    snapshot = honest.snapshot

    def failing(key, *, at_ms, **options):
        if at_ms in (2000, 8000):
            raise rejected()
        return snapshot(key, at_ms=at_ms, **options)

    honest.snapshot = failing
    run(cloud, open_bucket=lambda _: honest, times="9,8,90,5,2,1", sizes="16x0,32x0")
    document = manifest(cloud)
    assert [(entry["at_ms"], entry["width_px"]) for entry in document["thumbnails"]] == [
        (at_ms, width_px) for at_ms in (1000, 5000, 9000) for width_px in (32, 16)
    ]
    assert [entry["at_ms"] for entry in document["missed"]] == [2000, 8000, 90_000]


def test_passing_failure_of_a_shot(cloud):
    """A shot that may heal leaves no manifest; the next delivery pays only for what is missing."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    cloud.failures["GetSnapshot"] = [unavailable()]
    outcome = run(cloud)
    assert (type(outcome), outcome.code, outcome.retryable) == (Failed, "SlowDown", True)
    assert f"{FOLDER}manifest.json" not in made(cloud)
    assert len(calls_of(cloud, "GetSnapshot")) == 3
    cloud.log.clear()
    assert isinstance(run(cloud), Made)
    assert len(calls_of(cloud, "GetSnapshot")) == 1
    assert calls_of(cloud, "GetMediaInfo") == []
    assert not any(key.endswith("journal.json") for key in made(cloud))


@pytest.mark.parametrize("answer", [None, b"", b'{"error":"upstream timed out"}'], ids=["none", "empty", "another"])
def test_false_journal(cloud, answer):
    """Where the answer is not the journal that is listed, nothing is paid for; what it counts is not forgotten."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    cloud.failures["GetSnapshot"] = [unavailable()]
    run(cloud)
    cloud.log.clear()
    bucket = cloud.bucket(BUCKET)
    honest = bucket.get
    bucket.get = lambda key, **limits: answer if key.endswith("journal.json") else honest(key, **limits)
    outcome = run(cloud, open_bucket=lambda _: bucket)
    assert (outcome.code, outcome.retryable) == ("BrokenAnswer", True)
    assert calls_of(cloud, "GetSnapshot") + calls_of(cloud, "GetMediaInfo") == []
    run(cloud)
    assert manifest(cloud)["calls"] == {"snapshot": 4, "media_info": 1, "failed": 1}


def test_calls_over_deliveries(cloud):
    """The manifest counts what all deliveries paid, and how much of it gave nothing."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    bucket = cloud.bucket(BUCKET)
    bucket.paid += []
    honest = bucket.snapshot

    def failing(key, *, at_ms, **options):
        if at_ms == 2000:
            bucket.paid += ["snapshot", "failed"]
            raise unavailable()
        return honest(key, at_ms=at_ms, **options)

    bucket.snapshot = failing
    assert isinstance(run(cloud, open_bucket=lambda _: bucket), Failed)
    run(cloud)
    assert manifest(cloud)["calls"] == {"snapshot": 4, "media_info": 1, "failed": 1}


def test_final_failures_are_remembered(cloud):
    """A moment that failed for good is not paid for again by the delivery that heals another."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    cloud.failures["GetSnapshot"] = [rejected(), unavailable()]
    run(cloud, concurrency="1")
    cloud.log.clear()
    assert run(cloud).missed == 1
    assert len(calls_of(cloud, "GetSnapshot")) == 1


@pytest.mark.parametrize("operation", ["HeadObject", "GetObject", "GetBucket", "GetMediaInfo", "PutObject"])
def test_whatever_may_heal(cloud, operation):
    """Whatever call fails in a way that may heal, the event is to come again."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    cloud.failures[operation] = [unavailable(operation)]
    assert run(cloud).retryable
    assert isinstance(run(cloud), Made)


def test_setup_error(cloud):
    """A set-up that is wrong is not recorded as done."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    cloud.failures["GetSnapshot"] = [rejected("MediaBucketUnBinded", SetupError)] * 3
    outcome = run(cloud)
    assert (outcome.code, outcome.retryable) == ("MediaBucketUnBinded", True)
    assert f"{FOLDER}manifest.json" not in made(cloud)


def test_setup_error_goes_first(cloud):
    """Beside a failure that may heal, the set-up that a person must correct is the one that is reported."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    cloud.failures["GetSnapshot"] = [unavailable(), rejected("MediaBucketUnBinded", SetupError)]
    outcome = run(cloud, concurrency="1")
    assert (len(calls_of(cloud, "GetSnapshot")), outcome.code) == (2, "MediaBucketUnBinded")


def test_nothing_decodes(cloud):
    """Where not one picture decodes the cloud may be to blame, so the event is to come again."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    bad = BadFrame("odd", operation="GetSnapshot", key=KEY, code="BadFrame")
    cloud.failures["GetSnapshot"] = [bad] * 10
    outcome = run(cloud)
    assert (outcome.code, outcome.retryable) == ("BadFrame", True)


# ---------------------------------------------------------------- races


def overwriting(cloud, film, *, times=1):
    """A bucket in which the source is overwritten as its first snapshots are taken."""
    bucket = cloud.bucket(BUCKET)
    honest, left = bucket.snapshot, [film] * times

    def snapshot(key, **options):
        body = honest(key, **options)
        if left:
            cloud.upload(BUCKET, KEY, left.pop())
        return body

    bucket.snapshot = snapshot
    return lambda _: bucket


def test_overwritten_meanwhile(cloud):
    """A video that is overwritten while its pictures are taken is started over, and nothing of the old one stays."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    new = FakeFilm(duration_ms=9000)
    assert isinstance(run(cloud, open_bucket=overwriting(cloud, new)), Made)
    document = manifest(cloud)
    assert document["source"]["duration_ms"] == 9000
    assert {key.split("/")[-2] for key in made(cloud) if "/0" in key} == {document["generation"]}


def test_overwritten_with_the_same(cloud):
    """Overwritten and back: no picture of the time between is stored under the old name."""
    film = FakeFilm()
    cloud.upload(BUCKET, KEY, film)
    bucket = cloud.bucket(BUCKET)
    honest, first = bucket.snapshot, [True]

    def snapshot(key, **options):
        if first:
            first.clear()
            cloud.upload(BUCKET, KEY, FakeFilm(size=(36, 64)))
            body = honest(key, **options)
            cloud.upload(BUCKET, KEY, film)
            return body
        return honest(key, **options)

    bucket.snapshot = snapshot
    run(cloud, open_bucket=lambda _: bucket, concurrency="1")
    for entry in manifest(cloud)["thumbnails"]:
        assert Image.open(io.BytesIO(cloud.stored[BUCKET][entry["key"]][0])).size == (64, 36)


def test_overwritten_again_and_again(cloud):
    """A source that never rests is left to the next delivery."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    films = overwriting(cloud, FakeFilm(duration_ms=9000), times=100)
    outcome = run(cloud, open_bucket=films)
    assert (outcome.code, outcome.retryable) == ("SourceChanged", True)


def test_deleted_meanwhile(cloud):
    """A video that is deleted while its pictures are taken leaves nothing behind."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    bucket = cloud.bucket(BUCKET)
    honest = bucket.snapshot

    def snapshot(key, **options):
        body = honest(key, **options)
        cloud.stored[BUCKET].pop(KEY, None)
        return body

    bucket.snapshot = snapshot
    run(cloud, open_bucket=lambda _: bucket)
    assert made(cloud) == {}


def test_deleted_after_the_manifest(cloud):
    """A video that is deleted as its manifest is stored leaves nothing behind."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    bucket = cloud.bucket(BUCKET)
    honest = bucket.put

    def put(key, body, **options):
        honest(key, body, **options)
        if key.endswith("manifest.json"):
            del cloud.stored[BUCKET][KEY]

    bucket.put = put
    assert isinstance(run(cloud, open_bucket=lambda _: bucket), Removed)
    assert made(cloud) == {}


# ---------------------------------------------------------------- removals and what is no source


@pytest.mark.parametrize("record", [Removal(BUCKET, KEY), Upload(BUCKET, KEY)], ids=["removal", "late upload"])
def test_removed(cloud, record):
    """When a video goes, everything that was made of it goes, whichever event says so."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    del cloud.stored[BUCKET][KEY]
    assert run(cloud, record) == Removed(KEY, 5)
    assert made(cloud) == {}


@pytest.mark.parametrize("record", [Upload(BUCKET, KEY), Removal(BUCKET, KEY)], ids=["upload", "removal"])
def test_emptied(cloud, record):
    """When a video is overwritten with nothing, everything that was made of it goes."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    cloud.upload(BUCKET, KEY, b"")
    assert run(cloud, record) == Removed(KEY, 5)
    assert made(cloud) == {}
    cloud.log.clear()
    assert run(cloud, record) == Skipped(KEY, "the object is empty (0 bytes)")
    assert {name for name, *_ in cloud.log} == {"HeadObject", "GetObject", "GetBucket"}


def test_removed_no_longer_a_source(cloud):
    """A removed video's pictures go though the settings would not take it now; where it is there again they stay."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    removal = Removal(BUCKET, KEY, skip_reason="not under the input prefix films/")
    assert run(cloud, removal) == Skipped(KEY, "not under the input prefix films/")
    assert len(made(cloud)) == 5
    del cloud.stored[BUCKET][KEY]
    assert run(cloud, removal) == Removed(KEY, 5)


@pytest.mark.parametrize(
    "answer",
    [None, b"", b"<Error><Code>InternalError</Code></Error>", b'{"error":"upstream timed out"}'],
    ids=["none", "empty", "an error", "another document"],
)
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "each time"])
def test_false_manifest(cloud, lasting, answer):
    """Where the answer is not the manifest that is listed, nothing is paid for; a later delivery looks again."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    cloud.log.clear()
    bucket = cloud.bucket(BUCKET)
    honest, denied = bucket.get, []

    def get(key, **limits):
        if key.endswith("manifest.json") and (lasting or not denied):
            denied.append(key)
            return answer
        return honest(key, **limits)

    bucket.get = get
    outcome = run(cloud, open_bucket=lambda _: bucket)
    assert (outcome.code, outcome.retryable) == ("BrokenAnswer", True)
    assert calls_of(cloud, "GetSnapshot") + calls_of(cloud, "GetMediaInfo") == []
    assert isinstance(run(cloud), Unchanged)


def test_output_is_never_right(cloud):
    """Where the output is again and again not what was stored, the error says so and blames no source."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    bucket = cloud.bucket(BUCKET)
    bucket.list = lambda prefix: ()
    bucket.get = lambda key, **limits: None
    outcome = run(cloud, open_bucket=lambda _: bucket)
    assert (outcome.code, outcome.retryable) == ("OutputChanged", True)


def test_removed_and_there_again(cloud):
    """A removal event of a video that is there again removes nothing."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    assert run(cloud, Removal(BUCKET, KEY)) == Unchanged(KEY, f"{FOLDER}manifest.json")


def test_removed_and_kept(cloud):
    """With SNAPSHOT_ON_DELETE=keep everything stays."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    del cloud.stored[BUCKET][KEY]
    assert isinstance(run(cloud, Removal(BUCKET, KEY), on_delete="keep"), Skipped)
    assert len(made(cloud)) == 5


def test_foreign_objects_stay(cloud):
    """Only objects with this function's mark go; other videos' output below the same folder stays."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    below = f"{FOLDER}b.mp4/manifest.json"
    own_name = f"{FOLDER}{'f' * 16}/000001000-0x0.jpg"
    for key in (below, own_name, f"{FOLDER}notes.txt"):
        cloud.upload(BUCKET, key, b"a person's")
    del cloud.stored[BUCKET][KEY]
    assert run(cloud) == Removed(KEY, 5)
    assert made(cloud).keys() == {below, own_name, f"{FOLDER}notes.txt"}


def test_source_gone(cloud):
    """A source that is gone and of which nothing was made is skipped."""
    assert run(cloud) == Skipped(KEY, "there is no such object; it may have been deleted or moved since")


def test_empty_object(cloud):
    """An empty object is skipped."""
    cloud.upload(BUCKET, KEY, b"")
    assert run(cloud) == Skipped(KEY, "the object is empty (0 bytes)")


def test_own_output_is_no_source(cloud):
    """An object that this function made is never a source."""
    cloud.upload(BUCKET, KEY, FakeFilm(), snapshot_source_etag="x")
    assert isinstance(run(cloud), Skipped)


def test_overwritten_with_no_source(cloud):
    """A manifest does not go on describing a video that was overwritten with something that is no source."""
    cloud.upload(BUCKET, KEY, FakeFilm())
    run(cloud)
    cloud.upload(BUCKET, KEY, FakeFilm(), snapshot_source_etag="x")
    assert isinstance(run(cloud), Removed)


def test_no_bucket(cloud):
    """A bucket that does not exist is named and the event not lost."""
    outcome = run(cloud, Upload("nosuch-1250000000", KEY))
    assert (outcome.code, outcome.retryable) == ("NoSuchBucket", True)


def test_second_reading(cloud):
    """The second reading of a key is tried where there is no object at the first."""
    cloud.upload(BUCKET, "videos/a b.mp4", FakeFilm())
    outcome = run(cloud, Upload(BUCKET, "videos/a%20b.mp4", other_key="videos/a b.mp4"))
    assert outcome.key == "videos/a b.mp4"


def test_other_region(cloud):
    """An object of another region is refused before any call."""
    outcome = run(cloud, Upload(BUCKET, KEY, region="ap-shanghai"))
    assert (outcome.code, outcome.retryable, cloud.log) == ("WrongRegion", False, [])


def test_key_too_long(cloud):
    """A key too long for its thumbnails is refused before any call."""
    outcome = run(cloud, Upload(BUCKET, "v" * 846 + ".mp4"))
    assert (outcome.code, outcome.retryable, cloud.log) == ("KeyTooLong", False, [])
    assert "850" in outcome.message


def test_first_reading_too_long(cloud):
    """A first reading that is too long does not cost the second its turn."""
    key = "视" * 100 + ".mp4"
    cloud.upload(BUCKET, key, FakeFilm())
    assert run(cloud, Upload(BUCKET, "%E8%A7%86" * 100 + ".mp4", other_key=key)).key == key

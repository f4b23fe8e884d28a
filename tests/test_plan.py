import hashlib

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from snapshot.errors import BadEvent
from snapshot.plan import Keys, Missed, name_generation, plan_shots
from snapshot.settings import Settings, Size
from snapshot.times import At, Evenly, Every, FromEnd, Share, parse_times

ETAG = "5d41402abc4b2a76b9719d911017c592"


def made(**values):
    return Settings.from_environment({f"SNAPSHOT_{name.upper()}": value for name, value in values.items()})


def plan(times, duration_ms=12_000, **values):
    return plan_shots(made(**values), parse_times(times), duration_ms=duration_ms)


def moments(*args, **kwargs):
    return [shot.at_ms for shot in plan(*args, **kwargs).shots]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ("0", [0]),
        ("1.5", [1500]),
        ("00:00:11.999", [11_999]),
        ("0%", [0]),
        ("25%", [3000]),
        ("33.3333%", [3999]),
        ("99.9999%", [11_999]),
        ("-3", [9000]),
        ("-0.001", [11_999]),
        ("-12", [0]),
        ("1x", [6000]),
        ("6x", [1000, 3000, 5000, 7000, 9000, 11_000]),
        ("every:5", [0, 5000, 10_000]),
        ("every:12", [0]),
        ("every:4", [0, 4000, 8000]),
        ("1,25%,50%,75%", [1000, 3000, 6000, 9000]),
    ],
)
def test_each_form_says_its_moments_in_a_film_of_twelve_seconds(times, expected):
    assert moments(times) == expected


def test_moments_come_in_the_order_of_the_film():
    assert moments("-1,75%,2,0") == [0, 2000, 9000, 11_000]


def test_points_that_meet_are_one_shot():
    planned = plan("3,25%,-9,every:3,2x")
    assert [shot.at_ms for shot in planned.shots] == [0, 3000, 6000, 9000]
    assert planned.dropped == ()


@pytest.mark.parametrize(
    ("times", "missed"),
    [
        ("12", Missed(12_000, "PastTheEnd", "12: the video is 12.000 s long")),
        ("1:30.25", Missed(90_250, "PastTheEnd", "90.25: the video is 12.000 s long")),
        ("12345.678", Missed(12_345_678, "PastTheEnd", "12345.678: the video is 12.000 s long")),
        ("100", Missed(100_000, "PastTheEnd", "100: the video is 12.000 s long")),
        ("-12.001", Missed(-1, "BeforeTheStart", "-12.001: the video is 12.000 s long")),
    ],
)
def test_a_point_outside_the_film_is_dropped_and_named(times, missed):
    planned = plan(f"{times},1")
    assert [shot.at_ms for shot in planned.shots] == [1000]
    assert planned.dropped == (missed,)


def test_a_film_of_a_fifth_of_a_second_keeps_what_lies_in_it():
    planned = plan("1,25%,50%,75%", duration_ms=200)
    assert [shot.at_ms for shot in planned.shots] == [50, 100, 150]
    assert planned.dropped == (Missed(1000, "PastTheEnd", "1: the video is 0.200 s long"),)


@pytest.mark.parametrize("duration_ms", [0, 1])
def test_a_film_of_one_frame_has_one_moment(duration_ms):
    assert moments("0,25%,6x,every:10", duration_ms=duration_ms) == [0]


def test_where_the_length_is_not_known_only_plain_moments_are_planned():
    planned = plan("1,7200,25%,-3,6x,every:10", duration_ms=None)
    assert [shot.at_ms for shot in planned.shots] == [1000, 7_200_000]
    assert [missed.message.partition(":")[0] for missed in planned.dropped[:3]] == ["25%", "-3", "6x"]
    assert {(missed.at_ms, missed.code) for missed in planned.dropped} == {(None, "LengthUnknown")}
    assert planned.dropped[3].message == "every:10: the length of the video is not known"


def test_more_shots_than_may_be_paid_for_are_cut_evenly_and_said():
    planned = plan("every:1", duration_ms=100_000, max_calls="11")
    at_s = [shot.at_ms // 1000 for shot in planned.shots]
    assert at_s == [5, 15, 25, 35, 45, 55, 65, 75, 85, 95]
    (missed,) = planned.dropped
    assert (missed.at_ms, missed.code) == (None, "TooManyShots")
    assert missed.message.startswith("100 moments asked for, 10 of them kept evenly: SNAPSHOT_MAX_CALLS is 11")


def test_as_many_shots_as_may_be_paid_for_are_kept_whole():
    planned = plan("10x", max_calls="11")
    assert len(planned.shots) == 10
    assert planned.dropped == ()


def test_the_least_that_may_be_paid_for_is_the_shot_in_the_middle():
    assert moments("every:1", max_calls="2") == [6000]


def test_a_claimed_length_of_ages_is_planned_like_any_other():
    planned = plan("every:0.1", duration_ms=10**15)
    assert len(planned.shots) == 99
    assert planned.dropped[0].message.startswith(f"{10**13} moments asked for, 99 of them kept evenly")
    gaps = {second.at_ms - first.at_ms for first, second in zip(planned.shots, planned.shots[1:], strict=False)}
    assert max(gaps) < 1.001 * min(gaps)


POINTS = st.one_of(
    st.integers(0, 30_000).map(At),
    st.integers(0, 999_999).map(Share),
    st.integers(1, 30_000).map(FromEnd),
    st.integers(1, 40).map(Evenly),
    st.integers(100, 30_000).map(Every),
)


@given(st.lists(POINTS, min_size=1, max_size=5), st.integers(0, 20_000), st.integers(2, 50))
@examples(derandomize=True, max_examples=150)
def test_a_plan_stays_within_the_film_and_the_price_and_says_what_it_left_out(points, duration_ms, most):
    planned = plan_shots(made(max_calls=str(most)), points, duration_ms=duration_ms)
    at = [shot.at_ms for shot in planned.shots]
    assert at == sorted(set(at))
    assert all(0 <= at_ms < max(duration_ms, 1) for at_ms in at)
    assert len(at) <= most - 1
    outside = [one for one in planned.dropped if one.code in ("PastTheEnd", "BeforeTheStart")]
    assert all(not 0 <= one.at_ms < max(duration_ms, 1) for one in outside)
    assert len(at) == most - 1 or all(one.code != "TooManyShots" for one in planned.dropped)
    assert at or planned.dropped


@given(st.lists(POINTS, min_size=1, max_size=5), st.integers(0, 20_000))
@examples(derandomize=True, max_examples=60)
def test_the_order_in_which_points_are_written_changes_no_shot(points, duration_ms):
    one = plan_shots(made(), points, duration_ms=duration_ms)
    other = plan_shots(made(), points[::-1], duration_ms=duration_ms)
    assert one.shots == other.shots


@pytest.mark.parametrize(
    ("sizes", "asked"),
    [
        ("0x0", (0, 0)),
        ("640x0", (640, 0)),
        ("0x360", (0, 360)),
        ("320x0,640x0,160x0", (640, 0)),
        ("0x90,0x360", (0, 360)),
        ("640x0,0x360", (0, 0)),
        ("640x0,0x0", (0, 0)),
        ("640x360", (0, 0)),
        ("640x360,640x0", (0, 0)),
    ],
)
def test_one_size_is_asked_for_from_which_all_can_be_rendered(sizes, asked):
    (shot,) = plan("1", sizes=sizes).shots
    assert (shot.width_px, shot.height_px) == asked


@given(st.lists(st.tuples(st.integers(0, 4096), st.integers(0, 4096)), min_size=1, max_size=4))
@examples(derandomize=True, max_examples=60)
def test_never_both_sides_are_asked_for(sizes):
    text = ",".join(f"{width}x{height}" for width, height in sizes)
    planned = plan("1", sizes=text)
    assert not (planned.shots[0].width_px and planned.shots[0].height_px)
    assert planned.sizes == tuple(dict.fromkeys(Size(*size) for size in sizes))


@pytest.mark.parametrize(("format", "asked"), [("jpg", "jpg"), ("png", "png"), ("webp", "png"), ("avif", "png")])
def test_what_the_api_cannot_make_is_rendered_from_what_loses_nothing(format, asked):
    assert plan("1", format=format).shots[0].format == asked


def test_mode_and_rotation_go_into_every_shot():
    shots = plan("2x", mode="keyframe", rotate="off").shots
    assert {(shot.mode, shot.rotate) for shot in shots} == {("keyframe", "off")}


def test_the_keys_are_those_of_the_design():
    keys = Keys.of(made(sizes="640x0"), "videos/a.mp4")
    generation = name_generation(f'"{ETAG}"')
    assert keys.thumbnail(generation, at_ms=1500, size=Size(640, 0)) == (
        "thumbnails/videos/a.mp4/5d41402a/000001500-640x0.jpg"
    )
    assert keys.poster == "thumbnails/videos/a.mp4/poster.jpg"
    assert keys.manifest == "thumbnails/videos/a.mp4/manifest.json"


@pytest.mark.parametrize(
    "key", ["/a.mp4", "a//b.mp4", "../a.mp4", "视频/猫.mp4", "a b+c%2B.mp4", 'it\'s "a".mp4'], ids=str
)
def test_the_source_key_stands_in_its_outputs_as_it_is(key):
    assert Keys.of(made(), key).manifest == f"thumbnails/{key}/manifest.json"


@given(
    st.tuples(st.text(max_size=20), st.text(max_size=20)).filter(lambda keys: keys[0] != keys[1]),
    st.integers(0, 10**9 - 1),
)
@examples(derandomize=True, max_examples=60)
def test_no_two_sources_share_an_output(sources, at_ms):
    one, other = (Keys.of(made(), f"{key}.mp4") for key in sources)
    of_one, of_other = (
        {keys.manifest, keys.poster, keys.thumbnail("5d41402a", at_ms=at_ms, size=Size(0, 0))} for keys in (one, other)
    )
    assert not of_one & of_other


@pytest.mark.parametrize("letter", ["v", "视", "🎬"], ids=["one byte", "three bytes", "four bytes"])
def test_the_longest_key_that_fits_is_taken_and_the_next_is_refused_with_the_excess(letter):
    chosen = made(sizes="0x0,4096x4096")
    tail = len("thumbnails//5d41402a/000000000-4096x4096.jpg")
    fits = (850 - tail) // len(letter.encode())
    rest = "x" * (850 - tail - fits * len(letter.encode()))
    key = letter * fits + rest
    thumbnail = Keys.of(chosen, key).thumbnail("5d41402a", at_ms=0, size=Size(4096, 4096))
    assert len(thumbnail.encode()) == 850
    with pytest.raises(BadEvent, match="shorten the key or SNAPSHOT_OUTPUT_PREFIX by 1 bytes") as caught:
        Keys.of(chosen, key + "x")
    assert (caught.value.code, caught.value.key, caught.value.retry) == ("KeyTooLong", key + "x", False)


@pytest.mark.parametrize(
    ("etag", "generation"),
    [
        (ETAG, "5d41402a"),
        (f'"{ETAG}"', "5d41402a"),
        (ETAG.upper(), "5d41402a"),
        (f"{ETAG}-12", "5d41402a"),
        ("5d41402a", "5d41402a"),
    ],
    ids=["bare", "in quotes", "upper case", "of a multipart upload", "short"],
)
def test_a_generation_is_the_first_eight_digits_of_the_etag(etag, generation):
    assert name_generation(etag) == generation


@pytest.mark.parametrize(
    "etag", ["", '""', "5d41402", 'W/"5d41402a"', "not-hex", "\u0665d41402abc", "5d 41402abc", "x" * 99]
)
def test_an_etag_without_them_is_named_by_its_hash(etag):
    name = name_generation(etag)
    assert name == hashlib.sha256(etag.strip('"').lower().encode()).hexdigest()[:8]
    assert name == name_generation(etag)


def test_other_etags_are_other_generations():
    etags = ["", "W/1", "W/2", "odd", "5d41402a", "5d41402b"]
    assert len({name_generation(etag) for etag in etags}) == len(etags)

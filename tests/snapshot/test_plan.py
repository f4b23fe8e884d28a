import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from snapshot.media import MediaInfo, Missed, Size, VideoStream
from snapshot.plan import capture_size, plan_shots
from snapshot.settings import Settings
from snapshot.times import At, Evenly, Every, FromEnd, Share, parse_times


def made(**values):
    return Settings.from_environment({f"SNAPSHOT_{name.upper()}": value for name, value in values.items()})


def media(duration_ms=12_000, width_px=None, height_px=None):
    return MediaInfo(duration_ms, (VideoStream(0, width_px, height_px, "h264"),))


def plan(times, duration_ms=12_000, **values):
    settings = made(**values)
    points = parse_times(times) if isinstance(times, str) else times
    return plan_shots(settings, points, media(duration_ms), max_shots=settings.max_calls - 1)


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
def test_moments(times, expected):
    """Each form of time point gives its moments in a video of twelve seconds."""
    assert moments(times) == expected


def test_order_of_time():
    """Shots come in the order of the video, however they are written."""
    assert moments("-1,75%,2,0") == [0, 2000, 9000, 11_000]


def test_meeting_points():
    """Points that meet are one shot."""
    planned = plan("3,25%,-9,every:3,2x")
    assert [shot.at_ms for shot in planned.shots] == [0, 3000, 6000, 9000]
    assert planned.dropped == ()


@pytest.mark.parametrize(
    ("times", "missed"),
    [
        ("12", Missed(12_000, "PastTheEnd", "asked for 12, but the video is 12 s long")),
        ("1:30.25", Missed(90_250, "PastTheEnd", "asked for 90.25, but the video is 12 s long")),
        ("12345.678", Missed(12_345_678, "PastTheEnd", "asked for 12345.678, but the video is 12 s long")),
        ("100", Missed(100_000, "PastTheEnd", "asked for 100, but the video is 12 s long")),
        ("-12.001", Missed(-1, "BeforeTheStart", "asked for -12.001, but the video is 12 s long")),
    ],
)
def test_outside_is_dropped(times, missed):
    """A point outside the video is dropped and named."""
    planned = plan(f"{times},1")
    assert [shot.at_ms for shot in planned.shots] == [1000]
    assert planned.dropped == (missed,)


def test_short_video():
    """A video of a fifth of a second keeps the moments that lie in it."""
    planned = plan("1,25%,50%,75%", duration_ms=200)
    assert [shot.at_ms for shot in planned.shots] == [50, 100, 150]
    assert planned.dropped == (Missed(1000, "PastTheEnd", "asked for 1, but the video is 0.2 s long"),)


@pytest.mark.parametrize("duration_ms", [0, 1])
def test_single_frame(duration_ms):
    """A video of one frame has one moment."""
    assert moments("0,25%,6x,every:10", duration_ms=duration_ms) == [0]


def test_length_unknown():
    """Without a length only plain moments are planned, and the others are named."""
    planned = plan("1,7200,25%,-3,6x,every:10", duration_ms=None)
    assert [shot.at_ms for shot in planned.shots] == [1000, 7_200_000]
    assert [missed.message.partition(":")[0] for missed in planned.dropped[:3]] == ["25%", "-3", "6x"]
    assert {(missed.at_ms, missed.code) for missed in planned.dropped} == {(None, "LengthUnknown")}
    assert planned.dropped[3].message == "every:10: the length of the video is not known"


def test_no_picture():
    """A file without pictures has no shots."""
    planned = plan_shots(made(), parse_times("1,2"), MediaInfo(12_000, ()), max_shots=9)
    assert (planned.shots, planned.dropped) == ((), ())


def test_thinned_evenly():
    """More shots than may be paid for are thinned evenly, and the plan says so."""
    planned = plan("every:1", duration_ms=100_000, max_calls="11")
    at_s = [shot.at_ms // 1000 for shot in planned.shots]
    assert at_s == [5, 15, 25, 35, 45, 55, 65, 75, 85, 95]
    (missed,) = planned.dropped
    assert (missed.at_ms, missed.code) == (None, "TooManyShots")
    assert missed.message.startswith(
        "100 moments were asked for and 10 of them kept, evenly spaced: SNAPSHOT_MAX_CALLS is 11"
    )


def test_just_enough_calls():
    """As many shots as may be paid for are kept whole."""
    planned = plan("10x", max_calls="11")
    assert len(planned.shots) == 10
    assert planned.dropped == ()


def test_fewest_calls():
    """The least that may be paid for is the shot in the middle."""
    assert moments("every:1", max_calls="2") == [6000]


def test_absurd_length():
    """A claimed length of ages is planned like any other, in bounded memory."""
    planned = plan("every:0.1", duration_ms=10**15)
    assert len(planned.shots) == 99
    assert planned.dropped[0].message.startswith(f"{10**13} moments were asked for and 99 of them kept")
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
@examples(max_examples=150)
def test_plan_bounds(points, duration_ms, max_calls):
    """A plan stays within the video and the price, and names what it left out."""
    planned = plan(points, duration_ms=duration_ms, max_calls=str(max_calls))
    at = [shot.at_ms for shot in planned.shots]
    assert at == sorted(set(at))
    assert all(0 <= at_ms < max(duration_ms, 1) for at_ms in at)
    assert len(at) <= max_calls - 1
    outside = [missed for missed in planned.dropped if missed.code in ("PastTheEnd", "BeforeTheStart")]
    assert all(not 0 <= missed.at_ms < max(duration_ms, 1) for missed in outside)
    assert len(at) == max_calls - 1 or all(missed.code != "TooManyShots" for missed in planned.dropped)
    assert at or planned.dropped


@given(st.lists(POINTS, min_size=1, max_size=5), st.integers(0, 20_000))
@examples(max_examples=60)
def test_written_order(points, duration_ms):
    """The order in which points are written changes no shot."""
    assert plan(points, duration_ms=duration_ms).shots == plan(points[::-1], duration_ms=duration_ms).shots


def sizes_of(text):
    return made(sizes=text).sizes


@pytest.mark.parametrize(
    ("sizes", "captured"),
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
def test_size_without_aspect(sizes, captured):
    """Where the video's size is not known, one size is asked for from which all can be rendered for certain."""
    assert capture_size(sizes_of(sizes), media(), fit="contain") == captured


@pytest.mark.parametrize(
    ("sizes", "video", "fit", "captured"),
    [
        ("640x0", (1920, 1080), "contain", (640, 0)),
        ("640x0,0x720", (1920, 1080), "contain", (0, 720)),
        ("640x360", (1920, 1080), "contain", (640, 0)),
        ("640x640", (1920, 1080), "contain", (640, 0)),
        ("640x640", (1920, 1080), "cover", (0, 640)),
        ("640x0,0x0", (1920, 1080), "contain", (0, 0)),
        ("640x0", (320, 180), "contain", (0, 0)),
        ("1920x0", (1920, 1080), "contain", (0, 0)),
        ("1920x0", (540, 1200), "contain", (0, 0)),
        ("2000x0", (2160, 4800), "contain", (0, 4096)),
        ("0x720", (4096, 128), "contain", (0, 0)),
        ("0x3000", (12_000, 4000), "contain", (4096, 0)),
    ],
    ids=str,
)
def test_size_with_aspect(sizes, video, fit, captured):
    """Never more than the video has, and never a side that follows beyond what the API gives."""
    assert capture_size(sizes_of(sizes), media(12_000, *video), fit=fit) == captured


@given(
    st.lists(st.tuples(st.integers(0, 4096), st.integers(0, 4096)), min_size=1, max_size=4),
    st.tuples(st.integers(1, 8000), st.integers(1, 8000)),
    st.sampled_from(["contain", "cover"]),
)
@examples(max_examples=100)
def test_one_side_only(sizes, video, fit):
    """Never both sides are asked for, and the picture that comes is large enough or the API's largest."""
    boxes = tuple(Size(*size) for size in sizes)
    width_px, height_px = capture_size(boxes, media(12_000, *video), fit=fit)
    assert not (width_px and height_px)
    assert max(width_px, height_px) <= 4096
    if width_px:
        assert round(video[1] * width_px / video[0]) <= 4097
    if height_px:
        assert round(video[0] * height_px / video[1]) <= 4097


@pytest.mark.parametrize(
    ("formats", "captured"),
    [("jpg", "jpg"), ("png", "png"), ("webp", "png"), ("avif", "png"), ("jpg,webp", "jpg"), ("jpg,png", "png")],
)
def test_captured_format(formats, captured):
    """A format that the API cannot make is rendered from png, or from the jpg that is stored anyway."""
    assert plan("1", format=formats).shots[0].format == captured


def test_mode_and_rotation():
    """Mode and rotation go into every shot."""
    shots = plan("2x", mode="keyframe", rotate="off").shots
    assert {(shot.mode, shot.rotate) for shot in shots} == {("keyframe", "off")}

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshot.times import At, Evenly, Every, FromEnd, Share, parse_times

FORMS = {
    "0": At(0),
    "1": At(1000),
    "1.5": At(1500),
    "001.5": At(1500),
    "0.001": At(1),
    "0.0019": At(1),
    "3600000": At(3_600_000_000),
    "1:30": At(90_000),
    "90:00": None,
    "59:59.999": At(3_599_999),
    "00:01:30.5": At(90_500),
    "1:0:0": At(3_600_000),
    "999:59:59": At(3_599_999_000),
    "0%": Share(0),
    "25%": Share(250_000),
    "33.3333%": Share(333_333),
    "99.9999%": Share(999_999),
    "-3": FromEnd(3000),
    "-0.001": FromEnd(1),
    "1x": Evenly(1),
    "6x": Evenly(6),
    "10000x": Evenly(10_000),
    "every:10": Every(10_000),
    "every:0.1": Every(100),
    "every:2.5": Every(2500),
}


@pytest.mark.parametrize(("text", "point"), [(text, point) for text, point in FORMS.items() if point], ids=str)
def test_each_form_says_its_point(text, point):
    assert parse_times(text) == (point,)


@pytest.mark.parametrize(
    "text",
    [
        *[text for text, point in FORMS.items() if not point],
        "one",
        "5s",
        "1s",
        ".5",
        "1.",
        "1e3",
        "+1",
        "--1",
        "- 1",
        "1.1234567",
        "12345678",
        "1:60",
        "1:30:61",
        "1000:00:00",
        ":30",
        "1:2:3:4",
        "-1:30",
        "%",
        "-5%",
        "25 %",
        "x",
        "x6",
        "-6x",
        "1.5x",
        "1234567x",
        "every",
        "every:",
        "every:-1",
        "every:10%",
        "EVERY:10",
        "nan",
        "inf",
        "\u0661",
        "\uff11",
        "1\n2",
        "1;2",
    ],
    ids=repr,
)
def test_what_is_none_of_the_forms_is_refused_with_all_of_them(text):
    with pytest.raises(ValueError, match=r"time point 1 is none of the accepted forms: .*1\.5.*25%.*-3.*6x.*every:10"):
        parse_times(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("3600000.001", "longer than 1000 hours"),
        ("-3600001", "longer than 1000 hours"),
        ("every:3600001", "longer than 1000 hours"),
        ("100%", "a share is below 100%, where the film is over"),
        ("250%", "a share is below 100%"),
        ("-0", "-0 is the end itself, where the film is over"),
        ("-0.0004", "-0 is the end itself"),
        ("0x", "evenly spaced points are 1x to 10000x"),
        ("10001x", "evenly spaced points are 1x to 10000x"),
        ("every:0", "every: takes 0.1 seconds or more"),
        ("every:0.0999", "every: takes 0.1 seconds or more"),
    ],
    ids=str,
)
def test_a_point_out_of_range_is_refused_with_the_reason(text, complaint):
    with pytest.raises(ValueError, match=f"^time point 1: {complaint}"):
        parse_times(text)


@pytest.mark.parametrize("text", ["", " ", ",", " , ,"], ids=repr)
def test_a_list_without_a_point_is_refused(text):
    with pytest.raises(ValueError, match=r"^no time point given; accepted: "):
        parse_times(text)


@pytest.mark.parametrize(("text", "place"), [("1,", 2), (",1", 1), ("1,2,three,four", 3), ("1,100%", 2)], ids=str)
def test_the_complaint_says_which_point_it_is_about(text, place):
    with pytest.raises(ValueError, match=f"^time point {place}[ :]"):
        parse_times(text)


@pytest.mark.parametrize("text", ["verysecret", "1,hunter-two", "sk:1"])
def test_the_complaint_does_not_repeat_what_was_written(text):
    with pytest.raises(ValueError, match="time point") as caught:
        parse_times(text)
    assert text.rpartition(",")[2] not in str(caught.value)


def test_the_points_come_in_their_order_without_blanks_and_repetitions():
    assert parse_times(" 50% ,1,\t25%, 1.000 ,0:01,-3") == (Share(500_000), At(1000), Share(250_000), FromEnd(3000))


@given(st.integers(0, 3_600_000_000))
@settings(derandomize=True, max_examples=60)
def test_every_millisecond_can_be_written_in_seconds_and_on_the_clock(ms):
    seconds = f"{ms // 1000}.{ms % 1000:03d}"
    minutes, rest = divmod(ms, 60_000)
    clock = f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
    assert parse_times(seconds) == (At(ms),)
    if minutes < 1000 * 60:
        assert parse_times(clock) == (At(ms),)


@given(st.text(alphabet="0123456789.:%-xevry, \u0663", max_size=12))
@settings(derandomize=True, max_examples=200)
def test_any_text_gives_points_or_one_clear_complaint(text):
    complaint, points = "", ()
    try:
        points = parse_times(text)
    except ValueError as error:
        complaint = str(error)
    assert bool(points) != complaint.startswith(("time point ", "no time point given"))
    assert len(set(points)) == len(points)

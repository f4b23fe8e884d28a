import re
import time
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshot.times import (
    At,
    Evenly,
    Every,
    FromEnd,
    Share,
    moments_of,
    parse_series,
    parse_time,
    parse_times,
    spell_point,
)

FORMS = {
    "0": At(0),
    "1": At(1000),
    "1.5": At(1500),
    "001.5": At(1500),
    "0.001": At(1),
    "0.0019": At(1),
    ".5": At(500),
    "1.": At(1000),
    "+1": At(1000),
    "1.1234567": At(1123),
    "5s": At(5000),
    "1.5 sec": At(1500),
    "500ms": At(500),
    "2 min": At(120_000),
    "1h": At(3_600_000),
    "1m 30s": At(90_000),
    "1m30s": At(90_000),
    "1 min 30 sec": At(90_000),
    "1 h 2 m 3.5 s": At(3_723_500),
    "1h 30m": At(5_400_000),
    "2hours 5s": At(7_205_000),
    "1s 500ms": At(1500),
    "-1m 30s": FromEnd(90_000),
    "every 1m 30s": Every(90_000),
    "3600000": At(3_600_000_000),
    "1:30": At(90_000),
    "90:00": At(5_400_000),
    "59:59.999": At(3_599_999),
    "00:01:30.5": At(90_500),
    "1:0:0": At(3_600_000),
    "0 : 30": At(30_000),
    "999:59:59": At(3_599_999_000),
    "0%": Share(0),
    "25%": Share(250_000),
    "25 %": Share(250_000),
    "33.3333%": Share(333_333),
    "99.9999%": Share(999_999),
    "-3": FromEnd(3000),
    "- 3": FromEnd(3000),
    "-1:30": FromEnd(90_000),
    "-0.001": FromEnd(1),
    "1x": Evenly(1),
    "6x": Evenly(6),
    "6 X": Evenly(6),
    "10000x": Evenly(10_000),
    "every:10": Every(10_000),
    "EVERY:10": Every(10_000),
    "every: 10 s": Every(10_000),
    "every 10": Every(10_000),
    "every:1s": Every(1000),
    "every:1:30": Every(90_000),
    "every:0.1": Every(100),
    "every:2.5": Every(2500),
    "１": At(1000),
    "١": At(1000),
    "50％": Share(500_000),
    "００：０１：３０": At(90_000),
    "－３": FromEnd(3000),
    "６×": Evenly(6),
    "ｅｖｅｒｙ：１０": Every(10_000),
}
LISTS = [
    "1,25%,-3,6x",
    " 1 , 25% ,-3\t,6x ",
    "1 25% -3 6x",
    "1;25%;-3;6x",
    "1|25% | -3|6x",
    "1，25％，－３，6x",
    "1；25%、-3；6x",
    "1,25 %,- 3,6 x",
    "1,25%,-3,6x,",
    ",1,,25%,-3,6x;",
    "1\n25%\n-3\n6x\n",
    "'1,25%,-3,6x'",
    "1,25%,1.000,0:01,-3,6X,1s",
]


@pytest.mark.parametrize(("text", "point"), FORMS.items(), ids=str)
def test_forms(text, point):
    """Each form, as people write it, is one time point."""
    assert parse_times(text) == (point,)


@pytest.mark.parametrize("text", LISTS, ids=repr)
def test_lists(text):
    """Commas, semicolons, bars and blanks separate points; order stays, repetitions and empty places go."""
    assert parse_times(text) == (At(1000), Share(250_000), FromEnd(3000), Evenly(6))


@pytest.mark.parametrize(
    "text",
    [
        *("one", "1e3", "--1", "1:2:3:4", ":30", "-5%", "%", "x", "x6", "-6x", "1.5x", "every", "every:", "every:-1"),
        *("every:10%", "nan", "inf", "1-3", "1/2", "0.5.5", "5parsecs", "1:30:", "½", "1:-30", "6xx", "1:30pm"),
        *("2x3", "1m30", "30s1m", "1h1h", "ms"),
    ],
    ids=repr,
)
def test_other_forms(text):
    """Text that is none of the forms is refused with all of them, and is shown."""
    pattern = r"time point 1, '.*', is none of the accepted forms: .*1\.5.*25%.*-3.*6x.*every:10.*commas"
    with pytest.raises(ValueError, match=pattern) as error:
        parse_times(text)
    assert f"'{text}'" in str(error.value)


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("1m, 30s", (At(60_000), At(30_000))),
        ("1m 2m", (At(60_000), At(120_000))),
        ("30s 1m", (At(30_000), At(60_000))),
        ("1m 25%", (At(60_000), Share(250_000))),
        ("1m 30s 25%", (At(90_000), Share(250_000))),
        ("6x 3", (Evenly(6), At(3000))),
        ("6 x, 3", (Evenly(6), At(3000))),
        ("1:30, 5", (At(90_000), At(5000))),
        ("1:30,2:00", (At(90_000), At(120_000))),
        ("00:01:30.5,5", (At(90_500), At(5000))),
    ],
    ids=str,
)
def test_neighbours(text, points):
    """Points that cannot be parts of one another stay apart, whatever stands between them."""
    assert parse_times(text) == points


@pytest.mark.parametrize("text", ["00:01:30,5", "1:30,500", "3,00:01:30，5", "1:30,45 90%"])
def test_decimal_comma(text):
    """A comma that can be a decimal one is refused with both ways to write it, which are both accepted."""
    pattern = r"^time point ([\d:]+,\d+) can be one or two; write (\S+) for one, or (.+) with a blank for two$"
    with pytest.raises(ValueError, match=pattern) as error:
        parse_times(text)
    _, single, two = re.match(pattern, str(error.value)).groups()
    assert (len(parse_times(single)), len(parse_times(two))) == (1, 2)


@pytest.mark.parametrize(
    ("text", "shown"), [("2 x 3", "2x3"), ("6 × 3", "6x3"), ("1m 30", "1m30"), ("1h 30, 5", "1h30")]
)
def test_neither_one_nor_two(text, shown):
    """Words that are one point as little as two are refused."""
    with pytest.raises(ValueError, match=f"^time point 1, '{shown}', is none of the accepted forms"):
        parse_times(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("3600000.001", "longer than 1000 hours"),
        ("12345678", "longer than 1000 hours"),
        ("1000:00:01", "longer than 1000 hours"),
        ("-3600001", "longer than 1000 hours"),
        ("every:3600001", "longer than 1000 hours"),
        ("100%", "a share is below 100%, where the video is over"),
        ("250%", "a share is below 100%"),
        ("-0", "is the end itself, where the video is over"),
        ("-0.0004", "is the end itself"),
        ("0x", "evenly spaced points are 1x to 10000x"),
        ("10001x", "evenly spaced points are 1x to 10000x"),
        ("1234567x", "evenly spaced points are 1x to 10000x"),
        ("every:0", "every: takes 0.1 seconds or more"),
        ("every:0.0999", "every: takes 0.1 seconds or more"),
        ("1:60", "the seconds after a colon are below 60"),
        ("1:30:61", "the seconds after a colon are below 60"),
        ("1:60:00", "the minutes after the hours are below 60"),
        ("9" * 41, "has 41 characters"),
    ],
    ids=str,
)
def test_out_of_range(text, reason):
    """A point out of range is refused with the reason."""
    with pytest.raises(ValueError, match=f"^time point 1, '{re.escape(text)}', .*{reason}"):
        parse_times(text)


@pytest.mark.parametrize("text", ["", " ", ",", " ，;, ", "''"], ids=repr)
def test_empty_list(text):
    """A list without a point is refused."""
    with pytest.raises(ValueError, match=r"^no time point is given; accepted: "):
        parse_times(text)


@pytest.mark.parametrize(("text", "place"), [("1,2,three,four", 3), ("1,100%", 2), ("1,,soon", 2)], ids=str)
def test_place(text, place):
    """The message says which point it is about."""
    with pytest.raises(ValueError, match=f"^time point {place}, "):
        parse_times(text)


def test_credential():
    """A credential that stands in the place of a point is not repeated."""
    with pytest.raises(ValueError, match="time point 2") as error:
        parse_times("1,AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE")
    assert "akidz" not in str(error.value).lower()


@pytest.mark.parametrize(("text", "point"), [("12.5", At(12_500)), ("50％,", Share(500_000)), ("-3", FromEnd(3000))])
def test_one_moment(text, point):
    """A setting that is one moment takes the forms that are one."""
    assert parse_time(text) == point


@pytest.mark.parametrize("text", ["6x", "every:10", "1,2", "1x"])
def test_more_than_one_moment(text):
    """A setting that is one moment refuses the forms that are several, whatever the video."""
    with pytest.raises(ValueError, match="more than one moment"):
        parse_time(text)


@pytest.mark.parametrize("text", ["90秒", "1分30秒", "2x5", "10 %%", "x", "", "every", "soon"])
def test_no_moment(text):
    """A setting that is one moment names no form that it would refuse itself."""
    with pytest.raises(ValueError, match=r"^it is no moment$"):
        parse_time(text)


@pytest.mark.parametrize(("text", "series"), [("every: 5s", Every(5000)), ("50X", Evenly(50)), ("every:0", Every(0))])
def test_series(text, series):
    """A setting that is a series takes an interval or a number."""
    assert parse_series(text) == series


@pytest.mark.parametrize("text", ["25%", "1.5", "-3", "10x10", "0", "soon", ""])
def test_no_series(text):
    """A setting that is a series names no form that it would refuse itself."""
    with pytest.raises(ValueError, match=r"^it is neither an interval nor a number of tiles$"):
        parse_series(text)


@pytest.mark.parametrize(
    "text",
    [
        ",".join(f"every:{100 + step}ms" for step in range(11)),
        ",".join(f"{count}x" for count in range(1, 12)),
        ",".join(map(str, range(1001))),
    ],
    ids=["intervals", "evenly", "moments"],
)
def test_too_many_points(text):
    """The number of points is bounded, and of those that are many moments more tightly: an uploader may write them."""
    with pytest.raises(ValueError, match="are too many; at most 1000, and at most 10 like 6x or every:10"):
        parse_times(text)


def test_as_many_points_as_may_be():
    """A thousand points, ten of them series, are taken."""
    text = ",".join([f"every:{step}" for step in range(1, 11)] + [str(second) for second in range(990)])
    assert len(parse_times(text)) == 1000


def test_bounded_moments():
    """Moments take the same memory however long a video claims to be."""
    tracemalloc.start()
    series = [moments_of(point, 10**24) for point in parse_times("every:0.1,every:0.101,10000x")]
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [len(moments) for moments in series] == [10**13, -(-(10**15) // 101), 10_000]
    assert peak_bytes < 2_000_000


@pytest.mark.parametrize(
    ("point", "moments"),
    [
        (At(15_000), [15_000]),
        (Share(333_333), [3999]),
        (FromEnd(3000), [9000]),
        (FromEnd(13_000), [-1000]),
        (Evenly(3), [2000, 6000, 10_000]),
        (Every(5000), [0, 5000, 10_000]),
    ],
    ids=spell_point,
)
def test_moments(point, moments):
    """A point in a video of twelve seconds is these moments, inside the video or not."""
    assert list(moments_of(point, 12_000)) == moments


@pytest.mark.parametrize("point", [Share(1), FromEnd(1), Evenly(1), Every(100)], ids=spell_point)
def test_unknown_length(point):
    """If the length is not known, only plain moments are."""
    assert moments_of(point, None) is None
    assert moments_of(At(5), None) == (5,)


@pytest.mark.parametrize("piece", ["1:", "every", "- ", "1 ", "every:", "x ", " ", "A", "secret"])
def test_long_text(piece):
    """Text longer than any variable or metadata is refused by its length, and as long as one it is read at once."""
    started = time.process_time()
    with suppress(ValueError):
        parse_times("1" + piece * (8000 // len(piece)) + "1")
    with pytest.raises(ValueError, match="characters, more than 8192"):
        parse_times(piece * 100_000)
    assert time.process_time() - started < 1


@given(st.integers(0, 3_600_000_000))
@settings(max_examples=60)
def test_every_millisecond(ms):
    """Every millisecond can be written in seconds, on the clock and as minutes alone."""
    seconds = f"{ms // 1000}.{ms % 1000:03d}"
    minutes, rest = divmod(ms, 60_000)
    hours_clock = f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
    assert parse_times(f"{seconds},{hours_clock},{minutes}:{rest // 1000}.{rest % 1000:03d}") == (At(ms),)


POINTS = st.one_of(
    st.integers(0, 3_600_000_000).map(At),
    st.integers(0, 999_999).map(Share),
    st.integers(1, 3_600_000_000).map(FromEnd),
    st.integers(1, 10_000).map(Evenly),
    st.integers(100, 3_600_000_000).map(Every),
)


@given(POINTS)
@settings(max_examples=200)
def test_spelling(point):
    """A point that is spelt out is read back as the same point."""
    assert parse_times(spell_point(point)) == (point,)


@given(st.text(alphabet="0123456789.:%-xevrysmh, ;|\u0663％×", max_size=14))
@settings(max_examples=300)
def test_any_text(text):
    """Any text gives points or one clear message."""
    message, points = "", ()
    try:
        points = parse_times(text)
    except ValueError as error:
        message = str(error)
    assert bool(points) != message.startswith(("time point ", "no time point is given"))
    assert len(set(points)) == len(points)

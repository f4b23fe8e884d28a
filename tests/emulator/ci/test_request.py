"""Each parameter of GetSnapshot: its type, range and default, and what a wrong value gets."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.ci.request import SnapshotRequest, parse_snapshot
from emulator.errors import ServiceError

REQUIRED = (("ci-process", "snapshot"), ("time", "1.5"))


def refused(*query):
    with pytest.raises(ServiceError) as raised:
        parse_snapshot(query)
    refusal = raised.value
    assert (refusal.status, refusal.code, refusal.service) == (400, "InvalidArgument", "ci")
    return refusal.message


def test_defaults():
    """A parameter that is not given takes the document's default."""
    assert parse_snapshot(REQUIRED) == SnapshotRequest(
        time_s=Fraction(3, 2), width_px=0, height_px=0, format="jpg", rotate="auto", mode="exactframe"
    )


def test_every_parameter():
    """Every parameter is taken up."""
    query = (*REQUIRED, ("width", "640"), ("height", "0"), ("format", "png"), ("rotate", "off"), ("mode", "keyframe"))
    assert parse_snapshot(query) == SnapshotRequest(Fraction(3, 2), 640, 0, "png", "off", "keyframe")


def test_order():
    """The order of parameters and those of the signature do not matter."""
    query = (("time", "2"), ("q-sign-algorithm", "sha1"), ("q-ak", "x"), ("x-cos-security-token", "y"))
    assert parse_snapshot((*query, ("ci-process", "snapshot"))) == SnapshotRequest(Fraction(2))


@pytest.mark.parametrize(
    ("text", "time_s"),
    [
        ("0", 0),
        ("1", 1),
        ("1.5", Fraction(3, 2)),
        ("0.001", Fraction(1, 1000)),
        ("7199.999", Fraction(7199999, 1000)),
        (str(1 / 3), Fraction("0.3333333333333333")),
        (str(0.1 + 0.2), Fraction("0.30000000000000004")),
    ],
)
def test_exact_time(text, time_s):
    """Time is exact."""
    assert parse_snapshot((REQUIRED[0], ("time", text))).time_s == time_s


@pytest.mark.parametrize(
    "text",
    ["", " ", "-1", "-0", "+1", "1e3", "1E3", "nan", "NaN", "inf", "-inf", "Infinity", "one", "1,5", "1.", ".5",
     "1.5.1",     " 1", "1 ", "1\n", "0x10", "1_000", "٣", "1.5s", "00:01", "9" * 40, "1/2"],
)  # fmt: skip
def test_refused_times(text):
    """A time that is no plain number of seconds is refused by name."""
    assert "time" in refused(REQUIRED[0], ("time", text))


def test_missing_time():
    """A missing time is refused by name."""
    assert refused(REQUIRED[0]) == "The parameter time is missing; it has to be a number of seconds."


@pytest.mark.parametrize("name", ["width", "height"])
@pytest.mark.parametrize(
    "text", ["-1", "4097", "10000", "640.0", "640.5", "1e2", "", "abc", "nan", "+640", " 640", "٦", "0x1"]
)
def test_refused_sides(name, text):
    """A side outside its range or not whole is refused by name."""
    assert name in refused(*REQUIRED, (name, text))


@pytest.mark.parametrize("name", ["width", "height"])
@pytest.mark.parametrize("text", ["0", "1", "4096"])
def test_extreme_sides(name, text):
    """A side at the ends of its range is taken."""
    assert getattr(parse_snapshot((*REQUIRED, (name, text))), f"{name}_px") == int(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("format", text) for text in ("jpeg", "JPG", "gif", "webp", "", "bmp")),
        *(("rotate", text) for text in ("on", "90", "AUTO", "", "true")),
        *(("mode", text) for text in ("exact", "KeyFrame", "", "frame", "keyframes")),
        *(("ci-process", text) for text in ("", "videoinfo", "Snapshot", "snapshots")),
    ],
)
def test_unknown_values(name, text):
    """A value that does not exist is refused by name."""
    query = [pair for pair in REQUIRED if pair[0] != name]
    assert f"parameter {name} " in refused(*query, (name, text))


def test_missing_ci_process():
    """A missing ci-process is refused by name."""
    assert "ci-process" in refused(("time", "1"))


@pytest.mark.parametrize("name", ["ci-process", "time", "width", "height", "format", "rotate", "mode"])
def test_repeated_parameters(name):
    """A parameter given twice is refused by name."""
    value = {"ci-process": "snapshot", "time": "1", "format": "jpg", "rotate": "auto", "mode": "keyframe"}.get(
        name, "0"
    )
    rest = [pair for pair in REQUIRED if pair[0] != name]
    assert refused(*rest, (name, value), (name, value)) == f"The parameter {name} is given more than once."


def test_spelling():
    """Names are taken as they are spelt."""
    assert "time" in refused(REQUIRED[0], ("Time", "1"))


names = st.sampled_from(["ci-process", "time", "width", "height", "format", "rotate", "mode", "q-ak"]) | st.text()
values = (
    st.sampled_from(["snapshot", "0", "1", "1.5", "640", "jpg", "png", "auto", "off", "keyframe"])
    | st.floats().map(str)
    | st.integers().map(str)
    | st.text()
)


def answer(query):
    """Return the parsed query: a request or the refusal of it; anything else would end the test."""
    try:
        return parse_snapshot(query)
    except ServiceError as refusal:
        return refusal


@given(st.lists(st.tuples(names, values), max_size=10), st.booleans())
def test_any_query(query, complete):
    """Any query is either understood or refused."""
    if complete:
        query = [*REQUIRED, *(pair for pair in query if pair[0] not in dict(REQUIRED))]
    request = answer(query)
    if isinstance(request, ServiceError):
        assert (request.status, request.code) == (400, "InvalidArgument")
    else:
        assert request.time_s >= 0
        assert 0 <= request.width_px <= 4096
        assert 0 <= request.height_px <= 4096
        assert (request.format, request.rotate, request.mode) in {
            (a, b, c) for a in ("jpg", "png") for b in ("auto", "off") for c in ("keyframe", "exactframe")
        }

import pytest

from snapshot.overrides import POSTER_METADATA, TIMES_METADATA, Overrides, read_overrides
from snapshot.settings import Settings
from snapshot.times import At, Every, FromEnd, Share

SETTINGS = Settings.from_environment({"SNAPSHOT_TIMES": "6x", "SNAPSHOT_POSTER": "3"})
USUAL = Overrides(SETTINGS.times, At(3000), ())


def test_none():
    """An upload without this metadata is treated as the settings say."""
    assert read_overrides({"x-cos-meta-title": "1"}, SETTINGS) == USUAL


def test_both():
    """An upload can have its own time points and its own poster."""
    metadata = {TIMES_METADATA: "1.5, -3", POSTER_METADATA: "best"}
    assert read_overrides(metadata, SETTINGS) == Overrides((At(1500), FromEnd(3000)), "best", ())


@pytest.mark.parametrize(
    "value",
    ["1，50％", "1，50％".encode().decode("latin-1"), "1%2C50%25", "%31%EF%BC%8C50%EF%BC%85"],
    ids=["as typed", "as a header carries it", "percent-encoded", "both"],
)
def test_spellings(value):
    """A header carries no UTF-8 and some clients percent-encode it: the meaning is the same."""
    assert read_overrides({TIMES_METADATA: value}, SETTINGS).times == (At(1000), Share(500_000))


@pytest.mark.parametrize("value", ["", "soon", "100%", "1;2;e", "every:0", "\x00", "\ud800", "9" * 2000])
def test_wrong_times(value):
    """Wrong time points leave those of the settings, and the problem is one bounded sentence."""
    overrides = read_overrides({TIMES_METADATA: value}, SETTINGS)
    assert (overrides.times, overrides.poster) == (USUAL.times, USUAL.poster)
    (problem,) = overrides.problems
    assert problem.startswith("x-cos-meta-snapshot-times is ")
    assert problem.endswith("; the function's own setting is used instead")
    assert len(problem) < 600
    assert problem.isprintable()


@pytest.mark.parametrize("value", ["6x", "every:10", "1,2", "worst", "-0"])
def test_wrong_poster(value):
    """A wrong poster leaves that of the settings; the time points are not touched by it."""
    overrides = read_overrides({TIMES_METADATA: "every:10", POSTER_METADATA: value}, SETTINGS)
    assert (overrides.times, overrides.poster) == ((Every(10_000),), USUAL.poster)
    assert [problem.split(" ")[0] for problem in overrides.problems] == [POSTER_METADATA]


@pytest.mark.parametrize(
    ("heeded", "times", "poster"),
    [("off", SETTINGS.times, At(3000)), ("times", (At(1000),), At(3000)), ("poster", SETTINGS.times, At(2000))],
)
def test_heeded_metadata(heeded, times, poster):
    """SNAPSHOT_METADATA says which of them count; another one is not even a problem."""
    settings = SETTINGS.model_copy(
        update={"metadata": Settings.from_environment({"SNAPSHOT_METADATA": heeded}).metadata}
    )
    assert read_overrides({TIMES_METADATA: "1", POSTER_METADATA: "2"}, settings) == Overrides(times, poster, ())
    off = settings.model_copy(update={"metadata": frozenset()})
    assert read_overrides({TIMES_METADATA: "soon"}, off).problems == ()


def test_secrets_stay_out():
    """A credential that somebody wrote into the metadata does not come out in the problem."""
    secret = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE"
    assert secret not in str(read_overrides({TIMES_METADATA: f"1,{secret}"}, SETTINGS))

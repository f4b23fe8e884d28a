import pytest

from snapshot.fields import parse_poster, parse_whole_number
from snapshot.times import At


@pytest.mark.parametrize(
    ("text", "poster"), [("BEST", "best"), ("first unless flat", "first-unless-flat"), ("0", At(0))]
)
def test_poster(text, poster):
    """The poster is one of two words or a moment."""
    assert parse_poster(text) == poster


@pytest.mark.parametrize("text", ["9" * 13, "1_000", "0x10", "", "+", "١.٥"])
def test_whole_number(text):
    """Only digits with one sign are a whole number, of a bounded length."""
    with pytest.raises(ValueError, match=r"^(not a whole number)?$"):
        parse_whole_number(text, 0, 10**15)

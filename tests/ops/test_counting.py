"""counting.py: numbers with nouns in messages."""

from ops.counting import plural


def test_plural():
    """Only one thing is named in the singular."""
    assert [plural(count, "video") for count in (0, 1, 2)] == ["0 videos", "1 video", "2 videos"]

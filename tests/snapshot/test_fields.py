import re

import pytest

from snapshot.fields import parse_formats, parse_poster, parse_public_url, parse_sizes, parse_whole_number
from snapshot.times import At


@pytest.mark.parametrize(
    ("text", "poster"), [("BEST", "best"), ("first unless flat", "first-unless-flat"), ("0", At(0))]
)
def test_poster(text, poster):
    """The poster is one of two words or a moment."""
    assert parse_poster(text) == poster


@pytest.mark.parametrize(
    ("parse", "text", "suggestion"),
    [
        (parse_sizes, "640,360", "640x360"),
        (parse_sizes, "640，360", "640x360"),
        (parse_sizes, "640 360", "640x360"),
        (parse_sizes, "640px,360px", "640x360"),
        (parse_sizes, "640,360,1280", "640x0,360x0,1280x0"),
        (parse_sizes, "640x0,360", "640x0,360x0"),
        (parse_sizes, "640x360,720p,h90", "640x360,0x720,0x90"),
        (parse_sizes, "640:360", "640x360"),
        (parse_sizes, "640/360,1280x0", "640x360,1280x0"),
        (parse_formats, "jpgpng", "jpg,png"),
        (parse_formats, "jpegpng", "jpg,png"),
        (parse_formats, "avif,jpgpng", "avif,jpg,png"),
        (parse_formats, "webp,jpgg", "webp,jpg"),
        (parse_public_url, "https:/m.example.com", "https://m.example.com"),
        (parse_public_url, "https//m.example.com", "https://m.example.com"),
        (parse_public_url, "//m.example.com", "https://m.example.com"),
        (parse_public_url, "m.example.com/a/", "https://m.example.com/a"),
        (parse_public_url, "m.example.com/a?b=1", "https://m.example.com/a"),
        (parse_public_url, "localhost:8000", "https://localhost:8000"),
    ],
)
def test_suggestion(parse, text, suggestion):
    """A suggestion is the whole value that is meant, and is accepted as it stands."""
    with pytest.raises(ValueError, match=rf"did you mean {re.escape(suggestion)}[,?]"):
        parse(text)
    assert parse(suggestion)


@pytest.mark.parametrize(
    ("parse", "text"),
    [(parse_sizes, "640,soon"), (parse_sizes, "4k"), (parse_formats, "gif,jpgg"), (parse_public_url, "media")],
)
def test_no_suggestion(parse, text):
    """Where a part of a value has no meaning, none is suggested for the rest."""
    with pytest.raises(ValueError, match=r"is no\b|is not") as error:
        parse(text)
    assert "did you mean" not in str(error.value)


@pytest.mark.parametrize("text", ["9" * 13, "1_000", "0x10", "", "+", "١.٥"])
def test_whole_number(text):
    """Only digits with one sign are a whole number, of a bounded length."""
    with pytest.raises(ValueError, match=r"^(not a whole number)?$"):
        parse_whole_number(text, 0, 10**15)

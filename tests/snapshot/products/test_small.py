import pytest

from snapshot.products.picture import BadPicture, decode, read_header
from snapshot.products.small import make_small, open_small
from tests.snapshot.pictures import encode, noise


def picture(width, height):
    return decode(read_header(encode(noise(width, height))))


@pytest.mark.parametrize(
    ("size", "small"),
    [((640, 360), (160, 90)), ((360, 640), (90, 160)), ((100, 50), (100, 50)), ((4000, 10), (160, 1))],
)
def test_longer_side(size, small):
    """The longer side is what was asked for, and nothing is enlarged."""
    assert open_small(make_small(picture(*size), 160)).pixels.size == small


def test_broken_file():
    """A file that does not decode is refused."""
    with pytest.raises(BadPicture):
        open_small(b"no picture")

"""placeholder.py: what a page shows until the poster has loaded."""

import base64

import numpy as np
import pytest
from PIL import Image

from benchmarks.posters import painting
from snapshot.products.placeholder import MAX_URI_BYTES, dominant_colour, make_placeholder
from tests.snapshot.pictures import decode, noise


@pytest.mark.parametrize("size", [(640, 360), (360, 640), (1, 1), (5, 2000), (8, 8)], ids=str)
def test_data_uri(size):
    """A WebP of at most 20 px in the picture's shape, within its bytes."""
    uri = make_placeholder(noise(*size))
    head, _, body = uri.partition(",")
    picture = decode(base64.b64decode(body, validate=True))
    assert head == "data:image/webp;base64"
    assert picture.format == "WEBP"
    assert max(picture.size) == min(20, max(size))
    assert len(uri) <= MAX_URI_BYTES


@pytest.mark.parametrize("scene", ["landscape", "street", "face", "night"])
def test_resembles_picture(scene):
    """Seen from afar the placeholder is the picture."""
    picture = getattr(painting, scene)(np.random.default_rng(2))(0.0, (320, 180))
    small = decode(base64.b64decode(make_placeholder(picture).partition(",")[2])).convert("RGB").resize((4, 3))
    true = picture.resize((4, 3), Image.Resampling.BOX)
    assert np.abs(np.asarray(small, dtype=int) - np.asarray(true, dtype=int)).mean() < 25


@pytest.mark.parametrize(
    ("colours", "expected"),
    [({"#ff0000": 1.0}, "#ff0000"), ({"#204060": 0.6, "#f0e0d0": 0.4}, "#204060"), ({"#000000": 1.0}, "#000000")],
    ids=["one", "two", "black"],
)
def test_dominant_colour(colours, expected):
    """The colour that most of the picture has, spelt as CSS takes it."""
    picture, left = Image.new("RGB", (100, 60)), 0
    for colour, share in colours.items():
        picture.paste(colour, (left, 0, left + round(100 * share), 60))
        left += round(100 * share)
    dominant = dominant_colour(picture)
    assert len(dominant) == 7
    pairs = zip(bytes.fromhex(dominant[1:]), bytes.fromhex(expected[1:]), strict=True)
    assert all(abs(a - b) <= 8 for a, b in pairs)

"""scoring.py: what is measured of a picture, and what it is worth."""

import dataclasses
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from benchmarks.posters import painting
from snapshot.products.scoring import FrameStats, _laplacian, _median, _uniformity, measure, score_all, score_alone
from tests.snapshot.pictures import decode, encode

SIZE = (320, 180)


def paint(painter, seed=3, size=SIZE, **options):
    return painter(np.random.default_rng(seed), **options)(1.0, size)


GOOD = ["landscape", "street", "face", "night", "cartoon"]
SCENES = {name: paint(getattr(painting, name)) for name in GOOD}
BAD = {
    "black": Image.new("RGB", SIZE),
    "white": Image.new("RGB", SIZE, "white"),
    "red": Image.new("RGB", SIZE, "red"),
    "near black": paint(painting.noisy_dark),
    "a dim scene": painting.dimmed(SCENES["face"], 0.08),
    "title": paint(painting.card),
    "logo": paint(painting.logo),
    "credits": paint(painting.credit_roll),
    "subtitle": paint(painting.subtitle),
    "snow": paint(painting.snow),
    "out of focus": SCENES["street"].filter(ImageFilter.GaussianBlur(8)),
    "whip pan": painting.panned(lambda *_: SCENES["street"], 0.15)(0, SIZE),
    "mosaic": painting.pixelated(lambda *_: SCENES["face"], 20)(0, SIZE),
    "countdown": paint(painting.leader),
    **{f"bars {seed}": paint(painting.bars, seed) for seed in range(6)},
}


@pytest.mark.parametrize("picture", SCENES.values(), ids=SCENES.keys())
def test_scenes_score_high(picture):
    """A picture that shows something convinces."""
    assert score_alone(measure(picture)) > 0.25


@pytest.mark.parametrize("picture", BAD.values(), ids=BAD.keys())
def test_bad_pictures_score_low(picture):
    """A picture that people complain of does not."""
    assert score_alone(measure(picture)) < 0.15


@pytest.mark.parametrize("picture", [*SCENES.values(), *BAD.values()], ids=[*SCENES, *BAD])
@pytest.mark.parametrize("quality", [50, 95])
def test_recompression(picture, quality):
    """Another compression does not move a picture over the line between the two."""
    decoded = decode(encode(picture, "jpg", quality=quality))
    assert (score_alone(measure(decoded)) > 0.25) is (score_alone(measure(picture)) > 0.25)


@pytest.mark.parametrize(
    ("name", "width"),
    [(name, width) for name in GOOD for width in (160, 640)] + [("landscape", 1920), ("cartoon", 1920)],
)
def test_width(name, width):
    """A picture convinces in every width."""
    picture = paint(getattr(painting, name), size=(width, width * 9 // 16))
    assert score_alone(measure(picture)) > 0.25


@pytest.mark.parametrize("aspect", [2.39, 1.0, 0.6])
def test_letterbox(aspect):
    """Black bars are cut off before anything is measured."""
    inner = (320, 134) if aspect > 16 / 9 else (round(180 * aspect), 180)
    picture = paint(painting.face, size=inner)
    boxed = Image.new("RGB", SIZE)
    boxed.paste(picture, ((320 - inner[0]) // 2, (180 - inner[1]) // 2))
    assert measure(boxed).luma == pytest.approx(measure(picture).luma, abs=4)
    assert score_alone(measure(boxed)) == pytest.approx(score_alone(measure(picture)), abs=0.1)


def test_grain_is_no_detail():
    """A plain ground with grain has no detail, and the grain is called noise."""
    plain = Image.new("RGB", SIZE, (90, 90, 90))
    noisy = painting.grain(plain, np.random.default_rng(1), 12)
    assert measure(noisy).noise > 5
    assert measure(noisy).structure < 4
    assert score_alone(measure(noisy)) < 0.02


def test_measures_of_a_known_picture():
    """Half black, half at 200: the plain measures are what arithmetic says."""
    picture = Image.new("RGB", (256, 256))
    ImageDraw.Draw(picture).rectangle((0, 0, 127, 255), fill=(200, 200, 200))
    stats = measure(picture)
    assert (stats.luma, stats.dark, stats.white, stats.uniformity) == (100, 0.5, 0, 0.5)
    assert (stats.entropy, stats.colour, stats.structure) == (1, 0, 100)
    assert (stats.grid, stats.ruled) == (1, 1)


def test_uniformity_counts_all_colours():
    """Colours that differ only in blue's highest bit are different colours."""
    picture = Image.new("RGB", (64, 64), (40, 80, 10))
    picture.paste((40, 80, 200), (0, 0, 64, 16))
    assert measure(picture).uniformity == 0.75


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (2, 2), (5, 3), (4000, 3)], ids=str)
def test_odd_sizes(size):
    """The smallest and the thinnest pictures can be measured."""
    stats = measure(Image.new("RGB", size, (120, 60, 30)))
    assert stats.uniformity == 1
    assert score_alone(stats) < 0.01


@given(st.lists(st.floats(-1e6, 1e6).map(lambda value: round(value, 3)), min_size=12, max_size=12))
@settings(max_examples=100)
def test_text_round_trip(values):
    """Measures written as text are read back, to six digits, and fit into a header."""
    stats = FrameStats(*values)
    text = stats.to_text()
    assert text.isascii()
    assert len(text) < 250
    decoded = FrameStats.from_text(text)
    for field in dataclasses.fields(FrameStats):
        assert getattr(decoded, field.name) == pytest.approx(getattr(stats, field.name), rel=1e-5)


def test_text_of_measured_pictures_is_exact():
    """Scores of read stats are scores of measured stats, to the digits a manifest shows."""
    for picture in SCENES.values():
        stats = measure(picture)
        assert score_alone(FrameStats.from_text(stats.to_text())) == pytest.approx(score_alone(stats), abs=1e-4)


@pytest.mark.parametrize(
    "text", ["", "1", "1 2 3", "2" + " 1" * 12, "1" + " x" * 12, "1" + " nan" * 12, "1" + " inf" * 12]
)
def test_other_text(text):
    """Text that another version or somebody else wrote is no measurement."""
    assert FrameStats.from_text(text) is None


def test_blur_beside_sharp():
    """A soft picture loses beside the same picture sharp, though alone it would do."""
    sharp = SCENES["street"]
    soft = sharp.filter(ImageFilter.GaussianBlur(2.2))
    scores = score_all([(0.4, measure(sharp)), (0.4, measure(soft))])
    assert scores[0] > scores[1] * 1.2


def test_text_card_does_not_make_scenes_look_soft():
    """The sharp edges of a bad picture are not compared with the others'."""
    face, card = measure(SCENES["face"]), measure(BAD["credits"])
    assert score_all([(0.4, face), (0.5, card)])[0] == score_all([(0.4, face)])[0]


def test_scores_are_shares():
    """Every score lies in [0, 1], and none is asked for where there is no picture."""
    stats = [(place / 30, measure(picture)) for place, picture in enumerate([*SCENES.values(), *BAD.values()])]
    assert all(0 <= score <= 1 for score in score_all(stats))
    assert score_all([]) == []


@pytest.mark.parametrize("size", [(320, 180), (7, 5), (1, 9), (1, 1)], ids=str)
def test_median_is_exact(size):
    """The fast median gives the very pixels that Pillow's filter gives, borders included."""
    grey = Image.frombytes("L", size, random.Random(1).randbytes(size[0] * size[1]))
    assert _median(grey).tobytes() == grey.filter(ImageFilter.MedianFilter(3)).tobytes()


@pytest.mark.parametrize("size", [(320, 180), (7, 5), (3, 3), (2, 9), (9, 2), (1, 9), (1, 1)], ids=str)
def test_laplacian_is_exact(size):
    """The fast Laplacian gives the very pixels that Pillow's kernels give, borders included."""
    grey = Image.frombytes("L", size, random.Random(1).randbytes(size[0] * size[1]))
    sides = [
        grey.filter(ImageFilter.Kernel((3, 3), [sign * weight for weight in (0, -1, 0, -1, 4, -1, 0, -1, 0)], scale=1))
        for sign in (1, -1)
    ]
    assert _laplacian(grey).tobytes() == ImageChops.add(*sides).tobytes()


def test_uniformity_is_exact():
    """The fullest of 512 colours is counted as numpy counts it."""
    pixels = np.random.default_rng(1).normal(128, 30, (90, 160, 3)).clip(0, 255).astype(np.uint8)
    red, green, blue = np.moveaxis(pixels.astype(int) >> 5, 2, 0)
    counts = np.bincount((red << 6 | green << 3 | blue).ravel())
    assert _uniformity(Image.fromarray(pixels)) == counts.max() / counts.sum()

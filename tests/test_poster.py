from functools import reduce
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFilter

from snapshot.poster import Look, better, look_at, why
from tests.pictures import encode, noise


def flat(color):
    return Image.new("RGB", (64, 36), color)


def title():
    picture = flat((20, 30, 80))
    ImageDraw.Draw(picture).text((8, 8), "A FILM", fill="white")
    return picture


@pytest.mark.parametrize("format", ["jpg", "png", "webp", "avif"])
@pytest.mark.parametrize(
    ("picture", "shows_something"),
    [
        (flat("black"), False),
        (flat((12, 12, 12)), False),
        (flat("white"), False),
        (flat((250, 250, 245)), False),
        (flat("grey"), False),
        (flat("red"), False),
        (noise().point(lambda value: value // 16), False),
        (noise(), True),
        (title(), True),
        (noise().filter(ImageFilter.BoxBlur(1)), True),
    ],
    ids=["black", "near black", "white", "near white", "grey", "red", "a dark noise", "noise", "title", "blurred"],
)
def test_what_is_dark_bright_or_flat_shows_nothing(picture, shows_something, format):
    assert look_at(0, encode(picture, format)).shows_something is shows_something


def test_a_look_measures_luma_and_its_deviation():
    picture = Image.new("L", (64, 64))
    ImageDraw.Draw(picture).rectangle((0, 0, 31, 63), fill=200)
    look = look_at(1500, encode(picture, "png"))
    assert (look.at_ms, look.luma, look.contrast) == (1500, 100, 100)


def test_a_large_picture_looks_as_its_small_one_does():
    small, large = (
        look_at(0, encode(noise().resize(size, Image.Resampling.NEAREST))) for size in ((64, 64), (1280, 1280))
    )
    assert large.luma == pytest.approx(small.luma, abs=2)


@pytest.mark.parametrize("mode", ["L", "I;16", "P", "RGBA"])
def test_every_kind_of_png_can_be_looked_at(mode):
    grey = noise().convert("L")
    picture = grey.point(lambda value: value * 257, "I").convert("I;16") if mode == "I;16" else grey.convert(mode)
    assert look_at(0, encode(picture, "png")).luma == pytest.approx(look_at(0, encode(grey, "png")).luma, abs=1)


@pytest.mark.parametrize(
    ("luma", "contrast", "shows_something"),
    [(20, 8, True), (235, 8, True), (19.9, 8, False), (235.1, 8, False), (120, 7.9, False)],
)
def test_the_thresholds_themselves_show_something(luma, contrast, shows_something):
    assert Look(0, luma, contrast).shows_something is shows_something


def choose(*looks):
    return reduce(better, looks)


SOMETHING, MORE = Look(3000, 120, 50), Look(6000, 120, 90)
DARK, BRIGHT, FLAT = Look(0, 4, 30), Look(1000, 250, 12), Look(500, 120, 2)


@pytest.mark.parametrize(
    ("looks", "chosen"),
    [
        ((SOMETHING,), SOMETHING),
        ((DARK, SOMETHING, MORE), SOMETHING),
        ((FLAT, BRIGHT, MORE), MORE),
        ((DARK, FLAT, BRIGHT), DARK),
        ((DARK, Look(9000, 4, 30)), DARK),
    ],
    ids=["alone", "after a fade-in", "after a title", "nothing but dark, flat and bright", "the first of two equals"],
)
def test_the_first_that_shows_something_is_chosen_in_whatever_order_they_come(looks, chosen):
    assert {choose(*order) for order in permutations(looks)} == {chosen}


def test_the_cover_at_the_very_start_is_chosen():
    assert choose(Look(0, 100, 40), SOMETHING, MORE).at_ms == 0


LOOKS = st.lists(
    st.builds(
        Look,
        st.integers(0, 100_000),
        st.floats(0, 255, allow_nan=False) | st.sampled_from([20.0, 235.0]),
        st.floats(0, 128, allow_nan=False) | st.just(8.0),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda look: look.at_ms,
)


@given(LOOKS, st.randoms(use_true_random=False))
@settings(derandomize=True, max_examples=150)
def test_the_same_of_many_is_chosen_in_whatever_order_they_come(looks, chance):
    shuffled = chance.sample(looks, len(looks))
    assert choose(*shuffled) == choose(*looks)
    assert better(choose(*shuffled[:4]), choose(*shuffled[4:] or shuffled[:1])) == choose(*looks)


@given(LOOKS)
@settings(derandomize=True, max_examples=80)
def test_nothing_dark_is_chosen_while_something_shows(looks):
    chosen = choose(*looks)
    assert chosen in looks
    showing = [look.at_ms for look in looks if look.shows_something]
    assert chosen.at_ms == min(showing) if showing else chosen.contrast == max(look.contrast for look in looks)


@pytest.mark.parametrize(
    ("look", "reason"),
    [
        (SOMETHING, "the first that is neither dark nor bright nor flat (luma 120, contrast 50)"),
        (DARK, "all are dark, bright or flat; this has the most contrast (luma 4, contrast 30)"),
    ],
    ids=["something", "nothing"],
)
def test_the_reason_says_what_was_measured(look, reason):
    assert why(look) == reason

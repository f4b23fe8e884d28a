import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from snapshot.frames import Frame
from snapshot.settings import Size
from snapshot.thumbnails import CONTENT_TYPES, ENCODERS, fit, in_eight_bits, render
from tests.pictures import PILLOW, decode, encode, noise

FORMATS = ["jpg", "png", "webp", "avif"]


def frame(picture, format="png"):
    return Frame(1500, encode(picture, format), picture.width, picture.height, format)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("0x0", (1920, 1080)),
        ("640x0", (640, 360)),
        ("0x360", (640, 360)),
        ("641x0", (641, 361)),
        ("1x0", (1, 1)),
        ("0x1", (2, 1)),
        ("3840x0", (3840, 2160)),
        ("100x100", (100, 100)),
        ("100x400", (100, 400)),
    ],
)
def test_a_side_of_nought_follows_the_aspect(size, expected):
    width, height = size.split("x")
    assert fit(Size(int(width), int(height)), 1920, 1080) == expected


@given(st.integers(0, 4096), st.integers(0, 4096), st.integers(1, 8000), st.integers(1, 8000))
@settings(derandomize=True, max_examples=100)
def test_a_size_holds_the_sides_that_were_given_and_is_never_empty(width, height, own_width, own_height):
    fitted = fit(Size(width, height), own_width, own_height)
    assert min(fitted) >= 1
    assert fitted[0] == width or not width
    assert fitted[1] == height or not height
    assert max(fitted) <= max(16_383, own_width, own_height)
    if bool(width) != bool(height) and max(fitted) < 16_383:
        assert abs(fitted[0] * own_height - fitted[1] * own_width) <= max(own_width, own_height)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("size", [Size(32, 0), Size(0, 18), Size(0, 0), Size(20, 20)], ids=str)
def test_a_thumbnail_is_in_the_format_and_size_it_says(format, size):
    thumbnail = render(frame(noise(64, 36)), size, format)
    picture = decode(thumbnail.body)
    assert picture.format == PILLOW[format]
    assert picture.size == (thumbnail.width_px, thumbnail.height_px) == fit(size, 64, 36)
    assert (thumbnail.at_ms, thumbnail.size, thumbnail.format) == (1500, size, format)


@pytest.mark.parametrize("format", ["jpg", "png"])
@pytest.mark.parametrize("size", [Size(0, 0), Size(64, 0), Size(0, 36), Size(64, 36)], ids=str)
def test_a_frame_that_already_is_right_comes_back_byte_for_byte(format, size):
    taken = frame(noise(64, 36), format)
    assert render(taken, size, format).body is taken.body


@pytest.mark.parametrize(("size", "format"), [(Size(63, 0), "jpg"), (Size(0, 0), "png")], ids=["size", "format"])
def test_a_frame_that_differs_is_made_anew(size, format):
    taken = frame(noise(64, 36), "jpg")
    assert render(taken, size, format).body != taken.body


def target():
    """Give a picture of 90 by 30: a blue third, a green square in the middle, a red third."""
    picture = Image.new("RGB", (90, 30), "green")
    ImageDraw.Draw(picture).rectangle((0, 0, 29, 29), fill="blue")
    ImageDraw.Draw(picture).rectangle((60, 0, 89, 29), fill="red")
    return picture


def test_a_box_is_filled_and_what_stands_over_is_cut_off_evenly():
    picture = decode(render(frame(target()), Size(20, 20), "png").body)
    assert {picture.getpixel((x, y)) for x in (4, 10, 15) for y in (4, 10, 15)} == {(0, 128, 0)}


def test_an_upright_box_is_cut_from_the_middle_too():
    picture = decode(render(frame(target().rotate(90, expand=True)), Size(20, 20), "png").body)
    assert {picture.getpixel((x, y)) for x in (4, 10, 15) for y in (4, 10, 15)} == {(0, 128, 0)}


@pytest.mark.parametrize("format", FORMATS)
def test_following_the_aspect_cuts_nothing_off(format):
    picture = decode(render(frame(target()), Size(45, 0), format).body).convert("RGB")
    left, middle, right = (picture.getpixel((x, 7)) for x in (5, 22, 40))
    assert left[2] - left[0] > 150
    assert middle[1] - middle[0] > 60
    assert right[0] - right[2] > 150


def ramp(mode):
    grey = np.tile(np.linspace(0, 255, 64, dtype=np.uint8), (36, 1))
    match mode:
        case "I;16":
            return Image.fromarray(grey.astype(np.uint16) * 257)
        case "1":
            return Image.fromarray(grey).point(lambda value: 255 if value > 127 else 0).convert("1")
        case _:
            return Image.fromarray(grey).convert(mode)


@pytest.mark.parametrize("mode", ["I;16", "L", "LA", "P", "RGB", "RGBA", "1"])
@pytest.mark.parametrize("format", FORMATS)
def test_every_kind_of_png_is_rendered_as_it_looks(mode, format):
    picture = decode(render(frame(ramp(mode)), Size(32, 0), format).body)
    assert picture.mode == "RGB"
    grey = picture.convert("L")
    assert grey.getpixel((1, 9)) < 30
    assert grey.getpixel((30, 9)) > 225
    if mode != "1":
        assert 100 < grey.getpixel((16, 9)) < 156


def test_a_picture_of_eight_bits_is_left_alone():
    picture = noise()
    assert in_eight_bits(picture) is picture


def test_grey_of_jpg_stays_grey():
    grey = noise().convert("L")
    assert decode(render(frame(grey, "jpg"), Size(32, 0), "jpg").body).size == (32, 18)


def test_every_format_has_a_content_type_and_an_encoder():
    assert CONTENT_TYPES.keys() == ENCODERS.keys() == set(FORMATS)


WITHOUT_AVIF = """
import sys
sys.modules["PIL._avif"] = None  # as in a Pillow that was built without it
from tests.test_thumbnails import Size, frame, noise, render
from snapshot.errors import BadSettings
try:
    render(frame(noise()), Size(0, 0), "avif")
except BadSettings as error:
    print(error.problems, error.retry)
"""


def test_a_format_that_pillow_cannot_write_is_a_wrong_setting(root):
    ran = subprocess.run([sys.executable, "-c", WITHOUT_AVIF], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout == "('SNAPSHOT_FORMAT: this Pillow cannot write avif; accepted here: jpg, png',) False\n"


@pytest.mark.parametrize("format", FORMATS)
def test_a_film_as_thin_as_a_thread_is_cut_to_what_a_file_can_hold(format):
    thumbnail = render(frame(noise(4000, 2)), Size(0, 10), format)
    assert decode(thumbnail.body).size == (thumbnail.width_px, thumbnail.height_px) == (16_383, 10)

"""thumbnails.py: sizes, fits and formats."""

import io
import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from emulator.films.scenery import paint_scene
from snapshot.media import Size
from snapshot.products.picture import decode as decode_picture
from snapshot.products.picture import read_header
from snapshot.products.thumbnails import CONTENT_TYPES, QUALITIES, cost_bytes, cut, render, smallest_decode
from tests.snapshot.pictures import PILLOW, decode, encode, noise

FORMATS = ["jpg", "png", "webp", "avif"]


def size_of(text):
    width, height = text.split("x")
    return Size(int(width), int(height))


def render_all(body, sizes, formats, *, fit="contain", quality=None):
    header = read_header(body)
    picture = decode_picture(header, smallest_px=smallest_decode(header, sizes, formats, fit))
    return list(render(picture, sizes, formats, at_ms=1500, fit=fit, quality=quality))


def render_one(body, size, format, **options):
    (thumbnail,) = render_all(body, [size], [format], **options)
    return thumbnail


@pytest.mark.parametrize(
    ("size", "contain", "cover"),
    [
        ("0x0", (1920, 1080), (1920, 1080)),
        ("640x0", (640, 360), (640, 360)),
        ("0x360", (640, 360), (640, 360)),
        ("641x0", (641, 361), (641, 361)),
        ("1x0", (1, 1), (1, 1)),
        ("0x1", (2, 1), (2, 1)),
        ("3840x0", (1920, 1080), (1920, 1080)),
        ("100x100", (100, 56), (100, 100)),
        ("100x400", (100, 56), (100, 400)),
        ("640x640", (640, 360), (640, 640)),
        ("4096x4096", (1920, 1080), (1080, 1080)),
        ("1080x1920", (1080, 608), (608, 1080)),
        ("2000x500", (889, 500), (1920, 480)),
    ],
)
def test_sides(size, contain, cover):
    """A side of 0 follows the picture, contain fits inside the box, cover has the box's shape; nothing is enlarged."""
    for fit, expected in (("contain", contain), ("cover", cover)):
        part = cut(size_of(size), fit, 1920, 1080)
        assert (part.width_px, part.height_px) == expected


SIDES, VIDEO_SIDES = st.integers(0, 4096), st.integers(1, 8000)


@given(SIDES, SIDES, VIDEO_SIDES, VIDEO_SIDES, st.sampled_from(["contain", "cover"]))
@settings(max_examples=300)
def test_never_enlarged_never_stretched(width, height, own_width, own_height, fit):
    """Whatever the box and the picture, both sides are scaled alike within a pixel, and never up."""
    part = cut(Size(width, height), fit, own_width, own_height)
    left, top, right, bottom = part.box
    assert 0 <= left < right <= own_width
    assert 0 <= top < bottom <= own_height
    assert 1 <= part.width_px <= min(width or 16_383, own_width)
    assert 1 <= part.height_px <= min(height or 16_383, own_height)
    across, down = part.width_px / (right - left), part.height_px / (bottom - top)
    assert abs(across - down) <= 1 / (right - left) + 1 / (bottom - top)
    if fit == "contain":
        assert part.box == (0, 0, own_width, own_height)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("fit", ["contain", "cover"])
@pytest.mark.parametrize("size", [Size(32, 0), Size(0, 18), Size(0, 0), Size(20, 20)], ids=str)
def test_format_and_size(format, fit, size):
    """A thumbnail is in the format and has the sides that it says."""
    thumbnail = render_one(encode(noise(64, 36), "png"), size, format, fit=fit)
    picture = decode(thumbnail.body)
    assert picture.format == PILLOW[format]
    assert picture.mode == "RGB"
    part = cut(size, fit, 64, 36)
    assert picture.size == (thumbnail.width_px, thumbnail.height_px) == (part.width_px, part.height_px)
    assert (thumbnail.at_ms, thumbnail.size, thumbnail.format) == (1500, size, format)


@pytest.mark.parametrize("format", ["jpg", "png"])
@pytest.mark.parametrize("size", [Size(0, 0), Size(64, 0), Size(0, 36), Size(640, 0), Size(64, 36)], ids=str)
def test_file_stays_as_coded(format, size):
    """A file that already is what was asked for comes back byte for byte."""
    body = encode(noise(64, 36), format)
    assert render_one(body, size, format).body == body


@pytest.mark.parametrize(("size", "format"), [(Size(63, 0), "jpg"), (Size(0, 0), "png")], ids=["size", "format"])
def test_what_differs_is_made_anew(size, format):
    """Another size or another format is another file."""
    body = encode(noise(64, 36), "jpg")
    assert render_one(body, size, format).body != body


def target():
    """Paint a picture of 90 by 30: a blue third, a green square in the middle, a red third."""
    picture = Image.new("RGB", (90, 30), "green")
    ImageDraw.Draw(picture).rectangle((0, 0, 29, 29), fill="blue")
    ImageDraw.Draw(picture).rectangle((60, 0, 89, 29), fill="red")
    return picture


@pytest.mark.parametrize("upright", [False, True], ids=["lying", "upright"])
def test_cover_cuts_evenly(upright):
    """A box is filled from the middle, and the rest is cut off on both sides."""
    picture = target().rotate(90, expand=True) if upright else target()
    rendered = decode(render_one(encode(picture, "png"), Size(20, 20), "png", fit="cover").body)
    assert {rendered.getpixel((x, y)) for x in (4, 10, 15) for y in (4, 10, 15)} == {(0, 128, 0)}


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("size", [Size(45, 0), Size(45, 45)], ids=str)
def test_contain_cuts_nothing(format, size):
    """The whole picture is shown, its thirds where they were."""
    picture = decode(render_one(encode(target(), "png"), size, format).body).convert("RGB")
    assert picture.size == (45, 15)
    left, middle, right = (picture.getpixel((x, 7)) for x in (5, 22, 40))
    assert left[2] - left[0] > 150
    assert middle[1] - middle[0] > 60
    assert right[0] - right[2] > 150


def test_largest_first():
    """Thumbnails come from the largest size downwards, each in every format, whatever order was asked for."""
    sizes = [Size(16, 0), Size(0, 0), Size(32, 0)]
    thumbnails = render_all(encode(noise(64, 36), "jpg"), sizes, ["jpg", "webp"])
    assert [(thumbnail.width_px, thumbnail.format) for thumbnail in thumbnails] == [
        *((64, "jpg"), (64, "webp"), (32, "jpg"), (32, "webp"), (16, "jpg"), (16, "webp")),
    ]


def test_same_pixels_encoded_once():
    """Two boxes that a small video does not fill share one file's bytes, and each keeps its name."""
    first, second = render_all(encode(noise(64, 36), "png"), [Size(640, 0), Size(1280, 0)], ["webp"])
    assert first.body is second.body
    assert {first.size, second.size} == {Size(640, 0), Size(1280, 0)}


def test_progressive():
    """A jpg is progressive."""
    assert decode(render_one(encode(noise(), "png"), Size(32, 0), "jpg").body).info["progressive"]


@pytest.mark.parametrize("format", ["jpg", "webp", "avif"])
def test_quality(format):
    """A lower quality makes a smaller file; without one the format's own holds."""
    body = encode(noise(256, 144), "png")
    sizes = [len(render_one(body, Size(200, 0), format, quality=quality).body) for quality in (20, 95)]
    assert sizes[0] < sizes[1]
    default = render_one(body, Size(200, 0), format).body
    assert default == render_one(body, Size(200, 0), format, quality=QUALITIES[format]).body


@pytest.mark.parametrize("format", FORMATS)
def test_no_metadata(format):
    """No file carries Exif, a profile or a comment, from whatever it was made."""
    exif = Image.Exif()
    exif[0x0112] = 6
    body = encode(noise(), "png", exif=exif.tobytes(), icc_profile=b"unreadable" * 40, dpi=(300, 300))
    picture = decode(render_one(body, Size(0, 0), format).body)
    assert picture.size == (36, 64)
    assert not picture.getexif()
    assert not {"icc_profile", "comment", "exif", "xmp"} & picture.info.keys()


def photograph(width, height):
    """Paint a scene with grain."""
    scene = np.asarray(paint_scene(3, (width, height))).astype(np.int16)
    grain = np.random.default_rng(1).integers(-6, 7, scene.shape, dtype=np.int16)
    return Image.fromarray((scene + grain).clip(0, 255).astype(np.uint8))


def test_as_good_as_plain_resizing():
    """A picture decoded smaller and resized in steps cannot be told from one LANCZOS of the whole: 45 dB or more."""
    body = encode(photograph(1920, 1080), "jpg", quality=90)
    full = decode(body)
    for sizes in ([Size(1280, 0), Size(640, 0), Size(320, 0)], [Size(160, 0)], [Size(200, 200), Size(1000, 0)]):
        for fit in ("contain", "cover"):
            for thumbnail in render_all(body, sizes, ["png"], fit=fit):
                part = cut(thumbnail.size, fit, 1920, 1080)
                plain = full.resize((part.width_px, part.height_px), Image.Resampling.LANCZOS, box=part.box)
                error = np.asarray(decode(thumbnail.body)).astype(float) - np.asarray(plain).astype(float)
                assert 10 * np.log10(255**2 / max((error**2).mean(), 1e-9)) >= 45


def test_decoded_no_larger_than_needed():
    """A file that is stored as it is needs no whole decode; a small size of a large JPEG needs a part of it."""
    header = read_header(encode(noise(1920, 1080), "jpg"))
    assert smallest_decode(header, [Size(0, 0)], ["jpg"], "contain") == (320, 180)
    assert smallest_decode(header, [Size(480, 0)], ["webp"], "contain") == (960, 540)
    assert smallest_decode(header, [Size(0, 0)], ["jpg", "webp"], "contain") is None
    assert smallest_decode(header, [Size(1280, 0)], ["jpg"], "contain") is None


def test_grey_jpg():
    """A grey JPEG is rendered like any other."""
    assert decode(render_one(encode(noise().convert("L"), "jpg"), Size(32, 0), "jpg").body).size == (32, 18)


def test_every_format_is_known():
    """Each format has a content type and can be written."""
    assert list(CONTENT_TYPES) == FORMATS
    for thumbnail in render_all(encode(noise(), "png"), [Size(32, 0)], FORMATS):
        assert decode(thumbnail.body).format == PILLOW[thumbnail.format]


@pytest.mark.parametrize("format", FORMATS)
def test_long_side(format):
    """A video as thin as a thread is shrunk to a size that every file can hold."""
    thumbnail = render_one(encode(noise(20_000, 3), "png"), Size(0, 10), format)
    assert decode(thumbnail.body).size == (thumbnail.width_px, thumbnail.height_px) == (16_383, 2)


WITHOUT_AVIF = """
import sys
sys.modules["PIL._avif"] = None  # as in a Pillow that was built without it
from PIL import Image
from snapshot.errors import BadSettings
from snapshot.products.thumbnails import encode
try:
    encode(Image.new("RGB", (8, 8)), "avif")
except BadSettings as error:
    print(error.problems)
"""


def test_format_that_pillow_cannot_write(root):
    """A format that this Pillow cannot write is a wrong setting, named with the accepted ones."""
    ran = subprocess.run([sys.executable, "-c", WITHOUT_AVIF], cwd=root, capture_output=True, text=True, check=True)
    assert ran.stdout == "('SNAPSHOT_FORMAT: this Pillow cannot write avif; accepted here: jpg, png',)\n"


ONLY_NEEDED = """
import io, sys
from PIL import Image
from snapshot.products.picture import decode, read_header
from snapshot.media import Size
from snapshot.products.thumbnails import render
body = io.BytesIO()
Image.new("RGB", (64, 36)).save(body, "PNG")
list(render(decode(read_header(body.getvalue())), [Size(8, 0)], ["webp"], at_ms=0, fit="contain"))
print(sorted(name for name in sys.modules if name.endswith("ImagePlugin")))
"""


def test_only_needed_plugins(root):
    """Pillow's forty plugins are not loaded for one encoder, nor AVIF's for a WebP."""
    ran = subprocess.run([sys.executable, "-c", ONLY_NEEDED], cwd=root, capture_output=True, text=True, check=True)
    names = re.findall(r"PIL\.(\w+)ImagePlugin", ran.stdout)
    assert "WebP" in names
    assert len(names) <= 7
    assert "Avif" not in names


PEAK = """
import re, sys
from pathlib import Path
from PIL import Image
from snapshot.products.picture import decode, read_header
from snapshot.media import Size
from snapshot.products.thumbnails import encode, render, smallest_decode
def peak():
    return int(re.findall(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[0]) * 1024
format, *widths = sys.argv[1:]
sizes = [Size(int(width), 0) for width in widths]
encode(Image.new("RGB", (64, 64)), format)
body = sys.stdin.buffer.read()
Path("/proc/self/clear_refs").write_text("5")
before = peak()
header = read_header(body)
picture = decode(header, smallest_px=smallest_decode(header, sizes, [format], "contain"))
for thumbnail in render(picture, sizes, [format], at_ms=0, fit="contain"):
    del thumbnail
print(peak() - before)
"""


@pytest.mark.parametrize("source_format", ["jpg", "png"])
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("widths", [[0], [320], [1280, 640, 320]], ids=str)
def test_memory_bound(root, source_format, format, widths):
    """A process holds no more than `cost_bytes` says, and the bound is no more than four times what it holds."""
    body = encode(photograph(1920, 1080), source_format)
    command = [sys.executable, "-c", PEAK, format, *map(str, widths)]
    environment = {"MALLOC_ARENA_MAX": "1", "PATH": "/usr/bin"}
    ran = subprocess.run(command, cwd=root, input=body, capture_output=True, check=True, env=environment)
    sizes = [Size(width, 0) for width in widths]
    bound = cost_bytes(1920, 1080, sizes, [format], fit="contain", source_format=source_format)
    peak = int(ran.stdout)
    assert peak <= bound <= max(4 * peak, 5 * 2**20)


def test_transparent_info_not_written():
    """Data that Pillow keeps beside the pixels does not reach the files."""
    body = io.BytesIO()
    Image.new("P", (16, 16)).save(body, "PNG", transparency=0)
    assert "transparency" not in decode(render_one(body.getvalue(), Size(8, 0), "png").body).info

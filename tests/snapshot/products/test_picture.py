"""picture.py: what a file says of itself, its pixels, and the same file without metadata."""

import functools
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageDraw

from snapshot.products.picture import MAX_PIXELS, MAX_SCANS, BadPicture, decode, read_header, to_eight_bits
from tests.snapshot.pictures import encode, noise

FORMATS = ["jpg", "png"]


def corners(width=64, height=48):
    """Paint a picture whose corners are red, green, blue and white, clockwise from the upper left."""
    picture = Image.new("RGB", (width, height), "grey")
    draw = ImageDraw.Draw(picture)
    for x, y, colour in ((0, 0, "red"), (1, 0, "lime"), (1, 1, "blue"), (0, 1, "white")):
        left, top = x * width * 3 // 4, y * height * 3 // 4
        draw.rectangle((left, top, left + width // 4 - 1, top + height // 4 - 1), fill=colour)
    return picture


def corner_colours(picture):
    """Return which of the four colours each corner of a picture has, clockwise from the upper left."""
    inset, names = 5, {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}
    right, foot = picture.width - inset, picture.height - inset
    pixels = [picture.getpixel(at) for at in ((inset, inset), (right, inset), (right, foot), (inset, foot))]
    return [
        min(names, key=lambda name: sum(abs(a - b) for a, b in zip(names[name], pixel, strict=True)))
        for pixel in pixels
    ]


def exif_bytes(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010E] = "a description that nobody needs"
    return exif.tobytes()


@functools.cache
def wide_profile():
    """Return sRGB's profile with its red and its green exchanged, and without a date."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack(">I", profile[128:132])[0]
    tags = {}
    for number in range(count):
        name, offset, _ = struct.unpack(">4sII", profile[132 + 12 * number : 144 + 12 * number])
        tags[name] = 132 + 12 * number, offset
    red, green = tags[b"rXYZ"][0], tags[b"gXYZ"][0]
    profile[red + 4 : red + 12], profile[green + 4 : green + 12] = (
        profile[green + 4 : green + 12],
        profile[red + 4 : red + 12],
    )
    profile[24:36] = bytes(12)
    return bytes(profile)


@pytest.mark.parametrize("format", FORMATS)
def test_plain_file(format):
    """A file without metadata is its own plain file, and its header says its size and format."""
    body = encode(noise(), format)
    header = read_header(body)
    assert (header.format, header.width_px, header.height_px, header.orientation) == (format, 64, 36, 1)
    assert header.is_storable
    assert header.plain == body


@pytest.mark.parametrize("format", FORMATS)
def test_metadata_dropped(format):
    """Exif, comments, text and an sRGB profile go; the coded pixels stay as they are."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    rich = encode(noise(), format, exif=exif_bytes(1), icc_profile=srgb)
    header = read_header(rich)
    assert header.is_storable
    assert b"nobody needs" in rich
    assert b"nobody needs" not in header.plain
    assert header.plain == encode(noise(), format)


@pytest.mark.parametrize("format", FORMATS)
def test_bytes_after_the_picture_dropped(format):
    """Data after the end of the picture, as phones append it, is not stored."""
    body = encode(noise(), format)
    assert read_header(body + b"a second picture").plain == body


def test_adobe_colours_kept():
    """The one application segment that decides colours stays: a JPEG coded in RGB is not turned into YCbCr."""
    body = encode(corners(), "jpg", keep_rgb=True, quality=95)
    assert corner_colours(decode(read_header(body)).pixels) == ["red", "lime", "blue", "white"]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, "red lime blue white"),
        (2, "lime red white blue"),
        (3, "blue white red lime"),
        (4, "white blue lime red"),
        (5, "red white blue lime"),
        (6, "white red lime blue"),
        (7, "blue lime red white"),
        (8, "lime blue white red"),
    ],
)
def test_orientation_applied(format, orientation, expected):
    """Each Exif orientation is turned upright as Pillow's own exif_transpose does, and is not stored as it is."""
    body = encode(corners(), format, exif=exif_bytes(orientation))
    header = read_header(body)
    picture = decode(header)
    assert picture.pixels.size == (header.width_px, header.height_px)
    assert picture.pixels.size == ((48, 64) if orientation > 4 else (64, 48))
    assert corner_colours(picture.pixels) == expected.split()
    assert header.is_storable is (orientation == 1)


@pytest.mark.parametrize(
    "entry",
    [
        struct.pack(">HHI", 0x0112, 3, 1) + b"\0\x00\0\0",
        struct.pack(">HHI", 0x0112, 3, 1) + b"\0\x09\0\0",
        struct.pack(">HHI", 0x0112, 2, 4) + b"six\0",
        struct.pack(">HHI", 0x0112, 3, 2) + b"\0\x06\0\x06",
        struct.pack(">HHI", 0x0112, 3, 2**31) + b"\xff\xff\xff\xff",
        struct.pack(">HHI", 0x0112, 99, 1) + b"\0\x06\0\0",
        b"",
    ],
    ids=["0", "9", "text", "two", "far away", "no type", "cut off"],
)
def test_wrong_orientation_ignored(entry):
    """An orientation that is none of the eight leaves the picture as it is."""
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4)
    assert read_header(encode(noise(), "jpg", exif=exif)).orientation == 1


@pytest.mark.parametrize("format", FORMATS)
def test_profile_converted(format):
    """Pixels in another colour space come out as what they look like in sRGB, and the file is not stored as it is."""
    picture = Image.new("RGB", (32, 32), (255, 0, 0))
    header = read_header(encode(picture, format, icc_profile=wide_profile()))
    assert not header.is_storable
    red, green, blue = decode(header).pixels.getpixel((9, 9))
    assert green > 200
    assert max(red, blue) < 60


@pytest.mark.parametrize("format", FORMATS)
def test_broken_profile_ignored(format):
    """A profile that cannot be read changes nothing."""
    header = read_header(encode(noise(), format, icc_profile=b"no profile at all" * 20))
    assert header.is_storable
    assert header.plain == encode(noise(), format)


def test_split_profile_joined():
    """A profile over several segments is read as one."""
    long = wide_profile() + bytes(150_000)
    header = read_header(encode(noise(), "jpg", icc_profile=long))
    assert header.profile == long


@pytest.mark.parametrize("mode", ["I;16", "L", "LA", "P", "RGB", "RGBA", "1"])
def test_every_png_mode(mode):
    """Every kind of PNG is decoded to RGB of eight bits that looks the same."""
    grey = np.tile(np.linspace(0, 255, 64, dtype=np.uint8), (36, 1))
    match mode:
        case "I;16":
            picture = Image.fromarray(grey.astype(np.uint16) * 257)
        case "1":
            picture = Image.fromarray(grey).point(lambda value: 255 if value > 127 else 0).convert("1")
        case _:
            picture = Image.fromarray(grey).convert(mode)
    header = read_header(encode(picture, "png"))
    assert header.is_storable is (mode != "I;16")
    pixels = decode(header).pixels
    assert pixels.mode == "RGB"
    assert pixels.getpixel((1, 9))[0] < 30
    assert pixels.getpixel((62, 9))[0] > 225
    if mode != "1":
        assert 100 < pixels.getpixel((32, 9))[0] < 156


def test_deep_colour():
    """A PNG of sixteen bits a channel is decoded to its upper eight."""
    samples = b"".join(b"\0" + struct.pack(">3H", 0xFFFF, 0x8000, 0) * 2 for _ in range(2))
    header = read_header(png(2, 2, samples, depth=16, colour=2))
    assert not header.is_storable
    assert decode(header).pixels.getpixel((0, 0)) == (255, 128, 0)


def test_cmyk_is_redrawn():
    """A JPEG for print decodes to RGB, and is not stored as it is."""
    header = read_header(encode(corners().convert("CMYK"), "jpg"))
    assert not header.is_storable
    assert decode(header).pixels.mode == "RGB"


def test_eight_bits_left_alone():
    """A picture of eight bits is the same object."""
    picture = noise()
    assert to_eight_bits(picture) is picture


def test_smaller_decode():
    """A JPEG may be decoded to a fraction, never below the size that is needed; a PNG is decoded whole."""
    for needed, decoded in (((160, 90), (160, 90)), ((161, 90), (320, 180)), ((80, 40), (80, 45)), (None, (640, 360))):
        header = read_header(encode(noise(640, 360), "jpg"))
        assert decode(header, smallest_px=needed).pixels.size == decoded
    assert decode(read_header(encode(noise(640, 360), "png")), smallest_px=(80, 45)).pixels.size == (640, 360)


def test_smaller_decode_of_a_turned_picture():
    """The size that is needed is the shown one."""
    header = read_header(encode(noise(640, 320), "jpg", exif=exif_bytes(6)))
    assert decode(header, smallest_px=(160, 320)).pixels.size == (160, 320)


def png(width, height, samples=b"", *, depth=8, colour=0, chunks=b""):
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(samples))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunks + data + chunk(b"IEND", b"")


def many_scans(count):
    """Return a progressive JPEG whose last scan stands there many times over."""
    body = encode(noise(640, 640), "jpg", progressive=True)
    last = body.rindex(b"\xff\xda")
    return body[:-2] + body[last:-2] * count + body[-2:]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "0 bytes that are neither"),
        (b"GIF89a" + bytes(40), "neither JPEG nor PNG"),
        (encode(noise(), "webp"), "neither JPEG nor PNG"),
        (b"<Error><Code>NoSuchKey</Code></Error>", "neither JPEG nor PNG"),
        (png(9400, 9400), "9400x9400 is beyond"),
        (png(2**31 - 1, 1), "beyond"),
        (png(0, 5), "without a size"),
        (b"\x89PNG\r\n\x1a\n", "cut off"),
        (encode(noise(), "png")[:60], "cut off"),
        (encode(noise(), "jpg")[:-2], "cut off in its last scan"),
        (encode(noise(), "jpg")[:100], "cut off"),
        (b"\xff\xd8\xff\xd9", "without a scan"),
        (encode(noise(), "png").replace(b"IDAT", b"IDAT\1", 1), "damaged"),
        (many_scans(3000), f"more than {MAX_SCANS} scans"),
        (b"\xff\xd8" + b"\xff\xfe\x00\x02" * 70_000, "65536 segments"),
        (png(4, 4, chunks=b"\0\0\0\0tEXt\0\0\0\0" * 70_000), "65536 chunks"),
    ],
    ids=[
        "nothing",
        "gif",
        "webp",
        "error document",
        "bomb",
        "one long line",
        "no size",
        "signature alone",
        "png cut",
        "jpg without its end",
        "jpg cut in its tables",
        "jpg without a scan",
        "damaged chunk",
        "3,000 scans",
        "70,000 comments",
        "70,000 chunks",
    ],
)
def test_refused_before_decoding(body, reason):
    """A file that is no picture, is cut off or would cost too much is refused from its header."""
    with pytest.raises(BadPicture, match=reason):
        read_header(body)


def test_two_frames_refused():
    """A JPEG whose size stands there twice is refused: the two might differ."""
    body = encode(noise(), "jpg")
    start = body.index(b"\xff\xc0")
    frame = body[start : start + 19]
    with pytest.raises(BadPicture, match="twice"):
        read_header(body.replace(frame, frame * 2))


def test_broken_pixels():
    """A file with a right header and wrong pixels does not decode."""
    body = encode(noise(), "jpg")
    without_table = body.replace(b"\xff\xdb", b"\xff\xfe", 1)  # its quantisation
    for body in (without_table, png(64, 36, bytes(40))):
        with pytest.raises(BadPicture, match="do not decode"):
            decode(read_header(body))


def test_compressed_profile_bounded():
    """A profile that inflates without end is given up, not inflated."""
    bomb = b"name\0\0" + zlib.compress(bytes(50 * 2**20))
    chunk = struct.pack(">I", len(bomb)) + b"iCCP" + bomb + struct.pack(">I", zlib.crc32(b"iCCP" + bomb))
    body = encode(noise(), "png")
    header = read_header(body[:33] + chunk + body[33:])
    assert header.profile == b""
    assert header.plain == body


def test_pixel_bound_below_pillows():
    """Pillow's own bound, which would warn, is never reached."""
    assert Image.MAX_IMAGE_PIXELS > MAX_PIXELS


@given(st.sampled_from(FORMATS), st.data())
@settings(max_examples=150)
def test_any_damage(format, data):
    """A damaged file is decoded or refused; nothing else is raised."""
    body = bytearray(encode(noise(), format, exif=exif_bytes(6), icc_profile=wide_profile()))
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del body[data.draw(st.integers(0, len(body))) :]
    try:
        picture = decode(read_header(bytes(body)))
    except BadPicture:
        return
    assert picture.pixels.mode == "RGB"


@pytest.mark.parametrize("format", FORMATS)
def test_plain_files_decode_elsewhere(format):
    """The plain file is a whole picture for any decoder."""
    plain = read_header(encode(noise(), format, exif=exif_bytes(3), icc_profile=wide_profile())).plain
    with Image.open(io.BytesIO(plain)) as picture:
        picture.load()
        assert not picture.getexif()
        assert "icc_profile" not in picture.info

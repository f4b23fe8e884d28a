import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshot.errors import BadFrame
from snapshot.frames import check_frame, develop, estimate_bytes, estimate_file_bytes, fit_memory
from snapshot.plan import Shot
from snapshot.settings import Settings
from tests.snapshot.pictures import decode, encode, noise

KEY = "videos/a.mp4"


def shot(width_px=0, height_px=0, format="jpg"):
    return Shot(1500, width_px, height_px, format, "exactframe", "auto")


def made(**values):
    return Settings.from_environment({f"SNAPSHOT_{name.upper()}": value for name, value in values.items()})


def developed(body, planned=None, *, render_thumbnails=True, **values):
    planned = planned or shot()
    header = check_frame(body, planned, key=KEY)
    return develop(header, planned, made(**values), key=KEY, render_thumbnails=render_thumbnails)


def picture(width, height, format="jpg"):
    return encode(noise(width, height), format)


@pytest.mark.parametrize("format", ["jpg", "png"])
def test_byte_for_byte(format):
    """A picture that is what was asked for becomes a thumbnail byte for byte."""
    body = picture(64, 36, format)
    result = developed(body, shot(format=format), format=format)
    assert [(thumbnail.body, thumbnail.width_px, thumbnail.height_px) for thumbnail in result.thumbnails] == [
        (body, 64, 36)
    ]
    assert (result.at_ms, result.width_px, result.height_px) == (1500, 64, 36)


@pytest.mark.parametrize(
    ("planned", "size"),
    [
        (shot(), (64, 36)),
        (shot(), (36, 64)),
        (shot(), (50, 40)),
        (shot(width_px=32), (32, 18)),
        (shot(width_px=32), (32, 57)),
        (shot(height_px=18), (32, 18)),
        (shot(width_px=640), (64, 36)),
        (shot(width_px=32), (50, 40)),
        (shot(width_px=32), (1920, 1080)),
    ],
    ids=[
        "its own size",
        "turned upright",
        "a size that media info does not know",
        "the width asked for",
        "the width asked for, upright",
        "the height asked for",
        "smaller than asked for",
        "another stream's size",
        "the video's own size",
    ],
)
def test_size_is_not_held_against_it(planned, size):
    """A picture is never thrown away for a size that nobody expected."""
    assert (developed(picture(*size), planned).width_px, developed(picture(*size), planned).height_px) == size


@pytest.mark.parametrize(
    ("body", "planned", "reason"),
    [
        (picture(64, 36, "png"), shot(), "a picture in png where jpg was asked for"),
        (picture(64, 36), shot(format="png"), "a picture in jpg where png was asked for"),
        (picture(64, 36, "gif"), shot(), "neither JPEG nor PNG"),
        (b"", shot(), "0 bytes that are neither JPEG nor PNG"),
        (b"<Error/>", shot(), "8 bytes that are neither JPEG nor PNG"),
    ],
    ids=["png for jpg", "jpg for png", "gif", "empty", "xml"],
)
def test_not_a_picture(body, planned, reason):
    """A file that is no picture in the requested format is refused, and the message names it."""
    with pytest.raises(BadFrame, match=reason) as raised:
        developed(body, planned)
    assert (raised.value.key, raised.value.code) == (KEY, "BadFrame")


@pytest.mark.parametrize("format", ["jpg", "png"])
def test_cut_off(format):
    """A picture that was cut off is refused."""
    complete = picture(64, 36, format)
    with pytest.raises(BadFrame):
        developed(complete[: len(complete) // 2], shot(format=format))


def png_claiming(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("side", [10_000, 20_000, 60_000], ids=["beyond", "far beyond", "absurd"])
def test_bomb(side):
    """A picture beyond what is safe to decode is refused by its header."""
    with pytest.raises(BadFrame, match="beyond what is safe to decode"):
        check_frame(png_claiming(side, side), shot(format="png"), key=KEY)


def test_far_larger_than_asked_for():
    """Where a size was asked for, a picture far beyond the API's limits is refused by its header."""
    with pytest.raises(BadFrame, match="5000x5000 where 320x0 was asked for"):
        check_frame(png_claiming(5000, 5000), shot(width_px=320, format="png"), key=KEY)


def test_only_measured():
    """A picture that is only measured is not rendered."""
    result = developed(picture(64, 36), render_thumbnails=False)
    assert result.thumbnails == ()
    assert result.stats.luma > 0


def test_every_size_and_format():
    """Every size in every format comes of one picture, the largest first."""
    result = developed(picture(64, 36), sizes="16x0,0x0,32x0", format="jpg,webp")
    assert [(thumbnail.width_px, thumbnail.format) for thumbnail in result.thumbnails] == [
        (width, file_format) for width in (64, 32, 16) for file_format in ("jpg", "webp")
    ]
    for thumbnail in result.thumbnails:
        assert decode(thumbnail.body).size == (thumbnail.width_px, thumbnail.height_px)


def test_memory_is_estimated():
    """The estimate covers at least the decoded picture where it is rendered whole."""
    header = check_frame(picture(640, 360, "png"), shot(format="png"), key=KEY)
    assert estimate_bytes(header.width_px, header.height_px, header.format, made(format="webp")) >= 640 * 360 * 3


SEEDS = {"jpg": picture(20, 10), "png": picture(20, 10, "png")}


@given(
    st.sampled_from(["jpg", "png"]),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=6),
    st.integers(0, 2000),
)
@settings(max_examples=200)
def test_damage(format, damage, length):
    """Whatever is damaged in a picture, it is developed or refused."""
    body = bytearray(SEEDS[format])
    for place, value in damage:
        body[place % len(body)] = value
    try:
        result = developed(bytes(body[:length]), shot(format=format))
    except BadFrame:
        return
    assert result.thumbnails


@pytest.mark.parametrize("free_mb", [1000, 60, 20])
@pytest.mark.parametrize(("width_px", "height_px"), [(3840, 2160), (2160, 3840), (320, 180)])
def test_fits_memory(width_px, height_px, free_mb):
    """A shot is asked for as large as the free memory allows for its file and its rendering, at least 320 pixels."""
    settings, free_bytes = made(format="webp"), free_mb * 2**20
    fitted = fit_memory(shot(format="png"), width_px, height_px, settings, free_bytes=free_bytes)
    if free_mb == 1000 or max(width_px, height_px) == 320:
        assert fitted == shot(format="png")
        return
    side = max(fitted.width_px, fitted.height_px)
    assert bool(fitted.width_px) == (width_px > height_px)
    assert min(fitted.width_px, fitted.height_px) == 0

    def needed(longer):
        across, down = round(width_px * longer / 3840), round(height_px * longer / 3840)
        return estimate_bytes(across, down, "png", settings) + estimate_file_bytes(across * down, "png")

    assert side == 320 or needed(side) <= free_bytes < needed(side * 1.06)


def test_fitted_side_can_be_asked_for():
    """A video beyond the API's sides that does not fit is asked for with a side that the API takes."""
    fitted = fit_memory(shot(), 7680, 4320, made(sizes="0x0,1280x0,320x0"), free_bytes=60 * 2**20)
    assert (fitted.width_px, fitted.height_px) == (4096, 0)

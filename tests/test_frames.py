import struct
import warnings
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from snapshot.errors import BadFrame, CloudRefused, CloudUnavailable
from snapshot.frames import Frame, MediaInfo, capture
from snapshot.plan import Missed, Shot
from tests.pictures import encode, noise

KEY = "videos/a.mp4"
FILM = MediaInfo(12_000, 64, 36, "h264", has_picture=True)
UNKNOWN = MediaInfo(None, None, None, None, has_picture=True)


def shot(width_px=0, height_px=0, format="jpg"):
    return Shot(1500, width_px, height_px, format, "exactframe", "auto")


class Camera:
    """Gives one answer; an exception is raised."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    def snapshot(self, key, **how):
        self.asked.append((key, how))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def shoot(answer, taken=None, media=FILM):
    return capture(Camera(answer), KEY, taken or shot(), media)


def failed(kind, code="InvalidArgument", **facts):
    return kind("so it said", operation="GetSnapshot", key=KEY, code=code, **facts)


def picture(width, height, format="jpg"):
    return encode(noise(width, height), format)


@pytest.mark.parametrize("format", ["jpg", "png"])
def test_a_picture_that_is_what_was_asked_for_is_a_frame_byte_for_byte(format):
    body = picture(64, 36, format)
    assert shoot(body, shot(format=format)) == Frame(1500, body, 64, 36, format)


def test_everything_that_was_planned_reaches_the_camera():
    camera = Camera(picture(32, 18, "png"))
    capture(camera, KEY, Shot(1500, 32, 0, "png", "keyframe", "off"), FILM)
    how = {"at_ms": 1500, "width_px": 32, "height_px": 0, "format": "png", "mode": "keyframe", "rotate": "off"}
    assert camera.asked == [(KEY, how)]


@pytest.mark.parametrize(
    ("taken", "size"),
    [
        (shot(), (64, 36)),
        (shot(), (36, 64)),
        (shot(), (96, 36)),
        (shot(width_px=32), (32, 18)),
        (shot(width_px=32), (32, 57)),
        (shot(height_px=18), (32, 18)),
        (shot(width_px=640), (64, 36)),
        (shot(height_px=640), (36, 64)),
    ],
    ids=[
        "its own size",
        "turned upright",
        "pixels that are not square",
        "the width asked for",
        "the width asked for, upright",
        "the height asked for",
        "its own size where more was asked for",
        "its own size upright where more was asked for",
    ],
)
def test_a_picture_measures_what_was_asked_for_or_the_films_own(taken, size):
    assert isinstance(shoot(picture(*size), taken), Frame)


@pytest.mark.parametrize("media", [UNKNOWN, MediaInfo(1, 0, 0, None, has_picture=True)], ids=["unknown", "zero"])
def test_where_the_own_size_is_not_known_any_own_size_is_taken(media):
    assert isinstance(shoot(picture(50, 40), shot(), media), Frame)


@pytest.mark.parametrize(
    ("body", "taken", "media", "said"),
    [
        (picture(50, 40), shot(), FILM, "a picture of 50x40 where the video's own 64x36 was asked for"),
        (picture(50, 40), shot(width_px=32), FILM, "a picture of 50x40 where 32x0 was asked for"),
        (picture(50, 40), shot(height_px=18), FILM, "a picture of 50x40 where 0x18 was asked for"),
        (picture(50, 40), shot(width_px=32), UNKNOWN, "a picture of 50x40 where 32x0 was asked for"),
        (picture(64, 36, "png"), shot(), FILM, "a picture in PNG where jpg was asked for"),
        (picture(64, 36), shot(format="png"), FILM, "a picture in JPEG where png was asked for"),
        (picture(64, 36, "gif"), shot(), FILM, "a picture in GIF where jpg was asked for"),
        (b"", shot(), FILM, "0 bytes that do not decode as a picture"),
        (b"<Error/>", shot(), FILM, "8 bytes that do not decode as a picture"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 96, shot(), FILM, "100 bytes that do not decode as a picture"),
    ],
    ids=[
        "not the own size",
        "not the width",
        "not the height",
        "not the width of an unknown film",
        "png for jpg",
        "jpg for png",
        "gif",
        "empty",
        "xml",
        "only the first bytes",
    ],
)
def test_what_is_not_what_was_asked_for_is_missed_and_the_message_tells(body, taken, media, said):
    assert shoot(body, taken, media) == Missed(1500, "BadFrame", said)


@pytest.mark.parametrize("format", ["jpg", "png"])
def test_a_picture_that_was_cut_off_is_missed(format):
    whole = picture(64, 36, format)
    outcome = shoot(whole[: len(whole) // 2], shot(format=format))
    assert outcome == Missed(1500, "BadFrame", f"{len(whole) // 2} bytes that do not decode as a picture")


def png_claiming(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("side", [10_000, 20_000, 60_000], ids=["beyond", "far beyond", "absurd"])
def test_a_bomb_is_missed_before_it_is_decoded(side):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as where the function runs: a warning of Pillow's stops nothing there
        outcome = shoot(png_claiming(side, side), shot(format="png"), MediaInfo(1, side, side, None, has_picture=True))
    assert (outcome.at_ms, outcome.code) == (1500, "BadFrame")
    assert "beyond what is safe to decode" in outcome.message


def test_a_bomb_is_missed_where_warnings_are_errors_too():
    outcome = shoot(png_claiming(10_000, 10_000), shot(format="png"))
    assert outcome == Missed(1500, "BadFrame", "a picture beyond what is safe to decode")


def test_pillows_own_limit_stays_on():
    assert Image.MAX_IMAGE_PIXELS == 1024 * 1024 * 1024 // 4 // 3


def test_a_refusal_about_the_video_is_missed_with_its_code():
    assert shoot(failed(CloudRefused, status=400)) == Missed(1500, "InvalidArgument", "so it said")


def test_an_answer_that_was_no_picture_is_missed_with_its_reason():
    assert shoot(failed(BadFrame, code="BadFrame")) == Missed(1500, "BadFrame", "so it said")


@pytest.mark.parametrize(
    "error",
    [
        failed(CloudRefused, code="MediaBucketUnBinded", status=400, about_setup=True),
        failed(CloudUnavailable, code="SlowDown", status=429),
    ],
    ids=["the set-up is to blame", "it may be had later"],
)
def test_what_the_video_is_not_to_blame_for_comes_through(error):
    with pytest.raises(type(error)) as caught:
        shoot(error)
    assert caught.value is error


def test_a_defect_is_not_taken_for_a_bad_frame():
    with pytest.raises(ZeroDivisionError):
        shoot(ZeroDivisionError())


SEEDS = {"jpg": picture(20, 10), "png": picture(20, 10, "png")}


@given(
    st.sampled_from(["jpg", "png"]),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=6),
    st.integers(0, 2000),
)
@settings(derandomize=True, max_examples=200, deadline=None)
def test_whatever_is_damaged_in_a_picture_the_outcome_is_a_value(format, damage, length):
    body = bytearray(SEEDS[format])
    for place, value in damage:
        body[place % len(body)] = value
    outcome = shoot(bytes(body[:length]), shot(format=format), MediaInfo(1, 20, 10, None, has_picture=True))
    assert isinstance(outcome, Frame) or outcome.code == "BadFrame"

"""The values that steps hand to each other, and that importing them is cheap."""

import subprocess
import sys
from fractions import Fraction

import pytest

from snapshot.media import MediaInfo, Size, VideoStream


def test_size():
    """A size is written as the settings have it."""
    assert str(Size(640, 0)) == "640x0"


@pytest.mark.parametrize(("degrees", "size"), [(0, (1920, 1080)), (90, (1080, 1920)), (180, (1920, 1080))])
def test_shown_size(degrees, size):
    """The size of a video is the one that is shown."""
    info = MediaInfo(1000, (VideoStream(0, 1920, 1080, "h264", rotation_degrees=degrees),))
    assert (info.width_px, info.height_px) == size


@pytest.mark.parametrize(
    ("degrees", "pixel_aspect", "size"),
    [(0, Fraction(8), (5120, 360)), (0, Fraction(1, 10), (64, 360)), (90, Fraction(16, 11), (360, 931))],
)
def test_pixels_that_are_not_square(degrees, pixel_aspect, size):
    """The size shown is in square pixels: the height stays, the width follows, then the video is turned."""
    stream = VideoStream(0, 640, 360, "h264", rotation_degrees=degrees, pixel_aspect=pixel_aspect)
    assert stream.shown_size == size


@pytest.mark.parametrize(
    ("codecs", "shown"),
    [
        (["mpeg4", "h264"], "h264"),
        (["prores", "mpeg4", "HEVC"], "HEVC"),
        (["h264", "hevc"], "h264"),
        (["mpeg4", None], None),
        (["mpeg4", "prores"], "mpeg4"),
    ],
)
def test_stream_shown(codecs, shown):
    """A stream whose codec is documented is the one that is shown, wherever it stands; otherwise the first."""
    cover = VideoStream(0, 300, 300, "h264", is_cover=True)
    videos = (cover, *(VideoStream(place, 64, 36, codec) for place, codec in enumerate(codecs, 1)))
    assert MediaInfo(1000, videos).codec == shown


def test_no_picture():
    """Without a stream of pictures there is no size and no codec, and a cover is not one."""
    for videos in [(), (VideoStream(0, 300, 300, "mjpeg", is_cover=True),)]:
        info = MediaInfo(1000, videos)
        assert (info.main, info.has_picture) == (None, False)
        assert (info.width_px, info.height_px, info.codec) == (None, None, None)


def test_imports():
    """Values, errors and the meaning of responses need neither Pillow nor pydantic: they come while a call waits."""
    program = (
        "import sys, snapshot.media, snapshot.errors, snapshot.tencent.responses, snapshot.tencent.media_info; "
        "sys.exit(bool({'PIL', 'pydantic'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)

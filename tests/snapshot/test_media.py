"""The values that steps hand to each other, and that importing them is cheap."""

import subprocess
import sys

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

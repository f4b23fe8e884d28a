from studio.page import Failure
from studio.report import failure_lines, video_lines
from tests.studio.conftest import result_of


def test_rows():
    """Each thumbnail has a row with its key last, then come the poster's reason and the cost."""
    lines = list(video_lines(result_of(times=(1000, 61_000))))
    assert lines[0] == "videos/film.mp4, 0:12.000, 640x360, h264, 990,000 bytes"
    assert lines[3].split() == [
        "1:01.000",
        "640x360",
        "48,211",
        "thumbnails/videos/film.mp4/5d41402a/000061000-640x0.jpg",
    ]
    assert lines[-2:] == ["  poster: the least flat", "  cost: 0.000045 USD at list price"]


def test_one_reason_for_many():
    """A reason that many moments share is printed once."""
    reason = {"code": "ResourceNotSupported", "message": "mpeg4 is not supported"}
    missed = [{"at_ms": 1000 * number, **reason} for number in range(6)] + [
        {"at_ms": None, "code": "A", "message": "b"}
    ]
    lines = [line for line in video_lines(result_of(missed=missed)) if "missed" in line]
    assert lines == [
        "  missed 0:00.000, 0:01.000, 0:02.000, 0:03.000 and 2 more  ResourceNotSupported: mpeg4 is not supported",
        "  missed  A: b",
    ]


def test_control_characters():
    """Letters that a terminal obeys are printed as escapes."""
    assert list(failure_lines(Failure("a\x1b[2J.mp4", "b\x07\nc"))) == [
        "a\\x1b[2J.mp4: no manifest. failed: b\\x07",
        "  c",
    ]

"""A snapshot's frame, its size and its orientation; what it costs; and what is refused."""

import io
import shutil
import subprocess
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from emulator.ci.service import SnapshotRequest, answer_media_info, answer_snapshot
from emulator.errors import ServiceError
from emulator.films.corpus import PLAIN, grid, spoilt, write
from emulator.films.film import paint_frame, read_stripes
from tests.emulator.ci.shelf import shelved


class Counting(io.FileIO):
    """A stored object that remembers how much of it was read, and how far in."""

    def __init__(self, path):
        super().__init__(path, "rb")
        self.read_bytes = 0
        self.lowest = None

    def read(self, size=-1):
        at = self.tell()
        self.lowest = at if self.lowest is None else min(at, self.lowest)
        data = super().read(size)
        self.read_bytes += len(data)
        return data


def take(path, at_s=0, **fields):
    with Path(path).open("rb") as stream:
        picture = answer_snapshot(SnapshotRequest(Fraction(at_s), **{"format": "png", **fields}), stream)
    return Image.open(io.BytesIO(picture.body))


def refused(path, at_s=0, **fields):
    with pytest.raises(ServiceError) as raised:
        take(path, at_s, **fields)
    assert (raised.value.status, raised.value.service) == (400, "ci")
    return raised.value.code, raised.value.message


@pytest.fixture(scope="session")
def film_path(tmp_path_factory):
    return partial(shelved, tmp_path_factory.mktemp("films"))


# which moments there are


def test_frame_times(film_path):
    """A frame is shown from its own time until the next one's."""
    path = film_path("h264-b-frames.mp4")
    tick = Fraction(1, 10**9)
    assert read_stripes(take(path, Fraction("0.4"))) == 400
    assert read_stripes(take(path, Fraction("0.4") - tick)) == 360
    assert read_stripes(take(path, Fraction("0.44") - tick)) == 400


def test_last_frame(film_path):
    """The last frame is shown until its duration is over."""
    path = film_path("h264-b-frames.mp4")
    assert read_stripes(take(path, Fraction("1.999"))) == 1960
    for mode in ("exactframe", "keyframe"):
        code, message = refused(path, 2, mode=mode)
        assert (code, message) == ("InvalidArgument", "The parameter time is at or past the film's end.")


@pytest.mark.parametrize(
    "name", ["h264.mkv", "h264.ts", "h264.flv", "vp9.webm", "h264-plain.avi", "h264-in-fragments.mp4"]
)
@pytest.mark.parametrize("at_s", [2, 3, 86_400, 999_999_999_999])
def test_past_the_end(film_path, name, at_s):
    """A time at or past the end is refused in every container."""
    assert refused(film_path(name), at_s)[0] == "InvalidArgument"


def test_longer_sound(film_path):
    """Sound that goes on does not make the film longer."""
    assert refused(film_path("h264-with-sound.mp4"), Fraction("2.1"))[0] == "InvalidArgument"


def test_late_start(film_path):
    """Time counts from the first frame, not from the clock's zero."""
    assert read_stripes(take(film_path("starts-late.ts"), Fraction("0.5"))) == 480
    assert read_stripes(take(film_path("starts-late-after-sound.mp4"), Fraction("0.5"))) == 480


def test_short_film(film_path):
    """A short film has no first second."""
    assert refused(film_path("two-tenths-of-a-second.mp4"), 1)[0] == "InvalidArgument"
    assert read_stripes(take(film_path("two-tenths-of-a-second.mp4"), Fraction("0.19"))) == 160


def test_keyframe_mode(film_path):
    """Keyframe mode gives the key frame at or before the time."""
    path = film_path("h264-plain.mp4")
    first_pixels = [
        read_stripes(take(path, Fraction(at), mode="keyframe")) for at in ("0", "0.479", "0.48", "0.5", "0.96", "1.9")
    ]
    assert first_pixels == [0, 0, 480, 480, 960, 1920 - 480]


def test_hidden_key_frame(film_path):
    """A key frame that an edit list hides is not captured."""
    code, message = refused(film_path("edit-list-inside-a-group.mp4"), 0, mode="keyframe")
    assert (code, message) == ("InvalidArgument", "The parameter time is before the first key frame.")


# how large, which way up


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(0, 0, (192, 108)), (96, 0, (96, 54)), (0, 54, (96, 54)), (1000, 0, (1000, 562)), (1, 0, (1, 1)),
     (300, 100, (300, 100)), (4096, 0, (4096, 2304)), (0, 1, (2, 1))],
)  # fmt: skip
@pytest.mark.parametrize("form", ["jpg", "png"])
def test_size(film_path, width, height, size, form):
    """The size is the requested one; two sides of 0 are the video's own."""
    picture = take(film_path("h264-plain.mp4"), width_px=width, height_px=height, format=form)
    assert picture.size == size
    if size[0] >= 160:
        assert read_stripes(picture) == 0


@pytest.mark.parametrize(
    ("name", "full_size", "narrow"),
    [
        ("wide-pixels.mp4", (256, 108), (200, 84)),
        ("narrow-pixels.mkv", (284, 108), (200, 76)),
        ("turned-90.mp4", (192, 108), (200, 112)),
        ("turned-180.mov", (192, 108), (200, 112)),
    ],
)
def test_following_side(film_path, name, full_size, narrow):
    """A side that follows keeps the shown aspect."""
    assert take(film_path(name)).size == full_size
    assert take(film_path(name), width_px=200).size == narrow


def test_following_side_out_of_range(film_path):
    """A side that follows out of range is refused."""
    assert "height" in refused(film_path("h264-plain.mp4"), height_px=4096)[1]
    assert take(film_path("h264-plain.mp4"), height_px=2304).size == (4096, 2304)


@pytest.mark.parametrize(
    ("name", "back"),
    [
        ("turned-90.mp4", Image.Transpose.ROTATE_270),
        ("turned-180.mov", Image.Transpose.ROTATE_180),
        ("turned-270.mp4", Image.Transpose.ROTATE_90),
        ("turned-90.mkv", Image.Transpose.ROTATE_270),
        ("mirrored.mp4", Image.Transpose.FLIP_LEFT_RIGHT),
        ("upside-down-mirror.mp4", Image.Transpose.FLIP_TOP_BOTTOM),
        ("turned-and-mirrored.mp4", Image.Transpose.TRANSPOSE),
        ("turned-and-mirrored-back.mp4", Image.Transpose.TRANSVERSE),
    ],
)
def test_rotate(film_path, name, back):
    """A turned film comes upright with auto, and as coded with off."""
    upright, coded = take(film_path(name), 1), take(film_path(name), 1, rotate="off")
    assert read_stripes(upright) == 1000
    assert coded.transpose(back).tobytes() == upright.tobytes()
    assert coded.tobytes() != upright.tobytes()


def test_pictures(film_path):
    """Pictures look like what was painted."""
    original = np.asarray(paint_frame(Fraction(1), size=(192, 108)), dtype=float)
    for name in ("h264-plain.mp4", "full-range.mp4", "bt709.mp4", "ten-bit-h265.mp4", "av1.webm"):
        error = np.abs(np.asarray(take(film_path(name), 1), dtype=float) - original).mean()
        assert error < 6, name


# what is refused


@pytest.fixture(scope="session")
def sound_only(tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "sound.mp4"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("aac", rate=44100, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44100
        film.mux([*stream.encode(frame), *stream.encode(None)])
    return path


def test_no_film(tmp_path):
    """An object that is no film is refused."""
    for number, body in enumerate(
        (b"", b"a", b"not a film\n" * 1000, bytes(100_000), b"\x89PNG\r\n\x1a\n" + bytes(99))
    ):
        path = tmp_path / f"{number}.mp4"
        path.write_bytes(body)
        assert refused(path)[0] == "ResourceNotSupported"


def test_sound_alone(sound_only):
    """A film of sound alone is refused."""
    assert refused(sound_only) == ("ResourceNotSupported", "The object holds no video.")


def test_unlisted_codec(tmp_path):
    """A codec that the documents do not list is refused."""
    write(tmp_path / "film.mp4", codec="mpeg4", times=grid(Fraction(25), Fraction(1, 5)), clock=Fraction(1, 25))
    code, message = refused(tmp_path / "film.mp4")
    assert code == "ResourceNotSupported"
    assert "codec" in message


def test_playlist(tmp_path, film_path):
    """A list of other files is not followed."""
    film = film_path("h264.ts")
    for text in (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{film}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile '{film}'\n",
    ):
        path = tmp_path / "list.mp4"
        path.write_text(text)
        assert refused(path)[0] == "ResourceNotSupported"


def test_truncated_film(tmp_path, film_path):
    """A film cut off before its index is refused, one cut off after it is read as far as it goes."""
    last, first = film_path("h264-plain.mp4").read_bytes(), film_path("h264-moov-first.mp4").read_bytes()
    (tmp_path / "last.mp4").write_bytes(last[: len(last) // 2])
    (tmp_path / "first.mp4").write_bytes(first[: len(first) // 2])
    assert refused(tmp_path / "last.mp4")[0] == "ResourceNotSupported"
    assert read_stripes(take(tmp_path / "first.mp4", Fraction("0.4"))) == 400
    assert refused(tmp_path / "first.mp4", Fraction("1.9"))[0] == "InvalidArgument"


def test_cover_picture(tmp_path, film_path):
    """A cover picture is not the film."""
    if not shutil.which("ffmpeg"):
        pytest.skip("the cover is put in by the ffmpeg program: install ffmpeg")
    cover, path = tmp_path / "cover.png", tmp_path / "film.mp4"
    Image.new("RGB", (600, 600), "red").save(cover)
    sources = ["-i", cover, "-i", film_path("h264-plain.mp4"), "-map", "0", "-map", "1"]
    subprocess.run(
        ["ffmpeg", "-v", "error", *sources, "-c", "copy", "-disposition:v:0", "attached_pic", path], check=True
    )
    assert read_stripes(take(path, 1)) == 1000


@pytest.mark.parametrize("mode", ["exactframe", "keyframe"])
@pytest.mark.parametrize("intact", [0, 20], ids=["all", "all but the first second"])
def test_corrupt_frames(tmp_path, mode, intact):
    """A film whose frames are garbage is refused without trying them all."""
    path = tmp_path / "film.mp4"
    write(path, times=grid(Fraction(25), Fraction(8)), gop=5, options=PLAIN)
    body = bytearray(path.read_bytes())
    with av.open(str(path)) as film:
        for packet in list(film.demux(video=0))[intact:-1]:
            body[packet.pos + 5 : packet.pos + packet.size] = bytes(packet.size - 5)  # the slice's kind is left
    path.write_bytes(body)
    with Counting(path) as stream, pytest.raises(ServiceError, match="holds no frame that can be decoded"):
        answer_snapshot(SnapshotRequest(Fraction(7), mode=mode), stream)
    assert stream.read_bytes < 8 * len(body)


# what it costs


@pytest.fixture(scope="session")
def long_film(tmp_path_factory):
    """A film of four minutes, of which a snapshot has to read and decode next to nothing."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    write(path, times=grid(Fraction(10), Fraction(240)), gop=20, options={**PLAIN, "crf": "30"}, clock=Fraction(1, 10))
    return path


@pytest.mark.parametrize("mode", ["exactframe", "keyframe"])
def test_reads_around_the_time(long_film, mode):
    """A snapshot reads the object in place, and only around the time."""
    with Counting(long_film) as stream:
        answer_snapshot(SnapshotRequest(Fraction(120), mode=mode), stream)
        assert 0 < stream.read_bytes < long_film.stat().st_size / 2
        assert not stream.closed, "closing the object is the caller's"


def test_late_time_costs_no_more(long_film):
    """A late time costs no more reading than an early one."""

    def cost(at_s):
        with Counting(long_film) as stream:
            answer_snapshot(SnapshotRequest(Fraction(at_s)), stream)
            return stream.read_bytes

    assert cost(230) < 1.5 * cost(20)


def test_stream_position(film_path):
    """The stream may have been read before."""
    with film_path("h264-plain.mp4").open("rb") as stream:
        stream.read()
        answer_snapshot(SnapshotRequest(Fraction(0)), stream)
        answer_media_info(stream, 1)
        answer_snapshot(SnapshotRequest(Fraction(1)), stream)


def test_parallel_snapshots(film_path):
    """Many snapshots at once are each the right one."""
    names = ("h264-b-frames.mp4", "h265.mkv", "vp9.webm", "av1.mp4", "h264.ts", "h264-b-frames.avi")
    paths = [film_path(name) for name in names]
    barrier = threading.Barrier(4)

    def check(number):
        barrier.wait()
        at_ms = number * 40 % 2000
        return at_ms, read_stripes(take(paths[number % len(paths)], Fraction(at_ms, 1000)))

    with ThreadPoolExecutor(4) as pool:
        assert all(actual == expected for expected, actual in pool.map(check, range(96)))


# whatever the bytes are

HEADS = [
    *(b"", b"\x00\x00\x00\x20ftypisom", b"\x1aE\xdf\xa3", b"FLV\x01"),
    *(b"RIFF\x00\x00\x00\x00AVI LIST", b"G" + bytes(187)),
]


@pytest.mark.parametrize(
    "name",
    ["h264-b-frames.mp4", "h265.mkv", "vp9.webm", "h264.ts", "h264.flv", "h264-b-frames.avi", "av1.mp4", "pq.mp4"],
)
def test_broken_film(film_path, name):
    """A broken film gives a picture or a refusal."""
    came = Counter()
    for body in spoilt(film_path(name).read_bytes(), seed=3, count=40):
        for at_s in (Fraction(0), Fraction(1)):
            came[outcome(answer_snapshot, SnapshotRequest(at_s), io.BytesIO(body))] += 1
        assert outcome(answer_media_info, io.BytesIO(body), len(body)) in (b"<?xml", 400)
    assert came[JPEG_HEAD], "spoiling spares some"
    assert came[400], "spoiling strikes some"
    assert set(came) == {JPEG_HEAD, 400}


JPEG_HEAD = b"\xff\xd8\xff\xe0\x00"


def outcome(answer, *arguments):
    """Give the first bytes of an answer, or the status of its refusal; anything else ends the test."""
    try:
        result = answer(*arguments)
        return (result if isinstance(result, bytes) else result.body)[:5]
    except ServiceError as refusal:
        return refusal.status


@settings(max_examples=100)
@given(st.binary(max_size=2000), st.sampled_from(HEADS))
def test_arbitrary_bytes(tail, head):
    """Bytes that are no film are refused whatever they begin with."""
    with pytest.raises(ServiceError):
        answer_snapshot(SnapshotRequest(Fraction(0)), io.BytesIO(head * 3 + tail))


def test_no_memory_leak(film_path):
    """Broken films leave no memory behind."""
    film = film_path("h264-b-frames.mp4").read_bytes()

    def strain(seed):
        for body in spoilt(film, seed, 60):
            try:
                answer_snapshot(SnapshotRequest(Fraction(1)), io.BytesIO(body))
            except ServiceError:
                continue

    strain(1)
    strain(2)
    before = psutil.Process().memory_info().rss
    for seed in range(3, 7):
        strain(seed)
    assert psutil.Process().memory_info().rss - before < 24 * 2**20

"""What a snapshot is taken of, how large it is and which way up; what it costs; and what is refused."""

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

from emulator.ci.api import SnapshotRequest, answer_media_info, answer_snapshot
from emulator.film import paint_frame, read_stripes
from emulator.refusal import Refusal
from tests.emulator.films import PLAIN, grid, shelved, spoilt, write


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


def take(path, at_s=0, **how):
    with Path(path).open("rb") as stream:
        picture = answer_snapshot(SnapshotRequest(Fraction(at_s), **{"format": "png", **how}), stream)
    return Image.open(io.BytesIO(picture.body))


def refused(path, at_s=0, **how):
    with pytest.raises(Refusal) as caught:
        take(path, at_s, **how)
    assert (caught.value.status, caught.value.service) == (400, "ci")
    return caught.value.code, caught.value.message


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    return partial(shelved, tmp_path_factory.mktemp("films"))


# which moments there are


def test_a_frame_is_shown_from_its_own_time_until_the_next_ones(made):
    path = made("h264-b-frames.mp4")
    tick = Fraction(1, 10**9)
    assert read_stripes(take(path, Fraction("0.4"))) == 400
    assert read_stripes(take(path, Fraction("0.4") - tick)) == 360
    assert read_stripes(take(path, Fraction("0.44") - tick)) == 400


def test_the_last_frame_is_shown_until_its_duration_is_over(made):
    path = made("h264-b-frames.mp4")
    assert read_stripes(take(path, Fraction("1.999"))) == 1960
    for mode in ("exactframe", "keyframe"):
        code, message = refused(path, 2, mode=mode)
        assert (code, message) == ("InvalidArgument", "The parameter time is at or past the film's end.")


@pytest.mark.parametrize(
    "name", ["h264.mkv", "h264.ts", "h264.flv", "vp9.webm", "h264-plain.avi", "h264-in-fragments.mp4"]
)
@pytest.mark.parametrize("at_s", [2, 3, 86_400, 999_999_999_999])
def test_a_moment_at_or_past_the_end_is_refused_in_every_container(made, name, at_s):
    assert refused(made(name), at_s)[0] == "InvalidArgument"


def test_sound_that_goes_on_does_not_make_the_film_longer(made):
    assert refused(made("h264-with-sound.mp4"), Fraction("2.1"))[0] == "InvalidArgument"


def test_time_counts_from_the_first_frame_not_from_the_clocks_zero(made):
    assert read_stripes(take(made("starts-late.ts"), Fraction("0.5"))) == 480
    assert read_stripes(take(made("starts-late-after-sound.mp4"), Fraction("0.5"))) == 480


def test_a_short_film_has_no_first_second(made):
    assert refused(made("two-tenths-of-a-second.mp4"), 1)[0] == "InvalidArgument"
    assert read_stripes(take(made("two-tenths-of-a-second.mp4"), Fraction("0.19"))) == 160


def test_key_frame_mode_gives_the_key_frame_at_or_before(made):
    path = made("h264-plain.mp4")
    found = [
        read_stripes(take(path, Fraction(at), mode="keyframe")) for at in ("0", "0.479", "0.48", "0.5", "0.96", "1.9")
    ]
    assert found == [0, 0, 480, 480, 960, 1920 - 480]


def test_a_key_frame_that_an_edit_list_hides_is_not_captured(made):
    code, message = refused(made("edit-list-inside-a-group.mp4"), 0, mode="keyframe")
    assert (code, message) == ("InvalidArgument", "The parameter time is before the first key frame.")


# how large, which way up


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(0, 0, (192, 108)), (96, 0, (96, 54)), (0, 54, (96, 54)), (1000, 0, (1000, 562)), (1, 0, (1, 1)),
     (300, 100, (300, 100)), (4096, 0, (4096, 2304)), (0, 1, (2, 1))],
)  # fmt: skip
@pytest.mark.parametrize("form", ["jpg", "png"])
def test_the_size_is_the_one_asked_for(made, width, height, size, form):
    picture = take(made("h264-plain.mp4"), width_px=width, height_px=height, format=form)
    assert picture.size == size
    if size[0] >= 160:
        assert read_stripes(picture) == 0


@pytest.mark.parametrize(
    ("name", "own", "narrow"),
    [
        ("wide-pixels.mp4", (256, 108), (200, 84)),
        ("narrow-pixels.mkv", (284, 108), (200, 76)),
        ("turned-90.mp4", (192, 108), (200, 112)),
        ("turned-180.mov", (192, 108), (200, 112)),
    ],
)
def test_a_side_that_follows_follows_the_shown_aspect(made, name, own, narrow):
    assert take(made(name)).size == own
    assert take(made(name), width_px=200).size == narrow


def test_a_side_that_follows_out_of_range_is_refused(made):
    assert "height" in refused(made("h264-plain.mp4"), height_px=4096)[1]
    assert take(made("h264-plain.mp4"), height_px=2304).size == (4096, 2304)


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
def test_a_turned_film_comes_upright_with_auto_and_as_coded_with_off(made, name, back):
    upright, coded = take(made(name), 1), take(made(name), 1, rotate="off")
    assert read_stripes(upright) == 1000
    assert coded.transpose(back).tobytes() == upright.tobytes()
    assert coded.tobytes() != upright.tobytes()


def test_pictures_look_like_what_was_painted(made):
    original = np.asarray(paint_frame(Fraction(1), size=(192, 108)), dtype=float)
    for name in ("h264-plain.mp4", "full-range.mp4", "bt709.mp4", "ten-bit-h265.mp4", "av1.webm"):
        error = np.abs(np.asarray(take(made(name), 1), dtype=float) - original).mean()
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


def test_an_object_that_is_no_film_is_refused(tmp_path):
    for number, body in enumerate(
        (b"", b"a", b"not a film\n" * 1000, bytes(100_000), b"\x89PNG\r\n\x1a\n" + bytes(99))
    ):
        path = tmp_path / f"{number}.mp4"
        path.write_bytes(body)
        assert refused(path)[0] == "ResourceNotSupported"


def test_a_film_of_sound_alone_is_refused(sound_only):
    assert refused(sound_only) == ("ResourceNotSupported", "The object holds no video.")


def test_a_codec_that_the_documents_do_not_list_is_refused(tmp_path):
    write(tmp_path / "film.mp4", codec="mpeg4", times=grid(Fraction(25), Fraction(1, 5)), clock=Fraction(1, 25))
    code, message = refused(tmp_path / "film.mp4")
    assert code == "ResourceNotSupported"
    assert "codec" in message


def test_a_list_of_other_files_is_not_followed(tmp_path, made):
    film = made("h264.ts")
    for text in (
        f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{film}\n#EXT-X-ENDLIST\n",
        f"ffconcat version 1.0\nfile '{film}'\n",
    ):
        path = tmp_path / "list.mp4"
        path.write_text(text)
        assert refused(path)[0] == "ResourceNotSupported"


def test_a_film_cut_off_before_its_index_is_refused_and_one_after_it_is_read_as_far_as_it_goes(tmp_path, made):
    last, first = made("h264-plain.mp4").read_bytes(), made("h264-moov-first.mp4").read_bytes()
    (tmp_path / "last.mp4").write_bytes(last[: len(last) // 2])
    (tmp_path / "first.mp4").write_bytes(first[: len(first) // 2])
    assert refused(tmp_path / "last.mp4")[0] == "ResourceNotSupported"
    assert read_stripes(take(tmp_path / "first.mp4", Fraction("0.4"))) == 400
    assert refused(tmp_path / "first.mp4", Fraction("1.9"))[0] == "InvalidArgument"


def test_a_cover_picture_is_not_the_film(tmp_path, made):
    if not shutil.which("ffmpeg"):
        pytest.skip("the cover is put in by the ffmpeg program: install ffmpeg")
    cover, path = tmp_path / "cover.png", tmp_path / "film.mp4"
    Image.new("RGB", (600, 600), "red").save(cover)
    sources = ["-i", cover, "-i", made("h264-plain.mp4"), "-map", "0", "-map", "1"]
    subprocess.run(
        ["ffmpeg", "-v", "error", *sources, "-c", "copy", "-disposition:v:0", "attached_pic", path], check=True
    )
    assert read_stripes(take(path, 1)) == 1000


@pytest.mark.parametrize("mode", ["exactframe", "keyframe"])
@pytest.mark.parametrize("whole", [0, 20], ids=["all", "all but the first second"])
def test_a_film_whose_frames_are_garbage_is_refused_without_trying_them_all(tmp_path, mode, whole):
    path = tmp_path / "film.mp4"
    write(path, times=grid(Fraction(25), Fraction(8)), gop=5, options=PLAIN)
    body = bytearray(path.read_bytes())
    with av.open(str(path)) as film:
        for packet in list(film.demux(video=0))[whole:-1]:
            body[packet.pos + 5 : packet.pos + packet.size] = bytes(packet.size - 5)  # the slice's kind is left
    path.write_bytes(body)
    with Counting(path) as stream, pytest.raises(Refusal, match="holds no frame that can be decoded"):
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
def test_a_snapshot_reads_the_object_in_place_and_only_around_the_moment(long_film, mode):
    with Counting(long_film) as stream:
        answer_snapshot(SnapshotRequest(Fraction(120), mode=mode), stream)
        assert 0 < stream.read_bytes < long_film.stat().st_size / 2
        assert not stream.closed, "closing the object is the caller's"


def test_a_late_moment_costs_no_more_reading_than_an_early_one(long_film):
    def cost(at_s):
        with Counting(long_film) as stream:
            answer_snapshot(SnapshotRequest(Fraction(at_s)), stream)
            return stream.read_bytes

    assert cost(230) < 1.5 * cost(20)


def test_the_stream_may_have_been_read_before(made):
    with made("h264-plain.mp4").open("rb") as stream:
        stream.read()
        answer_snapshot(SnapshotRequest(Fraction(0)), stream)
        answer_media_info(stream, 1)
        answer_snapshot(SnapshotRequest(Fraction(1)), stream)


def test_many_snapshots_at_once_are_each_the_right_one(made):
    names = ("h264-b-frames.mp4", "h265.mkv", "vp9.webm", "av1.mp4", "h264.ts", "h264-b-frames.avi")
    paths = [made(name) for name in names]
    together = threading.Barrier(4)

    def check(number):
        together.wait()
        at_ms = number * 40 % 2000
        return at_ms, read_stripes(take(paths[number % len(paths)], Fraction(at_ms, 1000)))

    with ThreadPoolExecutor(4) as pool:
        assert all(found == expected for expected, found in pool.map(check, range(96)))


# whatever the bytes are

HEADS = [
    *(b"", b"\x00\x00\x00\x20ftypisom", b"\x1aE\xdf\xa3", b"FLV\x01"),
    *(b"RIFF\x00\x00\x00\x00AVI LIST", b"G" + bytes(187)),
]


@pytest.mark.parametrize(
    "name",
    ["h264-b-frames.mp4", "h265.mkv", "vp9.webm", "h264.ts", "h264.flv", "h264-b-frames.avi", "av1.mp4", "pq.mp4"],
)
def test_a_spoilt_film_gives_a_picture_or_a_refusal(made, name):
    came = Counter()
    for body in spoilt(made(name).read_bytes(), seed=3, count=40):
        for at_s in (Fraction(0), Fraction(1)):
            came[outcome(answer_snapshot, SnapshotRequest(at_s), io.BytesIO(body))] += 1
        assert outcome(answer_media_info, io.BytesIO(body), len(body)) in (b"<?xml", 400)
    assert came[JPEG_HEAD], "spoiling spares some"
    assert came[400], "spoiling strikes some"
    assert set(came) == {JPEG_HEAD, 400}


JPEG_HEAD = b"\xff\xd8\xff\xe0\x00"


def outcome(answer, *asked):
    """Give the first bytes of an answer, or the status of its refusal; anything else ends the test."""
    try:
        given = answer(*asked)
        return (given if isinstance(given, bytes) else given.body)[:5]
    except Refusal as refusal:
        return refusal.status


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=2000), st.sampled_from(HEADS))
def test_bytes_that_are_no_film_are_refused_whatever_they_begin_with(tail, head):
    with pytest.raises(Refusal):
        answer_snapshot(SnapshotRequest(Fraction(0)), io.BytesIO(head * 3 + tail))


def test_spoilt_films_leave_no_memory_behind(made):
    whole = made("h264-b-frames.mp4").read_bytes()

    def strain(seed):
        for body in spoilt(whole, seed, 60):
            try:
                answer_snapshot(SnapshotRequest(Fraction(1)), io.BytesIO(body))
            except Refusal:
                continue

    strain(1)
    strain(2)
    before = psutil.Process().memory_info().rss
    for seed in range(3, 7):
        strain(seed)
    assert psutil.Process().memory_info().rss - before < 24 * 2**20

"""The film that says which moment each of its frames is."""

import io
from fractions import Fraction

import av
import pytest
from PIL import Image

from emulator.films.film import make_film, paint_frame, read_stripes

SIZE = (320, 180)


@pytest.mark.parametrize("at_ms", [0, 1, 40, 999, 59_999, 3_600_000, (1 << 28) - 1])
def test_stripes(at_ms):
    """Stripes give back the time that was painted."""
    assert read_stripes(paint_frame(Fraction(at_ms, 1000), size=SIZE)) == at_ms


@pytest.mark.parametrize("size", [(160, 90), (161, 97), (90, 160), (640, 360), (400, 100)], ids=str)
@pytest.mark.parametrize("quality", [40, 75, 95])
def test_stripes_survive(size, quality):
    """Stripes survive scaling and compression."""
    if size[0] < 160:
        size = (160, 284)
    body = io.BytesIO()
    paint_frame(Fraction(83, 25), size=(640, 360)).resize(size).save(body, "JPEG", quality=quality)
    assert read_stripes(Image.open(body)) == 3320


def test_no_fading():
    """Stripes do not fade."""
    first = paint_frame(Fraction(0), size=SIZE, fade_in_s=1.5)
    assert read_stripes(first) == 0
    assert max(first.crop((0, 0, 320, 170)).getextrema()) == (0, 0), "the scene itself begins in black"


def test_fade_in():
    """The fade-in ends when it should."""
    inside, over = (paint_frame(Fraction(at), size=SIZE, fade_in_s=2) for at in (Fraction(3, 2), 2))
    assert inside.tobytes() != paint_frame(Fraction(3, 2), size=SIZE).tobytes()
    assert over.tobytes() == paint_frame(Fraction(2), size=SIZE).tobytes()


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("RGB", SIZE, "black"),
        Image.new("RGB", SIZE, "white"),
        Image.effect_noise(SIZE, 90),
        paint_frame(Fraction(1), size=SIZE).rotate(180),
        paint_frame(Fraction(1), size=SIZE).transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        paint_frame(Fraction(1), size=SIZE).crop((0, 0, 320, 170)),
        paint_frame(Fraction(1), size=SIZE).resize((120, 68)),
    ],
    ids=["black", "white", "noise", "upside down", "mirrored", "cut off", "too narrow"],
)
def test_unreadable_stripes(picture):
    """A picture without readable stripes is refused."""
    with pytest.raises(ValueError, match="stripes"):
        read_stripes(picture)


def test_wrong_cell():
    """One wrong cell is noticed."""
    picture = paint_frame(Fraction(1), size=SIZE)
    cell = picture.crop((0, 172, 8, 180))
    for number in range(2, 38):
        changed = picture.copy()
        light = changed.getpixel((number * 8 + 4, 176))[0] > 100
        changed.paste(cell if not light else Image.new("RGB", (8, 8), (20, 24, 34)), (number * 8, 172))
        with pytest.raises(ValueError, match="checksum"):
            read_stripes(changed)


@pytest.mark.parametrize("at_s", [-1, 1 << 20], ids=["before zero", "past the bits"])
def test_times_out_of_range(at_s):
    """A time that stripes cannot carry is refused."""
    with pytest.raises(ValueError, match="stripes carry"):
        paint_frame(Fraction(at_s), size=SIZE)


def test_frames_of_a_film(tmp_path):
    """Every frame of a film reads its own time."""
    path = tmp_path / "film.mp4"
    make_film(path, duration_s=2, fps=Fraction(30000, 1001), size=SIZE, fade_in_s=1, gop=20)
    with av.open(str(path)) as film:
        frames = list(film.decode(video=0))
        assert [read_stripes(frame.to_image()) for frame in frames] == [round(n * 1001 / 30) for n in range(60)]
        assert [n for n, frame in enumerate(frames) if frame.key_frame] == [0, 20, 40]
        assert film.streams.video[0].average_rate == Fraction(30000, 1001)


def test_another_codec(tmp_path):
    """Another codec and container are a matter of two arguments."""
    path = tmp_path / "film.webm"
    make_film(path, duration_s=0.5, size=SIZE, codec="libvpx", options={"deadline": "realtime", "threads": "1"})
    with av.open(str(path)) as film:
        assert film.streams.video[0].codec_context.name == "vp8"
        assert [read_stripes(frame.to_image()) for frame in film.decode(video=0)][-1] == 440


def test_no_frames(tmp_path):
    """A film without frames is refused."""
    with pytest.raises(ValueError, match="no frame"):
        make_film(tmp_path / "film.mp4", duration_s=0.001)

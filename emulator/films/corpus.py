"""The corpus of films that snapshots are taken of in tests, each made on demand by PyAV or the ffmpeg program.

Every frame carries, as stripes, the time since the film's first frame at which it begins. A film is a name and a
recipe, so tests that run side by side each make only what they need; `spoilt` gives the broken ones.
"""

import random
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.stream import VideoStream
from PIL import Image

from emulator.films.film import paint_frame

SIZE = (192, 108)
SIDEWAYS = {
    *(Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270),
    *(Image.Transpose.TRANSPOSE, Image.Transpose.TRANSVERSE),
}
Matrix = tuple[tuple[int, int], tuple[int, int]]  # (x, y) is shown at (a x + c y, b x + d y): ((a, b), (c, d))
Paint = Callable[[Fraction, tuple[int, int]], "av.VideoFrame"]


@dataclass(frozen=True, slots=True)
class Film:
    """One film of the corpus: what it is called, how it is made, and how ffmpeg is told to show it."""

    name: str
    make: Callable[[Path], None]
    filters: str | None = None  # after ffmpeg's own turning; None where nothing is needed
    autorotate: bool = True
    hdr: bool = False

    @property
    def needs_ffmpeg(self) -> bool:
        """Tell whether the ffmpeg program makes this film."""
        return isinstance(self.make, partial) and self.make.func is remade

    @property
    def suffix(self) -> str:
        return "." + self.name.rsplit(".", 1)[1]


def grid(fps: Fraction, seconds: Fraction = Fraction(2), start: Fraction = Fraction(0)) -> tuple[Fraction, ...]:
    """Return the times of frames of a constant rate."""
    return tuple(start + n / fps for n in range(round(seconds * fps)))


def uneven(count: int = 50, seed: int = 7) -> tuple[Fraction, ...]:
    """Return times between 8 and 400 ms apart, on whole milliseconds, always the same."""
    chance = random.Random(seed)
    at, times = 0, []
    for _ in range(count):
        times.append(Fraction(at, 1000))
        at += chance.choice((8, 16, 17, 33, 40, 40, 41, 67, 100, 400))
    return tuple(times)


CFR = grid(Fraction(25))
NTSC, FILM_RATE = Fraction(30000, 1001), Fraction(24000, 1001)


def long_grid(fps: Fraction, hours: int) -> tuple[Fraction, ...]:
    """Return a second of frames at the start and two after some hours, on one grid that never drifts."""
    late = round(hours * 3600 * fps)
    return tuple(n / fps for n in (*range(25), *range(late, late + 50)))


@lru_cache(maxsize=512)
def painted(at: Fraction, size: tuple[int, int]) -> Image.Image:
    return paint_frame(at, size=size)


def plain(at: Fraction, size: tuple[int, int]) -> "av.VideoFrame":
    return av.VideoFrame.from_ndarray(np.asarray(painted(at, size)))


def laid(*turns: Image.Transpose) -> Paint:
    """Return a painter of frames that are coded turned away from upright."""

    def paint(at: Fraction, size: tuple[int, int]) -> "av.VideoFrame":
        sideways = any(turn in SIDEWAYS for turn in turns)
        picture = painted(at, size[::-1] if sideways else size)
        for turn in turns:
            picture = picture.transpose(turn)
        return av.VideoFrame.from_ndarray(np.asarray(picture))

    return paint


def bright(at: Fraction, size: tuple[int, int], *, transfer: str) -> "av.VideoFrame":
    """Paint a frame in high dynamic range: white at 203 nits, the sun's surroundings at up to 900."""
    linear = (np.asarray(painted(at, size), dtype=np.float64) / 255) ** 2.4 * 203
    top = linear[: size[1] // 2]
    linear[: size[1] // 2] = top * np.where(top.min(axis=2, keepdims=True) > 150, 4.4, 1.0)
    to_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
    nits = np.clip(linear @ to_2020.T, 0, 1000)
    if transfer == "pq":
        power = (nits / 10000) ** (2610 / 16384)
        code = ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)
    else:
        luma = nits @ np.array([0.2627, 0.6780, 0.0593])
        scene = nits / 1000 / np.maximum(luma / 1000, 1e-6)[..., None] ** (0.2 / 1.2)
        code = np.where(
            scene <= 1 / 12,
            np.sqrt(3 * scene),
            0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-6)) + 0.55991073,
        )
    y = code @ np.array([0.2627, 0.6780, 0.0593])
    cb, cr = (code[..., 2] - y) / 1.8814, (code[..., 0] - y) / 1.4746
    halves = [c.reshape(size[1] // 2, 2, size[0] // 2, 2).mean(axis=(1, 3)) for c in (cb, cr)]
    frame = av.VideoFrame(*size, "yuv420p10le")
    planes = (64 + 876 * y, *(512 + 896 * centred for centred in halves))
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.zeros((values.shape[0], plane.line_size // 2), dtype="<u2")
        rows[:, : values.shape[1]] = np.clip(values.round(), 0, 1023)
        plane.update(rows.tobytes())
    return frame


OPTIONS: Mapping[str, Mapping[str, str]] = {
    "libx264": {"preset": "veryfast", "crf": "12"},
    "libx265": {"preset": "ultrafast", "crf": "14", "x265-params": "log-level=error:pools=1:frame-threads=1"},
    # One thread: libvpx's own wait by spinning, and two encoders beside each other on two cores may never end.
    "libvpx": {"deadline": "realtime", "cpu-used": "8", "crf": "6", "b": "4M", "threads": "1"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "crf": "14", "b": "0", "threads": "1"},
    "libsvtav1": {"preset": "12", "crf": "16", "svtav1-params": "lp=1"},
}


def write(
    path: Path,
    *,
    times: Sequence[Fraction] = CFR,
    codec: str = "libx264",
    size: tuple[int, int] = SIZE,
    pix_fmt: str = "yuv420p",
    gop: int = 12,
    options: Mapping[str, str] | None = None,
    muxer: Mapping[str, str] | None = None,
    paint: Paint = plain,
    clock: Fraction = Fraction(1, 90000),
    start: Fraction = Fraction(0),
    drop: int = 0,
    pixel: Fraction | None = None,
    turn: Matrix | None = None,
    sound: bool = False,
    tags: Mapping[str, int] | None = None,
    format: str | None = None,
) -> None:
    """Encode frames of those times; `start` shifts the whole, `drop` leaves out the first packets."""
    with av.open(str(path), "w", format=format, options=dict(muxer or {})) as film:
        stream = film.add_stream(codec, rate=25, options={**OPTIONS.get(codec, {}), **(options or {})})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        context = stream.codec_context
        context.gop_size, context.time_base, stream.time_base = gop, clock, clock
        if pixel is not None:
            context.sample_aspect_ratio = pixel
        for name, value in (tags or {}).items():
            setattr(context, name, value)
        if turn is not None:
            (a, b), (c, d) = turn
            stream.set_display_matrix([a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30])
        if sound:
            add_sound(film, times[-1])
        packets = []
        for at in times:
            frame = paint(at, size)
            for name, value in (tags or {}).items():
                setattr(frame, name, value)
            frame.pts, frame.time_base = round((at + start) / clock), clock
            packets += stream.encode(frame)
        packets += stream.encode(None)
        film.mux(packets[drop:])


def add_sound(film: av.container.OutputContainer, seconds: Fraction) -> None:
    """Mux a quiet tone a little longer than the picture."""
    stream = film.add_stream("aac", rate=44100, layout="mono")
    count = int((seconds + Fraction(1, 2)) * 44100) // 1024
    packets = []
    for number in range(count):
        wave = 0.1 * np.sin(np.arange(number * 1024, (number + 1) * 1024) * 0.05)
        frame = av.AudioFrame.from_ndarray(wave.astype(np.float32)[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 44100, number * 1024
        packets += stream.encode(frame)
    film.mux([*packets, *stream.encode(None)])


def remade(
    path: Path, *, source: Callable[[Path], None], suffix: str, input_options: str = "", output_options: str = "-c copy"
) -> None:
    """Make a film, then have the ffmpeg program write it anew."""
    first = path.with_name("source-" + path.stem + suffix)
    source(first)
    ffmpeg = ["ffmpeg", "-nostdin", "-y", "-loglevel", "error"]
    subprocess.run([*ffmpeg, *input_options.split(), "-i", first, *output_options.split(), path], check=True)
    first.unlink()


def film(name: str, *, filters: str | None = None, autorotate: bool = True, hdr: bool = False, **fields: Any) -> Film:
    return Film(name, partial(write, **fields), filters, autorotate, hdr)


def remade_film(
    name: str, suffix: str, input_options: str = "", output_options: str = "-c copy", **fields: Any
) -> Film:
    make = partial(remade, source=partial(write, **fields), suffix=suffix)
    return Film(name, partial(make, input_options=input_options, output_options=output_options))


B_FRAMES = {"bf": "3", "x264-params": "b-pyramid=normal:scenecut=0"}
PLAIN = {"bf": "0", "x264-params": "scenecut=0"}
OPEN = {"bf": "3", "x264-params": "open-gop=1:scenecut=0"}
ODD = (Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180, Image.Transpose.ROTATE_270)
BT2020 = {"color_primaries": 9, "colorspace": 9, "color_range": 1}


def x265(extra: str) -> dict[str, str]:
    return {"x265-params": f"log-level=error:pools=1:frame-threads=1:{extra}"}


OPEN_H265 = x265("open-gop=1:bframes=3:keyint=12:min-keyint=12")

CORPUS: tuple[Film, ...] = (
    # each codec in each container that carries it
    film("h264-plain.mp4", options=PLAIN),
    film("h264-b-frames.mp4", options=B_FRAMES),
    film("h264-moov-first.mp4", options=B_FRAMES, muxer={"movflags": "faststart"}),
    film("h264-with-sound.mp4", options=B_FRAMES, sound=True),
    film("h264-in-fragments.mp4", options=B_FRAMES, muxer={"movflags": "frag_keyframe+empty_moov"}),
    film("h264.mov", options=B_FRAMES),
    film("h264.mkv", options=B_FRAMES),
    film("h264.flv", options=B_FRAMES, clock=Fraction(1, 1000)),
    film("h264.ts", options=B_FRAMES),
    film("h264-with-sound.ts", options=B_FRAMES, sound=True),
    film("h264.3gp", options=PLAIN),
    film("h264-plain.avi", options=PLAIN, clock=Fraction(1, 25)),
    film("h264-b-frames.avi", options=B_FRAMES, clock=Fraction(1, 25)),
    film("h265.mp4", codec="libx265"),
    film("h265.mkv", codec="libx265"),
    film("h265.ts", codec="libx265"),
    film("vp8.webm", codec="libvpx"),
    film("vp8.mkv", codec="libvpx"),
    film("vp9.webm", codec="libvpx-vp9"),
    film("vp9.mp4", codec="libvpx-vp9"),
    film(
        "vp9-hidden-frames.webm",
        codec="libvpx-vp9",
        options={"deadline": "good", "auto-alt-ref": "1", "lag-in-frames": "12"},
    ),
    film("vp9-without-index.webm", codec="libvpx-vp9", muxer={"live": "1"}),
    film("av1.mp4", codec="libsvtav1"),
    film("av1.webm", codec="libsvtav1"),
    film("av1.mkv", codec="libsvtav1"),
    # rates
    film("uneven.mp4", times=uneven(), options=B_FRAMES),
    film("uneven.mkv", times=uneven(seed=8), codec="libx265", clock=Fraction(1, 1000)),
    film("uneven.webm", times=uneven(seed=9), codec="libvpx-vp9", clock=Fraction(1, 1000)),
    film("uneven.ts", times=uneven(seed=10), options=B_FRAMES),
    film("29.97-after-two-hours.mp4", times=long_grid(NTSC, 2), options=B_FRAMES, clock=Fraction(1, 30000)),
    film("29.97-after-two-hours.ts", times=long_grid(NTSC, 2), options=B_FRAMES),
    film("23.976-after-three-hours.mkv", times=long_grid(FILM_RATE, 3), options=B_FRAMES, clock=Fraction(1, 24000)),
    film("23.976-after-three-hours.mov", times=long_grid(FILM_RATE, 3), options=B_FRAMES, clock=Fraction(1, 24000)),
    film("59.94.mp4", times=grid(NTSC * 2, Fraction(1)), options=B_FRAMES, clock=Fraction(1, 60000)),
    # starts
    film("starts-late.mp4", options=B_FRAMES, start=Fraction(3)),
    film("starts-late-after-sound.mp4", options=B_FRAMES, start=Fraction(1), sound=True),
    film("starts-late.mkv", options=B_FRAMES, start=Fraction(5)),
    film("starts-late.ts", codec="libx265", start=Fraction(100)),
    film("starts-before-its-key-frame.ts", options=PLAIN, drop=5),
    film("starts-before-its-key-frame.mkv", options=B_FRAMES, drop=7),
    film("open-group-start.ts", options=OPEN, drop=12),
    film("open-group-start-h265.ts", codec="libx265", options=OPEN_H265, drop=21),
    film("clock-turns-over.ts", options=B_FRAMES, start=Fraction(2**33, 90000) - Fraction(5, 2)),
    film("starts-late.flv", options=B_FRAMES, start=Fraction(2), clock=Fraction(1, 1000)),
    film("without-edit-list.mp4", options=B_FRAMES, muxer={"use_editlist": "0"}),
    film("negative-offsets.mp4", options=B_FRAMES, muxer={"movflags": "negative_cts_offsets"}),
    film("segment-index.mp4", options=B_FRAMES, muxer={"movflags": "dash+frag_keyframe+empty_moov+global_sidx"}),
    remade_film("edit-list-inside-a-group.mp4", ".mp4", input_options="-ss 0.7", options=B_FRAMES),
    remade_film("edit-list-with-sound.mp4", ".mp4", input_options="-ss 0.9", options=B_FRAMES, sound=True),
    remade_film(
        "edit-list-that-ends-early.mov",
        ".mp4",
        input_options="-ss 0.52",
        output_options="-t 0.9 -c copy",
        options=PLAIN,
    ),
    # groups of pictures
    film("every-frame-a-key-frame.mp4", options=PLAIN, gop=1),
    film("one-group.mp4", options=B_FRAMES, gop=500),
    film("one-group.ts", options=B_FRAMES, gop=500),
    film("open-groups.mp4", options=OPEN),
    film("open-groups.ts", options=OPEN),
    film("open-groups-h265.mp4", codec="libx265", options=OPEN_H265),
    film("intra-refresh.mp4", options={"x264-params": "intra-refresh=1:keyint=12:bframes=0"}),
    film("intra-refresh.ts", options={"x264-params": "intra-refresh=1:keyint=12:bframes=0"}),
    # fields, and films of one frame
    film("interlaced.mp4", options={"x264-params": "tff=1:scenecut=0"}, size=(192, 128)),
    film("interlaced.ts", options={"x264-params": "bff=1:scenecut=0"}, size=(192, 128)),
    film("one-frame.mp4", times=CFR[:1]),
    film("one-frame.mkv", times=CFR[:1]),
    film("one-frame.webm", times=CFR[:1], codec="libvpx-vp9"),
    film("one-frame.ts", times=CFR[:1], clock=Fraction(1, 25)),
    film("two-tenths-of-a-second.mp4", times=CFR[:5], options=B_FRAMES),
    # pixels
    film("wide-pixels.mp4", pixel=Fraction(4, 3), filters="scale=256:108:flags=bicubic,format=rgb24,setsar=1"),
    film(
        "narrow-pixels.mkv",
        size=(320, 108),
        pixel=Fraction(8, 9),
        filters="scale=284:108:flags=bicubic,format=rgb24,setsar=1",
    ),
    film("wide-pixels.ts", pixel=Fraction(16, 11), filters="scale=279:108:flags=bicubic,format=rgb24,setsar=1"),
    film("odd-size.mp4", size=(191, 107), pix_fmt="yuv444p"),
    film("full-range.mp4", pix_fmt="yuvj420p"),
    film("bt709.mp4", tags={"colorspace": 1, "color_primaries": 1, "color_trc": 1}),
    film("four-two-two.mkv", pix_fmt="yuv422p"),
    film("ten-bit-h264.mp4", pix_fmt="yuv420p10le"),
    film("ten-bit-h265.mp4", codec="libx265", pix_fmt="yuv420p10le"),
    remade_film(
        "ten-bit-vp9.webm",
        ".mkv",
        output_options="-c:v libvpx-vp9 -pix_fmt yuv420p10le -g 12 -deadline realtime -cpu-used 8 -crf 14 -b:v 0",
        options=PLAIN,
    ),
    film("ten-bit-av1.mp4", codec="libsvtav1", pix_fmt="yuv420p10le"),
    # turns: coded turned away, with a matrix that turns them back
    film("turned-90.mp4", size=(108, 192), turn=((0, 1), (-1, 0)), paint=laid(Image.Transpose.ROTATE_90)),
    film("turned-180.mov", turn=((-1, 0), (0, -1)), paint=laid(Image.Transpose.ROTATE_180)),
    film("turned-270.mp4", size=(108, 192), turn=((0, -1), (1, 0)), paint=laid(Image.Transpose.ROTATE_270)),
    film("turned-90.mkv", size=(108, 192), turn=((0, 1), (-1, 0)), paint=laid(Image.Transpose.ROTATE_90)),
    film("mirrored.mp4", turn=((-1, 0), (0, 1)), paint=laid(Image.Transpose.FLIP_LEFT_RIGHT)),
    film("upside-down-mirror.mp4", turn=((1, 0), (0, -1)), paint=laid(Image.Transpose.FLIP_TOP_BOTTOM)),
    film(
        "turned-and-mirrored.mp4",
        size=(108, 192),
        turn=((0, 1), (1, 0)),
        paint=laid(Image.Transpose.TRANSPOSE),
        autorotate=False,
        filters="transpose=cclock_flip",
    ),
    film(
        "turned-and-mirrored-back.mp4",
        size=(108, 192),
        turn=((0, -1), (-1, 0)),
        paint=laid(Image.Transpose.TRANSVERSE),
        autorotate=False,
        filters="transpose=clock_flip",
    ),
    # high dynamic range
    film("pq.mp4", codec="libx265", paint=partial(bright, transfer="pq"), tags=BT2020 | {"color_trc": 16}, hdr=True),
    film("hlg.mkv", codec="libx265", paint=partial(bright, transfer="hlg"), tags=BT2020 | {"color_trc": 18}, hdr=True),
    film(
        "pq-av1.mp4", codec="libsvtav1", paint=partial(bright, transfer="pq"), tags=BT2020 | {"color_trc": 16}, hdr=True
    ),
)


def spoilt(body: bytes, seed: int, count: int) -> Iterator[bytes]:
    """Return broken forms of a film's bytes: cut short, with bytes or whole stretches garbled, or with a hole."""
    chance = random.Random(seed)
    for _ in range(count):
        data = bytearray(body)
        kind = chance.randrange(4)
        if kind == 0:
            del data[chance.randrange(len(data)) :]
        elif kind == 1:
            for _ in range(chance.randrange(1, 200)):
                data[chance.randrange(len(data))] = chance.randrange(256)
        elif kind == 2:
            start = chance.randrange(len(data))
            length = min(chance.randrange(1, 4000), len(data) - start)
            data[start : start + length] = chance.randbytes(length)
        else:
            start = chance.randrange(len(data))
            del data[start : start + chance.randrange(1, 4000)]
        yield bytes(data)

"""A moment -> a painted frame that says which moment it is; a run of moments -> a film.

Every frame carries its own time twice: as a clock that a person reads, and as stripes along the lower
edge that `read_stripes` reads back from any picture made of the frame, to prove which moment of the film it shows.

The stripes are forty cells of equal width: light, dark; 28 bits of at_ms, the highest first; 8 bits of its
CRC; dark, light. They do not fade, so the fade-in from black can be read as well.
"""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import numpy as np
from av.video.stream import VideoStream
from PIL import Image, ImageDraw, ImageFont

from emulator.films.scenery import paint_scene

TIME_BITS, CHECK_BITS = 28, 8
HEAD, TAIL = (1, 0), (0, 1)
CELLS = len(HEAD) + TIME_BITS + CHECK_BITS + len(TAIL)
BAND = Fraction(1, 24)  # of the picture's height
DARK, LIGHT = (20, 24, 34), (178, 186, 198)
MIN_WIDTH_PX = 160  # four pixels a cell
MIN_CONTRAST = 60  # of 255, between the light and the dark cells of the guards


def make_film(
    path: Path,
    *,
    duration_s: float = 12.0,
    fps: Fraction = Fraction(25),
    size: tuple[int, int] = (640, 360),
    fade_in_s: float = 1.5,
    gop: int = 50,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    options: Mapping[str, str] | None = None,
    advance: Callable[[int], object] = lambda _: None,
) -> None:
    """Write a film of a morning among hills; the path's ending decides the container.

    It fades in from black over fade_in_s. Frames begin at n / fps; a key frame comes at least every gop
    frames. `advance` is called with 1 after each frame.

    Raises:
        av.FFmpegError: a codec or a container that cannot be written.
        ValueError: a film without frames.
    """
    frames = round(duration_s * fps)
    if frames < 1:
        raise ValueError(f"a film of {duration_s} s at {fps} frames a second has no frame")
    if options is None:
        options = {"preset": "veryfast", "crf": "20"} if codec == "libx264" else {}
    with av.open(str(path), "w") as film:
        stream = film.add_stream(codec, rate=fps, options=dict(options))
        assert isinstance(stream, VideoStream)  # noqa: S101  # narrows what every video codec gives
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        stream.codec_context.gop_size = gop
        stream.thread_count = 0  # as many as there are cores
        for number in range(frames):
            picture = paint_frame(number / fps, size=size, fade_in_s=fade_in_s)
            frame = av.VideoFrame.from_ndarray(np.asarray(picture))
            frame.pts, frame.time_base = number, 1 / fps
            film.mux(stream.encode(frame))
            advance(1)
        film.mux(stream.encode(None))


def paint_frame(at: Fraction, *, size: tuple[int, int], fade_in_s: float = 0.0) -> Image.Image:
    """Paint the frame that begins at `at` seconds, an RGB picture of exactly that size.

    Raises:
        ValueError: for a moment that the stripes cannot carry or a picture too narrow for them.
    """
    light = min(1.0, float(at) / fade_in_s) if fade_in_s > 0 else 1.0
    double = paint_scene(float(at), (size[0] * 2, size[1] * 2))
    paint_clock(double, at)
    picture = double.reduce(2)
    if light < 1:
        picture = picture.point([round(level * light) for level in range(256)] * 3)
    paint_stripes(picture, round(at * 1000))
    return picture


def read_stripes(picture: Image.Image) -> int:
    """Read at_ms, the time at which the shown frame begins, rounded to a millisecond.

    The picture may be scaled (down to 160 px wide, also out of its aspect) and compressed; it must be
    upright.

    Raises:
        ValueError: where there are no stripes or they contradict themselves.
    """
    if picture.width < MIN_WIDTH_PX:
        raise ValueError(f"stripes need {MIN_WIDTH_PX} px of width, the picture has {picture.width}")
    band_px = picture.height * BAND
    top, foot = picture.height - math.ceil(band_px * 3 / 4), picture.height - math.floor(band_px / 4)
    band = picture.crop((0, top, picture.width, max(foot, top + 1))).convert("L")
    row = np.asarray(band, dtype=np.float64).mean(axis=0)
    edges = np.linspace(0, picture.width, CELLS + 1)
    inset = picture.width / CELLS / 4
    starts = np.rint(edges[:-1] + inset).astype(int)
    ends = np.maximum(np.rint(edges[1:] - inset).astype(int), starts + 1)
    sums = np.concatenate(([0.0], row.cumsum()))
    cells = (sums[ends] - sums[starts]) / (ends - starts)
    light, dark = (cells[0] + cells[-1]) / 2, (cells[1] + cells[-2]) / 2
    if light - dark < MIN_CONTRAST:
        raise ValueError("the picture has no stripes along its lower edge")
    heights = (cells - dark) / (light - dark)
    if np.abs(heights - 0.5).min() < 0.1:  # noqa: PLR2004  # a tenth of the contrast either side of the middle
        raise ValueError("the stripes are too blurred to be read")
    bits = [int(height > 0.5) for height in heights][len(HEAD) : -len(TAIL)]  # noqa: PLR2004  # the middle
    number = int("".join(map(str, bits)), 2)
    at_ms, check = number >> CHECK_BITS, number & ((1 << CHECK_BITS) - 1)
    if check != crc8(at_ms):
        raise ValueError("the stripes contradict their checksum")
    return at_ms


def paint_stripes(picture: Image.Image, at_ms: int) -> None:
    """Draw the time along the lower edge.

    Raises:
        ValueError: for a time or a width that does not fit.
    """
    if not 0 <= at_ms < 1 << TIME_BITS:
        raise ValueError(f"stripes carry 0 to {(1 << TIME_BITS) - 1} ms, not {at_ms}")
    if picture.width < MIN_WIDTH_PX:
        raise ValueError(f"stripes need {MIN_WIDTH_PX} px of width, the picture has {picture.width}")
    number = at_ms << CHECK_BITS | crc8(at_ms)
    bits = f"{number:0{TIME_BITS + CHECK_BITS}b}"
    cells = np.array([DARK, LIGHT], dtype=np.uint8)[[*HEAD, *map(int, bits), *TAIL]]
    columns = np.arange(picture.width) * CELLS // picture.width
    band_px = math.ceil(picture.height * BAND)
    band = np.broadcast_to(cells[columns], (band_px, picture.width, 3))
    picture.paste(Image.fromarray(np.ascontiguousarray(band)), (0, picture.height - band_px))


def crc8(at_ms: int) -> int:
    """Return the checksum of a time: CRC-8 with the polynomial x^8 + x^2 + x + 1, started at 0xff."""
    rest = 0xFF
    for byte in at_ms.to_bytes(4, "big"):
        rest ^= byte
        for _ in range(8):
            rest = (rest << 1 ^ 0x07) & 0xFF if rest & 0x80 else rest << 1
    return rest


def paint_clock(picture: Image.Image, at: Fraction) -> None:
    """Write the time, as 00:04.280, in the upper left corner; every digit is as wide as the others."""
    at_ms = round(at * 1000)
    text = f"{at_ms // 60_000:02d}:{at_ms // 1000 % 60:02d}.{at_ms % 1000:03d}"
    tall = round(min(picture.height * 0.17, picture.width * 0.12))
    left = top = round(tall * 0.42)
    drop = max(1, round(tall * 0.04))
    for sign in text:
        mask, shade = glyph(sign, tall)
        picture.paste((0, 0, 0), (left + drop, top + drop), shade)
        picture.paste((255, 255, 255), (left, top), mask)
        left += mask.width


@lru_cache(maxsize=128)
def glyph(sign: str, size_px: int) -> tuple[Image.Image, Image.Image]:
    """Return one sign in Pillow's own typeface as a mask, and the mask of its shadow."""
    typeface = ImageFont.load_default(size_px)
    room = max(typeface.getlength(digit) for digit in "0123456789") if sign.isdigit() else typeface.getlength(sign)
    mask = Image.new("L", (round(room), round(size_px * 1.1)))
    ImageDraw.Draw(mask).text((room / 2, 0), sign, font=typeface, fill=255, anchor="ma")
    return mask, mask.point([level * 2 // 5 for level in range(256)])

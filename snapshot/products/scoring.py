"""The pixels of a picture -> its FrameStats, and of those a score in [0, 1]: how well it would stand for a video.

Everything is measured on the picture at most 320 px a side, with black bars cut off and grain filtered out, so that
size, letterbox and noise do not decide. The gates and their weights were set on the films of `benchmarks posters`;
luma and uniformity follow hecate (Song et al., CIKM 2016), the brightness range Katna; read 2026-11-25.
"""

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, fields

from PIL import Image, ImageChops, ImageFilter, ImageMath, ImageStat

from snapshot.products.picture import MEASURED_PX

_VERSION = "1"
_BAR_LUMA = 18  # rows and columns darker than this are bars
_MAX_BAR = 0.35  # of a side: a film that stands upright in a wide frame
_DARK, _WHITE = 16, 245  # levels
_CELLS = 10  # a side
_DETAIL_LEVELS = 2.0  # what a cell must differ from its blurred self
_STRONG = [255 * (level >= 24) for level in range(256)]  # a mask of strong edges  # noqa: PLR2004
_THREE_BITS = [level >> 5 for level in range(256)] * 3  # of each channel
_LONG = 115  # of 255: a line that a strong edge follows over nearly half of the picture
_NIGHT = 0.7  # what lights in the dark are worth, of a scene by day
_RIVAL = 0.25  # of the best score: whose sharpness counts for the others


@dataclass(frozen=True, slots=True)
class FrameStats:
    """The measures of a picture. Levels are of 255, shares of 1.

    `luma` is the mean level. `structure` is how far large parts differ, in levels. `detail` is the share of cells that
    show something fine. `uniformity` is the share of the most frequent colour. `entropy` is in bits. `dark` and `white`
    are shares of clipped pixels. `noise` is the mean grain in levels. `sharpness` is the level of the strongest edges.
    `colour` is the mean saturation. `grid` is how exactly its edges run along rows and columns, as in a mosaic; `ruled`
    is the share of its edges that cross half of the picture, as in colour bars.
    """

    luma: float
    structure: float
    detail: float
    uniformity: float
    entropy: float
    dark: float
    white: float
    noise: float
    sharpness: float
    colour: float
    grid: float
    ruled: float

    def to_text(self) -> str:
        """Return the stats as a short line of ASCII, for the metadata of a stored object."""
        return " ".join([_VERSION, *(f"{getattr(self, field.name):g}" for field in fields(self))])

    @classmethod
    def from_text(cls, text: str) -> "FrameStats | None":
        """Return the stats that `to_text` wrote; None where this is another version's or not what it wrote at all."""
        version, *words = text.split(" ")
        try:
            values = [float(word) for word in words]
        except ValueError:
            return None
        if version != _VERSION or len(values) != len(fields(cls)) or not all(map(math.isfinite, values)):
            return None
        return cls(*values)


def measure(pixels: Image.Image) -> FrameStats:
    """Return the stats of an RGB picture of any size."""
    small = _cut_bars(_shrink(pixels))
    grey = small.convert("L")
    clean = _median(grey)
    count = grey.width * grey.height
    levels = clean.histogram()
    laplacian, grid, ruled = _edges(clean)
    values = {
        "luma": ImageStat.Stat(grey).mean[0],
        "structure": max(ImageStat.Stat(small.resize((16, 16), Image.Resampling.BOX)).stddev),
        "detail": _detail(clean),
        "uniformity": _uniformity(small),
        "entropy": -sum(n / count * math.log2(n / count) for n in levels if n),
        "dark": sum(levels[:_DARK]) / count,
        "white": sum(levels[_WHITE:]) / count,
        "noise": ImageStat.Stat(ImageChops.difference(grey, clean)).mean[0],
        "sharpness": _percentile(laplacian.histogram(), 0.98),
        "colour": ImageStat.Stat(small.convert("HSV").getchannel("S")).mean[0],
        "grid": grid,
        "ruled": ruled,
    }
    return FrameStats(**{name: round(value, 3) for name, value in values.items()})


def score_alone(stats: FrameStats) -> float:
    """Return the score of a picture by itself, in [0, 1]."""
    lit = max(_ramp(stats.luma, 8, 45), _NIGHT * _ramp(stats.structure, 16, 30))
    gates = (
        (min(lit, _ramp(stats.luma, 245, 205)), 1.0),
        (_ramp(stats.structure, 10, 34), 1.0),
        (_ramp(stats.detail, 0.12, 0.35), 1.0),
        (_ramp(stats.uniformity, 0.92, 0.55), 0.5),
        (_ramp(stats.entropy, 0.8, 3.4), 1.0),
        (min(_ramp(stats.dark, 0.97, 0.55), _ramp(stats.white, 0.90, 0.45)), 0.5),
        (_ramp(stats.noise, 20, 9), 1.0),
        (_ramp(stats.sharpness, 6, 40), 0.6),
        (min(_ramp(stats.grid, 0.955, 0.915), _ramp(stats.ruled, 0.6, 0.3)), 1.0),
    )
    product: float = math.prod((0.02 + 0.98 * gate) ** weight for gate, weight in gates)
    return product


def score_all(pictures: Sequence[tuple[float, FrameStats]]) -> list[float]:
    """Return the scores of pictures that compete, each given with its place in the video in [0, 1].

    A picture is compared with the sharpest of those that are any good: blur is seen beside the others. Colour and a
    place near the middle of the first half count a little.
    """
    alone = [score_alone(stats) for _, stats in pictures]
    best = max(alone, default=0.0)
    rivals = [stats.sharpness for score, (_, stats) in zip(alone, pictures, strict=True) if score >= best * _RIVAL]
    sharpest = max(rivals, default=0.0) or 1.0
    return [
        score
        * (0.1 + 0.9 * _ramp(stats.sharpness / sharpest, 0.15, 0.6))
        * (0.75 + 0.25 * _ramp(stats.colour, 0, 60))
        * (1 - 0.06 * abs(place - 0.4))
        for score, (place, stats) in zip(alone, pictures, strict=True)
    ]


def _ramp(value: float, low: float, high: float) -> float:
    """Return 0 at `low`, 1 at `high` and in between what lies between; `low` may be the larger."""
    return min(1.0, max(0.0, (value - low) / (high - low)))


def _shrink(pixels: Image.Image) -> Image.Image:
    scale = MEASURED_PX / max(pixels.size)
    if scale >= 1:
        return pixels
    size = (max(1, round(pixels.width * scale)), max(1, round(pixels.height * scale)))
    return pixels.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)


def _cut_bars(picture: Image.Image) -> Image.Image:
    grey = picture.convert("L")
    across = _bar(grey.resize((grey.width, 1), Image.Resampling.BOX).tobytes())
    down = _bar(grey.resize((1, grey.height), Image.Resampling.BOX).tobytes())
    if not (across or down):
        return picture
    return picture.crop((across, down, picture.width - across, picture.height - down))


def _bar(means: bytes) -> int:
    """Return the number of lines that are black both at the start and at the end; none where all are."""
    limit = int(len(means) * _MAX_BAR)
    for number in range(limit + 1):
        if max(means[number], means[-1 - number]) >= _BAR_LUMA:
            return number
    return 0


def _median(grey: Image.Image) -> Image.Image:
    """Return each pixel's median with its eight neighbours, edges repeated: what Pillow's MedianFilter(3) gives.

    A fifth of its time: columns are sorted once for the whole picture, then the largest of the least, the median of the
    middle and the least of the largest are compared. Source: Devillard, Fast median search, 1998.
    """
    width, height = grey.size
    framed = Image.new("L", (width + 2, height + 2))
    framed.paste(grey, (1, 1))
    framed.paste(grey.crop((0, 0, width, 1)), (1, 0))
    framed.paste(grey.crop((0, height - 1, width, height)), (1, height + 1))
    framed.paste(framed.crop((1, 0, 2, height + 2)), (0, 0))
    framed.paste(framed.crop((width, 0, width + 1, height + 2)), (width + 1, 0))
    above, row, below = (framed.crop((0, down, width + 2, down + height)) for down in range(3))
    low, high = ImageChops.darker(above, row), ImageChops.lighter(above, row)
    middle, high = ImageChops.darker(high, below), ImageChops.lighter(high, below)
    low, middle = ImageChops.darker(low, middle), ImageChops.lighter(low, middle)
    lows, middles, highs = (
        [sorted_.crop((across, 0, across + width, height)) for across in range(3)] for sorted_ in (low, middle, high)
    )
    largest_low = ImageChops.lighter(ImageChops.lighter(lows[0], lows[1]), lows[2])
    least_high = ImageChops.darker(ImageChops.darker(highs[0], highs[1]), highs[2])
    return _median_of(largest_low, _median_of(*middles), least_high)


def _median_of(first: Image.Image, second: Image.Image, third: Image.Image) -> Image.Image:
    lower, upper = ImageChops.darker(first, second), ImageChops.lighter(first, second)
    return ImageChops.lighter(lower, ImageChops.darker(upper, third))


def _detail(grey: Image.Image) -> float:
    fine = ImageChops.difference(grey, grey.filter(ImageFilter.BoxBlur(4)))
    cells = _resize_exactly(fine, _CELLS)
    return sum(cell >= _DETAIL_LEVELS for cell in cells) / len(cells)


def _resize_exactly(grey: Image.Image, side: int) -> list[float]:
    """Return the means of side by side cells, not rounded to whole levels."""
    cells = grey.convert("F").resize((side, side), Image.Resampling.BOX)
    return list(array("f", cells.tobytes()))


def _uniformity(picture: Image.Image) -> float:
    """Return the share of the fullest of 512 colours."""
    counts = picture.point(_THREE_BITS).getcolors(512)
    assert counts is not None  # noqa: S101  # None would mean more than 512
    return max(count for count, _ in counts) / (picture.width * picture.height)


def _percentile(histogram: Sequence[int], share: float) -> int:
    target = sum(histogram) * share
    total = 0
    for level, count in enumerate(histogram):
        total += count
        if total >= target:
            return level
    return 255


def _edges(grey: Image.Image) -> tuple[Image.Image, float, float]:
    """Return the absolute Laplacian, how exactly strong edges run along rows and columns, and how many are long."""
    laplacian = _laplacian(grey)
    pixels = grey.crop((1, 1, grey.width, grey.height))
    across = ImageChops.difference(pixels, grey.crop((0, 1, grey.width - 1, grey.height)))
    down = ImageChops.difference(pixels, grey.crop((1, 0, grey.width, grey.height - 1)))
    larger, smaller = ImageChops.lighter(across, down), ImageChops.darker(across, down)
    strong = larger.point(_STRONG)
    if not strong.getbbox():
        return laplacian, 0.0, 0.0
    grid = 1 - ImageStat.Stat(smaller, strong).mean[0] / ImageStat.Stat(larger, strong).mean[0]
    columns = across.point(_STRONG).resize((across.width, 1), Image.Resampling.BOX).tobytes()
    rows = down.point(_STRONG).resize((1, down.height), Image.Resampling.BOX).tobytes()
    lines = [share * down.height for share in columns] + [share * across.width for share in rows]
    long = [share * down.height for share in columns if share >= _LONG]
    long += [share * across.width for share in rows if share >= _LONG]
    return laplacian, grid, sum(long) / max(1, sum(lines))


def _laplacian(grey: Image.Image) -> Image.Image:
    """Return each pixel's distance from its four neighbours, 255 at most; at the border, twice the pixel itself.

    That is the sum of Pillow's Kernel filter and of its negative, which take more than twice the time.
    """
    laplacian = ImageChops.add(grey, grey)
    width, height = grey.size
    if min(width, height) < 3:  # noqa: PLR2004  # all border
        return laplacian
    wide = grey.convert("I")

    def moved(across: int, down: int) -> Image.Image:
        return wide.crop((1 + across, 1 + down, width - 1 + across, height - 1 + down))

    inner = ImageMath.lambda_eval(
        lambda images: abs(images["here"] * 4 - images["above"] - images["below"] - images["left"] - images["right"]),
        here=moved(0, 0),
        above=moved(0, -1),
        below=moved(0, 1),
        left=moved(-1, 0),
        right=moved(1, 0),
    )
    laplacian.paste(inner.convert("L"), (1, 1))
    return laplacian

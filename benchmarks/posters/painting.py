"""A seed and a moment -> a picture: scenes that are worth showing, and all that is not.

Each painter is made from a source of chance and returns a function of the seconds since its part of the film began and
of a size. Scenes carry texture and grain as a camera leaves them, but for the drawn ones.
"""

import json
import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from emulator.films.scenery import paint_scene

Size = tuple[int, int]
Painter = Callable[[float, Size], Image.Image]
Chance = np.random.Generator
Colour = tuple[int, int, int]
WORDS = ("river", "runs", "under", "old", "bridges", "while", "quiet", "boats", "carry", "apples", "before", "noon")


def colour(chance: Chance, low: int = 0, high: int = 255) -> Colour:
    """Return a colour by chance, each channel in [low, high]."""
    red, green, blue = (int(level) for level in chance.integers(low, high + 1, 3))
    return red, green, blue


def font(size_px: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own typeface."""
    return ImageFont.load_default(max(6, size_px))


def clouds(chance: Chance, size: Size, slope: float = 1.0) -> NDArray[np.float64]:
    """Return noise of all sizes, as stone, leaves and skin have it: mean 0, deviation 1."""
    before = chance.bit_generator.state
    field, chance.bit_generator.state = _clouds(json.dumps(before), size, slope)
    return field


@lru_cache(maxsize=4)  # a scene asks for the same noise in each of its frames
def _clouds(before: str, size: Size, slope: float) -> tuple[NDArray[np.float64], Any]:
    """Return the noise that follows a state of chance, and the state after it."""
    chance = np.random.default_rng()
    chance.bit_generator.state = json.loads(before)
    width, height = size
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    distance = np.maximum(np.hypot(rows, columns), 1 / max(size))
    spectrum = np.fft.rfft2(chance.standard_normal((height, width))) / distance**slope
    field = np.fft.irfft2(spectrum, (height, width))
    normal: NDArray[np.float64] = (field - field.mean()) / max(float(field.std()), 1e-9)
    return normal, chance.bit_generator.state


def textured(picture: Image.Image, texture: NDArray[np.float64], depth: float) -> Image.Image:
    """Return a picture whose light varies with a texture."""
    levels = np.asarray(picture, dtype=np.float64) * (1 + depth * texture[: picture.height, : picture.width, None])
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8))


def grain(picture: Image.Image, chance: Chance, deviation: float) -> Image.Image:
    """Return a picture with the noise of a sensor."""
    levels = np.asarray(picture, dtype=np.float64) + chance.normal(0, deviation, (picture.height, picture.width, 1))
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8))


def dimmed(picture: Image.Image, light: float) -> Image.Image:
    """Return a picture at a share of its light."""
    return picture.point([min(255, round(level * light)) for level in range(256)] * 3)


# Worth showing.


def landscape(chance: Chance) -> Painter:
    """Return a drawn morning among hills, some hours on, with a camera's grain in two of three."""
    start, noisy, seed = chance.uniform(0, 14), chance.random() < 0.66, int(chance.integers(2**31))  # noqa: PLR2004

    def paint(at_s: float, size: Size) -> Image.Image:
        picture = paint_scene(start + at_s, size)
        if not noisy:
            return picture
        generator = np.random.default_rng(seed)
        return grain(textured(picture, clouds(generator, size), 0.06), generator, 3)

    return paint


def street(chance: Chance) -> Painter:
    """Return a street: houses with rows of windows, people passing, the camera drifting."""
    seed = int(chance.integers(2**31))

    def paint(at_s: float, size: Size) -> Image.Image:
        generator = np.random.default_rng(seed)
        width, height = size
        sky, road = colour(generator, 120, 230), colour(generator, 60, 110)
        picture = Image.new("RGB", size, sky)
        draw = ImageDraw.Draw(picture)
        draw.rectangle((0, height * 0.75, width, height), fill=road)
        left = -width * 0.2 - at_s * width * 0.01
        while left < width:
            broad, top = width * generator.uniform(0.15, 0.3), height * generator.uniform(0.1, 0.4)
            wall, glass = colour(generator, 70, 200), colour(generator, 20, 90)
            draw.rectangle((left, top, left + broad, height * 0.75), fill=wall)
            step = broad / generator.integers(3, 6)
            for x in np.arange(left + step * 0.2, left + broad - step * 0.6, step):
                for y in np.arange(top + step * 0.3, height * 0.7, step * 1.2):
                    draw.rectangle((x, y, x + step * 0.55, y + step * 0.7), fill=glass)
            left += broad
        for _ in range(6):
            x = (generator.uniform(0, 1) + at_s * generator.uniform(-0.06, 0.06)) % 1 * width
            tall = height * generator.uniform(0.2, 0.35)
            foot, coat, skin = (
                height * generator.uniform(0.85, 0.97),
                colour(generator, 20, 220),
                colour(generator, 130, 220),
            )
            draw.rounded_rectangle((x - tall * 0.13, foot - tall * 0.8, x + tall * 0.13, foot), tall * 0.1, fill=coat)
            draw.ellipse((x - tall * 0.09, foot - tall, x + tall * 0.09, foot - tall * 0.8), fill=skin)
        generator = np.random.default_rng(seed + 1)
        return grain(textured(picture, clouds(generator, size), 0.12), generator, 3)

    return paint


def face(chance: Chance) -> Painter:
    """Return somebody who talks before a soft background."""
    seed = int(chance.integers(2**31))

    def paint(at_s: float, size: Size) -> Image.Image:
        generator = np.random.default_rng(seed)
        width, height = size
        ground = np.zeros((height, width, 3))
        for channel in range(3):
            ground[..., channel] = generator.uniform(60, 150) + generator.uniform(20, 40) * clouds(generator, size, 2.2)
        picture = Image.fromarray(ground.clip(0, 255).astype(np.uint8))
        draw = ImageDraw.Draw(picture)
        unit = min(width, height)
        x, y = width / 2 + unit * 0.03 * math.sin(at_s), height * 0.45 + unit * 0.015 * math.sin(at_s * 2.3)
        skin, hair, shirt = colour(generator, 140, 215), colour(generator, 15, 90), colour(generator, 40, 220)
        radius = unit * 0.24
        draw.ellipse((x - radius * 2, y + radius * 1.1, x + radius * 2, y + radius * 5), fill=shirt)
        draw.ellipse((x - radius * 1.1, y - radius * 1.5, x + radius * 1.1, y + radius * 1.1), fill=hair)
        draw.ellipse((x - radius * 0.85, y - radius * 1.1, x + radius * 0.85, y + radius * 1.25), fill=skin)
        for side in (-1, 1):
            eye = x + side * radius * 0.35
            draw.ellipse((eye - radius * 0.16, y - radius * 0.25, eye + radius * 0.16, y - radius * 0.05), fill="white")
            draw.ellipse((eye - radius * 0.07, y - radius * 0.22, eye + radius * 0.07, y - radius * 0.08), fill="black")
        opened = radius * (0.06 + 0.12 * abs(math.sin(at_s * 7)))
        draw.ellipse(
            (x - radius * 0.3, y + radius * 0.6 - opened, x + radius * 0.3, y + radius * 0.6 + opened), fill="#702028"
        )
        generator = np.random.default_rng(seed + 1)
        return grain(textured(picture, clouds(generator, size, 0.8), 0.08), generator, 3)

    return paint


def night(chance: Chance) -> Painter:
    """Return a town at night: dark, with lit windows and their glow."""
    seed = int(chance.integers(2**31))

    def paint(at_s: float, size: Size) -> Image.Image:
        generator = np.random.default_rng(seed)
        width, height = size
        picture = Image.new("RGB", size, (8, 10, 22))
        draw = ImageDraw.Draw(picture)
        for _ in range(14):
            x, top = generator.uniform(-0.1, 1) * width - at_s * width * 0.004, generator.uniform(0.15, 0.6) * height
            broad = generator.uniform(0.06, 0.16) * width
            draw.rectangle((x, top, x + broad, height), fill=colour(generator, 14, 44))
            for _ in range(12):
                left, y = x + generator.uniform(0.1, 0.85) * broad, generator.uniform(top + 4, height - 4)
                light = (255, int(generator.integers(170, 240)), int(generator.integers(80, 180)))
                draw.rectangle((left, y, left + width * 0.012, y + height * 0.022), fill=light)
        glow = np.asarray(picture.filter(ImageFilter.GaussianBlur(width / 40)), dtype=np.float64) * 0.8
        lit = np.asarray(picture, dtype=np.float64) + glow
        return grain(Image.fromarray(lit.clip(0, 255).astype(np.uint8)), np.random.default_rng(seed + 1), 2.5)

    return paint


def screencast(chance: Chance) -> Painter:
    """Return a program's window with text, a side list and a cursor that moves."""
    seed, is_dark = int(chance.integers(2**31)), chance.random() < 0.5  # noqa: PLR2004

    def paint(at_s: float, size: Size) -> Image.Image:
        generator = np.random.default_rng(seed)
        width, height = size
        ground, bar, ink = (
            ((30, 32, 38), (48, 52, 62), (205, 210, 220))
            if is_dark
            else ((250, 250, 252), (222, 226, 234), (40, 44, 52))
        )
        picture = Image.new("RGB", size, ground)
        draw = ImageDraw.Draw(picture)
        draw.rectangle((0, 0, width, height * 0.09), fill=bar)
        draw.rectangle((0, height * 0.09, width * 0.2, height), fill=bar)
        line = height * 0.055
        for number in range(int(13 + at_s % 3)):
            text = " ".join(generator.choice(WORDS, generator.integers(2, 8)))
            draw.text(
                (width * (0.23 + 0.03 * (number % 3)), height * 0.12 + number * line),
                text,
                fill=colour(generator, 60, 220) if number % 4 == 0 else ink,
                font=font(line * 0.72),
            )
            draw.text(
                (width * 0.02, height * 0.12 + number * line),
                str(generator.choice(WORDS)),
                fill=ink,
                font=font(line * 0.7),
            )
        draw.rectangle((width * 0.62, height * 0.45, width * 0.95, height * 0.85), fill=colour(generator, 60, 200))
        x, y = width * (0.5 + 0.3 * math.sin(at_s)), height * (0.5 + 0.3 * math.cos(at_s * 0.7))
        draw.polygon(
            [(x, y), (x + width * 0.02, y + height * 0.04), (x, y + height * 0.055)], fill="black", outline="white"
        )
        return picture

    return paint


def cartoon(chance: Chance) -> Painter:
    """Return drawn figures in flat colours with outlines."""
    seed = int(chance.integers(2**31))

    def paint(at_s: float, size: Size) -> Image.Image:
        generator = np.random.default_rng(seed)
        width, height = size
        picture = Image.new("RGB", (width * 2, height * 2), colour(generator, 120, 240))
        draw = ImageDraw.Draw(picture)
        draw.rectangle((0, height * 1.4, width * 2, height * 2), fill=colour(generator, 60, 180))
        for _ in range(5):
            x, y = (
                generator.uniform(0.1, 1.9) * width,
                generator.uniform(0.7, 1.5) * height + height * 0.05 * math.sin(at_s * 3),
            )
            radius = generator.uniform(0.15, 0.35) * height
            draw.ellipse(
                (x - radius, y - radius, x + radius, y + radius),
                fill=colour(generator, 40, 255),
                outline="#181818",
                width=5,
            )
            for side in (-1, 1):
                eye = x + side * radius * 0.4
                draw.ellipse(
                    (eye - radius * 0.2, y - radius * 0.4, eye + radius * 0.2, y),
                    fill="white",
                    outline="black",
                    width=3,
                )
            draw.arc(
                (x - radius * 0.5, y - radius * 0.2, x + radius * 0.5, y + radius * 0.6), 20, 160, fill="black", width=5
            )
        return picture.reduce(2)

    return paint


def slide(chance: Chance) -> Painter:
    """Return a slide with a heading, points and a drawing of figures."""
    seed = int(chance.integers(2**31))

    def paint(_: float, size: Size) -> Image.Image:
        generator = np.random.default_rng(seed)
        width, height = size
        picture = Image.new("RGB", size, (252, 252, 250))
        draw = ImageDraw.Draw(picture)
        accent = colour(generator, 20, 150)
        draw.text(
            (width * 0.07, height * 0.07), " ".join(generator.choice(WORDS, 3)), fill=accent, font=font(height * 0.1)
        )
        for number in range(4):
            text = "- " + " ".join(generator.choice(WORDS, generator.integers(3, 6)))
            draw.text((width * 0.08, height * (0.27 + 0.13 * number)), text, fill="#303030", font=font(height * 0.055))
        for number in range(5):
            x, tall = width * (0.62 + 0.065 * number), height * generator.uniform(0.12, 0.5)
            draw.rectangle((x, height * 0.88 - tall, x + width * 0.045, height * 0.88), fill=accent)
        return picture

    return paint


SCENES = {"landscape": landscape, "street": street, "face": face, "cartoon": cartoon}


def scene(chance: Chance) -> Painter:
    """Return one of the scenes by day."""
    return SCENES[str(chance.choice(sorted(SCENES)))](chance)


# What stands before, between and after.


def plain(level: Colour) -> Painter:
    """Return one flat colour."""
    return lambda _, size: Image.new("RGB", size, level)


def noisy_dark(chance: Chance) -> Painter:
    """Return next to nothing, under a camera's noise: a lens cap, a pocket."""
    seed, light = int(chance.integers(2**31)), float(chance.uniform(4, 9))

    def paint(at_s: float, size: Size) -> Image.Image:
        generator = np.random.default_rng(seed + round(at_s * 1000))
        return grain(Image.new("RGB", size, (round(light),) * 3), generator, 9)

    return paint


def snow(chance: Chance) -> Painter:
    """Return the noise of a television without a station."""
    seed = int(chance.integers(2**31))

    def paint(at_s: float, size: Size) -> Image.Image:
        generator = np.random.default_rng(seed + round(at_s * 1000))
        return Image.fromarray(generator.integers(0, 256, size[::-1], dtype=np.uint8)).convert("RGB")

    return paint


def card(chance: Chance, *, ground: Colour | None = None, lines: int = 1) -> Painter:
    """Return a few words on a plain or shaded ground."""
    level, text = ground or colour(chance, 0, 90), [" ".join(chance.choice(WORDS, 3)) for _ in range(lines)]
    size_share, shaded = float(chance.uniform(0.07, 0.13)), bool(chance.random() < 0.4 and ground is None)  # noqa: PLR2004
    ink = "white" if sum(level) < 380 else "#202020"  # noqa: PLR2004

    def paint(_: float, size: Size) -> Image.Image:
        width, height = size
        picture = Image.new("RGB", size, level)
        if shaded:
            light = np.linspace(0.6, 1.6, height)[:, None, None] * np.ones((1, width, 1)) * np.array(level)
            picture = Image.fromarray(light.clip(0, 255).astype(np.uint8))
        draw = ImageDraw.Draw(picture)
        for number, words in enumerate(text):
            y = height * (0.5 + (number - (lines - 1) / 2) * size_share * 1.5)
            draw.text(
                (width / 2, y), words, fill=ink, font=font(min(width, height * 1.6) * size_share * 0.7), anchor="mm"
            )
        return picture

    return paint


def logo(chance: Chance) -> Painter:
    """Return a company's sign that comes up on a plain ground."""
    ground = (255, 255, 255) if chance.random() < 0.5 else colour(chance, 0, 60)  # noqa: PLR2004
    ink, word = colour(chance, 60, 220), str(chance.choice(WORDS)).upper()

    def paint(at_s: float, size: Size) -> Image.Image:
        width, height = size
        picture = Image.new("RGB", size, ground)
        draw = ImageDraw.Draw(picture)
        radius = min(size) * 0.17 * min(1.0, 0.5 + at_s)
        x, y = width / 2, height * 0.42
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
        draw.ellipse((x - radius * 0.5, y - radius * 0.5, x + radius * 0.6, y + radius * 0.6), fill=ground)
        draw.text((x, y + radius * 1.7), word, fill=ink, font=font(radius * 0.6), anchor="mm")
        return picture

    return paint


def credit_roll(chance: Chance) -> Painter:
    """Return names that climb on black."""
    names = [" ".join(chance.choice(WORDS, 2)).title() for _ in range(40)]

    def paint(at_s: float, size: Size) -> Image.Image:
        width, height = size
        picture = Image.new("RGB", size)
        draw = ImageDraw.Draw(picture)
        for number, name in enumerate(names):
            y = height * (0.1 + number * 0.09) - at_s * height * 0.12
            draw.text((width / 2, y), name, fill="#d8d8d8", font=font(min(width, height) * 0.055), anchor="mm")
        return picture

    return paint


def subtitle(chance: Chance) -> Painter:
    """Return a line of speech on black."""
    text = " ".join(chance.choice(WORDS, 5))

    def paint(_: float, size: Size) -> Image.Image:
        picture = Image.new("RGB", size)
        place = (size[0] / 2, size[1] * 0.88)
        ImageDraw.Draw(picture).text(place, text, fill="white", font=font(min(size) * 0.06), anchor="mm")
        return picture

    return paint


def leader(chance: Chance) -> Painter:
    """Return a countdown: a number in a turning clock."""
    ground = int(chance.integers(70, 150))

    def paint(at_s: float, size: Size) -> Image.Image:
        width, height = size
        picture = Image.new("RGB", size, (ground,) * 3)
        draw = ImageDraw.Draw(picture)
        box = (-width, -width, 2 * width, 2 * width)
        draw.pieslice(box, -90, -90 + 360 * (at_s % 1), fill=(ground - 25,) * 3)
        for share in (0.3, 0.36):
            radius = height * share
            draw.ellipse(
                (width / 2 - radius, height / 2 - radius, width / 2 + radius, height / 2 + radius),
                outline="white",
                width=2,
            )
        draw.line((0, height / 2, width, height / 2), fill="black")
        draw.line((width / 2, 0, width / 2, height), fill="black")
        draw.text((width / 2, height / 2), str(9 - int(at_s) % 10), fill="black", font=font(height * 0.4), anchor="mm")
        return picture

    return paint


def bars(chance: Chance) -> Painter:
    """Return a test picture: SMPTE's bars, seven plain ones, or a grid of patches."""
    kind, word = int(chance.integers(3)), str(chance.choice(WORDS)).upper()
    seven = ("#c0c0c0", "#c0c000", "#00c0c0", "#00c000", "#c000c0", "#c00000", "#0000c0")

    def paint(_: float, size: Size) -> Image.Image:
        width, height = size
        picture = Image.new("RGB", size)
        draw = ImageDraw.Draw(picture)
        foot = height if kind == 1 else height * 2 // 3
        for number, level in enumerate(seven):
            draw.rectangle((width * number / 7, 0, width * (number + 1) / 7, foot), fill=level)
        if kind == 0:
            for number, level in enumerate(
                ("#0000c0", "#131313", "#c000c0", "#131313", "#00c0c0", "#131313", "#c0c0c0")
            ):
                draw.rectangle((width * number / 7, height * 0.67, width * (number + 1) / 7, height * 0.75), fill=level)
            for number, level in enumerate(("#00214c", "#ffffff", "#32006a", "#131313", "#090909", "#131313")):
                draw.rectangle((width * number / 6, height * 0.75, width * (number + 1) / 6, height), fill=level)
        elif kind == 2:  # noqa: PLR2004
            for number in range(16):
                draw.rectangle(
                    (width * number / 16, height * 0.67, width * (number + 1) / 16, height), fill=(number * 17,) * 3
                )
            draw.text((width / 2, height * 0.4), word, fill="white", font=font(height * 0.09), anchor="mm")
        return picture

    return paint


# What is done to a picture.


def fading(painter: Painter, light: Callable[[float], float]) -> Painter:
    """Return a picture at a share of its light that changes."""
    return lambda at_s, size: dimmed(painter(at_s, size), light(at_s))


def blurred(painter: Painter, sigma: Callable[[float], float]) -> Painter:
    """Return a picture out of focus, `sigma` in thousandths of its width."""
    return lambda at_s, size: painter(at_s, size).filter(ImageFilter.GaussianBlur(sigma(at_s) * size[0] / 1000))


def panned(painter: Painter, share: float) -> Painter:
    """Return a picture smeared sideways over a share of its width, as in a whip pan."""

    def paint(at_s: float, size: Size) -> Image.Image:
        levels = np.asarray(painter(at_s, size), dtype=np.float64)
        length = max(3, round(size[0] * share))
        total = np.cumsum(np.concatenate([levels[:, -length:], levels], axis=1), axis=1)
        return Image.fromarray(((total[:, length:] - total[:, :-length]) / length).clip(0, 255).astype(np.uint8))

    return paint


def pixelated(painter: Painter, cells: int) -> Painter:
    """Return a picture in squares, `cells` across."""

    def paint(at_s: float, size: Size) -> Image.Image:
        small = painter(at_s, size).resize((cells, max(1, round(cells * size[1] / size[0]))), Image.Resampling.BOX)
        return small.resize(size, Image.Resampling.NEAREST)

    return paint


def mixed(first: Painter, second: Painter, share: Callable[[float], float]) -> Painter:
    """Return two pictures over each other."""
    return lambda at_s, size: Image.blend(first(at_s, size), second(at_s, size), share(at_s))


def boxed(painter: Painter, aspect: float) -> Painter:
    """Return a picture of another shape between black bars."""

    def paint(at_s: float, size: Size) -> Image.Image:
        width, height = size
        inner = (width, round(width / aspect)) if width / aspect <= height else (round(height * aspect), height)
        picture = Image.new("RGB", size)
        picture.paste(painter(at_s, inner), ((width - inner[0]) // 2, (height - inner[1]) // 2))
        return picture

    return paint

"""A seed -> films made to be hard, each with its good, fair and bad moments, and as files.

A film is a row of parts. What a part is worth as a poster is said where it is made, before any score sees it: `good`
shows what the film is about, `fair` would do, `bad` is what people complain of. Where a film has no good part at all,
any choice is right, and it has to be called flat.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.video.stream import VideoStream
from PIL import Image

from benchmarks.posters.painting import (
    Chance,
    Painter,
    Size,
    bars,
    blurred,
    boxed,
    card,
    cartoon,
    clouds,
    credit_roll,
    face,
    fading,
    landscape,
    leader,
    logo,
    mixed,
    night,
    noisy_dark,
    panned,
    pixelated,
    plain,
    scene,
    screencast,
    slide,
    snow,
    street,
    subtitle,
)

Worth = Literal["good", "fair", "bad"]
FPS = Fraction(8)
VARIANTS = 3
BLACK, WHITE = plain((0, 0, 0)), plain((255, 255, 255))


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a film: how long, what it shows, what it is worth as a poster."""

    seconds: float
    paint: Painter
    worth: Worth


@dataclass(frozen=True, slots=True)
class Film:
    """A film of the corpus; `rotation_degrees` is how players turn it."""

    name: str
    kind: str
    size: Size
    parts: tuple[Part, ...]
    rotation_degrees: int = 0

    @property
    def duration_ms(self) -> int:
        """Return the length in whole frames."""
        return int(self._frames * 1000 / FPS)

    @property
    def has_good(self) -> bool:
        """Tell whether any moment is good."""
        return any(part.worth == "good" for part in self.parts)

    @property
    def _frames(self) -> int:
        return max(1, round(sum(part.seconds for part in self.parts) * FPS))

    def worth_at(self, at_ms: int) -> Worth:
        """Return the worth of the frame shown at a moment."""
        return self._part_at(Fraction(int(Fraction(at_ms, 1000) * FPS)) / FPS)[0].worth

    def _part_at(self, at_s: Fraction) -> tuple[Part, float]:
        start = 0.0
        for part in self.parts:
            if float(at_s) < start + part.seconds - 1e-6:
                return part, float(at_s) - start
            start += part.seconds
        return self.parts[-1], float(at_s) - start + self.parts[-1].seconds

    def make(self, path: Path) -> None:
        """Write the film as an mp4."""
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "21"})
            assert isinstance(stream, VideoStream)  # noqa: S101  # narrows what every video codec gives
            stream.width, stream.height = self.size[::-1] if self.rotation_degrees else self.size
            stream.pix_fmt = "yuv420p"
            stream.codec_context.gop_size = 24
            if self.rotation_degrees:
                stream.set_display_matrix([0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30])
            for number in range(self._frames):
                part, at_s = self._part_at(number / FPS)
                levels = np.asarray(part.paint(at_s, self.size))
                if self.rotation_degrees:
                    levels = np.ascontiguousarray(np.rot90(levels))
                frame = av.VideoFrame.from_ndarray(levels)
                frame.pts, frame.time_base = number, 1 / FPS
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))


def films(seed: int) -> Iterator[Film]:
    """Yield three films of each kind; another seed gives other films of the same kinds."""
    for kind, make in sorted(KINDS.items()):
        for variant in range(VARIANTS):
            chance = np.random.default_rng([seed, variant, *kind.encode()])
            yield make(f"{kind}-{variant}", kind, chance)


def whole(name: str, kind: str, *parts: Part, size: Size = (320, 180), rotation_degrees: int = 0) -> Film:
    """Return a film of parts."""
    return Film(name, kind, size, parts, rotation_degrees)


def good(chance: Chance, low_s: float = 4, high_s: float = 10, painter: Painter | None = None) -> Part:
    """Return a part of a scene."""
    return Part(float(chance.uniform(low_s, high_s)), painter or scene(chance), "good")


def bad(seconds: float, painter: Painter) -> Part:
    """Return a part nobody wants to see."""
    return Part(seconds, painter, "bad")


def fade_in(painter: Painter, seconds: float) -> tuple[Part, Part, Part]:
    """Return a fade from black in three parts: too dark, dim, nearly there."""
    third = seconds / 3
    return (
        bad(third, fading(painter, lambda at_s: at_s / seconds * 0.9)),
        Part(third, fading(painter, lambda at_s: (third + at_s) / seconds), "fair"),
        Part(third, fading(painter, lambda at_s: (2 * third + at_s) / seconds), "good"),
    )


def fade_out(painter: Painter, seconds: float) -> tuple[Part, Part]:
    """Return a fade to black in two halves."""
    return (
        Part(seconds / 2, fading(painter, lambda at_s: 1 - at_s / seconds), "fair"),
        bad(seconds / 2, fading(painter, lambda at_s: 0.45 - at_s / seconds * 0.9)),
    )


def _fade_in(name: str, kind: str, chance: Chance) -> Film:
    painter = scene(chance)
    return whole(
        name,
        kind,
        bad(chance.uniform(0.5, 2), BLACK),
        *fade_in(painter, chance.uniform(2, 6)),
        good(chance, painter=painter),
    )


def _fade_between(name: str, kind: str, chance: Chance) -> Film:
    parts: list[Part] = []
    for _ in range(4):
        painter, seconds = scene(chance), float(chance.uniform(1, 2))
        parts += [*fade_in(painter, seconds), good(chance, 1, 3, painter)]
        parts += [*fade_out(painter, float(chance.uniform(0.8, 1.5))), bad(1, BLACK)]
    return whole(name, kind, *parts)


def _white_flash(name: str, kind: str, chance: Chance) -> Film:
    parts: list[Part] = [bad(0.5, WHITE)]
    for _ in range(5):
        painter = scene(chance)
        parts += [bad(0.5, mixed(painter, WHITE, lambda at_s: 1 - at_s * 0.4)), good(chance, 1, 2.5, painter)]
        parts += [bad(float(chance.uniform(0.5, 1.5)), WHITE)]
    return whole(name, kind, *parts)


def _blur_ramp(name: str, kind: str, chance: Chance) -> Film:
    painter, seconds = scene(chance), float(chance.uniform(8, 14))
    return whole(
        name,
        kind,
        bad(seconds, blurred(painter, lambda at_s: 40 - 18 * at_s / seconds)),
        Part(1.5, blurred(painter, lambda at_s: 10 - 6 * at_s), "fair"),
        good(chance, 3, 6, painter),
        bad(3, blurred(painter, lambda _: 30)),
    )


def _near_black(name: str, kind: str, chance: Chance) -> Film:
    return whole(name, kind, bad(chance.uniform(4, 9), noisy_dark(chance)), good(chance), bad(3, noisy_dark(chance)))


def _title(name: str, kind: str, chance: Chance) -> Film:
    return whole(
        name,
        kind,
        bad(chance.uniform(2, 4), card(chance)),
        good(chance),
        bad(1.5, card(chance, lines=2)),
        good(chance),
        bad(2, card(chance)),
    )


def _brand(name: str, kind: str, chance: Chance) -> Film:
    return whole(
        name, kind, bad(chance.uniform(3, 6), logo(chance)), good(chance, 3, 6), bad(chance.uniform(3, 6), logo(chance))
    )


def _credits(name: str, kind: str, chance: Chance) -> Film:
    return whole(name, kind, good(chance, 3, 5), good(chance, 2, 4), bad(chance.uniform(10, 16), credit_roll(chance)))


def _subtitles(name: str, kind: str, chance: Chance) -> Film:
    return whole(name, kind, bad(5, subtitle(chance)), good(chance, 3, 5), bad(6, subtitle(chance)), good(chance, 2, 4))


def _letterbox(name: str, kind: str, chance: Chance) -> Film:
    painter, aspect = scene(chance), float(chance.choice([2.39, 1.0, 0.6]))
    return whole(
        name,
        kind,
        bad(2, boxed(card(chance, ground=(20, 20, 24)), aspect)),
        *(Part(part.seconds, boxed(part.paint, aspect), part.worth) for part in fade_in(painter, 3)),
        good(chance, painter=boxed(painter, aspect)),
        bad(3, BLACK),
    )


def _portrait(name: str, kind: str, chance: Chance) -> Film:
    painter = (face if chance.random() < 0.5 else street)(chance)  # noqa: PLR2004
    parts = (bad(2, BLACK), *fade_in(painter, 2), good(chance, painter=painter), bad(3, logo(chance)))
    return whole(name, kind, *parts, size=(180, 320), rotation_degrees=90)


def _cover_first(name: str, kind: str, chance: Chance) -> Film:
    painter, next_painter = scene(chance), scene(chance)
    cover = Part(0.25, painter, "good")
    match name[-1]:
        case "0":
            return whole(name, kind, cover, good(chance, 8, 12, next_painter))
        case "1":
            return whole(name, kind, cover, bad(12, blurred(fading(next_painter, lambda _: 0.12), lambda _: 25)))
    return whole(name, kind, cover, bad(6, blurred(next_painter, lambda _: 35)), bad(6, card(chance)))


def _short(name: str, kind: str, chance: Chance) -> Film:
    painter = scene(chance)
    return whole(name, kind, bad(0.125, BLACK), bad(0.125, fading(painter, lambda _: 0.15)), Part(0.5, painter, "good"))


def _all_black(name: str, kind: str, chance: Chance) -> Film:
    return whole(name, kind, bad(chance.uniform(4, 10), BLACK))


def _all_flat(name: str, kind: str, chance: Chance) -> Film:
    level = int(chance.integers(60, 200))
    return whole(name, kind, bad(6, WHITE if name.endswith("0") else plain((level, level // 2, 90))))


def _slides(name: str, kind: str, chance: Chance) -> Film:
    blank = plain((252, 252, 250))
    parts = [bad(2, blank), bad(3, card(chance, ground=(252, 252, 250)))]
    for _ in range(4):
        parts += [good(chance, 2.5, 4, slide(chance)), bad(0.5, blank)]
    return whole(name, kind, *parts)


def _screencast(name: str, kind: str, chance: Chance) -> Film:
    return whole(
        name, kind, bad(2, BLACK), bad(3, card(chance)), good(chance, 8, 14, screencast(chance)), bad(2, BLACK)
    )


def _countdown(name: str, kind: str, chance: Chance) -> Film:
    return whole(name, kind, bad(chance.uniform(5, 9), leader(chance)), good(chance, 4, 8), bad(1, BLACK))


def _whip_pan(name: str, kind: str, chance: Chance) -> Film:
    parts: list[Part] = []
    for _ in range(4):
        painter = scene(chance)
        parts += [
            bad(chance.uniform(1.5, 3.5), panned(painter, chance.uniform(0.1, 0.2))),
            good(chance, 1, 2.5, painter),
        ]
    return whole(name, kind, *parts)


def _night(name: str, kind: str, chance: Chance) -> Film:
    painter = night(chance)
    return whole(
        name, kind, bad(3, BLACK), *fade_in(painter, 3), good(chance, painter=painter), bad(3, credit_roll(chance))
    )


def _bars(name: str, kind: str, chance: Chance) -> Film:
    middle = bad(chance.uniform(3, 5), bars(chance))
    parts = (
        bad(chance.uniform(3, 6), bars(chance)),
        good(chance, 3, 5),
        middle,
        good(chance, 2, 4),
        bad(4, bars(chance)),
    )
    return whole(name, kind, *parts)


def _pixelated(name: str, kind: str, chance: Chance) -> Film:
    painter = scene(chance)
    mosaic = pixelated(painter, int(chance.choice([10, 16, 24])))
    return whole(name, kind, bad(chance.uniform(4, 8), mosaic), good(chance, 3, 5, painter), bad(5, mosaic))


def _snow(name: str, kind: str, chance: Chance) -> Film:
    return whole(name, kind, bad(4, snow(chance)), good(chance, 3, 6), bad(4, snow(chance)), good(chance, 2, 4))


def _dissolves(name: str, kind: str, chance: Chance) -> Film:
    parts: list[Part] = [bad(1, BLACK)]
    for _ in range(4):
        first, second = scene(chance), scene(chance)
        parts += [good(chance, 2, 3, first), Part(1.5, mixed(first, second, lambda at_s: 0.15 + at_s / 2.2), "fair")]
    return whole(name, kind, *parts)


def _blanks(name: str, kind: str, chance: Chance) -> Film:
    level = int(chance.integers(90, 170))
    soft = blurred(partial(_cloudy, level=level), lambda _: 40)
    return whole(
        name, kind, bad(8, plain((level, level, level))), bad(4, soft), good(chance, 3, 4), bad(4, plain((level,) * 3))
    )


def _cloudy(_: float, size: Size, *, level: int) -> Image.Image:
    field = level + 8 * clouds(np.random.default_rng(level), size, 1.6)
    return Image.fromarray(field.clip(0, 255).astype(np.uint8)).convert("RGB")


def _talk(name: str, kind: str, chance: Chance) -> Film:
    return whole(
        name, kind, bad(1, BLACK), bad(2, logo(chance)), good(chance, 12, 16, face(chance)), bad(2, card(chance))
    )


def _cartoon(name: str, kind: str, chance: Chance) -> Film:
    return whole(
        name,
        kind,
        bad(3, card(chance)),
        good(chance, 6, 9, cartoon(chance)),
        bad(3, credit_roll(chance)),
        bad(1, BLACK),
    )


def _everything(name: str, kind: str, chance: Chance) -> Film:
    painter = landscape(chance)
    return whole(
        name,
        kind,
        bad(1, BLACK),
        bad(2, logo(chance)),
        bad(2, leader(chance)),
        bad(2, card(chance)),
        *fade_in(painter, 3),
        good(chance, 2, 4, painter),
        bad(1, panned(painter, 0.15)),
        bad(1, WHITE),
        bad(2, bars(chance)),
        bad(4, credit_roll(chance)),
    )


KINDS: dict[str, Callable[[str, str, Chance], Film]] = {
    "all-black": _all_black,
    "all-flat": _all_flat,
    "bars": _bars,
    "blanks": _blanks,
    "blur-ramp": _blur_ramp,
    "brand": _brand,
    "cartoon": _cartoon,
    "countdown": _countdown,
    "cover-first": _cover_first,
    "credits": _credits,
    "dissolves": _dissolves,
    "everything": _everything,
    "fade-between": _fade_between,
    "fade-in": _fade_in,
    "letterbox": _letterbox,
    "near-black": _near_black,
    "night": _night,
    "pixelated": _pixelated,
    "portrait": _portrait,
    "screencast": _screencast,
    "short": _short,
    "slides": _slides,
    "snow": _snow,
    "subtitles": _subtitles,
    "talk": _talk,
    "title": _title,
    "whip-pan": _whip_pan,
    "white-flash": _white_flash,
}

"""A moment -> what the film shows then: a landscape under a sky that goes from dawn to night.

Everything follows from the moment and the size, so each frame can be painted by itself. It must not know frames,
films or clocks.
"""

import math
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
DAY_S = 24.0  # the light runs from dawn to night and back in this time
LIGHTS: tuple[tuple[Colour, Colour, Colour, Colour], ...] = (
    # top of the sky, its foot, far hills, near hills
    ((52, 64, 128), (250, 172, 128), (146, 118, 152), (52, 60, 84)),  # dawn
    ((66, 140, 214), (206, 232, 244), (122, 162, 176), (44, 98, 82)),  # day
    ((60, 110, 196), (246, 226, 178), (134, 152, 150), (58, 92, 66)),  # afternoon
    ((66, 48, 112), (252, 132, 92), (142, 82, 120), (50, 40, 72)),  # dusk
)


def paint_scene(at_s: float, size: tuple[int, int]) -> Image.Image:
    """Paint sky, sun, clouds, a balloon and three rows of hills that pass at their own speeds."""
    width, height = size
    top, foot, far, near = light_at(at_s)
    rows = np.linspace(top, foot, height).round().astype(np.uint8)
    picture = Image.fromarray(rows[:, None]).resize((width, height), Image.Resampling.NEAREST)
    turn = (at_s / DAY_S + 0.12) % 1
    sun_x, sun_y = width * (1.02 - 0.7 * turn), height * (0.66 - 0.48 * math.sin(math.pi * turn))
    glow = sun(round(height * 0.62))
    picture.paste(glow, (round(sun_x - glow.width / 2), round(sun_y - glow.height / 2)), glow)
    draw = ImageDraw.Draw(picture, "RGBA")  # clouds let the sky through
    for start, level, speed, breadth in (
        (0.1, 0.4, 0.012, 0.2),
        (0.62, 0.47, 0.02, 0.15),
        (0.95, 0.37, 0.016, 0.12),
    ):
        paint_cloud(draw, ((start + speed * at_s) % 1.4 - 0.2) * width, level * height, breadth * width)
    draw = ImageDraw.Draw(picture)
    balloon_x = (0.24 + 0.03 * at_s) % 1.3 - 0.15
    paint_balloon(draw, balloon_x * width, height * (0.38 + 0.04 * math.sin(at_s * 0.9)), height * 0.1)
    for row, depth in enumerate((0.0, 0.5, 1.0)):
        colour = mix(far, near, depth)
        draw.polygon(ridge(at_s * (0.02 + 0.07 * depth), row, size), fill=colour)
    return picture


def light_at(at_s: float) -> tuple[Colour, Colour, Colour, Colour]:
    """Return the four colours of the hour, between the two lights it lies between."""
    turn = at_s / DAY_S * len(LIGHTS)
    light, next_light = LIGHTS[int(turn) % len(LIGHTS)], LIGHTS[(int(turn) + 1) % len(LIGHTS)]
    top, foot, far, near = (mix(a, b, turn % 1) for a, b in zip(light, next_light, strict=True))
    return top, foot, far, near


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """Return the colour that lies that share of the way from a to b."""
    red, green, blue = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return red, green, blue


def ridge(shift: float, row: int, size: tuple[int, int]) -> list[tuple[float, float]]:
    """Return the outline of one row of hills, shifted by a share of the width."""
    width, height = size
    xs = np.linspace(0, 1, 161)
    waves = (
        0.6 * np.sin((xs + shift) * (5.1 + 1.7 * row) + row * 2.1)
        + 0.3 * np.sin((xs + shift) * (12.7 + 2.3 * row) + row)
        + 0.1 * np.sin((xs + shift) * 31.0 + row)
    )
    ys = (0.64 + 0.11 * row - (0.1 - 0.015 * row) * waves) * height
    outline = [(float(x), float(y)) for x, y in zip(xs * width, ys, strict=True)]
    return [*outline, (width, height), (0, height)]


def paint_cloud(draw: ImageDraw.ImageDraw, x: float, y: float, breadth: float) -> None:
    """Draw one flat-bottomed cloud whose foot stands at y."""
    outline = ((0.0, 0.3), (0.2, 0.52), (0.46, 0.44), (0.68, 0.32))
    for left, tall in outline:
        draw.ellipse((x + left * breadth, y - tall * breadth * 0.5, x + (left + 0.32) * breadth, y), fill="#ffffffd0")
    foot = breadth * 0.08
    draw.rounded_rectangle((x, y - foot * 1.4, x + breadth, y), foot * 0.7, fill="#ffffffd0")


def paint_balloon(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float) -> None:
    """Draw a hot-air balloon whose envelope is centred at (x, y)."""
    basket = (x - radius * 0.2, y + radius * 1.5, x + radius * 0.2, y + radius * 1.8)
    for side in (-1, 1):
        draw.line((x + side * radius * 0.6, y + radius * 0.8, x + side * radius * 0.17, basket[1]), "#3c2a24", 3)
    draw.rounded_rectangle(basket, radius * 0.06, fill="#7a4a2c")
    throat = [(x - radius * 0.9, y + radius * 0.44), (x + radius * 0.9, y + radius * 0.44)]
    draw.polygon([*throat, (x + radius * 0.3, y + radius * 1.25), (x - radius * 0.3, y + radius * 1.25)], "#d9483b")
    for share, colour in ((1.0, "#d9483b"), (0.66, "#f6e7cf"), (0.3, "#d9483b")):
        draw.ellipse((x - radius * share, y - radius, x + radius * share, y + radius), fill=colour)


@lru_cache(maxsize=8)
def sun(size_px: int) -> Image.Image:
    """Return a sun with its glow, as a square RGBA picture."""
    axis = np.linspace(-1, 1, size_px)
    away = np.hypot(axis[:, None], axis[None, :])
    disc = np.clip((0.24 - away) * size_px / 3, 0, 1)
    alpha = np.maximum(disc, np.clip(1 - away, 0, 1) ** 2.4 * 0.75)
    colour = np.broadcast_to(np.array([255, 244, 214], dtype=np.float64), (size_px, size_px, 3))
    return Image.fromarray(np.dstack([colour, alpha * 255]).astype(np.uint8))

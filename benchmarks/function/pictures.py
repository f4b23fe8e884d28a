"""A size and a format -> a frame of a film as a picture file, with the grain that cameras leave."""

from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.function.scripted import Film
from emulator.films.film import paint_frame

_GRAIN = 5.0  # levels: a 720p JPEG of about 200 kB, as CI gives of a video from a phone
_SEED = 1


def hd_film(folder: Path, *formats: str) -> Film:
    """Return a film of two minutes in 720p, whose frames are pictures in `folder` of these formats."""
    frames = {f"0x0.{name}": str(make_frame(folder, 1280, 720, name)) for name in formats}
    return Film(1280, 720, 120.0, 5_000_000, frames)


def make_frame(folder: Path, width_px: int, height_px: int, format: str) -> Path:
    """Return a picture file of this size in `folder`, made where it is not there yet."""
    path = folder / f"{width_px}x{height_px}.{format}"
    if path.exists():
        return path
    scene = paint_frame(Fraction(5), size=(min(width_px, 1920), min(height_px, 1920 * height_px // width_px)))
    if scene.size != (width_px, height_px):
        scene = scene.resize((width_px, height_px), Image.Resampling.BICUBIC)
    chance = np.random.default_rng(_SEED)
    pixels = np.asarray(scene)
    grain = chance.standard_normal(pixels.shape[:2], dtype=np.float32)[..., None] * np.float32(_GRAIN)
    noisy = np.clip(pixels + grain, 0, 255).astype(np.uint8)
    options = {"quality": 85} if format == "jpg" else {"compress_level": 1}
    Image.fromarray(noisy).save(path, "JPEG" if format == "jpg" else "PNG", **options)
    return path

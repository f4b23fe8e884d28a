"""preview.py: a short loop under a number of bytes."""

import io

import numpy as np
import pytest
from PIL import Image

from benchmarks.posters import painting
from snapshot.products.preview import make_preview


def pictures(count=10, size=(320, 180)):
    paint = painting.landscape(np.random.default_rng(4))
    return [paint(number * 2.0, size) for number in range(count)]


def frames_of(body):
    with Image.open(io.BytesIO(body)) as animation:
        for number in range(animation.n_frames):
            animation.seek(number)
            yield animation.convert("RGB"), dict(animation.info)


@pytest.mark.parametrize("format", ["webp", "avif"])
def test_loop(format):
    """All pictures in the order of time, half a second each, without end, and nothing given up."""
    images = pictures(6)
    preview = make_preview(images, format, max_bytes=500_000)
    frames = list(frames_of(preview.body))
    assert len(frames) == preview.frames == 6
    assert {frame.size for frame, _ in frames} == {(320, 180)} == {(preview.width_px, preview.height_px)}
    assert preview.reduced == ""
    for (frame, info), picture in zip(frames, images, strict=True):
        assert np.abs(np.asarray(frame, dtype=int) - np.asarray(picture, dtype=int)).mean() < 12
        assert info["duration"] == 500
    assert frames[0][1].get("loop", 0) == 0


def test_ten_of_many():
    """Of many pictures ten are taken, spread over all of them."""
    levels = [Image.new("RGB", (64, 36), (8 * number,) * 3) for number in range(30)]
    preview = make_preview(levels, "webp", max_bytes=100_000)
    greys = [frame.getpixel((9, 9))[0] // 8 for frame, _ in frames_of(preview.body)]
    assert preview.frames == 10
    assert greys[0] <= 2
    assert greys[-1] >= 27
    assert greys == sorted(greys)


def test_budget():
    """The budget holds: quality goes first, then pictures, and what was given up is said."""
    large = make_preview(pictures(), "webp", max_bytes=10**6)
    sizes = [len(large.body)]
    for share, word in ((0.85, "quality"), (0.3, "pictures instead of 10")):
        budget = int(len(large.body) * share)
        preview = make_preview(pictures(), "webp", max_bytes=budget)
        assert len(preview.body) <= budget
        assert word in preview.reduced
        sizes.append(len(preview.body))
    assert sizes == sorted(sizes, reverse=True)


def test_none():
    """One picture is no loop, and a budget that two pictures do not fit gives none."""
    assert make_preview(pictures(1), "webp", max_bytes=10**6) is None
    assert make_preview([], "webp", max_bytes=10**6) is None
    assert make_preview(pictures(4), "webp", max_bytes=100) is None


def test_large_and_odd_pictures():
    """Pictures wider than 320 px are shrunk, and those of another size take the first one's."""
    images = [*pictures(2, (960, 540)), *pictures(1, (480, 270))]
    preview = make_preview(images, "webp", max_bytes=10**6)
    assert (preview.width_px, preview.height_px, preview.frames) == (320, 180, 3)

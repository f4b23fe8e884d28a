"""The small films that `ops verify` uploads: `python -m ops.verify.films.make FOLDER` writes them.

grey.mp4: 320x180, 40 frames at 10 a second, a key frame each second, frame n all of the grey 20 + 5 n; silence that
lasts two seconds longer than the picture. sound.mp4: two seconds of silence, no picture.
"""

import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

_WIDTH_PX, _HEIGHT_PX, _FPS, _FRAMES = 320, 180, 10, 40
_MIN_GREY, _STEP = 20, 5
_RATE_HZ, _BLOCK = 8000, 1000
_OPTIONS = {"crf": "10", "g": "10", "keyint_min": "10", "sc_threshold": "0", "bf": "0"}


def make(folder: Path) -> None:
    """Write both films.

    Raises:
        OSError: the folder cannot be written.
    """
    with av.open(str(folder / "grey.mp4"), "w") as film:
        video: Any = film.add_stream("libx264", rate=_FPS, options=_OPTIONS)
        video.width, video.height, video.pix_fmt = _WIDTH_PX, _HEIGHT_PX, "yuv420p"
        sound = _add_sound(film)
        for number in range(_FRAMES):
            grey = np.full((_HEIGHT_PX, _WIDTH_PX, 3), _MIN_GREY + _STEP * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, _FPS)
            film.mux(video.encode(frame))
        film.mux(video.encode(None))
        _write_silence(film, sound, blocks=48)
    with av.open(str(folder / "sound.mp4"), "w") as film:
        _write_silence(film, _add_sound(film), blocks=16)


def _add_sound(film: Any) -> Any:  # noqa: ANN401  # PyAV's containers and streams
    stream = film.add_stream("aac", rate=_RATE_HZ)
    stream.layout = "mono"
    return stream


def _write_silence(film: Any, stream: Any, *, blocks: int) -> None:  # noqa: ANN401  # PyAV's containers and streams
    for number in range(blocks):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, _BLOCK), np.float32), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = _RATE_HZ, number * _BLOCK
        film.mux(stream.encode(frame))
    film.mux(stream.encode(None))


if __name__ == "__main__":
    make(Path(sys.argv[1]))

"""Films for the tests of the function, as bytes; made once a process."""

import functools
import io
import tempfile
from pathlib import Path

import av
import numpy as np

from emulator.films.film import make_film


@functools.cache
def film(duration_s=5.0, size=(320, 180)):
    """Give an mp4 that says in every frame which moment it is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        make_film(path, duration_s=duration_s, size=size, fade_in_s=0.5)
        return path.read_bytes()


@functools.cache
def sound():
    """Give an mp4 of one second that holds only sound."""
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48_000)
        stream.layout = "mono"
        for start in range(0, 48_000, 1024):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts = 48_000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()

"""The emulator's snapshots against the ffmpeg program, over a corpus of films, one test a film.

The oracle decodes each film once, from its start to its end, without seeking; ffprobe lists the times of the
frames and which are key frames. From these the test settles which frame is shown at a moment.
"""

import io
import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from emulator.ci.service import SnapshotRequest, answer_snapshot
from emulator.errors import ServiceError
from emulator.films.corpus import CORPUS, Film
from emulator.films.film import read_stripes

pytestmark = pytest.mark.skipif(
    not (shutil.which("ffmpeg") and shutil.which("ffprobe")), reason="the oracle is the ffmpeg program: install ffmpeg"
)

TONE_MAPPED = (
    "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=reinhard:desat=0,"
    "zscale=t=iec61966-2-1:m=bt709:r=tv,format=yuv420p"
)


@dataclass(frozen=True)
class Shown:
    """One frame as the oracle sees it: when it begins, counted from the first, and what it looks like."""

    at_s: Fraction
    key: bool
    picture: np.ndarray


def run(*command: str) -> bytes:
    return subprocess.run(command, check=True, capture_output=True, timeout=120).stdout


def frames_of(path: Path, film: Film) -> list[Shown]:
    """List every frame the oracle shows of a film, in order."""
    entries = "stream=time_base,width,height,avg_frame_rate:frame=pts,key_frame"
    probe = json.loads(
        run("ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", entries, "-of", "json", str(path))
    )
    stream, listed = probe["streams"][0], probe["frames"]
    filters = film.filters or "null"
    if film.hdr:
        filters = TONE_MAPPED
    turn = [] if film.autorotate else ["-noautorotate"]
    pictures = pictures_in(
        run(
            *("ffmpeg", "-nostdin", "-v", "error", *turn, "-i", str(path), "-map", "0:v:0", "-vf", filters),
            *("-vsync", "passthrough", "-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "-"),
        )
    )
    assert len(pictures) == len(listed), "the oracle's two programs disagree"
    clock = Fraction(stream["time_base"])
    if path.suffix == ".avi":  # has no presentation times: the n-th frame shown is shown at n / rate
        times = [n / Fraction(stream["avg_frame_rate"]) for n in range(len(listed))]
    else:
        times = [(frame["pts"] - listed[0]["pts"]) * clock for frame in listed]
    return [Shown(at, frame["key_frame"] == 1, shot) for at, frame, shot in zip(times, listed, pictures, strict=True)]


def pictures_in(ppm: bytes) -> np.ndarray:
    """Return the pictures of a row of PPM files, all of one size: P6, width and height, 255, and the pixels."""
    header = re.match(rb"P6\n(\d+) (\d+)\n255\n", ppm)
    assert header
    width, height = map(int, header.groups())
    files = np.frombuffer(ppm, np.uint8).reshape(-1, header.end() + height * width * 3)
    assert (files[:, : header.end()] == files[0, : header.end()]).all(), "the pictures differ in size"
    return files[:, header.end() :].reshape(-1, height, width, 3)


def moments(frames: list[Shown]) -> list[Fraction]:
    """Choose moments: first and last frame, key frames and the frames before them, at a start and within."""
    last = len(frames) - 1
    keys = [n for n, shot in enumerate(frames) if shot.key and n]
    chosen = {
        0,
        1,
        last // 3,
        last - 1,
        last,
        *keys[:1],
        *(n - 1 for n in keys[:1]),
        *keys[-1:],
        *(n + 1 for n in keys[-1:]),
    }
    times = []
    for n in sorted(n for n in chosen if 0 <= n <= last):
        times.append(frames[n].at_s)
        if n < last:
            times.append(frames[n + 1].at_s - Fraction(1, 10**6))  # the last microsecond it is shown
    while len(times) < 5:  # a film of one frame: moments within it, as far as the shortest is shown
        times.append(frames[0].at_s + len(times) * Fraction(1, 1000))
    return times


def psnr_db(a: np.ndarray, b: np.ndarray) -> float:
    if a.shape != b.shape:
        return 0.0
    error = np.mean((a.astype(np.float64) - b) ** 2)
    return 10 * np.log10(255**2 / error) if error else 99.0


def take(path: Path, at_s: Fraction, mode: str, form: str) -> Image.Image:
    with path.open("rb") as stream:
        picture = answer_snapshot(SnapshotRequest(at_s, format=form, mode=mode), stream)
    image = Image.open(io.BytesIO(picture.body))
    assert (image.format, picture.content_type) == {"png": ("PNG", "image/png"), "jpg": ("JPEG", "image/jpeg")}[form]
    return image.convert("RGB")


def stripe_of(picture: np.ndarray) -> int:
    return read_stripes(Image.fromarray(picture))


@pytest.mark.parametrize("film", CORPUS, ids=lambda film: film.name)
def test_ffmpeg_agrees(film: Film, tmp_path: Path) -> None:
    """Each snapshot is the frame that ffmpeg shows then."""
    path = tmp_path / film.name
    film.make(path)
    frames = frames_of(path, film)
    wrong = [
        (float(shot.at_s), "exactframe", "png")
        for shot in frames
        if psnr_db(np.asarray(take(path, shot.at_s, "exactframe", "png")), shot.picture) < (28 if film.hdr else 45)
    ]
    times = moments(frames)
    in_jpg = times[:: len(times) // 5]  # the same picture in another format: five moments show it
    stripes: dict[int, int] = {}
    for at_s in times:
        for mode in ("exactframe", "keyframe"):
            right = [n for n, shot in enumerate(frames) if shot.at_s <= at_s and (shot.key or mode == "exactframe")]
            if not right:  # an edit list hides the key frame that the film begins with
                with pytest.raises(ServiceError, match="before the first key frame"):
                    take(path, at_s, mode, "png")
                continue
            for form, least_db in {"png": 45.0, "jpg": 35.0}.items():
                if form == "jpg" and at_s not in in_jpg:
                    continue
                image = take(path, at_s, mode, form)
                expected = frames[right[-1]].picture
                if right[-1] not in stripes:
                    stripes[right[-1]] = stripe_of(expected)
                found_ms, expected_ms = read_stripes(image), stripes[right[-1]]
                quality_db = psnr_db(np.asarray(image), expected)
                # two tone mappers differ; what they have to agree on stands in test_ci_tone.py
                if film.hdr:
                    quality_db += 45.0 - 28.0
                if found_ms != expected_ms or quality_db < least_db:
                    wrong.append((float(at_s), mode, form, found_ms, expected_ms, round(quality_db, 1)))
    assert not wrong


def test_corpus_size() -> None:
    """The corpus is as large as promised."""
    assert len({film.name for film in CORPUS}) == len(CORPUS) >= 40

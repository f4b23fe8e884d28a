"""The function beside what a user would otherwise run: the same work, on the same videos, in the same run."""

import subprocess
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.function.cloud import ScriptedCloud
from benchmarks.function.function import ROOT, Function
from benchmarks.function.pictures import make_frame
from benchmarks.function.scripted import Film
from benchmarks.svg import Bars, draw

_WAYS = {
    "this function": "handler.main_handler",
    "one shot after another": "benchmarks.function.alternatives.plain",
    "ffmpeg, one program a shot": "benchmarks.function.alternatives.each",
    "ffmpeg, one program for all": "benchmarks.function.alternatives.all_at_once",
}
_MB = 1_000_000
_SIZES_MB = (5, 100, 1000)
_SHOTS, _ROUNDS, _LENGTH_S = 8, 3, 20
_USD_A_CALL = Decimal("0.000015")  # CI's price list: 0.015 USD for 1,000 snapshots or media infos, read 2026-11-22
_MEMORY_GB = 0.5


def measure(*, smoke: bool) -> dict[str, Any]:
    """Return the medians of each way for each size of video."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        frame = make_frame(folder, 1280, 720, "jpg")
        base = folder / "base.mp4"
        make_film(base, 4 if smoke else _LENGTH_S)
        films = {}
        for size_mb in _SIZES_MB[:1] if smoke else _SIZES_MB:
            path = pad_film(base, folder / f"{size_mb}.mp4", size_mb * _MB)
            length_s = 4.0 if smoke else float(_LENGTH_S)
            films[f"mb{size_mb}"] = Film(1280, 720, length_s, path.stat().st_size, {"0x0.jpg": str(frame)}, str(path))
        with ScriptedCloud(films) as cloud:
            rows = list(_rows(cloud, list(films), rounds=1 if smoke else _ROUNDS))
    return {"shots": _SHOTS, "picture": "1280x720 jpg", "rows": rows}


def make_film(path: Path, length_s: int) -> None:
    """Make a video in 720p with a key frame each ten seconds, of about 2 Mbit/s."""
    picture = f"testsrc2=size=1280x720:rate=25:duration={length_s},noise=alls=8:allf=t"
    coding = ["-c:v", "libx264", "-preset", "ultrafast", "-b:v", "1800k", "-g", "250", "-pix_fmt", "yuv420p"]
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", picture, *coding, str(path)], check=True)


def pad_film(base: Path, path: Path, size_bytes: int) -> Path:
    """Write the film with a box of free space behind it, which every reader skips: so many bytes, quickly made.

    It flatters the programs that download it: a real film of that size has more to decode between two key frames.
    """
    body = base.read_bytes()
    room = size_bytes - len(body)
    with path.open("wb") as stream:
        stream.write(body)
        if room > 8:  # noqa: PLR2004  # the box's own head
            stream.write(room.to_bytes(4, "big") + b"free")
            stream.truncate(size_bytes)
    return path


def _rows(cloud: ScriptedCloud, films: list[str], *, rounds: int) -> Iterator[dict[str, Any]]:
    settings = {"SNAPSHOT_TIMES": f"{_SHOTS}x", "SNAPSHOT_INPUT_PREFIX": "videos/", "PYTHONPATH": str(ROOT)}
    for film in films:
        for way, handler in _WAYS.items():
            print(f"alternatives: {film.removeprefix('mb')} MB, {way}", flush=True)
            with Function(cloud.endpoint, settings, handler=handler) as function:
                runs = []
                for number in range(rounds + 1):  # the first is not counted
                    cloud.clear()
                    runs.append(function.invoke(f"videos/{film}/{number}.mp4"))
                    if runs[-1].error:
                        raise RuntimeError(f"{way}: {runs[-1].error}")
            seen = cloud.calls()
            if seen.count("put") != _SHOTS + 2:
                raise RuntimeError(f"{way} stored {sorted(seen.objects)}")
            counted = runs[1:]
            paid = seen.count("snapshot") + seen.count("info")
            wall_ms = median(run.wall_ms for run in counted)
            yield {
                "size_mb": int(film.removeprefix("mb")),
                "way": way,
                "wall_ms": round(wall_ms),
                "cpu_ms": round(median(run.cpu_ms for run in counted)),
                "mb_in": round(seen.bytes_in / _MB, 1),
                "mb_out": round(seen.bytes_out / _MB, 1),
                "peak_mib": round(runs[-1].peak_mib + runs[-1].children_peak_mib * ("ffmpeg" in way)),
                "ci_usd_a_thousand": float(paid * _USD_A_CALL * 1000),
                "gbs_a_thousand": round(wall_ms * _MEMORY_GB),
            }


def plot(results: dict[str, Any]) -> str:
    """Return the chart."""
    sizes = sorted({row["size_mb"] for row in results["rows"]})
    panels = [
        Bars(
            f"a video of {size} MB",
            [
                (row["way"], row["wall_ms"], f"{row['wall_ms'] / 1000:.2f} s")
                for row in results["rows"]
                if row["size_mb"] == size
            ],
        )
        for size in sizes
    ]
    return draw(f"{results['shots']} pictures of an upload, in seconds", panels)

"""The peak of resident memory, of the package as shipped under the Python of SCF, in functions of 128 to 512 MB."""

import os
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from benchmarks.function.cloud import LATENCIES_MS, ScriptedCloud
from benchmarks.function.cold_start import build_package
from benchmarks.function.function import Function
from benchmarks.function.pictures import make_frame
from benchmarks.function.scripted import Film
from benchmarks.svg import Bars, draw

_VIDEOS = {"1080p": (1920, 1080), "4K": (3840, 2160), "5.7K": (5760, 2880), "8K": (7680, 4320)}
_SIZES = {3: "0x0,1280x0,320x0"}  # the own size alone takes less, for each format
_LIMITS_MB = (128, 256, 512)
_FORMATS = ("jpg", "png", "webp", "avif")
_SHOTS = {"jpg": 8, "png": 6, "webp": 3, "avif": 2}  # enough for the most that is held at one time
_BASE = ("4K", "jpg", 128)  # whose number of shots and of sizes varies
_MORE_SHOTS, _MORE_SIZES = (1, 20, 50), {1: "0x0", **_SIZES}
_QUICK_MS = {operation: time_ms / 10 for operation, time_ms in LATENCIES_MS.items()}


@dataclass(frozen=True, slots=True)
class _Cell:
    """The settings of one run: the video's name, the format, the number of sizes, the function's memory, the shots."""

    video: str
    file_format: str
    sizes: int
    limit_mb: int
    shots: int

    def __str__(self) -> str:
        return f"{self.video} in {self.file_format}, sizes: {self.sizes}, shots: {self.shots}, in {self.limit_mb} MB"


def measure(*, smoke: bool) -> dict[str, Any]:
    """Return the peak of each combination; where the pictures were made smaller to fit, how wide they are."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        python = build_package(folder)
        films = {
            name: Film(
                width,
                height,
                120.0,
                50_000_000,
                {f"0x0.{file}": str(make_frame(folder, width, height, file)) for file in ("jpg", "png")},
            )
            for name, (width, height) in (list(_VIDEOS.items())[:1] if smoke else _VIDEOS.items())
        }
        cells = [
            _Cell(video, file_format, sizes, limit_mb, _SHOTS[file_format])
            for video in films
            for file_format in _FORMATS[: 1 if smoke else None]
            for sizes in _SIZES
            for limit_mb in _LIMITS_MB[: 1 if smoke else None]
        ]
        video, file_format, limit_mb = _BASE
        more = [
            _Cell(video, file_format, sizes, limit_mb, shots)
            for shots in _MORE_SHOTS[: 0 if smoke else None]
            for sizes in _MORE_SIZES
        ]
        peaks = _run_all([*cells, *more], films, partial(_run, python, folder / "package"))
    rows = [
        {"video": cell.video, "format": cell.file_format, "sizes": cell.sizes, "limit_mb": cell.limit_mb, **peaks[cell]}
        for cell in cells
    ]
    by_shots = [{"shots": cell.shots, "sizes": cell.sizes, **peaks[cell]} for cell in more]
    return {"python": "3.10", "shots": _SHOTS, "sizes": _SIZES, "rows": rows, "base": _BASE, "by_shots": by_shots}


def _run_all(
    cells: Sequence[_Cell], films: dict[str, Film], run: Callable[[ScriptedCloud, Film, _Cell], dict[str, Any]]
) -> dict[_Cell, dict[str, Any]]:
    """Return the result of each cell's run; as many run side by side as there are cores, each on a cloud of its own."""
    count = os.cpu_count() or 1
    clouds: SimpleQueue[ScriptedCloud] = SimpleQueue()

    def run_cell(cell: _Cell) -> dict[str, Any]:
        print(f"memory: {cell}", flush=True)
        cloud = clouds.get()
        try:
            return run(cloud, films[cell.video], cell)
        finally:
            clouds.put(cloud)

    with ExitStack() as stack:
        for _ in range(count):
            clouds.put(stack.enter_context(ScriptedCloud(films, _QUICK_MS)))
        with ThreadPoolExecutor(count) as threads:
            return dict(zip(cells, threads.map(run_cell, cells), strict=True))


def _run(python: str, folder: Path, cloud: ScriptedCloud, film: Film, cell: _Cell) -> dict[str, Any]:
    """Run one upload in an instance of its own; return the peak, and how wide its pictures were captured."""
    cloud.clear()
    settings = {
        "SNAPSHOT_TIMES": f"{cell.shots}x",
        "SNAPSHOT_INPUT_PREFIX": "videos/",
        "SNAPSHOT_SIZES": _MORE_SIZES[cell.sizes],
        "SNAPSHOT_FORMAT": cell.file_format,
    }
    with Function(cloud.endpoint, settings, folder=folder, python=python, memory_mb=cell.limit_mb) as function:
        run = function.invoke(f"videos/{cell.video}/memory.mp4")
    seen = cloud.calls()
    widths = {int(call["width"]) for call in seen.calls if call["operation"] == "snapshot" and call["width"]}
    if run.error or seen.count("put") < cell.shots * cell.sizes:
        raise RuntimeError(f"{cell}: {run.error or sorted(seen.objects)}")
    return {
        "peak_mib": round(run.peak_mib),
        "captured_width_px": min(widths, default=film.width_px),
        "is_whole": not widths,
    }


def plot(results: dict[str, Any]) -> str:
    """Return the chart."""
    panels = [
        Bars(
            f"a function of {limit} MB (the line)",
            [
                (f"{row['video']} {row['format']}", row["peak_mib"], f"{row['peak_mib']} MB")
                for row in results["rows"]
                if row["limit_mb"] == limit and row["sizes"] == max(each["sizes"] for each in results["rows"])
            ],
            float(limit),
        )
        for limit in sorted({row["limit_mb"] for row in results["rows"]})
    ]
    return draw("Peak of memory, three sizes", panels)

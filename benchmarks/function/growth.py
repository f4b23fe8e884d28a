"""Measure time and processor time by the number of shots, of sizes, and by the length of the video."""

import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.function.cloud import INSTANT, ScriptedCloud
from benchmarks.function.function import Function
from benchmarks.function.pictures import make_frame
from benchmarks.function.scripted import Film
from benchmarks.svg import Bars, draw

_SHOTS = (1, 5, 10, 20, 50, 99)  # with media info, SNAPSHOT_MAX_CALLS as shipped
_SIZES = ("0x0", "0x0,960x0", "0x0,960x0,640x0", "0x0,960x0,640x0,320x0", "0x0,960x0,640x0,320x0,160x0")
_LENGTHS_S = {"1 s": 1.0, "1 min": 60.0, "10 min": 600.0, "3 h": 10_800.0}
_ROUNDS = 3


def measure(*, smoke: bool) -> dict[str, Any]:
    """Return medians, one dimension at a time, the others as shipped."""
    results: dict[str, list[dict[str, Any]]] = {"shots": [], "sizes": [], "length": []}
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        frame = str(make_frame(Path(name), 1280, 720, "jpg"))
        films = {
            label.replace(" ", ""): Film(1280, 720, length_s, 5_000_000, {"0x0.jpg": frame})
            for label, length_s in _LENGTHS_S.items()
        }
        rounds = 1 if smoke else _ROUNDS
        with ScriptedCloud(films) as cloud:
            for shots in _SHOTS[:1] if smoke else _SHOTS:
                results["shots"].append(_run(cloud, f"{shots}", "10min", {"SNAPSHOT_TIMES": f"{shots}x"}, rounds))
            for number, sizes in enumerate(_SIZES[:1] if smoke else _SIZES, 1):
                results["sizes"].append(_run(cloud, f"{number}", "10min", {"SNAPSHOT_SIZES": sizes}, rounds))
            for label in list(_LENGTHS_S)[: 1 if smoke else None]:
                settings = {"SNAPSHOT_TIMES": "25%,50%,75%"}
                results["length"].append(_run(cloud, label, label.replace(" ", ""), settings, rounds))
    return {**results}


def _run(cloud: ScriptedCloud, label: str, film: str, settings: dict[str, str], rounds: int) -> dict[str, Any]:
    print(f"growth: {label}", flush=True)
    runs = []
    with Function(cloud.endpoint, {"SNAPSHOT_INPUT_PREFIX": "videos/", **settings}) as function:
        cloud.clear(INSTANT)
        function.invoke(f"videos/{film}/warm.mp4")
        for number in range(rounds):
            cloud.clear()
            runs.append(function.invoke(f"videos/{film}/{number}.mp4"))
            if runs[-1].error:
                raise RuntimeError(runs[-1].error)
    return {
        "value": label,
        "wall_ms": round(median(run.wall_ms for run in runs)),
        "cpu_ms": round(median(run.cpu_ms for run in runs)),
        "peak_mib": round(runs[-1].peak_mib),
    }


def plot(results: dict[str, Any]) -> str:
    """Return the chart: one panel for each thing that varies."""
    titles = {"shots": "shots", "sizes": "sizes, of four shots", "length": "length of the video, three shots"}
    panels = [
        Bars(
            titles[name],
            [(row["value"], row["wall_ms"], f"{row['wall_ms']} ms, CPU {row['cpu_ms']} ms") for row in rows],
        )
        for name, rows in ((name, results[name]) for name in titles)
    ]
    return draw("Upload to manifest, by what grows", panels)

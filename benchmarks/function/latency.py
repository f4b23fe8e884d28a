"""How long an upload takes to its manifest, against the least that the cloud's own times allow."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.function.cloud import INSTANT, LATENCIES_MS, ScriptedCloud
from benchmarks.function.function import Function
from benchmarks.function.pictures import hd_film
from benchmarks.function.schedule import critical_path_ms
from benchmarks.svg import Bars, draw

_SHOTS, _ROUNDS, _LANES = (1, 2, 4, 8, 20), 5, 8


def measure(*, smoke: bool) -> dict[str, Any]:
    """Return the medians for 1 to 20 shots of a 720p video, with fixed and with long-tailed times."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        film = hd_film(Path(folder), "jpg")
        with ScriptedCloud({"hd": film}) as cloud:
            rows = list(_rows(cloud, smoke=smoke))
    return {"latencies_ms": LATENCIES_MS, "picture": "1280x720 jpg", "concurrency": _LANES, "rows": rows}


def _rows(cloud: ScriptedCloud, *, smoke: bool) -> Iterator[dict[str, Any]]:
    for has_tail in (False, True):
        for shots in _SHOTS[:1] if smoke else _SHOTS:
            print(f"latency: {shots} shots, {'long-tailed' if has_tail else 'fixed'} times", flush=True)
            yield _measure_one(cloud, shots, has_tail=has_tail, rounds=1 if smoke else _ROUNDS)


def _measure_one(cloud: ScriptedCloud, shots: int, *, has_tail: bool, rounds: int) -> dict[str, Any]:
    times_ms, cpu, ratios, bare, paths = [], [], [], [], []
    settings = {"SNAPSHOT_TIMES": f"{shots}x", "SNAPSHOT_INPUT_PREFIX": "videos/"}
    with Function(cloud.endpoint, settings) as function:
        cloud.clear(INSTANT)
        function.invoke("videos/hd/warm.mp4")
        for number in range(rounds):
            cloud.clear(has_tail=has_tail, seed=number)
            run = function.invoke(f"videos/hd/{number}.mp4")
            seen = cloud.calls()
            if run.error or seen.count("snapshot") != shots or seen.count("put") != shots + 2:
                raise RuntimeError(f"{shots} shots came out wrong: {run.error or sorted(seen.objects)}")
            path_ms = critical_path_ms(seen.calls, lanes=_LANES)
            times_ms.append(run.wall_ms)
            cpu.append(run.cpu_ms)
            paths.append(path_ms)
            ratios.append(run.wall_ms / path_ms)
            bare.append(run.wall_ms / critical_path_ms(seen.calls, lanes=_LANES, is_bare=True))
    return {
        "shots": shots,
        "times": "long-tailed" if has_tail else "fixed",
        "critical_path_ms": round(median(paths)),
        "wall_ms": round(median(times_ms)),
        "cpu_ms": round(median(cpu)),
        "ratio": round(median(ratios), 2),
        "best_ratio": round(min(ratios), 2),
        "ratio_without_looks": round(median(bare), 2),
    }


def plot(results: dict[str, Any]) -> str:
    """Return the chart."""
    bars = [
        (
            f"{row['shots']} {'shot' if row['shots'] == 1 else 'shots'}, {row['times']}",
            row["ratio"],
            f"{row['ratio']:.2f}  ({row['wall_ms']} ms)",
        )
        for row in results["rows"]
    ]
    return draw("Upload to manifest / critical path", [Bars("the line: as fast as the cloud", bars, 1.0)])

"""How long a burst of uploads takes to its last manifest, against the limit that the number of instances sets."""

import json
import os
import queue
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.function.cloud import INSTANT, LATENCIES_MS, Calls, ScriptedCloud
from benchmarks.function.function import Function, Run
from benchmarks.function.pictures import hd_film
from benchmarks.svg import Line, draw_lines

_UPLOADS, _INSTANCES, _ALONE, _POINTS = 1000, 16, 9, 60
_SETTINGS = {"SNAPSHOT_TIMES": "1", "SNAPSHOT_INPUT_PREFIX": "videos/"}


@dataclass(frozen=True, slots=True)
class _Invocation:
    """One upload of a burst: when its invocation began and ended, in seconds since the burst."""

    begin_s: float
    end_s: float
    cpu_ms: float


def measure(*, smoke: bool) -> dict[str, Any]:
    """Return the time of a burst, its limit, and the length of the queue over time."""
    uploads, instances, alone = (8, 2, 1) if smoke else (_UPLOADS, _INSTANCES, _ALONE)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))
        cloud = stack.enter_context(ScriptedCloud({"hd": hd_film(Path(folder), "jpg")}))
        functions = [stack.enter_context(Function(cloud.endpoint, _SETTINGS)) for _ in range(instances)]
        cloud.clear(INSTANT)
        for function in functions:  # an instance that has run before
            _run(function, "videos/hd/warm.mp4")
        cloud.clear()
        one_ms = median(_run(functions[0], f"videos/hd/alone-{number}.mp4").wall_ms for number in range(alone))
        cloud.clear()
        print(f"load: {uploads} uploads on {instances} instances", flush=True)
        runs = _burst(functions, [f"videos/hd/{number}.mp4" for number in range(uploads)])
        seen = cloud.calls()
        _check(cloud, seen, uploads)
    wall_s, limit_s = max(run.end_s for run in runs), uploads * one_ms / 1000 / instances
    return {
        "latencies_ms": LATENCIES_MS,
        "uploads": uploads,
        "instances": instances,
        "alone_ms": round(one_ms),
        "limit_s": round(limit_s, 1),
        "wall_s": round(wall_s, 1),
        "ratio": round(wall_s / limit_s, 2),
        "cpu_share": round(sum(run.cpu_ms for run in runs) / 1000 / wall_s / (os.cpu_count() or 1), 2),
        "paid_calls": seen.count("snapshot") + seen.count("info"),
        "queue": _lengths([run.begin_s for run in runs], wall_s),
    }


def _burst(functions: Sequence[Function], keys: Sequence[str]) -> list[_Invocation]:
    """Run one invocation an upload, each on the first instance that is free."""
    free: queue.SimpleQueue[Function] = queue.SimpleQueue()
    for function in functions:
        free.put(function)
    start_s = time.monotonic()

    def invoke(key: str) -> _Invocation:
        function = free.get()
        begin_s = time.monotonic() - start_s
        run = _run(function, key)
        free.put(function)
        return _Invocation(begin_s, time.monotonic() - start_s, run.cpu_ms)

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(invoke, keys))


def _run(function: Function, key: str) -> Run:
    run = function.invoke(key)
    if run.error:
        raise RuntimeError(f"{key}: {run.error}")
    return run


def _check(cloud: ScriptedCloud, seen: Calls, uploads: int) -> None:
    """Check that each upload was paid for once, and that its manifest names only files that are there."""
    if (seen.count("info"), seen.count("snapshot")) != (uploads, uploads):
        raise RuntimeError(
            f"{seen.count('info')} media infos and {seen.count('snapshot')} snapshots for {uploads} uploads"
        )
    for number in range(uploads):
        key = f"videos/hd/{number}.mp4"
        manifest = json.loads(cloud.read(f"thumbnails/{key}/manifest.json"))
        named = [*(thumbnail["key"] for thumbnail in manifest["thumbnails"]), manifest["poster"]["key"]]
        if manifest["source"]["key"] != key or len(named) != 2 or not seen.objects.keys() >= set(named):  # noqa: PLR2004
            raise RuntimeError(f"the manifest of {key} is wrong")


def _lengths(begin_times_s: Sequence[float], wall_s: float) -> list[tuple[float, int]]:
    """Return how many uploads wait, at moments spread over the burst: seconds and number."""
    times = [wall_s * point / _POINTS for point in range(_POINTS + 1)]
    return [(round(at_s, 2), sum(begin_s > at_s for begin_s in begin_times_s)) for at_s in times]


def plot(results: dict[str, Any]) -> str:
    """Return the chart."""
    limit = [(0.0, results["uploads"]), (results["limit_s"], 0)]
    return draw_lines(
        f"{results['uploads']} uploads at once, {results['instances']} instances",
        "uploads that wait",
        "s",
        [
            Line(f"measured: {results['wall_s']:g} s to the last manifest", results["queue"]),
            Line(f"limit of the instances: {results['limit_s']:g} s", limit, is_mark=True),
        ],
    )

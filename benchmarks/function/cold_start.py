"""From the start of a process to the first byte it sends, for the package as shipped, beside what its imports cost."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.function.cloud import INSTANT, ScriptedCloud
from benchmarks.function.function import ROOT, Function
from benchmarks.function.pictures import hd_film
from benchmarks.svg import Bars, draw

_ROUNDS = 9
_IMPORTS = "import qcloud_cos, pydantic"
_MODEL = "import qcloud_cos, pydantic; pydantic.BaseModel"  # pydantic loads what makes models when they are asked for
_REPORT = "; import sys; sys.stdout.write('x'); sys.stdout.flush(); sys.stdin.read()"


def measure(*, smoke: bool) -> dict[str, Any]:
    """Return the medians, measured in turns, under the Python of SCF.

    Raises:
        RuntimeError: the package cannot be built.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        python = build_package(folder)
        times: dict[str, list[float]] = {"floor": [], "floor with models": [], "as shipped": [], "without bytecode": []}
        with ScriptedCloud({"hd": hd_film(folder, "jpg")}, INSTANT) as cloud:
            for number in range(1 if smoke else _ROUNDS):
                print(f"cold start: round {number + 1}", flush=True)
                times["floor"].append(_time_floor(python, folder / "package", _IMPORTS))
                times["floor with models"].append(_time_floor(python, folder / "package", _MODEL))
                times["as shipped"].append(_time_start(cloud, python, folder / "package"))
                times["without bytecode"].append(_time_start(cloud, python, folder / "sources"))
    medians = {way: round(median(values)) for way, values in times.items()}
    ratios = {
        floor: round(median(a / b for a, b in zip(times["as shipped"], times[floor], strict=True)), 2)
        for floor in ("floor", "floor with models")
    }
    return {"python": "3.10", "rounds": len(times["floor"]), "median_ms": medians, "ratios": ratios}


def build_package(folder: Path) -> str:
    """Unpack the package into `folder`/package, and without bytecode into `folder`/sources; return its Python."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "ops", "package"]
    which = subprocess.run([*command, "--which"], cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    built = subprocess.run(
        [*command, "--out", str(folder / "snapshot.zip")],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    if which.returncode or built.returncode:
        raise RuntimeError(f"the package cannot be built: {which.stderr}{built.stderr}")
    with zipfile.ZipFile(folder / "snapshot.zip") as archive:
        archive.extractall(folder / "package")  # made a moment ago
    shutil.copytree(folder / "package", folder / "sources", ignore=shutil.ignore_patterns("__pycache__"))
    return which.stdout.strip()


def _time_floor(python: str, folder: Path, code: str) -> float:
    began_s = time.monotonic()
    with subprocess.Popen(
        [python, "-c", code + _REPORT], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None  # noqa: S101  # it is a pipe
        process.stdout.read(1)
        spent_ms = (time.monotonic() - began_s) * 1000
        process.communicate()
    return spent_ms


def _time_start(cloud: ScriptedCloud, python: str, folder: Path) -> float:
    cloud.clear()
    settings = {"SNAPSHOT_TIMES": "1", "SNAPSHOT_INPUT_PREFIX": "videos/", "PYTHONDONTWRITEBYTECODE": "1"}
    began_s = time.monotonic()
    with Function(cloud.endpoint, settings, folder=folder, python=python) as function:
        run = function.invoke("videos/hd/cold.mp4")
    if run.error:
        raise RuntimeError(json.dumps(run.error))
    return min(float(call["at_ms"]) for call in cloud.calls().calls) - began_s * 1000


def plot(results: dict[str, Any]) -> str:
    """Return the chart."""
    names = {"floor": "qcloud_cos and pydantic alone", "floor with models": "the same, with pydantic.BaseModel"}
    bars = [(names.get(way, way), value, f"{value} ms") for way, value in results["median_ms"].items()]
    return draw("Cold start: to the first byte sent", [Bars("Python 3.10", bars)])

"""Count the paid calls of one video for each recipe, beside the minimum that the recipe needs."""

import tempfile
from pathlib import Path
from typing import Any

from benchmarks.function.cloud import INSTANT, ScriptedCloud
from benchmarks.function.function import Function
from benchmarks.function.pictures import hd_film
from benchmarks.svg import Bars, draw

_RECIPES: dict[str, tuple[dict[str, str], int]] = {  # settings, and the pictures that differ
    "as shipped": ({}, 4),
    "one moment": ({"SNAPSHOT_TIMES": "1"}, 1),
    "three sizes, two formats": ({"SNAPSHOT_SIZES": "0x0,640x0,320x0", "SNAPSHOT_FORMAT": "jpg,webp"}, 4),
    "20 moments": ({"SNAPSHOT_TIMES": "20x"}, 20),
    "a storyboard of 24": ({"SNAPSHOT_STORYBOARD": "24x"}, 25),
    "an animated preview": ({"SNAPSHOT_PREVIEW": "webp"}, 4),
}


def measure(*, smoke: bool) -> dict[str, Any]:
    """Return the paid calls of the first delivery and of a second one."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        film = hd_film(Path(name), "jpg", "png")
        with ScriptedCloud({"hd": film}, INSTANT) as cloud:
            for recipe, (settings, pictures) in list(_RECIPES.items())[: 1 if smoke else None]:
                print(f"calls: {recipe}", flush=True)
                cloud.clear()
                with Function(cloud.endpoint, {"SNAPSHOT_INPUT_PREFIX": "videos/", **settings}) as function:
                    paid = [_paid(function, cloud) for _ in range(2)]
                least = pictures + 1
                rows.append({"recipe": recipe, "calls": paid[0], "least": least, "second_delivery": paid[1] - paid[0]})
    return {"length_s": film.duration_s, "rows": rows}


def _paid(function: Function, cloud: ScriptedCloud) -> int:
    run = function.invoke("videos/hd/calls.mp4")
    if run.error:
        raise RuntimeError(run.error)
    seen = cloud.calls()
    return seen.count("snapshot") + seen.count("info")


def plot(results: dict[str, Any]) -> str:
    """Return the chart."""
    bars = [(row["recipe"], row["calls"], f"{row['calls']} (least {row['least']})") for row in results["rows"]]
    return draw("Paid calls for one video", [Bars("snapshots and media info", bars)])

"""The figures in results/ -> docs/benchmarks.md."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
_RESULTS = Path(__file__).parent / "results"


def write() -> None:
    """Write the page from the figures that are there."""
    PAGE.write_text(render())


def render() -> str:
    """Return the page."""
    parts = [_TEXT_TOP]
    for name, title, describe in _SECTIONS:
        path = _RESULTS / f"{name}.json"
        if path.exists():
            results = json.loads(path.read_text())
            parts += [
                f"## {title}\n",
                describe(results),
                f"\n![{title}](../benchmarks/results/{name}.svg)\n",
                _foot(results),
            ]
    return "\n".join([*parts, _TEXT_END])


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table in Markdown; every column but the first is set to the right."""
    lines = [f"| {' | '.join(heads)} |", f"| --- |{' ---: |' * (len(heads) - 1)}"]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _foot(results: dict[str, Any]) -> str:
    machine = results["machine"]
    return (
        f"Measured on {machine['cpus']} cores with Python {machine['python']}, with a load of {machine['load']} from "
        f"other programs at the end; {results['took_s']} s.\n"
    )


def _latency(results: dict[str, Any]) -> str:
    times = ", ".join(f"{name} {value:g}" for name, value in results["latencies_ms"].items())
    heads = ("shots, times", "critical path", "time", "ratio", "best", "without the looks", "CPU")
    rows = [
        (
            f"{row['shots']}, {row['times']}",
            f"{row['critical_path_ms']} ms",
            f"{row['wall_ms']} ms",
            f"{row['ratio']:.2f}",
            f"{row['best_ratio']:.2f}",
            f"{row['ratio_without_looks']:.2f}",
            f"{row['cpu_ms']} ms",
        )
        for row in results["rows"]
    ]
    return (
        f"A cloud that waits for set times and answers ({times} ms; long-tailed: these are the medians, one call in twenty "
        f"takes 2.7 times as long), a picture of {results['picture']}, {results['concurrency']} calls at the same time. "
        "The critical path is the calls that must wait for each other: a look at source and output, media info, the snapshot, "
        "a look at the source before anything is stored, the PUT, the manifest's PUT, and a last look. The last two looks "
        "make sure that no picture of another content is stored; the column without them leaves them out of the critical "
        "path. The aim is 1.10. What is above it is processor time, most of it for measuring pictures that arrive together: "
        "the ratio grows with the CPU column, so a slower machine is further away.\n\n" + table(heads, rows)
    )


def _alternatives(results: dict[str, Any]) -> str:
    heads = ("video, way", "time", "CPU", "in", "out", "peak", "CI, 1,000 videos", "compute, 1,000 videos")
    rows = [
        (
            f"{row['size_mb']} MB, {row['way']}",
            f"{row['wall_ms'] / 1000:.2f} s",
            f"{row['cpu_ms'] / 1000:.2f} s",
            f"{row['mb_in']:g} MB",
            f"{row['mb_out']:g} MB",
            f"{row['peak_mib']} MB",
            f"{row['ci_usd_a_thousand']:.3f} USD",
            f"{row['gbs_a_thousand']:,} GBs",
        )
        for row in results["rows"]
    ]
    return (
        f"The same {results['shots']} pictures, a poster and a description of the same videos, in the same run. The others "
        "are written in benchmarks/function/alternatives.py as a user would write them: no retries, no checks, no "
        "clean-up. The videos of 100 MB and 1 GB are the one of 5 MB with free space added, and the download runs at "
        "the speed of this machine's memory: both help ffmpeg. 1 GB does not fit into the 512 MB of SCF's `/tmp`. "
        "Prices: CI's 0.015 USD for 1,000 calls; compute in GBs at 512 MB, of which SCF's basic package holds 100,000 "
        "(read 2026-11-22 and 2026-11-25).\n\n" + table(heads, rows)
    )


def _cold_start(results: dict[str, Any]) -> str:
    medians = results["median_ms"]
    return (
        "From the start of the process to the first byte it sends, for the zip as shipped, unpacked, under Python "
        f"{results['python']}, compared with an interpreter that imports `qcloud_cos` and `pydantic` from the same package and "
        f"does nothing else: {results['ratios']['floor']:.2f} times as long. The aim, 1.10, is missed. pydantic loads its code for "
        "models only when a model is used; compared with an import that uses one, the ratio is "
        f"{results['ratios']['floor with models']:.2f}. The rest is the function's own modules. In a profile, frozen "
        "dataclasses, which are compiled when they are defined, take the most time, then the models of events, "
        "settings and manifest, then regular expressions. Pillow is imported while the first calls wait. "
        f"{results['rounds']} rounds in turns.\n\n"
        + table(("", "median"), [(way, f"{value} ms") for way, value in medians.items()])
    )


def _memory(results: dict[str, Any]) -> str:
    limits = sorted({row["limit_mb"] for row in results["rows"]})
    cells = {(row["video"], row["format"], row["sizes"], row["limit_mb"]): row for row in results["rows"]}
    rows = []
    for video, file_format, sizes in dict.fromkeys(key[:3] for key in cells):
        peaks = (_peak(cells[video, file_format, sizes, limit], limit) for limit in limits)
        rows.append((f"{video}, {file_format}, {sizes}", *peaks))
    shots = ", ".join(f"{count} for {name}" for name, count in results["shots"].items())
    return (
        "The peak of resident memory (VmHWM) of the package as shipped under Python "
        f"{results['python']}: video, format, number of sizes; functions of {', '.join(map(str, limits))} MB. Shots: {shots}, "
        "more than are held at one time. If even one picture does not fit, it is captured smaller: the width is in "
        "brackets, and the manifest says so.\n\n"
        + table(("video, format, sizes", *(f"{limit} MB" for limit in limits)), rows)
        + _memory_by_shots(results["by_shots"], *results["base"])
    )


def _memory_by_shots(rows: Sequence[dict[str, Any]], video: str, file_format: str, limit_mb: int) -> str:
    sizes = sorted({row["sizes"] for row in rows})
    peaks = {(row["shots"], row["sizes"]): _peak(row, limit_mb) for row in rows}
    lines = [(shots, *(peaks[shots, count] for count in sizes)) for shots in sorted({row["shots"] for row in rows})]
    heads = ("shots", *(f"{count} {'size' if count == 1 else 'sizes'}" for count in sizes))
    title = f"By the number of shots and of sizes, for {video} in {file_format} in a function of {limit_mb} MB:"
    return f"\n{title}\n\n" + table(heads, lines)


def _peak(measured: dict[str, Any], limit_mb: int) -> str:
    smaller = "" if measured["is_whole"] else f" (at {measured['captured_width_px']} px)"
    over = " **over**" if measured["peak_mib"] > limit_mb else ""
    return f"{measured['peak_mib']} MB{smaller}{over}"


def _calls(results: dict[str, Any]) -> str:
    heads = ("recipe", "paid calls", "least possible", "second delivery")
    rows = [(row["recipe"], row["calls"], row["least"], row["second_delivery"]) for row in results["rows"]]
    return (
        "Snapshots and media info of one video, compared with one media info and one snapshot for each moment that is shown. "
        "A preview may need moments of its own.\n\n" + table(heads, rows)
    )


def _load(results: dict[str, Any]) -> str:
    return (
        f"{results['uploads']:,} uploads at once, one moment each, on the cloud of the first row and {results['instances']} "
        "instances that have run before, as SCF's queue hands them out: each instance takes the next event as soon as it is "
        f"free. One upload alone took {results['alone_ms']} ms in the same run, so the instances need at least "
        f"{results['limit_s']:g} s. The last manifest was there after {results['wall_s']:g} s, {results['ratio']:.2f} times "
        f"the limit; the instances kept this machine's cores busy for {results['cpu_share']:.0%} of that time. "
        f"{results['paid_calls']:,} paid calls: one media info and one snapshot each, the least possible. Every manifest "
        "was read, and every file that it names exists.\n"
    )


def _growth(results: dict[str, Any]) -> str:
    parts = []
    for name, title in (("shots", "shots"), ("sizes", "sizes"), ("length", "length")):
        rows = [
            (row["value"], f"{row['wall_ms']} ms", f"{row['cpu_ms']} ms", f"{row['peak_mib']} MB")
            for row in results[name]
        ]
        parts.append(table((title, "time", "CPU", "peak"), rows))
    return "One value changes at a time; the others are the defaults, on the cloud of the first row.\n\n" + "\n".join(
        parts
    )


_SECTIONS = (
    ("latency", "From upload to manifest", _latency),
    ("alternatives", "Compared with other ways", _alternatives),
    ("cold-start", "Cold start", _cold_start),
    ("memory", "Memory", _memory),
    ("calls", "Paid calls", _calls),
    ("load", "A burst of uploads", _load),
    ("growth", "Growth", _growth),
)

_TEXT_TOP = """# Benchmarks

How long it takes from an upload to its pictures, what that costs, and what it needs. `make bench` measures all of it and
writes this page; `python -m benchmarks NAME` measures one row. The times are those of one machine: compare the ratios.
"""

_TEXT_END = """## More

[How posters are chosen](posters.md) has its own benchmark. The emulator's snapshots are compared with the ffmpeg program in
[emulator/README.md](../emulator/README.md).
"""

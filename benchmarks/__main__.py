"""Runs one benchmark, or all of them: `python -m benchmarks NAME [--smoke] [--json FILE]`.

The exit code is 1 where one of them does not hold what is claimed of it. `--smoke` measures the least that shows that
a benchmark runs and that its outputs are right, and writes nothing.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType

from benchmarks import emulator, page, render
from benchmarks.function import alternatives_row, calls, cold_start, growth, latency, load, memory
from benchmarks.posters import command as posters

_RESULTS = Path(__file__).parent / "results"
_ROWS: dict[str, ModuleType] = {
    "latency": latency,
    "alternatives": alternatives_row,
    "cold-start": cold_start,
    "memory": memory,
    "calls": calls,
    "load": load,
    "growth": growth,
}
_OWN_COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {"posters": posters.main, "render": render.main}


def main() -> int:
    """Run the benchmarks that the command line names; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=str(__doc__).splitlines()[0])
    parser.add_argument("name", nargs="?", default="all", choices=["all", *_ROWS, "emulator", "posters", "render"])
    parser.add_argument("--smoke", action="store_true", help="a short run, to see that it works; writes nothing")
    parser.add_argument("--json", type=Path, help="the file for one benchmark's results (in benchmarks/results/)")
    args, rest = parser.parse_known_args()
    if args.name in _OWN_COMMANDS:
        json_file = ["--json", str(args.json)] if args.json else []
        return _OWN_COMMANDS[args.name]([*(["--smoke"] if args.smoke else []), *json_file, *rest])
    if rest:
        parser.error(f"unknown: {' '.join(rest)}")
    if args.json and args.name not in _ROWS:
        parser.error("--json goes with one benchmark of the function")
    for name in _ROWS if args.name == "all" else [args.name]:
        if name in _ROWS:
            run_row(name, smoke=args.smoke, json_file=args.json)
    code = emulator.main(smoke=args.smoke) if args.name in {"all", "emulator"} else 0
    if args.name == "all":
        code = max(code, *(run(["--smoke"] if args.smoke else []) for run in _OWN_COMMANDS.values()))
    if not args.smoke:
        page.write()
    return code


def run_row(name: str, *, smoke: bool, json_file: Path | None) -> None:
    """Measure one row, and write its figures and its chart unless it is a smoke run."""
    row = _ROWS[name]
    began_s = time.monotonic()
    results = row.measure(smoke=smoke)
    machine = {"cpus": os.cpu_count(), "python": platform.python_version(), "load": round(os.getloadavg()[0], 1)}
    document = {"machine": machine, "took_s": round(time.monotonic() - began_s), **results}
    chart = row.plot(document)
    if smoke and json_file is None:
        return
    json_file = json_file or _RESULTS / f"{name}.json"
    json_file.write_text(json.dumps(document, indent=1) + "\n")
    json_file.with_suffix(".svg").write_text(chart)


if __name__ == "__main__":
    sys.exit(main())

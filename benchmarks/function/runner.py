"""Invocations of the handler in this process -> how long each took, its processor time, and the peak of memory.

`python runner.py` in a folder that holds handler.py, or a package of it: it reads one JSON line an invocation, `event`
and `context`, and writes one line of JSON for each. It imports nothing of this project, so that the package as shipped
and older trees can be measured with any Python.
"""

import contextlib
import importlib
import io
import json
import os
import re
import resource
import sys
import time
from pathlib import Path
from typing import Any


def peak_kib() -> int:
    """Return the most memory that was ever resident in this process."""
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(peak)


def main() -> None:
    """Serve invocations until standard input ends."""
    sys.path.insert(0, str(Path.cwd()))
    module, _, name = os.environ.get("BENCH_HANDLER", "handler.main_handler").rpartition(".")
    run = getattr(importlib.import_module(module), name)
    out = sys.stdout
    for line in sys.stdin:
        task = json.loads(line)
        log = io.StringIO()
        error = ""
        result: Any = None
        began_s, cpu_s = time.perf_counter(), time.process_time()
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        with contextlib.redirect_stdout(log):
            try:
                result = run(task["event"], task["context"])
            except Exception as failure:  # noqa: BLE001  # whoever measures decides
                error = f"{type(failure).__name__}: {failure}"
        wall_s, spent_s = time.perf_counter() - began_s, time.process_time() - cpu_s
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        children_s = ended.ru_utime + ended.ru_stime - children.ru_utime - children.ru_stime
        report = {
            "wall_ms": wall_s * 1000,
            "cpu_ms": (spent_s + children_s) * 1000,
            "peak_mib": peak_kib() / 1024,
            "children_peak_mib": ended.ru_maxrss / 1024,
            "result": result,
            "error": error,
        }
        if task.get("wants_log"):
            report["log"] = log.getvalue()
        print(json.dumps(report), file=out, flush=True)


if __name__ == "__main__":
    main()

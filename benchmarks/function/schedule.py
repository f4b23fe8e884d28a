"""The calls of one invocation, with the time that the cloud took for each -> the least time in which they can be made.

The chain of one video: the first look (HEAD, GET and LIST side by side), media info, snapshots on as many lanes as may
be under way, for each a look at the source and its PUT; the poster's PUT after the last of them, the manifest's PUT,
the last look. Nothing is allowed for the function's own work.
"""

import heapq
import re
from collections.abc import Sequence
from typing import Any

_MOMENT = re.compile(r"/(\d{9})-[^/]+$")
_LOOK = ("head", "get", "list")
_FIRST_LOOK = 3  # calls

Calls = Sequence[dict[str, Any]]


def critical_path_ms(calls: Calls, *, lanes: int, is_bare: bool = False) -> float:
    """Return the least time for these calls; `is_bare` leaves out the look before a PUT, and the last one."""
    ordered = sorted(calls, key=lambda call: float(call["at_ms"]))
    inspections = [call["wait_ms"] for call in ordered if call["operation"] in _LOOK]
    (info,) = (call["wait_ms"] for call in ordered if call["operation"] == "info")
    first, last = max(inspections[:_FIRST_LOOK]), 0.0 if is_bare else max(inspections[-_FIRST_LOOK:])
    look = 0.0 if is_bare else min(inspections[_FIRST_LOOK:-_FIRST_LOOK], default=0.0)
    puts = {_moment_of(call): call["wait_ms"] for call in ordered if call["operation"] == "put"}
    manifest, poster = (_put_of(ordered, name) for name in ("manifest.json", "poster."))
    free = [first + info] * lanes
    stored_ms, captured_ms = 0.0, 0.0
    for call in (each for each in ordered if each["operation"] == "snapshot"):
        end_ms = heapq.heappop(free) + call["wait_ms"]
        heapq.heappush(free, end_ms)
        captured_ms = max(captured_ms, end_ms)
        stored_ms = max(stored_ms, end_ms + look + puts.get(round(float(call["moment_s"]) * 1000), 0.0))
    return float(max(stored_ms, captured_ms + look + poster) + manifest + last)


def _moment_of(call: dict[str, Any]) -> int | None:
    match = _MOMENT.search(call["key"])
    return int(match[1]) if match else None


def _put_of(calls: Calls, name: str) -> float:
    waits = (call["wait_ms"] for call in calls if call["operation"] == "put" and f"/{name}" in call["key"])
    return float(max(waits, default=0.0))

"""An invocation -> the records that CLS would hold of it: the platform's own, and one a printed line.

It must not know events or keys: what was printed, what was returned
and how the run went is all it is given.
Sources: the SCF documents "Log Structure" (583/60336) and "Log Description" for Python, read 2026-11-22.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from emulator.scf import status

Record = Mapping[str, object]
Listener = Callable[[tuple[Record, ...]], None]
_MIB: Final = 1024 * 1024
_KEPT_RETURN_LETTERS: Final = 4096
_KEPT_RECORDS: Final = 100_000


@dataclass(frozen=True, slots=True)
class Run:
    """What the log is told of one invocation; `peak_bytes` is the high-water mark of memory."""

    function: str
    namespace: str
    request_id: str
    started_at_ms: int
    ended_at_ms: int
    duration_ms: int
    billed_ms: int
    memory_mb: int
    peak_bytes: int
    status_code: int
    retry_num: int
    output: str
    problem: str
    returned: str


class PlatformLog:
    """Keeps the newest records; safe across threads."""

    def __init__(self, listener: Listener | None = None) -> None:
        """`listener` is told the records of each invocation once they are written."""
        self._listener = listener
        self._lock = threading.Lock()
        self._records: deque[Record] = deque(maxlen=_KEPT_RECORDS)

    def write(self, run: Run) -> None:
        """Add the invocation's records: what it printed, what went wrong, and the platform's report."""
        records = [_custom(run, line) for line in lines_of(run.output) if line.strip()]
        if run.problem:
            records.append(_record(run, "Platform", "ERROR", run.problem))
        else:
            returned = f"Response RequestId: {run.request_id} RetMsg: {run.returned[:_KEPT_RETURN_LETTERS]}"
            records.append(_record(run, "Platform", "INFO", returned))
        records.append(_report(run))
        with self._lock:
            self._records += records
        if self._listener:
            self._listener(tuple(records))

    def records(self) -> tuple[Record, ...]:
        """Give everything that was written, oldest first."""
        with self._lock:
            return tuple(self._records)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._records.clear()


def lines_of(output: str) -> tuple[str, ...]:
    """Give the printed lines; only a line feed ends one, so that a line separator inside JSON does not."""
    lines = output.split("\n")
    return tuple(line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1]))


def reports(records: tuple[Record, ...]) -> tuple[Record, ...]:
    """Give the records that sum up an invocation, one each."""
    return tuple(record for record in records if "SCF_BilledDuration" in record)


def _report(run: Run) -> Record:
    message = (
        f"Report RequestId: {run.request_id} Duration:{run.duration_ms}ms BilledDuration:{run.billed_ms}ms "
        f"Memory:{run.memory_mb}MB MemUsage:{run.peak_bytes / _MIB:.6f}MB"
    )
    level = "INFO" if run.status_code == status.OK else "ERROR"
    return _record(run, "Platform", level, message, SCF_BilledDuration=run.billed_ms)


def _custom(run: Run, line: str) -> Record:
    # "If a single-line log output by a function is in JSON format, the JSON content will be parsed into the format of
    # field:value ... Only the first level ... other nested structures will be recorded as values."
    parsed: object = None
    if line.lstrip().startswith("{"):
        try:
            parsed = json.loads(line)
        except ValueError:
            parsed = None
    fields = parsed if isinstance(parsed, dict) else {}
    flat = {name: json.dumps(value) if isinstance(value, dict | list) else value for name, value in fields.items()}
    return MappingProxyType({**flat, **_record(run, "Custom", "INFO", line)})


def _record(run: Run, kind: str, level: str, message: str, **more: object) -> Record:
    return MappingProxyType(
        {
            "SCF_FunctionName": run.function,
            "SCF_Namespace": run.namespace,
            "SCF_StartTime": run.started_at_ms,
            "SCF_LogTime": run.ended_at_ms,
            "SCF_RequestId": run.request_id,
            "SCF_Duration": run.duration_ms,
            "SCF_Alias": "$DEFAULT",
            "SCF_Qualifier": "$LATEST",
            "SCF_MemUsage": run.peak_bytes,
            "SCF_Level": level,
            "SCF_Message": message,
            "SCF_Type": kind,
            "SCF_StatusCode": run.status_code,
            "SCF_RetryNum": run.retry_num,
            **more,
        }
    )

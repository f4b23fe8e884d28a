"""An invocation -> the records that CLS would hold of it: the platform's own, and one for each printed line.

Sources: the SCF documents "Log Structure" (583/60336) and "Log Description" for Python, read 2026-11-22.
"""

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from emulator.scf import status

Record = Mapping[str, object]
Listener = Callable[[tuple[Record, ...]], None]
_MIB = 1024 * 1024
_MAX_RETURN_CHARACTERS = 4096
_MAX_RECORDS = 100_000


@dataclass(frozen=True, slots=True)
class Invocation:
    """The facts of one invocation that the log holds; `peak_bytes` is the high-water mark of memory."""

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
        """Call `listener` with the records of each invocation once they are written."""
        self._listener = listener
        self._lock = threading.Lock()
        self._records: deque[Record] = deque(maxlen=_MAX_RECORDS)

    def write(self, invocation: Invocation) -> None:
        """Add the invocation's records: its printed lines, its error if any, and the platform's report."""
        records = [_custom(invocation, line) for line in lines_of(invocation.output) if line.strip()]
        if invocation.problem:
            records.append(_record(invocation, "Platform", "ERROR", invocation.problem))
        else:
            returned = (
                f"Response RequestId: {invocation.request_id} RetMsg: {invocation.returned[:_MAX_RETURN_CHARACTERS]}"
            )
            records.append(_record(invocation, "Platform", "INFO", returned))
        records.append(_report(invocation))
        with self._lock:
            self._records += records
        if self._listener:
            self._listener(tuple(records))

    def records(self) -> tuple[Record, ...]:
        """Return every record, oldest first."""
        with self._lock:
            return tuple(self._records)

    def clear(self) -> None:
        """Forget every record."""
        with self._lock:
            self._records.clear()


def lines_of(output: str) -> tuple[str, ...]:
    """Return the printed lines; only a line feed ends one, so that a line separator inside JSON does not."""
    lines = output.split("\n")
    return tuple(line.removesuffix("\r") for line in (lines if lines[-1] else lines[:-1]))


def reports(records: tuple[Record, ...]) -> tuple[Record, ...]:
    """Return the records that sum up an invocation, one each."""
    return tuple(record for record in records if "SCF_BilledDuration" in record)


def _report(invocation: Invocation) -> Record:
    message = (
        f"Report RequestId: {invocation.request_id} Duration:{invocation.duration_ms}ms "
        f"BilledDuration:{invocation.billed_ms}ms "
        f"Memory:{invocation.memory_mb}MB MemUsage:{invocation.peak_bytes / _MIB:.6f}MB"
    )
    level = "INFO" if invocation.status_code == status.OK else "ERROR"
    return _record(invocation, "Platform", level, message, SCF_BilledDuration=invocation.billed_ms)


def _custom(invocation: Invocation, line: str) -> Record:
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
    return MappingProxyType({**flat, **_record(invocation, "Custom", "INFO", line)})


def _record(invocation: Invocation, kind: str, level: str, message: str, **fields: object) -> Record:
    return MappingProxyType(
        {
            "SCF_FunctionName": invocation.function,
            "SCF_Namespace": invocation.namespace,
            "SCF_StartTime": invocation.started_at_ms,
            "SCF_LogTime": invocation.ended_at_ms,
            "SCF_RequestId": invocation.request_id,
            "SCF_Duration": invocation.duration_ms,
            "SCF_Alias": "$DEFAULT",
            "SCF_Qualifier": "$LATEST",
            "SCF_MemUsage": invocation.peak_bytes,
            "SCF_Level": level,
            "SCF_Message": message,
            "SCF_Type": kind,
            "SCF_StatusCode": invocation.status_code,
            "SCF_RetryNum": invocation.retry_num,
            **fields,
        }
    )

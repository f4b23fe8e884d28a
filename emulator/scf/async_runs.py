"""The status of asynchronous runs that are tracked, by request id.

Source: the SCF document "Async Execution" and the SCF API's GetAsyncEventStatus, read 2026-11-25.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Literal

from emulator.scf import status

RunStatus = Literal["RUNNING", "FINISHED", "FAILED"]
_MAX_RUNS = 10_000


@dataclass(frozen=True, slots=True)
class AsyncRun:
    """One tracked run; `status_code` is 0 while it is queued or runs."""

    function: str
    request_id: str
    status: RunStatus = "RUNNING"
    status_code: int = 0


class AsyncRuns:
    """Keeps the newest 10,000 tracked runs. Safe across threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: OrderedDict[str, AsyncRun] = OrderedDict()

    def begin(self, function: str, request_id: str) -> None:
        """Record a run that was queued."""
        with self._lock:
            self._runs[request_id] = AsyncRun(function, request_id)
            while len(self._runs) > _MAX_RUNS:
                self._runs.popitem(last=False)

    def end(self, request_id: str, status_code: int) -> None:
        """Record how a run ended; a run that is not tracked is ignored."""
        with self._lock:
            run = self._runs.get(request_id)
            if run is not None:
                outcome: RunStatus = "FINISHED" if status_code == status.OK else "FAILED"
                self._runs[request_id] = replace(run, status=outcome, status_code=status_code)

    def find(self, request_id: str) -> AsyncRun | None:
        """Return the run of that request id, None where none is tracked."""
        with self._lock:
            return self._runs.get(request_id)

    def of_function(self, function: str) -> tuple[AsyncRun, ...]:
        """Return the tracked runs of a function, oldest first."""
        with self._lock:
            return tuple(run for run in self._runs.values() if run.function == function)

    def clear(self) -> None:
        """Forget every run."""
        with self._lock:
            self._runs.clear()

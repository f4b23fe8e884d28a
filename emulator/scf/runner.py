"""One invocation: an instance, current credentials, the call, a record in the log -> a result.

Sources: the SCF documents "Cloud Function Status Code" and "Billing Mode", read 2026-11-22.
"""

import json
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from emulator.account import Account
from emulator.scf import status
from emulator.scf.clock import Clock
from emulator.scf.environment import credential_variables, handler_context
from emulator.scf.function import Function
from emulator.scf.instance import Instance, Outcome
from emulator.scf.log import Invocation, PlatformLog, lines_of
from emulator.scf.pool import Pool
from emulator.scf.role import RoleCredentials, TemporaryCredentials

# How long credentials must still last beyond the function's own timeout when an invocation begins.
_MARGIN_S = 60


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of an invocation.

    `return_value` is what the handler returned, through JSON and back; None when it failed, and `error` then says
    why, in SCF's words. `duration_ms` is the handler's time, `init_ms` that of a cold start before it (0 when warm).
    `log` holds the printed lines.
    """

    request_id: str
    status_code: int
    return_value: object = None
    error: Mapping[str, object] | None = None
    duration_ms: int = 0
    billed_ms: int = 0
    init_ms: int = 0
    memory_peak_bytes: int = 0
    retry_num: int = 0
    log: tuple[str, ...] = field(default=(), repr=False)


class Runner:
    """Runs invocations, side by side from any thread."""

    def __init__(self, account: Account, credentials: RoleCredentials, clock: Clock, log: PlatformLog) -> None:
        self._account = account
        self._credentials = credentials
        self._clock = clock
        self._log = log
        self._lock = threading.Lock()
        self._outages: Counter[str] = Counter()

    def start(self, function: Function) -> Instance:
        """Start a process for the function, with the credentials of its first invocation.

        Raises:
            OSError: no process could be started.
        """
        return Instance(function, self._account, credential_variables(self._credentials_for(function)))

    def plan_outage(self, name: str, times: int) -> None:
        """Have the platform itself fail for the function's next `times` invocations."""
        with self._lock:
            self._outages[name] += times

    def clear(self) -> None:
        """Forget the outages that were planned."""
        with self._lock:
            self._outages.clear()

    def run(self, function: Function, pool: Pool, event: bytes, request_id: str, retry_num: int) -> Result:
        """Invoke once. Whatever goes wrong is in the result; nothing is raised."""
        began_s = self._clock.now_s()
        if not pool.reserve():
            # "For a function with a reserved quota configured, if the function concurrency exceeds the quota"
            return self._finish(function, request_id, retry_num, began_s, _not_run(status.OVER_LIMIT), 0)
        try:
            outcome, init_ms = self._attempt(function, pool, event, request_id)
        except Exception as error:  # noqa: BLE001  # what fails on this side of the process is SCF's own error
            outcome, init_ms = _not_run(status.INTERNAL, f"{type(error).__name__}: {error}"), 0
        finally:
            pool.release()
        return self._finish(function, request_id, retry_num, began_s, outcome, init_ms)

    def _attempt(self, function: Function, pool: Pool, event: bytes, request_id: str) -> tuple[Outcome, int]:
        with self._lock:
            if self._outages[function.name] > 0:
                self._outages[function.name] -= 1
                return _not_run(status.INTERNAL, "a planned outage"), 0
        credentials = credential_variables(self._credentials_for(function))
        instance, new = pool.take()
        try:
            init_ms, printed = 0, ""
            if new:
                started = instance.start(function)
                if started.status_code != status.OK:
                    instance.kill()
                    return started, started.duration_ms
                init_ms, printed = started.duration_ms, started.output
            context = handler_context(function, self._account, request_id)
            outcome = instance.call(event, context, credentials, function.timeout_s)
            return _with_output_before(printed, outcome), init_ms
        finally:
            pool.give_back(instance)

    def _credentials_for(self, function: Function) -> TemporaryCredentials | None:
        if not function.role:
            return None
        return self._credentials.credentials_for(
            function.role, until_s=self._clock.now_s() + function.timeout_s + _MARGIN_S
        )

    def _finish(
        self, function: Function, request_id: str, retry_num: int, began_s: float, outcome: Outcome, init_ms: int
    ) -> Result:
        # "Compared with the original billing mode of rounding up to the nearest 100 ms": now by the millisecond, and
        # nothing for a call that never reached the function.
        billed_ms = outcome.duration_ms
        self._log.write(
            Invocation(
                function=function.name,
                namespace=function.namespace,
                request_id=request_id,
                started_at_ms=int(began_s * 1000),
                ended_at_ms=int(self._clock.now_s() * 1000),
                duration_ms=outcome.duration_ms,
                billed_ms=billed_ms,
                memory_mb=function.memory_mb,
                peak_bytes=outcome.peak_bytes,
                status_code=outcome.status_code,
                retry_num=retry_num,
                output=outcome.output,
                problem=outcome.detail,
                returned=outcome.value,
            )
        )
        return Result(
            request_id=request_id,
            status_code=outcome.status_code,
            return_value=json.loads(outcome.value),
            error=_error(outcome),
            duration_ms=outcome.duration_ms,
            billed_ms=billed_ms,
            init_ms=init_ms,
            memory_peak_bytes=outcome.peak_bytes,
            retry_num=retry_num,
            log=lines_of(outcome.output),
        )


def _not_run(status_code: int, detail: str = "") -> Outcome:
    return Outcome(status_code, 0, 0, "", detail=detail or status.NAMES[status_code])


def _with_output_before(printed: str, outcome: Outcome) -> Outcome:
    return Outcome(
        outcome.status_code,
        outcome.duration_ms,
        outcome.peak_bytes,
        printed + outcome.output,
        outcome.value,
        outcome.detail,
    )


def _error(outcome: Outcome) -> Mapping[str, object] | None:
    if outcome.status_code == status.OK:
        return None
    by_user = outcome.status_code == status.USER_CODE
    return MappingProxyType(
        {
            "errorCode": -1,
            "errorMessage": "user code exception caught" if by_user else outcome.detail,
            "stackTrace": outcome.detail if by_user else "",
            "statusCode": outcome.status_code,
        }
    )

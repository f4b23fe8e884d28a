"""An event -> one outcome a record, and an error at the end where a record has to come again.

Every record gets its turn and an equal share of the time that is left. Whatever could succeed if the event came again
is raised once all have had their turn, so that the platform delivers the event again.
Source: SCF's Python runtime and context, read 2026-11-22.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, TypeGuard

from snapshot.deadline import Deadline
from snapshot.errors import BadEvent
from snapshot.events import Removal, Skipped, Sources, Upload, read_event
from snapshot.invocation import CPU_WORKERS, Invocation, OpenBucket
from snapshot.logs import fact
from snapshot.memory import budgets_of, free_bytes, tune_allocator
from snapshot.outcomes import Failed, Outcome, describe_outcome
from snapshot.pipeline import process
from snapshot.settings import Settings
from snapshot.workers import Workers

logger = logging.getLogger(__name__)

_MAX_TIME_LIMIT_S = 900.0  # "timeout 1-900 s"
_REPORT_S = 1.0  # of the time limit, to report in
_MAX_RAISED = 20  # records that are named in what is raised


class BatchIncomplete(Exception):
    """Raised at the end: records that could succeed if the event were delivered again. It says which and why."""


@dataclass(frozen=True, slots=True)
class Context:
    """SCF's context of an invocation: its id, its limits, and whose account it runs in; empty or None where unsaid."""

    request_id: str
    time_limit_s: float
    memory_limit_mb: int | None
    appid: str

    @classmethod
    def of(cls, context: object) -> "Context":
        """Return the context in the platform's dictionary, whatever it is."""
        facts: Mapping[str, Any] = context if isinstance(context, dict) else {}
        time_limit_ms, memory_limit_mb = facts.get("time_limit_in_ms"), facts.get("memory_limit_in_mb")
        return cls(
            request_id=str(facts.get("request_id", "")),
            time_limit_s=time_limit_ms / 1000 if _is_positive(time_limit_ms) else _MAX_TIME_LIMIT_S,
            memory_limit_mb=memory_limit_mb if _is_positive(memory_limit_mb) else None,
            appid=str(facts.get("tencentcloud_appid", "")),
        )

    def deadline(self, started_s: float) -> Deadline:
        """Return the deadline for an invocation that started then, with time to report left."""
        return Deadline(started_s + self.time_limit_s - min(_REPORT_S, self.time_limit_s / 6))


def process_event(
    event: object,
    *,
    settings: Settings,
    region: str,
    appid: str,
    context: Context,
    deadline: Deadline,
    open_bucket: OpenBucket,
    now: datetime,
) -> dict[str, Any]:
    """Return one entry a record, with its outcome.

    `appid` is the function's own account: a record of another one is refused.

    Raises:
        BatchIncomplete: records failed in a way that another delivery can heal; the others are done.
    """
    sources = Sources(settings.input_prefix, settings.output_prefix, settings.extensions)
    try:
        records = read_event(event, sources, appid=appid or None, bucket=settings.input_bucket)
    except BadEvent as error:
        records = (error,)
    tune_allocator()
    memory_bytes = free_bytes(context.memory_limit_mb)
    outcomes: list[Outcome] = []
    for place, record in enumerate(records):
        if isinstance(record, Skipped):
            outcomes.append(record)
            continue
        if isinstance(record, BadEvent):
            outcomes.append(Failed.of(record, record.key))
            continue
        remaining = sum(isinstance(left, Upload | Removal) for left in records[place:])
        share = deadline.share(remaining=remaining)
        files, rendering = budgets_of(memory_bytes)
        # Threads and budgets of its own: a call that hangs when the time of its record ends keeps what it has.
        with Workers(settings.concurrency, name="io") as io, Workers(CPU_WORKERS, name="cpu") as cpu:
            invocation = Invocation(
                settings=settings,
                region=region,
                open_bucket=open_bucket,
                deadline=share,
                now=now,
                io=io,
                cpu=cpu,
                files=files,
                rendering=rendering,
            )
            outcomes.append(_process_record(record, invocation))
        if remaining > 1:  # a picture that is still being rendered holds memory, and nothing can end it
            cpu.wait(deadline.share(remaining=remaining).left_s())
    return _report(outcomes)


def _process_record(record: Upload | Removal, invocation: Invocation) -> Outcome:
    try:
        if isinstance(record, Upload):
            invocation.cpu.submit(import_module, "snapshot.making")  # while the first calls wait for the cloud
        return process(record, invocation)
    except Exception as error:  # a defect in one record must not cost the others their turn
        logger.exception("record.broke")
        return Failed(record.key, type(error).__name__, "a defect in this function; see the log", retryable=True)


def _report(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    entries = [describe_outcome(outcome) for outcome in outcomes]
    for outcome, entry in zip(outcomes, entries, strict=True):
        level = logging.ERROR if isinstance(outcome, Failed) else logging.INFO
        fact(logger, "record.done", level=level, **entry)
    incomplete = [
        f"{outcome.key!r}: {outcome.message}"
        for outcome in outcomes
        if isinstance(outcome, Failed) and outcome.retryable
    ]
    if incomplete:
        unnamed = len(incomplete) - _MAX_RAISED
        raise BatchIncomplete("; ".join(incomplete[:_MAX_RAISED]) + (f"; and {unnamed} more" if unnamed > 0 else ""))
    return {"records": entries}


def _is_positive(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0

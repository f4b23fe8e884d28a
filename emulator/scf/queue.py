"""The asynchronous queue: which message is next, and what becomes of one whose delivery failed.

A pure core: no thread, no clock, no process; time is given to it.
Sources: the SCF documents "Error Types and Retry Policies", "How It Works", "Dead Letter Queue" and "Async Execution",
read 2026-11-22 and 2026-11-25.
"""

import heapq
import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from emulator.scf import limits, status
from emulator.scf.function import DeadLetterQueue, Function

_PLATFORM_RETRY_INTERVAL_S = 60

Reason = Literal["retries used up", "waited too long", "queue full", "event too large", "function gone"]


@dataclass(frozen=True, slots=True)
class DeliveryChaos:
    """The disorder that a queue may bring into delivery and seldom does; none by default.

    `duplicates` is the share of messages that come twice. Each message is delayed by a random time of up to
    `delay_up_to_s`, so later ones overtake. Up to `merge_up_to` waiting uploads for one function come as the records
    of one event. The same seed and messages give the same chaos.
    """

    seed: int = 0
    duplicates: float = 0.0
    delay_up_to_s: float = 0.0
    merge_up_to: int = 1


@dataclass(frozen=True, slots=True)
class Message:
    """An event on its way to a function; times in seconds since 1970. Uploads have Records and can be merged."""

    function: str
    event: Mapping[str, object] = field(repr=False)
    request_id: str
    put_at_s: float
    due_at_s: float
    is_upload: bool = False
    retry_num: int = 0
    failed_runs: int = 0
    last_status: int = 0


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that will not be tried again, with its reason; `queue` is None where the cloud would drop it."""

    function: str
    request_id: str
    event: Mapping[str, object] = field(repr=False)
    reason: Reason
    status_code: int
    error_message: str = field(repr=False)
    retry_num: int
    put_at_s: float
    at_s: float
    queue: DeadLetterQueue | None


class AsyncQueue:
    """Messages in the order in which they are due. Not safe across threads: the owner holds a lock."""

    def __init__(self, chaos: DeliveryChaos) -> None:
        self._waiting: list[tuple[float, int, Message]] = []
        self._count = 0
        self.set_chaos(chaos)

    def set_chaos(self, chaos: DeliveryChaos) -> None:
        """Treat messages so from now on."""
        self._chaos = chaos
        self._random = random.Random(chaos.seed)

    def __len__(self) -> int:
        return len(self._waiting)

    def messages(self) -> tuple[Message, ...]:
        """Return the waiting messages, soonest first."""
        return tuple(message for _, _, message in sorted(self._waiting, key=lambda entry: entry[:2]))

    def next_due_s(self) -> float | None:
        """Return when the next message is due, in seconds since 1970; None when there is none."""
        return self._waiting[0][0] if self._waiting else None

    def put(self, message: Message) -> Reason | None:
        """Add a new message; return a reason when it cannot be taken."""
        if len(encode(message.event)) > limits.MAX_ASYNC_EVENT_BYTES:
            return "event too large"
        # "There can be up to 100,000 messages in an async queue."
        if len(self._waiting) >= limits.MAX_QUEUED_MESSAGES:
            return "queue full"
        self._push(self._delayed(message))
        if self._random.random() < self._chaos.duplicates:
            self._push(self._delayed(replace(message, request_id=new_request_id())))
        return None

    def take(self, now_s: float) -> Message | None:
        """Return the next message that is due, merged with others where the chaos says so."""
        if not self._waiting or self._waiting[0][0] > now_s:
            return None
        message = heapq.heappop(self._waiting)[2]
        if self._chaos.merge_up_to > 1 and _is_fresh(message):
            return self._merged(message)
        return message

    def settle(
        self, message: Message, function: Function | None, status_code: int, problem: str, now_s: float
    ) -> DeadLetter | None:
        """Decide on a delivered message: done, queued again, or a dead letter, which is returned."""
        if status_code == status.OK:
            return None
        if function is None:
            return _dead(message, None, "function gone", status.NOT_FOUND, problem, now_s)
        if status_code in status.PLATFORM_ERRORS:
            # "will retry for the configured maximum event age ... at intervals of one minute"
            retry = replace(message, due_at_s=now_s + _PLATFORM_RETRY_INTERVAL_S)
        elif function.async_run:
            # "Async Execution": errors of the run are neither retried nor sent to the dead letter queue
            return None
        elif message.failed_runs < function.retry_num:
            # "will retry for the configured number of retries at intervals of one minute"
            retry = replace(message, due_at_s=now_s + function.retry_interval_s, failed_runs=message.failed_runs + 1)
        else:
            return _dead(message, function, "retries used up", status_code, problem, now_s)
        # "if event retry time - event initial trigger time is greater than the maximum waiting time"
        if retry.due_at_s - message.put_at_s > function.msg_ttl_s:
            return _dead(message, function, "waited too long", status_code, problem, now_s)
        self._push(replace(retry, retry_num=message.retry_num + 1, last_status=status_code))
        return None

    def clear(self) -> None:
        """Forget every message."""
        self._waiting.clear()

    def _push(self, message: Message) -> None:
        self._count += 1
        heapq.heappush(self._waiting, (message.due_at_s, self._count, message))

    def _delayed(self, message: Message) -> Message:
        return replace(message, due_at_s=message.due_at_s + self._random.uniform(0, self._chaos.delay_up_to_s))

    def _merged(self, first: Message) -> Message:
        # "There may be multiple messages merged in the list."
        records = _records(first)
        event: Mapping[str, object] = first.event
        merged: list[tuple[float, int, Message]] = []
        for entry in sorted(self._waiting, key=lambda waiting: waiting[:2]):
            other = entry[2]
            if len(merged) + 1 >= self._chaos.merge_up_to:
                break
            larger = {"Records": [*records, *_records(other)]}
            fits = len(encode(larger)) <= limits.MAX_ASYNC_EVENT_BYTES
            if other.function == first.function and _is_fresh(other) and fits:
                merged.append(entry)
                event, records = larger, larger["Records"]
        self._waiting = [entry for entry in self._waiting if entry not in merged]
        heapq.heapify(self._waiting)
        return replace(first, event=event)


def encode(event: Mapping[str, object]) -> bytes:
    """Return the event as it is sent: compact JSON in UTF-8.

    Raises:
        TypeError, ValueError: it is not JSON.
    """
    return json.dumps(event, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )


def new_request_id() -> str:
    """Return a new id for one invocation; retries keep it."""
    return str(uuid.uuid4())


def dead_letter_of_refused(message: Message, function: Function, reason: Reason, now_s: float) -> DeadLetter:
    """Return the dead letter of a message that the queue did not take."""
    code = status.REQUEST_TOO_LARGE if reason == "event too large" else status.OVER_LIMIT
    return _dead(message, function, reason, code, status.NAMES[code], now_s)


def _dead(
    message: Message, function: Function | None, reason: Reason, status_code: int, problem: str, now_s: float
) -> DeadLetter:
    return DeadLetter(
        function=message.function,
        request_id=message.request_id,
        event=message.event,
        reason=reason,
        status_code=status_code,
        error_message=problem,
        retry_num=message.retry_num,
        put_at_s=message.put_at_s,
        at_s=now_s,
        queue=function.dead_letter if function else None,
    )


def _is_fresh(message: Message) -> bool:
    return message.is_upload and message.retry_num == 0


def _records(message: Message) -> list[object]:
    records = message.event.get("Records")
    return list(records) if isinstance(records, list) else []

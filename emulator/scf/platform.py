"""SCF as the rest of the cloud sees it: functions and their triggers, calls, uploads, the log and the dead letters.

Source: the SCF document "How It Works", invocation types, read 2026-11-22.
"""

import contextlib
from collections.abc import Mapping
from contextlib import AbstractContextManager

from emulator.account import Account
from emulator.scf import event as events
from emulator.scf import limits, status
from emulator.scf.async_runs import AsyncRun, AsyncRuns
from emulator.scf.clock import Clock
from emulator.scf.delivery import Delivery
from emulator.scf.event import EventFormat, EventNaming, KeyEncoding
from emulator.scf.function import Function
from emulator.scf.log import Listener, PlatformLog, Record
from emulator.scf.queue import (
    AsyncQueue,
    DeadLetter,
    DeliveryChaos,
    Message,
    dead_letter_of_refused,
    encode,
    new_request_id,
)
from emulator.scf.registry import Registry
from emulator.scf.role import LIFETIME_S, CredentialsIssuer, RoleCredentials
from emulator.scf.runner import Result, Runner
from emulator.scf.status import InvocationRefused
from emulator.scf.triggers import ObjectEvent, Trigger

_MAX_PARALLEL = 8


class Platform:
    """One region of SCF for one account. Safe across threads; starts nothing until it is called.

    `max_parallel` is how many messages this machine delivers at once; the cloud's own limits are the functions'.
    `key_lifetime_s` is the lifetime of each set of role credentials. `key_encoding` and `event_name` choose how an
    event is written; `event_format` holds both and can be replaced.
    """

    def __init__(  # each is a fact about the account or a choice for a test, all by name
        self,
        *,
        account: Account,
        credentials: CredentialsIssuer,
        clock: Clock,
        key_encoding: KeyEncoding = "raw",
        event_name: EventNaming = "concrete",
        chaos: DeliveryChaos | None = None,
        key_lifetime_s: int = LIFETIME_S,
        max_parallel: int = _MAX_PARALLEL,
        on_log: Listener | None = None,
    ) -> None:
        self.region = account.region
        self.event_format = EventFormat(key_encoding, event_name)
        self._clock = clock
        self._credentials = RoleCredentials(credentials, key_lifetime_s)
        self._log = PlatformLog(on_log)
        self._runner = Runner(account, self._credentials, clock, self._log)
        self._delivery = Delivery(AsyncQueue(chaos or DeliveryChaos()), clock, self._deliver, max_parallel)
        self._registry = Registry(account.region, self._runner.start)
        self._async_runs = AsyncRuns()
        self._dead: list[DeadLetter] = []

    # Functions and triggers

    @property
    def functions(self) -> tuple[Function, ...]:
        """Every function as it is configured now."""
        return self._registry.functions()

    @property
    def triggers(self) -> tuple[Trigger, ...]:
        """Every trigger."""
        return self._registry.triggers()

    def create(self, function: Function) -> None:
        """Add a function.

        Raises:
            ValueError: there is one of that name.
            RuntimeError: the platform is closed.
        """
        self._registry.create(function)

    def update(self, function: Function) -> None:
        """Replace the function of that name; its warm instances end with the call they are in.

        Raises:
            InvocationRefused: there is none.
        """
        self._registry.update(function)

    def delete(self, name: str) -> None:
        """Remove the function and its triggers.

        Raises:
            InvocationRefused: there is none.
        """
        self._registry.delete(name)

    def add_trigger(self, trigger: Trigger) -> None:
        """Bind a bucket's events to a function.

        Raises:
            TriggerRefused: a rule of SCF or COS forbids it.
            InvocationRefused: there is no such function.
        """
        self._registry.add_trigger(trigger)

    def remove_trigger(self, trigger: Trigger) -> None:
        """Undo `add_trigger`.

        Raises:
            ValueError: there is no such trigger.
        """
        self._registry.remove_trigger(trigger)

    # Calls

    def invoke(self, name: str, event: Mapping[str, object]) -> Result:
        """Call the function and wait; whatever it does wrong is in the result.

        Raises:
            InvocationRefused: no such function (435), an event over 6 MB (406) or one that is not JSON (400).
        """
        function, pool = self._registry.find(name)
        body = _encode(event)
        if len(body) > limits.MAX_SYNC_EVENT_BYTES:
            raise InvocationRefused(status.REQUEST_TOO_LARGE, f"the event has {len(body)} bytes, over 6 MB")
        with self._delivery.call():
            return self._runner.run(function, pool, body, new_request_id(), 0)

    def invoke_async(self, name: str, event: Mapping[str, object]) -> str:
        """Queue a call and return its request id.

        Raises:
            InvocationRefused: no such function (435), an event over 128 KB (406), one that is not JSON (400), or a
                full queue (432).
        """
        function, _ = self._registry.find(name)
        _encode(event)
        queued = self._queue(function, event, is_upload=False)
        if isinstance(queued, DeadLetter):
            raise InvocationRefused(queued.status_code, queued.reason)
        return queued

    def notify(self, event: ObjectEvent) -> None:
        """Queue an object's event for every function that has a matching trigger."""
        for function, configured in self._registry.functions_for(event):
            record = events.describe(
                event,
                configured=configured,
                function=function.name,
                namespace=function.namespace,
                region=self.region,
                event_format=self.event_format,
            )
            queued = self._queue(function, {"Records": [record]}, is_upload=True)
            if isinstance(queued, DeadLetter):
                self._dead.append(queued)

    def drain(self, timeout_s: float) -> None:
        """Wait until nothing is queued or running.

        Raises:
            TimeoutError: naming what is left after `timeout_s` real seconds.
        """
        self._delivery.drain(timeout_s)

    # Choices for a test

    def paused(self) -> AbstractContextManager[None]:
        """Deliver nothing inside the with-block, so that messages gather to be merged or to overtake each other."""
        return self._delivery.paused()

    def set_chaos(self, chaos: DeliveryChaos) -> None:
        """Have the queue duplicate, delay or merge messages so from now on."""
        with self._delivery.locked() as queue:
            queue.set_chaos(chaos)

    def plan_outage(self, name: str, times: int = 1) -> None:
        """Have the platform itself fail (500) for the function's next `times` invocations."""
        self._runner.plan_outage(name, times)

    def evict_instances(self, name: str) -> None:
        """End the function's warm instances, as the cloud does after a while; the next call starts cold.

        Raises:
            InvocationRefused: there is no such function.
        """
        self.update(self._registry.find(name)[0])

    # The log and the lost

    @property
    def log(self) -> tuple[Record, ...]:
        """Every record that CLS would hold, oldest first."""
        return self._log.records()

    @property
    def dead_letters(self) -> tuple[DeadLetter, ...]:
        """Every message that will not be tried again, oldest first."""
        return tuple(self._dead)

    def async_run(self, request_id: str) -> AsyncRun | None:
        """Return the status of a run of a function with `async_run`; None for any other request."""
        return self._async_runs.find(request_id)

    def async_runs(self, name: str) -> tuple[AsyncRun, ...]:
        """Return the tracked runs of a function, oldest first."""
        return self._async_runs.of_function(name)

    def clear(self) -> None:
        """Remove functions, triggers, messages, dead letters, log and credentials; calls under way are ended."""
        with self._delivery.locked() as queue:
            queue.clear()
            queue.set_chaos(DeliveryChaos())
        self._registry.end_all(for_good=False)
        self._delivery.wait_for_workers()
        with self._delivery.locked() as queue:
            queue.clear()
        self._dead.clear()
        self._async_runs.clear()
        self._credentials.forget()
        self._runner.clear()
        self._log.clear()

    def close(self) -> None:
        """End every call, process and thread; queued messages are dropped."""
        self._delivery.close()
        self._registry.end_all(for_good=True)
        self._delivery.join()

    def _queue(self, function: Function, event: Mapping[str, object], *, is_upload: bool) -> str | DeadLetter:
        now_s = self._clock.now_s()
        message = Message(function.name, event, new_request_id(), now_s, now_s, is_upload)
        if function.async_run:
            self._async_runs.begin(function.name, message.request_id)
        reason = self._delivery.put(message)
        if reason is not None:
            self._async_runs.end(message.request_id, status.OVER_LIMIT)
        return message.request_id if reason is None else dead_letter_of_refused(message, function, reason, now_s)

    def _deliver(self, message: Message) -> None:
        """Deliver a queued message once, in a worker's thread."""
        function: Function | None = None
        code, problem = status.NOT_FOUND, status.NAMES[status.NOT_FOUND]
        with contextlib.suppress(InvocationRefused):
            function, pool = self._registry.find(message.function)
            result = self._runner.run(function, pool, encode(message.event), message.request_id, message.retry_num)
            code = result.status_code
            error = result.error or {}
            problem = str(error.get("stackTrace") or error.get("errorMessage", ""))
        with self._delivery.locked() as queue:
            dead_letter = queue.settle(message, function, code, problem, self._clock.now_s())
        if code not in status.PLATFORM_ERRORS or dead_letter is not None:
            self._async_runs.end(message.request_id, code)
        if dead_letter is not None:
            self._dead.append(dead_letter)


def _encode(event: Mapping[str, object]) -> bytes:
    try:
        return encode(event)
    except (TypeError, ValueError) as error:
        raise InvocationRefused(status.NOT_JSON, f"the event is not JSON: {error}") from error

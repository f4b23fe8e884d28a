"""SCF as the rest of the cloud sees it: functions and their triggers, calls, uploads, what was logged and lost.

It puts the parts together and keeps their books; how a call is made, a message retried or a line logged they know.
Source: the SCF document "How It Works", invocation types, read 2026-11-22.
"""

import contextlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Final

from emulator.scf import event as events
from emulator.scf import status
from emulator.scf.clock import Clock
from emulator.scf.delivery import Delivery
from emulator.scf.event import EventNaming, KeyEncoding, Wording
from emulator.scf.function import Function
from emulator.scf.log import Listener, PlatformLog, Record
from emulator.scf.queue import AsyncQueue, DeadLetter, Disorder, Message, encode, new_request_id, refused
from emulator.scf.registry import Registry
from emulator.scf.role import LIFETIME_S, KeyIssuer, RoleKeys
from emulator.scf.runner import Result, Runner
from emulator.scf.status import InvocationRefused
from emulator.scf.surroundings import Account
from emulator.scf.triggers import ObjectEvent, Trigger

_LARGEST_SYNC_EVENT_BYTES: Final = 6 * 1024 * 1024
_SIDE_BY_SIDE: Final = 8


class Platform:
    """One region of SCF for one account. Safe across threads; starts nothing until it is called.

    `side_by_side` is how many messages this machine delivers at once; the cloud's own limits are the functions'.
    `key_lifetime_s` is asked for with each set of role keys. `key_encoding` and `event_name` settle what the documents
    leave open about an event; `wording` holds both and can be replaced.
    """

    def __init__(  # noqa: PLR0913  # each is a fact about the account or a choice for a test, all by name
        self,
        *,
        region: str,
        appid: str,
        uin: str,
        keys: KeyIssuer,
        clock: Clock,
        key_encoding: KeyEncoding = "raw",
        event_name: EventNaming = "configured",
        disorder: Disorder | None = None,
        key_lifetime_s: int = LIFETIME_S,
        side_by_side: int = _SIDE_BY_SIDE,
        on_log: Listener | None = None,
    ) -> None:
        self.region = region
        self.wording = Wording(key_encoding, event_name)
        self._clock = clock
        self._keys = RoleKeys(keys, key_lifetime_s)
        self._log = PlatformLog(on_log)
        self._runner = Runner(Account(region, appid, uin), self._keys, clock, self._log)
        self._delivery = Delivery(AsyncQueue(disorder or Disorder()), clock, self._deliver, side_by_side)
        self._registry = Registry(region, self._runner.start)
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
        """Take a function in.

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
        """Call the function and wait; what it does wrong is in the result.

        Raises:
            InvocationRefused: no such function (435), an event over 6 MB (406) or one that is not JSON (400).
        """
        function, pool = self._registry.find(name)
        body = _encoded(event)
        if len(body) > _LARGEST_SYNC_EVENT_BYTES:
            raise InvocationRefused(status.REQUEST_TOO_LARGE, f"the event has {len(body)} bytes, over 6 MB")
        with self._delivery.call():
            return self._runner.run(function, pool, body, new_request_id(), 0)

    def invoke_async(self, name: str, event: Mapping[str, object]) -> str:
        """Queue a call and give its request id.

        Raises:
            InvocationRefused: no such function (435), an event over 128 KB (406), one that is not JSON (400), or a
                full queue (432).
        """
        function, _ = self._registry.find(name)
        _encoded(event)
        lost = self._queue(function, event, is_upload=False)
        if isinstance(lost, DeadLetter):
            raise InvocationRefused(lost.status_code, lost.reason)
        return lost

    def notify(self, happened: ObjectEvent) -> None:
        """Queue what happened to an object for the function whose trigger it meets, if there is one."""
        for function, configured in self._registry.called_by(happened):
            record = events.describe(
                happened,
                configured=configured,
                function=function.name,
                namespace=function.namespace,
                region=self.region,
                wording=self.wording,
            )
            lost = self._queue(function, {"Records": [record]}, is_upload=True)
            if isinstance(lost, DeadLetter):
                self._dead.append(lost)

    def drain(self, timeout_s: float) -> None:
        """Return once nothing is queued or running.

        Raises:
            TimeoutError: naming what is left after `timeout_s` real seconds.
        """
        self._delivery.drain(timeout_s)

    # What can be asked for in a test

    def held(self) -> AbstractContextManager[None]:
        """Deliver nothing inside the with-block, so that messages gather to be merged or to overtake each other."""
        return self._delivery.held()

    def ask(self, disorder: Disorder) -> None:
        """From now on have the queue duplicate, delay or merge messages so."""
        with self._delivery.locked() as queue:
            queue.ask(disorder)

    def plan_outage(self, name: str, times: int = 1) -> None:
        """Have the platform itself fail (500) for the function's next `times` invocations."""
        self._runner.plan_outage(name, times)

    def cool(self, name: str) -> None:
        """Give up the function's warm instances, as the cloud does after a while; the next call starts cold.

        Raises:
            InvocationRefused: there is no such function.
        """
        self.update(self._registry.find(name)[0])

    # What was logged and lost

    @property
    def log(self) -> tuple[Record, ...]:
        """Every record that CLS would hold, oldest first."""
        return self._log.records()

    @property
    def dead_letters(self) -> tuple[DeadLetter, ...]:
        """Every message that will not be tried again, oldest first."""
        return tuple(self._dead)

    def clear(self) -> None:
        """Back to nothing: functions, triggers, messages, dead letters, log and keys; calls under way are ended."""
        with self._delivery.locked() as queue:
            queue.clear()
            queue.ask(Disorder())
        self._registry.end_all(for_good=False)
        self._delivery.wait_for_workers()
        with self._delivery.locked() as queue:
            queue.clear()
        self._dead.clear()
        self._keys.forget()
        self._runner.clear()
        self._log.clear()

    def close(self) -> None:
        """End every call, process and thread; what is queued is dropped."""
        self._delivery.close()
        self._registry.end_all(for_good=True)
        self._delivery.join()

    # The books

    def _queue(self, function: Function, event: Mapping[str, object], *, is_upload: bool) -> str | DeadLetter:
        now_s = self._clock.now_s()
        message = Message(function.name, event, new_request_id(), now_s, now_s, is_upload)
        reason = self._delivery.put(message)
        return message.request_id if reason is None else refused(message, function, reason, now_s)

    def _deliver(self, message: Message) -> None:
        """One delivery of a queued message, in a worker's thread."""
        function: Function | None = None
        code, problem = status.NOT_FOUND, status.NAMES[status.NOT_FOUND]
        with contextlib.suppress(InvocationRefused):
            function, pool = self._registry.find(message.function)
            result = self._runner.run(function, pool, encode(message.event), message.request_id, message.retry_num)
            code = result.status_code
            error = result.error or {}
            problem = str(error.get("stackTrace") or error.get("errorMessage", ""))
        with self._delivery.locked() as queue:
            lost = queue.settle(message, function, code, problem, self._clock.now_s())
        if lost is not None:
            self._dead.append(lost)


def _encoded(event: Mapping[str, object]) -> bytes:
    try:
        return encode(event)
    except (TypeError, ValueError) as error:
        raise InvocationRefused(status.NOT_JSON, f"the event is not JSON: {error}") from error

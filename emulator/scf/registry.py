"""The functions that exist, each with its instances, and the triggers that call them.

Sources: the SCF documents "COS Trigger", "Concurrency Restrictions" and "Quota Limits", read 2026-11-22.
"""

import threading
from collections.abc import Callable

from emulator.scf import limits, status
from emulator.scf import triggers as rules
from emulator.scf.function import Function
from emulator.scf.instance import Instance
from emulator.scf.pool import Pool
from emulator.scf.status import InvocationRefused
from emulator.scf.triggers import ObjectEvent, Trigger


class Registry:
    """Functions, their pools and their triggers. Safe across threads. Starts no process by itself."""

    def __init__(self, region: str, start: Callable[[Function], Instance]) -> None:
        self._region = region
        self._start = start
        self._lock = threading.Lock()
        self._entries: dict[str, tuple[Function, Pool]] = {}
        self._triggers: list[Trigger] = []
        self._pools: list[Pool] = []
        self._closed = False

    def functions(self) -> tuple[Function, ...]:
        """Return every function as it is configured now."""
        with self._lock:
            return tuple(function for function, _ in self._entries.values())

    def triggers(self) -> tuple[Trigger, ...]:
        """Return every trigger."""
        with self._lock:
            return tuple(self._triggers)

    def find(self, name: str) -> tuple[Function, Pool]:
        """Return the function and its instances.

        Raises:
            InvocationRefused: there is none of that name.
        """
        with self._lock:
            return self._find(name)

    def create(self, function: Function) -> None:
        """Add a function.

        Raises:
            ValueError: there is one of that name.
            RuntimeError: the platform is closed.
        """
        with self._lock:
            if self._closed:
                raise RuntimeError("the platform is closed")
            if function.name in self._entries:
                raise ValueError(f"there is a function {function.name!r} already")
            self._entries[function.name] = function, self._pool(function)

    def update(self, function: Function) -> None:
        """Replace the function of that name; its instances end, the busy ones with the call they are in.

        Raises:
            InvocationRefused: there is none.
        """
        with self._lock:
            _, old = self._find(function.name)
            self._entries[function.name] = function, self._pool(function)
        old.retire()

    def delete(self, name: str) -> None:
        """Remove the function and its triggers.

        Raises:
            InvocationRefused: there is none.
        """
        with self._lock:
            _, pool = self._find(name)
            del self._entries[name]
            self._triggers = [trigger for trigger in self._triggers if trigger.function != name]
        pool.retire()

    def add_trigger(self, trigger: Trigger) -> None:
        """Bind a bucket's events to a function.

        Raises:
            TriggerRefused: a rule of SCF or COS forbids it.
            InvocationRefused: there is no such function.
        """
        with self._lock:
            self._find(trigger.function)
            rules.check(trigger, self._triggers, self._region)
            self._triggers.append(trigger)

    def remove_trigger(self, trigger: Trigger) -> None:
        """Undo `add_trigger`.

        Raises:
            ValueError: there is no such trigger.
        """
        with self._lock:
            self._triggers.remove(trigger)

    def functions_for(self, event: ObjectEvent) -> tuple[tuple[Function, str], ...]:
        """Return the functions whose triggers match the event, each with the event type it is bound to."""
        with self._lock:
            matches = [(trigger.function, trigger.match(event)) for trigger in self._triggers]
            return tuple((self._find(name)[0], configured) for name, configured in matches if configured)

    def end_all(self, *, for_good: bool) -> None:
        """Remove everything, and end every call that is under way by ending its process."""
        with self._lock:
            self._closed = self._closed or for_good
            pools, self._pools = self._pools, []
            self._entries.clear()
            self._triggers.clear()
        for pool in pools:
            pool.close()

    def _find(self, name: str) -> tuple[Function, Pool]:
        try:
            return self._entries[name]
        except KeyError:
            raise InvocationRefused(status.NOT_FOUND, f"there is no function {name!r}") from None

    def _pool(self, function: Function) -> Pool:
        quota_mb = limits.LARGE_REGION_QUOTA_MB if self._region in limits.LARGE_REGIONS else limits.REGION_QUOTA_MB
        limit = quota_mb // function.memory_mb if function.max_instances is None else function.max_instances
        pool = Pool(limit, lambda: self._start(function))
        self._pools = [*(old for old in self._pools if not old.done), pool]
        return pool

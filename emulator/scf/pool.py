"""The instances of one function: a warm one if there is one, a new one while the limit allows it.

Source: the SCF documents "How It Works" (containers are reused) and "Concurrency Restrictions", read 2026-11-22.
"""

import threading
from collections.abc import Callable

from emulator.scf.instance import Instance


class Pool:
    """Instances of one function. Safe across threads. Each serves one call at a time; the one used last is next."""

    def __init__(self, limit: int, start: Callable[[], Instance]) -> None:
        self._limit = limit
        self._start = start
        self._lock = threading.Lock()
        self._idle: list[Instance] = []
        self._busy: set[Instance] = set()
        self._reserved = 0
        self._retired = False
        self._closed = False

    def reserve(self) -> bool:
        """Reserve a place among the instances until `release`; return False when all are taken."""
        with self._lock:
            if self._reserved >= self._limit:
                return False
            self._reserved += 1
            return True

    def release(self) -> None:
        """Give a reserved place back."""
        with self._lock:
            self._reserved -= 1

    def take(self) -> tuple[Instance, bool]:
        """Return an instance for a reserved place, and whether it is new and still has to start.

        Raises:
            OSError: no process could be started.
        """
        with self._lock:
            while self._idle:
                instance = self._idle.pop()
                if instance.alive:
                    self._busy.add(instance)
                    return instance, False
                instance.kill()
        instance = self._start()
        with self._lock:
            self._busy.add(instance)
            if self._closed:
                instance.interrupt()
        return instance, True

    def give_back(self, instance: Instance) -> None:
        """Keep the instance warm, or end it if it is dead or the pool has retired."""
        with self._lock:
            self._busy.discard(instance)
            if instance.alive and not self._retired:
                self._idle.append(instance)
                return
        instance.kill()

    def retire(self) -> None:
        """Kill the idle instances now, the busy ones when they are given back."""
        with self._lock:
            self._retired = True
            idle, self._idle = self._idle, []
        for instance in idle:
            instance.kill()

    @property
    def done(self) -> bool:
        """Whether the pool has retired and nothing of it runs."""
        with self._lock:
            return self._retired and not self._reserved

    def close(self) -> None:
        """Retire, and end the calls that are under way by ending their processes."""
        self.retire()
        with self._lock:
            self._closed = True
            for instance in self._busy:
                instance.interrupt()

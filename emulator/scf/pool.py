"""The instances of one function: a warm one if there is one, a new one while the limit allows it, else none.

It must not know what is called or why; a process that cannot go on is told to it.
Source: the SCF documents "How It Works" (containers are reused) and "Concurrency Restrictions", read 2026-11-22.
"""

import threading
from collections.abc import Callable

from emulator.scf.instance import Instance


class Pool:
    """Safe across threads. An instance serves one call at a time; the one used last is used next."""

    def __init__(self, limit: int, start: Callable[[], Instance]) -> None:
        self._limit = limit
        self._start = start
        self._lock = threading.Lock()
        self._idle: list[Instance] = []
        self._busy: set[Instance] = set()
        self._taken = 0
        self._retired = False
        self._closed = False

    def reserve(self) -> bool:
        """Take a place among the instances; false when all are taken. It ends with `leave`."""
        with self._lock:
            if self._taken >= self._limit:
                return False
            self._taken += 1
            return True

    def leave(self) -> None:
        """Give the place back."""
        with self._lock:
            self._taken -= 1

    def take(self) -> tuple[Instance, bool]:
        """Give an instance for a reserved place, and whether it is new and still has to start.

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
        """Keep the instance warm, or bury it if it is dead or the pool has retired."""
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
        """Whether it has retired and nothing of it runs."""
        with self._lock:
            return self._retired and not self._taken

    def close(self) -> None:
        """Retire, and end the calls that are under way by ending their processes."""
        self.retire()
        with self._lock:
            self._closed = True
            for instance in self._busy:
                instance.interrupt()

"""The one thread that takes due messages from the queue and hands each to a worker of its own.

It alone makes a compressed clock leap, and only when nothing runs. It sleeps on a condition: nothing is polled.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator

from emulator.scf.clock import Clock
from emulator.scf.queue import AsyncQueue, Message, Reason

# Deliver the message, then settle it; called without the lock, in a worker.
Deliver = Callable[[Message], None]
_JOIN_S = 10


class Delivery:
    """Holds the queue and its lock. The thread starts with the first message and ends on close."""

    def __init__(self, queue: AsyncQueue, clock: Clock, deliver: Deliver, width: int) -> None:
        self._queue = queue
        self._clock = clock
        self._deliver = deliver
        self._width = width
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._workers: set[threading.Thread] = set()
        self._calls = 0
        self._pauses = 0
        self._closed = False

    @contextlib.contextmanager
    def locked(self) -> Iterator[AsyncQueue]:
        """Yield the queue to one thread at a time, and wake those that wait for a change afterwards."""
        with self._changed:
            yield self._queue
            self._changed.notify_all()

    def put(self, message: Message) -> Reason | None:
        """Queue a message; return a reason when it cannot be taken.

        Raises:
            RuntimeError: the platform is closed.
        """
        with self.locked() as queue:
            if self._closed:
                raise RuntimeError("the platform is closed")
            reason = queue.put(message)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="scf-delivery", daemon=True)
                self._thread.start()
            return reason

    @contextlib.contextmanager
    def call(self) -> Iterator[None]:
        """Count a synchronous call as running, so that time does not leap under it."""
        with self._changed:
            self._calls += 1
        try:
            yield
        finally:
            with self._changed:
                self._calls -= 1
                self._changed.notify_all()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Deliver nothing inside the with-block; messages gather."""
        with self._changed:
            self._pauses += 1
        try:
            yield
        finally:
            with self._changed:
                self._pauses -= 1
                self._changed.notify_all()

    def drain(self, timeout_s: float) -> None:
        """Wait until nothing is queued or running.

        Raises:
            TimeoutError: naming what is left after `timeout_s` real seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: not self._queue and not self._running(), timeout_s):
                raise TimeoutError(f"after {timeout_s} s there are still {self._left()}")

    def wait_for_workers(self) -> None:
        """Wait until no delivery is under way; queued messages stay."""
        with self._changed:
            self._changed.wait_for(lambda: not self._workers, _JOIN_S)

    def close(self) -> None:
        """Start no further delivery; `join` waits for those under way."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def join(self) -> None:
        """Wait for every thread to end, after their calls were ended."""
        with self._changed:
            threads = [*self._workers, *([self._thread] if self._thread else [])]
        for thread in threads:
            thread.join(_JOIN_S)

    def _serve(self) -> None:
        with self._changed:
            while not self._closed:
                message = None
                if not self._pauses and len(self._workers) < self._width:
                    message = self._queue.take(self._clock.now_s())
                if message is None:
                    self._wait()
                    continue
                worker = threading.Thread(target=self._work, args=(message,), name="scf-worker", daemon=True)
                self._workers.add(worker)
                worker.start()

    def _wait(self) -> None:
        due_s = self._queue.next_due_s()
        if due_s is None or self._pauses or len(self._workers) >= self._width:
            self._changed.wait()
        elif self._clock.compressed and not self._running():
            self._clock.leap_to(due_s)
        elif self._clock.compressed:
            self._changed.wait()
        else:
            self._changed.wait(max(0.0, due_s - self._clock.now_s()))

    def _work(self, message: Message) -> None:
        try:
            self._deliver(message)
        finally:
            with self._changed:
                self._workers.discard(threading.current_thread())
                self._changed.notify_all()

    def _running(self) -> int:
        return len(self._workers) + self._calls

    def _left(self) -> str:
        now_s = self._clock.now_s()
        waiting = [
            f"{message.request_id} for {message.function}, due in {max(0.0, message.due_at_s - now_s):.0f} s"
            + (f" after status {message.last_status}" if message.last_status else "")
            for message in self._queue.messages()[:10]
        ]
        return f"{self._running()} running and {len(self._queue)} queued" + "".join(f"; {line}" for line in waiting)

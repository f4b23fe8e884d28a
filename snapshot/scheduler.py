"""Tasks -> run side by side on worker threads, their results handed to the caller's thread one at a time.

What to do next is decided in one thread, so nothing that is shared needs a lock, and no worker ever waits for another.
A task that is still running at the deadline is left behind.
"""

import queue
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from typing import Any

from snapshot.deadline import Deadline
from snapshot.errors import CloudUnavailable, SnapshotError
from snapshot.memory import MemoryBudget
from snapshot.workers import Workers

_STEPS_AFTER = 2  # in each lane: a look at the source and a storing, a rendering while another one is under way
_MIN_S = 0.35  # calls are not begun in the last 0.3 s


@dataclass(frozen=True, slots=True)
class Task:
    """Work for a worker, and a callback for its end: `done` of a result, `failed` of a declared error.

    It starts only when `cost_bytes` are free in `budget`; whoever is told gives them back. One that `is_costly` starts
    only where there is time for it and for what follows it, so that what was paid for is not lost.
    """

    run: Callable[[], Any]
    done: Callable[[Any], None]
    failed: Callable[[SnapshotError], None]
    budget: MemoryBudget | None = None
    cost_bytes: int = 0
    is_costly: bool = False


class Lane:
    """Tasks of one kind, at most `limit` of them running at one time.

    Urgent ones go first, until all others can begin at once: then those begin, because the end waits for them, and the
    urgent ones run beside them.
    """

    def __init__(self, scheduler: "Scheduler", workers: Workers, limit: int) -> None:
        self._scheduler, self._workers, self._limit = scheduler, workers, limit
        self._urgent: deque[Task] = deque()
        self._waiting: deque[Task] = deque()
        self._running = 0
        self._longest_s = {True: 0.0, False: 0.0}  # of the tasks that have ended, by whether they were costly

    def add(self, task: Task, *, urgent: bool = False) -> None:
        """Let a task run as soon as there is a worker and memory for it."""
        (self._urgent if urgent else self._waiting).append(task)
        self.start()

    def gather(self, *runs: Callable[[], Any]) -> list[Any]:
        """Run these side by side and return their results in this order, once all have ended.

        Raises:
            SnapshotError: the first of the declared errors, or that the time was over.
        """
        results: dict[int, Any] = {}
        errors: list[SnapshotError] = []
        for place, run in enumerate(runs):
            self.add(Task(run, partial(results.__setitem__, place), errors.append), urgent=True)
        is_complete = self._scheduler.run_until(lambda: len(results) + len(errors) == len(runs))
        if errors:
            raise errors[0]
        if not is_complete:
            raise self._scheduler.out_of_time("the calls")
        return [results[place] for place in range(len(runs))]

    def drop_waiting(self) -> list[Task]:
        """Forget the tasks that have not begun and are not urgent, and return them."""
        dropped, self._waiting = list(self._waiting), deque()
        return dropped

    def start(self) -> None:
        """Start the tasks that can be started now."""
        is_last_wave = len(self._waiting) <= self._limit
        for tasks in (self._waiting, self._urgent) if is_last_wave else (self._urgent, self._waiting):
            while tasks and self._running < self._limit:
                task = tasks[0]
                if task.is_costly and not self._scheduler.has_time_for(self):
                    break
                if task.budget is not None and not task.budget.try_acquire(task.cost_bytes):
                    break
                tasks.popleft()
                self._running += 1
                running_task = Begun(self, task, self._scheduler.now_s())
                future = self._workers.submit(task.run)
                future.add_done_callback(partial(self._scheduler.ended, running_task))

    def free(self, running_task: "Begun", took_s: float) -> None:
        """Count a task as ended."""
        self._running -= 1
        is_costly = running_task.task.is_costly
        self._longest_s[is_costly] = max(self._longest_s[is_costly], took_s)

    def longest_s(self, *, is_costly: bool) -> float:
        """Return the duration of the longest of such tasks in seconds."""
        return self._longest_s[is_costly]

    @property
    def is_running(self) -> bool:
        """Tell whether a task is running."""
        return self._running > 0

    @property
    def is_idle(self) -> bool:
        """Tell whether nothing is running or waiting."""
        return not (self._running or self._urgent or self._waiting)


@dataclass(frozen=True, slots=True)
class Begun:
    """A task that runs: in which lane, and since when."""

    lane: Lane
    task: Task
    began_s: float


class Scheduler:
    """Hands the results of every lane to the caller's thread, until a deadline.

    `key` is what the work is about, for errors.
    """

    def __init__(self, deadline: Deadline, *, key: str) -> None:
        self._deadline, self._key = deadline, key
        self._ended: queue.SimpleQueue[tuple[Begun, float, Future[Any]]] = queue.SimpleQueue()
        self._lanes: list[Lane] = []

    def lane(self, workers: Workers, limit: int) -> Lane:
        """Return a new lane."""
        self._lanes.append(Lane(self, workers, limit))
        return self._lanes[-1]

    def out_of_time(self, operation: str) -> CloudUnavailable:
        """Return the error that says that the time was over while this operation was waited for."""
        return CloudUnavailable(
            "the invocation's time is over; the next delivery goes on from here",
            operation=operation,
            key=self._key,
            code="OutOfTime",
        )

    def now_s(self) -> float:
        """Return the time on the deadline's clock."""
        return self._deadline.clock()

    def has_time_for(self, lane: Lane) -> bool:
        """Tell whether a costly task, and the tasks that follow it, can end in time if they take as long as so far."""
        after_s = sum(other.longest_s(is_costly=False) * _STEPS_AFTER for other in self._lanes)
        return self._deadline.left_s() > lane.longest_s(is_costly=True) + after_s + _MIN_S

    def ended(self, running_task: Begun, future: Future[Any]) -> None:
        """Take note that a task has ended; called by its worker."""
        self._ended.put((running_task, self.now_s() - running_task.began_s, future))

    def run_until(self, condition: Callable[[], bool]) -> bool:
        """Handle results until the condition holds; return False where the deadline came first or nothing is left."""
        while not condition():
            if not any(lane.is_running for lane in self._lanes):
                return False  # nothing is left, or there is no time to begin what is
            try:
                running_task, took_s, future = self._ended.get(timeout=self._deadline.left_s())
            except queue.Empty:
                return False
            running_task.lane.free(running_task, took_s)
            task = running_task.task
            error = future.exception()
            if error is None:
                task.done(future.result())
            elif isinstance(error, SnapshotError):
                task.failed(error)
            else:
                raise error
            for waiting in self._lanes:
                waiting.start()
        return True

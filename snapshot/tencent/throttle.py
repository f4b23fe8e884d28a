"""The number of calls under way and of retries: one of each an invocation.

The limit follows the cloud: it halves when the cloud says that it is too much (429, 503, SlowDown), at most once for
the calls that were under way then, and grows by one for each window of calls that succeeded (additive increase,
multiplicative decrease). A `Retry-After` holds back every call. The number of retries follows the plan: a fifth of the
paid calls it holds, and ten. Once they are spent and a record's calls go on failing, none of its calls is sent
any more: a cloud that is down costs a few dozen calls, not five for each moment.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from snapshot.deadline import Deadline
from snapshot.errors import CallFailed

BASE_RETRIES, _CALLS_PER_RETRY = 10, 5
MAX_FAILURES_IN_A_ROW = 8


class Throttle:
    """Hands out places for calls. Used by several threads at once."""

    def __init__(self, limit: int, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._max = self._limit = max(1, limit)
        self._sleep = sleep
        self._condition = threading.Condition()
        self._under_way = 0
        self._cuts = 0
        self._successes = 0
        self._resume_at_s = 0.0

    @property
    def limit(self) -> int:
        """Return the number of calls that may be under way now."""
        return self._limit

    @contextmanager
    def place(self, deadline: Deadline) -> Iterator[int]:
        """Wait for a place, no longer than there is time, and give the number of cuts before the call began."""
        with self._condition:
            self._condition.wait_for(lambda: self._under_way < self._limit, timeout=deadline.left_s())
            self._under_way += 1
            cuts = self._cuts
        try:
            self._wait_for_resumption(deadline)
            yield cuts
        finally:
            with self._condition:
                self._under_way -= 1
                self._condition.notify_all()

    def succeeded(self) -> None:
        """Count a call that the cloud answered as it should."""
        with self._condition:
            self._successes += 1
            if self._successes >= self._limit:
                self._successes = 0
                self._limit = min(self._max, self._limit + 1)
                self._condition.notify()

    def slow_down(self, cuts: int, *, resume_at_s: float = 0.0) -> None:
        """Halve the limit, unless that was done since the call began; hold back every call until `resume_at_s`."""
        with self._condition:
            self._resume_at_s = max(self._resume_at_s, resume_at_s)
            self._successes = 0
            if cuts == self._cuts:
                self._cuts += 1
                self._limit = max(1, self._limit // 2)

    def _wait_for_resumption(self, deadline: Deadline) -> None:
        pause_s = min(self._resume_at_s - deadline.clock(), deadline.left_s())
        if pause_s > 0:
            self._sleep(pause_s)


class RetryBudget:
    """The retries that are left to an invocation. Used by several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left = BASE_RETRIES

    @property
    def left(self) -> int:
        """Return the number of retries left."""
        return self._left

    def allow(self, planned: int) -> None:
        """Add a fifth of the paid calls that a plan holds."""
        with self._lock:
            self._left += -(-planned // _CALLS_PER_RETRY)

    def take(self) -> bool:
        """Take one retry; tell whether there was one."""
        with self._lock:
            if self._left == 0:
                return False
            self._left -= 1
            return True


class Streak:
    """The failures that may heal since the last success, of one record. Used by several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._length = 0
        self.last: CallFailed | None = None

    @property
    def is_long(self) -> bool:
        """Tell whether so many calls failed that the next one would too."""
        return self._length >= MAX_FAILURES_IN_A_ROW

    def succeeded(self) -> None:
        """Begin anew."""
        with self._lock:
            self._length = 0

    def failed(self, error: CallFailed) -> None:
        """Count a failure."""
        with self._lock:
            self._length += 1
            self.last = error

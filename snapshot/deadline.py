"""The moment at which work must have ended, and how the time until then is shared out."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of `clock`, in seconds. A value: work that outlives its share sees its own deadline, not a later one."""

    at_s: float
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def after(cls, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> "Deadline":
        """Return the deadline so many seconds from now."""
        return cls(clock() + seconds, clock)

    def left_s(self) -> float:
        """Return the seconds until then, 0 once it has passed."""
        return max(0.0, self.at_s - self.clock())

    def earlier(self, seconds: float) -> "Deadline":
        """Return the deadline so many seconds before this one."""
        return Deadline(self.at_s - seconds, self.clock)

    def share(self, *, remaining: int) -> "Deadline":
        """Return the deadline of the next of `remaining` pieces of work that share the time evenly."""
        now = self.clock()
        return Deadline(now + max(0.0, self.at_s - now) / max(remaining, 1), self.clock)

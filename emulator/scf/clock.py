"""The platform's time: real, or compressed so that it can leap over a wait while nothing runs.

The delivery thread decides when to leap. A function always sees real time.
"""

import threading
import time


class Clock:
    """Seconds since 1970; a compressed clock can be moved forward, a real one cannot."""

    def __init__(self, *, compressed: bool = False) -> None:
        self.compressed = compressed
        self._ahead_s = 0.0
        self._lock = threading.Lock()

    def now_s(self) -> float:
        """Return the seconds since 1970, leaps included."""
        with self._lock:
            return time.time() + self._ahead_s

    def leap_to(self, at_s: float) -> None:
        """Move forward to `at_s`; do nothing when it is past.

        Raises:
            RuntimeError: the clock is a real one.
        """
        if not self.compressed:
            raise RuntimeError("a real clock cannot leap: make it with compressed=True")
        with self._lock:
            self._ahead_s += max(0.0, at_s - (time.time() + self._ahead_s))

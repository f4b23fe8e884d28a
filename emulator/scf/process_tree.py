"""A process and all it started: how much memory they hold together, and how they are ended together.

It must not know what they run. The process leads a session of its own; children that left it are found by descent.
"""

import contextlib
import os
import signal
import time
from typing import Final

import psutil

_LOOK_FOR_CHILDREN_EVERY_S: Final = 0.25


class Family:
    """The process `pid` and its descendants; what has ended meanwhile is passed over in silence."""

    def __init__(self, pid: int) -> None:
        self._head = psutil.Process(pid)
        self._children: list[psutil.Process] = []
        self._looked_at = 0.0

    def resident_bytes(self) -> int:
        """Give the resident memory of all together, pages they share counted for each."""
        now = time.monotonic()
        if now - self._looked_at > _LOOK_FOR_CHILDREN_EVERY_S:
            self._children, self._looked_at = self._descendants(), now
        total = 0
        for process in (self._head, *self._children):
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
        return total

    def kill(self) -> None:
        """End them all; who started the process still has to wait for it."""
        descendants = self._descendants()
        self.kill_session()
        for child in descendants:
            with contextlib.suppress(psutil.Error):
                child.kill()

    def kill_session(self) -> None:
        """End those that never left the session, which needs no look at other processes."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._head.pid, signal.SIGKILL)

    def _descendants(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            return self._head.children(recursive=True)
        return []

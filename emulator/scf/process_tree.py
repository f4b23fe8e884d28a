"""A process and its descendants: the memory they hold together, and how to end them together.

The process leads a session of its own; a child that left the session is found by descent.
"""

import contextlib
import os
import signal
import time

import psutil

_CHILDREN_REFRESH_S = 0.25


class ProcessTree:
    """The process `pid` and its descendants; a process that has ended meanwhile is skipped."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._children: list[psutil.Process] = []
        self._refreshed_at = 0.0

    def resident_bytes(self) -> int:
        """Return the resident memory of all together, with shared pages counted for each."""
        now = time.monotonic()
        if now - self._refreshed_at > _CHILDREN_REFRESH_S:
            self._children, self._refreshed_at = self._descendants(), now
        total = 0
        for process in (self._root, *self._children):
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
        return total

    def kill(self) -> None:
        """End them all; the parent of the process still has to wait for it."""
        descendants = self._descendants()
        self.kill_session()
        for child in descendants:
            with contextlib.suppress(psutil.Error):
                child.kill()

    def kill_session(self) -> None:
        """End those that never left the session, without a look at other processes."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._root.pid, signal.SIGKILL)

    def _descendants(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            return self._root.children(recursive=True)
        return []

"""A line with the reason and the time of a wait: on a terminal alone, never in a pipe or a file."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TextIO

_QUIET_S = 2.0
_STEP_S = 0.5
_CLEAR = "\r\x1b[K"


class Waiting(Protocol):
    """Takes details of the wait that is under way."""

    def update(self, detail: str) -> None:
        """Show this beside the time from now on."""


class _Line:
    """One line of a terminal, drawn again and again by a thread until it is closed."""

    def __init__(self, text: str, stream: TextIO, clock: Callable[[], float]) -> None:
        self._text, self._stream, self._clock = text, stream, clock
        self._detail = ""
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._draw, daemon=True)
        self._thread.start()

    def update(self, detail: str) -> None:
        """Show this beside the time from now on."""
        self._detail = detail

    def close(self) -> None:
        """Take the line away."""
        self._ended.set()
        self._thread.join()

    def _draw(self) -> None:
        began, is_drawn = self._clock(), False
        wait_s = _QUIET_S
        while not self._ended.wait(wait_s):
            wait_s, is_drawn = _STEP_S, True
            detail = f", {self._detail}" if self._detail else ""
            self._stream.write(f"{_CLEAR}  {self._text}: {self._clock() - began:.0f} s{detail}")
            self._stream.flush()
        if is_drawn:
            self._stream.write(_CLEAR)
            self._stream.flush()


class _Silence:
    """Shows nothing."""

    def update(self, detail: str) -> None:
        """Show nothing."""


@contextmanager
def waiting(
    text: str, *, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Waiting]:
    """Show the text and the time while the block runs, from its third second on. Standard error by default."""
    stream = sys.stderr if stream is None else stream
    if not stream.isatty():
        yield _Silence()
        return
    sys.stdout.flush()
    line = _Line(text, stream, clock)
    try:
        yield line
    finally:
        line.close()

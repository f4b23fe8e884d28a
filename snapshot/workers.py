"""Functions -> futures, on daemon threads that nobody joins.

A ThreadPoolExecutor waits for its threads when it is left and again when the interpreter ends: a call that hangs would
hold the invocation past its time. Here what has not begun is cancelled, and what runs is left behind.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from queue import SimpleQueue
from types import TracebackType
from typing import ParamSpec, TypeVar

from typing_extensions import Self

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Workers:
    """At most `count` threads, started as they are needed. Leaving the with statement waits for nothing."""

    def __init__(self, count: int, *, name: str) -> None:
        self._count, self._name = count, name
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._started = 0
        self._pending: set[Future[object]] = set()
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def submit(self, function: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> "Future[_T]":
        """Return the future of this call.

        Raises:
            RuntimeError: the workers are closed.
        """
        future: Future[_T] = Future()

        def run() -> None:
            _fulfil(future, function, *args, **kwargs)

        with self._lock:
            if self._is_closed:
                raise RuntimeError("the workers are closed")
            self._pending.add(future)  # type: ignore[arg-type]  # Future is invariant; only cancel is called
            future.add_done_callback(self._pending.discard)
            self._queue.put(run)
            if not self._idle.acquire(blocking=False) and self._started < self._count:
                self._started += 1
                threading.Thread(target=self._work, name=f"{self._name}-{self._started}", daemon=True).start()
        return future

    def close(self) -> None:
        """Cancel the calls that have not begun, and let each thread end with its call."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            pending, started = list(self._pending), self._started
        for future in pending:
            future.cancel()
        for _ in range(started):
            self._queue.put(None)

    def wait(self, timeout_s: float) -> None:
        """Wait until no call is running or waiting, but not longer than this."""
        with self._lock:
            pending = list(self._pending)
        wait(pending, timeout_s)

    def _work(self) -> None:
        while (run := self._queue.get()) is not None:
            run()
            del run  # or the last picture would live until the next call
            self._idle.release()


def run_in_background(function: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> "Future[_T]":
    """Return the future of one call on a daemon thread of its own."""
    future: Future[_T] = Future()
    call = (future, function, *args)
    threading.Thread(target=_fulfil, args=call, kwargs=kwargs, name="background", daemon=True).start()
    return future


def _fulfil(future: "Future[_T]", function: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function(*args, **kwargs)
    except BaseException as error:  # noqa: BLE001  # whoever waits for the future gets it
        future.set_exception(error)
    else:
        future.set_result(result)

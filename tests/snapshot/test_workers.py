"""Workers run calls side by side, and nobody waits for those that hang."""

import gc
import subprocess
import sys
import textwrap
import threading
import weakref

import pytest

from snapshot.workers import Workers, run_in_background

LONG_S = 30  # only a test that fails waits so long


def test_result():
    """A future has the result, or the exception."""
    with Workers(2, name="w") as workers:
        assert workers.submit(divmod, 7, 2).result(LONG_S) == (3, 1)
        assert workers.submit(int, "11", base=2).result(LONG_S) == 3
        with pytest.raises(ZeroDivisionError):
            workers.submit(divmod, 1, 0).result(LONG_S)


def test_wait():
    """Waiting ends with the last running call, or with its time; calls that were cancelled are not waited for."""
    begun, gate = threading.Event(), threading.Event()
    with Workers(1, name="w") as workers:
        running = workers.submit(lambda: begun.set() or gate.wait(LONG_S))
        workers.submit(gate.wait, LONG_S)
        assert begun.wait(LONG_S)
    workers.wait(0.01)
    assert not running.done()
    gate.set()
    workers.wait(LONG_S)
    assert running.done()


def test_side_by_side():
    """As many calls run at once as there are workers, and no more."""
    barrier, lock = threading.Barrier(3), threading.Lock()
    running, peak = [0], [0]

    def call():
        with lock:
            running[0] += 1
            peak[0] = max(peak[0], running[0])
        barrier.wait(LONG_S)
        with lock:
            running[0] -= 1

    with Workers(3, name="w") as workers:
        for future in [workers.submit(call) for _ in range(9)]:
            future.result(LONG_S)
    assert peak == [3]


def test_threads_are_reused():
    """One call after another needs one thread."""
    with Workers(8, name="w") as workers:
        names = set()
        for _ in range(5):
            names.add(workers.submit(lambda: threading.current_thread().name).result(LONG_S))
            while not workers._idle._value:
                threading.Event().wait(0.001)
    assert names == {"w-1"}


def test_close_cancels():
    """Waiting tasks are cancelled, running ones are left to end, and nothing is waited for."""
    started, go_on = threading.Event(), threading.Event()

    def hang():
        started.set()
        go_on.wait(LONG_S)
        return "done"

    with Workers(1, name="w") as workers:
        first, second = workers.submit(hang), workers.submit(hang)
        assert started.wait(LONG_S)
    assert second.cancelled()
    assert first.running()
    with pytest.raises(RuntimeError):
        workers.submit(hang)
    go_on.set()
    assert first.result(LONG_S) == "done"


def test_cancelled_future_is_not_run():
    """A future that was cancelled in time is never run."""
    go_on, calls = threading.Event(), []
    with Workers(1, name="w") as workers:
        workers.submit(go_on.wait, LONG_S)
        future = workers.submit(calls.append, 1)
        assert future.cancel()
        go_on.set()
        workers.submit(calls.append, 2).result(LONG_S)
    assert calls == [2]


class Picture:
    """Something whose end can be seen."""


def test_nothing_is_held():
    """A worker holds on to nothing once its call is done."""
    with Workers(1, name="w") as workers:
        future = workers.submit(Picture)
        reference = weakref.ref(future.result(LONG_S))
        del future
        workers.submit(int).result(LONG_S)
        gc.collect()
        assert reference() is None


def test_background():
    """One call can run on a thread of its own."""
    assert run_in_background(divmod, 7, 2).result(LONG_S) == (3, 1)


@pytest.mark.parametrize(
    "start",
    ["Workers(1, name='w').submit(hang)", "run_in_background(hang)"],
    ids=["workers", "in the background"],
)
def test_process_ends(start):
    """A process ends though a call hangs."""
    program = f"""
        import threading
        from snapshot.workers import Workers, run_in_background
        begun = threading.Event()
        def hang():
            begun.set()
            threading.Event().wait()
        {start}
        assert begun.wait({LONG_S})
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True, timeout=LONG_S)

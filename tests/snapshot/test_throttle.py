"""The throttle follows the cloud down at once and up slowly; retries are counted for the whole invocation."""

import threading

import pytest

from snapshot.deadline import Deadline
from snapshot.errors import CloudUnavailable
from snapshot.tencent.throttle import BASE_RETRIES, MAX_FAILURES_IN_A_ROW, RetryBudget, Streak, Throttle

LONG_S = 30  # only a test that fails waits so long


def test_halves():
    """Each refusal halves the limit, down to one; calls that were under way together count once."""
    throttle, deadline = Throttle(8), Deadline.after(LONG_S)
    with throttle.place(deadline) as first, throttle.place(deadline) as second:
        throttle.slow_down(first)
        throttle.slow_down(second)
    assert throttle.limit == 4
    for expected in (2, 1, 1):
        with throttle.place(deadline) as cuts:
            throttle.slow_down(cuts)
        assert throttle.limit == expected


def test_grows():
    """A window of successes adds one, up to the first limit."""
    throttle = Throttle(4)
    throttle.slow_down(0)
    assert throttle.limit == 2
    limits = []
    for _ in range(12):
        throttle.succeeded()
        limits.append(throttle.limit)
    assert limits == [2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4]


def test_places():
    """No more calls are under way than the limit allows, also when it shrinks meanwhile."""
    throttle, deadline = Throttle(2), Deadline.after(LONG_S)
    entered, leave = threading.Semaphore(0), threading.Semaphore(0)

    def call():
        with throttle.place(deadline):
            entered.release()
            leave.acquire(timeout=LONG_S)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert entered.acquire(timeout=LONG_S)
    assert entered.acquire(timeout=LONG_S)
    assert not entered.acquire(timeout=0.1)
    throttle.slow_down(0)
    leave.release()
    assert not entered.acquire(timeout=0.1)
    leave.release()
    assert entered.acquire(timeout=LONG_S)
    leave.release(2)
    for thread in threads:
        thread.join()


def test_no_place_in_time():
    """Nobody waits for a place beyond the deadline."""
    throttle = Throttle(1)
    with throttle.place(Deadline.after(LONG_S)), throttle.place(Deadline.after(0.05)):
        assert throttle.limit == 1


@pytest.mark.parametrize(("wait_s", "left_s", "slept"), [(7, 60, [7]), (3600, 60, [60]), (0, 60, [])])
def test_resumption(wait_s, left_s, slept):
    """`Retry-After` holds back every call, no longer than there is time."""
    pauses = []

    def clock():
        return 1000.0

    throttle, deadline = Throttle(8, sleep=pauses.append), Deadline.after(left_s, clock=clock)
    throttle.slow_down(0, resume_at_s=clock() + wait_s)
    with throttle.place(deadline):
        assert pauses == slept


@pytest.mark.parametrize(("planned", "retries"), [(0, 10), (1, 11), (5, 11), (6, 12), (99, 30)])
def test_budget(planned, retries):
    """There are a fifth of the planned calls and ten retries, for everything together."""
    budget = RetryBudget()
    budget.allow(planned)
    assert BASE_RETRIES == 10
    assert [budget.take() for _ in range(retries + 2)] == [True] * retries + [False] * 2
    assert budget.left == 0


def test_streak():
    """Failures without a success between them are a streak; one success ends it."""
    streak, error = Streak(), CloudUnavailable("no", operation="HeadObject", key="a", code="SlowDown")
    for _ in range(MAX_FAILURES_IN_A_ROW - 1):
        streak.failed(error)
    assert not streak.is_long
    streak.failed(error)
    assert streak.is_long
    assert streak.last is error
    streak.succeeded()
    assert not streak.is_long

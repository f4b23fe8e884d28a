import threading
from functools import partial

import pytest

from snapshot.deadline import Deadline
from snapshot.errors import CloudUnavailable, SourceRejected
from snapshot.memory import MemoryBudget
from snapshot.scheduler import Scheduler, Task
from snapshot.workers import Workers

LONG_S = 60  # only a test that fails waits so long


def rejected():
    return SourceRejected("no", operation="GetSnapshot", key="k", code="InvalidArgument")


@pytest.fixture
def workers():
    with Workers(4, name="test") as workers:
        yield workers


@pytest.fixture
def scheduler():
    return Scheduler(Deadline.after(LONG_S), key="k")


def raises(error):
    def run():
        raise error

    return run


def test_gather_keeps_the_order(scheduler, workers):
    """Results come in the order of the calls, however long each takes."""
    first, second = threading.Event(), threading.Event()

    def slow():
        assert first.wait(LONG_S)
        return "slow"

    def quick():
        first.set()
        return "quick"

    lane = scheduler.lane(workers, 4)
    assert lane.gather(slow, quick) == ["slow", "quick"]
    assert lane.gather() == []
    assert not second.is_set()


def test_gather_raises_declared_errors(scheduler, workers):
    """A declared error is raised once all have ended."""
    ended = []
    error = rejected()
    with pytest.raises(SourceRejected) as raised:
        scheduler.lane(workers, 4).gather(raises(error), lambda: ended.append(1))
    assert raised.value is error
    assert ended == [1]


def test_defects_come_through(scheduler, workers):
    """A defect in a task is raised where results are waited for."""
    with pytest.raises(ZeroDivisionError):
        scheduler.lane(workers, 4).gather(raises(ZeroDivisionError()))


def test_lane_limit(scheduler, workers):
    """No more tasks of a lane run at one time than its limit."""
    lane = scheduler.lane(workers, 2)
    lock, running, peak = threading.Lock(), [0], [0]

    def work():
        with lock:
            running[0] += 1
            peak[0] = max(peak[0], running[0])
        threading.Event().wait(0.001)
        with lock:
            running[0] -= 1

    lane.gather(*[work] * 20)
    assert peak[0] <= 2


def test_urgent_first(scheduler, workers):
    """An urgent task starts before those that wait, until all of these can begin at once."""
    lane, order, gate = scheduler.lane(workers, 1), [], threading.Event()
    done = []
    lane.add(Task(lambda: gate.wait(LONG_S), done.append, done.append))
    for name in ("first", "second", "third"):
        lane.add(Task(partial(order.append, name), done.append, done.append))
    for name in ("urgent", "also urgent"):
        lane.add(Task(partial(order.append, name), done.append, done.append), urgent=True)
    gate.set()
    assert scheduler.run_until(lambda: len(done) == 6)
    assert order == ["urgent", "also urgent", "first", "second", "third"]


def test_last_wave_first(scheduler, workers):
    """Where all that wait can begin at once, they do, and urgent tasks follow."""
    lane, order, gate = scheduler.lane(workers, 1), [], threading.Event()
    done = []
    lane.add(Task(lambda: gate.wait(LONG_S), done.append, done.append))
    lane.add(Task(partial(order.append, "last"), done.append, done.append))
    lane.add(Task(partial(order.append, "urgent"), done.append, done.append), urgent=True)
    gate.set()
    assert scheduler.run_until(lambda: len(done) == 3)
    assert order == ["last", "urgent"]


def test_budget(scheduler, workers):
    """A task starts only when its memory is free, and one that is too large starts alone."""
    budget = MemoryBudget(100)
    lane, holding, peak, done = scheduler.lane(workers, 4), [0], [0], []

    def ended(cost):
        def end(_):
            holding[0] -= cost
            budget.release(cost)
            done.append(cost)

        return end

    def begun(cost):
        def run():
            holding[0] += cost
            peak[0] = max(peak[0], holding[0])

        return run

    for cost in (60, 60, 500, 30, 30):
        lane.add(Task(begun(cost), ended(cost), ended(cost), budget, cost))
    assert scheduler.run_until(lambda: len(done) == 5)
    assert peak[0] == 500
    assert sorted(done) == [30, 30, 60, 60, 500]


def test_dropped_tasks(scheduler, workers):
    """A task that has not begun can be dropped; what is urgent stays."""
    lane, gate, done = scheduler.lane(workers, 1), threading.Event(), []
    lane.add(Task(lambda: gate.wait(LONG_S), done.append, done.append))
    for _ in range(3):
        lane.add(Task(lambda: "waiting", done.append, done.append))
    lane.add(Task(lambda: "urgent", done.append, done.append), urgent=True)
    assert len(lane.drop_waiting()) == 3
    gate.set()
    assert scheduler.run_until(lambda: len(done) == 2)
    assert done == [True, "urgent"]


def test_deadline_leaves_tasks_behind(workers):
    """A task that hangs is left behind at the deadline, and the error says that the time was over."""
    now = [0.0]
    scheduler = Scheduler(Deadline(0.0, lambda: now[0]), key="k")
    gate = threading.Event()
    with pytest.raises(CloudUnavailable) as raised:
        scheduler.lane(workers, 4).gather(lambda: gate.wait(LONG_S))
    gate.set()
    assert (raised.value.code, raised.value.key) == ("OutOfTime", "k")


def test_nothing_left_to_wait_for(scheduler):
    """Waiting for something that no task can bring ends at once."""
    assert not scheduler.run_until(lambda: False)

"""A deadline is a moment, and shares are moments before it."""

import pytest

from snapshot.deadline import Deadline


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_left():
    """The time left runs out, and is never below zero."""
    clock = Clock()
    deadline = Deadline.after(5, clock=clock)
    assert deadline.left_s() == 5
    clock.now = 104
    assert deadline.left_s() == 1
    clock.now = 200
    assert deadline.left_s() == 0


def test_share():
    """Time is shared out so that no piece of work starves the next, and time left over goes to the others."""
    clock = Clock()
    deadline = Deadline.after(8, clock=clock)
    first = deadline.share(remaining=4)
    assert first.left_s() == 2
    clock.now += 0.5
    assert deadline.share(remaining=3).left_s() == 2.5
    assert deadline.share(remaining=1).at_s == deadline.at_s
    assert first.left_s() == 1.5


@pytest.mark.parametrize("remaining", [0, 1, 5])
def test_share_of_nothing(remaining):
    """Of no time every share is none."""
    clock = Clock()
    deadline = Deadline.after(-3, clock=clock)
    assert deadline.share(remaining=remaining).left_s() == 0

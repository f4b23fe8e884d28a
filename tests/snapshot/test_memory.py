import pytest

from snapshot import memory
from snapshot.memory import MIB, MemoryBudget, budgets_of, free_bytes, tune_allocator


def test_budget_is_kept():
    """Bytes are given while they are free, and again once they are given back."""
    budget = MemoryBudget(100)
    assert budget.try_acquire(60)
    assert not budget.try_acquire(60)
    assert budget.try_acquire(40)
    budget.release(60)
    assert budget.try_acquire(60)


def test_too_large_goes_alone():
    """A request beyond the whole budget is granted when nothing else is held."""
    budget = MemoryBudget(100)
    assert budget.try_acquire(1000)
    assert not budget.try_acquire(1)
    budget.release(1000)
    assert budget.try_acquire(1)
    assert not budget.try_acquire(1000)


def test_only_lowered():
    """A limit is lowered and never raised."""
    budget = MemoryBudget(100)
    budget.limit(40)
    budget.limit(70)
    assert budget.total_bytes == 40
    assert budget.try_acquire(30)
    assert not budget.try_acquire(30)


@pytest.mark.parametrize(("limit_mb", "resident_mb", "total_mb"), [(512, 60, 428), (128, 60, 44), (None, 60, 428)])
def test_budget_follows_the_limit(monkeypatch, limit_mb, resident_mb, total_mb):
    """An invocation may hold its limit less the process's own memory and a reserve."""
    monkeypatch.setattr(memory, "_resident_bytes", lambda: resident_mb * MIB)
    files, rendering = budgets_of(free_bytes(limit_mb))
    assert files.total_bytes + rendering.total_bytes == total_mb * MIB
    assert files.total_bytes < rendering.total_bytes


def test_budget_is_never_nothing(monkeypatch):
    """Even where the process takes all there is, one picture at a time goes on."""
    monkeypatch.setattr(memory, "_resident_bytes", lambda: 900 * MIB)
    files, rendering = budgets_of(free_bytes(64))
    assert min(files.total_bytes, rendering.total_bytes) > 0


def test_allocator_without_glibc(monkeypatch):
    """Where the C library is not glibc, nothing is tuned and nothing fails."""

    def missing(name):
        raise OSError(name)

    monkeypatch.setattr(memory.ctypes, "CDLL", missing)
    tune_allocator()

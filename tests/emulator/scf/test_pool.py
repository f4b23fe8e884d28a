from emulator.scf.pool import Pool


class FakeInstance:
    def __init__(self):
        self.alive = True
        self.interrupted = False

    def interrupt(self):
        self.interrupted = True

    def kill(self):
        self.alive = False


def test_released_place():
    """A place given back can be reserved again."""
    pool = Pool(1, FakeInstance)
    assert pool.reserve()
    assert not pool.reserve()
    pool.release()
    assert pool.reserve()


def test_last_used_is_next():
    """The instance used last is used next."""
    pool = Pool(2, FakeInstance)
    first, second = pool.take()[0], pool.take()[0]
    pool.give_back(second)
    pool.give_back(first)
    assert pool.take() == (first, False)
    assert pool.take() == (second, False)


def test_dead_instance():
    """A dead instance is not used again."""
    pool = Pool(1, FakeInstance)
    dead, _ = pool.take()
    pool.give_back(dead)
    dead.alive = False
    assert pool.take()[1] is True


def test_retired_pool():
    """A retired pool lets a call end and then its instance."""
    pool = Pool(2, FakeInstance)
    idle, busy = pool.take()[0], pool.take()[0]
    pool.give_back(idle)
    pool.retire()
    assert (idle.alive, busy.alive, busy.interrupted) == (False, True, False)
    pool.give_back(busy)
    assert not busy.alive


def test_closed_while_starting():
    """A pool closed while an instance starts ends it too."""

    def start():
        pool.close()
        return FakeInstance()

    pool = Pool(1, start)
    assert pool.take()[0].interrupted


def test_done():
    """A pool is done once it has retired and every call has ended."""
    pool = Pool(1, FakeInstance)
    pool.reserve()
    pool.retire()
    assert not pool.done
    pool.release()
    assert pool.done

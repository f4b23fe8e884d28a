from emulator.scf.pool import Pool


class FakeInstance:
    def __init__(self):
        self.alive = True
        self.interrupted = False

    def interrupt(self):
        self.interrupted = True

    def kill(self):
        self.alive = False


def test_a_place_given_back_can_be_taken_again():
    pool = Pool(1, FakeInstance)
    assert pool.reserve()
    assert not pool.reserve()
    pool.leave()
    assert pool.reserve()


def test_the_instance_used_last_is_used_next():
    pool = Pool(2, FakeInstance)
    one, another = pool.take()[0], pool.take()[0]
    pool.give_back(another)
    pool.give_back(one)
    assert pool.take() == (one, False)
    assert pool.take() == (another, False)


def test_a_dead_instance_is_not_used_again():
    pool = Pool(1, FakeInstance)
    dead, _ = pool.take()
    pool.give_back(dead)
    dead.alive = False
    assert pool.take()[1] is True


def test_a_retired_pool_lets_a_call_end_and_then_its_instance():
    pool = Pool(2, FakeInstance)
    idle, busy = pool.take()[0], pool.take()[0]
    pool.give_back(idle)
    pool.retire()
    assert (idle.alive, busy.alive, busy.interrupted) == (False, True, False)
    pool.give_back(busy)
    assert not busy.alive


def test_a_pool_closed_while_an_instance_starts_ends_it_too():
    def start():
        pool.close()
        return FakeInstance()

    pool = Pool(1, start)
    assert pool.take()[0].interrupted


def test_a_pool_is_done_once_it_has_retired_and_every_call_has_left():
    pool = Pool(1, FakeInstance)
    pool.reserve()
    pool.retire()
    assert not pool.done
    pool.leave()
    assert pool.done

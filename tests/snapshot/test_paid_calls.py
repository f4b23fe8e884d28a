"""Paid calls over all deliveries of a video; each delivery goes on where the last one ended in time."""

import functools
import heapq
import itertools
import queue
import random
from collections import Counter, deque
from concurrent.futures import Future
from datetime import datetime, timezone
from types import SimpleNamespace

import pytest

from emulator.faults.effects import ErrorResponse
from emulator.faults.injector import Fault
from snapshot.deadline import Deadline
from snapshot.errors import CloudUnavailable
from snapshot.events import Upload
from snapshot.invocation import CPU_WORKERS, Invocation
from snapshot.manifest import parse_manifest
from snapshot.memory import MIB, MemoryBudget
from snapshot.outcomes import Failed, Made, Unchanged
from snapshot.pipeline import process
from snapshot.settings import Settings
from snapshot.tencent.bucket import Bucket
from snapshot.tencent.client import CosClient
from snapshot.tencent.throttle import BASE_RETRIES, MAX_FAILURES_IN_A_ROW
from snapshot.workers import Workers
from tests.snapshot.fakes import FakeBucket, FakeCloud, FakeFilm
from tests.snapshot.films import film
from tests.snapshot.invoking import BUCKET, FILM, upload
from tests.snapshot.test_histories import A, B, Cloud, finish, kill

KEY = "videos/a.mp4"
MANIFEST = f"thumbnails/{KEY}/manifest.json"
SNAPSHOT_S, CALL_S, CONCURRENCY = 0.3, 0.01, 8
MIN_CALL_S = 0.3  # below that the client begins no call


class PlainCloud(Cloud):
    """Films whose posters cost nothing more."""

    def start(self, record=None, **settings):
        return super().start(record, poster_candidates="0", **settings)


@pytest.fixture
def films():
    return PlainCloud()


class Simulation:
    """Workers and a queue of results on a clock of their own: each task ends after the time that its calls take."""

    def __init__(self):
        self.now_s, self.taken_s = 0.0, 0.0
        self.ends = []
        self.order = itertools.count()

    def clock(self):
        return self.now_s + self.taken_s

    def submit(self, function, /, *args, **kwargs):
        future, self.taken_s = Ending(self), 0.0
        try:
            end = functools.partial(future.set_result, function(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  # whoever waits for the future gets it
            end = functools.partial(future.set_exception, error)
        heapq.heappush(self.ends, (self.clock(), next(self.order), end))
        self.taken_s = 0.0
        return future

    def advance(self):
        ends_s, _, end = heapq.heappop(self.ends)
        self.now_s = max(self.now_s, ends_s)
        end()


class Ending(Future):
    def __init__(self, simulation):
        super().__init__()
        self.simulation = simulation

    def result(self, timeout=None):
        while not self.done():
            self.simulation.advance()
        return super().result(0)


class TimedBucket(FakeBucket):
    """A bucket whose calls take time, and are given up at the deadline."""

    def __init__(self, cloud, name, deadline):
        super().__init__(cloud, name)
        self.deadline = deadline

    def _begin(self, operation, key, **fields):
        left_s, takes_s = self.deadline.left_s(), SNAPSHOT_S if operation == "GetSnapshot" else CALL_S
        self.cloud.simulation.taken_s += min(left_s, takes_s)
        if left_s < takes_s:
            raise CloudUnavailable("no time", operation=operation, key=key, code="OutOfTime")
        return super()._begin(operation, key, **fields)

    def _pay(self, name, call):
        if self.deadline.left_s() < MIN_CALL_S:
            raise CloudUnavailable("no time", operation=name, key="", code="OutOfTime")
        return super()._pay(name, call)


class TimedCloud(FakeCloud):
    limit_s = 3.0

    def __init__(self, name):
        super().__init__(name)
        self.simulation = Simulation()

    def deliver(self, **settings):
        """Run a delivery under a time limit, as the handler sets it; return its outcome and the calls it paid."""
        environ = {f"SNAPSHOT_{name.upper()}": value for name, value in settings.items()}
        buckets, simulation = [], self.simulation

        def open_bucket(name, deadline):
            buckets.append(TimedBucket(self, name, deadline))
            return buckets[-1]

        simulation.ends.clear()  # what ran when the last delivery ended is lost
        started_s = simulation.now_s
        invocation = Invocation(
            settings=Settings.from_environment(environ),
            region="ap-guangzhou",
            open_bucket=open_bucket,
            deadline=Deadline(started_s + self.limit_s - min(1.0, self.limit_s / 6), simulation.clock),
            now=datetime(2026, 11, 25, tzinfo=timezone.utc),
            io=simulation,
            cpu=simulation,
            files=MemoryBudget(64 * MIB),
            rendering=MemoryBudget(64 * MIB),
        )
        outcome = process(Upload(BUCKET, KEY), invocation)
        assert simulation.now_s - started_s < self.limit_s
        paid = Counter()
        for bucket in buckets:
            paid.update(bucket.calls)
        return outcome, paid


@pytest.fixture
def timed(monkeypatch):
    """A cloud on a clock of its own; the scheduler's waiting is what lets that clock go on."""
    cloud = TimedCloud(BUCKET)

    class Results(deque):
        put = deque.append

        def get(self, timeout):
            until_s = cloud.simulation.now_s + timeout
            while not self:
                if not cloud.simulation.ends or cloud.simulation.ends[0][0] > until_s:
                    cloud.simulation.now_s = until_s
                    raise queue.Empty
                cloud.simulation.advance()
            return self.popleft()

    monkeypatch.setattr("snapshot.scheduler.queue", SimpleNamespace(SimpleQueue=Results, Empty=queue.Empty))
    return cloud


# ---------------------------------------------------------------- nothing paid twice


@pytest.mark.parametrize("seed", range(12))
def test_property_3_nothing_paid_twice(films, seed):
    """Whatever fails on the way, each success is paid for once, and the manifest counts every paid call."""
    chance = random.Random(seed)
    films.put(A)
    paid = {"snapshot": 0, "media_info": 0, "failed": 0}
    outcome = None
    while not isinstance(outcome, Made):
        delivery = films.start()
        while not delivery.is_over:
            delivery.is_faulty = delivery.pending[0] in ("media_info", "snapshot") and chance.random() < 0.3
            delivery.step()
        outcome = finish(delivery)
        for name in paid:
            paid[name] += sum(bucket.calls[name] for bucket in delivery.buckets)
    assert films.manifest.calls.model_dump() == paid
    assert paid["snapshot"] + paid["media_info"] - paid["failed"] == 3 + 1


@pytest.mark.parametrize("kills", [1, 3])
def test_kills(films, kills):
    """A delivery that is ended costs at most the pictures that were not stored yet, and media info where none was."""
    films.put(A)
    deliveries = []
    for number in range(kills):
        delivery = films.start()
        for _ in range(6 + number):
            delivery.step()
        kill(delivery)
        deliveries.append(delivery)
    deliveries.append(films.start())
    finish(deliveries[-1])
    assert sum(delivery.paid for delivery in deliveries) <= (3 + 1) * (kills + 1)
    assert films.manifest.calls.snapshot + films.manifest.calls.media_info >= 3 + 1


def test_duplicates(films):
    """The same event again costs nothing, however often it comes."""
    films.put(A)
    films.deliver()
    for _ in range(3):
        delivery = films.start()
        assert isinstance(finish(delivery), Unchanged)
        assert delivery.paid == 0


def test_settings_there_and_back(films):
    """A change of one setting pays for new moments only; back again, for those that were removed meanwhile."""
    films.put(A)
    costs = []
    for times in ("1,2", "1,2,3", "1,2", "1,2,3"):
        delivery = films.start(times=times)
        finish(delivery)
        costs.append(delivery.paid)
    assert costs == [3, 1, 0, 1]


def test_no_video(films):
    """A file that is no video is paid for once for each recipe."""
    films.put(b"no film")
    costs = []
    for times in ("1", "1", "2"):
        delivery = films.start(times=times)
        finish(delivery)
        costs.append(delivery.paid)
    assert costs == [1, 0, 1]
    assert films.manifest.calls.media_info == 2


def test_started_over(films):
    """Calls of a round that was started over are counted: for the same content in the same way."""
    films.put(A)
    delivery = films.start()
    while delivery.pending[0] != "snapshot":
        delivery.step()
    films.put(A, snapshot_times="1,2")
    finish(delivery)
    assert films.manifest.calls.snapshot + films.manifest.calls.media_info == delivery.paid


def test_content_changes_sides(films):
    """Another content is paid for by itself."""
    films.put(A)
    films.deliver()
    films.put(B)
    delivery = films.start()
    finish(delivery)
    assert (films.manifest.calls.snapshot, films.manifest.calls.media_info, delivery.paid) == (4, 1, 5)


@pytest.mark.parametrize("poster", ["best", "0.5"])
@pytest.mark.parametrize("max_calls", [2, 3, 6])
def test_max_calls(films, max_calls, poster):
    """No video costs more than SNAPSHOT_MAX_CALLS, whatever its uploader asks for."""
    films.put(A, snapshot_times="every:0.1", snapshot_poster=poster)
    delivery = films.start(max_calls=str(max_calls))
    assert isinstance(finish(delivery), Made)
    assert delivery.paid <= max_calls
    assert films.manifest.poster is not None


# ---------------------------------------------------------------- inside its time


def test_property_6_inside_its_time(timed):
    """A video that takes three times as long as there is time is complete after three deliveries, and paid for once."""
    timed.upload(BUCKET, KEY, FakeFilm(duration_ms=120_000))
    outcomes, paid = [], {"snapshot": 0, "media_info": 0}
    while not outcomes or isinstance(outcomes[-1], Failed):
        outcome, calls = timed.deliver(times="99x", max_calls="100")
        outcomes.append(outcome)
        for name in paid:
            paid[name] += calls[name]
    assert len(outcomes) <= 4
    assert {outcome.code for outcome in outcomes[:-1]} == {"OutOfTime"}
    assert outcomes[-1] == Made(KEY, MANIFEST, thumbnails=99, missed=0)
    assert paid == {"snapshot": 99, "media_info": 1}
    calls = parse_manifest(timed.stored[BUCKET][MANIFEST][0]).calls
    assert (calls.snapshot, calls.media_info) == (99, 1)


@pytest.mark.parametrize("limit_s", [1.5, 2, 3, 10, 60])
def test_time_for_the_journal(timed, limit_s):
    """However short the time is, calls that were paid in vain are left to the next delivery."""
    timed.limit_s = limit_s
    timed.upload(BUCKET, KEY, FakeFilm())
    failures = [CloudUnavailable("later", operation="GetSnapshot", key=KEY, code="InternalError") for _ in range(3)]
    timed.failures["GetSnapshot"] = failures
    outcome, calls = timed.deliver()
    assert isinstance(outcome, Failed)
    assert calls["media_info"] == 1
    outcome, calls = timed.deliver()
    assert isinstance(outcome, Made)
    assert calls["media_info"] == 0
    assert parse_manifest(timed.stored[BUCKET][MANIFEST][0]).calls.failed == 3


def test_no_time_at_all(timed):
    """Where the time is over before the first call, nothing is sent and the event comes again."""
    timed.limit_s = 0.3
    timed.upload(BUCKET, KEY, FakeFilm())
    outcome, calls = timed.deliver()
    assert (outcome.code, outcome.retryable, sum(calls.values())) == ("OutOfTime", True, 0)


# ---------------------------------------------------------------- backs off


@pytest.mark.parametrize("status", [429, 503])
def test_property_9_backs_off(cloud, bucket, status):
    """A storm over a plan of 99 shots costs a delivery a few dozen calls, and nothing of them is lost."""
    upload(bucket, FILM, film(1.5, (160, 90)))
    cloud.faults.add(Fault(ErrorResponse(status, "SlowDown"), operation="GetSnapshot"))
    pauses = []

    def run(deadline):
        with (
            CosClient(
                region=cloud.region,
                secret_id=cloud.secret_id,
                secret_key=cloud.secret_key,
                token="",
                deadline=deadline,
                endpoint=cloud.endpoint,
                sleep=pauses.append,
            ) as client,
            Workers(CONCURRENCY, name="io") as threads,
            Workers(CPU_WORKERS, name="cpu") as cpu,
        ):
            invocation = Invocation(
                settings=Settings.from_environment({"SNAPSHOT_TIMES": "99x", "SNAPSHOT_MAX_CALLS": "100"}),
                region=cloud.region,
                open_bucket=lambda name, until: Bucket(client.until(until), name),
                deadline=deadline,
                now=datetime(2026, 11, 25, tzinfo=timezone.utc),
                io=threads,
                cpu=cpu,
                files=MemoryBudget(64 * MIB),
                rendering=MemoryBudget(64 * MIB),
            )
            outcome = process(Upload(BUCKET, FILM), invocation)
            return outcome, client.throttle.limit

    max_faults = BASE_RETRIES + 20 + MAX_FAILURES_IN_A_ROW + CONCURRENCY
    for delivery in (1, 2, 3):
        outcome, limit = run(Deadline.after(60))
        assert (outcome.code, outcome.retryable) == ("SlowDown", True)
        assert limit <= 2  # the calls that leave the journal succeed
        assert len(cloud.faults.events) <= delivery * max_faults
    assert len(set(pauses)) > 1
    failed = len(cloud.faults.events)
    cloud.faults.clear()
    outcome, _ = run(Deadline.after(60))
    assert isinstance(outcome, Made)
    body = bucket.get(f"thumbnails/{FILM}/manifest.json")
    calls = parse_manifest(body).calls
    assert (calls.snapshot, calls.failed, calls.media_info) == (99 + failed, failed, 1)

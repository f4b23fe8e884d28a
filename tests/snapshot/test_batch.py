"""batch.py: every record has its turn, whatever became of the one before it."""

import threading
from datetime import datetime, timezone

import pytest

from snapshot import batch, capture
from snapshot.batch import BatchIncomplete, Context, process_event
from snapshot.deadline import Deadline
from snapshot.memory import MIB, MemoryBudget
from snapshot.settings import Settings
from snapshot.workers import Workers
from tests.snapshot.fakes import FakeBucket, FakeCloud, FakeFilm
from tests.snapshot.invoking import BUCKET, CONTEXT

LIMIT_S = 3.0  # on a clock that stands still: each wait of the first record ends after its share of this
EVENT = {"keys": ["videos/a.mp4", "videos/b.mp4"]}


class HangingBucket(FakeBucket):
    """A bucket in which a snapshot of a.mp4 does not come back before the gate opens."""

    def __init__(self, cloud, name, gate):
        super().__init__(cloud, name)
        self._gate = gate

    def snapshot(self, key, **options):
        if key == "videos/a.mp4":
            self._gate.wait()
        return super().snapshot(key, **options)


@pytest.fixture
def cloud():
    cloud = FakeCloud(BUCKET)
    for key in EVENT["keys"]:
        cloud.upload(BUCKET, key, FakeFilm())
    return cloud


@pytest.fixture
def gate():
    gate = threading.Event()
    yield gate
    gate.set()


def process(open_bucket, **settings):
    return process_event(
        EVENT,
        settings=Settings.from_environment({f"SNAPSHOT_{name.upper()}": value for name, value in settings.items()}),
        region="ap-guangzhou",
        appid="1250000000",
        context=Context.of(CONTEXT),
        deadline=Deadline(LIMIT_S, lambda: 0.0),
        open_bucket=open_bucket,
        now=datetime(2026, 11, 22, 9, tzinfo=timezone.utc),
    )


@pytest.mark.parametrize("concurrency", ["1", "8"])
def test_hanging_calls_hold_up_no_other(cloud, gate, concurrency):
    """A record whose calls hang takes neither the workers nor the memory of the next one."""
    with pytest.raises(BatchIncomplete) as raised:
        process(lambda name, _: HangingBucket(cloud, name, gate), input_bucket=BUCKET, concurrency=concurrency)
    assert str(raised.value).startswith("'videos/a.mp4': ")
    assert "b.mp4" not in str(raised.value)
    assert "thumbnails/videos/b.mp4/manifest.json" in cloud.stored[BUCKET]
    assert "thumbnails/videos/a.mp4/manifest.json" not in cloud.stored[BUCKET]


def test_rendering_is_waited_for(cloud, gate, monkeypatch):
    """A picture that is still being rendered when its record's time ends holds memory: the next record waits for it."""
    steps = []

    class WatchedWorkers(Workers):
        """Workers that let the rendering end only once somebody waits for it."""

        def wait(self, timeout_s):
            gate.set()
            super().wait(timeout_s)

    class WatchedBucket(FakeBucket):
        def snapshot(self, key, **options):
            steps.append(f"snapshot of {key}")
            return super().snapshot(key, **options)

    def develop(*arguments, key, **options):
        gate.wait()
        steps.append(f"rendered {key}")
        return capture_develop(*arguments, key=key, **options)

    capture_develop = capture.develop
    monkeypatch.setattr(batch, "Workers", WatchedWorkers)
    monkeypatch.setattr(capture, "develop", develop)
    with pytest.raises(BatchIncomplete, match=r"videos/a\.mp4"):
        process(lambda name, _: WatchedBucket(cloud, name), input_bucket=BUCKET, times="1")
    assert steps == [f"{step} {key}" for key in EVENT["keys"] for step in ("snapshot of", "rendered")]


def test_large_video_leaves_the_budget(cloud, monkeypatch):
    """A video whose pictures leave no space for waiting files does not lower the budget of the next record."""
    budgets = []

    def measure(total_bytes):
        budgets.append((MemoryBudget(1000), MemoryBudget(1, alone_bytes=MIB // 16)))
        return budgets[-1]

    monkeypatch.setattr(batch, "budgets_of", measure)
    records = process(lambda name, _: FakeBucket(cloud, name), input_bucket=BUCKET)["records"]
    assert [record["outcome"] for record in records] == ["made", "made"]
    assert len(budgets) == 2

"""The values that the work on one video is done with: settings, place, time, memory and worker threads."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from snapshot.bucket import Bucket
from snapshot.deadline import Deadline
from snapshot.memory import MemoryBudget
from snapshot.settings import Settings
from snapshot.workers import Workers

CPU_WORKERS = 2  # pictures decoded at one time; more would only hold more memory

OpenBucket = Callable[[str, Deadline], Bucket]  # by its full name, for calls until then; sends nothing


@dataclass(frozen=True, slots=True)
class Invocation:
    """The surroundings of one video's work. `files` and `rendering` bound the bytes of pictures held at one time."""

    settings: Settings
    region: str
    open_bucket: OpenBucket
    deadline: Deadline
    now: datetime
    io: Workers
    cpu: Workers
    files: MemoryBudget
    rendering: MemoryBudget

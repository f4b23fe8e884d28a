"""What serverless.yml wants, as one frozen value: the function, its triggers and its settings.

Must not know: YAML, and what exists in the cloud.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snapshot.settings import Settings


@dataclass(frozen=True, slots=True)
class CosTrigger:
    """Which uploads start the function. `host` is the bucket's whole host, which is the trigger's name too."""

    host: str
    bucket: str
    event: str
    prefix: str
    suffix: str
    enabled: bool
    qualifier: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """Where an event goes that failed each time; `kind` is CMQ-QUEUE or CMQ-TOPIC."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Stack:
    """What serverless.yml wants. Pairs are (name, value), sorted."""

    name: str
    namespace: str
    region: str
    appid: str
    role: str
    handler: str
    runtime: str
    description: str
    memory_mb: int
    timeout_s: int
    init_timeout_s: int
    public_access: bool
    environment: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str], ...]
    triggers: tuple[CosTrigger, ...]
    retries: int
    message_ttl_s: int
    dead_letter: DeadLetter | None
    settings: Settings

    @property
    def output_bucket(self) -> str:
        """The bucket that thumbnails go to when the first trigger's bucket is the source."""
        return self.settings.output_bucket or self.triggers[0].bucket


def environment_bytes(pairs: tuple[tuple[str, str], ...]) -> int:
    """How much of the platform's 4 KB these variables take, each with its `=`."""
    return sum(len(f"{name}={value}".encode()) for name, value in pairs)

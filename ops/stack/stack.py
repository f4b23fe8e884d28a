"""serverless.yml as one frozen value: the function, its triggers and its settings."""

from dataclasses import dataclass, field

from snapshot.settings import Settings


@dataclass(frozen=True, slots=True)
class CosTrigger:
    """A COS trigger: the events that start the function. `host` is the bucket's whole host.

    `listed_name` is the name under which the cloud lists the trigger, where that is not the host.
    """

    host: str
    bucket: str
    event: str
    prefix: str
    suffix: str
    enabled: bool
    qualifier: str
    listed_name: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        """The trigger's name in calls of the API."""
        return self.listed_name or self.host

    @property
    def kind(self) -> str:
        """The kind of its events: cos:ObjectCreated, cos:ObjectRemove or cos:ObjectRestore."""
        return self.event.rpartition(":")[0]

    @property
    def is_for_removals(self) -> bool:
        """Whether it reports removed objects."""
        return self.kind == "cos:ObjectRemove"

    def overlaps(self, other: "CosTrigger") -> bool:
        """Return whether one event could meet both, which COS refuses."""
        return (
            self.bucket == other.bucket
            and _patterns_overlap(self.event, other.event)
            and prefixes_overlap(self.prefix, other.prefix)
            and _suffixes_overlap(self.suffix, other.suffix)
        )

    @property
    def keys(self) -> str:
        """The keys that start the function, as a pattern for people."""
        return f"{self.prefix}*{self.suffix}"

    def __str__(self) -> str:
        """Return the event and the keys that start the function, for people."""
        return f"{self.event} of {self.keys}"


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The queue for events that failed in every delivery; `kind` is CMQ-QUEUE or CMQ-TOPIC."""

    kind: str
    name: str

    def __str__(self) -> str:
        """Return kind and name."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Stack:
    """The content of serverless.yml. Pairs are (name, value), sorted."""

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
    async_run: bool
    environment: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str], ...]
    triggers: tuple[CosTrigger, ...]
    retries: int
    message_ttl_s: int
    dead_letter: DeadLetter | None
    settings: Settings

    @property
    def source_buckets(self) -> tuple[str, ...]:
        """The buckets that videos are uploaded to, sorted."""
        return tuple(sorted({trigger.bucket for trigger in self.triggers}))

    @property
    def output_bucket(self) -> str:
        """The bucket that thumbnails go to when the first trigger's bucket is the source."""
        return self.settings.output_bucket or self.triggers[0].bucket

    @property
    def output_buckets(self) -> tuple[str, ...]:
        """The buckets that thumbnails go to, sorted."""
        return (self.settings.output_bucket,) if self.settings.output_bucket else self.source_buckets

    @property
    def buckets(self) -> tuple[str, ...]:
        """All buckets that the function uses, sorted."""
        return tuple(sorted({*self.source_buckets, *self.output_buckets}))


def environment_bytes(pairs: tuple[tuple[str, str], ...]) -> int:
    """Return the share of the platform's 4 KB that these variables take, in bytes, each with its `=`."""
    return sum(len(f"{name}={value}".encode()) for name, value in pairs)


def prefixes_overlap(prefix: str, other: str) -> bool:
    """Return whether some key begins with both."""
    return prefix.startswith(other) or other.startswith(prefix)


def _suffixes_overlap(suffix: str, other: str) -> bool:
    return suffix.endswith(other) or other.endswith(suffix)


def _patterns_overlap(pattern: str, other: str) -> bool:
    """Return whether some event's name fits both, of which each may end in `*`."""
    if pattern.endswith("*"):
        return other.startswith(pattern[:-1])
    return (other.endswith("*") and pattern.startswith(other[:-1])) or pattern == other

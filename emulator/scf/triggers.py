"""COS triggers: what happened to an object -> the trigger that it matches.

Sources: the SCF document "COS Trigger", read 2026-11-22; Append: an older text of COS's PutBucketNotification; a prefix
that begins with a slash: a user's report of 2026-08.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from emulator.scf import limits

EVENT_TYPES = (
    "cos:ObjectCreated:*",
    "cos:ObjectCreated:Put",
    "cos:ObjectCreated:Post",
    "cos:ObjectCreated:Copy",
    "cos:ObjectCreated:Append",
    "cos:ObjectCreated:CompleteMultipartUpload",
    "cos:ObjectCreated:Origin",
    "cos:ObjectCreated:Replication",
    "cos:ObjectRemove:*",
    "cos:ObjectRemove:Delete",
    "cos:ObjectRemove:DeleteMarkerCreated",
    "cos:ObjectRestore:Post",
    "cos:ObjectRestore:Completed",
)

RefusalCode = Literal["invalid", "conflict", "too many"]


class TriggerRefused(ValueError):
    """A trigger that SCF or COS would not take, with the rule that it breaks.

    `code` says which kind of rule: `invalid` by itself, in `conflict` with another trigger, or one `too many`.
    """

    def __init__(self, message: str, code: RefusalCode = "invalid") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class ObjectEvent:
    """Something that happened to one object.

    `bucket` is the full name with the appid, `key` the object's key as stored. `event_name` is concrete, such as
    "cos:ObjectCreated:Put". `headers` are the request's or the stored object's; of these the content type, the ETag,
    the storage class and x-cos-meta-* leave this process. `authorization` is the uploader's header; its secret id and
    signature are masked.
    """

    bucket: str
    key: str
    size_bytes: int
    event_name: str
    at_s: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    version_id: str = ""
    request_id: str = ""
    authorization: str = field(default="", repr=False)
    source_ip: str = "127.0.0.1"

    def __post_init__(self) -> None:
        object.__setattr__(self, "headers", MappingProxyType(dict(self.headers)))


@dataclass(frozen=True, slots=True)
class Trigger:
    """A rule that calls a function for a bucket's events; `region` is empty for the platform's own.

    A prefix that begins with a slash is accepted and matches nothing, as the cloud does.

    Raises:
        TriggerRefused: an event type that does not exist, or a suffix that cannot be one.
    """

    function: str
    bucket: str
    prefix: str = ""
    suffix: str = ""
    events: tuple[str, ...] = ("cos:ObjectCreated:*",)
    enabled: bool = True
    region: str = ""

    def __post_init__(self) -> None:
        name, _, appid = self.bucket.rpartition("-")
        if not name or not appid.isdecimal():
            raise TriggerRefused(f"bucket {self.bucket!r} is not a full name, such as examplebucket-1250000000")
        if not self.events:
            raise TriggerRefused("a trigger needs an event type")
        for event in self.events:
            if event not in EVENT_TYPES:
                raise TriggerRefused(f"event type {event!r} is none of {', '.join(EVENT_TYPES)}")
        if self.suffix and not self.suffix.startswith("."):
            raise TriggerRefused(f"a suffix starts with '.', {self.suffix!r} does not")

    def match(self, event: ObjectEvent) -> str | None:
        """Return the configured event type under which the trigger takes the event, None when it does not."""
        if not self.enabled or event.bucket != self.bucket or self.prefix.startswith("/"):
            return None
        if not (event.key.startswith(self.prefix) and event.key.endswith(self.suffix)):
            return None
        return next((configured for configured in self.events if _covers(configured, event.event_name)), None)


def check(trigger: Trigger, existing: Iterable[Trigger], region: str) -> None:
    """Check that a trigger may stand beside those that exist.

    Raises:
        TriggerRefused: another region, too many rules, or a rule that overlaps an existing one.
    """
    existing_triggers = tuple(existing)
    if trigger.region not in {"", region}:
        # "COS triggers can only trigger functions in the same region"
        raise TriggerRefused(f"the bucket is in {trigger.region}, the function in {region}")
    of_function = sum(len(other.events) for other in existing_triggers if other.function == trigger.function)
    if of_function + len(trigger.events) > limits.MAX_TRIGGERS_PER_FUNCTION:
        max_triggers = limits.MAX_TRIGGERS_PER_FUNCTION
        raise TriggerRefused(f"one function can be bound to {max_triggers} COS triggers at most", "too many")
    of_bucket = sum(len(other.events) for other in existing_triggers if other.bucket == trigger.bucket)
    if of_bucket + len(trigger.events) > limits.MAX_RULES_PER_BUCKET:
        raise TriggerRefused(f"one COS bucket can be bound to {limits.MAX_RULES_PER_BUCKET} rules at most", "too many")
    for first, second in itertools.combinations(trigger.events, 2):
        if _covers(first, second) or _covers(second, first):
            raise TriggerRefused(f"{first} and {second} overlap", "conflict")
    for other in existing_triggers:
        _check_overlap(trigger, other)


def _check_overlap(trigger: Trigger, other: Trigger) -> None:
    # "the same bucket cannot use overlapping prefixes, overlapping suffixes, or overlapping combinations of prefixes
    # and suffixes to define the filter rule for the same event type"; with "Created: *" bound, "the upload events
    # (including Created:Put and Created:Post) cannot be bound to other functions"
    same_events = any(_covers(a, b) or _covers(b, a) for a in trigger.events for b in other.events)
    prefixes_meet = trigger.prefix.startswith(other.prefix) or other.prefix.startswith(trigger.prefix)
    suffixes_meet = trigger.suffix.endswith(other.suffix) or other.suffix.endswith(trigger.suffix)
    if trigger.bucket == other.bucket and same_events and prefixes_meet and suffixes_meet:
        raise TriggerRefused(
            f"prefix {trigger.prefix!r} with suffix {trigger.suffix!r} overlaps {other.prefix!r} with "
            f"{other.suffix!r}, which is bound to {other.function!r} for the same event type",
            "conflict",
        )


def _covers(configured: str, concrete: str) -> bool:
    if configured.endswith("*"):
        return concrete.startswith(configured[:-1])
    return configured == concrete

"""Decide which requests a fault applies to and when it fires, and apply its effect.

Chance comes from each fault's seed, so a run can be repeated.
"""

import random
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Literal, Protocol

from emulator.errors import ServiceError
from emulator.faults.effects import (
    CorruptBody,
    Effect,
    ErrorResponse,
    Latency,
    Redirect,
    ResetPeer,
    Timeout,
    TruncateBody,
    WrongContentType,
)
from emulator.http.messages import ConnectionCut, Response
from emulator.operations import METHODS, OPERATIONS

_MAX_EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class Target:
    """The facts by which a fault selects a request."""

    method: str
    operation: str
    service: Literal["cos", "ci"]
    bucket: str
    key: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Fault:
    """An effect and the requests it applies to. None means any; bucket and key are patterns with * and ?.

    Of the requests that match, it fires on the nth (from 1), or on each `every`th, or on each; at most `times` times;
    and then with `probability`, drawn from `seed`.
    """

    effect: Effect = field(default_factory=ErrorResponse)
    method: str | None = None
    operation: str | None = None
    bucket: str | None = None
    key: str | None = None
    nth: int | None = None
    every: int | None = None
    times: int | None = None
    probability: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        numbers = {"nth": self.nth, "every": self.every, "times": self.times}
        wrong = [name for name, number in numbers.items() if number is not None and number < 1]
        if wrong:
            raise ValueError(f"{', '.join(wrong)} counts from 1")
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError("probability is between 0 and 1")
        # A misspelt name would match no request ever, and what was to be tested would seem to pass.
        for field_name, name, known in (("method", self.method, METHODS), ("operation", self.operation, OPERATIONS)):
            if name is not None and name not in known:
                raise ValueError(f"{field_name} is one of {', '.join(sorted(known))}")

    def matches(self, target: Target) -> bool:
        """Return whether this fault applies to such a request."""
        return (
            self.method in {None, target.method}
            and self.operation in {None, target.operation}
            and (self.bucket is None or fnmatchcase(target.bucket, self.bucket))
            and (self.key is None or fnmatchcase(target.key, self.key))
        )


@dataclass(frozen=True, slots=True)
class FaultEvent:
    """A fault that fired and the request it fired on; `delay_ms` is what a Latency drew."""

    fault: Fault
    target: Target
    delay_ms: float | None = None


class Wait(Protocol):
    """Waits for some seconds, or less when the cloud closes."""

    def __call__(self, seconds: float, /) -> object:
        """Return once the time is over."""


@dataclass(slots=True)
class _Armed:
    fault: Fault
    generator: random.Random
    matched: int = 0
    injected: int = 0

    def fires(self) -> bool:
        """Count a request that matches and return whether the fault fires on it."""
        fault = self.fault
        self.matched += 1
        if fault.times is not None and self.injected >= fault.times:
            return False
        if fault.nth is not None and self.matched != fault.nth:
            return False
        if fault.every is not None and self.matched % fault.every:
            return False
        if fault.probability < 1.0 and self.generator.random() >= fault.probability:
            return False
        self.injected += 1
        return True

    def delay_ms(self) -> float | None:
        effect = self.fault.effect
        return effect.sample_ms(self.generator) if isinstance(effect, Latency) else None


class FaultInjector:
    """Holds the faults that are set and those that fired. Safe across threads."""

    def __init__(self, wait: Wait) -> None:
        self._wait = wait
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []
        self._events: deque[FaultEvent] = deque(maxlen=_MAX_EVENTS)

    def add(self, fault: Fault) -> None:
        """Set a fault; several may apply to one request and act in the order they were added."""
        with self._lock:
            self._armed.append(_Armed(fault, random.Random(fault.seed)))

    def clear(self) -> None:
        """Remove every fault and forget those that fired."""
        with self._lock:
            self._armed.clear()
            self._events.clear()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that are set."""
        with self._lock:
            return tuple(armed.fault for armed in self._armed)

    @property
    def events(self) -> tuple[FaultEvent, ...]:
        """The last 10,000 faults that fired, oldest first."""
        with self._lock:
            return tuple(self._events)

    def inject(self, target: Target, handle: Callable[[], Response]) -> Response:
        """Handle a request under the faults that apply to it.

        Raises:
            ServiceError: a fault answers with an error.
            ConnectionCut: a fault ends the connection; also raised while the body is iterated.
        """
        events = self._draw(target)
        for event in events:
            early = self._before(event)
            if early is not None:
                return early
        response = handle()
        for event in events:
            response = _after(event, response)
        return response

    def _draw(self, target: Target) -> list[FaultEvent]:
        with self._lock:
            events = [
                FaultEvent(armed.fault, target, armed.delay_ms())
                for armed in self._armed
                if armed.fault.matches(target) and armed.fires()
            ]
            self._events.extend(events)
        return events

    def _before(self, event: FaultEvent) -> Response | None:
        effect = event.fault.effect
        if isinstance(effect, Latency):
            self._wait((event.delay_ms or 0.0) / 1000)
        elif isinstance(effect, Timeout):
            self._wait(effect.max_s)
            raise ConnectionCut(reset=False)
        elif isinstance(effect, ErrorResponse):
            raise ServiceError(effect.status, effect.code, effect.message, event.target.service)
        elif isinstance(effect, Redirect):
            return Response.of(302, headers=(("Location", effect.location),))
        elif isinstance(effect, ResetPeer) and effect.when == "before":
            raise ConnectionCut(reset=True)
        return None


def _after(event: FaultEvent, response: Response) -> Response:
    effect = event.fault.effect
    if isinstance(effect, WrongContentType):
        other_headers = tuple(pair for pair in response.headers if pair[0].lower() != "content-type")
        return replace(response, headers=(("Content-Type", effect.content_type), *other_headers))
    if isinstance(effect, CorruptBody):
        generator = random.Random(f"{event.fault.seed}/{event.target.key}")
        return replace(response, chunks=(generator.randbytes(response.length),) if response.length else ())
    if isinstance(effect, TruncateBody):
        return replace(response, chunks=_cut(response, int(response.length * effect.share), reset=False))
    if isinstance(effect, ResetPeer) and effect.when != "before":
        keep = response.length if effect.when == "after" else response.length // 2
        return replace(response, chunks=_cut(response, keep, reset=True))
    return response


def _cut(response: Response, keep: int, *, reset: bool) -> Iterator[bytes]:
    for chunk in response.chunks:
        yield chunk[:keep]
        keep -= len(chunk)
        if keep <= 0:
            break
    raise ConnectionCut(reset=reset)

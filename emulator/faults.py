"""What can be made to go wrong, as data: which calls a fault meets, when it fires, what it does.

Knows a call by its names and an answer by its bytes; knows no socket and no service. Chance comes from a seed.
"""

import random
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Literal, Protocol

from emulator.cos.operations import METHODS, OPERATIONS
from emulator.cos.wire import Answer, ConnectionCut
from emulator.effects import Delay, Effect, Garbage, Mistype, Redirect, Refuse, Reset, Stall, Truncate
from emulator.refusal import Refusal

_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Fault:
    """An effect and the calls it meets. None means any; bucket and key are patterns with * and ?.

    Of the calls it meets it fires on the nth (from 1), or on each `every`th, or on each; at most `times` times; and
    then with `probability`, drawn from `seed`.
    """

    effect: Effect = field(default_factory=Refuse)
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
            raise ValueError("probability lies between 0 and 1")
        # A misspelt name would meet no call ever, and what was to be tested would seem to pass.
        for what, name, known in (("method", self.method, METHODS), ("operation", self.operation, OPERATIONS)):
            if name is not None and name not in known:
                raise ValueError(f"{what} is one of {', '.join(sorted(known))}")

    def meets(self, seen: "Seen") -> bool:
        """Whether this fault speaks of such a call."""
        return (
            self.method in {None, seen.method}
            and self.operation in {None, seen.operation}
            and (self.bucket is None or fnmatchcase(seen.bucket, self.bucket))
            and (self.key is None or fnmatchcase(seen.key, self.key))
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """A call by its names: what a fault can look at."""

    method: str
    operation: str
    service: Literal["cos", "ci"]
    bucket: str
    key: str
    request_id: str


@dataclass(frozen=True, slots=True)
class Fired:
    """A fault that fired: which, on which call; `delay_ms` is what a Delay drew."""

    fault: Fault
    seen: Seen
    delay_ms: float | None = None


class Wait(Protocol):
    """Waits for some seconds, or less when the cloud closes."""

    def __call__(self, seconds: float, /) -> object:
        """Returns once the time is over."""


@dataclass(slots=True)
class _Armed:
    fault: Fault
    chance: random.Random
    met: int = 0
    fired: int = 0


class Faults:
    """The faults that are set, and those that fired. Safe across threads."""

    def __init__(self, wait: Wait) -> None:
        self._wait = wait
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []
        self._fired: deque[Fired] = deque(maxlen=_REMEMBERED)

    def add(self, fault: Fault) -> None:
        """Sets a fault; several may meet one call and act in the order they were added."""
        with self._lock:
            self._armed.append(_Armed(fault, random.Random(fault.seed)))

    def clear(self) -> None:
        """Takes every fault away and forgets those that fired."""
        with self._lock:
            self._armed.clear()
            self._fired.clear()

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that are set."""
        with self._lock:
            return tuple(armed.fault for armed in self._armed)

    @property
    def fired(self) -> tuple[Fired, ...]:
        """The last 10,000 faults that fired, oldest first."""
        with self._lock:
            return tuple(self._fired)

    def strike(self, seen: Seen, do: Callable[[], Answer]) -> Answer:
        """Does the call unless a fault comes before it, and spoils its answer if one says so.

        Raises:
            Refusal: a fault refuses the call.
            ConnectionCut: a fault ends the connection; also raised amid the answer's chunks.
        """
        firing = self._draw(seen)
        for fired in firing:
            early = self._before(fired)
            if early is not None:
                return early
        answer = do()
        for fired in firing:
            answer = _after(fired, answer)
        return answer

    def _draw(self, seen: Seen) -> list[Fired]:
        with self._lock:
            firing = [
                Fired(armed.fault, seen, _delay(armed))
                for armed in self._armed
                if armed.fault.meets(seen) and _fires(armed)
            ]
            self._fired.extend(firing)
        return firing

    def _before(self, fired: Fired) -> Answer | None:
        effect = fired.fault.effect
        if isinstance(effect, Delay):
            self._wait((fired.delay_ms or 0.0) / 1000)
        elif isinstance(effect, Stall):
            self._wait(effect.most_s)
            raise ConnectionCut(reset=False)
        elif isinstance(effect, Refuse):
            raise Refusal(effect.status, effect.code, effect.message, fired.seen.service)
        elif isinstance(effect, Redirect):
            return Answer.of(302, headers=(("Location", effect.location),))
        elif isinstance(effect, Reset) and effect.when == "before":
            raise ConnectionCut(reset=True)
        return None


def _fires(armed: _Armed) -> bool:
    fault = armed.fault
    armed.met += 1
    if fault.times is not None and armed.fired >= fault.times:
        return False
    if fault.nth is not None and armed.met != fault.nth:
        return False
    if fault.every is not None and armed.met % fault.every:
        return False
    if fault.probability < 1.0 and armed.chance.random() >= fault.probability:
        return False
    armed.fired += 1
    return True


def _delay(armed: _Armed) -> float | None:
    effect = armed.fault.effect
    return effect.sample_ms(armed.chance) if isinstance(effect, Delay) else None


def _after(fired: Fired, answer: Answer) -> Answer:
    effect = fired.fault.effect
    if isinstance(effect, Mistype):
        kept = tuple(pair for pair in answer.headers if pair[0].lower() != "content-type")
        return replace(answer, headers=(("Content-Type", effect.content_type), *kept))
    if isinstance(effect, Garbage):
        chance = random.Random(f"{fired.fault.seed}/{fired.seen.key}")
        return replace(answer, chunks=(chance.randbytes(answer.length),) if answer.length else ())
    if isinstance(effect, Truncate):
        return replace(answer, chunks=_cut(answer, int(answer.length * effect.share), reset=False))
    if isinstance(effect, Reset) and effect.when != "before":
        keep = answer.length if effect.when == "after" else answer.length // 2
        return replace(answer, chunks=_cut(answer, keep, reset=True))
    return answer


def _cut(answer: Answer, keep: int, *, reset: bool) -> Iterator[bytes]:
    for chunk in answer.chunks:
        yield chunk[:keep]
        keep -= len(chunk)
        if keep <= 0:
            break
    raise ConnectionCut(reset=reset)

"""What a fault does to a call, as data; nothing here does it.

Knows no call. Random draws are given their source of chance. What could do nothing, or could not be sent at all, is
refused as it is made: a fault that is listed as fired has done something.
"""

import math
import random
from dataclasses import dataclass
from typing import Literal

_REFUSING = range(300, 600)


@dataclass(frozen=True, slots=True)
class Refuse:
    """The service refuses with this status, 300 to 599, and code, in its own XML."""

    status: int = 503
    code: str = "SlowDown"
    message: str = "Please reduce your request rate"

    def __post_init__(self) -> None:
        if self.status not in _REFUSING:
            raise ValueError(f"a refusal's status is 300 to 599, not {self.status}")


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset: before the call is done, amid its answer's body, or right behind it."""

    when: Literal["before", "during", "after"] = "before"


@dataclass(frozen=True, slots=True)
class Truncate:
    """The answer's headers are right, its body ends early in good order: after this share of its bytes."""

    share: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 <= self.share < 1.0:
            raise ValueError("share is 0 or more and less than 1: with 1 nothing would be cut")


@dataclass(frozen=True, slots=True)
class Garbage:
    """The answer's headers are right, its body is as long as said and random."""


@dataclass(frozen=True, slots=True)
class Mistype:
    """The answer says another Content-Type."""

    content_type: str = "text/html"

    def __post_init__(self) -> None:
        _refuse_lines("content_type", self.content_type)


@dataclass(frozen=True, slots=True)
class Redirect:
    """The call is not done: a 302 to somewhere else, with an empty body."""

    location: str = "http://127.0.0.1/elsewhere"

    def __post_init__(self) -> None:
        _refuse_lines("location", self.location)


@dataclass(frozen=True, slots=True)
class Delay:
    """The answer comes late, by at most most_ms.

    `fixed` by mean_ms; `uniform` from 0 to twice mean_ms; `lognormal` with the median mean_ms and the shape sigma.
    """

    mean_ms: float = 100.0
    distribution: Literal["fixed", "uniform", "lognormal"] = "fixed"
    sigma: float = 0.5
    most_ms: float = 60_000.0

    def __post_init__(self) -> None:
        _refuse_less_than_no_time(mean_ms=self.mean_ms, sigma=self.sigma, most_ms=self.most_ms)

    def sample_ms(self, chance: random.Random) -> float:
        """One delay in milliseconds."""
        if self.distribution == "uniform":
            drawn = chance.uniform(0.0, 2 * self.mean_ms)
        elif self.distribution == "lognormal":
            drawn = self.mean_ms * chance.lognormvariate(0.0, self.sigma)
        else:
            drawn = self.mean_ms
        return min(drawn, self.most_ms)


@dataclass(frozen=True, slots=True)
class Stall:
    """Nothing comes for most_s seconds, or until the cloud closes; then the connection ends."""

    most_s: float = 60.0

    def __post_init__(self) -> None:
        _refuse_less_than_no_time(most_s=self.most_s)


Effect = Refuse | Reset | Truncate | Garbage | Mistype | Redirect | Delay | Stall


def _refuse_lines(name: str, value: str) -> None:
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"{name} is a header's value: one line of ASCII")


def _refuse_less_than_no_time(**numbers: float) -> None:
    wrong = [name for name, number in numbers.items() if not math.isfinite(number) or number < 0]
    if wrong:
        raise ValueError(f"{', '.join(wrong)} is a number of 0 or more")

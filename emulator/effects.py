"""What a fault does to a call, as data; nothing here does it.

Knows no call. Random draws are given their source of chance.
"""

import random
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Refuse:
    """The service refuses with this status and code, in its own XML."""

    status: int = 503
    code: str = "SlowDown"
    message: str = "Please reduce your request rate"


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is reset: before the call is done, amid its answer's body, or right behind it."""

    when: Literal["before", "during", "after"] = "before"


@dataclass(frozen=True, slots=True)
class Truncate:
    """The answer's headers are right, its body ends early in good order: after this share of its bytes."""

    share: float = 0.5


@dataclass(frozen=True, slots=True)
class Garbage:
    """The answer's headers are right, its body is as long as said and random."""


@dataclass(frozen=True, slots=True)
class Mistype:
    """The answer says another Content-Type."""

    content_type: str = "text/html"


@dataclass(frozen=True, slots=True)
class Redirect:
    """The call is not done: a 302 to somewhere else, with an empty body."""

    location: str = "http://127.0.0.1/elsewhere"


@dataclass(frozen=True, slots=True)
class Delay:
    """The answer comes late, by at most most_ms.

    `fixed` by mean_ms; `uniform` from 0 to twice mean_ms; `lognormal` with the median mean_ms and the shape sigma.
    """

    mean_ms: float = 100.0
    distribution: Literal["fixed", "uniform", "lognormal"] = "fixed"
    sigma: float = 0.5
    most_ms: float = 60_000.0

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


Effect = Refuse | Reset | Truncate | Garbage | Mistype | Redirect | Delay | Stall

"""Describe the effects of faults on a request or its response, as data.

An effect validates itself on construction: what could not be sent, or would change nothing, is refused.
"""

import math
import random
from dataclasses import dataclass
from typing import Literal

_ERROR_STATUSES = range(300, 600)


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """Answer with this status, 300 to 599, and code, in the XML of the service that was called."""

    status: int = 503
    code: str = "SlowDown"
    message: str = "This error is a fault that was set in the emulator"

    def __post_init__(self) -> None:
        if self.status not in _ERROR_STATUSES:
            raise ValueError(f"the status of an error response is 300 to 599, not {self.status}")


@dataclass(frozen=True, slots=True)
class ResetPeer:
    """Reset the connection before the request is handled, in the middle of the response's body, or right after it."""

    when: Literal["before", "during", "after"] = "before"


@dataclass(frozen=True, slots=True)
class TruncateBody:
    """Send correct headers, then close the connection after this share of the body."""

    share: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 <= self.share < 1.0:
            raise ValueError("share is 0 or more and less than 1: with 1 nothing would be cut")


@dataclass(frozen=True, slots=True)
class CorruptBody:
    """Send correct headers and as many random bytes as the body has."""


@dataclass(frozen=True, slots=True)
class WrongContentType:
    """Send another Content-Type."""

    content_type: str = "text/html"

    def __post_init__(self) -> None:
        _require_header_value("content_type", self.content_type)


@dataclass(frozen=True, slots=True)
class Redirect:
    """Answer 302 with an empty body and do not handle the request."""

    location: str = "http://127.0.0.1/elsewhere"

    def __post_init__(self) -> None:
        _require_header_value("location", self.location)


@dataclass(frozen=True, slots=True)
class Latency:
    """Delay the request by at most `max_ms`.

    `fixed` by mean_ms; `uniform` from 0 to twice mean_ms; `lognormal` with the median mean_ms and the shape sigma.
    """

    mean_ms: float = 100.0
    distribution: Literal["fixed", "uniform", "lognormal"] = "fixed"
    sigma: float = 0.5
    max_ms: float = 60_000.0

    def __post_init__(self) -> None:
        _require_not_negative(mean_ms=self.mean_ms, sigma=self.sigma, max_ms=self.max_ms)

    def sample_ms(self, generator: random.Random) -> float:
        """Return one delay in milliseconds."""
        if self.distribution == "uniform":
            delay_ms = generator.uniform(0.0, 2 * self.mean_ms)
        elif self.distribution == "lognormal":
            delay_ms = self.mean_ms * generator.lognormvariate(0.0, self.sigma)
        else:
            delay_ms = self.mean_ms
        return min(delay_ms, self.max_ms)


@dataclass(frozen=True, slots=True)
class Timeout:
    """Send nothing for `max_s` seconds, or until the cloud closes; then close the connection."""

    max_s: float = 60.0

    def __post_init__(self) -> None:
        _require_not_negative(max_s=self.max_s)


Effect = ErrorResponse | ResetPeer | TruncateBody | CorruptBody | WrongContentType | Redirect | Latency | Timeout


def _require_header_value(name: str, value: str) -> None:
    if not value.isascii() or not value.isprintable():
        raise ValueError(f"{name} is a header's value: one line of printable ASCII")


def _require_not_negative(**numbers: float) -> None:
    wrong = [name for name, number in numbers.items() if not math.isfinite(number) or number < 0]
    if wrong:
        raise ValueError(f"{', '.join(wrong)} is a number of 0 or more")

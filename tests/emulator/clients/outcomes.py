"""The outcome of one operation of a client against the local cloud."""

from dataclasses import dataclass
from typing import Literal

Result = Literal["works", "refused by name", "sends nothing", "differs"]
BUCKETS = ("examplebucket-1250000000", "second-1250000000")  # those of sdk_scenarios.mjs
RESULTS: tuple[Result, ...] = ("works", "refused by name", "sends nothing", "differs")


@dataclass(frozen=True)
class Outcome:
    """An operation of a client; `detail` says what came where that is neither success nor a refusal by name."""

    operation: str
    result: Result
    detail: str = ""

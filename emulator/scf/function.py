"""A function's configuration, validated against SCF's limits.

Sources: the SCF documents "Dead Letter Queue" and "Async Execution", read 2026-11-22 and 2026-11-25.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from emulator.scf import limits


@dataclass(frozen=True, slots=True)
class DeadLetterQueue:
    """The queue or topic, by its name, that takes messages which could not be delivered."""

    name: str
    kind: Literal["CMQ-QUEUE", "CMQ-TOPIC"] = "CMQ-QUEUE"
    filter_type: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """A function as its owner configured it.

    `code_dir` is the unpacked package; `python` the interpreter that runs it; `isolated` leaves only the package and
    the standard library to import from. `role` is the run role's name, empty for none: then there are no credentials.
    `max_instances` is the function's own concurrency quota, None for what the region gives. `retry_num` counts the
    retries of a run that failed, `retry_interval_s` apart; `msg_ttl_s` is how long a message may wait in all.
    `async_run` is asynchronous execution with status tracking: a run that fails is neither retried nor a dead letter.

    Raises:
        ValueError: a value that SCF does not accept; every problem is named at once.
    """

    name: str
    code_dir: Path
    handler: str = "handler.main_handler"
    python: Path = field(default_factory=lambda: Path(sys.executable))
    isolated: bool = False
    memory_mb: int = 512
    timeout_s: int = 60
    init_timeout_s: int = 65
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    namespace: str = "default"
    role: str = "scf-run-role"
    runtime: str = "Python3.10"
    description: str = ""
    max_instances: int | None = None
    retry_num: int = 2
    retry_interval_s: int = 60
    msg_ttl_s: int = limits.MAX_MESSAGE_AGE_S
    dead_letter: DeadLetterQueue | None = None
    async_run: bool = False

    def __post_init__(self) -> None:
        problems = [*_problems(self), *_environment_problems(self.environment)]
        if problems:
            raise ValueError(f"function {self.name!r}: " + "; ".join(problems))
        object.__setattr__(self, "environment", MappingProxyType(dict(self.environment)))


def _problems(function: Function) -> list[str]:
    quota, ttl_s = function.max_instances, function.msg_ttl_s
    timeouts = limits.ASYNC_TIMEOUT_S if function.async_run else limits.TIMEOUT_S
    checks = (
        (
            limits.FUNCTION_NAME.fullmatch(function.name),
            "a name has 2 to 60 letters, digits, - and _, and starts with a letter",
        ),
        (limits.HANDLER.fullmatch(function.handler), f"handler {function.handler!r} is not file.function"),
        (function.memory_mb in limits.MEMORY_MB, f"memory_mb {function.memory_mb} is not 64 or 128 to 3072 by 128"),
        (function.timeout_s in timeouts, f"timeout_s {function.timeout_s} is not {_span(timeouts)}"),
        (
            function.init_timeout_s in limits.INIT_TIMEOUT_S,
            f"init_timeout_s {function.init_timeout_s} is not {_span(limits.INIT_TIMEOUT_S)}",
        ),
        (function.retry_num in limits.RETRIES, f"retry_num {function.retry_num} is not {_span(limits.RETRIES)}"),
        (function.retry_interval_s > 0, f"retry_interval_s {function.retry_interval_s} is not positive"),
        (0 < ttl_s <= limits.MAX_MESSAGE_AGE_S, f"msg_ttl_s {ttl_s} is not 1 to {limits.MAX_MESSAGE_AGE_S}"),
        (quota is None or quota >= 0, f"max_instances {quota} is negative"),
        (
            len(function.description) <= limits.MAX_DESCRIPTION_LENGTH,
            f"the description has over {limits.MAX_DESCRIPTION_LENGTH} characters",
        ),
        (function.code_dir.is_dir(), f"code_dir {function.code_dir} is not a folder"),
        (function.python.is_file(), f"python {function.python} is not a file"),
    )
    return [problem for holds, problem in checks if not holds]


def _environment_problems(environment: Mapping[str, str]) -> list[str]:
    problems = [
        f"variable {name!r} is not a letter followed by letters, digits and _"
        for name in environment
        if not limits.VARIABLE_NAME.fullmatch(name)
    ]
    problems += [f"variable {name!r} is reserved" for name in environment if name.startswith(limits.RESERVED_PREFIXES)]
    problems += [f"variable {name!r} holds a NUL" for name, value in environment.items() if "\0" in value]
    size_bytes = limits.environment_bytes(dict(environment))
    if size_bytes > limits.MAX_ENVIRONMENT_BYTES:
        problems.append(f"the variables take {size_bytes} bytes, more than {limits.MAX_ENVIRONMENT_BYTES}")
    return problems


def _span(accepted: range) -> str:
    return f"{accepted[0]} to {accepted[-1]}"

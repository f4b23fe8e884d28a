"""What is said of a function, and what may be said: one frozen value, checked as it is made.

It must not know how a function is run, nor who calls it.
Sources: the SCF documents "Quota Limits", "Environment Variables", "Dead Letter Queue" and the SCF API's
CreateFunction, read 2026-11-22.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]")
_HANDLER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z]\.[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z]")
_VARIABLE: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")
_RESERVED: Final = ("SCF_", "QCLOUD_", "TENCENTCLOUD_", "TECENTCLOUD_")
_ENVIRONMENT_BYTES: Final = 4 * 1024
_MEMORY_MB: Final = (64, *range(128, 3072 + 1, 128))
_LONGEST_TIMEOUT_S: Final = 900
_LONGEST_INIT_S: Final = 300
_LONGEST_MESSAGE_LIFE_S: Final = 6 * 3600
_DESCRIPTION_LETTERS: Final = 1000
_MOST_RETRIES: Final = 2


@dataclass(frozen=True, slots=True)
class DeadLetterQueue:
    """Where messages go that could not be delivered: a queue or a topic by its name."""

    name: str
    kind: Literal["CMQ-QUEUE", "CMQ-TOPIC"] = "CMQ-QUEUE"
    filter_type: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """A function as its owner configured it.

    `code_dir` is the unpacked package; `python` the interpreter that runs it; `isolated` leaves only the package and
    the standard library to import from. `role` is the run role's name, empty for none: then there are no keys.
    `max_instances` is the function's own concurrency quota, None for what the region gives. `retry_num` counts the
    retries of a run that failed, `retry_interval_s` apart; `msg_ttl_s` is how long a message may wait in all.

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
    msg_ttl_s: int = _LONGEST_MESSAGE_LIFE_S
    dead_letter: DeadLetterQueue | None = None

    def __post_init__(self) -> None:
        problems = [*_problems(self), *_environment_problems(self.environment)]
        if problems:
            raise ValueError(f"function {self.name!r}: " + "; ".join(problems))
        object.__setattr__(self, "environment", MappingProxyType(dict(self.environment)))


def _problems(function: Function) -> list[str]:
    quota = function.max_instances
    checks = (
        (_NAME.fullmatch(function.name), "a name has 2 to 60 letters, digits, - and _, and starts with a letter"),
        # "the file name and function name start and end with a letter, 2 to 60 characters each"
        (_HANDLER.fullmatch(function.handler), f"handler {function.handler!r} is not file.function"),
        # The quota: "64, 128 MB-3072 MB, in steps of 128 MB"
        (function.memory_mb in _MEMORY_MB, f"memory_mb {function.memory_mb} is not 64 or 128 to 3072 by 128"),
        (0 < function.timeout_s <= _LONGEST_TIMEOUT_S, f"timeout_s {function.timeout_s} is not 1 to 900"),
        (0 < function.init_timeout_s <= _LONGEST_INIT_S, f"init_timeout_s {function.init_timeout_s} is not 1 to 300"),
        # The dead letter has a "number of retries (0-2)"
        (0 <= function.retry_num <= _MOST_RETRIES, f"retry_num {function.retry_num} is not 0 to 2"),
        (function.retry_interval_s > 0, f"retry_interval_s {function.retry_interval_s} is not positive"),
        # "an async event can be retained in a queue for up to 6 hours"
        (0 < function.msg_ttl_s <= _LONGEST_MESSAGE_LIFE_S, f"msg_ttl_s {function.msg_ttl_s} is not 1 to 21600"),
        (quota is None or quota >= 0, f"max_instances {quota} is negative"),
        (len(function.description) <= _DESCRIPTION_LETTERS, "the description has over 1000 letters"),
        (function.code_dir.is_dir(), f"code_dir {function.code_dir} is not a folder"),
        (function.python.is_file(), f"python {function.python} is not a file"),
    )
    return [problem for holds, problem in checks if not holds]


def _environment_problems(environment: Mapping[str, str]) -> list[str]:
    problems = [
        # The key "must begin with a letter and can only contain alphanumeric characters and underscores".
        f"variable {name!r} is not a letter followed by letters, digits and _"
        for name in environment
        if not _VARIABLE.fullmatch(name)
    ]
    # "the keys of reserved environment variables cannot be modified"
    problems += [f"variable {name!r} is reserved" for name in environment if name.startswith(_RESERVED)]
    problems += [f"variable {name!r} holds a NUL" for name, value in environment.items() if "\0" in value]
    size_bytes = sum(len(f"{name}={value}".encode()) for name, value in environment.items())
    if size_bytes > _ENVIRONMENT_BYTES:
        problems.append(f"the variables take {size_bytes} bytes, more than {_ENVIRONMENT_BYTES}")
    return problems

"""The parameters that CreateFunction and UpdateFunctionConfiguration share -> a function's configuration, checked.

It must not know what functions there are.
Sources: SCF API 2018-04-16, both calls and their error codes; SCF's quota limits and environment variables
(read 2026-11-22).
"""

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from emulator.api.parameters import Parameters
from emulator.api.refusal import ApiRefusal
from emulator.scf.function import DeadLetterQueue

# "letters, digits, spaces, commas, line feeds and full stops; Chinese is supported"
_DESCRIPTION: Final = re.compile(r"[\w ,.\n]{0,1000}")
_VARIABLE: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")
_RESERVED: Final = ("SCF_", "QCLOUD_", "TENCENTCLOUD_", "TECENTCLOUD_")
_ENVIRONMENT_BYTES: Final = 4096
_MEMORY_MB: Final = (64, *range(128, 3072 + 1, 128))


def read_configuration(asked: Parameters, *, queues: frozenset[str]) -> dict[str, Any]:
    """Fields of a Function, for those parameters that are there. `queues` are the dead letter queues there are.

    Raises:
        ApiRefusal: a value that SCF does not accept.
    """
    found: dict[str, Any] = {}
    description, role = asked.text("Description"), asked.text("Role")
    if description is not None:
        _check(
            _DESCRIPTION.fullmatch(description),
            "Description",
            "at most 1000 letters, digits, spaces, commas, full stops",
        )
        found["description"] = description
    if role is not None:
        found["role"] = role
    memory = asked.number("MemorySize")
    if memory is not None:
        _check(memory in _MEMORY_MB, "MemorySize", "64, or 128 to 3072 in steps of 128")
        found["memory_mb"] = memory
    for name, field, longest, shortest in (("Timeout", "timeout_s", 900, 1), ("InitTimeout", "init_timeout_s", 300, 3)):
        seconds = asked.number(name)
        if seconds is not None:
            if not shortest <= seconds <= longest:
                raise ApiRefusal(f"LimitExceeded.{name}", f"{name} is {shortest} to {longest} seconds")
            found[field] = seconds
    environment = asked.inside("Environment")
    if environment is not None:
        found["environment"] = _environment(environment)
    queue = asked.inside("DeadLetterConfig")
    if queue is not None:
        found["dead_letter"] = _dead_letter(queue, queues)
    return found


def read_public_net(asked: Parameters) -> str | None:
    """ENABLE or DISABLE, None where nothing is said. A fixed address is not to be had here."""
    public = asked.inside("PublicNetConfig")
    if public is None:
        return None
    status, eip = public.needed("PublicNetStatus"), public.inside("EipConfig")
    is_plain = eip is None or eip.needed("EipStatus") == "DISABLE"
    _check(
        status in {"ENABLE", "DISABLE"} and is_plain, "PublicNetConfig", "ENABLE or DISABLE, without a fixed address"
    )
    return status


def _environment(asked: Parameters) -> Mapping[str, str]:
    variables = {one.needed("Key"): one.text("Value") or "" for one in asked.each("Variables") or []}
    for name in variables:
        if name.startswith(_RESERVED):
            raise ApiRefusal("InvalidParameterValue.EnvironmentSystemProtect", f"{name} is the platform's own")
        _check(_VARIABLE.fullmatch(name), "Environment", "a letter, then letters, digits and _")
    # Open in the documents; the console asks for at least two letters, so none at all is refused.
    _check(all(variables.values()), "Environment", "a variable has a value")
    size_bytes = sum(len(f"{name}={value}".encode()) for name, value in variables.items())
    if size_bytes > _ENVIRONMENT_BYTES:
        raise ApiRefusal("InvalidParameterValue.EnvironmentExceededLimit", "the variables take more than 4 KB")
    return variables


def _dead_letter(asked: Parameters, queues: frozenset[str]) -> DeadLetterQueue:
    kind, name, filtered = asked.needed("Type"), asked.needed("Name"), asked.text("FilterType") or ""
    known: Final[dict[str, Literal["CMQ-QUEUE", "CMQ-TOPIC"]]] = {"CMQ-QUEUE": "CMQ-QUEUE", "CMQ-TOPIC": "CMQ-TOPIC"}
    _check(kind in known, "DeadLetterConfig", "Type CMQ-QUEUE or CMQ-TOPIC")
    if name not in queues:
        raise ApiRefusal("ResourceNotFound.Cmq", f"there is no queue or topic {name}")
    return DeadLetterQueue(name, known[kind], filtered)


def _check(holds: object, name: str, accepted: str) -> None:
    if not holds:
        raise ApiRefusal(f"InvalidParameterValue.{name}", f"{name}: accepted is {accepted}")

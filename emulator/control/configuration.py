"""The parameters that CreateFunction and UpdateFunctionConfiguration share -> a function's configuration, checked.

Sources: SCF API 2018-04-16, both calls and their error codes; SCF's environment variables (read 2026-11-22 and
2026-11-25).
"""

from collections.abc import Mapping
from typing import Any, Literal

from emulator.control.errors import ApiError
from emulator.control.parameters import Parameters
from emulator.scf import limits
from emulator.scf.function import DeadLetterQueue

_SWITCHES = ("TRUE", "FALSE")
# Documented parameters that change nothing of how a function runs on one machine: stored, and shown by GetFunction.
_STORED_TEXTS = ("ClsLogsetId", "ClsTopicId", "CodeSource", "ProtocolType")
_STORED_SWITCHES = ("InstallDependency", "TraceEnable", "DnsCache")
_STORED_OBJECTS = ("VpcConfig", "IntranetConfig", "ProtocolParams", "InstanceConcurrencyConfig")
# Documented parameters that would change what a function sees: only their empty form is accepted.
_NOT_HERE = {"Layers": "layers", "CfsConfig": "file systems", "ImageConfig": "images"}


def read_configuration(parameters: Parameters, *, queues: frozenset[str], is_async: bool) -> dict[str, Any]:
    """Return fields of a Function, for the parameters that are there. `queues` are the dead letter queues.

    Raises:
        ApiError: a value that SCF does not accept.
    """
    fields: dict[str, Any] = {}
    description, role = parameters.text("Description"), parameters.text("Role")
    if description is not None:
        accepted = "at most 1000 letters, digits, spaces, commas, full stops"
        _check(limits.DESCRIPTION.fullmatch(description), "Description", accepted)
        fields["description"] = description
    if role is not None:
        fields["role"] = role
    memory = parameters.integer("MemorySize")
    if memory is not None:
        _check(memory in limits.MEMORY_MB, "MemorySize", "64, or 128 to 3072 in steps of 128")
        fields["memory_mb"] = memory
    timeouts = limits.ASYNC_TIMEOUT_S if is_async else limits.TIMEOUT_S
    for name, field, accepted_s in (
        ("Timeout", "timeout_s", timeouts),
        ("InitTimeout", "init_timeout_s", limits.INIT_TIMEOUT_S),
    ):
        seconds = parameters.integer(name)
        if seconds is not None:
            if seconds not in accepted_s:
                raise ApiError(f"LimitExceeded.{name}", f"{name} is {accepted_s[0]} to {accepted_s[-1]} seconds")
            fields[field] = seconds
    environment = parameters.nested("Environment")
    if environment is not None:
        fields["environment"] = _environment(environment)
    queue = parameters.nested("DeadLetterConfig")
    if queue is not None:
        fields["dead_letter"] = _dead_letter(queue, queues)
    return fields


def read_stored(parameters: Parameters) -> dict[str, object]:
    """Return the parameters that are kept and shown again, without an effect here.

    Raises:
        ApiError: a value that SCF does not accept, or one that would have an effect this cloud does not have.
    """
    for name, plural in _NOT_HERE.items():
        if parameters.plain(name):
            raise ApiError(f"UnsupportedOperation.{name}", f"{name}: there are no {plural} here")
    stored: dict[str, object | None] = {
        **{name: parameters.text(name) for name in _STORED_TEXTS},
        **{name: parameters.choice(name, _SWITCHES) for name in _STORED_SWITCHES},
        **{name: parameters.plain(name) for name in _STORED_OBJECTS},
    }
    return {name: value for name, value in stored.items() if value is not None}


def read_public_net(parameters: Parameters) -> str | None:
    """Return ENABLE or DISABLE, None where neither is given. There are no fixed addresses here."""
    public = parameters.nested("PublicNetConfig")
    if public is None:
        return None
    status, eip = public.required("PublicNetStatus"), public.nested("EipConfig")
    is_plain = eip is None or eip.required("EipStatus") == "DISABLE"
    _check(
        status in {"ENABLE", "DISABLE"} and is_plain, "PublicNetConfig", "ENABLE or DISABLE, without a fixed address"
    )
    return status


def _environment(parameters: Parameters) -> Mapping[str, str]:
    variables = {
        variable.required("Key"): variable.text("Value") or "" for variable in parameters.objects("Variables") or []
    }
    for name in variables:
        if name.startswith(limits.RESERVED_PREFIXES):
            raise ApiError("InvalidParameterValue.EnvironmentSystemProtect", f"{name} is the platform's own")
        _check(limits.VARIABLE_NAME.fullmatch(name), "Environment", "a letter, then letters, digits and _")
    # Open in the documents; the console asks for at least two letters, so none at all is refused.
    _check(all(variables.values()), "Environment", "a variable has a value")
    if limits.environment_bytes(variables) > limits.MAX_ENVIRONMENT_BYTES:
        raise ApiError("InvalidParameterValue.EnvironmentExceededLimit", "the variables take more than 4 KB")
    return variables


def _dead_letter(parameters: Parameters, queues: frozenset[str]) -> DeadLetterQueue:
    kind, name = parameters.required("Type"), parameters.required("Name")
    filter_type = parameters.text("FilterType") or ""
    kinds: dict[str, Literal["CMQ-QUEUE", "CMQ-TOPIC"]] = {"CMQ-QUEUE": "CMQ-QUEUE", "CMQ-TOPIC": "CMQ-TOPIC"}
    _check(kind in kinds, "DeadLetterConfig", "Type CMQ-QUEUE or CMQ-TOPIC")
    if name not in queues:
        raise ApiError("ResourceNotFound.Cmq", f"there is no queue or topic {name}")
    return DeadLetterQueue(name, kinds[kind], filter_type)


def _check(holds: object, name: str, accepted: str) -> None:
    if not holds:
        raise ApiError(f"InvalidParameterValue.{name}", f"{name}: accepted is {accepted}")

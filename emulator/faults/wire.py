"""Turn a fault from JSON into a value and back.

The names that travel are listed here, apart from the names in the program, so that renaming a class changes no client.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TypeVar

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
from emulator.faults.injector import Fault, FaultEvent

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class _Kind:
    """An effect's class; `names` maps a field to its name in JSON where the two differ."""

    effect: type[Effect]
    names: Mapping[str, str] = field(default_factory=dict)


_KINDS = {
    "refuse": _Kind(ErrorResponse),
    "reset": _Kind(ResetPeer),
    "truncate": _Kind(TruncateBody),
    "garbage": _Kind(CorruptBody),
    "mistype": _Kind(WrongContentType),
    "redirect": _Kind(Redirect),
    "delay": _Kind(Latency, {"max_ms": "most_ms"}),
    "stall": _Kind(Timeout, {"max_s": "most_s"}),
}
KINDS = frozenset(_KINDS)


def read_fault(document: object) -> Fault:
    """Read a fault such as `{"effect": {"kind": "refuse", "status": 503}, "operation": "GetSnapshot", "nth": 2}`.

    Raises:
        ValueError: naming what is unknown, or of a wrong type, and what is accepted.
    """
    if not isinstance(document, Mapping) or not isinstance(document.get("effect"), Mapping):
        raise ValueError("a fault is an object with an effect, itself an object with a kind")  # noqa: TRY004  # a wrong document
    _reject_unknown("a fault", document, {item.name for item in fields(Fault)})
    effect = _read_effect(document["effect"])
    return _validated(Fault, {**document, "effect": effect})


def write_fault(fault: Fault) -> dict[str, object]:
    """Return a fault in the form that `read_fault` takes."""
    name, kind = next((name, kind) for name, kind in _KINDS.items() if kind.effect is type(fault.effect))
    effect = {kind.names.get(field_name, field_name): value for field_name, value in asdict(fault.effect).items()}
    return {**asdict(fault), "effect": {"kind": name, **effect}}


def write_event(event: FaultEvent) -> dict[str, object]:
    """Return a fault that fired: the fault, the call it met, the delay that was drawn."""
    return {"fault": write_fault(event.fault), "call": asdict(event.target), "delay_ms": event.delay_ms}


def _read_effect(document: Mapping[object, object]) -> Effect:
    name = document.get("kind")
    kind = _KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ValueError(f"an effect's kind is one of {', '.join(sorted(_KINDS))}")
    names = {kind.names.get(item.name, item.name): item.name for item in fields(kind.effect)}
    values = {key: value for key, value in document.items() if key != "kind"}
    _reject_unknown(f"the effect {name}", values, set(names))
    return _validated(kind.effect, {names[str(key)]: value for key, value in values.items()})


def _reject_unknown(owner: str, values: Mapping[object, object], known: set[str]) -> None:
    unknown = sorted(str(key) for key in values if key not in known)
    if unknown:
        raise ValueError(f"{owner} has no {', '.join(unknown)}; it has {', '.join(sorted(known)) or 'no fields'}")


def _validated(kind: type[_Value], values: Mapping[str, object]) -> _Value:
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415  # takes a quarter of the cloud's time to start

    try:
        return TypeAdapter(kind).validate_python(values)
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, problem['loc'])) or 'the document'}: {problem['msg']}" for problem in error.errors()
        ]
        raise ValueError("; ".join(problems)) from error
    except RecursionError as error:
        raise ValueError("the document is nested too deeply") from error

"""Functions and triggers in the API's own words. It decides nothing.

Source: SCF API 2018-04-16, GetFunction, ListTriggers and their types (read 2026-11-22).
"""

import json
from collections.abc import Container, Iterable, Mapping
from typing import Protocol

from emulator.scf.function import Function
from emulator.scf.triggers import Trigger


class State(Protocol):
    """What the API knows of a function beyond what the platform runs."""

    @property
    def status(self) -> str:
        """Active, Creating ..."""

    @property
    def problem(self) -> str:
        """Why the last change failed."""

    @property
    def zip_bytes(self) -> int:
        """How large the code's zip was."""

    @property
    def public_net(self) -> str:
        """ENABLE or DISABLE."""

    @property
    def tags(self) -> Mapping[str, str]:
        """Tags by name."""


def describe_function(
    function: Function, state: State, triggers: Iterable[Trigger], *, region: str, hidden: Container[str]
) -> dict[str, object]:
    """What GetFunction answers; `hidden` are variables that are none of the function's owner's."""
    queue = function.dead_letter
    shown = [(name, value) for name, value in function.environment.items() if name not in hidden]
    return {
        **in_list(function, state),
        "Handler": function.handler,
        "CodeSize": state.zip_bytes,
        "CodeInfo": "",
        "MemorySize": function.memory_mb,
        "Timeout": function.timeout_s,
        "InitTimeout": function.init_timeout_s,
        "Role": function.role,
        "Qualifier": "$LATEST",
        "FunctionVersion": "$LATEST",
        "Environment": {"Variables": [{"Key": name, "Value": value} for name, value in shown]},
        "DeadLetterConfig": {
            "Type": queue.kind if queue else "",
            "Name": queue.name if queue else "",
            "FilterType": queue.filter_type if queue else "",
        },
        "PublicNetConfig": {
            "PublicNetStatus": state.public_net,
            "EipConfig": {"EipStatus": "DISABLE", "EipAddress": []},
        },
        "Triggers": [describe_trigger(trigger, region) for trigger in triggers],
        "AvailableStatus": "Available",
        "InstallDependency": "FALSE",
    }


def in_list(function: Function, state: State) -> dict[str, object]:
    """What ListFunctions has of a function."""
    return {
        "FunctionName": function.name,
        "Namespace": function.namespace,
        "Runtime": function.runtime,
        "Description": function.description,
        "Type": "Event",
        "Status": state.status,
        "StatusDesc": state.problem,
        "StatusReasons": [{"ErrorCode": "InvalidCode", "ErrorMessage": state.problem}] if state.problem else [],
        "Tags": [{"Key": name, "Value": value} for name, value in state.tags.items()],
        "AsyncRunEnable": "FALSE",
    }


def describe_trigger(trigger: Trigger, region: str) -> dict[str, object]:
    """What ListTriggers has of a trigger."""
    return {
        "Type": "cos",
        "TriggerName": f"{trigger.bucket}.cos.{region}.myqcloud.com",
        "TriggerDesc": trigger_text(trigger),
        "Enable": 1 if trigger.enabled else 0,
        "Qualifier": "$DEFAULT",
        "AvailableStatus": "Available",
        "BindStatus": "on",
    }


def trigger_text(trigger: Trigger) -> str:
    """A trigger's TriggerDesc: "compact JSON without blanks"."""
    kept = {"Prefix": trigger.prefix, "Suffix": trigger.suffix}
    return json.dumps({"event": trigger.events[0], "filter": kept}, separators=(",", ":"), ensure_ascii=False)

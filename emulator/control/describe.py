"""Functions and triggers in the API's own words.

Sources: SCF API 2018-04-16, GetFunction, ListTriggers and their types (read 2026-11-22 and 2026-11-25). Whether
ListTriggers gives a COS trigger's host or a generated name as TriggerName is unsettled; TriggerDesc always holds the
host as bucketUrl (tencent-component-toolkit's tests, read 2026-11-25).
"""

import hashlib
import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Literal, TypeAlias

from emulator.scf.function import Function
from emulator.scf.triggers import Trigger

TriggerNames: TypeAlias = Literal["host", "generated"]
"""The name of a COS trigger in a list: the bucket's host, or a generated `cos_...`."""

_CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class FunctionState:
    """The API's own facts of a function, beyond what the platform runs.

    `polls_left` is how many GetFunction calls it takes until the change under way is done and
    `status` is `next_status`. `versions` are the published ones; `stored` holds parameters that are shown again as
    they were given.
    """

    function_id: str = ""
    status: str = "Active"
    next_status: str = "Active"
    polls_left: int = 0
    problem: str = ""
    zip_bytes: int = 0
    public_net: str = "ENABLE"
    tags: Mapping[str, str] = field(default_factory=dict)
    stored: Mapping[str, object] = field(default_factory=dict)
    added_at_s: float = 0
    changed_at_s: float = 0


def describe_function(
    function: Function,
    state: FunctionState,
    triggers: Iterable[Mapping[str, object]],
    *,
    hidden: Container[str],
    qualifier: str,
) -> dict[str, object]:
    """Return the body of GetFunction; `hidden` are variables that are none of the function's owner's."""
    queue = function.dead_letter
    visible = [(name, value) for name, value in function.environment.items() if name not in hidden]
    return {
        **summarize_function(function, state),
        "Handler": function.handler,
        "CodeSize": state.zip_bytes,
        "CodeInfo": "",
        "CodeResult": "failed" if state.problem else "success",
        "CodeError": state.problem,
        "ErrNo": 0,
        "MemorySize": function.memory_mb,
        "Timeout": function.timeout_s,
        "InitTimeout": function.init_timeout_s,
        "Role": function.role,
        "Qualifier": qualifier,
        "FunctionVersion": "$LATEST" if qualifier == "$DEFAULT" else qualifier,
        "Environment": {"Variables": [{"Key": name, "Value": value} for name, value in visible]},
        "DeadLetterConfig": {
            "Type": queue.kind if queue else "",
            "Name": queue.name if queue else "",
            "FilterType": queue.filter_type if queue else "",
        },
        "PublicNetConfig": {
            "PublicNetStatus": state.public_net,
            "EipConfig": {"EipStatus": "DISABLE", "EipAddress": []},
        },
        "Triggers": list(triggers),
        "AvailableStatus": "Available",
        "VpcConfig": {"VpcId": "", "SubnetId": ""},
        "InstallDependency": "FALSE",
        "ClsLogsetId": "",
        "ClsTopicId": "",
        "Layers": [],
        **state.stored,
    }


def summarize_function(function: Function, state: FunctionState) -> dict[str, object]:
    """Return a function's entry in ListFunctions."""
    return {
        "FunctionName": function.name,
        "FunctionId": state.function_id,
        "Namespace": function.namespace,
        "Runtime": function.runtime,
        "Description": function.description,
        "Type": "Event",
        "Status": state.status,
        "StatusDesc": state.problem,
        "StatusReasons": [{"ErrorCode": "InvalidCode", "ErrorMessage": state.problem}] if state.problem else [],
        "Tags": [{"Key": name, "Value": value} for name, value in state.tags.items()],
        "AsyncRunEnable": "TRUE" if function.async_run else "FALSE",
        "TraceEnable": state.stored.get("TraceEnable", "FALSE"),
        "AddTime": local_time(state.added_at_s),
        "ModTime": local_time(state.changed_at_s),
    }


def describe_trigger(trigger: Trigger, region: str, *, names: TriggerNames, added_at_s: float) -> dict[str, object]:
    """Return a trigger's entry in ListTriggers."""
    host = f"{trigger.bucket}.cos.{region}.myqcloud.com"
    at = local_time(added_at_s)
    return {
        "Type": "cos",
        "TriggerName": host if names == "host" else generated_name(trigger),
        "TriggerDesc": trigger_text(trigger, host),
        "Enable": 1 if trigger.enabled else 0,
        "Qualifier": "$DEFAULT",
        "AvailableStatus": "Available",
        "BindStatus": "on",
        "CustomArgument": "",
        "Description": "",
        "ResourceId": f"cos:{trigger.bucket}",
        "TriggerAttribute": "single",
        "AddTime": at,
        "ModTime": at,
    }


def generated_name(trigger: Trigger) -> str:
    """Return the name that the cloud generates for a COS trigger; its form beyond `cos_` is not documented."""
    text = "\n".join((trigger.function, trigger.bucket, trigger.prefix, trigger.suffix, *trigger.events))
    return f"cos_{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def trigger_text(trigger: Trigger, host: str) -> str:
    """Return a trigger's TriggerDesc: "compact JSON without blanks"."""
    described = {
        "bucketUrl": host,
        "event": trigger.events[0],
        "filter": {"Prefix": trigger.prefix, "Suffix": trigger.suffix},
    }
    return json.dumps(described, separators=(",", ":"), ensure_ascii=False)


def local_time(at_s: float) -> str:
    """Return a time as the API writes it: `2026-11-25 22:10:00`, in the time of China."""
    return datetime.fromtimestamp(at_s, _CHINA).strftime("%Y-%m-%d %H:%M:%S")

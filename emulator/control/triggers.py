"""COS triggers as SCF's API has them. The platform decides which object matches a trigger.

Sources: SCF API 2018-04-16, CreateTrigger, DeleteTrigger, UpdateTriggerStatus, ListTriggers; "COS Trigger" and
"Trigger Configuration Description" (read 2026-11-22 and 2026-11-25).
"""

import json
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from emulator.control.describe import TriggerNames, describe_trigger, generated_name
from emulator.control.errors import ApiError
from emulator.control.functions import Functions, page_of
from emulator.control.parameters import Actions, Parameters, Response
from emulator.scf.platform import Platform
from emulator.scf.triggers import RefusalCode, Trigger, TriggerRefused

_HOST = re.compile(r"(?P<bucket>[a-z0-9-]+-\d+)\.cos\.(?P<region>[a-z0-9-]+)\.myqcloud\.com")
_QUALIFIERS = ("$DEFAULT", "$LATEST")
_CODES: Mapping[RefusalCode, str] = {
    "invalid": "InvalidParameterValue.TriggerDesc",
    "conflict": "InvalidParameterValue.CosNotifyRuleConflict",
    "too many": "LimitExceeded.Trigger",
}


@dataclass(frozen=True, slots=True)
class _Description:
    """A TriggerDesc: the event type and the filter, and the bucket's host where it is given."""

    event: str
    prefix: str
    suffix: str
    host: str | None


class Triggers:
    """The triggers of a platform, listed under `names`. Safe across threads."""

    def __init__(self, platform: Platform, names: TriggerNames, now: Callable[[], float]) -> None:
        self._platform, self._names, self._now = platform, names, now
        self._lock = threading.Lock()
        self._added_at_s: dict[Trigger, float] = {}

    def added(self, trigger: Trigger) -> None:
        """Record when a trigger was made."""
        with self._lock:
            self._added_at_s[replace(trigger, enabled=True)] = self._now()

    def describe(self, trigger: Trigger) -> Mapping[str, object]:
        """Return a trigger's entry in a list."""
        with self._lock:
            at_s = self._added_at_s.get(replace(trigger, enabled=True), 0)
        return describe_trigger(trigger, self._platform.region, names=self._names, added_at_s=at_s)

    def of(self, function: str) -> list[Mapping[str, object]]:
        """Return the entries of a function's triggers."""
        return [self.describe(trigger) for trigger in self._platform.triggers if trigger.function == function]


class TriggerCalls:
    """The calls about triggers. `buckets` returns the account's buckets in the region."""

    def __init__(
        self, platform: Platform, functions: Functions, triggers: Triggers, buckets: Callable[[], Sequence[str]]
    ) -> None:
        self._platform, self._functions, self._triggers, self._buckets = platform, functions, triggers, buckets
        self.actions: Actions = {
            "CreateTrigger": self._create,
            "DeleteTrigger": self._delete,
            "UpdateTriggerStatus": self._update_status,
            "ListTriggers": self._list,
        }

    def _create(self, parameters: Parameters) -> Response:
        trigger = replace(self._read(parameters), enabled=_is_open(parameters, default="OPEN"))
        parameters.text("Description")
        parameters.text("CustomArgument")
        parameters.reject_unknown()
        self._functions.require_active(trigger.function)
        if any(_same(trigger, existing) for existing in self._platform.triggers):
            raise ApiError("ResourceInUse.Trigger", "there is such a trigger already")
        try:
            self._platform.add_trigger(trigger)
        except TriggerRefused as refused:
            raise ApiError(_CODES[refused.code], str(refused)) from refused
        self._triggers.added(trigger)
        return {"TriggerInfo": self._triggers.describe(trigger)}

    def _delete(self, parameters: Parameters) -> Response:
        trigger = self._find(parameters)
        parameters.reject_unknown()
        self._platform.remove_trigger(trigger)
        return {}

    def _update_status(self, parameters: Parameters) -> Response:
        trigger, enabled = self._find(parameters), _is_open(parameters)
        parameters.reject_unknown()
        self._platform.remove_trigger(trigger)
        self._platform.add_trigger(replace(trigger, enabled=enabled))
        return {}

    def _list(self, parameters: Parameters) -> Response:
        function = self._functions.find(parameters)
        offset, size = page_of(parameters)
        parameters.choice("OrderBy", ("add_time", "mod_time"))
        parameters.choice("Order", ("ASC", "DESC"))
        parameters.reject_unknown()
        entries = self._triggers.of(function.name)
        return {"Triggers": entries[offset : offset + size], "TotalCount": len(entries)}

    def _find(self, parameters: Parameters) -> Trigger:
        """Return the trigger that a call names. "TriggerDesc is required where the trigger is a COS trigger"."""
        named = self._read(parameters)
        for trigger in self._platform.triggers:
            if _same(trigger, named):
                return trigger
        raise ApiError("ResourceNotFound.Trigger", "there is no such trigger")

    def _read(self, parameters: Parameters) -> Trigger:
        function = self._functions.find(parameters)
        if parameters.required("Type") != "cos":
            raise ApiError("InvalidParameterValue.Type", "only cos triggers are supported here")
        if (parameters.text("Qualifier") or "$LATEST") not in _QUALIFIERS:
            raise ApiError("ResourceNotFound.Qualifier", "there is no such version or alias")
        name = parameters.required("TriggerName")
        description = _describe(parameters.required("TriggerDesc"))
        # "the bucket's domain name for the XML API"; a generated name is known by the host in its description
        is_generated = name.startswith("cos_") and description.host is not None
        host = _HOST.fullmatch(description.host if is_generated and description.host else name)
        if host is None:
            raise ApiError("InvalidParameterValue.TriggerName", "the name is NAME-APPID.cos.REGION.myqcloud.com")
        if host["region"] != self._platform.region:
            raise ApiError("InvalidParameterValue.TriggerName", "the bucket and the function are in one region")
        if host["bucket"] not in self._buckets():
            raise ApiError("ResourceNotFound.Cos", f"there is no bucket {host['bucket']}")
        if description.host not in {None, host[0]}:
            raise ApiError("InvalidParameterValue.TriggerDesc", "bucketUrl is not the host that TriggerName gives")
        try:
            trigger = Trigger(
                function.name, host["bucket"], description.prefix, description.suffix, (description.event,)
            )
        except TriggerRefused as refused:
            raise ApiError(_CODES[refused.code], str(refused)) from refused
        if is_generated and name != generated_name(trigger):
            raise ApiError("ResourceNotFound.Trigger", f"there is no trigger {name}")
        return trigger


def _same(trigger: Trigger, other: Trigger) -> bool:
    return replace(trigger, enabled=True) == replace(other, enabled=True)


def _describe(text: str) -> _Description:
    try:
        description = json.loads(text)
        event, filters = description["event"], description["filter"]
        prefix, suffix, host = filters["Prefix"], filters["Suffix"], description.get("bucketUrl")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ApiError("InvalidParameterValue.TriggerDesc", "JSON with event and filter {Prefix, Suffix}") from error
    # "compact JSON without blanks"
    compact = json.dumps(description, separators=(",", ":"), ensure_ascii=False)
    if any(not isinstance(value, str) for value in (event, prefix, suffix, host or "")) or text != compact:
        raise ApiError("InvalidParameterValue.TriggerDesc", "TriggerDesc is compact JSON of strings")
    return _Description(event, prefix, suffix, host)


def _is_open(parameters: Parameters, *, default: str = "") -> bool:
    value = parameters.text("Enable") or default
    if not value:
        raise ApiError("MissingParameter", "Enable is required")
    if value not in {"OPEN", "CLOSE"}:
        raise ApiError("InvalidParameterValue.Enable", "Enable is OPEN or CLOSE")
    return value == "OPEN"

"""COS triggers as SCF's API has them. Which object meets a trigger is the platform's business.

Sources: SCF API 2018-04-16, CreateTrigger, DeleteTrigger, UpdateTriggerStatus, ListTriggers; "COS Trigger" and
"Trigger Configuration Description" (read 2026-11-22).
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from emulator.api.describe import describe_trigger
from emulator.api.functions import Functions
from emulator.api.parameters import Parameters
from emulator.api.refusal import ApiRefusal
from emulator.scf.function import Function
from emulator.scf.platform import Platform
from emulator.scf.triggers import Trigger, TriggerRefused

Answer = Mapping[str, object]

_HOST: Final = re.compile(r"(?P<bucket>[a-z0-9-]+-\d+)\.cos\.(?P<region>[a-z0-9-]+)\.myqcloud\.com")
_QUALIFIERS: Final = ("$DEFAULT", "$LATEST")


class Bindings:
    """The calls about triggers. `buckets` gives the account's buckets in the region."""

    def __init__(self, platform: Platform, functions: Functions, buckets: Callable[[], Sequence[str]]) -> None:
        self._platform, self._functions, self._buckets = platform, functions, buckets
        self.actions: dict[str, Callable[[Parameters], Answer]] = {
            "CreateTrigger": self._create,
            "DeleteTrigger": self._delete,
            "UpdateTriggerStatus": self._switch,
            "ListTriggers": self._list,
        }

    def _create(self, asked: Parameters) -> Answer:
        function, wanted = self._read(asked, described=True)
        enabled = _enabled(asked.text("Enable") or "OPEN")
        asked.text("Description")
        asked.finish()
        self._functions.require_active(function.name)
        if wanted in [replace(one, enabled=True) for one in self._platform.triggers]:
            raise ApiRefusal("ResourceInUse.Trigger", "there is such a trigger already")
        try:
            self._platform.add_trigger(replace(wanted, enabled=enabled))
        except TriggerRefused as refused:
            raise ApiRefusal(_code(str(refused)), str(refused)) from refused
        return {"TriggerInfo": describe_trigger(replace(wanted, enabled=enabled), self._platform.region)}

    def _delete(self, asked: Parameters) -> Answer:
        found = self._found(asked)
        asked.finish()
        self._platform.remove_trigger(found)
        return {}

    def _switch(self, asked: Parameters) -> Answer:
        found, enabled = self._found(asked), _enabled(asked.needed("Enable"))
        asked.finish()
        self._platform.remove_trigger(found)
        self._platform.add_trigger(replace(found, enabled=enabled))
        return {}

    def _list(self, asked: Parameters) -> Answer:
        function = self._functions.named(asked)
        offset, size = asked.number("Offset") or 0, asked.number("Limit") or 20
        asked.finish()
        found = [one for one in self._platform.triggers if one.function == function.name]
        shown = [describe_trigger(one, self._platform.region) for one in found[offset : offset + size]]
        return {"Triggers": shown, "TotalCount": len(found)}

    def _found(self, asked: Parameters) -> Trigger:
        """The trigger that a call names. "TriggerDesc is required where the trigger is a COS trigger"."""
        _, wanted = self._read(asked, described=True)
        for one in self._platform.triggers:
            if replace(one, enabled=True) == wanted:
                return one
        raise ApiRefusal("ResourceNotFound.Trigger", "there is no such trigger")

    def _read(self, asked: Parameters, *, described: bool) -> tuple[Function, Trigger]:
        function = self._functions.named(asked)
        if asked.needed("Type") != "cos":
            raise ApiRefusal("InvalidParameterValue.Type", "only cos triggers are to be had here")
        if (asked.text("Qualifier") or "$LATEST") not in _QUALIFIERS:
            raise ApiRefusal("ResourceNotFound.Qualifier", "there is no such version or alias")
        # "the bucket's domain name for the XML API"
        host = _HOST.fullmatch(asked.needed("TriggerName"))
        if host is None:
            raise ApiRefusal("InvalidParameterValue.TriggerName", "the name is NAME-APPID.cos.REGION.myqcloud.com")
        if host["region"] != self._platform.region:
            raise ApiRefusal("InvalidParameterValue.TriggerName", "the bucket and the function are in one region")
        if host["bucket"] not in self._buckets():
            raise ApiRefusal("ResourceNotFound.Cos", f"there is no bucket {host['bucket']}")
        event, prefix, suffix = _described(asked.needed("TriggerDesc") if described else "")
        try:
            return function, Trigger(function.name, host["bucket"], prefix, suffix, (event,))
        except TriggerRefused as refused:
            raise ApiRefusal("InvalidParameterValue.TriggerDesc", str(refused)) from refused


def _described(text: str) -> tuple[str, str, str]:
    try:
        found = json.loads(text)
        event, kept = found["event"], found["filter"]
        prefix, suffix = kept["Prefix"], kept["Suffix"]
    except (ValueError, KeyError, TypeError) as error:
        raise ApiRefusal("InvalidParameterValue.TriggerDesc", "JSON with event and filter {Prefix, Suffix}") from error
    # "compact JSON without blanks"
    if any(not isinstance(one, str) for one in (event, prefix, suffix)) or text != json.dumps(
        found, separators=(",", ":"), ensure_ascii=False
    ):
        raise ApiRefusal("InvalidParameterValue.TriggerDesc", "TriggerDesc is compact JSON of strings")
    return event, prefix, suffix


def _enabled(word: str) -> bool:
    if word not in {"OPEN", "CLOSE"}:
        raise ApiRefusal("InvalidParameterValue.Enable", "Enable is OPEN or CLOSE")
    return word == "OPEN"


def _code(said: str) -> str:
    return "LimitExceeded.Trigger" if "at most" in said else "InvalidParameterValue.CosNotifyRuleConflict"

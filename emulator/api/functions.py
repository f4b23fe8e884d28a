"""Functions as SCF's API has them: created, changed, looked at and deleted, each change taking its time.

A change is not done when the call returns: the function is Creating or Updating, refuses further changes, and is
Active only at a later look. Running functions is the platform's business.
Sources: SCF API 2018-04-16; "Function and Layer Status Description" (read 2026-11-22).
"""

import itertools
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from emulator.api.access import Access
from emulator.api.code import ReadObject, read_code, unpack
from emulator.api.configuration import read_configuration, read_public_net
from emulator.api.describe import describe_function, in_list
from emulator.api.parameters import Parameters
from emulator.api.refusal import ApiRefusal
from emulator.scf.function import Function
from emulator.scf.platform import Platform

Answer = Mapping[str, object]

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]")
_HANDLER: Final = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z])\.[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z]")
_RUNTIMES: Final = ("Python2.7", "Python3.6", "Python3.7", "Python3.9", "Python3.10")
_NAMESPACE: Final = "default"


@dataclass(frozen=True, slots=True)
class Held:
    """What the API knows of a function beyond what the platform runs. `looks_left` until a change is done."""

    status: str = "Active"
    then: str = "Active"
    looks_left: int = 0
    problem: str = ""
    zip_bytes: int = 0
    public_net: str = "ENABLE"
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Setting:
    """What functions are made with here: where code is unpacked, which Python runs it, and the account's queues."""

    folder: Path
    python: Path
    isolated: bool
    appid: str
    read: ReadObject
    queues: frozenset[str]
    looks: int
    extra: Mapping[str, str]


class Functions:
    """SCF's books of functions. Safe across threads. `changed` is called when a function takes another role."""

    def __init__(self, platform: Platform, access: Access, setting: Setting, changed: Callable[[], None]) -> None:
        self._platform, self._access, self._setting = platform, access, setting
        self._changed = changed
        self._lock = threading.RLock()
        self._held: dict[str, Held] = {}
        self._serial = itertools.count(1)
        self.actions: dict[str, Callable[[Parameters], Answer]] = {
            "CreateFunction": self._create,
            "GetFunction": self._get,
            "ListFunctions": self._list,
            "UpdateFunctionCode": self._update_code,
            "UpdateFunctionConfiguration": self._update_configuration,
            "DeleteFunction": self._delete,
            "GetFunctionEventInvokeConfig": self._get_invoke,
            "UpdateFunctionEventInvokeConfig": self._update_invoke,
        }

    def named(self, asked: Parameters) -> Function:
        """The function that a call names, in its namespace. Raises ApiRefusal where there is none."""
        name, namespace = asked.needed("FunctionName"), asked.text("Namespace") or _NAMESPACE
        found = next((one for one in self._platform.functions if one.name == name), None)
        if namespace != _NAMESPACE:
            raise ApiRefusal("ResourceNotFound.Namespace", f"there is no namespace {namespace}")
        if found is None:
            raise ApiRefusal("ResourceNotFound.Function", f"there is no function {name}")
        return found

    def require_active(self, name: str) -> None:
        """Refuses a change while another is under way."""
        status = self._held.get(name, Held()).status
        if status != "Active":
            raise ApiRefusal("FailedOperation.FunctionStatusError", f"the function is {status}, not Active")

    def _create(self, asked: Parameters) -> Answer:
        name, code = asked.needed("FunctionName"), asked.inside("Code")
        if (asked.text("Namespace") or _NAMESPACE) != _NAMESPACE:
            raise ApiRefusal("ResourceNotFound.Namespace", "there is no such namespace")
        if not _NAME.fullmatch(name):
            raise ApiRefusal("InvalidParameterValue.FunctionName", "2 to 60 letters, digits, - and _, from a letter on")
        handler, runtime = _handler(asked), asked.text("Runtime") or "Python2.7"
        if runtime not in _RUNTIMES:
            raise ApiRefusal("InvalidParameterValue.Runtime", f"runtimes are {', '.join(_RUNTIMES)}")
        if (asked.text("Type") or "Event") != "Event":
            raise ApiRefusal("InvalidParameterValue.FunctionType", "only functions for events are to be had here")
        if code is None:
            raise ApiRefusal("MissingParameter.Code", "Code is required")
        # The API: "memory, 128 MB by default", "timeout, 3 s by default".
        fields = {"memory_mb": 128, "timeout_s": 3, "role": ""}
        fields |= read_configuration(asked, queues=self._setting.queues)
        public_net = read_public_net(asked) or "ENABLE"
        tags = {one.needed("Key"): one.text("Value") or "" for one in asked.each("Tags") or []}
        packed = read_code(code, appid=self._setting.appid, read=self._setting.read)
        asked.finish()
        self._check_role(str(fields["role"]))
        with self._lock:
            if any(one.name == name for one in self._platform.functions):
                raise ApiRefusal("ResourceInUse.Function", f"there is a function {name} already")
            folder, problem = self._unpack(packed, handler)
            self._platform.create(self._function(name, folder, handler=handler, runtime=runtime, **fields))
            self._held[name] = Held(
                "Creating", "CreateFailed" if problem else "Active", self._setting.looks, problem, len(packed),
                public_net, tags,
            )  # fmt: skip
        self._changed()
        return {}

    def _get(self, asked: Parameters) -> Answer:
        with self._lock:
            function = self.named(asked)
            asked.finish()
            held = self._look(function.name)
            triggers = [one for one in self._platform.triggers if one.function == function.name]
        region, hidden = self._platform.region, self._setting.extra
        return describe_function(function, held, triggers, region=region, hidden=hidden)

    def _list(self, asked: Parameters) -> Answer:
        offset, size = asked.number("Offset") or 0, asked.number("Limit") or 20
        namespace, searched = asked.text("Namespace") or _NAMESPACE, asked.text("SearchKey") or ""
        asked.finish()
        found = [one for one in self._platform.functions if namespace == _NAMESPACE and searched in one.name]
        shown = [in_list(one, self._held.get(one.name, Held())) for one in found[offset : offset + size]]
        return {"Functions": shown, "TotalCount": len(found)}

    def _update_code(self, asked: Parameters) -> Answer:
        with self._lock:
            function = self.named(asked)
            code = asked.inside("Code") or asked
            packed = read_code(code, appid=self._setting.appid, read=self._setting.read)
            handler = _handler(asked) if asked.text("Handler") else function.handler
            asked.finish()
            self.require_active(function.name)
            folder, problem = self._unpack(packed, handler)
            if not problem:
                self._platform.update(replace(function, code_dir=folder, handler=handler))
            self._begin(function.name, "UpdateFailed" if problem else "Active", problem=problem, zip_bytes=len(packed))
        return {}

    def _update_configuration(self, asked: Parameters) -> Answer:
        with self._lock:
            function = self.named(asked)
            fields = read_configuration(asked, queues=self._setting.queues)
            runtime, public_net = asked.text("Runtime"), read_public_net(asked)
            asked.finish()
            # The API: "Runtime: given at creation, cannot be changed at present".
            if runtime is not None and runtime != function.runtime:
                raise ApiRefusal("InvalidParameterValue.Runtime", "the runtime of a function cannot be changed")
            self.require_active(function.name)
            if "role" in fields:
                self._check_role(fields["role"])
            if "environment" in fields:
                fields["environment"] = {**fields["environment"], **self._setting.extra}
            self._platform.update(replace(function, **fields))
            held = self._held.get(function.name, Held())
            self._begin(function.name, "Active", public_net=public_net or held.public_net)
        self._changed()
        return {}

    def _delete(self, asked: Parameters) -> Answer:
        with self._lock:
            function = self.named(asked)
            asked.finish()
            self._platform.delete(function.name)
            self._held.pop(function.name, None)
        return {}

    def _get_invoke(self, asked: Parameters) -> Answer:
        function = self.named(asked)
        asked.finish()
        retries = [{"RetryNum": function.retry_num}]
        return {"AsyncTriggerConfig": {"RetryConfig": retries, "MsgTTL": function.msg_ttl_s}}

    def _update_invoke(self, asked: Parameters) -> Answer:
        with self._lock:
            function, config = self.named(asked), asked.inside("AsyncTriggerConfig")
            retries = (config.each("RetryConfig") or []) if config else []
            numbers = [one.number("RetryNum") for one in retries]
            life_s = config.number("MsgTTL") if config else None
            asked.finish()
            if life_s is None or len(numbers) != 1 or numbers[0] is None:
                raise ApiRefusal(
                    "InvalidParameterValue.AsyncTriggerConfig", "one RetryConfig with RetryNum, and MsgTTL"
                )
            if not 0 <= numbers[0] <= 2:  # noqa: PLR2004  # "number of retries: 0 to 2"
                raise ApiRefusal("LimitExceeded.RetryNum", "RetryNum is 0 to 2")
            if not 60 <= life_s <= 21600:  # noqa: PLR2004  # "at most 6 hours"
                raise ApiRefusal("LimitExceeded.MsgTTL", "MsgTTL is 60 to 21600 seconds")
            self._platform.update(replace(function, retry_num=numbers[0], msg_ttl_s=life_s))
        return {}

    # The books

    def _look(self, name: str) -> Held:
        """The function's state as this look finds it; each look brings a change nearer to its end."""
        held = self._held.get(name, Held())
        if held.looks_left:
            held = replace(held, looks_left=held.looks_left - 1)
            if not held.looks_left:
                held = replace(held, status=held.then)
            self._held[name] = held
        return held

    def _begin(self, name: str, then: str, **fields: object) -> None:
        held = replace(self._held.get(name, Held()), **fields)  # type: ignore[arg-type]  # fields of Held
        self._held[name] = replace(held, status="Updating", then=then, looks_left=self._setting.looks)

    def _check_role(self, role: str) -> None:
        if role and self._access.lets_scf_in(role) is None:
            raise ApiRefusal("ResourceNotFound.Role", f"there is no role {role}")
        # Open in the documents; the strict reading: a role that SCF cannot take is no run role.
        if role and not self._access.lets_scf_in(role):
            raise ApiRefusal("UnauthorizedOperation.Role", f"the role {role} does not let scf.qcloud.com in")

    def _unpack(self, packed: bytes, handler: str) -> tuple[Path, str]:
        folder = self._setting.folder / f"code-{next(self._serial)}"
        unpack(packed, folder)
        module = handler.partition(".")[0]
        missing = not (folder / f"{module}.py").is_file()
        return folder, f"the code has no {module}.py" if missing else ""

    def _function(self, name: str, folder: Path, **fields: object) -> Function:
        environment = {**dict(fields.pop("environment", {})), **self._setting.extra}  # type: ignore[call-overload]  # of texts
        return Function(
            name, folder, python=self._setting.python, isolated=self._setting.isolated, environment=environment,
            **fields,  # type: ignore[arg-type]  # read_configuration gives fields of Function
        )  # fmt: skip


def _handler(asked: Parameters) -> str:
    handler = asked.text("Handler") or ""
    if not _HANDLER.fullmatch(handler):
        raise ApiRefusal("InvalidParameterValue.Handler", "a handler is file.function, 2 to 60 letters each")
    return handler

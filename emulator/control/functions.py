"""Functions as SCF's API has them: created, changed, read and deleted, each change taking its time.

A change is not done when the call returns: the function is Creating or Updating, refuses further changes, and is
Active only after it was polled.
Sources: SCF API 2018-04-16; "Function and Layer Status Description" (read 2026-11-22 and 2026-11-25).
"""

import itertools
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from emulator.control.code import ReadObject, read_code, unpack
from emulator.control.configuration import read_configuration, read_public_net, read_stored
from emulator.control.describe import FunctionState, describe_function, summarize_function
from emulator.control.errors import ApiError
from emulator.control.parameters import Actions, Parameters, Response
from emulator.control.roles import AccessManagement
from emulator.control.versions import Versions
from emulator.scf import limits
from emulator.scf.function import Function
from emulator.scf.interpreter import Interpreter, mismatch
from emulator.scf.platform import Platform

NAMESPACE = "default"
_RUNTIMES = ("Python2.7", "Python3.6", "Python3.7", "Python3.9", "Python3.10")
_ORDERS = ("ASC", "DESC")
_FIRST_ID = 1
_FILTERS = ("VpcId", "SubnetId", "ClsTopicId", "ClsLogsetId", "Role", "CfsId", "CfsMountInsId", "Eip", "Runtime")


@dataclass(frozen=True, slots=True)
class FunctionSettings:
    """The surroundings that every function is made with here, none of which a call says.

    `folder` takes the unpacked code; `queues` are the account's dead letter queues; `polls` is how many GetFunction
    calls a change takes; `extra` are variables added to each function's own. `warn` gets what a person should read.
    """

    folder: Path
    interpreter: Interpreter
    isolated: bool
    appid: str
    read: ReadObject
    queues: frozenset[str]
    polls: int
    extra: Mapping[str, str]
    now: Callable[[], float]
    warn: Callable[[str], None]


class Functions:
    """SCF's functions. Safe across threads. `on_role_change` is called when a function takes another role."""

    def __init__(
        self,
        platform: Platform,
        access: AccessManagement,
        settings: FunctionSettings,
        *,
        on_role_change: Callable[[], None],
        triggers_of: Callable[[str], list[Mapping[str, object]]],
        versions: Versions,
    ) -> None:
        self._platform, self._access, self._settings = platform, access, settings
        self._on_role_change, self._triggers_of = on_role_change, triggers_of
        self._versions = versions
        self._lock = threading.RLock()
        self._states: dict[str, FunctionState] = {}
        self._serial = itertools.count(_FIRST_ID)
        self.actions: Actions = {
            "CreateFunction": self._create,
            "GetFunction": self._get,
            "ListFunctions": self._list,
            "UpdateFunctionCode": self._update_code,
            "UpdateFunctionConfiguration": self._update_configuration,
            "DeleteFunction": self._delete,
        }

    def find(self, parameters: Parameters) -> Function:
        """Return the function that a call names, in its namespace.

        Raises:
            ApiError: there is none.
        """
        name = parameters.required("FunctionName")
        check_namespace(parameters)
        function = next((function for function in self._platform.functions if function.name == name), None)
        if function is None:
            raise ApiError("ResourceNotFound.Function", f"there is no function {name}")
        return function

    def state(self, name: str) -> FunctionState:
        """Return the API's record of a function; an Active one where it was made without the API."""
        return self._states.get(name, FunctionState())

    def require_active(self, name: str) -> None:
        """Refuse a change while another is under way."""
        status = self.state(name).status
        if status != "Active":
            raise ApiError("FailedOperation.FunctionStatusError", f"the function is {status}, not Active")

    def _create(self, parameters: Parameters) -> Response:
        name, code = parameters.required("FunctionName"), parameters.nested("Code")
        check_namespace(parameters)
        if not limits.FUNCTION_NAME.fullmatch(name):
            raise ApiError("InvalidParameterValue.FunctionName", "2 to 60 letters, digits, - and _, from a letter on")
        handler, runtime = _handler(parameters), parameters.text("Runtime") or "Python2.7"
        if runtime not in _RUNTIMES:
            raise ApiError("InvalidParameterValue.Runtime", f"runtimes are {', '.join(_RUNTIMES)}")
        if (parameters.text("Type") or "Event") != "Event":
            raise ApiError("InvalidParameterValue.FunctionType", "only functions for events are supported here")
        if code is None:
            raise ApiError("MissingParameter.Code", "Code is required")
        is_async = parameters.choice("AsyncRunEnable", ("TRUE", "FALSE")) == "TRUE"
        # The API: "memory, 128 MB by default", "timeout, 3 s by default".
        fields: dict[str, Any] = {"memory_mb": 128, "timeout_s": 3, "role": "", "async_run": is_async}
        fields |= read_configuration(parameters, queues=self._settings.queues, is_async=is_async)
        stored = read_stored(parameters)
        for flag in ("AutoDeployClsTopicIndex", "AutoCreateClsTopic"):
            parameters.choice(flag, ("TRUE", "FALSE"))
        public_net = read_public_net(parameters) or "ENABLE"
        tags = {tag.required("Key"): tag.text("Value") or "" for tag in parameters.objects("Tags") or []}
        content = self._read_code(code)
        parameters.reject_unknown()
        self._check_role(str(fields["role"]))
        with self._lock:
            if any(function.name == name for function in self._platform.functions):
                raise ApiError("ResourceInUse.Function", f"there is a function {name} already")
            folder, problem = self._unpack(content, handler)
            self._platform.create(self._function(name, folder, handler=handler, runtime=runtime, **fields))
            now_s = self._settings.now()
            self._states[name] = FunctionState(
                function_id=f"lam-{next(self._serial):08x}",
                status="Creating",
                next_status="CreateFailed" if problem else "Active",
                polls_left=self._settings.polls,
                problem=problem,
                zip_bytes=len(content),
                public_net=public_net,
                tags=tags,
                stored=stored,
                added_at_s=now_s,
                changed_at_s=now_s,
            )
        warning = mismatch(runtime, self._settings.interpreter)
        if warning:
            self._settings.warn(f"{name}: {warning}")
        self._on_role_change()
        return {}

    def _get(self, parameters: Parameters) -> Response:
        with self._lock:
            function = self.find(parameters)
            parameters.choice("ShowCode", ("TRUE", "FALSE"))
            qualifier = self.check_qualifier(parameters, function.name)
            parameters.reject_unknown()
            state = self._poll(function.name)
        triggers = self._triggers_of(function.name)
        return describe_function(function, state, triggers, hidden=self._settings.extra, qualifier=qualifier)

    def check_qualifier(self, parameters: Parameters, name: str) -> str:
        """Return the version or alias that a call names, `$LATEST` where it names none.

        Raises:
            ApiError: there is no such version.
        """
        qualifier = parameters.text("Qualifier") or "$LATEST"
        if qualifier not in {"$LATEST", "$DEFAULT", *self._versions.numbers_of(name)}:
            raise ApiError("ResourceNotFound.Qualifier", f"there is no version or alias {qualifier}")
        return qualifier

    def _list(self, parameters: Parameters) -> Response:
        offset, size = page_of(parameters)
        namespace, keyword = parameters.text("Namespace") or NAMESPACE, parameters.text("SearchKey") or ""
        description = parameters.text("Description") or ""
        order = parameters.choice("Order", _ORDERS) or "DESC"
        order_by = parameters.choice("Orderby", ("AddTime", "ModTime", "FunctionName")) or "ModTime"
        filters = {filter_.required("Name"): filter_.texts("Values") for filter_ in parameters.objects("Filters") or []}
        parameters.reject_unknown()
        for name in filters:
            if name not in _FILTERS:
                raise ApiError("InvalidParameterValue.Filters", f"Filters know {', '.join(_FILTERS)}")
        listed = [
            summarize_function(function, self.state(function.name))
            for function in self._platform.functions
            if namespace == NAMESPACE
            and keyword in function.name
            and description in function.description
            and _matches(function, self.state(function.name), filters)
        ]
        listed.sort(key=lambda entry: str(entry[order_by]), reverse=order == "DESC")
        return {"Functions": listed[offset : offset + size], "TotalCount": len(listed)}

    def _update_code(self, parameters: Parameters) -> Response:
        with self._lock:
            function = self.find(parameters)
            content = self._read_code(parameters.nested("Code") or parameters)
            handler = _handler(parameters) if parameters.text("Handler") else function.handler
            parameters.choice("InstallDependency", ("TRUE", "FALSE"))
            for name in ("CodeSource", "EnvId"):
                parameters.text(name)
            publish = parameters.choice("Publish", ("TRUE", "FALSE")) == "TRUE"
            parameters.reject_unknown()
            self.require_active(function.name)
            folder, problem = self._unpack(content, handler)
            if not problem:
                self._platform.update(replace(function, code_dir=folder, handler=handler))
                if publish:
                    self._versions.publish(replace(function, code_dir=folder, handler=handler), "")
            self._begin(function.name, "UpdateFailed" if problem else "Active", problem=problem, zip_bytes=len(content))
        return {}

    def _update_configuration(self, parameters: Parameters) -> Response:
        with self._lock:
            function = self.find(parameters)
            fields = read_configuration(parameters, queues=self._settings.queues, is_async=function.async_run)
            stored = {**self.state(function.name).stored, **read_stored(parameters)}
            runtime, public_net = parameters.text("Runtime"), read_public_net(parameters)
            publish = parameters.choice("Publish", ("TRUE", "FALSE")) == "TRUE"
            parameters.reject_unknown()
            # The API: "Runtime: given at creation, cannot be changed at present".
            if runtime is not None and runtime != function.runtime:
                raise ApiError("InvalidParameterValue.Runtime", "the runtime of a function cannot be changed")
            self.require_active(function.name)
            if "role" in fields:
                self._check_role(fields["role"])
            if "environment" in fields:
                fields["environment"] = {**fields["environment"], **self._settings.extra}
            changed = replace(function, **fields)
            self._platform.update(changed)
            if publish:
                self._versions.publish(changed, "")
            self._begin(
                function.name,
                "Active",
                public_net=public_net or self.state(function.name).public_net,
                stored=stored,
            )
        self._on_role_change()
        return {}

    def _delete(self, parameters: Parameters) -> Response:
        with self._lock:
            function = self.find(parameters)
            parameters.reject_unknown()
            self._platform.delete(function.name)
            self._states.pop(function.name, None)
            self._versions.forget(function.name)
        return {}

    def _poll(self, name: str) -> FunctionState:
        """Return the function's state; each poll brings a change nearer to its end."""
        state = self.state(name)
        if state.polls_left:
            state = replace(state, polls_left=state.polls_left - 1)
            if not state.polls_left:
                state = replace(state, status=state.next_status)
            self._states[name] = state
        return state

    def _begin(self, name: str, next_status: str, **fields: object) -> None:
        state = replace(self.state(name), **fields)  # type: ignore[arg-type]  # fields of FunctionState
        self._states[name] = replace(
            state,
            status="Updating",
            next_status=next_status,
            polls_left=self._settings.polls,
            changed_at_s=self._settings.now(),
        )

    def _check_role(self, role: str) -> None:
        if not role:
            return
        trusts_scf = self._access.trusts_scf(role)
        if trusts_scf is None:
            raise ApiError("ResourceNotFound.Role", f"there is no role {role}")
        # Open in the documents; the strict reading: a role that SCF cannot take is no run role.
        if not trusts_scf:
            raise ApiError("UnauthorizedOperation.Role", f"the role {role} does not trust scf.qcloud.com")

    def _read_code(self, parameters: Parameters) -> bytes:
        settings = self._settings
        return read_code(parameters, appid=settings.appid, region=self._platform.region, read=settings.read)

    def _unpack(self, content: bytes, handler: str) -> tuple[Path, str]:
        folder = self._settings.folder / f"code-{next(self._serial)}"
        unpack(content, folder)
        module = handler.partition(".")[0]
        missing = not (folder / f"{module}.py").is_file()
        return folder, f"the code has no {module}.py" if missing else ""

    def _function(self, name: str, folder: Path, **fields: Any) -> Function:  # noqa: ANN401  # fields of Function
        environment = {**dict(fields.pop("environment", {})), **self._settings.extra}
        return Function(
            name,
            folder,
            python=self._settings.interpreter.path,
            isolated=self._settings.isolated,
            environment=environment,
            **fields,
        )


def check_namespace(parameters: Parameters) -> None:
    """Refuse every namespace but the default one."""
    namespace = parameters.text("Namespace") or NAMESPACE
    if namespace != NAMESPACE:
        raise ApiError("ResourceNotFound.Namespace", f"there is no namespace {namespace}")


def page_of(parameters: Parameters) -> tuple[int, int]:
    """Return Offset and Limit of a list, 0 and 20 where they are not given."""
    offset, limit = parameters.integer("Offset"), parameters.integer("Limit")
    return offset or 0, 20 if limit is None else limit


def _handler(parameters: Parameters) -> str:
    handler = parameters.text("Handler") or ""
    if not limits.HANDLER.fullmatch(handler):
        raise ApiError("InvalidParameterValue.Handler", "a handler is file.function, 2 to 60 letters each")
    return handler


def _matches(function: Function, state: FunctionState, filters: Mapping[str, list[str]]) -> bool:
    values = {**state.stored, "Role": function.role, "Runtime": function.runtime}
    return all(str(values.get(name, "")) in accepted for name, accepted in filters.items())

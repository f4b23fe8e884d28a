"""Steps -> the calls that do them, in order. Each step leaves a state from which a new plan continues.

Sources: SCF API 2018-04-16 and CAM API 2019-01-16, the calls named below; "Function and Layer Status Description"
(read 2026-11-22).
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from typing_extensions import assert_never

from ops.cloud.responses import PolicyCreated, parse
from ops.deploy.plan import (
    AttachPolicy,
    ChangeCode,
    ChangeConfiguration,
    ChangePolicy,
    ChangeRetries,
    ChangeTrust,
    CreateFunction,
    CreatePolicy,
    CreateRole,
    CreateTrigger,
    DetachPolicy,
    MarkRole,
    OpenTrigger,
    RemoveFunction,
    RemovePackage,
    RemovePolicy,
    RemoveRole,
    RemoveTrigger,
    ReplaceTrigger,
    Step,
    UploadPackage,
)
from ops.deploy.remote import read_function
from ops.deploy.resources import MARK, Function, Policy
from ops.errors import CloudError
from ops.progress import waiting
from ops.stack.stack import CosTrigger

POLL_INTERVAL_S = 2.0
MAX_POLLS = 150
BUSY = ("Creating", "Updating", "Publishing", "Deleting")
_MAX_ROLE_TRIES = 10


class Cloud(Protocol):
    """The calls that are made here."""

    def scf(self, action: str, **parameters: object) -> dict[str, Any]:
        """Call SCF."""

    def cam(self, action: str, **parameters: object) -> dict[str, Any]:
        """Call CAM."""

    def put_object(self, bucket: str, key: str, body: bytes) -> str:
        """Store an object."""

    def delete_object(self, bucket: str, key: str) -> None:
        """Remove an object."""


@dataclass(frozen=True, slots=True)
class Target:
    """Which function and role, and where the package is put for SCF to take it."""

    function: str
    namespace: str
    role: str
    code_bucket: str
    package_key: str


class Executor:
    """Does steps on one function. `pause` waits so many seconds between two looks at its status."""

    def __init__(self, cloud: Cloud, *, target: Target, package: bytes, pause: Callable[[float], None]) -> None:
        self._cloud, self._target, self._package, self._pause = cloud, target, package, pause
        self._named = {"FunctionName": target.function, "Namespace": target.namespace}
        self._policy_id = 0
        self._uploaded: set[str] = set()

    def run(self, steps: Iterable[Step], announce: Callable[[Step], object]) -> None:
        """Do all steps; `announce` hears of each before it is done. What was uploaded is removed in any case.

        Raises:
            CloudError: a step failed; those before it are done.
        """
        try:
            for step in steps:
                announce(step)
                self._do(step)
        finally:
            self._remove_uploaded()

    def settle(self) -> None:
        """Wait until no earlier change of the function is under way.

        Raises:
            CloudError: that takes too long.
        """
        self._wait(failed=())

    def _do(self, step: Step) -> None:
        match step:
            case UploadPackage():
                self._upload(step.key)
            case RemovePackage():
                self._cloud.delete_object(self._target.code_bucket, step.key)
                self._uploaded.discard(step.key)
            case CreateRole() | MarkRole() | ChangeTrust() | RemoveRole():
                self._do_role(step)
            case CreatePolicy() | ChangePolicy() | AttachPolicy() | DetachPolicy() | RemovePolicy():
                self._do_policy(step)
            case CreateFunction() | ChangeCode() | ChangeConfiguration() | RemoveFunction():
                self._do_function(step)
            case ChangeRetries():
                config = {"RetryConfig": [{"RetryNum": step.retry.retries}], "MsgTTL": step.retry.message_ttl_s}
                self._cloud.scf("UpdateFunctionEventInvokeConfig", **self._named, AsyncTriggerConfig=config)
            case CreateTrigger() | OpenTrigger() | ReplaceTrigger() | RemoveTrigger():
                self._do_trigger(step)
            case _:
                assert_never(step)

    def _do_role(self, step: CreateRole | MarkRole | ChangeTrust | RemoveRole) -> None:
        role = step.role
        match step:
            case CreateRole():
                self._cloud.cam("CreateRole", RoleName=role.name, PolicyDocument=role.trust, Description=f"{MARK}.")
            case MarkRole():
                self._cloud.cam("UpdateRoleDescription", RoleName=role.name, Description=f"{MARK}.")
            case ChangeTrust():
                self._cloud.cam("UpdateAssumeRolePolicy", RoleName=role.name, PolicyDocument=role.trust)
            case RemoveRole():
                self._cloud.cam("DeleteRole", RoleName=role.name)
            case _:
                assert_never(step)

    def _do_policy(self, step: CreatePolicy | ChangePolicy | AttachPolicy | DetachPolicy | RemovePolicy) -> None:
        policy = step.policy
        document = {"PolicyDocument": policy.document, "Description": f"{MARK}."}
        match step:
            case CreatePolicy():
                answer = self._cloud.cam("CreatePolicy", PolicyName=policy.name, **document)
                self._policy_id = parse(PolicyCreated, answer, call="CAM CreatePolicy").policy_id
            case ChangePolicy():
                self._cloud.cam("UpdatePolicy", PolicyId=self._id_of(policy), **document)
            case AttachPolicy():
                self._cloud.cam("AttachRolePolicy", PolicyId=self._id_of(policy), AttachRoleName=self._target.role)
            case DetachPolicy():
                self._cloud.cam("DetachRolePolicy", PolicyId=self._id_of(policy), DetachRoleName=self._target.role)
            case RemovePolicy():
                self._cloud.cam("DeletePolicy", PolicyId=[self._id_of(policy)])
            case _:
                assert_never(step)

    def _id_of(self, policy: Policy) -> int:
        return policy.policy_id or self._policy_id

    def _do_function(self, step: CreateFunction | ChangeCode | ChangeConfiguration | RemoveFunction) -> None:
        function = step.function
        match step:
            case CreateFunction():
                self._create(function)
                self._wait(failed=("CreateFailed",))
            case ChangeCode():
                code = self._code()
                self._cloud.scf("UpdateFunctionCode", **self._named, Handler=function.handler, **code)
                self._wait(failed=("UpdateFailed",))
                # Only now: an interrupted run must find the old hash, and send the code again. All of it, because
                # the documents do not say what becomes of what is left out.
                self._configure(function)
            case ChangeConfiguration():
                self._configure(function)
            case RemoveFunction():
                self._cloud.scf("DeleteFunction", **self._named)
                self._wait_until_gone()
            case _:
                assert_never(step)

    def _create(self, function: Function) -> None:
        """Create it; SCF may need a moment until it sees a role that was just made."""
        parameters: dict[str, object] = {
            **self._named,
            "Code": self._code(),
            "Handler": function.handler,
            "Runtime": function.runtime,
            "Type": "Event",
            **configuration(function),
        }
        if function.tags:
            parameters["Tags"] = [{"Key": name, "Value": value} for name, value in function.tags]
        if function.async_run:
            parameters |= {"AsyncRunEnable": "TRUE", "TraceEnable": "TRUE"}
        for attempt in range(1, _MAX_ROLE_TRIES + 1):
            try:
                self._cloud.scf("CreateFunction", **parameters)
            except CloudError as error:
                if not error.code.startswith("ResourceNotFound.Role") or attempt == _MAX_ROLE_TRIES:
                    raise
                self._pause(POLL_INTERVAL_S)
            else:
                return

    def _configure(self, function: Function) -> None:
        self._cloud.scf("UpdateFunctionConfiguration", **self._named, **configuration(function))
        self._wait(failed=("UpdateFailed",))

    def _do_trigger(self, step: CreateTrigger | OpenTrigger | ReplaceTrigger | RemoveTrigger) -> None:
        match step:
            case CreateTrigger():
                self._create_trigger(step.trigger)
            case OpenTrigger():
                self._cloud.scf("UpdateTriggerStatus", **self._trigger(step.trigger), Enable="OPEN")
            case ReplaceTrigger():
                self._cloud.scf("DeleteTrigger", **self._trigger(step.old))
                try:
                    self._create_trigger(step.trigger)
                except CloudError:
                    self._create_trigger(step.old)
                    raise
            case RemoveTrigger():
                self._cloud.scf("DeleteTrigger", **self._trigger(step.trigger))
            case _:
                assert_never(step)

    def _create_trigger(self, trigger: CosTrigger) -> None:
        state = "OPEN" if trigger.enabled else "CLOSE"
        self._cloud.scf("CreateTrigger", **self._trigger(replace(trigger, listed_name="")), Enable=state)

    def _trigger(self, trigger: CosTrigger) -> dict[str, object]:
        """Return the parameters by which every call names a trigger."""
        description: dict[str, object] = {"bucketUrl": trigger.host} if trigger.listed_name else {}
        filtered = {"Prefix": trigger.prefix, "Suffix": trigger.suffix}
        description |= {"event": trigger.event, "filter": filtered}
        described = json.dumps(description, separators=(",", ":"), ensure_ascii=False)
        return {
            **self._named,
            "TriggerName": trigger.name,
            "Type": "cos",
            "TriggerDesc": described,
            "Qualifier": trigger.qualifier,
        }

    def _code(self) -> dict[str, str]:
        """Return where SCF finds the uploaded package."""
        name, _, _ = self._target.code_bucket.rpartition("-")
        return {"CosBucketName": name, "CosObjectName": f"/{self._target.package_key}"}

    def _upload(self, key: str) -> None:
        self._uploaded.add(key)  # before the call: an interrupted one may have stored it
        with waiting(f"uploading {len(self._package) / 1e6:.1f} MB to {self._target.code_bucket}"):
            self._cloud.put_object(self._target.code_bucket, key, self._package)

    def _remove_uploaded(self) -> None:
        """Remove a package that an error or Ctrl-C left in the bucket, and hide no error by that."""
        for key in tuple(self._uploaded):
            try:
                self._cloud.delete_object(self._target.code_bucket, key)
            except CloudError:
                continue  # the next run finds and removes it
            self._uploaded.discard(key)

    def _wait(self, *, failed: tuple[str, ...]) -> None:
        """Wait until the function is Active."""
        name = self._target.function
        with waiting(f"waiting for {name}") as line:
            for _ in range(MAX_POLLS):
                function = read_function(self._cloud, name=name, namespace=self._target.namespace)
                status = function.status if function else "Active"
                if status in failed:
                    raise CloudError(
                        f"SCF could not finish the change of {name}: its status is {status}.",
                        remedy="The console says why (function, deployment log). Correct it and run again.",
                        code=status,
                    )
                if status not in BUSY:
                    return
                line.update(status)
                self._pause(POLL_INTERVAL_S)
        raise CloudError(
            f"SCF has not finished the change of {name} in {MAX_POLLS * POLL_INTERVAL_S:.0f} s.",
            remedy="Wait, and run again: it continues with what is left.",
            code="Timeout",
        )

    def _wait_until_gone(self) -> None:
        with waiting(f"waiting until {self._target.function} is gone"):
            for _ in range(MAX_POLLS):
                function = read_function(self._cloud, name=self._target.function, namespace=self._target.namespace)
                if function is None:
                    return
                self._pause(POLL_INTERVAL_S)


def configuration(function: Function) -> dict[str, object]:
    """Return the parameters that CreateFunction and UpdateFunctionConfiguration share."""
    parameters: dict[str, object] = {
        "Description": function.marked_description,
        "MemorySize": function.memory_mb,
        "Timeout": function.timeout_s,
        "InitTimeout": function.init_timeout_s,
        "Role": function.role,
        "Environment": {"Variables": [{"Key": name, "Value": value} for name, value in function.environment]},
        "PublicNetConfig": {
            "PublicNetStatus": "ENABLE" if function.public_access else "DISABLE",
            "EipConfig": {"EipStatus": "DISABLE"},
        },
    }
    if function.dead_letter is not None:
        parameters["DeadLetterConfig"] = {"Type": function.dead_letter.kind, "Name": function.dead_letter.name}
    return parameters

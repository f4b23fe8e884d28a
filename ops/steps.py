"""Steps -> calls that do them, in order. Each leaves a state from which a new plan goes on.

Must not know: how a step was found.
Sources: SCF API 2018-04-16 and CAM API 2019-01-16, the calls named below; "Function and Layer Status Description"
(read 2026-11-22).
"""

from __future__ import annotations

import json
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from ops.deployment import MARK, Function, Policy, Retry, Role
from ops.errors import CloudError
from ops.found import find_function

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ops.diff import Step
    from ops.stack import CosTrigger

LOOK_EVERY_S = 2.0
MOST_LOOKS = 150
ROLE_TRIES = 10
BUSY = ("Creating", "Updating", "Publishing", "Deleting")


class Cloud(Protocol):
    """The calls that are made here."""

    def scf(self, action: str, **parameters: object) -> dict[str, Any]:
        """Ask SCF."""

    def cam(self, action: str, **parameters: object) -> dict[str, Any]:
        """Ask CAM."""

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Store an object."""

    def delete(self, bucket: str, key: str) -> None:
        """Remove an object."""


@dataclass(frozen=True, slots=True)
class Target:
    """Which function and role, and where its code is put for SCF to fetch."""

    function: str
    namespace: str
    role: str
    code_bucket: str
    code_key: str


class Deployer:
    """Does steps on one function. `bucket` holds the code while SCF fetches it; `pause` waits so many seconds."""

    def __init__(self, cloud: Cloud, *, target: Target, code: bytes, pause: Callable[[float], None]) -> None:
        self._cloud, self._target, self._code, self._pause = cloud, target, code, pause
        self._named = {"FunctionName": target.function, "Namespace": target.namespace}
        self._policy_id = 0

    def do(self, steps: Iterable[Step], told: Callable[[Step], object]) -> None:
        """Do them all; `told` hears of each before it is done. Raises CloudError at the first that fails."""
        for step in steps:
            told(step)
            thing = step.thing
            if isinstance(thing, Role):
                self._with_role(step.verb, thing)
            elif isinstance(thing, Policy):
                self._with_policy(step.verb, thing)
            elif isinstance(thing, Function):
                self._with_function(step.verb, thing)
            elif isinstance(thing, Retry):
                config = {"RetryConfig": [{"RetryNum": thing.retries}], "MsgTTL": thing.message_ttl_s}
                self._cloud.scf("UpdateFunctionEventInvokeConfig", **self._named, AsyncTriggerConfig=config)
            else:
                self._with_trigger(step.verb, thing)

    def settle(self) -> None:
        """Wait until no earlier change of the function is under way. Raises CloudError when that takes too long."""
        self._wait(failed=())

    def _with_role(self, verb: str, role: Role) -> None:
        if verb == "create role":
            self._cloud.cam("CreateRole", RoleName=role.name, PolicyDocument=role.trust, Description=f"{MARK}.")
        elif verb == "mark role":
            self._cloud.cam("UpdateRoleDescription", RoleName=role.name, Description=f"{MARK}.")
        elif verb == "change trust":
            self._cloud.cam("UpdateAssumeRolePolicy", RoleName=role.name, PolicyDocument=role.trust)
        else:
            self._cloud.cam("DeleteRole", RoleName=role.name)

    def _with_policy(self, verb: str, policy: Policy) -> None:
        number = policy.policy_id or self._policy_id
        document = {"PolicyDocument": policy.document, "Description": f"{MARK}."}
        if verb == "create policy":
            answer = self._cloud.cam("CreatePolicy", PolicyName=policy.name, **document)
            self._policy_id = int(answer["PolicyId"])
        elif verb == "change policy":
            self._cloud.cam("UpdatePolicy", PolicyId=number, **document)
        elif verb == "attach policy":
            self._cloud.cam("AttachRolePolicy", PolicyId=number, AttachRoleName=self._target.role)
        elif verb == "detach policy":
            self._cloud.cam("DetachRolePolicy", PolicyId=number, DetachRoleName=self._target.role)
        else:
            self._cloud.cam("DeletePolicy", PolicyId=[number])

    def _with_function(self, verb: str, function: Function) -> None:
        if verb == "remove function":
            self._cloud.scf("DeleteFunction", **self._named)
            self._wait_until_gone()
        elif verb == "create function":
            with self._uploaded() as code:
                self._create(function, code)
                self._wait(failed=("CreateFailed",))
        elif verb == "change code":
            with self._uploaded() as code:
                self._cloud.scf("UpdateFunctionCode", **self._named, Handler=function.handler, **code)
                self._wait(failed=("UpdateFailed",))
            # Only now: an interrupted run must find the old hash, and send the code again. All of it, because the
            # documents do not say what becomes of what is left out.
            self._cloud.scf("UpdateFunctionConfiguration", **self._named, **configuration(function))
            self._wait(failed=("UpdateFailed",))
        else:
            self._cloud.scf("UpdateFunctionConfiguration", **self._named, **configuration(function))
            self._wait(failed=("UpdateFailed",))

    def _create(self, function: Function, code: dict[str, str]) -> None:
        """Create it; SCF may need a moment until it sees a role that was just made."""
        tags = {"Tags": [{"Key": name, "Value": value} for name, value in function.tags]} if function.tags else {}
        for tried in range(1, ROLE_TRIES + 1):
            try:
                self._cloud.scf(
                    "CreateFunction",
                    **self._named,
                    Code=code,
                    Handler=function.handler,
                    Runtime=function.runtime,
                    Type="Event",
                    **configuration(function),
                    **tags,
                )
            except CloudError as error:
                if not error.code.startswith("ResourceNotFound.Role") or tried == ROLE_TRIES:
                    raise
                self._pause(LOOK_EVERY_S)
            else:
                return

    def _with_trigger(self, verb: str, trigger: CosTrigger) -> None:
        kept = {"Prefix": trigger.prefix, "Suffix": trigger.suffix}
        described = json.dumps({"event": trigger.event, "filter": kept}, separators=(",", ":"), ensure_ascii=False)
        named = {"TriggerName": trigger.host, "Type": "cos", "TriggerDesc": described, "Qualifier": trigger.qualifier}
        if verb == "create trigger":
            self._cloud.scf("CreateTrigger", **self._named, **named, Enable="OPEN" if trigger.enabled else "CLOSE")
        else:
            self._cloud.scf("DeleteTrigger", **self._named, **named)

    @contextmanager
    def _uploaded(self) -> Iterator[dict[str, str]]:
        """The code in a bucket, as SCF is told of it; gone afterwards, whatever happens."""
        target = self._target
        refused = True  # then that is what is to be told, not that the removal was refused, too
        try:
            self._cloud.put(target.code_bucket, target.code_key, self._code)
            name, _, _ = target.code_bucket.rpartition("-")
            yield {"CosBucketName": name, "CosObjectName": f"/{target.code_key}"}
            refused = False
        finally:
            with suppress(CloudError) if refused else nullcontext():
                self._cloud.delete(target.code_bucket, target.code_key)

    def _wait(self, *, failed: tuple[str, ...]) -> None:
        """Look until the function is Active."""
        for _ in range(MOST_LOOKS):
            function = find_function(self._cloud, name=self._target.function, namespace=self._target.namespace)
            status = function.status if function else "Active"
            if status in failed:
                raise CloudError(
                    f"SCF could not finish the change of {self._target.function}: it is {status}.",
                    remedy="The console says why (function, deployment log). Mend it and run again.",
                    code=status,
                )
            if status not in BUSY:
                return
            self._pause(LOOK_EVERY_S)
        raise CloudError(
            f"SCF has not finished the change of {self._target.function} in {MOST_LOOKS * LOOK_EVERY_S:.0f} s.",
            remedy="Wait, and run again; it goes on from where it is.",
            code="Timeout",
        )

    def _wait_until_gone(self) -> None:
        for _ in range(MOST_LOOKS):
            if find_function(self._cloud, name=self._target.function, namespace=self._target.namespace) is None:
                return
            self._pause(LOOK_EVERY_S)


def configuration(function: Function) -> dict[str, object]:
    """What CreateFunction and UpdateFunctionConfiguration both take."""
    found: dict[str, object] = {
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
        found["DeadLetterConfig"] = {"Type": function.dead_letter.kind, "Name": function.dead_letter.name}
    return found

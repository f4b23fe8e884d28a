"""The cloud -> what is deployed there under the stack's names. It only reads.

Must not know: what is wanted.
Sources: SCF API 2018-04-16 and CAM API 2019-01-16, the calls named below (read 2026-11-22).
"""

from __future__ import annotations

import json
from typing import Any, Protocol

from ops.deployment import MARK, Deployment, Function, Policy, Retry, Role, policy_name, read_mark
from ops.errors import CloudError
from ops.policy import as_text
from ops.stack import CosTrigger, DeadLetter

PAGE = 100
MOST_PAGES = 100


class Reader(Protocol):
    """The calls that are made here."""

    def scf(self, action: str, **parameters: object) -> dict[str, Any]:
        """Ask SCF."""

    def cam(self, action: str, **parameters: object) -> dict[str, Any]:
        """Ask CAM."""


def find_deployment(cloud: Reader, *, name: str, namespace: str, role: str) -> Deployment:
    """What there is of the function, its role and its policy. Raises CloudError."""
    function = find_function(cloud, name=name, namespace=namespace)
    found = find_role(cloud, role)
    attached = _attached(cloud, role) if found else ()
    policy = _policy(cloud, policy_name(role), attached)
    ours = policy.policy_id if policy else 0
    triggers = _triggers(cloud, name, namespace) if function else []
    return Deployment(
        role=found and Role(found.name, found.trust, found.is_ours, _others(attached, ours)),
        policy=policy,
        function=function,
        retry=find_retry(cloud, name=name, namespace=namespace) if function else None,
        triggers=tuple(read_trigger(one) for one in triggers if one["Type"] == "cos"),
        foreign_triggers=tuple(str(one["Type"]) for one in triggers if one["Type"] != "cos"),
    )


def find_function(cloud: Reader, *, name: str, namespace: str) -> Function | None:
    """The function, None where there is none. Raises CloudError."""
    try:
        found = cloud.scf("GetFunction", FunctionName=name, Namespace=namespace)
    except CloudError as error:
        if error.code.startswith("ResourceNotFound.Function"):
            return None
        raise
    mark = read_mark(found.get("Description") or "")
    text, code = mark or (found.get("Description") or "", "")
    queue = found.get("DeadLetterConfig") or {}
    variables = (found.get("Environment") or {}).get("Variables") or []
    return Function(
        name=name,
        namespace=namespace,
        code=code,
        handler=found.get("Handler") or "",
        runtime=found.get("Runtime") or "",
        role=found.get("Role") or "",
        description=text,
        memory_mb=found.get("MemorySize") or 0,
        timeout_s=found.get("Timeout") or 0,
        init_timeout_s=found.get("InitTimeout") or 0,
        public_access=(found.get("PublicNetConfig") or {}).get("PublicNetStatus") != "DISABLE",
        dead_letter=DeadLetter(queue["Type"], queue["Name"]) if queue.get("Name") else None,
        environment=tuple(sorted((one["Key"], one["Value"]) for one in variables)),
        tags=tuple(sorted((one["Key"], one["Value"]) for one in found.get("Tags") or [])),
        status=found.get("Status") or "Active",
        is_ours=mark is not None,
    )


def find_role(cloud: Reader, name: str) -> Role | None:
    """The role, None where there is none. Raises CloudError."""
    try:
        found = cloud.cam("GetRole", RoleName=name)["RoleInfo"]
    except CloudError as error:
        if error.code == "InvalidParameter.RoleNotExist":
            return None
        raise
    return Role(name, as_text(json.loads(found["PolicyDocument"])), MARK in (found.get("Description") or ""))


def find_retry(cloud: Reader, *, name: str, namespace: str) -> Retry:
    """How the function's events are delivered again. Raises CloudError."""
    found = cloud.scf("GetFunctionEventInvokeConfig", FunctionName=name, Namespace=namespace)["AsyncTriggerConfig"]
    numbers = found.get("RetryConfig") or [{"RetryNum": 0}]
    return Retry(int(numbers[0]["RetryNum"]), int(found["MsgTTL"]))


def find_statements(cloud: Reader, role: str) -> list[dict[str, Any]]:
    """All rules of all policies attached to a role. Raises CloudError."""
    rules: list[dict[str, Any]] = []
    for one in _attached(cloud, role):
        document = json.loads(cloud.cam("GetPolicy", PolicyId=one["PolicyId"])["PolicyDocument"])
        statement = document.get("statement", [])
        rules += statement if isinstance(statement, list) else [statement]
    return rules


def read_trigger(found: dict[str, Any]) -> CosTrigger:
    """A COS trigger as the API gives it. The suffix and prefix it leaves out are empty."""
    described = json.loads(found["TriggerDesc"])
    kept = described.get("filter") or {}
    host = found["TriggerName"]
    return CosTrigger(
        host=host,
        bucket=host.partition(".cos.")[0],
        event=described.get("event") or "",
        prefix=kept.get("Prefix") or "",
        suffix=kept.get("Suffix") or "",
        enabled=found.get("Enable") in {1, "OPEN"},
        qualifier=found.get("Qualifier") or "$DEFAULT",
    )


def _policy(cloud: Reader, name: str, attached: tuple[dict[str, Any], ...]) -> Policy | None:
    for page in range(1, MOST_PAGES):
        listed = cloud.cam("ListPolicies", Keyword=name, Scope="Local", Page=page, Rp=PAGE)["List"]
        for one in listed:
            if one["PolicyName"] == name:
                number = int(one["PolicyId"])
                found = cloud.cam("GetPolicy", PolicyId=number)
                return Policy(
                    name=name,
                    document=as_text(json.loads(found["PolicyDocument"])),
                    is_attached=any(int(other["PolicyId"]) == number for other in attached),
                    is_ours=MARK in (found.get("Description") or ""),
                    policy_id=number,
                )
        if len(listed) < PAGE:
            break
    return None


def _attached(cloud: Reader, role: str) -> tuple[dict[str, Any], ...]:
    return tuple(cloud.cam("ListAttachedRolePolicies", RoleName=role, Page=1, Rp=PAGE)["List"])


def _others(attached: tuple[dict[str, Any], ...], ours: int) -> tuple[str, ...]:
    return tuple(str(one["PolicyName"]) for one in attached if int(one["PolicyId"]) != ours)


def _triggers(cloud: Reader, name: str, namespace: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = cloud.scf("ListTriggers", FunctionName=name, Namespace=namespace, Offset=len(found), Limit=PAGE)
        found += page["Triggers"]
        if len(found) >= page["TotalCount"] or not page["Triggers"]:
            return found

"""The cloud -> the resources that exist there under the names of serverless.yml. It only reads.

Every function here raises CloudError where a call is refused or its answer cannot be understood.
Sources: SCF API 2018-04-16 and CAM API 2019-01-16, the calls named below (read 2026-11-22).
"""

from typing import Any

from ops.cloud.account import Api, cos_triggers, list_triggers
from ops.cloud.responses import (
    FunctionResponse,
    InvokeConfigResponse,
    PoliciesResponse,
    PolicyName,
    PolicyResponse,
    RoleResponse,
    parse,
)
from ops.deploy.policy import as_text
from ops.deploy.resources import MARK, Function, Policy, RemoteState, Retry, Role, policy_name, read_mark
from ops.errors import CloudError
from ops.stack.stack import DeadLetter

_PAGE = 100
_MAX_PAGES = 100


def read_remote_state(cloud: Api, *, name: str, namespace: str, role: str) -> RemoteState:
    """Return the function, its role, its policy and its triggers, as far as they exist."""
    function = read_function(cloud, name=name, namespace=namespace)
    found_role = _read_role(cloud, role)
    attached = _list_attached(cloud, role) if found_role else ()
    policy = _read_policy(cloud, policy_name(role), attached)
    own_id = policy.policy_id if policy else 0
    foreign = tuple(entry.name for entry in attached if entry.policy_id != own_id)
    triggers = list_triggers(cloud, name=name, namespace=namespace) if function else []
    return RemoteState(
        role=found_role and Role(found_role.name, found_role.trust, found_role.is_ours, foreign),
        policy=policy,
        function=function,
        retry=_read_retry(cloud, name=name, namespace=namespace) if function else None,
        triggers=cos_triggers(triggers),
        foreign_triggers=tuple(trigger.type for trigger in triggers if trigger.type != "cos"),
    )


def read_function(cloud: Api, *, name: str, namespace: str) -> Function | None:
    """Return the function, or None where there is none."""
    try:
        answer = cloud.scf("GetFunction", FunctionName=name, Namespace=namespace)
    except CloudError as error:
        if error.code.startswith("ResourceNotFound.Function"):
            return None
        raise
    response = parse(FunctionResponse, answer, call="SCF GetFunction")
    mark = read_mark(response.description)
    text, code = mark or (response.description, "")
    queue = response.dead_letter
    return Function(
        name=name,
        namespace=namespace,
        code=code,
        handler=response.handler,
        runtime=response.runtime,
        role=response.role,
        description=text,
        memory_mb=response.memory_mb,
        timeout_s=response.timeout_s,
        init_timeout_s=response.init_timeout_s,
        public_access=response.public_net.status != "DISABLE",
        async_run=response.async_run == "TRUE",
        dead_letter=DeadLetter(queue.type, queue.name) if queue.name else None,
        environment=tuple(sorted((pair.key, pair.value) for pair in response.environment.variables)),
        tags=tuple(sorted((tag.key, tag.value) for tag in response.tags)),
        status=response.status,
        is_ours=mark is not None,
    )


def read_statements(cloud: Api, role: str) -> list[dict[str, Any]]:
    """Return all statements of all policies that are attached to a role."""
    statements: list[dict[str, Any]] = []
    for entry in _list_attached(cloud, role):
        answer = cloud.cam("GetPolicy", PolicyId=entry.policy_id)
        statement = parse(PolicyResponse, answer, call="CAM GetPolicy").document.get("statement", [])
        listed = statement if isinstance(statement, list) else [statement]
        statements += [entry for entry in listed if isinstance(entry, dict)]
    return statements


def _read_role(cloud: Api, name: str) -> Role | None:
    try:
        answer = cloud.cam("GetRole", RoleName=name)
    except CloudError as error:
        if error.code == "InvalidParameter.RoleNotExist":
            return None
        raise
    response = parse(RoleResponse, answer, call="CAM GetRole").role
    return Role(name, as_text(response.trust), MARK in response.description)


def _read_retry(cloud: Api, *, name: str, namespace: str) -> Retry:
    answer = cloud.scf("GetFunctionEventInvokeConfig", FunctionName=name, Namespace=namespace)
    config = parse(InvokeConfigResponse, answer, call="SCF GetFunctionEventInvokeConfig").config
    return Retry(config.retries, config.message_ttl_s)


def _read_policy(cloud: Api, name: str, attached: tuple[PolicyName, ...]) -> Policy | None:
    for page in range(1, _MAX_PAGES):
        answer = cloud.cam("ListPolicies", Keyword=name, Scope="Local", Page=page, Rp=_PAGE)
        listed = parse(PoliciesResponse, answer, call="CAM ListPolicies").policies
        for entry in listed:
            if entry.name == name:
                answer = cloud.cam("GetPolicy", PolicyId=entry.policy_id)
                response = parse(PolicyResponse, answer, call="CAM GetPolicy")
                return Policy(
                    name=name,
                    document=as_text(response.document),
                    is_attached=any(other.policy_id == entry.policy_id for other in attached),
                    is_ours=MARK in response.description,
                    policy_id=entry.policy_id,
                )
        if len(listed) < _PAGE:
            break
    return None


def _list_attached(cloud: Api, role: str) -> tuple[PolicyName, ...]:
    answer = cloud.cam("ListAttachedRolePolicies", RoleName=role, Page=1, Rp=_PAGE)
    return parse(PoliciesResponse, answer, call="CAM ListAttachedRolePolicies").policies

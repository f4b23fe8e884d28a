"""Roles and the policies attached to them, as CAM's API has them.

Source: CAM API 2019-01-16, CreateRole, GetRole, AttachRolePolicy and their error codes (read 2026-11-22).
"""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from emulator.control.errors import ApiError
from emulator.control.parameters import Actions, Parameters, Response
from emulator.control.policies import CustomPolicy, Policies, checked_name, summarize_policy

_SERVICE = "scf.qcloud.com"
_FIRST_ID = 4611686018400000001


@dataclass(frozen=True, slots=True)
class Role:
    """A role; `trust` is the text of its trust policy, `attached` holds policy ids."""

    role_id: str
    name: str
    trust: str
    description: str
    attached: tuple[int, ...] = ()


class AccessManagement:
    """CAM's roles and policies. Safe across threads. `on_change` follows each change of what a role may do."""

    def __init__(self, *, appid: str, uin: str, on_change: Callable[[], None]) -> None:
        self._appid, self._uin = appid, uin
        self._on_change = on_change
        self._lock = threading.RLock()
        self._roles: dict[str, Role] = {}
        self._next_id = _FIRST_ID
        self._policies = Policies(is_attached=self._is_attached, on_change=on_change)
        self.actions: Actions = {
            "GetUserAppId": self._get_user_appid,
            "CreateRole": self._create_role,
            "GetRole": self._get_role,
            "DeleteRole": self._delete_role,
            "UpdateAssumeRolePolicy": self._update_trust,
            "UpdateRoleDescription": self._update_description,
            "AttachRolePolicy": self._attach,
            "DetachRolePolicy": self._detach,
            "ListAttachedRolePolicies": self._list_attached,
            **self._policies.actions,
        }

    @property
    def roles(self) -> tuple[Role, ...]:
        """Every role."""
        with self._lock:
            return tuple(self._roles.values())

    @property
    def policies(self) -> tuple[CustomPolicy, ...]:
        """Every policy of the account's own."""
        return self._policies.all

    def statements(self, name: str) -> list[object]:
        """Return all rules of all policies attached to a role; none for a role that does not exist."""
        with self._lock:
            role = self._roles.get(name)
            attached = role.attached if role else ()
            documents = [json.loads(self._policies.by_id(policy_id).document) for policy_id in attached]
        return [rule for document in documents for rule in _as_list(document["statement"])]

    def trusts_scf(self, name: str) -> bool | None:
        """Return whether SCF may take the role; None for a role that does not exist."""
        return self._trusts(name, "service", {_SERVICE})

    def trusts_account(self, name: str) -> bool | None:
        """Return whether the account itself may take the role; None for a role that does not exist."""
        return self._trusts(
            name, "qcs", {f"qcs::cam::uin/{self._uin}:root", f"qcs::cam::uin/{self._uin}:uin/{self._uin}"}
        )

    def _trusts(self, name: str, kind: str, accepted: set[str]) -> bool | None:
        with self._lock:
            role = self._roles.get(name)
        if role is None:
            return None
        for rule in _as_list(json.loads(role.trust)["statement"]):
            principal = rule.get("principal", {}) if isinstance(rule, dict) else {}
            if accepted.intersection(map(str, _as_list(principal.get(kind, [])))):
                return True
        return False

    # Roles

    def _get_user_appid(self, _: Parameters) -> Response:
        return {"Uin": self._uin, "OwnerUin": self._uin, "AppId": int(self._appid)}

    def _create_role(self, parameters: Parameters) -> Response:
        name = checked_name(parameters.required("RoleName"), "RoleNameError")
        trust = _trust(parameters.required("PolicyDocument"))
        description = parameters.text("Description") or ""
        parameters.reject_unknown()
        with self._lock:
            if name in self._roles:
                raise ApiError("InvalidParameter.RoleNameInUse", f"there is a role {name} already")
            role = self._roles[name] = Role(str(self._next_id), name, trust, description)
            self._next_id += 1
        return {"RoleId": role.role_id}

    def _get_role(self, parameters: Parameters) -> Response:
        role = self._role(parameters)
        parameters.reject_unknown()
        return {
            "RoleInfo": {
                "RoleId": role.role_id,
                "RoleName": role.name,
                "PolicyDocument": role.trust,
                "Description": role.description,
                "ConsoleLogin": 0,
                "RoleType": "user",
                "SessionDuration": 7200,
                "Tags": [],
            }
        }

    def _delete_role(self, parameters: Parameters) -> Response:
        with self._lock:
            role = self._role(parameters)
            parameters.reject_unknown()
            # Open in the documents; the strict reading: what is attached has to be detached first.
            if role.attached:
                raise ApiError("FailedOperation", f"policies are attached to the role {role.name}")
            del self._roles[role.name]
        return {}

    def _update_trust(self, parameters: Parameters) -> Response:
        trust = _trust(parameters.required("PolicyDocument"))
        return self._replace(parameters, trust=trust)

    def _update_description(self, parameters: Parameters) -> Response:
        description = parameters.required("Description")
        return self._replace(parameters, description=description)

    def _replace(self, parameters: Parameters, **fields: str) -> Response:
        with self._lock:
            role = self._role(parameters)
            parameters.reject_unknown()
            self._roles[role.name] = replace(role, **fields)  # type: ignore[arg-type]  # both are texts
        return {}

    # Attached policies

    def _attach(self, parameters: Parameters) -> Response:
        return self._change_attached(
            parameters, "AttachRoleName", lambda attached, new: (*(old for old in attached if old != new), new)
        )

    def _detach(self, parameters: Parameters) -> Response:
        return self._change_attached(
            parameters, "DetachRoleName", lambda attached, detached: tuple(old for old in attached if old != detached)
        )

    def _change_attached(
        self, parameters: Parameters, role_field: str, change: Callable[[tuple[int, ...], int], tuple[int, ...]]
    ) -> Response:
        role_name, policy_id = parameters.required(role_field), parameters.integer("PolicyId")
        # The API: one of PolicyId and PolicyName is required.
        policy_name = parameters.text("PolicyName")
        parameters.reject_unknown()
        with self._lock:
            role = self._by_name(role_name)
            by_name = policy_id is None and policy_name is not None
            policy = self._policies.by_name(policy_name or "") if by_name else self._policies.by_id(policy_id)
            self._roles[role_name] = replace(role, attached=change(role.attached, policy.policy_id))
        self._on_change()
        return {}

    def _list_attached(self, parameters: Parameters) -> Response:
        page, size = parameters.integer("Page"), parameters.integer("Rp")
        role = self._role(parameters)
        parameters.reject_unknown()
        if page is None or size is None:
            raise ApiError("MissingParameter", "Page and Rp are required")
        listed = role.attached[(page - 1) * size : page * size]
        entries = [{**summarize_policy(self._policies.by_id(policy_id)), "PolicyType": "User"} for policy_id in listed]
        return {"List": entries, "TotalNum": len(role.attached)}

    def _is_attached(self, policy_id: int) -> bool:
        return any(policy_id in role.attached for role in self.roles)

    def _role(self, parameters: Parameters) -> Role:
        return self._by_name(parameters.required("RoleName"))

    def _by_name(self, name: str) -> Role:
        with self._lock:
            if name not in self._roles:
                raise ApiError("InvalidParameter.RoleNotExist", f"there is no role {name}")
            return self._roles[name]


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _trust(text: str) -> str:
    try:
        document = json.loads(text)
        rules = _as_list(document["statement"])
        is_trust = document["version"] == "2.0" and all(
            rule["action"] == "name/sts:AssumeRole" and rule["effect"] in {"allow", "deny"} and rule["principal"]
            for rule in rules
            if isinstance(rule, dict)
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ApiError("InvalidParameter.PolicyDocumentError", "not a trust policy of version 2.0") from error
    if not is_trust or not rules:
        raise ApiError(
            "InvalidParameter.PolicyDocumentError", "a trust policy allows name/sts:AssumeRole to a principal"
        )
    return text

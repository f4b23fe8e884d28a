"""Roles and what is attached to them, as CAM's API has them.

Gives a role's rules; does not decide what they allow.
Source: CAM API 2019-01-16, CreateRole, GetRole, AttachRolePolicy and their error codes (read 2026-11-22).
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from emulator.api.parameters import Parameters
from emulator.api.policies import CustomPolicy, Policies, checked_name, in_list
from emulator.api.refusal import ApiRefusal

Answer = Mapping[str, object]

_SERVICE: Final = "scf.qcloud.com"
_FIRST: Final = 4611686018400000001


@dataclass(frozen=True, slots=True)
class Role:
    """A role; `trust` is the text of its trust policy, `attached` holds policy ids."""

    role_id: str
    name: str
    trust: str
    description: str
    attached: tuple[int, ...] = ()


class Access:
    """CAM's books. Safe across threads. `changed` is called after each change of what a role may do."""

    def __init__(self, *, appid: str, uin: str, changed: Callable[[], None]) -> None:
        self._appid, self._uin = appid, uin
        self._changed = changed
        self._lock = threading.RLock()
        self._roles: dict[str, Role] = {}
        self._serial = _FIRST
        self._policies = Policies(is_attached=self._is_attached, changed=changed)
        self.actions: dict[str, Callable[[Parameters], Answer]] = {
            "GetUserAppId": self._whoami,
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

    def statements(self, role: str) -> list[object]:
        """All rules of all policies attached to a role; none for a role that is not there."""
        with self._lock:
            found = self._roles.get(role)
            documents = [json.loads(self._policies.numbered(one).document) for one in found.attached] if found else []
        return [rule for document in documents for rule in _listed(document["statement"])]

    def lets_scf_in(self, role: str) -> bool | None:
        """Whether SCF may take the role; None for a role that is not there."""
        with self._lock:
            found = self._roles.get(role)
        if found is None:
            return None
        for rule in _listed(json.loads(found.trust)["statement"]):
            principal = rule.get("principal", {}) if isinstance(rule, dict) else {}
            if _SERVICE in _listed(principal.get("service", [])):
                return True
        return False

    # Roles

    def _whoami(self, _: Parameters) -> Answer:
        return {"Uin": self._uin, "OwnerUin": self._uin, "AppId": int(self._appid)}

    def _create_role(self, asked: Parameters) -> Answer:
        name, trust = checked_name(asked.needed("RoleName"), "RoleNameError"), _trust(asked.needed("PolicyDocument"))
        description = asked.text("Description") or ""
        asked.finish()
        with self._lock:
            if name in self._roles:
                raise ApiRefusal("InvalidParameter.RoleNameInUse", f"there is a role {name} already")
            role = self._roles[name] = Role(str(self._serial), name, trust, description)
            self._serial += 1
        return {"RoleId": role.role_id}

    def _get_role(self, asked: Parameters) -> Answer:
        role = self._role(asked)
        asked.finish()
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

    def _delete_role(self, asked: Parameters) -> Answer:
        with self._lock:
            role = self._role(asked)
            asked.finish()
            # Open in the documents; the strict reading: what is attached has to be detached first.
            if role.attached:
                raise ApiRefusal("FailedOperation", f"policies are attached to the role {role.name}")
            del self._roles[role.name]
        return {}

    def _update_trust(self, asked: Parameters) -> Answer:
        trust = _trust(asked.needed("PolicyDocument"))
        return self._replace(asked, trust=trust)

    def _update_description(self, asked: Parameters) -> Answer:
        description = asked.needed("Description")
        return self._replace(asked, description=description)

    def _replace(self, asked: Parameters, **fields: str) -> Answer:
        with self._lock:
            role = self._role(asked)
            asked.finish()
            self._roles[role.name] = replace(role, **fields)  # type: ignore[arg-type]  # both are texts
        return {}

    # What is attached

    def _attach(self, asked: Parameters) -> Answer:
        return self._set_attached(asked, "AttachRoleName", lambda held, one: (*(x for x in held if x != one), one))

    def _detach(self, asked: Parameters) -> Answer:
        return self._set_attached(asked, "DetachRoleName", lambda held, one: tuple(x for x in held if x != one))

    def _set_attached(
        self, asked: Parameters, which: str, change: Callable[[tuple[int, ...], int], tuple[int, ...]]
    ) -> Answer:
        name, number = asked.needed(which), asked.number("PolicyId")
        asked.finish()
        with self._lock:
            role, policy = self._named(name), self._policies.numbered(number)
            self._roles[name] = replace(role, attached=change(role.attached, policy.policy_id))
        self._changed()
        return {}

    def _list_attached(self, asked: Parameters) -> Answer:
        page, size = asked.number("Page"), asked.number("Rp")
        role = self._role(asked)
        asked.finish()
        if page is None or size is None:
            raise ApiRefusal("MissingParameter", "Page and Rp are required")
        shown = role.attached[(page - 1) * size : page * size]
        found = [{**in_list(self._policies.numbered(one)), "PolicyType": "User"} for one in shown]
        return {"List": found, "TotalNum": len(role.attached)}

    # The books

    def _is_attached(self, number: int) -> bool:
        return any(number in role.attached for role in self.roles)

    def _role(self, asked: Parameters) -> Role:
        return self._named(asked.needed("RoleName"))

    def _named(self, name: str) -> Role:
        with self._lock:
            if name not in self._roles:
                raise ApiRefusal("InvalidParameter.RoleNotExist", f"there is no role {name}")
            return self._roles[name]


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _trust(text: str) -> str:
    try:
        document = json.loads(text)
        rules = _listed(document["statement"])
        good = document["version"] == "2.0" and all(
            rule["action"] == "name/sts:AssumeRole" and rule["effect"] in {"allow", "deny"} and rule["principal"]
            for rule in rules
            if isinstance(rule, dict)
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ApiRefusal("InvalidParameter.PolicyDocumentError", "not a trust policy of version 2.0") from error
    if not good or not rules:
        raise ApiRefusal(
            "InvalidParameter.PolicyDocumentError", "a trust policy allows name/sts:AssumeRole to a principal"
        )
    return text

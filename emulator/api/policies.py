"""Policies of the account's own, as CAM's API has them. What one allows is for others to say.

Source: CAM API 2019-01-16, CreatePolicy, GetPolicy, ListPolicies and their error codes (read 2026-11-22).
"""

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from emulator.api.parameters import Parameters
from emulator.api.refusal import ApiRefusal
from emulator.cam import read_policy

Answer = Mapping[str, object]

_NAME: Final = re.compile(r"[A-Za-z0-9+=,.@_-]{1,128}")
_FIRST: Final = 100_000_001


@dataclass(frozen=True, slots=True)
class CustomPolicy:
    """A policy of the account's own; `document` is its text."""

    policy_id: int
    name: str
    document: str
    description: str


class Policies:
    """The books of policies. `is_attached` says whether a role has one; `changed` is called after a change of rules."""

    def __init__(self, *, is_attached: Callable[[int], bool], changed: Callable[[], None]) -> None:
        self._is_attached, self._changed = is_attached, changed
        self._lock = threading.RLock()
        self._policies: dict[int, CustomPolicy] = {}
        self._serial = _FIRST
        self.actions: dict[str, Callable[[Parameters], Answer]] = {
            "CreatePolicy": self._create_policy,
            "GetPolicy": self._get_policy,
            "ListPolicies": self._list_policies,
            "UpdatePolicy": self._update_policy,
            "DeletePolicy": self._delete_policy,
        }

    @property
    def all(self) -> tuple[CustomPolicy, ...]:
        """Every policy of the account's own."""
        with self._lock:
            return tuple(self._policies.values())

    def numbered(self, number: int | None) -> CustomPolicy:
        """The policy of that id. Raises ApiRefusal where there is none."""
        with self._lock:
            if number is None:
                raise ApiRefusal("MissingParameter", "PolicyId is required")
            if number not in self._policies:
                raise ApiRefusal("ResourceNotFound.PolicyIdNotFound", f"there is no policy {number}")
            return self._policies[number]

    def _create_policy(self, asked: Parameters) -> Answer:
        name, document = (
            checked_name(asked.needed("PolicyName"), "PolicyNameError"),
            _document(asked.needed("PolicyDocument")),
        )
        description = asked.text("Description") or ""
        asked.finish()
        with self._lock:
            if any(policy.name == name for policy in self._policies.values()):
                raise ApiRefusal("FailedOperation.PolicyNameInUse", f"there is a policy {name} already")
            policy = self._policies[self._serial] = CustomPolicy(self._serial, name, document, description)
            self._serial += 1
        return {"PolicyId": policy.policy_id}

    def _get_policy(self, asked: Parameters) -> Answer:
        policy = self.numbered(asked.number("PolicyId"))
        asked.finish()
        return {
            "PolicyName": policy.name,
            "Description": policy.description,
            "Type": 1,
            "PolicyDocument": policy.document,
            "IsServiceLinkedRolePolicy": 0,
        }

    def _list_policies(self, asked: Parameters) -> Answer:
        page, size = asked.number("Page") or 1, asked.number("Rp") or 20
        keyword, scope = asked.text("Keyword") or "", asked.text("Scope") or "All"
        asked.finish()
        if not 0 < size <= 200 or not 0 < page <= 200 or scope not in {"All", "QCS", "Local"}:  # noqa: PLR2004  # "1 to 200"
            raise ApiRefusal("InvalidParameter.ParamError", "Page and Rp are 1 to 200, Scope is All, QCS or Local")
        found = [policy for policy in self.all if keyword in policy.name and scope != "QCS"]
        shown = found[(page - 1) * size : page * size]
        return {"TotalNum": len(found), "List": [in_list(policy) for policy in shown], "ServiceTypeList": []}

    def _update_policy(self, asked: Parameters) -> Answer:
        document, description = asked.text("PolicyDocument"), asked.text("Description")
        number = asked.number("PolicyId")
        asked.finish()
        with self._lock:
            policy = self.numbered(number)
            self._policies[policy.policy_id] = replace(
                policy,
                document=policy.document if document is None else _document(document),
                description=policy.description if description is None else description,
            )
        self._changed()
        return {}

    def _delete_policy(self, asked: Parameters) -> Answer:
        numbers = asked.numbers("PolicyId")
        asked.finish()
        with self._lock:
            for number in numbers:
                name = self.numbered(number).name
                # Open in the documents; the strict reading, as for roles.
                if self._is_attached(number):
                    raise ApiRefusal("FailedOperation", f"the policy {name} is attached to a role")
            for number in numbers:
                del self._policies[number]
        return {}


def in_list(policy: CustomPolicy) -> dict[str, object]:
    """What a list has of a policy."""
    return {
        "PolicyId": policy.policy_id,
        "PolicyName": policy.name,
        "Description": policy.description,
        "Type": 1,
        "CreateMode": 2,
    }


def checked_name(name: str, code: str) -> str:
    """The name of a role or a policy, if it can be one. Raises ApiRefusal with the code."""
    # CAM allows letters, digits and a few signs, "1 to 128 characters" of them
    if not _NAME.fullmatch(name):
        raise ApiRefusal(f"InvalidParameter.{code}", "a name has 1 to 128 letters, digits and +=,.@-_")
    return name


def _document(text: str) -> str:
    try:
        read_policy(json.loads(text))
    except ValueError as error:
        raise ApiRefusal("InvalidParameter.PolicyDocumentError", str(error)) from error
    return text

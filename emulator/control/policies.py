"""Policies of the account's own, as CAM's API has them.

Source: CAM API 2019-01-16, CreatePolicy, GetPolicy, ListPolicies and their error codes (read 2026-11-22).
"""

import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from emulator.control.errors import ApiError
from emulator.control.parameters import Actions, Parameters, Response
from emulator.identity.policy import read_policy

_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{1,128}")
_FIRST_ID = 100_000_001
_MAX_PAGE = 200


@dataclass(frozen=True, slots=True)
class CustomPolicy:
    """A policy of the account's own; `document` is its text."""

    policy_id: int
    name: str
    document: str
    description: str


class Policies:
    """The account's own policies. `is_attached` says whether a role has one; `on_change` follows a change of rules."""

    def __init__(self, *, is_attached: Callable[[int], bool], on_change: Callable[[], None]) -> None:
        self._is_attached, self._on_change = is_attached, on_change
        self._lock = threading.RLock()
        self._policies: dict[int, CustomPolicy] = {}
        self._next_id = _FIRST_ID
        self.actions: Actions = {
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

    def by_id(self, policy_id: int | None) -> CustomPolicy:
        """Return the policy of that id.

        Raises:
            ApiError: there is none.
        """
        with self._lock:
            if policy_id is None:
                raise ApiError("MissingParameter", "PolicyId is required")
            if policy_id not in self._policies:
                raise ApiError("ResourceNotFound.PolicyIdNotFound", f"there is no policy {policy_id}")
            return self._policies[policy_id]

    def by_name(self, name: str) -> CustomPolicy:
        """Return the policy of that name.

        Raises:
            ApiError: there is none.
        """
        policy = next((policy for policy in self.all if policy.name == name), None)
        if policy is None:
            raise ApiError("ResourceNotFound.PolicyIdNotFound", f"there is no policy {name}")
        return policy

    def _create_policy(self, parameters: Parameters) -> Response:
        name = checked_name(parameters.required("PolicyName"), "PolicyNameError")
        document = _document(parameters.required("PolicyDocument"))
        description = parameters.text("Description") or ""
        parameters.reject_unknown()
        with self._lock:
            if any(policy.name == name for policy in self._policies.values()):
                raise ApiError("FailedOperation.PolicyNameInUse", f"there is a policy {name} already")
            policy = self._policies[self._next_id] = CustomPolicy(self._next_id, name, document, description)
            self._next_id += 1
        return {"PolicyId": policy.policy_id}

    def _get_policy(self, parameters: Parameters) -> Response:
        policy = self.by_id(parameters.integer("PolicyId"))
        parameters.reject_unknown()
        return {
            "PolicyName": policy.name,
            "Description": policy.description,
            "Type": 1,
            "PolicyDocument": policy.document,
            "IsServiceLinkedRolePolicy": 0,
        }

    def _list_policies(self, parameters: Parameters) -> Response:
        page, size = parameters.integer("Page") or 1, parameters.integer("Rp") or 20
        keyword, scope = parameters.text("Keyword") or "", parameters.text("Scope") or "All"
        parameters.reject_unknown()
        if not 0 < size <= _MAX_PAGE or not 0 < page <= _MAX_PAGE or scope not in {"All", "QCS", "Local"}:
            raise ApiError("InvalidParameter.ParamError", "Page and Rp are 1 to 200, Scope is All, QCS or Local")
        policies = [policy for policy in self.all if keyword in policy.name and scope != "QCS"]
        listed = policies[(page - 1) * size : page * size]
        return {
            "TotalNum": len(policies),
            "List": [summarize_policy(policy) for policy in listed],
            "ServiceTypeList": [],
        }

    def _update_policy(self, parameters: Parameters) -> Response:
        document, description = parameters.text("PolicyDocument"), parameters.text("Description")
        policy_id = parameters.integer("PolicyId")
        parameters.reject_unknown()
        with self._lock:
            policy = self.by_id(policy_id)
            self._policies[policy.policy_id] = replace(
                policy,
                document=policy.document if document is None else _document(document),
                description=policy.description if description is None else description,
            )
        self._on_change()
        return {}

    def _delete_policy(self, parameters: Parameters) -> Response:
        policy_ids = parameters.integers("PolicyId")
        parameters.reject_unknown()
        with self._lock:
            for policy_id in policy_ids:
                name = self.by_id(policy_id).name
                # Open in the documents; the strict reading, as for roles.
                if self._is_attached(policy_id):
                    raise ApiError("FailedOperation", f"the policy {name} is attached to a role")
            for policy_id in policy_ids:
                del self._policies[policy_id]
        return {}


def summarize_policy(policy: CustomPolicy) -> dict[str, object]:
    """Return a policy's entry in a list."""
    return {
        "PolicyId": policy.policy_id,
        "PolicyName": policy.name,
        "Description": policy.description,
        "Type": 1,
        "CreateMode": 2,
    }


def checked_name(name: str, code: str) -> str:
    """Return the name of a role or a policy, if it can be one.

    Raises:
        ApiError: it cannot; with the code.
    """
    # CAM allows letters, digits and a few signs, "1 to 128 characters" of them
    if not _NAME.fullmatch(name):
        raise ApiError(f"InvalidParameter.{code}", "a name has 1 to 128 letters, digits and +=,.@-_")
    return name


def _document(text: str) -> str:
    try:
        read_policy(json.loads(text))
    except ValueError as error:
        raise ApiError("InvalidParameter.PolicyDocumentError", str(error)) from error
    return text

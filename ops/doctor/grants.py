"""Statements of a CAM policy, an action and a resource -> is it allowed. Deny wins over allow; no statement means no.

Source: CAM's policy syntax (read 2026-11-22).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ops.deploy.plan import as_list


def allows(statements: Sequence[Mapping[str, Any]], action: str, resource: str) -> bool:
    """Return whether these statements allow the action on the resource.

    A statement with a condition allows nothing here, and denies as if the condition held: it depends on the call.
    """
    effects = {
        str(statement.get("effect")).lower()
        for statement in statements
        if _covers(statement, action, resource) and not (statement.get("condition") and _is_allow(statement))
    }
    return effects == {"allow"}


def is_wide(statement: Mapping[str, Any]) -> bool:
    """Return whether a statement allows every action of a service, or anything on every resource."""
    actions, resources = _texts(statement.get("action")), _texts(statement.get("resource"))
    return _is_allow(statement) and (any(action.endswith("*") for action in actions) or "*" in resources)


def _is_allow(statement: Mapping[str, Any]) -> bool:
    return str(statement.get("effect")).lower() == "allow"


def _covers(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    return any(_same_action(pattern, action) for pattern in _texts(statement.get("action"))) and any(
        _matches(pattern, resource) for pattern in _texts(statement.get("resource"))
    )


def _same_action(pattern: str, action: str) -> bool:
    """Compare two actions: `cos:GetObject` and `name/cos:GetObject` are two spellings of one."""
    return _matches(pattern.removeprefix("name/").lower(), action.removeprefix("name/").lower())


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


def _texts(value: object) -> list[str]:
    return [entry for entry in as_list(value) if isinstance(entry, str)]

"""Rules of a CAM policy, an action and a resource -> is it allowed. Deny goes before allow; nothing said means no.

Must not know: where the rules come from.
Source: CAM's policy syntax (read 2026-11-22).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def allows(rules: Sequence[Mapping[str, Any]], action: str, resource: str) -> bool:
    """Whether these rules allow the action on the resource.

    A rule with a condition allows nothing here and denies as if the condition held: what depends on the call is not
    to be relied on.
    """
    effects = {
        str(rule.get("effect")).lower()
        for rule in rules
        if _covers(rule, action, resource) and not (rule.get("condition") and _is_allow(rule))
    }
    return effects == {"allow"}


def is_wide(rule: Mapping[str, Any]) -> bool:
    """Whether a rule allows every action of a service, or anything on every resource."""
    actions, resources = _listed(rule.get("action")), _listed(rule.get("resource"))
    return _is_allow(rule) and (any(one.endswith("*") for one in actions) or "*" in resources)


def _is_allow(rule: Mapping[str, Any]) -> bool:
    return str(rule.get("effect")).lower() == "allow"


def _covers(rule: Mapping[str, Any], action: str, resource: str) -> bool:
    return any(_same_action(one, action) for one in _listed(rule.get("action"))) and any(
        _matches(one, resource) for one in _listed(rule.get("resource"))
    )


def _same_action(pattern: str, action: str) -> bool:
    """`cos:GetObject` and `name/cos:GetObject` are two spellings of one action."""
    return _matches(pattern.removeprefix("name/").lower(), action.removeprefix("name/").lower())


def _matches(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text, re.DOTALL) is not None


def _listed(value: object) -> list[str]:
    found = value if isinstance(value, list) else [value]
    return [one for one in found if isinstance(one, str)]

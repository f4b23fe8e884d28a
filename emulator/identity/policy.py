"""Read an access policy of CAM (version 2.0) and decide whether it allows an action on a resource.

A part that cannot be evaluated here is refused when the policy is read, so no rule is silently left out.
Sources: CAM's policy syntax; CI's list of actions and resources; read 2026-11-22.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from emulator.wildcard import matches

_RESOURCE = re.compile(r"\*|qcs:[^:]*:[^:]*:[^:]*:[^:]*:.+", re.DOTALL)
_ACTION = re.compile(r"\*|(name/)?[a-z0-9]+:[A-Za-z*]+")
_PARTS = {"effect", "action", "resource"}


@dataclass(frozen=True, slots=True)
class Statement:
    """One rule: its effect on every action and resource that match one of its patterns."""

    effect: Literal["allow", "deny"]
    actions: tuple[str, ...]
    resources: tuple[str, ...]

    def covers(self, action: str, resource: str) -> bool:
        """Return whether this rule applies to the action on the resource."""
        return any(matches(pattern, action) for pattern in self.actions) and any(
            matches(pattern, resource) for pattern in self.resources
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a policy in their order."""

    statements: tuple[Statement, ...]

    def allows(self, action: str, resource: str) -> bool:
        """Return whether some rule allows this and none denies it."""
        effects = {rule.effect for rule in self.statements if rule.covers(action, resource)}
        return effects == {"allow"}


def read_policy(document: object) -> Policy:
    """Read a policy from its parsed JSON: single strings or lists for action and resource.

    Raises:
        ValueError: naming the statement and the part that is wrong or that this cloud cannot evaluate (condition,
            principal, notAction ...).
    """
    if not isinstance(document, Mapping):
        raise ValueError("a policy is a JSON object with version and statement")  # noqa: TRY004  # a wrong document
    if document.get("version") != "2.0":
        raise ValueError('a policy needs "version": "2.0"')
    if set(document) != {"version", "statement"}:
        raise ValueError("a policy holds version and statement, nothing else")
    statements = document["statement"]
    if isinstance(statements, Mapping):
        statements = [statements]
    if not isinstance(statements, list) or not statements:
        raise ValueError("statement is a list of at least one rule")
    return Policy(tuple(_statement(at, rule) for at, rule in enumerate(statements)))


def cos_resource(region: str, appid: str, bucket: str, key: str = "") -> str:
    """Return COS's name for an object, or for the whole bucket with an empty key."""
    return f"qcs::cos:{region}:uid/{appid}:{bucket}/{key}"


def ci_resource(region: str, appid: str, bucket: str, key: str = "") -> str:
    """Return CI's name for an object, or for the whole bucket with an empty key."""
    return f"qcs::ci:{region}:uid/{appid}:bucket/{bucket}/{key}"


def _statement(at: int, rule: object) -> Statement:
    if not isinstance(rule, Mapping):
        raise ValueError(f"statement {at} is not an object")  # noqa: TRY004  # a wrong document, not a wrong call
    unknown = sorted(set(rule) - _PARTS)
    if unknown:
        raise ValueError(f"statement {at}: {', '.join(unknown)} is not supported here")
    missing = sorted(_PARTS - set(rule))
    if missing:
        raise ValueError(f"statement {at} has no {', '.join(missing)}")
    if rule["effect"] not in {"allow", "deny"}:
        raise ValueError(f"statement {at}: effect is allow or deny")
    return Statement(
        rule["effect"],
        _strings(f"statement {at}: action", rule["action"], _ACTION, "ci:GenerateSnapshot or name/cos:GetObject"),
        _strings(f"statement {at}: resource", rule["resource"], _RESOURCE, "* or qcs::SERVICE:REGION:ACCOUNT:WHAT"),
    )


def _strings(location: str, value: object, shape: re.Pattern[str], accepted: str) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not values:
        raise ValueError(f"{location} is a string or a list of strings")
    for item in values:
        if not isinstance(item, str) or not shape.fullmatch(item):
            raise ValueError(f"{location} {item!r} is not of the form {accepted}")
    return tuple(values)

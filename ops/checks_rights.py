"""Checks of what the function may do: its role, who may take it, and whether its policies are enough.

Must not know: how a fact is found, how a finding is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.finding import Finding
from ops.grants import allows, is_wide
from ops.policy import as_text, run_policy, trust_policy

if TYPE_CHECKING:
    from ops.facts import Facts

DEPLOY = "Run `python -m ops deploy`, or attach by hand what `python -m ops policy` prints."


def check_role(facts: Facts) -> list[Finding]:
    """Whether the function has a run role that SCF can take."""
    function, role = facts.deployment.function, facts.deployment.role
    if function is not None and function.role != facts.stack.role:
        return [
            Finding(
                "role",
                "error",
                f"the function runs with {f'the role {function.role}' if function.role else 'no role'},"
                f" serverless.yml says {facts.stack.role}",
                "Without its run role the function has no keys, or those of another role.",
                "Run `python -m ops deploy`.",
            )
        ]
    if role is None:
        why = "Without a run role the function has no keys and can call nothing."
        return [Finding("role", "error", f"there is no role {facts.stack.role}", why, DEPLOY)]
    if role.trust != as_text(trust_policy()):
        return [
            Finding(
                "role",
                "error" if "scf.qcloud.com" not in role.trust else "note",
                f"the role {role.name} is not trusted to scf.qcloud.com alone",
                "SCF can take the role only where its trust policy names scf.qcloud.com; others need not be in it.",
                "Set the trust policy that `python -m ops policy --only trust` prints.",
            )
        ]
    return [Finding("role", "ok", f"{role.name}, taken by SCF")]


def check_policies(facts: Facts) -> list[Finding]:
    """Whether the role's policies allow all that the function does."""
    if facts.deployment.role is None:
        return []
    needed = [
        (action, resource)
        for rule in run_policy(facts.stack)["statement"]
        for action in rule["action"]
        for resource in rule["resource"]
    ]
    missing = [f"{action} on {resource}" for action, resource in needed if not allows(facts.rules, action, resource)]
    if missing:
        return [
            Finding(
                "policies",
                "error",
                f"{len(missing)} of {len(needed)} rights that the function needs are missing:\n" + "\n".join(missing),
                "The function would be refused there (AccessDenied), and the video would get nothing.",
                DEPLOY,
            )
        ]
    wide = sum(is_wide(rule) for rule in facts.rules)
    if wide:
        return [
            Finding(
                "policies",
                "note",
                f"enough, and {wide} rule{'s allow' if wide > 1 else ' allows'} far more than the function needs",
                "Whoever gets at the function's keys can do all of that.",
                "Detach the wide policy; `python -m ops policy` prints what is enough.",
            )
        ]
    return [Finding("policies", "ok", "enough for these settings, and nothing wide")]

"""Checks of the run role: its trust policy, and whether its policies are enough."""

from ops.deploy.policy import as_text, run_policy, trust_policy
from ops.doctor.finding import Finding
from ops.doctor.grants import allows, is_wide
from ops.doctor.inventory import Inventory

_DEPLOY = "Run `python -m ops deploy`, or attach by hand what `python -m ops policy` prints."


def check_role(inventory: Inventory) -> list[Finding]:
    """Check that the function has a run role that SCF can assume."""
    function, role = inventory.remote.function, inventory.remote.role
    if function is None and role is None:
        return []  # nothing is deployed, which the check of the function says
    if function is not None and function.role != inventory.stack.role:
        present = f"the role {function.role}" if function.role else "no role"
        return [
            Finding(
                "role",
                "error",
                f"the function runs with {present}, serverless.yml says {inventory.stack.role}",
                "Without its run role the function has no credentials, or those of another role.",
                "Run `python -m ops deploy`.",
            )
        ]
    if role is None:
        reason = "Without a run role the function has no credentials and can call nothing."
        return [Finding("role", "error", f"there is no role {inventory.stack.role}", reason, _DEPLOY)]
    if role.trust != as_text(trust_policy()):
        return [
            Finding(
                "role",
                "error" if "scf.qcloud.com" not in role.trust else "note",
                f"the role {role.name} must trust scf.qcloud.com and nobody else",
                "SCF can use the role only if its trust policy names scf.qcloud.com; nobody else needs the role.",
                "Set the trust policy that `python -m ops policy --only trust` prints.",
            )
        ]
    return [Finding("role", "ok", f"{role.name}, which SCF may assume")]


def check_policies(inventory: Inventory) -> list[Finding]:
    """Check that the role's policies allow all that the function does."""
    if inventory.remote.role is None:
        return []
    needed = [
        (action, resource)
        for statement in run_policy(inventory.stack)["statement"]
        for action in statement["action"]
        for resource in statement["resource"]
        if not any(bucket in resource for bucket in inventory.lost_buckets)
    ]
    missing = [
        f"{action} on {resource}" for action, resource in needed if not allows(inventory.statements, action, resource)
    ]
    if missing:
        return [
            Finding(
                "policies",
                "error",
                f"{len(missing)} of {len(needed)} rights that the function needs are missing:\n" + "\n".join(missing),
                "Those calls are refused (AccessDenied), and the video gets nothing.",
                _DEPLOY,
            )
        ]
    wide = sum(is_wide(statement) for statement in inventory.statements)
    if wide:
        return [
            Finding(
                "policies",
                "note",
                f"enough, but {wide} statement{'s allow' if wide > 1 else ' allows'} far more than the function needs",
                "Whoever gets the function's credentials can do all of that.",
                "Detach the wide policy; `python -m ops policy` prints what is enough.",
            )
        ]
    return [Finding("policies", "ok", "enough for these settings, and not too wide")]

"""Checks of the deployed function itself, and of what becomes of events that it fails.

Must not know: how a fact is found, how a finding is shown.
Sources: SCF's function status, error types and retry policies, dead letter queue (read 2026-11-22).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.deployment import Policy, Role, wanted
from ops.diff import plan_changes
from ops.errors import OpsError
from ops.finding import Finding

if TYPE_CHECKING:
    from ops.deployment import Function
    from ops.facts import Facts

SHORT_TTL_S = 3600
DEPLOY = "Run `python -m ops deploy`."


def check_function(facts: Facts) -> list[Finding]:
    """Whether the function is there, ready, and what serverless.yml says."""
    function, stack = facts.deployment.function, facts.stack
    if function is None:
        why = "Uploads start nothing until it is deployed."
        return [Finding("function", "error", f"there is no function {stack.name} in {stack.region}", why, DEPLOY)]
    if function.status != "Active":
        return [
            Finding(
                "function",
                "error",
                f"{function.name} is {function.status}, not Active",
                "A function in the middle of a change, or whose change failed, may not run or may run old code.",
                "Wait a minute; if it stays so, the console says why. Then run `python -m ops deploy` again.",
            )
        ]
    differs = _differences(facts, function)
    if differs and not function.is_ours:
        return [
            Finding(
                "function",
                "warning",
                f"{function.name} was made by another tool and is not as serverless.yml says; to do: {differs}",
                "`python -m ops deploy` leaves alone what it did not make.",
                "Deploy with that tool again, choose another name, or take it over: `python -m ops deploy --adopt`.",
            )
        ]
    if differs:
        return [
            Finding(
                "function",
                "warning",
                f"{function.name} is not as serverless.yml says; to do: {differs}",
                "Somebody changed one of them by hand, or the file was changed and not deployed.",
                "See what differs with `python -m ops deploy --dry-run`, then deploy or mend the file.",
            )
        ]
    return [Finding("function", "ok", f"{function.name} is Active and as serverless.yml says")]


def _differences(facts: Facts, function: Function) -> str:
    """What a deployment would do. Of another tool's function only what is its own: its rights are looked at apart."""
    try:
        plan = plan_changes(wanted(facts.stack, function.code), facts.deployment, adopt=True)
    except OpsError as error:
        return error.what
    ours = [step for step in plan.steps if function.is_ours or not isinstance(step.thing, (Role, Policy))]
    return ", ".join(dict.fromkeys(step.verb for step in ours))


def check_retries(facts: Facts) -> list[Finding]:
    """Whether a failure that heals by itself heals."""
    retry = facts.deployment.retry
    if retry is None:
        return []
    if retry.retries == 0:
        why = "A network failure of a second then costs that video its thumbnails."
        remedy = f"Set retryNum: 2 in serverless.yml. {DEPLOY}"
        return [Finding("retries", "warning", "a failed invocation is never tried again", why, remedy)]
    if retry.message_ttl_s < SHORT_TTL_S:
        why = "While many videos come at once, events wait; one that waited too long is dropped."
        remedy = f"Set msgTTL: 21600 in serverless.yml. {DEPLOY}"
        return [Finding("retries", "warning", f"an event waits {retry.message_ttl_s} s at most", why, remedy)]
    return [Finding("retries", "ok", f"{retry.retries}, and an event waits up to {retry.message_ttl_s // 60} minutes")]


def check_dead_letter(facts: Facts) -> list[Finding]:
    """Whether an event that failed each time is kept somewhere."""
    function = facts.deployment.function
    if function is None:
        return []
    if function.dead_letter is None:
        return [
            Finding(
                "dead letter",
                "note",
                "there is no dead letter queue",
                "An event that failed each time is dropped, and only the log knows of that video.",
                "Create a CMQ queue in the region and name it under deadLetter in serverless.yml.",
            )
        ]
    return [Finding("dead letter", "ok", f"{function.dead_letter.kind} {function.dead_letter.name}")]

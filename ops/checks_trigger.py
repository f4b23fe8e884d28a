"""Checks of what starts the function: its triggers, those of others, and its own output.

Must not know: how a fact is found, how a finding is shown.
Source: SCF, COS trigger (read 2026-11-22).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ops.finding import Finding

if TYPE_CHECKING:
    from ops.facts import Facts
    from ops.stack import CosTrigger

DEPLOY = "Run `python -m ops deploy`."


def check_triggers(facts: Facts) -> list[Finding]:
    """Whether each wanted trigger is there and open."""
    if facts.deployment.function is None:
        return []
    findings = []
    for one in facts.stack.triggers:
        where = f"{one.prefix or '(everything)'} of {one.bucket}"
        same = [other for other in facts.deployment.triggers if replace(other, enabled=True) == one]
        near = [other for other in facts.deployment.triggers if other.bucket == one.bucket]
        if not same and near:
            findings.append(
                Finding(
                    "trigger",
                    "error",
                    f"the trigger on {one.bucket} is for {_shown(near[0])}, serverless.yml says {_shown(one)}",
                    "Uploads that should start the function do not, or others do.",
                    DEPLOY,
                )
            )
        elif not same:
            why = "Nothing tells the function of an upload."
            findings.append(Finding("trigger", "error", f"there is no trigger on {where}", why, DEPLOY))
        elif not same[0].enabled:
            why = "The platform keeps it and sends nothing. A tool that leaves `enable` out creates it so."
            findings.append(Finding("trigger", "error", f"the trigger on {where} is closed", why, DEPLOY))
        else:
            findings.append(Finding("trigger", "ok", f"open on {where}"))
    return findings


def check_overlap(facts: Facts) -> list[Finding]:
    """Whether another function's trigger listens to some of the same uploads."""
    findings = [
        Finding(
            "overlap",
            "error",
            f"the function {name} listens to {_shown(other)} of {other.bucket}, which meets {_shown(one)}",
            "COS lets one function have an upload: this trigger cannot be created, or takes nothing.",
            "Give the two prefixes that do not begin with one another, or remove one of the triggers.",
        )
        for one in facts.stack.triggers
        for name, other in facts.other_triggers
        if other.bucket == one.bucket and _nested(one.prefix, other.prefix) and _nested_end(one.suffix, other.suffix)
    ]
    return findings or [Finding("overlap", "ok", "no other function listens to these uploads")]


def check_output(facts: Facts) -> list[Finding]:
    """Whether what the function writes could start it again."""
    settings, _ = facts.settings
    if settings is None:
        return []
    for trigger in facts.triggers:
        output = settings.output_bucket or trigger.bucket
        if output == trigger.bucket and _nested(trigger.prefix, settings.output_prefix):
            return [
                Finding(
                    "output",
                    "error",
                    f"thumbnails go to {settings.output_prefix}, and the trigger takes {_shown(trigger)}",
                    "Each thumbnail starts the function again. It stops by itself, but every start is paid for.",
                    "Choose an output prefix outside the trigger's prefix, or an output bucket of its own.",
                )
            ]
    return [Finding("output", "ok", f"{settings.output_prefix} lies outside the trigger")]


def _shown(trigger: CosTrigger) -> str:
    return f"{trigger.prefix}*{trigger.suffix}"


def _nested(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _nested_end(one: str, other: str) -> bool:
    return one.endswith(other) or other.endswith(one)

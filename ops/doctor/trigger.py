"""Checks of the triggers: the function's own, those of other functions, and the output that could start it.

Source: SCF, COS trigger (read 2026-11-22).
"""

from dataclasses import replace

from ops.doctor.finding import Finding
from ops.doctor.inventory import Inventory
from ops.stack.stack import CosTrigger, prefixes_overlap
from ops.stack.stackfile import impossible_prefix

_DEPLOY = "Run `python -m ops deploy`."


def check_triggers(inventory: Inventory) -> list[Finding]:
    """Check that each trigger of serverless.yml exists and is open."""
    if inventory.remote.function is None:
        return []
    return [
        _compare(trigger, inventory.remote.triggers)
        for trigger in inventory.stack.triggers
        if trigger.bucket not in inventory.lost_buckets
    ]


def _compare(trigger: CosTrigger, remote: tuple[CosTrigger, ...]) -> Finding:
    place = f"{trigger.prefix or '(everything)'} of {trigger.bucket}"
    equal = [other for other in remote if replace(other, enabled=True) == trigger]
    near = [other for other in remote if (other.bucket, other.kind) == (trigger.bucket, trigger.kind)]
    if not equal and near:
        return Finding(
            "trigger",
            "error",
            f"the trigger on {trigger.bucket} is for {near[0]}, serverless.yml says {trigger}",
            "Some uploads do not start the function, or the wrong ones do.",
            _DEPLOY,
        )
    if not equal:
        reason = (
            "Nothing tells the function that a video was removed, so its thumbnails stay."
            if trigger.is_for_removals
            else "Nothing tells the function about uploads."
        )
        return Finding("trigger", "error", f"there is no trigger for {trigger.event} on {place}", reason, _DEPLOY)
    if not equal[0].enabled:
        reason = "SCF keeps this trigger but sends no events. This happens if a tool leaves out `enable`."
        return Finding("trigger", "error", f"the trigger on {place} is closed", reason, _DEPLOY)
    return Finding("trigger", "ok", f"open for {trigger.event} on {place}")


def check_removals(inventory: Inventory) -> list[Finding]:
    """Check that a trigger reports removed videos where the settings want their thumbnails removed."""
    settings, _ = inventory.settings
    if settings is None:
        return []
    reporting = {trigger.bucket for trigger in inventory.triggers if trigger.is_for_removals}
    existing = [bucket for bucket in inventory.stack.source_buckets if bucket not in inventory.lost_buckets]
    unreported = [bucket for bucket in existing if bucket not in reporting]
    if settings.on_delete == "remove" and unreported:
        return [
            Finding(
                "removals",
                "warning",
                f"SNAPSHOT_ON_DELETE is remove, but no trigger reports removed videos in {', '.join(unreported)}",
                "The thumbnails of removed videos stay, and can still be opened.",
                f"Add the trigger for cos:ObjectRemove:* to serverless.yml, or set SNAPSHOT_ON_DELETE: keep. {_DEPLOY}",
            )
        ]
    if settings.on_delete == "keep" and reporting:
        return [
            Finding(
                "removals",
                "note",
                "SNAPSHOT_ON_DELETE is keep, but a trigger reports removed videos",
                "Each removed video starts the function, which then does nothing.",
                f"Remove the trigger for cos:ObjectRemove:* from serverless.yml. {_DEPLOY}",
            )
        ]
    text = "their thumbnails are removed too" if settings.on_delete == "remove" else "their thumbnails stay"
    return [Finding("removals", "ok", f"when videos are removed, {text}")]


def check_prefixes(inventory: Inventory) -> list[Finding]:
    """Check that some key can begin with each deployed trigger's prefix."""
    findings = [
        Finding(
            "prefix",
            "error",
            f"the trigger on {trigger.bucket} has the prefix {trigger.prefix!r}: {impossible}",
            "COS accepts this prefix, but then no upload starts the function.",
            f"Correct filter.prefix in serverless.yml. {_DEPLOY}",
        )
        for trigger in inventory.triggers
        if (impossible := impossible_prefix(trigger.prefix))
    ]
    return findings or [Finding("prefix", "ok", "keys can begin with every trigger's prefix")]


def check_overlap(inventory: Inventory) -> list[Finding]:
    """Check that no other function's trigger listens to some of the same events."""
    findings = [
        Finding(
            "overlap",
            "error",
            f"the function {name} listens to {other} in {other.bucket}, which overlaps {trigger}",
            "COS sends an upload to one function only: this trigger cannot be created, or gets no events.",
            "Choose two prefixes so that neither begins with the other, or remove one of the triggers.",
        )
        for trigger in inventory.stack.triggers
        for name, other in inventory.other_triggers
        if other.overlaps(trigger)
    ]
    return findings or [Finding("overlap", "ok", "no other function listens to these uploads")]


def check_output(inventory: Inventory) -> list[Finding]:
    """Check that what the function writes cannot start it again."""
    settings, _ = inventory.settings
    if settings is None:
        return []
    for trigger in inventory.triggers:
        output = settings.output_bucket or trigger.bucket
        if output == trigger.bucket and prefixes_overlap(trigger.prefix, settings.output_prefix):
            return [
                Finding(
                    "output",
                    "error",
                    f"thumbnails go to {settings.output_prefix}, and the trigger reports {trigger}",
                    "Each thumbnail starts the function again. It then does nothing, but you pay for every start.",
                    "Choose an output prefix outside the trigger's prefix, or an output bucket of its own.",
                )
            ]
    return [Finding("output", "ok", f"{settings.output_prefix} lies outside the trigger")]

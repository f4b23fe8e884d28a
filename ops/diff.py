"""Two deployments, wanted and found -> the steps from one to the other. Pure: a dry run is this list, printed.

Must not know: the cloud.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from ops.errors import OpsError
from ops.stack import DeadLetter

if TYPE_CHECKING:
    from ops.deployment import Deployment, Function, Policy, Retry, Role
    from ops.stack import CosTrigger

Verb = Literal[
    "create role", "change trust", "mark role", "create policy", "change policy", "attach policy",
    "remove function", "create function", "change code", "change configuration", "change retries",
    "remove trigger", "create trigger", "detach policy", "remove policy", "remove role",
]  # fmt: skip
SIGNS = {"create": "+", "attach": "+", "change": "~", "mark": "~", "remove": "-", "detach": "-"}
FAILED = ("CreateFailed", "DeleteFailed")
CONFIGURATION = ("description", "memory_mb", "timeout_s", "init_timeout_s", "role", "public_access", "dead_letter")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that will be otherwise; empty for what is not there."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. `thing` is what it is done to, in its wanted form; `changes` is for people."""

    verb: Verb
    name: str
    thing: Role | Policy | Function | Retry | CosTrigger
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in order, and what is to be said besides."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()


def plan_changes(wanted: Deployment, found: Deployment, *, adopt: bool = False) -> Plan:
    """The steps to what is wanted.

    Raises OpsError where something of that name is not this program's own, or cannot be changed.
    """
    if wanted.role is None or wanted.policy is None or wanted.function is None or wanted.retry is None:
        raise AssertionError("what is wanted is always whole")
    if not adopt:
        _refuse_strangers(found)
    notes = [f"the function has a {kind} trigger besides, which is left as it is" for kind in found.foreign_triggers]
    notes += _former_role(found, wanted.role.name)
    steps = [*_role_steps(wanted.role, found.role), *_policy_steps(wanted.policy, found.policy)]
    standing = found.function
    if standing is not None and standing.status in FAILED:
        steps.append(Step("remove function", standing.name, standing, (Change("status", standing.status, "gone"),)))
        standing, found = None, replace(found, function=None, retry=None, triggers=())
    steps += _function_steps(wanted.function, standing)
    if standing is not None and standing.tags != wanted.function.tags:
        notes.append("tags are set when a function is created; change them in the console")
    if standing is not None and standing.dead_letter and not wanted.function.dead_letter:
        notes.append("the dead letter queue cannot be taken away by this API; do it in the console")
    if found.retry != wanted.retry:
        steps.append(Step("change retries", wanted.function.name, wanted.retry, _changes(found.retry, wanted.retry)))
    gone = [trigger for trigger in found.triggers if trigger not in wanted.triggers]
    new = [trigger for trigger in wanted.triggers if trigger not in found.triggers]
    steps += [Step("remove trigger", one.bucket, one, _trigger_changes(one, "")) for one in gone]
    steps += [Step("create trigger", one.bucket, one, _trigger_changes("", one)) for one in new]
    return Plan(tuple(steps), tuple(notes))


def plan_removal(found: Deployment, *, named: str) -> Plan:
    """The steps that take away what this program made, and nothing else. `named` is the role that the file names."""
    steps: list[Step] = []
    notes = _former_role(found, named)
    if found.function is not None and not found.function.is_ours:
        notes.append(f"the function {found.function.name} was not made by this program and stays")
    elif found.function is not None:
        steps += [Step("remove trigger", one.bucket, one, _trigger_changes(one, "")) for one in found.triggers]
        steps.append(Step("remove function", found.function.name, found.function))
    policy, role = found.policy, found.role
    if policy is not None and not policy.is_ours:
        notes.append(f"the policy {policy.name} was not made by this program and stays")
    elif policy is not None:
        if policy.is_attached and role is not None:
            steps.append(Step("detach policy", policy.name, policy))
        steps.append(Step("remove policy", policy.name, policy))
    if role is None:
        return Plan(tuple(steps), tuple(notes))
    if not role.is_ours:
        notes.append(f"the role {role.name} was not made by this program and stays")
    elif role.others:
        notes.append(f"the role {role.name} stays: somebody attached {', '.join(role.others)} to it")
    else:
        steps.append(Step("remove role", role.name, role))
    return Plan(tuple(steps), tuple(notes))


def _former_role(found: Deployment, named: str) -> list[str]:
    """What is to be said of a role that the function has and the file names no more."""
    former = found.function.role if found.function else ""
    if not former or former == named:
        return []
    return [f"the role {former} that the function had is not named in serverless.yml any more and stays"]


def _refuse_strangers(found: Deployment) -> None:
    for kind, thing in (("role", found.role), ("policy", found.policy), ("function", found.function)):
        if thing is not None and not thing.is_ours:
            raise OpsError(
                f"There is a {kind} {thing.name} that this program did not make.",
                remedy="Choose another name in serverless.yml, or take it over with --adopt.",
            )


def _role_steps(wanted: Role, found: Role | None) -> list[Step]:
    if found is None:
        return [Step("create role", wanted.name, wanted)]
    steps = [] if found.is_ours else [Step("mark role", wanted.name, wanted)]
    if found.trust != wanted.trust:
        steps.append(Step("change trust", wanted.name, wanted, (Change("trust policy", found.trust, wanted.trust),)))
    return steps


def _policy_steps(wanted: Policy, found: Policy | None) -> list[Step]:
    if found is None:
        grants = _rule_changes("{}", wanted.document)
        return [Step("create policy", wanted.name, wanted, grants), Step("attach policy", wanted.name, wanted)]
    same = replace(wanted, policy_id=found.policy_id)
    steps = []
    if found.document != wanted.document or not found.is_ours:
        steps.append(Step("change policy", wanted.name, same, _rule_changes(found.document, wanted.document)))
    if not found.is_attached:
        steps.append(Step("attach policy", wanted.name, same))
    return steps


def _function_steps(wanted: Function, found: Function | None) -> list[Step]:
    if found is None:
        fields = [one for one in _changes(None, wanted) if one.what in ("handler", "runtime", *CONFIGURATION)]
        variables = _pair_changes({}, dict(wanted.environment))
        return [Step("create function", wanted.name, wanted, (*fields, *variables))]
    if found.runtime != wanted.runtime:
        raise OpsError(
            f"The function {wanted.name} runs on {found.runtime}, and SCF cannot change that to {wanted.runtime}.",
            remedy="Run `python -m ops deploy --destroy` and deploy again; uploads in between start nothing.",
        )
    code = [
        Change(what, before, after)
        for what, before, after in (
            ("code", found.code[:12] if found.status != "UpdateFailed" else "", wanted.code[:12]),
            ("handler", found.handler, wanted.handler),
        )
        if before != after
    ]
    # A dead letter cannot be unset; that is a note, not a change.
    settled = replace(found, dead_letter=None) if wanted.dead_letter is None else found
    changes = [one for one in _changes(settled, wanted) if one.what in CONFIGURATION]
    changes += _pair_changes(dict(found.environment), dict(wanted.environment))
    steps = []
    if code:
        steps.append(Step("change code", wanted.name, wanted, tuple(code)))
    if changes:
        steps.append(Step("change configuration", wanted.name, wanted, tuple(changes)))
    return steps


def _changes(before: Function | Retry | None, after: Function | Retry) -> tuple[Change, ...]:
    """Every field of a value that will be otherwise."""
    names = type(after).__dataclass_fields__
    pairs = [(name, "" if before is None else getattr(before, name), getattr(after, name)) for name in names]
    return tuple(Change(name, _shown(old), _shown(new)) for name, old, new in pairs if _shown(old) != _shown(new))


def _pair_changes(before: dict[str, str], after: dict[str, str]) -> list[Change]:
    names = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    return [Change(name, before.get(name, ""), after.get(name, "")) for name in names]


def _rule_changes(before: str, after: str) -> tuple[Change, ...]:
    """A policy's grants that go and that come, one a line."""
    old, new = _grants(before), _grants(after)
    gone = [Change("grant", grant, "") for grant in sorted(old - new)]
    return (*gone, *(Change("grant", "", grant) for grant in sorted(new - old)))


def _grants(document: str) -> set[str]:
    """Each action on each resource that a document speaks of, as a sentence."""
    rules = json.loads(document).get("statement", [])
    return {
        f"{rule.get('effect')} {action} on {resource}"
        for rule in (rules if isinstance(rules, list) else [rules])
        for action in _listed(rule.get("action"))
        for resource in _listed(rule.get("resource"))
    }


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _trigger_changes(before: CosTrigger | str, after: CosTrigger | str) -> tuple[Change, ...]:
    return (Change("on", _shown_trigger(before), _shown_trigger(after)),)


def _shown_trigger(trigger: CosTrigger | str) -> str:
    if isinstance(trigger, str):
        return trigger
    state = "" if trigger.enabled else ", closed"
    return f"{trigger.event} of {trigger.prefix}*{trigger.suffix}{state}"


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, DeadLetter):
        return f"{value.kind} {value.name}"
    return str(value)


def as_lines(plan: Plan) -> list[str]:
    """The plan for people: + comes, ~ changes, - goes."""
    lines = []
    for step in plan.steps:
        sign = SIGNS[step.verb.partition(" ")[0]]
        lines.append(f"{sign} {step.verb}: {step.name}")
        for one in step.changes:
            shown = {"+": one.after, "-": one.before}.get(sign, f"{one.before or '(none)'} -> {one.after or '(none)'}")
            lines.append(f"    {one.what}: {shown}")
    lines += [f"! {note}" for note in plan.notes]
    return lines or ["Nothing to change: what is deployed is what serverless.yml says."]

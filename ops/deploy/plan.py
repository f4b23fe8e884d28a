"""The desired and the remote state -> the steps from one to the other. Pure: a dry run is this plan, printed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from ops.deploy.resources import DesiredState, Function, Policy, RemoteState, Retry, Role
from ops.errors import OpsError
from ops.stack.stack import CosTrigger

_BROKEN = ("CreateFailed", "DeleteFailed")
_CONFIGURATION = ("description", "memory_mb", "timeout_s", "init_timeout_s", "role", "public_access", "dead_letter")
_CREATED = ("handler", "runtime", *_CONFIGURATION)
_REDEPLOY = "Run `python -m ops deploy --destroy` and deploy again; videos uploaded in between are not processed."


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that will be different; empty for what does not exist."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    """One thing to do: `name` says to what, `changes` are for people."""

    verb: ClassVar[str]
    sign: ClassVar[Literal["+", "~", "-"]]
    name: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadPackage(_Step):
    """Put the zip into the code bucket, from where SCF takes it. It comes first: it needs the most rights and time."""

    verb = "upload package"
    sign = "+"
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovePackage(_Step):
    """Remove a zip from the code bucket."""

    verb = "remove package"
    sign = "-"
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRole(_Step):
    """Create the run role."""

    verb = "create role"
    sign = "+"
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRole(_Step):
    """Write this program's mark into the description of a role that it takes over."""

    verb = "mark role"
    sign = "~"
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTrust(_Step):
    """Change the trust policy of the role."""

    verb = "change trust"
    sign = "~"
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveRole(_Step):
    """Remove the run role."""

    verb = "remove role"
    sign = "-"
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePolicy(_Step):
    """Create the run role's policy."""

    verb = "create policy"
    sign = "+"
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePolicy(_Step):
    """Change the document of the policy."""

    verb = "change policy"
    sign = "~"
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachPolicy(_Step):
    """Give the policy to the run role."""

    verb = "attach policy"
    sign = "+"
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class DetachPolicy(_Step):
    """Take the policy from the run role."""

    verb = "detach policy"
    sign = "-"
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovePolicy(_Step):
    """Remove the policy."""

    verb = "remove policy"
    sign = "-"
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateFunction(_Step):
    """Create the function."""

    verb = "create function"
    sign = "+"
    function: Function


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeCode(_Step):
    """Replace the function's code."""

    verb = "change code"
    sign = "~"
    function: Function


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeConfiguration(_Step):
    """Change the function's configuration."""

    verb = "change configuration"
    sign = "~"
    function: Function


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveFunction(_Step):
    """Remove the function."""

    verb = "remove function"
    sign = "-"
    function: Function


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRetries(_Step):
    """Change the number of retries of a failed invocation."""

    verb = "change retries"
    sign = "~"
    retry: Retry


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTrigger(_Step):
    """Create a trigger."""

    verb = "create trigger"
    sign = "+"
    trigger: CosTrigger


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTrigger(_Step):
    """Open a trigger that exists and is closed. `trigger` is as it should be."""

    verb = "open trigger"
    sign = "~"
    trigger: CosTrigger


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceTrigger(_Step):
    """Remove a trigger and create another at once, where COS allows no two that overlap."""

    verb = "replace trigger"
    sign = "~"
    old: CosTrigger
    trigger: CosTrigger


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveTrigger(_Step):
    """Remove a trigger."""

    verb = "remove trigger"
    sign = "-"
    trigger: CosTrigger


Step = (
    UploadPackage
    | RemovePackage
    | CreateRole
    | MarkRole
    | ChangeTrust
    | RemoveRole
    | CreatePolicy
    | ChangePolicy
    | AttachPolicy
    | DetachPolicy
    | RemovePolicy
    | CreateFunction
    | ChangeCode
    | ChangeConfiguration
    | RemoveFunction
    | ChangeRetries
    | CreateTrigger
    | OpenTrigger
    | ReplaceTrigger
    | RemoveTrigger
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in their order, and notes for a person."""

    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()


def plan_deployment(desired: DesiredState, remote: RemoteState, *, package_key: str, adopt: bool = False) -> Plan:
    """Return the steps to the desired state. `package_key` is where the zip is put for SCF.

    Nothing that works is removed before its successor exists, but where COS allows no two triggers that overlap.

    Raises:
        OpsError: something of that name is not this program's own, or cannot be changed.
    """
    if not adopt:
        _refuse_foreign(remote)
    notes = [f"the function also has a {kind} trigger, which stays as it is" for kind in remote.foreign_triggers]
    notes += _former_role(remote, desired.role.name)
    steps: list[Step] = [*_role_steps(desired.role, remote.role), *_policy_steps(desired.policy, remote.policy)]
    if remote.function is not None and remote.function.status in _BROKEN:
        removal = (Change("status", remote.function.status, "removed"),)
        steps.append(RemoveFunction(name=remote.function.name, function=remote.function, changes=removal))
        remote = remote.without_function()
    function_steps = _function_steps(desired.function, remote.function)
    if remote.function is not None:
        notes += _what_cannot_change(desired.function, remote.function)
    takes_code = any(isinstance(step, (CreateFunction, ChangeCode)) for step in function_steps)
    leftovers = [key for key in remote.packages if not takes_code or key != package_key]
    if takes_code:
        steps = [UploadPackage(name=package_key, key=package_key), *steps]
    steps += function_steps
    if takes_code:
        steps.append(RemovePackage(name=package_key, key=package_key))
    steps += [RemovePackage(name=key, key=key) for key in leftovers]
    if not desired.function.async_run and remote.retry != desired.retry:
        changes = _changes(remote.retry, desired.retry)
        steps.append(ChangeRetries(name=desired.function.name, retry=desired.retry, changes=changes))
    return Plan((*steps, *_trigger_steps(desired.triggers, remote.triggers)), tuple(notes))


def plan_removal(remote: RemoteState, *, role: str) -> Plan:
    """Return the steps that remove what this program made, and nothing else. `role` is named by serverless.yml."""
    steps: list[Step] = [RemovePackage(name=key, key=key) for key in remote.packages]
    notes = _former_role(remote, role)
    if remote.function is not None and not remote.function.is_ours:
        notes.append(f"the function {remote.function.name} was not made by this program and stays")
    elif remote.function is not None:
        steps += [_remove_trigger(trigger) for trigger in remote.triggers]
        steps.append(RemoveFunction(name=remote.function.name, function=remote.function))
    policy = remote.policy
    if policy is not None and not policy.is_ours:
        notes.append(f"the policy {policy.name} was not made by this program and stays")
    elif policy is not None:
        if policy.is_attached and remote.role is not None:
            steps.append(DetachPolicy(name=policy.name, policy=policy))
        steps.append(RemovePolicy(name=policy.name, policy=policy))
    if remote.role is None:
        return Plan(tuple(steps), tuple(notes))
    if not remote.role.is_ours:
        notes.append(f"the role {remote.role.name} was not made by this program and stays")
    elif remote.role.foreign_policies:
        notes.append(
            f"the role {remote.role.name} stays: somebody attached {', '.join(remote.role.foreign_policies)} to it"
        )
    else:
        steps.append(RemoveRole(name=remote.role.name, role=remote.role))
    return Plan(tuple(steps), tuple(notes))


def render(plan: Plan) -> list[str]:
    """Return the plan as lines for people: + is created, ~ is changed, - is removed."""
    lines = []
    for step in plan.steps:
        lines.append(f"{step.sign} {step.verb}: {step.name}")
        for change in step.changes:
            change_text = f"{change.before or '(none)'} -> {change.after or '(none)'}"
            text = {"+": change.after, "-": change.before}.get(step.sign, change_text)
            lines.append(f"    {change.name}: {text}")
    return [*lines, *(f"! {note}" for note in plan.notes)]


def as_list(value: object) -> list[object]:
    """Return a part of a policy as a list, also a single value."""
    return value if isinstance(value, list) else [value]


def _former_role(remote: RemoteState, named: str) -> list[str]:
    former = remote.function.role if remote.function else ""
    if not former or former == named:
        return []
    return [f"the function's former role {former} is no longer named in serverless.yml and stays"]


def _refuse_foreign(remote: RemoteState) -> None:
    for kind, resource in (("role", remote.role), ("policy", remote.policy), ("function", remote.function)):
        if resource is not None and not resource.is_ours:
            raise OpsError(
                f"There is a {kind} {resource.name} that this program did not make.",
                remedy="Choose another name in serverless.yml, or take it over with --adopt.",
            )


def _role_steps(desired: Role, remote: Role | None) -> list[Step]:
    if remote is None:
        return [CreateRole(name=desired.name, role=desired)]
    steps: list[Step] = [] if remote.is_ours else [MarkRole(name=desired.name, role=desired)]
    if remote.trust != desired.trust:
        changes = (Change("trust policy", remote.trust, desired.trust),)
        steps.append(ChangeTrust(name=desired.name, role=desired, changes=changes))
    return steps


def _policy_steps(desired: Policy, remote: Policy | None) -> list[Step]:
    if remote is None:
        grants = _grant_changes("{}", desired.document)
        return [
            CreatePolicy(name=desired.name, policy=desired, changes=grants),
            AttachPolicy(name=desired.name, policy=desired),
        ]
    existing = replace(desired, policy_id=remote.policy_id)
    steps: list[Step] = []
    if remote.document != desired.document or not remote.is_ours:
        grants = _grant_changes(remote.document, desired.document)
        steps.append(ChangePolicy(name=desired.name, policy=existing, changes=grants))
    if not remote.is_attached:
        steps.append(AttachPolicy(name=desired.name, policy=existing))
    return steps


def _function_steps(desired: Function, remote: Function | None) -> list[Step]:
    if remote is None:
        fields = [change for change in _changes(None, desired) if change.name in _CREATED]
        variables = _pair_changes({}, dict(desired.environment))
        return [CreateFunction(name=desired.name, function=desired, changes=(*fields, *variables))]
    if remote.runtime != desired.runtime:
        raise OpsError(
            f"The function {desired.name} runs on {remote.runtime}, and SCF cannot change that to {desired.runtime}.",
            remedy=_REDEPLOY,
        )
    if remote.async_run != desired.async_run:
        raise OpsError(
            f"The function {desired.name} was created with asyncRunEnable {str(remote.async_run).lower()}, and SCF"
            " cannot change that.",
            remedy=_REDEPLOY,
        )
    steps: list[Step] = []
    known_code = remote.code[:12] if remote.status != "UpdateFailed" else ""
    code = [
        Change(name, before, after)
        for name, before, after in (
            ("code", known_code, desired.code[:12]),
            ("handler", remote.handler, desired.handler),
        )
        if before != after
    ]
    if code:
        steps.append(ChangeCode(name=desired.name, function=desired, changes=tuple(code)))
    # The API cannot take a dead letter away: that is a note, not a change.
    comparable = replace(remote, dead_letter=None) if desired.dead_letter is None else remote
    changes = [change for change in _changes(comparable, desired) if change.name in _CONFIGURATION]
    changes += _pair_changes(dict(remote.environment), dict(desired.environment))
    if changes:
        steps.append(ChangeConfiguration(name=desired.name, function=desired, changes=tuple(changes)))
    return steps


def _what_cannot_change(desired: Function, remote: Function) -> list[str]:
    notes = []
    if remote.tags != desired.tags:
        notes.append("tags are set when a function is created; change them in the console")
    if remote.dead_letter and not desired.dead_letter:
        notes.append("this API cannot remove the dead letter queue from a function; do it in the console")
    return notes


def _trigger_steps(desired: tuple[CosTrigger, ...], remote: tuple[CosTrigger, ...]) -> list[Step]:
    """Return the steps to the desired triggers: open, replace, create, and only then remove."""
    open_steps: list[Step] = []
    surplus = [trigger for trigger in remote if trigger not in desired]
    missing = [trigger for trigger in desired if trigger not in remote]
    for trigger in tuple(missing):
        closed = next((other for other in surplus if replace(other, enabled=trigger.enabled) == trigger), None)
        if closed is not None:
            missing.remove(trigger)
            surplus.remove(closed)
            named = replace(trigger, listed_name=closed.listed_name)
            changes = (Change("state", "closed", "open"),)
            open_steps.append(OpenTrigger(name=_title(trigger), trigger=named, changes=changes))
    replace_steps: list[Step] = []
    for trigger in tuple(missing):
        overlapped = [other for other in surplus if other.overlaps(trigger)]
        if len(overlapped) == 1:
            missing.remove(trigger)
            surplus.remove(overlapped[0])
            changes = (Change("trigger", str(overlapped[0]), str(trigger)),)
            replace_steps.append(
                ReplaceTrigger(name=_title(trigger), old=overlapped[0], trigger=trigger, changes=changes)
            )
    blocking = [other for other in surplus if any(other.overlaps(trigger) for trigger in missing)]
    harmless = [other for other in surplus if other not in blocking]
    create_steps = [
        CreateTrigger(name=_title(trigger), trigger=trigger, changes=(Change("keys", "", trigger.keys),))
        for trigger in missing
    ]
    return [
        *open_steps,
        *replace_steps,
        *map(_remove_trigger, blocking),
        *create_steps,
        *map(_remove_trigger, harmless),
    ]


def _title(trigger: CosTrigger) -> str:
    return f"{trigger.event} in {trigger.bucket}"


def _remove_trigger(trigger: CosTrigger) -> RemoveTrigger:
    return RemoveTrigger(name=_title(trigger), trigger=trigger, changes=(Change("keys", trigger.keys, ""),))


def _changes(before: Function | Retry | None, after: Function | Retry) -> tuple[Change, ...]:
    """Return every field of a value that will be different."""
    names = type(after).__dataclass_fields__
    pairs = [(name, "" if before is None else getattr(before, name), getattr(after, name)) for name in names]
    texts = [(name, _show(old), _show(new)) for name, old, new in pairs]
    return tuple(Change(name, old, new) for name, old, new in texts if old != new)


def _pair_changes(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    names = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    return [Change(name, before.get(name, ""), after.get(name, "")) for name in names]


def _grant_changes(before: str, after: str) -> tuple[Change, ...]:
    """Return a policy's grants that go and that come, each as one change."""
    old, new = _grants(before), _grants(after)
    removed = [Change("grant", grant, "") for grant in sorted(old - new)]
    return (*removed, *(Change("grant", "", grant) for grant in sorted(new - old)))


def _grants(document: str) -> set[str]:
    """Return each action on each resource that a policy allows or denies, as a sentence."""
    statements = [rule for rule in as_list(json.loads(document).get("statement", [])) if isinstance(rule, dict)]
    return {
        f"{rule.get('effect')} {action} on {resource}"
        for rule in statements
        for action in as_list(rule.get("action"))
        for resource in as_list(rule.get("resource"))
    }


def _show(value: object) -> str:
    return "" if value is None else str(value)

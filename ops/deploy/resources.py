"""What is deployed, or is wanted to be: role, policy, function, retries and triggers as values to be compared.

What this program made carries a mark in its description, and a function also the hash of its code there: the API
gives back neither the code nor its hash.
Must not know: the cloud.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ops.policy import as_text, run_policy, trust_policy

if TYPE_CHECKING:
    from ops.stack import CosTrigger, DeadLetter, Stack

MARK = "Made by snapshot ops"
MARKED = re.compile(rf"(?P<text>.*?) ?{MARK}, code (?P<code>[0-9a-f]{{64}})\.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Role:
    """A run role; `trust` is its trust policy as as_text gives it, `others` are policies attached by somebody else."""

    name: str
    trust: str
    is_ours: bool = True
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A run role's policy; `document` as as_text gives it. The id is the cloud's, 0 where there is none yet."""

    name: str
    document: str
    is_attached: bool = True
    is_ours: bool = True
    policy_id: int = 0


@dataclass(frozen=True, slots=True)
class Function:
    """A function. `code` is the sha256 of its zip, empty where nobody knows. `status` is the cloud's own word."""

    name: str
    namespace: str
    code: str
    handler: str
    runtime: str
    role: str
    description: str
    memory_mb: int
    timeout_s: int
    init_timeout_s: int
    public_access: bool
    dead_letter: DeadLetter | None
    environment: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str], ...] = ()
    status: str = "Active"
    is_ours: bool = True

    @property
    def marked_description(self) -> str:
        """The description with this program's mark and the hash of the code."""
        return f"{self.description} {MARK}, code {self.code}.".lstrip()


@dataclass(frozen=True, slots=True)
class Retry:
    """How often a failed invocation is delivered again, and how long an event may wait."""

    retries: int
    message_ttl_s: int


@dataclass(frozen=True, slots=True)
class Deployment:
    """All of it; None and () for what is not there. `foreign_triggers` are triggers of other kinds, by type."""

    role: Role | None = None
    policy: Policy | None = None
    function: Function | None = None
    retry: Retry | None = None
    triggers: tuple[CosTrigger, ...] = ()
    foreign_triggers: tuple[str, ...] = field(default=())


def policy_name(role: str) -> str:
    """The name of a run role's policy."""
    return f"{role}-least"


def read_mark(description: str) -> tuple[str, str] | None:
    """The description without its mark, and the hash of the code; None where this program did not make it."""
    found = MARKED.fullmatch(description)
    return (found["text"], found["code"]) if found else None


def wanted(stack: Stack, code: str) -> Deployment:
    """What serverless.yml wants, with the code of that sha256."""
    return Deployment(
        role=Role(stack.role, as_text(trust_policy())),
        policy=Policy(policy_name(stack.role), as_text(run_policy(stack))),
        function=Function(
            name=stack.name,
            namespace=stack.namespace,
            code=code,
            handler=stack.handler,
            runtime=stack.runtime,
            role=stack.role,
            description=stack.description.strip(),
            memory_mb=stack.memory_mb,
            timeout_s=stack.timeout_s,
            init_timeout_s=stack.init_timeout_s,
            public_access=stack.public_access,
            dead_letter=stack.dead_letter,
            environment=stack.environment,
            tags=stack.tags,
        ),
        retry=Retry(stack.retries, stack.message_ttl_s),
        triggers=stack.triggers,
    )

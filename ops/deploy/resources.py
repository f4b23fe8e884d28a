"""Role, policy, function, retries and triggers as values that can be compared: as they should be, and as they are.

Each resource that this program makes carries a mark in its description, and a function also the hash of its code: the
API returns neither the code nor its hash.
"""

import re
from dataclasses import dataclass, replace

from ops.deploy.policy import as_text, run_policy, trust_policy
from ops.stack.stack import CosTrigger, DeadLetter, Stack

MARK = "Made by snapshot ops"
_MARKED = re.compile(rf"(?P<text>.*?) ?{MARK}, code (?P<code>[0-9a-f]{{64}})\.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Role:
    """A run role; `trust` is its trust policy as text, `foreign_policies` are policies that somebody else attached."""

    name: str
    trust: str
    is_ours: bool = True
    foreign_policies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """A run role's policy; `document` is its text. The id is the cloud's, 0 where there is none yet."""

    name: str
    document: str
    is_attached: bool = True
    is_ours: bool = True
    policy_id: int = 0


@dataclass(frozen=True, slots=True)
class Function:
    """A function. `code` is the SHA-256 of its zip, empty where it is not known. `status` is the cloud's own word."""

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
    async_run: bool
    dead_letter: DeadLetter | None
    environment: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str], ...] = ()
    status: str = "Active"
    is_ours: bool = True

    @property
    def marked_description(self) -> str:
        """Return the description with this program's mark and the hash of the code."""
        return f"{self.description} {MARK}, code {self.code}.".lstrip()


@dataclass(frozen=True, slots=True)
class Retry:
    """Retries of a failed invocation, and the longest time that an event may wait."""

    retries: int
    message_ttl_s: int


@dataclass(frozen=True, slots=True)
class DesiredState:
    """All resources as serverless.yml describes them."""

    role: Role
    policy: Policy
    function: Function
    retry: Retry
    triggers: tuple[CosTrigger, ...]


@dataclass(frozen=True, slots=True)
class RemoteState:
    """All resources as they exist in the cloud; None and () for those that do not.

    `foreign_triggers` are the kinds of the function's triggers that are no COS triggers. `packages` are the keys of
    packages that an interrupted run left in the code bucket.
    """

    role: Role | None = None
    policy: Policy | None = None
    function: Function | None = None
    retry: Retry | None = None
    triggers: tuple[CosTrigger, ...] = ()
    foreign_triggers: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()

    def without_function(self) -> "RemoteState":
        """Return the state after the function is removed."""
        return replace(self, function=None, retry=None, triggers=(), foreign_triggers=())


def policy_name(role: str) -> str:
    """Return the name of a run role's policy."""
    return f"{role}-least"


def read_mark(description: str) -> tuple[str, str] | None:
    """Return the description without its mark, and the hash of the code; None where this program did not make it."""
    match = _MARKED.fullmatch(description)
    return (match["text"], match["code"]) if match else None


def desired_state(stack: Stack, code: str) -> DesiredState:
    """Return the resources that serverless.yml describes, with the code of that SHA-256."""
    return DesiredState(
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
            async_run=stack.async_run,
            dead_letter=stack.dead_letter,
            environment=stack.environment,
            tags=stack.tags,
        ),
        retry=Retry(stack.retries, stack.message_ttl_s),
        triggers=stack.triggers,
    )

"""A call whose operation, place and caller are settled: what every operation is given.

Knows no operation itself; holds the account that resources are named after.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from emulator.cam import ci_resource, cos_resource
from emulator.cos.gate import Gate, Principal
from emulator.cos.operations import Operation
from emulator.cos.wire import Answer, Asked


@dataclass(frozen=True, slots=True)
class Account:
    """Whose cloud this is and where: `appid` ends every bucket's name, `uin` owns every object."""

    appid: str
    uin: str
    region: str

    @property
    def owner(self) -> str:
        """The account as COS names an owner."""
        return f"qcs::cam::uin/{self.uin}:uin/{self.uin}"


@dataclass(frozen=True, slots=True)
class Call:
    """One call on its way: `bucket` by its full name, `key` empty when the bucket itself is meant."""

    asked: Asked
    operation: Operation
    bucket: str
    key: str
    principal: Principal
    request_id: str


Operations = dict[str, Callable[[Call], Answer]]
"""What does a call, by the operation's name."""


class Publish(Protocol):
    """Tells whoever listens that something happened to an object."""

    def __call__(
        self, call: Call, event_name: str, key: str, size_bytes: int, version: str, headers: Mapping[str, str]
    ) -> None:
        """`event_name` is concrete: `cos:ObjectCreated:Put`."""


@dataclass(frozen=True, slots=True)
class Rights:
    """Asks the gate about one account's objects."""

    gate: Gate
    account: Account

    def require(
        self, call: Call, *, action: str | None = None, bucket: str | None = None, key: str | None = None
    ) -> None:
        """Raises Refusal unless the caller may do the call's action, or another, on its object, or on another."""
        bucket = call.bucket if bucket is None else bucket
        key = call.key if key is None else key
        service = call.operation.service
        action = action or call.operation.action
        name = ci_resource if action.startswith("ci:") else cos_resource
        resource = name(self.account.region, self.account.appid, bucket, key)
        self.gate.require(call.principal, action, resource, service)

    def may(self, call: Call, action: str, key: str) -> bool:
        """Whether the caller may do a COS action on another key of the call's bucket."""
        resource = cos_resource(self.account.region, self.account.appid, call.bucket, key)
        return self.gate.permits(call.principal, action, resource)

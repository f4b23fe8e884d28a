"""How far a call has come, and what is noted of it once it ended: never a signature, never a token.

Decides nothing.
"""

from dataclasses import dataclass
from typing import Literal, Protocol

from emulator.cos.addresses import Place
from emulator.cos.gate import ANONYMOUS, Principal
from emulator.cos.operations import Operation, Service
from emulator.cos.wire import Asked, Query

_NOWHERE = Place("cos", "", "")
_SECRET_PARAMS = frozenset({"x-cos-security-token", "x-ci-security-token"})


class Record(Protocol):
    """Takes note of a call that was answered."""

    def __call__(self, called: "Called") -> None:
        """`called` is complete."""


@dataclass(frozen=True, slots=True)
class Called:
    """A call as it went: `query` holds no signature and no token; `status` is 0 when the connection was cut."""

    operation: str
    method: str
    bucket: str
    key: str
    query: Query
    status: int
    principal: Literal["root", "role", "anonymous"]
    request_id: str


@dataclass(slots=True)
class Progress:
    """How far a call came: what is known of it when it fails."""

    request_id: str
    asked: Asked | None = None
    operation: Operation | None = None
    place: Place = _NOWHERE
    key: str = ""
    principal: Principal = ANONYMOUS
    refused_by: Service | None = None

    @property
    def service(self) -> Service:
        """Whose dialect an answer speaks, as far as is known."""
        if self.operation is not None:
            return self.operation.service
        if self.refused_by is not None:
            return self.refused_by
        return "ci" if self.place.service == "ci" else "cos"

    def called(self, status: int) -> Called:
        """What is noted of the call."""
        asked = self.asked
        shown = () if asked is None else asked.query
        return Called(
            operation=self.operation.name if self.operation else "",
            method=asked.method if asked else "",
            bucket=self.place.bucket,
            key=self.key,
            query=tuple(pair for pair in shown if not pair[0].startswith("q-") and pair[0] not in _SECRET_PARAMS),
            status=status,
            principal=self.principal.kind,
            request_id=self.request_id,
        )

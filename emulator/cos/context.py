"""Hold the facts about a request while the gateway's handlers pass it on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from emulator.cos.addresses import UNKNOWN_PLACE, Place
from emulator.cos.auth import ANONYMOUS, Principal
from emulator.cos.cors_rules import CorsRule
from emulator.http.messages import Request, Response
from emulator.operations import NO_OPERATION, Operation, Service


@dataclass(slots=True)
class RequestContext:
    """One request; each handler fills in what it found out.

    `key` is empty where the bucket itself is meant. `cors_rules` are the bucket's as they stood before the request.
    """

    request: Request
    request_id: str
    place: Place = UNKNOWN_PLACE
    cors_rules: Sequence[CorsRule] = ()
    key: str = ""
    operation: Operation = NO_OPERATION
    principal: Principal = ANONYMOUS
    error_service: Service | None = None

    @property
    def bucket(self) -> str:
        """The bucket's full name, empty where none is named."""
        return self.place.bucket

    @property
    def service(self) -> Service:
        """The service whose dialect the response speaks, as far as it is known."""
        if self.operation.name:
            return self.operation.service
        return self.error_service or ("ci" if self.place.service == "ci" else "cos")

    @property
    def version_id(self) -> str | None:
        """The version that is asked for; an empty versionId asks for none (coscli sends one with every download)."""
        return self.request.param("versionId") or None


Operations = dict[str, Callable[[RequestContext], Response]]
"""What handles a request, by the operation's name."""

Proceed = Callable[[], Response]
Handler = Callable[[RequestContext, Proceed], Response]
"""One step of the gateway: it answers, or lets the next ones answer by calling `proceed`."""

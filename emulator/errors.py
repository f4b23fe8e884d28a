"""The error that answers a request: COS and CI raise it, the gateway turns it into their XML."""

from typing import Literal


class ServiceError(Exception):
    """An error response: HTTP status, the service's code, a sentence for a person.

    `service` is the one whose XML is sent: CI's has no Resource, COS's has one. `fields` are further elements of it.
    Source: CI's media error codes and COS's error codes, read 2026-11-22.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        service: Literal["cos", "ci"] = "cos",
        fields: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.service = service
        self.fields = fields


def not_here(subject: str, service: Literal["cos", "ci"] = "cos") -> ServiceError:
    """Return the error for an operation or an option that COS has and this cloud does not: 501, by name."""
    return ServiceError(501, "NotImplemented", f"{subject} is not here: the emulator does not have it", service)

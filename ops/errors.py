"""Errors of the commands: one sentence says what is wrong, one says what to do.

OpsError            the command could not do its work
PackageError      the package could not be built
StackError        serverless.yml does not say what is needed
CloudError        the cloud refused a call, or its answer cannot be understood
"""


class OpsError(Exception):
    """A command could not do its work."""

    def __init__(self, problem: str, *, remedy: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        """Return both sentences, the remedy on a line of its own."""
        return f"{self.problem}\n  {self.remedy}"


class PackageError(OpsError):
    """The package could not be built."""


class StackError(OpsError):
    """serverless.yml does not say what is needed, or says it wrongly."""


class CloudError(OpsError):
    """The cloud refused a call. `code` is the cloud's error code, `request_id` names the call to its support."""

    def __init__(self, problem: str, *, remedy: str, code: str, request_id: str = "") -> None:
        super().__init__(problem, remedy=remedy)
        self.code = code
        self.request_id = request_id

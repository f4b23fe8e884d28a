"""What can go wrong in an operator's hands: a sentence that says what, and one that says what to do.

Must not know: anyone.

    OpsError            what happened, and the remedy
      PackageError      the package could not be built
      StackError        serverless.yml does not say what is needed
      CloudError        the cloud refused a call
"""

from __future__ import annotations


class OpsError(Exception):
    """A command could not do its work."""

    def __init__(self, what: str, *, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        """Both sentences, the remedy on a line of its own."""
        return f"{self.what}\n  {self.remedy}"


class PackageError(OpsError):
    """The package could not be built."""


class StackError(OpsError):
    """serverless.yml does not say what is needed, or says it wrongly."""


class CloudError(OpsError):
    """The cloud refused a call; `code` is its own word for why, `request_id` names the call to its support."""

    def __init__(self, what: str, *, remedy: str, code: str, request_id: str = "") -> None:
        super().__init__(what, remedy=remedy)
        self.code = code
        self.request_id = request_id

"""The errors of this program, and whether trying again can help.

    SnapshotError
      BadSettings          at start, fatal: every wrong setting at once
      BadEvent             one record cannot be worked on; the others go on
      CallFailed           one call to the cloud came to nothing
        SetupError         a person must repair the set-up (rights, credentials, binding, payment) or the object's state
        SourceRejected     the video is to blame, for good
        CloudUnavailable   the cloud could not answer; it may later
          SourceChanged    the source is no longer the one that was inspected
        BadFrame           a response that claims success and is not the requested picture

`retryable` says whether the same event, delivered again, can come out better: such an event must not be lost.
"""

from collections.abc import Sequence


class SnapshotError(Exception):
    """The root of the tree: what this program raises on purpose."""

    retryable = False


class BadSettings(SnapshotError):
    """The environment cannot be used. `problems` holds one sentence for each wrong variable; credentials are masked."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("wrong settings: " + "; ".join(problems))
        self.problems = tuple(problems)


class BadEvent(SnapshotError):
    """One record cannot be worked on. `code` names the reason, `key` the object if it is known."""

    def __init__(self, message: str, *, code: str = "BadEvent", key: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.key = key


class CallFailed(SnapshotError):
    """A call to the cloud that failed: which operation, on which object, and what came back.

    `status` is the HTTP status, 0 where there was no response. `code` is the cloud's, or ours in the same style.
    """

    def __init__(
        self, message: str, *, operation: str, key: str, code: str, status: int = 0, request_id: str = ""
    ) -> None:
        response = f"{status} {code}" if status else code
        super().__init__(f"{operation} of {key!r}: {response}: {message}")
        self.message = message
        self.operation = operation
        self.key = key
        self.code = code
        self.status = status
        self.request_id = request_id


class SetupError(CallFailed):
    """A person must repair something: rights, credentials, a bucket that is not bound, an object still archived.

    The same call at once fails in the same way. Once repaired the same event succeeds, so it must not count as done.
    """

    retryable = True


class SourceRejected(CallFailed):
    """The cloud refused for a reason that lies in the video; the same call will always be refused."""


class CloudUnavailable(CallFailed):
    """The cloud could not answer, or not in time, or not in a way that is known to be final."""

    retryable = True


class SourceChanged(CloudUnavailable):
    """The source was replaced or deleted while its pictures were taken; the next inspection sees what is there now."""

    def __init__(self, message: str, *, operation: str, key: str, status: int = 0, request_id: str = "") -> None:
        super().__init__(
            message, operation=operation, key=key, code="SourceChanged", status=status, request_id=request_id
        )


class BadFrame(CallFailed):
    """A response that claims success and is not the requested picture."""

    retryable = True

"""What can go wrong, and whether trying again can help. It knows no other module.

    SnapshotError
      BadSettings        at start, fatal: every wrong setting at once
      BadEvent           one record cannot be worked on; the others go on
      CloudRefused       the cloud said no; the same call would get the same answer
      CloudUnavailable   the cloud could not answer; it may later
      BadFrame           what came back is not the picture asked for

Facts stand as attributes; `retry` says whether the same event, delivered again, can come out better by itself.
"""

from collections.abc import Sequence


class SnapshotError(Exception):
    """The root of the tree: what this program raises on purpose."""

    retry = False


class BadSettings(SnapshotError):
    """The environment cannot be used. `problems` holds one sentence a wrong variable, never its value."""

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
    """What the failures of one call have in common: who was asked for what, and what came back.

    `status` is the HTTP status, 0 where there was no answer. `code` is the cloud's, or ours in the same style.
    """

    def __init__(
        self, message: str, *, operation: str, key: str, code: str, status: int = 0, request_id: str = ""
    ) -> None:
        answer = f"{status} {code}" if status else code
        super().__init__(f"{operation} of {key!r}: {answer}: {message}")
        self.message = message
        self.operation = operation
        self.key = key
        self.code = code
        self.status = status
        self.request_id = request_id


class CloudRefused(CallFailed):
    """The cloud said no, and the same call would get the same answer.

    `about_setup` says that the set-up is to blame (permissions, keys, a bucket that is not bound, an object still to
    be restored from the archive), not the video: once a person has mended it the same event succeeds, so it must not be
    recorded as done.
    """

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        key: str,
        code: str,
        status: int = 0,
        request_id: str = "",
        about_setup: bool = False,
    ) -> None:
        super().__init__(message, operation=operation, key=key, code=code, status=status, request_id=request_id)
        self.about_setup = about_setup


class CloudUnavailable(CallFailed):
    """The cloud could not answer, or not in time. The same call may succeed later."""

    retry = True


class BadFrame(CallFailed):
    """An answer that claims success and is not the picture that was asked for."""

"""The error of a call: a code of the API and a sentence."""


class ApiError(Exception):
    """A call that the API refuses. `code` is the API's own, `message` says what was wrong and what is accepted."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

"""How the control plane refuses a call: a code of the API and a sentence. It knows nobody."""


class ApiRefusal(Exception):
    """A call that the API does not do. `code` is the API's own, `message` says what was asked and what is accepted."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message

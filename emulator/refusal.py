"""The one way in which a call is refused: a status, a code and a sentence.

COS and CI raise it wherever a document says no; the COS front alone turns it into XML. It knows neither.
"""

from typing import Literal


class Refusal(Exception):
    """A call that is answered with an error: HTTP status, the service's code, a sentence for a person.

    `service` says whose dialect the answer speaks: CI's error XML has no Resource, COS's has one.
    Source: CI's media error codes and COS's error codes, read 2026-11-22.
    """

    def __init__(self, status: int, code: str, message: str, service: Literal["cos", "ci"] = "cos") -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.service = service

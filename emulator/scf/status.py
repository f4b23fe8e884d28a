"""SCF's status codes, and the refusal of a call before anything runs.

Sources: the SCF documents "Cloud Function Status Code" and "Error Types and Retry Policies", read 2026-11-22.
"""

from types import MappingProxyType

OK = 200
NOT_JSON = 400
REQUEST_TOO_LARGE = 406
RESPONSE_TOO_LARGE = 407
USER_CODE = 430
OVER_LIMIT = 432
TIMED_OUT = 433
OUT_OF_MEMORY = 434
NOT_FOUND = 435
HANDLER_NOT_FOUND = 437
PROCESS_EXITED = 439
INIT_TIMED_OUT = 450
INTERNAL = 500

NAMES = MappingProxyType(
    {
        OK: "Success",
        NOT_JSON: "InvalidParameterValue",
        REQUEST_TOO_LARGE: "RequestTooLarge",
        RESPONSE_TOO_LARGE: "The size of response exceeds the upper limit (6MB)",
        USER_CODE: "User code exception caught",
        OVER_LIMIT: "ResourceLimitReached",
        TIMED_OUT: "TimeLimitReached",
        OUT_OF_MEMORY: "MemoryLimitReached",
        NOT_FOUND: "FunctionNotFound",
        HANDLER_NOT_FOUND: "HandlerNotFound",
        PROCESS_EXITED: "User process exit when running",
        INIT_TIMED_OUT: "InitContainerTimeout",
        INTERNAL: "InternalError",
    }
)

# "except system errors and overrun errors, all other errors are execution errors"
PLATFORM_ERRORS = frozenset({OVER_LIMIT, INTERNAL})


class InvocationRefused(Exception):
    """A call that SCF turns away before the function is reached: status, the code's name, a sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {NAMES[status]}: {message}")
        self.status = status
        self.code = NAMES[status]
        self.message = message

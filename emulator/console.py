"""The output of a served cloud: how to reach it on standard output, then a line for each call on standard error.

Only what standard output gets holds credentials.
"""

import json
import os
import shlex
import signal
import sys
import time
from collections.abc import Mapping
from types import FrameType

from emulator.cos.access_log import AccessLogEntry
from emulator.scf.log import Record

_FAILURE_LEVELS = {"warn", "warning", "error", "critical", "fatal"}
_MAX_LINE_CHARACTERS = 2000
_LOOK_AGAIN_S = 0.1
# The variables that Tencent's own tools and the deployment commands of this repository read.
_VARIABLES = {
    "OPS_ENDPOINT": "endpoint",
    "OPS_API_ENDPOINT": "api_endpoint",
    "TENCENTCLOUD_REGION": "region",
    "TENCENTCLOUD_SECRET_ID": "secret_id",
    "TENCENTCLOUD_SECRET_KEY": "secret_key",
    "EMULATOR_TLS_ENDPOINT": "tls_endpoint",
    "EMULATOR_TLS_API_ENDPOINT": "tls_api_endpoint",
    "EMULATOR_CA_FILE": "ca_file",
}


class StopSignal:
    """Waits for SIGINT or SIGTERM, which from now on do nothing else. Made and waited for by the main thread.

    Not a threading.Event: where a signal comes while the main thread enters `Event.wait`, its handler waits forever
    for the lock that this very thread holds; and a signal that the system hands to another thread does not wake the
    main one.
    """

    def __init__(self) -> None:
        self.has_come = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._take)

    def wait(self) -> None:
        """Return once a signal has come."""
        while not self.has_come:
            time.sleep(_LOOK_AGAIN_S)

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        self.has_come = True


def print_connection(connection: Mapping[str, object]) -> None:
    """Print how to reach the cloud, root credentials included, as one line of JSON on standard output."""
    sys.stdout.write(json.dumps(connection) + "\n")
    sys.stdout.flush()


def print_exports(connection: Mapping[str, object]) -> None:
    r"""Print how to reach the cloud as `export` lines, then close standard output.

    Closed, so that `eval "$(python -m emulator --env &)"` goes on while the emulator runs; EMULATOR_PID ends it.
    """
    lines = [
        f"export {variable}={shlex.quote(str(connection[name]))}"
        for variable, name in _VARIABLES.items()
        if name in connection
    ]
    sys.stdout.write("\n".join([*lines, f"export EMULATOR_PID={os.getpid()}"]) + "\n")
    sys.stdout.flush()
    with open(os.devnull, "wb") as nothing:  # noqa: PTH123  # its descriptor is what counts
        os.dup2(nothing.fileno(), sys.stdout.fileno())


def log_call(entry: AccessLogEntry) -> None:
    """Log a call and its status."""
    log(f"{entry.status} {entry.principal} {entry.operation or entry.method} {entry.bucket}/{entry.key}")


def log_failures(records: tuple[Record, ...]) -> None:
    """Log the failures of an invocation: JSON lines of level warning or above, and the exception that ended it."""
    for record in records:
        name = record["SCF_FunctionName"]
        if str(record.get("level", "")).lower() in _FAILURE_LEVELS:
            log(f"{name}: {str(record['SCF_Message'])[:_MAX_LINE_CHARACTERS]}")
        elif record["SCF_Level"] == "ERROR" and "SCF_BilledDuration" not in record:
            log(f"{name}: {record['SCF_StatusCode']}: {_last_line(str(record['SCF_Message']))}")


def log(line: str) -> None:
    """Write one line to standard error, at once."""
    sys.stderr.write(line.replace("\n", " ") + "\n")
    sys.stderr.flush()


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")

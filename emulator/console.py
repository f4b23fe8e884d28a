"""What a served cloud says: one line of JSON on standard output, then on standard error a line for what happens.

It must not know how anything is served. No line ever holds a key but the first, which is how the cloud is reached.
"""

import json
import signal
import sys
import threading
from collections.abc import Mapping

from emulator.cos.called import Called
from emulator.scf.log import Record


def until_stopped() -> threading.Event:
    """Give what is set by SIGINT and SIGTERM from now on."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def announce(reach: Mapping[str, object]) -> None:
    """Say how the cloud is reached, root keys included, as the one line of standard output."""
    sys.stdout.write(json.dumps(reach) + "\n")
    sys.stdout.flush()


def tell_call(called: Called) -> None:
    """Say how a call was answered."""
    say(f"{called.status} {called.principal} {called.operation or called.method} {called.bucket}/{called.key}")


def tell_failures(records: tuple[Record, ...]) -> None:
    """Say of an invocation what went wrong: what the function logged as a warning or an error, what it raised."""
    for record in records:
        if record.get("level") in {"warning", "error"}:
            said = [record.get(name) for name in ("what", "key", "code", "message") if record.get(name)]
            say(f"{record['SCF_FunctionName']}: {' '.join(str(word) for word in said)}")
        elif record["SCF_Level"] == "ERROR" and "SCF_BilledDuration" not in record:
            say(f"{record['SCF_FunctionName']}: {record['SCF_StatusCode']}: {_last_line(str(record['SCF_Message']))}")


def say(line: str) -> None:
    """Say one line on standard error, at once."""
    sys.stderr.write(line.replace("\n", " ") + "\n")
    sys.stderr.flush()


def _last_line(text: str) -> str:
    return next((line for line in reversed(text.splitlines()) if line.strip()), "")

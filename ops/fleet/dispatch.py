"""Keys -> calls of the function: in the cloud by Invoke, or here in a process of its own.

Source: SCF API 2018-04-16, Invoke (read 2026-11-25). A call by hand is {"bucket": ..., "keys": [...]}.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from ops.cloud.credentials import Credentials, Endpoints
from ops.cloud.responses import InvokeResponse, parse
from ops.stack.stack import Stack

_ROOT = Path(__file__).resolve().parents[2]
_PROGRAM = """
import json, sys
import handler
call = json.load(sys.stdin)
result = handler.main_handler(call["event"], call["context"])
sys.stderr.write(json.dumps(result))
"""
_EXTRA_S = 60  # for starting, beyond the function's own timeout


class Dispatcher(Protocol):
    """Hands keys of one bucket to the function."""

    def send(self, bucket: str, keys: Sequence[str]) -> str | None:
        """Return the reason of a failure, or None where the keys were taken."""


class Scf(Protocol):
    """The call that is made here."""

    def scf(self, action: str, **parameters: object) -> dict[str, Any]:
        """Call SCF."""


class CloudDispatcher:
    """Calls the deployed function as a trigger does: asynchronously, with its retries and its dead letter queue."""

    def __init__(self, cloud: Scf, stack: Stack) -> None:
        self._cloud, self._stack = cloud, stack

    def send(self, bucket: str, keys: Sequence[str]) -> str | None:
        """Hand the keys over; the function works on them later.

        Raises:
            CloudError: SCF did not take the call.
        """
        answer = self._cloud.scf(
            "Invoke",
            FunctionName=self._stack.name,
            Namespace=self._stack.namespace,
            InvocationType="Event",
            ClientContext=json.dumps({"bucket": bucket, "keys": list(keys)}),
        )
        parse(InvokeResponse, answer, call="SCF Invoke")
        return None


class LocalDispatcher:
    """Runs the function on this machine with the operator's credentials: nothing is deployed, SCF costs nothing."""

    def __init__(self, stack: Stack, credentials: Credentials, endpoints: Endpoints) -> None:
        self._stack = stack
        self._environment = {
            **dict(stack.environment),
            "TENCENTCLOUD_REGION": stack.region,
            "TENCENTCLOUD_APPID": stack.appid,
            "TENCENTCLOUD_SECRETID": credentials.secret_id,
            "TENCENTCLOUD_SECRETKEY": credentials.secret_key,
            "TENCENTCLOUD_SESSIONTOKEN": credentials.token,
            "PYTHONPATH": str(_ROOT),
            **({"SNAPSHOT_ENDPOINT": endpoints.cos.rstrip("/")} if endpoints.cos else {}),
        }

    def send(self, bucket: str, keys: Sequence[str]) -> str | None:
        """Run the function on these keys, and return the last line of its error where it failed."""
        call = {
            "event": {"bucket": bucket, "keys": list(keys)},
            "context": {
                "request_id": "backfill",
                "time_limit_in_ms": self._stack.timeout_s * 1000,
                "memory_limit_in_mb": self._stack.memory_mb,
                "tencentcloud_appid": self._stack.appid,
            },
        }
        try:
            process = subprocess.run(  # noqa: S603  # this very Python runs this project's own function
                [sys.executable, "-c", _PROGRAM],
                input=json.dumps(call),
                env=self._environment,
                capture_output=True,
                text=True,
                timeout=self._stack.timeout_s + _EXTRA_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"it did not end within {self._stack.timeout_s + _EXTRA_S} s"
        if process.returncode == 0:
            return None
        return (process.stderr.strip().splitlines() or ["it ended without a message"])[-1]

"""A folder with a handler -> a process that runs it, event by event, as SCF keeps an instance."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from typing_extensions import Self

ROOT = Path(__file__).resolve().parents[2]
RUNNER = Path(__file__).with_name("runner.py")
BUCKET = "examplebucket-1250000000"
REGION = "ap-guangzhou"
_TIME_LIMIT_MS = 300_000


@dataclass(frozen=True, slots=True)
class Run:
    """One invocation, as it was measured. Memory is the peak of the process so far; `children` are programs it ran."""

    wall_ms: float
    cpu_ms: float
    peak_mib: float
    children_peak_mib: float
    result: Any
    error: str
    log: str = ""


class Function:
    """An instance of the function in a process of its own."""

    def __init__(
        self,
        endpoint: str,
        settings: Mapping[str, str],
        *,
        folder: Path = ROOT,
        python: str = sys.executable,
        handler: str = "handler.main_handler",
        memory_mb: int = 512,
    ) -> None:
        self._memory_mb = memory_mb
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(("SNAPSHOT_", "TENCENTCLOUD_"))
        }
        environ |= {
            "TENCENTCLOUD_REGION": REGION,
            "TENCENTCLOUD_APPID": BUCKET.rpartition("-")[2],
            "TENCENTCLOUD_SECRETID": "AKIDexample",
            "TENCENTCLOUD_SECRETKEY": "secretexample",
            "TENCENTCLOUD_SESSIONTOKEN": "tokenexample",
            "SNAPSHOT_ENDPOINT": endpoint,
            "BENCH_HANDLER": handler,
            **settings,
        }
        self._process = subprocess.Popen(
            [python, str(RUNNER)],
            cwd=folder,
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        end_process(self._process)

    def invoke(self, *keys: str, wants_log: bool = False) -> Run:
        """Run the handler on the event of these uploads.

        Raises:
            RuntimeError: the process ended.
        """
        assert self._process.stdin is not None  # noqa: S101  # it is a pipe
        assert self._process.stdout is not None  # noqa: S101  # it is a pipe
        context = {
            "request_id": "benchmark",
            "time_limit_in_ms": _TIME_LIMIT_MS,
            "memory_limit_in_mb": self._memory_mb,
            "tencentcloud_appid": BUCKET.rpartition("-")[2],
        }
        task = {"event": upload_event(*keys), "context": context, "wants_log": wants_log}
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process of the function ended with {self._process.wait()}")
        return Run(**json.loads(line))


def upload_event(*keys: str) -> dict[str, Any]:
    """Return the event that COS sends of these uploads."""
    name, _, appid = BUCKET.rpartition("-")
    records = [
        {
            "cos": {
                "cosSchemaVersion": "1.0",
                "cosObject": {
                    "url": f"http://{BUCKET}.cos.{REGION}.myqcloud.com/{key}",
                    "key": f"/{appid}/{name}/{key}",
                    "vid": "",
                    "size": 5_000_000,
                    "meta": {"x-cos-request-id": "scripted", "Content-Type": "video/mp4"},
                },
                "cosBucket": {"region": REGION, "name": name, "appid": appid},
                "cosNotificationId": "unknown",
            },
            "event": {
                "eventName": "cos:ObjectCreated:Put",
                "eventVersion": "1.0",
                "eventTime": 1_700_000_000,
                "eventSource": "qcs::cos",
                "requestParameters": {"requestSourceIP": "127.0.0.1", "requestHeaders": {}},
                "eventQueue": "qcs:0:scf:ap-guangzhou:appid/1250000000:default.snapshot.$DEFAULT",
                "reservedInfo": "",
                "reqid": 1,
            },
        }
        for key in keys
    ]
    return {"Records": records}


def end_process(process: subprocess.Popen[str]) -> None:
    """End a program by closing its standard input, by force where that is not enough after 5 s."""
    try:
        process.communicate(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()

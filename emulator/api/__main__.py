"""`python -m emulator.api`: the cloud and its control plane as a process, to deploy to, until it is told to stop.

The first line of stdout is one JSON object that says how to reach both, root keys included; what happens to objects
goes to stderr, a line a call, and never holds a key.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from emulator.api.plane import ControlPlane
from emulator.cloud import Cloud
from emulator.console import announce, say, tell_call, tell_failures, until_stopped
from emulator.server import PortTaken

_ASK_S = 20
_QUESTION = "import json, sys; print(json.dumps([sys.executable, '.'.join(map(str, sys.version_info[:3]))]))"


def main(arguments: list[str] | None = None) -> int:
    """Serves until SIGINT or SIGTERM; 0 then, 2 when it could not begin."""
    asked = _parser().parse_args(arguments)
    python, version = _asked(asked.python)
    if python is None:
        say(
            f"emulator.api: --python {asked.python!r} does not run as a Python. Name one that does, of the version"
            " that the functions are made for; without --python it is the one that runs this."
        )
        return 2
    stop = until_stopped()
    try:
        cloud = Cloud(
            buckets=asked.bucket or ("examplebucket-1250000000",),
            region=asked.region,
            port=asked.port,
            on_call=tell_call,
            on_log=tell_failures,
        )
    except (ValueError, PortTaken) as error:
        say(f"emulator.api: {error}")
        return 2
    reached = {"SNAPSHOT_ENDPOINT": cloud.endpoint}
    with (
        cloud,
        ControlPlane(
            cloud,
            now=time.time,
            python=python,
            isolated=asked.isolated,
            queues=asked.queue,
            looks=asked.looks,
            environment=reached,
        ) as plane,
    ):
        reach = {
            "endpoint": cloud.endpoint,
            "api_endpoint": f"http://{plane.endpoint}",
            "region": cloud.region,
            "buckets": cloud.buckets,
            "secret_id": cloud.secret_id,
            "secret_key": cloud.secret_key,
        }
        announce(reach)
        say(
            f"emulator.api: functions run under {python} ({version}); what they log is at"
            f" {cloud.endpoint}/_emulator/log; Ctrl-C ends it"
        )
        stop.wait()
    return 0


def _asked(python: str) -> tuple[Path | None, str]:
    """The Python's own answer to where it is and which: a name on PATH may be a shim that runs none, or another."""
    try:
        answer = subprocess.run(  # noqa: S603  # the caller's own interpreter
            [python, "-I", "-S", "-c", _QUESTION],
            capture_output=True,
            check=True,
            timeout=_ASK_S,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        path, version = json.loads(answer.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None, ""
    return Path(path), version


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator.api", description="The emulated cloud with SCF's and CAM's API, to deploy to."
    )
    parser.add_argument("--port", type=int, default=0, help="of COS, CI and SCF's functions; 0 takes a free one")
    parser.add_argument("--bucket", action="append", default=[], metavar="NAME-APPID", help="more than once for more")
    parser.add_argument("--region", default="ap-guangzhou")
    parser.add_argument("--queue", action="append", default=[], metavar="NAME", help="a queue for dead letters")
    parser.add_argument("--python", default=sys.executable, metavar="PATH", help="runs the functions (%(default)s)")
    parser.add_argument("--isolated", action="store_true", help="functions see their package and nothing else")
    parser.add_argument("--looks", type=int, default=2, help="how often a change is looked at until it is done")
    return parser


if __name__ == "__main__":
    sys.exit(main())

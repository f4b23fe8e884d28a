"""`python -m emulator.api`: the cloud and its control plane as a process, to deploy to, until it is told to stop.

The first line of stdout is one JSON object that says how to reach both; it holds the root keys.
"""

import argparse
import json
import signal
import sys
import threading
import time
from pathlib import Path

from emulator.api.plane import ControlPlane
from emulator.cloud import Cloud
from emulator.server import PortTaken


def main(arguments: list[str] | None = None) -> int:
    """Serves until SIGINT or SIGTERM; 0 then, 2 when it could not begin."""
    asked = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        cloud = Cloud(buckets=asked.bucket or ("examplebucket-1250000000",), region=asked.region, port=asked.port)
    except (ValueError, PortTaken) as error:
        sys.stderr.write(f"emulator.api: {error}\n")
        return 2
    reached = {"SNAPSHOT_ENDPOINT": cloud.endpoint}
    with (
        cloud,
        ControlPlane(
            cloud,
            now=time.time,
            python=asked.python,
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
        sys.stdout.write(json.dumps(reach) + "\n")
        sys.stdout.flush()
        stop.wait()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator.api", description="The emulated cloud with SCF's and CAM's API, to deploy to."
    )
    parser.add_argument("--port", type=int, default=0, help="of COS, CI and SCF's functions; 0 takes a free one")
    parser.add_argument("--bucket", action="append", default=[], metavar="NAME-APPID", help="more than once for more")
    parser.add_argument("--region", default="ap-guangzhou")
    parser.add_argument("--queue", action="append", default=[], metavar="NAME", help="a queue for dead letters")
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="runs the functions (%(default)s)")
    parser.add_argument("--isolated", action="store_true", help="functions see their package and nothing else")
    parser.add_argument("--looks", type=int, default=2, help="how often a change is looked at until it is done")
    return parser


if __name__ == "__main__":
    sys.exit(main())

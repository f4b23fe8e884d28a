"""`python -m emulator`: the cloud as a process of its own, until it is told to stop.

The first line of stdout is one JSON object that says how to reach it, root keys included; what happens goes to
stderr, a line a call, and never holds a key.
"""

import argparse
import json
import sys
from pathlib import Path

from emulator.cloud import Cloud
from emulator.console import announce, say, tell_call, tell_failures, until_stopped
from emulator.scf.function import Function
from emulator.scf.triggers import Trigger
from emulator.server import PortTaken

FUNCTION = "snapshot"
_ROOT = Path(__file__).resolve().parent.parent
_TIMEOUT_S = 300
_DEFAULT_BUCKET = "examplebucket-1250000000"


def main(arguments: list[str] | None = None) -> int:
    """Serves until SIGINT or SIGTERM; 0 then, 2 when it could not begin."""
    asked = _parser().parse_args(arguments)
    stop = until_stopped()
    try:
        policy = None if asked.policy is None else json.loads(asked.policy.read_text(encoding="utf-8"))
        settings = dict(_setting(text) for text in asked.set)
        cloud = Cloud(
            buckets=asked.bucket or (_DEFAULT_BUCKET,),
            region=asked.region,
            port=asked.port,
            policy=policy,
            unbound=asked.unbound,
            on_call=tell_call,
            on_log=tell_failures,
        )
    except (ValueError, OSError, PortTaken) as error:
        say(f"emulator: {error}")
        return 2
    with cloud:
        try:
            if asked.function:
                _add_function(cloud, settings)
        except ValueError as error:
            say(f"emulator: {error}")
            return 2
        reach = {
            "endpoint": cloud.endpoint,
            "region": cloud.region,
            "buckets": cloud.buckets,
            "secret_id": cloud.secret_id,
            "secret_key": cloud.secret_key,
        }
        announce(reach)
        may = "do everything: there is no --policy" if policy is None else "do what the policy allows"
        say(f"emulator: {cloud.endpoint}; run roles may {may}; Ctrl-C ends it")
        stop.wait()
    return 0


def _add_function(cloud: Cloud, settings: dict[str, str]) -> None:
    cloud.scf.create(
        Function(
            name=FUNCTION,
            code_dir=_ROOT,
            timeout_s=_TIMEOUT_S,
            environment={**settings, "SNAPSHOT_ENDPOINT": cloud.endpoint},
        )
    )
    for bucket in cloud.buckets:
        cloud.scf.add_trigger(Trigger(FUNCTION, bucket))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator", description="COS, CI's GetSnapshot and SCF on one port."
    )
    parser.add_argument("--port", type=_port, default=0, help="0, the default, takes a free one")
    parser.add_argument("--bucket", action="append", default=[], metavar="NAME-APPID", help="more than once for more")
    parser.add_argument("--region", default="ap-guangzhou")
    parser.add_argument("--function", action="store_true", help="run this project's handler on every upload")
    parser.add_argument("--policy", type=Path, metavar="FILE", help="CAM policy JSON of the run role")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a variable of the function")
    parser.add_argument("--unbound", action="append", default=[], metavar="BUCKET", help="media processing off there")
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port < 65536:  # noqa: PLR2004  # ports have 16 bits
        raise argparse.ArgumentTypeError("a port lies between 0 and 65535")
    return port


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ValueError(f"--set takes NAME=VALUE, not {text!r}")
    return name, value


if __name__ == "__main__":
    sys.exit(main())

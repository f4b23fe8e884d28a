"""`python -m emulator`: the cloud as a process of its own, until SIGINT or SIGTERM.

The first line of stdout is one JSON object with the endpoint and the root credentials; a line for each call goes to
stderr and never holds a credential.
"""

import argparse
import json
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from emulator.cloud import Cloud
from emulator.console import StopSignal, log, log_call, log_failures, print_connection, print_exports
from emulator.http.server import HOST, PortTaken, Server
from emulator.http.tls import make_tls
from emulator.scf.function import Function
from emulator.scf.interpreter import Interpreter, find_interpreter
from emulator.scf.triggers import Trigger

if TYPE_CHECKING:
    from emulator.control.plane import ControlPlane

_DEFAULT_BUCKET = "examplebucket-1250000000"
_DEFAULT_ENDPOINT_VARIABLE = "SNAPSHOT_ENDPOINT"
_MAX_PORT = 65535


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM and return 0; return 2 when it could not start."""
    args = _parser().parse_args(arguments)
    stop = StopSignal()
    try:
        with ExitStack() as stack:
            _serve(args, stack)
            stop.wait()
    except (ValueError, OSError, PortTaken) as error:
        log(f"emulator: {error}")
        return 2
    return 0


def _read_policy(path: Path) -> object:
    """Return the document in a file of JSON.

    Raises:
        ValueError: it cannot be read or is no JSON; the message names option and file.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"--policy {path}: {error.strerror}; a CAM policy in JSON is accepted") from error
    except ValueError as error:
        raise ValueError(f"--policy {path}: no JSON ({error}); a CAM policy in JSON is accepted") from error


def _serve(args: argparse.Namespace, stack: ExitStack) -> None:
    policy = None if args.policy is None else _read_policy(args.policy)
    settings = dict(_setting(text) for text in args.set)
    interpreter = _interpreter(args.python)
    cloud = stack.enter_context(
        Cloud(
            buckets=args.bucket or (_DEFAULT_BUCKET,),
            region=args.region,
            port=args.port,
            host=args.host,
            policy=policy,
            unbound=args.unbound,
            on_call=log_call,
            on_log=log_failures,
        )
    )
    connection: dict[str, object] = {
        "endpoint": cloud.endpoint,
        "region": cloud.region,
        "buckets": cloud.buckets,
        "secret_id": cloud.secret_id,
        "secret_key": cloud.secret_key,
    }
    variables = {**settings, args.endpoint_variable: cloud.endpoint}
    if args.function is not None:
        _add_function(cloud, args, interpreter, variables)
    plane = None
    if args.control:
        from emulator.control.plane import ControlPlane  # noqa: PLC0415  # only who asks for it waits for it

        plane = stack.enter_context(
            ControlPlane(
                cloud,
                now=time.time,
                port=args.control_port,
                host=args.host,
                interpreter=interpreter,
                isolated=args.isolated,
                queues=args.queue,
                polls=args.polls,
                trigger_names=args.trigger_names,
                environment=variables,
                on_warning=lambda warning: log(f"emulator: WARNING: {warning}"),
            )
        )
        connection["api_endpoint"] = f"http://{plane.endpoint}"
    if args.tls:
        _serve_tls(args, stack, cloud, plane, connection)
    (print_exports if args.env else print_connection)(connection)
    rights = "do everything: there is no --policy" if policy is None else "do what the policy allows"
    if args.control:
        rights += ", and as soon as a function with a role is deployed, what that role's policies allow"
    log(f"emulator: {cloud.endpoint}; run roles may {rights}; Ctrl-C ends it")
    if args.control or args.function is not None:
        log(f"emulator: functions run under {interpreter}; their log is at {cloud.endpoint}/_emulator/log")


def _serve_tls(
    args: argparse.Namespace,
    stack: ExitStack,
    cloud: Cloud,
    plane: "ControlPlane | None",
    connection: dict[str, object],
) -> None:
    """Serve the same by https, beside http: functions of this cloud go on by http, which needs no CA file."""
    tls = make_tls(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="emulator-"))), region=args.region)
    server = stack.enter_context(closing(Server(cloud.app, args.tls_port, host=args.host, tls=tls.context)))
    connection["tls_endpoint"] = f"https://{HOST}:{server.port}"
    if plane is not None:
        control = stack.enter_context(closing(Server(plane.app, host=args.host, tls=tls.context)))
        connection["tls_api_endpoint"] = f"https://{HOST}:{control.port}"
    connection["ca_file"] = str(tls.ca_file)


def _add_function(cloud: Cloud, args: argparse.Namespace, interpreter: Interpreter, variables: dict[str, str]) -> None:
    module = args.handler.partition(".")[0]
    if not (args.function / f"{module}.py").is_file():
        raise ValueError(f"--function: there is no {module}.py in {args.function}; name another folder or --handler")
    cloud.scf.create(
        Function(
            name=args.function_name,
            code_dir=args.function,
            handler=args.handler,
            python=interpreter.path,
            isolated=args.isolated,
            runtime=interpreter.runtime,
            memory_mb=args.memory,
            timeout_s=args.timeout,
            environment=variables,
        )
    )
    for bucket in cloud.buckets:
        cloud.scf.add_trigger(Trigger(args.function_name, bucket, prefix=args.prefix))


def _interpreter(python: str | None) -> Interpreter:
    if python is None:
        return Interpreter()
    interpreter = find_interpreter(python)
    if interpreter is None:
        raise ValueError(
            f"--python {python!r} is not a Python that runs. Name one of the version that the functions are"
            " made for; without --python it is the one that runs this"
        )
    return interpreter


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator",
        description="Tencent Cloud on one machine: object storage (COS), media processing (CI) and functions (SCF).",
    )
    add = parser.add_argument
    add("--port", type=_port, default=0, help="the port; 0, the default, takes a free one")
    add("--host", default=HOST, help="the address to listen on; in a container 0.0.0.0 (%(default)s)")
    add("--bucket", action="append", default=[], metavar="NAME-APPID", help=f"repeat it for more ({_DEFAULT_BUCKET})")
    add("--region", default="ap-guangzhou", help="the one region of this cloud (%(default)s)")
    add("--unbound", action="append", default=[], metavar="BUCKET", help="a bucket without media processing")
    add("--tls", action="store_true", help="also serve https; prints the CA file of its certificate")
    add("--tls-port", type=_port, default=0, metavar="PORT", help="the https port; 0, the default, takes a free one")
    add("--policy", type=Path, metavar="FILE", help="a file with the policy (JSON) of the functions' run role")
    add("--env", action="store_true", help='print `export NAME=VALUE` lines: eval "$(python -m emulator --env &)"')
    functions = parser.add_argument_group("functions")
    add = functions.add_argument
    add("--function", nargs="?", type=Path, const=Path(), metavar="FOLDER", help="run its handler on every upload (.)")
    add("--function-name", default="function", metavar="NAME", help="the name of that function (%(default)s)")
    add("--handler", default="handler.main_handler", metavar="FILE.FUNCTION", help="its handler (%(default)s)")
    add("--prefix", default="", help="call it only for keys that begin with this")
    add("--memory", type=int, default=512, metavar="MB", help="its memory limit (%(default)s)")
    add("--timeout", type=int, default=300, metavar="SECONDS", help="its time limit (%(default)s)")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="an environment variable of every function")
    add("--python", metavar="PATH", help=f"the Python that runs functions ({sys.executable})")
    add("--isolated", action="store_true", help="functions can import only from their own package")
    add(
        "--endpoint-variable",
        default=_DEFAULT_ENDPOINT_VARIABLE,
        metavar="NAME",
        help="the variable that tells a function this cloud's address (%(default)s)",
    )
    control = parser.add_argument_group("control plane: the API that deployment tools call (SCF, CAM, STS)")
    add = control.add_argument
    add("--control", action="store_true", help="serve this API too, on its own port")
    add("--control-port", type=_port, default=0, metavar="PORT", help="that port; 0, the default, takes a free one")
    add("--queue", action="append", default=[], metavar="NAME", help="the name of a queue for dead letters")
    add("--polls", type=int, default=2, help="a change is done after this many GetFunction calls (%(default)s)")
    add(
        "--trigger-names",
        choices=("host", "generated"),
        default="host",
        help="the TriggerName in ListTriggers: the bucket's host or a generated cos_... (%(default)s)",
    )
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= _MAX_PORT:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {_MAX_PORT}")
    return port


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ValueError(f"--set takes NAME=VALUE, not {text!r}")
    if ";" in value or "=" in value:
        raise ValueError(
            f"--set {name}: the value holds ';' or '='. SCF's runtime splits all variables at these two characters, so"
            " no value may hold either"
        )
    return name, value


if __name__ == "__main__":
    sys.exit(main())

"""`python -m studio serve [--port PORT] [--set NAME=VALUE]...`: the local cloud and its page until Ctrl-C."""

import argparse
import sys
import threading
from collections.abc import Mapping
from functools import partial

from emulator.cloud import Cloud
from emulator.console import StopSignal
from emulator.http.server import PortTaken
from emulator.scf.function import Function
from emulator.scf.log import Record
from emulator.scf.triggers import Trigger
from studio.demo import PROJECT, add_settings_argument, settings_of
from studio.function_log import settings_problem
from studio.run import BUCKET, FUNCTION, FUNCTION_TIMEOUT_S, INPUT_PREFIX, REGION, UPLOADS, buckets_of
from studio.site import Site

_WRONG_USE, _PORT_TAKEN = 2, 1
_MAX_PORT = 65535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument("--port", type=_port, default=8000, help="the page's port (default: 8000); 0 takes a free one")
    add_settings_argument(parser)


def run(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    """Serve until SIGINT or SIGTERM and return the exit status: 0 then, 1 for a taken port, 2 for wrong settings."""
    stop = StopSignal()
    try:
        settings = settings_of(environment, options.set)
        prefix = settings.get(INPUT_PREFIX, UPLOADS)
        site = Site(settings, prefix=prefix)
        with Cloud(
            buckets=buckets_of(settings),
            region=REGION,
            port=options.port,
            compressed_time=True,
            on_log=lambda records: None if stop.has_come else _log_outcomes(records),
            pages=site.answer,
        ) as cloud:
            function = Function(
                FUNCTION,
                PROJECT,
                timeout_s=FUNCTION_TIMEOUT_S,
                environment={**settings, "SNAPSHOT_ENDPOINT": cloud.endpoint},
            )
            cloud.scf.create(function)
            cloud.scf.add_trigger(Trigger(FUNCTION, BUCKET, prefix=prefix))
            cloud.scf.add_trigger(Trigger(FUNCTION, BUCKET, prefix=prefix, events=("cos:ObjectRemove:*",)))
            site.attach(cloud)
            _say(f"The local cloud and its page: {cloud.endpoint}/")
            _say(f"Drop videos there, or upload them to {BUCKET} under {prefix or 'any name'}. Ctrl-C ends it.")
            threading.Thread(target=partial(_try_settings, cloud), name="try settings", daemon=True).start()
            stop.wait()
            _say("Stopping.")
    except PortTaken:
        _complain(f"port {options.port} is taken; name another: make serve PORT={min(options.port + 1, _MAX_PORT)}")
        return _PORT_TAKEN
    except ValueError as error:
        _complain(str(error))
        return _WRONG_USE
    return 0


def _try_settings(cloud: Cloud) -> None:
    """Call the function once without any record: wrong settings show before the first upload, which is faster too."""
    cloud.scf.invoke(FUNCTION, {"Records": []})
    problem = settings_problem(cloud.scf.log)
    if problem:
        _complain(f"the function does not start, its settings are wrong: {problem}")


def _log_outcomes(records: tuple[Record, ...]) -> None:
    """Write a line for the outcome of each video, and the platform's message where the function broke off."""
    for record in records:
        if (record.get("event") or record.get("what")) == "record.done" and record.get("key"):
            _say(f"{record['key']}: {_outcome(record)}")
        elif record["SCF_Level"] == "ERROR" and "SCF_BilledDuration" not in record and not settings_problem([record]):
            *_, last = str(record["SCF_Message"]).strip().splitlines() or [""]
            _complain(f"{record['SCF_StatusCode']}: {last}")


def _outcome(record: Record) -> str:
    """Return in a few words how a video ended."""
    numbers = [f"{record[name]} {name}" for name in ("thumbnails", "missed") if record.get(name)]
    reasons = [str(record[name]) for name in ("code", "reason", "message") if record.get(name)]
    return ", ".join([str(record.get("outcome")), *numbers, *reasons])


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _complain(line: str) -> None:
    sys.stderr.write(f"serve: {line}\n")
    sys.stderr.flush()


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > _MAX_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; a port is a number from 0 to {_MAX_PORT}")
    return int(text)

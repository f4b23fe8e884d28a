"""`python -m ops COMMAND`: finds the command, and turns an error into two sentences and an exit status.

A command's module is imported when the command is run: `package` works on a bare Python, `deploy` needs the packages
of requirements/ops.txt.
"""

import argparse
import importlib
import os
import shlex
import sys

from ops.errors import OpsError

_COMMANDS = {
    "package": ("ops.package.command", "build the zip that SCF runs"),
    "policy": ("ops.deploy.policy", "print the smallest policy for the run role"),
    "deploy": ("ops.deploy.command", "create or change what serverless.yml describes"),
    "try": ("ops.trial.command", "upload a video, wait, and show what the function made"),
    "backfill": ("ops.fleet.backfill", "send videos that are already in the bucket to the function"),
    "replay": ("ops.fleet.replay", "send failed events (dead letters) to the function again"),
    "prune": ("ops.fleet.prune", "remove objects that the function wrote and no manifest names"),
    "verify": ("ops.verify.command", "test on your own bucket what the documents do not say"),
    "doctor": ("ops.doctor.command", "check everything that a working set-up needs"),
}
_CONTINUING = ("package", "deploy", "backfill", "prune")  # what was done is not done again
_ONCE = ("try", "replay")  # what was sent would be sent again
_FAILED, _INTERRUPTED = 1, 130
_MODULE, _HELP = 0, 1


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m ops", description="Deploy the function and maintain it.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in _COMMANDS.items():
        commands.add_parser(name, help=command[_HELP], add_help=False)
    chosen, rest = parser.parse_known_args(arguments)
    try:
        status = _run(chosen.command, rest)
        sys.stdout.flush()
    except OpsError as error:
        _report(str(error))
        return _FAILED
    except BrokenPipeError:  # the reader of the pipe has ended; nothing may be written at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    except OSError as error:
        _report(
            f"{error.strerror or error}: {error.filename or 'the system does not say where'}\n"
            "  Check that path: does it exist, may it be read or written, is the disk full?"
        )
        return _FAILED
    except KeyboardInterrupt:
        promise = ": it continues with what is left" if chosen.command in _CONTINUING else ""
        line = shlex.join([chosen.command, *rest])
        advice = "" if chosen.command in _ONCE else f" Run `python -m ops {line}` again{promise}."
        _report(f"\nStopped.{advice}")
        return _INTERRUPTED
    return status


def _report(text: str) -> None:
    """Write an error below all that was printed before it, also where both streams end in one file."""
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")


def _run(command: str, arguments: list[str]) -> int:
    """Return the command's own exit status.

    Raises:
        OpsError: the command could not do its work, or this Python lacks a package that it needs.
    """
    try:
        module = importlib.import_module(_COMMANDS[command][_MODULE])
    except ModuleNotFoundError as error:
        raise OpsError(
            f"{command} needs the package {error.name}, which this Python does not have.",
            remedy="`make package` installs it. Use the project's own Python: `.venv/bin/python -m ops ...`.",
        ) from error
    status: int = module.main(arguments)
    return status


if __name__ == "__main__":
    sys.exit(main())

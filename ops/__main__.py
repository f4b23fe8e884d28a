"""`python -m ops COMMAND`: finds the command, and turns what went wrong into two sentences and a status.

A command's module is imported when it is asked for: `package` runs on a bare Python, `deploy` needs the tools
of requirements-dev.txt.

Must not know: what any command does.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys

from ops.errors import OpsError

COMMANDS = {
    "package": "build the zip that SCF runs",
    "policy": "print the least policy of the run role",
    "deploy": "make the cloud what serverless.yml says",
    "doctor": "look at everything a working set-up needs",
}
FAILED, INTERRUPTED = 1, 130


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m ops", description="Ship the function and look after it.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, help_ in COMMANDS.items():
        commands.add_parser(name, help=help_, add_help=False)
    chosen, rest = parser.parse_known_args(arguments)
    try:
        status = _run(chosen.command, rest)
        sys.stdout.flush()
    except OpsError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    except BrokenPipeError:  # whoever read it has seen enough; nothing may be written at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        sys.stderr.write(f"{error.strerror or error}: {error.filename or 'the system says no more'}\n")
        sys.stderr.write("  Look at that path: is it there, may it be read or written, is there room?\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. Nothing is half done that the next run cannot finish.\n")
        return INTERRUPTED
    return status


def _run(command: str, arguments: list[str]) -> int:
    """The command's own exit status. Raises OpsError."""
    try:
        module = importlib.import_module(f"ops.{command}")
    except ModuleNotFoundError as error:
        raise OpsError(
            f"{command} needs {error.name}, which this Python does not have.",
            remedy="Run it with the project's own: `.venv/bin/python -m ops ...` (`make test` sets it up).",
        ) from error
    status: int = module.main(arguments)
    return status


if __name__ == "__main__":
    sys.exit(main())

"""`python -m ops COMMAND`: finds the command, and turns what went wrong into two sentences and a status.

A command's module is imported when it is asked for: `package` runs on a bare Python, `deploy` needs the tools
of requirements-dev.txt.

Must not know: what any command does.
"""

from __future__ import annotations

import argparse
import importlib
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
        module = importlib.import_module(f"ops.{chosen.command}")
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"{chosen.command} needs {error.name}, which this Python does not have.\n"
            "  Run it with the project's own: `.venv/bin/python -m ops ...` (`make test` sets it up).\n"
        )
        return FAILED
    try:
        status: int = module.main(rest)
    except OpsError as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped. Nothing is half done that the next run cannot finish.\n")
        return INTERRUPTED
    return status


if __name__ == "__main__":
    sys.exit(main())

"""`python -m studio demo [VIDEO ...]` and `python -m studio serve`."""

import argparse
import os
import sys
import time
from collections.abc import Mapping, Sequence

_INTERRUPTED = 130


def main(arguments: Sequence[str], environment: Mapping[str, str], *, started_s: float | None = None) -> int:
    """Run one command and return its exit status; `started_s` is when this process began, in unix seconds."""
    from studio import demo, serve  # noqa: PLC0415  # it takes a second or two, in which Ctrl-C may come

    parser = argparse.ArgumentParser(
        prog="python -m studio", description="Run the function with a local cloud on this machine."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo.add_arguments(commands.add_parser("demo", help="make the pictures of videos, and a page that shows them"))
    serve.add_arguments(commands.add_parser("serve", help="run the local cloud and its page until Ctrl-C"))
    options = parser.parse_args(arguments)
    if options.command == "demo":
        loaded_ms = 0 if started_s is None else round((time.time() - started_s) * 1000)
        return demo.run(options, environment, loaded_ms=loaded_ms)
    return serve.run(options, environment)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a terminal may not know every letter
    try:
        import psutil

        sys.exit(main(sys.argv[1:], os.environ, started_s=psutil.Process().create_time()))
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        sys.exit(_INTERRUPTED)

"""`python -m studio demo [VIDEO ...] [--out FOLDER] [--set NAME=VALUE]...`: videos in, a report and a folder out.

Settings also come from this process's environment: SNAPSHOT_TIMES=6x make demo.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from qcloud_cos import CosClientError, CosServiceError

from studio.folder import PAGE
from studio.function_log import calls_line
from studio.page import Phase, contact_sheet
from studio.report import failure_lines, time_lines, video_lines
from studio.run import Run, run_demo
from studio.videos import find_videos

PROJECT = Path(__file__).resolve().parents[1]
PREFIX = "SNAPSHOT_"
ENDPOINT = "SNAPSHOT_ENDPOINT"  # the local cloud's own, always

_FAILED, _WRONG_USE, _INTERRUPTED = 1, 2, 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    parser.add_argument(
        "videos",
        nargs="*",
        metavar="VIDEO",
        help="a file, a folder or a pattern, or several of them in one text; without it, a film is made",
    )
    parser.add_argument("--out", default="out", metavar="FOLDER", help="the folder for the results (default: out)")
    add_settings_argument(parser)


def add_settings_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument that sets the function up."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the function, such as SNAPSHOT_TIMES=6x; may be given several times",
    )


def run(options: argparse.Namespace, environment: Mapping[str, str], *, loaded_ms: int = 0) -> int:
    """Run the demo, report it, and return the exit status.

    0: there are pictures of every video. 1: there are not. 2: an argument is wrong. 130: Ctrl-C.
    """
    out = Path(options.out).expanduser()
    try:
        videos = [video for text in options.videos for video in find_videos(text)]
        settings = settings_of(environment, options.set)
    except ValueError as error:
        sys.stderr.write(f"demo: {error}\n")
        return _WRONG_USE
    try:
        result = run_demo(videos, settings=settings, folder=out, project=PROJECT)
        if loaded_ms:
            result = replace(result, phases=(Phase("load Python and the cloud", loaded_ms), *result.phases))
        write_page(result, settings, out)
    except KeyboardInterrupt:
        sys.stderr.write("demo: stopped\n")
        return _INTERRUPTED
    except (OSError, ValueError, CosServiceError, CosClientError) as error:  # TimeoutError is an OSError
        sys.stderr.write(f"demo: {_in_words(error)}\n")
        return _FAILED
    with suppress(BrokenPipeError):  # somebody read the first lines and left; the folder is complete
        sys.stdout.write("".join(line + "\n" for line in _report(result, settings, out)))
        sys.stdout.flush()
    return 0 if result.went_well else _FAILED


def settings_of(environment: Mapping[str, str], pairs: Iterable[str]) -> dict[str, str]:
    """Return the function's settings: SNAPSHOT_* of the environment, then the pairs NAME=VALUE, the last one wins.

    Raises:
        ValueError: a pair has no "=", or sets the endpoint, which is the local cloud's own.
    """
    settings = {name: value for name, value in environment.items() if name.startswith(PREFIX) and name != ENDPOINT}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ValueError(f"--set takes NAME=VALUE, not {pair!r}")
        if name == ENDPOINT:
            raise ValueError(f"{ENDPOINT} is the address of the demo's own cloud and cannot be set")
        settings[name] = value
    return settings


def write_page(result: Run, settings: Mapping[str, str], out: Path) -> None:
    """Write the contact sheet beside the objects.

    Raises:
        OSError: it cannot be written.
    """
    page = contact_sheet(
        result.videos,
        href=lambda bucket, key: "./" + quote(result.paths.get((bucket, key), "")),
        failures=result.failures,
        phases=result.phases,
        settings=tuple(settings.items()),
    )
    (out / PAGE).write_text(page, "utf-8")


def _report(result: Run, settings: Mapping[str, str], out: Path) -> Iterable[str]:
    for video in result.videos:
        yield from video_lines(video)
        yield ""
    for failure in result.failures:
        yield from failure_lines(failure)
        yield ""
    for problem in result.problems:
        yield f"wrong: {problem}"
    yield from time_lines(result.phases)
    yield ""
    yield f"calls     {calls_line(result.calls)}"
    yield f"settings  {', '.join(f'{name}={value}' for name, value in settings.items()) or 'all at their defaults'}"
    yield f"page      {out / PAGE}"


def _in_words(error: Exception) -> str:
    """Return an error as a sentence, without the number that the system has for it."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename or 'a file'}: {error.strerror.lower()}"
    return str(error)

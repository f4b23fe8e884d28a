"""`python -m emulator.demo [VIDEO ...] [--out FOLDER] [--set NAME=VALUE]...`: the main job, start to end, told in rows.

It must not know how a run is done. Settings also come from this process's environment (SNAPSHOT_TIMES=6x make demo).
"""

import argparse
import os
import shlex
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import psutil

from emulator.demo.folder import PAGE
from emulator.demo.journal import calls_line
from emulator.demo.page import Phase, contact_sheet
from emulator.demo.run import Run, run_demo
from emulator.demo.table import film_lines, loss_lines, time_lines

PROJECT = Path(__file__).resolve().parents[2]
PREFIX = "SNAPSHOT_"
ENDPOINT = "SNAPSHOT_ENDPOINT"  # the demo's own cloud, always

_INTERRUPTED = 130  # what a shell makes of Ctrl-C


def main(arguments: Sequence[str], environment: Mapping[str, str], *, loaded_ms: int = 0) -> int:
    """Run the demo and tell of it; `loaded_ms` is what this process took to get here.

    Gives the exit status: 0 for pictures of every video, 1 otherwise; 2 (as SystemExit) for a wrong call.
    """
    parser = _parser()
    asked = parser.parse_args(arguments)
    try:
        videos = [video for text in asked.videos for video in videos_in(text)]
        settings = settings_of(environment, asked.set)
    except ValueError as error:
        parser.error(str(error))
    out = Path(asked.out)
    try:
        run = run_demo(videos, settings=settings, folder=out, project=PROJECT)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except (OSError, ValueError) as error:  # TimeoutError is an OSError
        sys.stderr.write(f"demo: {error}\n")
        return 1
    if loaded_ms:
        run = replace(run, phases=(Phase("load Python and the cloud", loaded_ms), *run.phases))
    write_page(run, settings, out)
    with suppress(BrokenPipeError):  # somebody read the first lines and left; the folder is complete
        _say(_story(run, settings, out))
    return 0 if run.went_well else 1


def videos_in(text: str) -> list[Path]:
    """Give the files that a text names: itself if that is a file, else parted at spaces as a shell would.

    Raises: ValueError, naming the file that is not there.
    """
    if not text.strip():
        return []
    whole = Path(text).expanduser()
    videos = [whole] if whole.is_file() else [Path(word).expanduser() for word in shlex.split(text)]
    for video in videos:
        if not video.is_file():
            raise ValueError(f"there is no file {str(video)!r}")
    return videos


def settings_of(environment: Mapping[str, str], pairs: Iterable[str]) -> dict[str, str]:
    """Gather the function's settings: SNAPSHOT_* of the environment, then the pairs NAME=VALUE, the last one wins.

    Raises: ValueError for a pair without "=", and for the endpoint, which is the demo's own.
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


def write_page(run: Run, settings: Mapping[str, str], out: Path) -> None:
    """Write the contact sheet beside the objects.  Raises: OSError where it cannot be written."""
    page = contact_sheet(
        run.films,
        href=lambda bucket, key: "./" + quote(run.paths.get((bucket, key), "")),
        losses=run.losses,
        phases=run.phases,
        settings=tuple(settings.items()),
    )
    (out / PAGE).write_text(page, "utf-8")


def _story(run: Run, settings: Mapping[str, str], out: Path) -> Iterable[str]:
    for film in run.films:
        yield from film_lines(film)
        yield ""
    for loss in run.losses:
        yield from loss_lines(loss)
        yield ""
    for problem in run.problems:
        yield f"wrong: {problem}"
    yield from time_lines(run.phases)
    yield ""
    yield f"calls     {calls_line(run.calls)}"
    yield f"settings  {', '.join(f'{name}={value}' for name, value in settings.items()) or 'all at their defaults'}"
    yield f"page      {out / PAGE}"


def _say(lines: Iterable[str]) -> None:
    sys.stdout.write("".join(line + "\n" for line in lines))
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m emulator.demo",
        description="A local cloud, an upload, the function, and a contact sheet of what it made.",
    )
    parser.add_argument(
        "videos",
        nargs="*",
        metavar="VIDEO",
        help="a file, or several in one text as a shell would part them; none: a film is made",
    )
    parser.add_argument("--out", default="out", metavar="FOLDER", help="what is stored goes here (default: out)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the function, such as SNAPSHOT_TIMES=6x",
    )
    return parser


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a terminal may not know every letter
    born_s = psutil.Process().create_time()
    sys.exit(main(sys.argv[1:], os.environ, loaded_ms=round((time.time() - born_s) * 1000)))

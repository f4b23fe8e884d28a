"""`PYTHON requirements/install.py VENV FILE...`: requirement files -> a virtual environment that has them.

Runs on the Python that the environment is made of, with nothing installed. On a terminal one line counts the packages;
elsewhere it is quiet until something fails.
Source: pip's output ("Collecting", "Installing collected packages") and venv's layout, read 2026-11-25.
"""

import re
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

_WIDTH = 78
_FAILED, _INTERRUPTED = 1, 130


def main(arguments: Sequence[str]) -> int:
    """Make the environment, install each file in turn, and return the exit status."""
    venv, *files = arguments
    python = Path(venv) / "bin" / "python"
    try:
        if python.with_name("pip").exists():  # the last thing that venv makes: one that broke off is made again
            _say(f"Adding {' and '.join(files)} to {venv}; this is done once.")
        else:
            _say(f"Setting up {venv} with Python {sys.version.split()[0]}; this is done once.")
            make_environment(Path(venv))
        for file in files:
            install(python, Path(file))
    except KeyboardInterrupt:
        _show("")
        return _INTERRUPTED
    except OSError as error:
        return _fail(f"{error.filename or venv} cannot be written: {(error.strerror or str(error)).lower()}")
    except RuntimeError as error:
        return _fail(str(error))
    return 0


def make_environment(venv: Path) -> None:
    """Make an empty virtual environment.

    Raises:
        OSError: the folder cannot be written.
        RuntimeError: this Python cannot make one; the message says what to do.
    """
    if not find_spec("venv") or not find_spec("ensurepip"):  # Debian ships them apart
        raise RuntimeError(
            f"{sys.executable} cannot make a virtual environment; on Debian: apt-get install python3-venv"
        )
    venv.mkdir(parents=True, exist_ok=True)
    _show("making the environment")
    process = subprocess.run(  # noqa: S603  # this very Python
        [sys.executable, "-m", "venv", venv], capture_output=True, text=True, check=False
    )
    _show("")
    if process.returncode:
        raise RuntimeError((process.stderr or process.stdout).strip())


def install(python: Path, file: Path) -> None:
    """Install the packages of a requirement file; bytecode is left to the first import.

    Raises:
        RuntimeError: pip failed; the message has pip's errors, without its warnings.
    """
    is_locked = "--hash=" in file.read_text("utf-8")
    command = [str(python), "-m", "pip", "install", "--disable-pip-version-check", "--no-compile", "--no-input"]
    command += ["--no-deps", "--require-hashes"] if is_locked else []
    lines: list[str] = []
    count = 0
    with subprocess.Popen(  # noqa: S603  # the environment's own Python
        [*command, "--progress-bar", "off", "-r", str(file)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as pip:
        for line in pip.stdout or ():
            lines.append(line.rstrip())
            if collected := re.match(r"Collecting ([\w.-]+)", line):
                count += 1
                _show(f"{file.name}: package {count}, {collected[1]}")
            elif line.startswith("Installing collected packages"):
                _show(f"{file.name}: unpacking {line.count(',') + 1} packages")
    _show("")
    if pip.returncode:
        errors = [line for line in lines if line.startswith("ERROR")] or lines[-5:]
        raise RuntimeError(f"{file} cannot be installed:\n  " + "\n  ".join(errors))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _show(text: str) -> None:
    """Show one line on a terminal, over the one before it."""
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K" + text[:_WIDTH])
        sys.stderr.flush()


def _fail(sentence: str) -> int:
    sys.stderr.write(f"set-up: {sentence}\n")
    return _FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

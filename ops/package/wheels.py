"""requirements.txt -> the wheels that SCF's Python can load, fetched by pip and held to the lock's hashes.

There is no compiler and no container: a release without a wheel for the target is an error, not something to build.
Fetched wheels are kept in a folder that is searched first; whatever lies there is hashed again.

Source: pip.pypa.io/en/stable/cli/pip_download, packaging.python.org's platform tags, PEP 599 (read 2026-11-22).
"""

import hashlib
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ops.counting import plural
from ops.errors import PackageError
from ops.progress import waiting

_PLATFORMS = ("manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux_2_12_x86_64", "manylinux_2_5_x86_64")
"""Those that glibc 2.17 on x86-64 can load; pip adds the older names of the last two itself."""

_PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?P<marker>\s*;[^\\]*)?")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_OFFLINE = re.compile(
    r"NewConnectionError|ConnectTimeout|NameResolution|ProxyError|Max retries exceeded|Network is unreachable"
    r"|Could not fetch URL \S+: (connection error|There was a problem|timed out)"
)
_NO_INDEX = re.compile(r"^Ignoring indexes:|--no-index", re.MULTILINE)
_NO_WHEEL = re.compile(r"No matching distribution found for (\S+)")


@dataclass(frozen=True, slots=True)
class Pin:
    """One locked release: any file of it that ships has one of these sha256 sums."""

    name: str
    version: str
    sha256: frozenset[str]


@dataclass(frozen=True, slots=True)
class Wheel:
    """A fetched file that has one of the hashes of its pin."""

    pin: Pin
    path: Path


def read_pins(requirements: Path) -> tuple[Pin, ...]:
    """Return the lock, in its own order.

    Raises:
        PackageError: a line is not a pin with hashes.
    """
    logical = requirements.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    pins = []
    for line in logical:
        text = line.partition("#")[0].strip()
        if not text:
            continue
        match = _PIN.match(text)
        sums = frozenset(_HASH.findall(text))
        if match is None or match["marker"] or not sums:
            raise PackageError(
                f"{requirements.name} has a line that is not a pin with hashes for every platform: {text[:60]}",
                remedy="Create that file again with the command in ops/requirements.in.",
            )
        pins.append(Pin(match["name"].lower(), match["version"], sums))
    return tuple(pins)


def fetch_wheels(requirements: Path, *, version: str, cache: Path) -> tuple[Wheel, ...]:
    """Return one wheel for each pin, for CPython `version` ("3.10"), in the order of the lock.

    Raises:
        PackageError: no network, a hash that is not the lock's, no wheel for the target, no pip.
    """
    pins = read_pins(requirements)
    cache.mkdir(parents=True, exist_ok=True)
    if any(wheel is None for wheel in _cached(pins, cache)):
        with waiting(f"downloading up to {plural(len(pins), 'package')}"):
            _download(requirements, version=version, cache=cache)
    wheels = _cached(pins, cache)
    for pin, wheel in zip(pins, wheels, strict=True):
        if wheel is None:
            raise PackageError(
                f"{cache} has no wheel of {pin.name} {pin.version} with a hash from {requirements.name}.",
                remedy="Delete that folder and run again.",
            )
    return tuple(wheel for wheel in wheels if wheel is not None)


def _cached(pins: tuple[Pin, ...], cache: Path) -> list[Wheel | None]:
    """Return the wheel of each pin that the folder holds. A file that belongs to no pin is ignored."""
    by_sum = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in sorted(cache.glob("*.whl"))}
    return [
        next((Wheel(pin, by_sum[digest]) for digest in sorted(pin.sha256) if digest in by_sum), None) for pin in pins
    ]


def _download(requirements: Path, *, version: str, cache: Path) -> None:
    """Let pip download them, with its own configuration and its own check of the hashes."""
    tag = f"cp{version.replace('.', '')}"
    command = [sys.executable, "-m", "pip", "download", "-vv", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--implementation", "cp"]
    command += ["--python-version", version, "--abi", tag, "--abi", "abi3", "--abi", "none"]
    command += [word for platform in _PLATFORMS for word in ("--platform", platform)]
    command += ["--requirement", str(requirements), "--dest", str(cache)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # a fixed command
    if process.returncode:
        raise _explain(process.stdout + process.stderr, version)


def _explain(output: str, version: str) -> PackageError:
    """Return pip's output as an error with a remedy."""
    if "No module named pip" in output:
        return PackageError(
            f"{sys.executable} has no pip.", remedy="Run `python -m ensurepip`, or use a venv's Python."
        )
    if "DO NOT MATCH THE HASHES" in output:
        return PackageError(
            "A downloaded file is not the expected one: its SHA-256 is not in requirements.txt.",
            remedy="Do not use it. Try another network or mirror; if the release itself was changed, ask its authors.",
        )
    if _OFFLINE.search(output):
        return PackageError(
            "The package index could not be reached.",
            remedy="Check the network, and pip's own settings: `python -m pip config list`.",
        )
    missing = _NO_WHEEL.search(output)
    if missing and _NO_INDEX.search(output):
        return PackageError(
            f"pip is set to use no package index, and its folders hold no wheel of {missing[1]}"
            f" for Python {version} on glibc 2.17.",
            remedy="Unset PIP_NO_INDEX (or no-index: `python -m pip config list`), or put the wheels into one of them.",
        )
    if missing:
        return PackageError(
            f"There is no wheel of {missing[1]} for Python {version} on glibc 2.17 (manylinux2014, x86-64).",
            remedy="Pin another release in ops/requirements.in and lock again, or choose another runtime.",
        )
    lines = output.strip().splitlines() or ["it printed nothing"]
    last = next((line for line in reversed(lines) if line.startswith("ERROR: ")), lines[-1])
    return PackageError(
        f"pip could not fetch the dependencies: {last.removeprefix('ERROR: ')}",
        remedy="`python -m pip download --no-deps --require-hashes -r requirements.txt -d build` shows the rest.",
    )

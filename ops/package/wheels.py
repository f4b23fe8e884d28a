"""requirements.txt -> the wheels that SCF's Python can load, fetched by pip and held to the lock's hashes.

No compiler and no container: a release without a wheel for the target is an error, not something to build.
Fetched wheels are kept in a folder and looked for there first; whatever lies there is hashed again.

Must not know: what of a wheel ships.
Source: pip.pypa.io/en/stable/cli/pip_download, packaging.python.org's platform tags, PEP 599 (read 2026-11-22).
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.errors import PackageError

if TYPE_CHECKING:
    from pathlib import Path

PLATFORMS = ("manylinux_2_17_x86_64", "manylinux2014_x86_64", "manylinux_2_12_x86_64", "manylinux_2_5_x86_64")
"""What glibc 2.17 on x86-64 can load; pip adds the older names of the last two itself."""

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;\\]+)(?P<marker>\s*;[^\\]*)?")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
OFFLINE = re.compile(
    r"NewConnectionError|ConnectTimeout|NameResolution|ProxyError|Max retries exceeded|Network is unreachable"
    r"|Could not fetch URL \S+: (connection error|There was a problem|timed out)"
)
NO_INDEX = re.compile(r"^Ignoring indexes:|--no-index", re.MULTILINE)
NO_WHEEL = re.compile(r"No matching distribution found for (\S+)")


@dataclass(frozen=True, slots=True)
class Pin:
    """One locked release: any file of it that ships has one of these sha256 sums."""

    name: str
    version: str
    sha256: frozenset[str]


@dataclass(frozen=True, slots=True)
class Wheel:
    """A file that was fetched and has a hash of its pin."""

    pin: Pin
    path: Path


def read_pins(requirements: Path) -> tuple[Pin, ...]:
    """The lock, in its own order.

    Raises PackageError for a line that is not a pin with hashes.
    """
    logical = requirements.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    pins = []
    for line in logical:
        text = line.partition("#")[0].strip()
        if not text:
            continue
        match = PIN.match(text)
        sums = frozenset(HASH.findall(text))
        if match is None or match["marker"] or not sums:
            raise PackageError(
                f"{requirements.name} has a line that is no pin with hashes for every platform: {text[:60]}",
                remedy="Make the lock anew with the command in ops/requirements.in.",
            )
        pins.append(Pin(match["name"].lower(), match["version"], sums))
    return tuple(pins)


def fetch_wheels(requirements: Path, *, version: str, cache: Path) -> tuple[Wheel, ...]:
    """One wheel a pin for CPython `version` ("3.10"), in the order of the lock.

    Raises PackageError: no network, a hash that is not the lock's, no wheel for the target, no pip.
    """
    pins = read_pins(requirements)
    cache.mkdir(parents=True, exist_ok=True)
    if any(wheel is None for wheel in _cached(pins, cache)):
        _download(requirements, version=version, cache=cache)
    wheels = _cached(pins, cache)
    for pin, wheel in zip(pins, wheels, strict=True):
        if wheel is None:
            raise PackageError(
                f"pip left no wheel of {pin.name} {pin.version} with a hash of the lock in {cache}.",
                remedy="Delete that folder and run again.",
            )
    return tuple(wheel for wheel in wheels if wheel is not None)


def _cached(pins: tuple[Pin, ...], cache: Path) -> list[Wheel | None]:
    """What the folder holds of each pin. A file that is in no pin is left alone and counts for nothing."""
    by_sum = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in sorted(cache.glob("*.whl"))}
    return [next((Wheel(pin, by_sum[one]) for one in sorted(pin.sha256) if one in by_sum), None) for pin in pins]


def _download(requirements: Path, *, version: str, cache: Path) -> None:
    """Have pip fetch them, with its own configuration and its own check of the hashes."""
    tag = f"cp{version.replace('.', '')}"
    command = [sys.executable, "-m", "pip", "download", "-vv", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--implementation", "cp"]
    command += ["--python-version", version, "--abi", tag, "--abi", "abi3", "--abi", "none"]
    command += [word for platform in PLATFORMS for word in ("--platform", platform)]
    command += ["--requirement", str(requirements), "--dest", str(cache)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- our own words
    if done.returncode:
        raise _explain(done.stdout + done.stderr, version)


def _explain(said: str, version: str) -> PackageError:
    """What pip's words mean for the one who wanted a package."""
    if "No module named pip" in said:
        return PackageError(
            f"{sys.executable} has no pip.", remedy="Run `python -m ensurepip`, or use a venv's Python."
        )
    if "DO NOT MATCH THE HASHES" in said:
        return PackageError(
            "A fetched file is not the one that was locked: its sha256 is not in requirements.txt.",
            remedy="Do not use it. Try another network or mirror; if the release itself was changed, ask its makers.",
        )
    if OFFLINE.search(said):
        return PackageError(
            "The package index could not be reached.",
            remedy="Look at the network, and at pip's own settings: `python -m pip config list`.",
        )
    missing = NO_WHEEL.search(said)
    if missing and NO_INDEX.search(said):
        return PackageError(
            f"pip is told to ask no index, and the folders it may look in hold no wheel of {missing[1]}"
            f" for Python {version} on glibc 2.17.",
            remedy="Unset PIP_NO_INDEX (or no-index: `python -m pip config list`), or put the wheels where it looks.",
        )
    if missing:
        return PackageError(
            f"There is no wheel of {missing[1]} for Python {version} on glibc 2.17 (manylinux2014, x86-64).",
            remedy="Pin another release in ops/requirements.in and lock again, or choose another runtime.",
        )
    lines = said.strip().splitlines() or ["it said nothing"]
    last = next((line for line in reversed(lines) if line.startswith("ERROR: ")), lines[-1])
    return PackageError(
        f"pip could not fetch the dependencies: {last.removeprefix('ERROR: ')}",
        remedy="`python -m pip download --no-deps --require-hashes -r requirements.txt -d build` shows the rest.",
    )

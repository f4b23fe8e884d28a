"""handler.py, snapshot/ and the locked dependencies -> build/snapshot.zip, ready to be uploaded.

The same commit gives the same bytes, on another day and in another folder. It needs nothing but a bare Python
with pip: no compiler, no Docker, no package of this project's own tools.

Must not know: the cloud.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import sys
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops.archive import write_archive
from ops.bytecode import compile_sources
from ops.contents import own_files, place
from ops.errors import PackageError
from ops.interpreter import find_interpreter
from ops.wheels import fetch_wheels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ops.interpreter import Interpreter
    from ops.wheels import Wheel

ROOT = Path(__file__).resolve().parent.parent
RUNTIME = re.compile(r"^\s*runtime:\s*['\"]?Python(\d+\.\d+)['\"]?\s*(?:#.*)?$", re.MULTILINE)
AIM_BYTES = 12_000_000
INLINE_LIMIT_BYTES = 50 * 1024 * 1024 * 3 // 4
"""A function's code travels in base64 and may be 50 MB of it (facts: SCF's limits)."""

UNCOMPILED = (
    "no Python {version} was found, so the package holds no bytecode: each cold start compiles every import\n"
    "  (0.64 s measured, against 0.26 s with it). Install one, or name it with {variable}."
)


@dataclass(frozen=True, slots=True)
class Package:
    """What was built. `parts` are (name, files, packed bytes), the largest first."""

    path: Path
    sha256: str
    size_bytes: int
    unpacked_bytes: int
    runtime: str
    interpreter: Interpreter | None
    parts: tuple[tuple[str, int, int], ...]


def runtime_version(stack: Path) -> str:
    """The Python that SCF runs, "3.10", as `runtime:` in serverless.yml says: the one place where it is set.

    Found by a pattern, because a bare Python reads no YAML. Raises PackageError.
    """
    found = RUNTIME.search(stack.read_text(encoding="utf-8")) if stack.is_file() else None
    if found is None:
        raise PackageError(
            f"{stack.name} names no Python runtime.", remedy="Give it a line such as `runtime: Python3.10`."
        )
    return str(found[1])


def build_package(
    root: Path, out: Path, *, cache: Path, python: str | None = None, environment: Mapping[str, str] | None = None
) -> Package:
    """Build the zip at `out` from the project at `root`, with wheels kept in `cache`.

    Raises PackageError with what to do, and OSError.
    """
    version = runtime_version(root / "serverless.yml")
    interpreter = find_interpreter(
        version, environment=os.environ if environment is None else environment, named=python
    )
    wheels = fetch_wheels(root / "requirements.txt", version=version, cache=cache)
    files, owner = _gather(root, wheels)
    if interpreter is not None:
        for name, content in compile_sources(files, interpreter).items():
            files[name], owner[name] = content, "bytecode"
    write_archive(out, files)
    return _describe(out, owner, version=version, interpreter=interpreter)


def _compiler(root: Path, *, named: str | None) -> Interpreter:
    """The Python of the runtime's version here. Raises PackageError where there is none."""
    version = runtime_version(root / "serverless.yml")
    found = find_interpreter(version, environment=os.environ, named=named)
    if found is None:
        raise PackageError(
            f"There is no Python {version} on this machine.",
            remedy=f"Install one, or name it with PYTHON{version.replace('.', '')}.",
        )
    return found


def _gather(root: Path, wheels: Sequence[Wheel]) -> tuple[dict[str, bytes], dict[str, str]]:
    """What ships but for the bytecode: path in the package -> bytes, and -> who brings it."""
    files = dict(own_files(root))
    owner = dict.fromkeys(files, "this project")
    if "handler.py" not in files:
        raise PackageError(f"There is no handler.py in {root}.", remedy="Run it in the project's own folder.")
    for wheel in wheels:
        with zipfile.ZipFile(wheel.path) as archive:
            for entry in archive.namelist():
                name = place(entry)
                if name is None:
                    continue
                if name in files:
                    raise PackageError(
                        f"{wheel.pin.name} and {owner[name]} both bring {name}.",
                        remedy="Rename it here, or leave it out in ops/contents.py.",
                    )
                files[name], owner[name] = archive.read(entry), wheel.pin.name
    return files, owner


def unpack(package: Path, folder: Path) -> None:
    """Lay the package out as SCF does, for tools that want a folder; an earlier layout there is replaced.

    Raises PackageError where the folder holds something else, and OSError.
    """
    if folder.exists():
        if not (folder / "handler.py").is_file() or not (folder / "qcloud_cos").is_dir():
            raise PackageError(
                f"{folder} is in the way, and it is no unpacked package.", remedy="Move it, or choose another --out."
            )
        shutil.rmtree(folder)
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)


def _describe(path: Path, owner: Mapping[str, str], *, version: str, interpreter: Interpreter | None) -> Package:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    packed, counted = Counter[str](), Counter[str]()
    for entry in entries:
        packed[owner[entry.filename]] += entry.compress_size
        counted[owner[entry.filename]] += 1
    content = path.read_bytes()
    return Package(
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        unpacked_bytes=sum(entry.file_size for entry in entries),
        runtime=f"Python{version}",
        interpreter=interpreter,
        parts=tuple((name, counted[name], size) for name, size in packed.most_common()),
    )


def report(package: Package) -> str:
    """What was built, as a table for people."""
    width = max(len(name) for name, _, _ in package.parts)
    lines = [f"{'what':{width}}  files   packed"]
    lines += [f"{name:{width}}  {count:5}  {size / 1000:7,.0f} kB" for name, count, size in package.parts]
    aim = "" if package.size_bytes <= AIM_BYTES else f" (over the aim of {AIM_BYTES / 1e6:.0f} MB)"
    lines += [
        "",
        f"{package.path}: {package.size_bytes / 1e6:.1f} MB{aim}",
        f"{package.unpacked_bytes / 1e6:.1f} MB unpacked, for {package.runtime}",
        f"sha256 {package.sha256}",
    ]
    version = package.runtime.removeprefix("Python")
    if package.interpreter is None:
        lines.append(UNCOMPILED.format(version=version, variable=f"PYTHON{version.replace('.', '')}"))
    else:
        lines.append(f"bytecode by {package.interpreter.path} ({'.'.join(map(str, package.interpreter.version))})")
    if package.size_bytes > INLINE_LIMIT_BYTES:
        lines.append("This is more than one call can carry; it has to be uploaded through COS.")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Build it and say what was built. Raises PackageError and OSError."""
    parser = argparse.ArgumentParser(prog="python -m ops package", description="Build the zip that SCF runs.")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "snapshot.zip", help="where to (%(default)s)")
    parser.add_argument("--cache", type=Path, default=ROOT / "build" / "wheels", help="wheels kept (%(default)s)")
    parser.add_argument(
        "--python310",
        metavar="PATH",
        dest="python",
        help="the Python that compiles, of the runtime's version; otherwise PYTHON310 or one that is found",
    )
    parser.add_argument("--which", action="store_true", help="only say which Python would compile, and build nothing")
    parser.add_argument("--unpack", action="store_true", help="also lay it out beside the zip, for `scf deploy`")
    wanted = parser.parse_args(arguments)
    if wanted.which:
        sys.stdout.write(f"{_compiler(ROOT, named=wanted.python).path}\n")
        return 0
    package = build_package(ROOT, wanted.out, cache=wanted.cache, python=wanted.python)
    sys.stdout.write(report(package) + "\n")
    if wanted.unpack:
        folder = package.path.with_suffix("")
        unpack(package.path, folder)
        sys.stdout.write(f"unpacked into {folder}\n")
    return 0

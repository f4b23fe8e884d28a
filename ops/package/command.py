"""handler.py, snapshot/ and the locked dependencies -> build/snapshot.zip, ready to be uploaded.

The same commit gives the same bytes, on another day and in another folder. It needs nothing but a bare Python
with pip: no compiler, no Docker, no package of this project's own tools.
"""

import argparse
import hashlib
import os
import re
import shutil
import sys
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.errors import PackageError, StackError
from ops.package.archive import write_archive
from ops.package.bytecode import compile_sources
from ops.package.contents import own_files, place
from ops.package.interpreter import Interpreter, find_interpreter
from ops.package.wheels import Wheel, fetch_wheels
from ops.progress import waiting

ROOT = Path(__file__).resolve().parents[2]
_RUNTIME = re.compile(r"^\s*runtime:\s*['\"]?Python(\d+\.\d+)['\"]?\s*(?:#.*)?$", re.MULTILINE)
MAX_BYTES = 12_000_000
_MAX_INLINE_BYTES = 50 * 1024 * 1024 * 3 // 4
"""A function's code travels in base64 and may be 50 MB of it (facts: SCF's limits)."""

_IMAGE = Path(__file__).parent / "image"
_IMAGE_FILES = ("Dockerfile", "requirements.txt", "server.py")
_UNCOMPILED = (
    "no Python {version} was found, so the package holds no bytecode: each cold start compiles every import\n"
    "  (measured: 0.64 s, with bytecode 0.26 s). Install one, or name it with {variable}."
)


@dataclass(frozen=True, slots=True)
class Package:
    """A package that was built. `parts` are (name, files, packed bytes), the largest first."""

    path: Path
    sha256: str
    size_bytes: int
    unpacked_bytes: int
    runtime: str
    interpreter: Interpreter | None
    parts: tuple[tuple[str, int, int], ...]


def runtime_version(stack: Path) -> str:
    """Return the Python that SCF runs, "3.10", as `runtime:` in serverless.yml says: the one place where it is set.

    It is found by a pattern, because a bare Python reads no YAML.

    Raises:
        PackageError: the file names none.
    """
    match = _RUNTIME.search(stack.read_text(encoding="utf-8")) if stack.is_file() else None
    if match is None:
        raise PackageError(
            f"{stack.name} names no Python runtime.", remedy="Give it a line such as `runtime: Python3.10`."
        )
    return str(match[1])


def build_package(
    root: Path, out: Path, *, cache: Path, python: str | None = None, environment: Mapping[str, str] | None = None
) -> Package:
    """Build the zip at `out` from the project at `root`, with wheels kept in `cache`.

    Raises:
        PackageError: it cannot be built, with what to do.
        OSError: a file cannot be read or written.
    """
    version = runtime_version(root / "serverless.yml")
    check_stack(root / "serverless.yml")
    interpreter = find_interpreter(
        version, environment=os.environ if environment is None else environment, named=python
    )
    wheels = fetch_wheels(root / "requirements.txt", version=version, cache=cache)
    files, owner = _gather(root, wheels)
    if interpreter is not None:
        with waiting("compiling"):
            compiled = compile_sources(files, interpreter)
        files |= compiled
        owner |= dict.fromkeys(compiled, "bytecode")
    with waiting("compressing"):
        write_archive(out, files)
    return _describe(out, owner, version=version, interpreter=interpreter)


def check_place(out: Path, *, unpacks: bool) -> None:
    """Check that the zip, and the folder beside it, can be put there, before anything is built.

    Raises:
        PackageError: they cannot.
    """
    if out.is_dir():
        raise PackageError(f"--out {out} is a folder.", remedy=f"Name a zip file, such as {out / 'snapshot.zip'}.")
    above = next(path for path in out.absolute().parents if path.exists())
    if not above.is_dir():
        raise PackageError(f"--out {out}: {above} is not a folder.", remedy="Name a zip file in another folder.")
    if not os.access(above, os.W_OK):
        raise PackageError(f"--out {out}: {above} cannot be written.", remedy="Name a zip file in another folder.")
    if not unpacks:
        return
    if not out.suffix:
        raise PackageError(
            f"--out {out} has no extension, so the unpacked folder would have its name.", remedy=f"Name it {out}.zip."
        )
    _check_unpacked(out.with_suffix(""))


def _check_unpacked(folder: Path) -> None:
    """Check that nothing but an earlier unpacked package is at that place.

    Raises:
        PackageError: something else is.
    """
    if folder.exists() and not ((folder / "handler.py").is_file() and (folder / "qcloud_cos").is_dir()):
        raise PackageError(
            f"{folder} exists and is not an unpacked package.", remedy="Move it, or choose another --out."
        )


def check_stack(path: Path) -> None:
    """Check that serverless.yml can be deployed; a bare Python, which has no YAML, cannot check it.

    Raises:
        PackageError: it cannot be deployed; names every problem.
    """
    try:
        from ops.stack.stackfile import read_stack  # noqa: PLC0415  # it needs PyYAML and pydantic
    except ModuleNotFoundError:
        return
    try:
        read_stack(path)
    except StackError as error:
        raise PackageError(error.problem, remedy=error.remedy) from error


def _compiler(root: Path, *, named: str | None) -> Interpreter:
    """Return the Python of the runtime's version on this machine.

    Raises:
        PackageError: there is none.
    """
    version = runtime_version(root / "serverless.yml")
    interpreter = find_interpreter(version, environment=os.environ, named=named)
    if interpreter is None:
        raise PackageError(
            f"There is no Python {version} on this machine.",
            remedy=f"Install one (`uv python install {version}` or `pyenv install {version}`), or name it with"
            f" PYTHON{version.replace('.', '')}.",
        )
    return interpreter


def _gather(root: Path, wheels: Sequence[Wheel]) -> tuple[dict[str, bytes], dict[str, str]]:
    """Return the files that ship, without bytecode: path in the package -> bytes, and -> owner."""
    files = dict(own_files(root))
    owner = dict.fromkeys(files, "this project")
    if "handler.py" not in files:
        raise PackageError(f"There is no handler.py in {root}.", remedy="Run it in the folder of the project.")
    for wheel in wheels:
        with zipfile.ZipFile(wheel.path) as archive:
            for entry in archive.namelist():
                name = place(entry)
                if name is None:
                    continue
                if name in files:
                    raise PackageError(
                        f"{wheel.pin.name} and {owner[name]} both contain {name}.",
                        remedy="Rename it here, or exclude it in ops/package/contents.py.",
                    )
                files[name], owner[name] = archive.read(entry), wheel.pin.name
    return files, owner


def write_image_context(root: Path, folder: Path) -> None:
    """Write a Dockerfile and all that it copies; an earlier context there is replaced.

    Raises:
        PackageError: the folder holds something else.
        OSError: a file cannot be read or written.
    """
    check_stack(root / "serverless.yml")
    if folder.exists():
        if not (folder / "Dockerfile").is_file() or not (folder / "handler.py").is_file():
            raise PackageError(
                f"{folder} exists and holds no Dockerfile of this command.", remedy="Move it, or choose another --out."
            )
        shutil.rmtree(folder)
    files = {**dict(own_files(root)), **{name: (_IMAGE / name).read_bytes() for name in _IMAGE_FILES}}
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)


def unpack(package: Path, folder: Path) -> None:
    """Unpack the package as SCF does, for tools that want a folder; an earlier unpacked package there is replaced.

    Raises:
        PackageError: the folder holds something else.
        OSError: a file cannot be written.
    """
    _check_unpacked(folder)
    if folder.exists():
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
    """Return a table of the package's parts, its size and its hash."""
    width = max(len(name) for name, _, _ in package.parts)
    lines = [f"{'part':{width}}  files   packed"]
    lines += [f"{name:{width}}  {count:5}  {size / 1000:7,.0f} kB" for name, count, size in package.parts]
    aim = "" if package.size_bytes <= MAX_BYTES else f" (over the limit of {MAX_BYTES / 1e6:.0f} MB)"
    lines += [
        "",
        f"{package.path}: {package.size_bytes / 1e6:.1f} MB{aim}",
        f"{package.unpacked_bytes / 1e6:.1f} MB unpacked, for {package.runtime}",
        f"sha256 {package.sha256}",
    ]
    version = package.runtime.removeprefix("Python")
    if package.interpreter is None:
        lines.append(_UNCOMPILED.format(version=version, variable=f"PYTHON{version.replace('.', '')}"))
    else:
        lines.append(f"bytecode by {package.interpreter.path} ({'.'.join(map(str, package.interpreter.version))})")
    if package.size_bytes > _MAX_INLINE_BYTES:
        lines.append("This is too large for one API call; deploy uploads it through COS.")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Build the package and print its report.

    Raises:
        PackageError: it cannot be built, with what to do.
        OSError: a file cannot be read or written.
    """
    parser = argparse.ArgumentParser(prog="python -m ops package", description="Build the zip that SCF runs.")
    parser.add_argument(
        "--out", type=Path, default=ROOT / "build" / "snapshot.zip", help="the zip to write (%(default)s)"
    )
    parser.add_argument(
        "--cache",
        type=Path,
        default=ROOT / "build" / "wheels",
        help="the folder that keeps downloaded wheels (%(default)s)",
    )
    parser.add_argument(
        "--python310",
        metavar="PATH",
        dest="python",
        help="the Python that compiles, in the runtime's version (default: PYTHON310, or one found on this machine)",
    )
    parser.add_argument("--which", action="store_true", help="print the path of that Python and build nothing")
    parser.add_argument("--unpack", action="store_true", help="also unpack it beside the zip, for `scf deploy`")
    parser.add_argument(
        "--image",
        action="store_true",
        help="write a Dockerfile and its files instead, for a newer Python",
    )
    chosen = parser.parse_args(arguments)
    if chosen.image:
        folder = ROOT / "build" / "image" if chosen.out == ROOT / "build" / "snapshot.zip" else chosen.out
        write_image_context(ROOT, folder)
        sys.stdout.write(f"{folder}: a Dockerfile and its files; its first lines say how to build and use the image\n")
        return 0
    if chosen.which:
        sys.stdout.write(f"{_compiler(ROOT, named=chosen.python).path}\n")
        return 0
    check_place(chosen.out, unpacks=chosen.unpack)
    package = build_package(ROOT, chosen.out, cache=chosen.cache, python=chosen.python)
    sys.stdout.write(report(package) + "\n")
    if chosen.unpack:
        folder = package.path.with_suffix("")
        unpack(package.path, folder)
        sys.stdout.write(f"unpacked into {folder}\n")
    return 0

"""Sources -> the bytecode that SCF would otherwise compile at every cold start.

SCF sets PYTHONDONTWRITEBYTECODE and the code's folder is read-only, so what is not in the package is compiled
again in each new instance. The bytecode carries "unchecked" hashes: the interpreter neither compares the time of the
source nor reads it (PEP 552). It names its source by where SCF puts it, not by where it was compiled.

One fresh interpreter compiles everything in sorted order with a fixed hash seed: the order of a frozenset of
names, and which strings are shared, would otherwise differ from run to run.

Source: docs.python.org/3.10/library/py_compile.html, PEP 552 (read 2026-11-22).
"""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from ops.errors import PackageError
from ops.package.interpreter import Interpreter

_CODE_ROOT = "/var/user"
_TIMEOUT_S = 300
_PROGRAM = """
import importlib.util, os, py_compile, sys
for name in sys.stdin.read().split("\\0"):
    cached = importlib.util.cache_from_source(name)
    os.makedirs(os.path.dirname(cached), exist_ok=True)
    py_compile.compile(name, cached, dfile=sys.argv[1] + "/" + name, doraise=True,
                       invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    print(cached)
"""


def compile_sources(files: Mapping[str, bytes], interpreter: Interpreter) -> dict[str, bytes]:
    """Return the bytecode of every .py among `files` (path in the package -> bytes), by its path in the package.

    Raises:
        PackageError: names the source that this Python cannot compile.
    """
    sources = sorted(path for path in files if path.endswith(".py"))
    if not sources:
        return {}
    with tempfile.TemporaryDirectory(prefix="snapshot-bytecode-") as folder:
        root = Path(folder)
        for path in sources:
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(files[path])
        compiled = subprocess.run(  # noqa: S603  # the interpreter was found and tried by find_interpreter
            [str(interpreter.path), "-S", "-s", "-W", "ignore", "-c", _PROGRAM, _CODE_ROOT],
            cwd=root,
            env={"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"},
            input="\0".join(sources),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_S,
            check=False,
        )
        if compiled.returncode:
            raise PackageError(
                f"Python {'.'.join(map(str, interpreter.version))} cannot compile the package: "
                f"{compiled.stderr.strip().splitlines()[-1]}",
                remedy="Correct that file for SCF's Python, or exclude it in ops/package/contents.py.",
            )
        return {path: (root / path).read_bytes() for path in compiled.stdout.splitlines()}

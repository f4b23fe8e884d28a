"""File names -> the files of the package: an allow-list of own files, and exclusions from the dependencies.

Each exclusion has its reason. The files are never imported at run time, or only by a feature that the function does
not use; tests/package runs the whole function with what remains.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

_OWN_FILES = ("handler.py", "snapshot/**/*.py")
"""The project's own files, as patterns from its root."""

_EXCLUDED = (
    # For people and tools, never read at run time. Licences and METADATA (importlib.metadata) stay.
    ("*.pyi", "type stubs"),
    ("*/py.typed", "a mark for type checkers"),
    ("*.dist-info/RECORD", "an installer's list"),
    ("*.dist-info/WHEEL", "an installer's note"),
    ("*.dist-info/top_level.txt", "an installer's note"),
    ("*.dist-info/zip-safe", "an installer's note"),
    ("*.dist-info/entry_points.txt", "commands, which SCF has no shell for"),
    ("*.dist-info/sboms/*", "a bill of materials"),
    ("annotated_types/test_cases.py", "tests"),
    ("certifi/tests/*", "tests"),
    ("charset_normalizer/cli/*", "a command"),
    ("idna/cli.py", "a command"),
    ("urllib3/contrib/emscripten/*", "browsers"),
    ("pydantic/mypy.py", "a plugin of mypy"),
    ("pydantic/v1/mypy.py", "a plugin of mypy"),
    ("pydantic/v1/_hypothesis_plugin.py", "a plugin of hypothesis"),
    # Only the SDK's client-side encryption imports it, and only its client for that is built on it.
    ("Crypto/*", "client-side encryption"),
    ("pycryptodome-*.dist-info/*", "client-side encryption"),
    # Pillow opens, converts, scales and saves jpg, png, webp and avif here. It draws no text.
    ("PIL/_imagingft.*.so", "text"),
    ("PIL/ImageFont.py", "text"),
    ("pillow.libs/libfreetype-*", "text"),
    ("pillow.libs/libharfbuzz-*", "text"),
    ("pillow.libs/libpng16-*", "text: bitmap glyphs (the png format itself is in _imaging)"),
    ("pillow.libs/libbrotli*", "text: compressed fonts"),
    ("PIL/_imagingmorph.*.so", "morphology"),
    ("PIL/ImageMorph.py", "morphology"),
    ("PIL/_imagingtk.*.so", "windows"),
    ("PIL/ImageTk.py", "windows"),
    ("PIL/ImageQt.py", "windows"),
    ("PIL/_tkinter_finder.py", "windows"),
)
"""(pattern, reason) of the files of dependencies that do not ship. `*` also matches slashes."""


def own_files(root: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the project's own files: path in the package, bytes. Hidden files and folders never ship.

    Raises:
        OSError: one cannot be read.
    """
    for pattern in _OWN_FILES:
        for path in sorted(root.glob(pattern)):
            name = path.relative_to(root).as_posix()
            if path.is_file() and not any(part.startswith(".") for part in name.split("/")):
                yield name, path.read_bytes()


def place(name: str) -> str | None:
    """Return where a file of a wheel goes in the package, or None where it is excluded.

    A wheel's `X.data/purelib` and `platlib` are unpacked beside the code; scripts and headers go nowhere.
    Source: packaging.python.org/en/latest/specifications/binary-distribution-format (read 2026-11-22).
    """
    first, _, rest = name.partition("/")
    if first.endswith(".data"):
        kind, _, name = rest.partition("/")
        if kind not in {"purelib", "platlib"}:
            return None
    if name.endswith("/") or any(fnmatchcase(name, pattern) for pattern, _ in _EXCLUDED):
        return None
    return name

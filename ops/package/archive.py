"""Files -> a zip whose bytes depend on nothing but them.

Entries are sorted, carry one fixed time and mode and no extra fields, and are compressed at one level.
(Python's zlib is the one thing left: a build of Python with another implementation of deflate packs otherwise.)

Must not know: what the files are.
Source: reproducible-builds.org/docs/archives (read 2026-11-22).
"""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment a zip can name
FILE_MODE = 0o100644
LEVEL = 9
UNIX = 3


def write_archive(path: Path, files: Mapping[str, bytes]) -> None:
    """Write the zip at `path`, whole or not at all. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(unfinished, "w") as archive:
            for name in sorted(files):
                entry = zipfile.ZipInfo(name, EPOCH)
                entry.create_system = UNIX
                entry.external_attr = FILE_MODE << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, files[name], compresslevel=LEVEL)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)

"""Files -> a zip whose bytes depend on nothing but these files.

Entries are sorted, carry one fixed time and mode and no extra fields, and are compressed at one level.
One thing is left: a Python that was built with another implementation of deflate compresses differently.

Source: reproducible-builds.org/docs/archives (read 2026-11-22).
"""

import os
import zipfile
from collections.abc import Mapping
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold
_FILE_MODE = 0o100644
_LEVEL = 9
_UNIX = 3


def write_archive(path: Path, files: Mapping[str, bytes]) -> None:
    """Write the zip at `path`, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(unfinished, "w") as archive:
            for name in sorted(files):
                entry = zipfile.ZipInfo(name, _EPOCH)
                entry.create_system = _UNIX
                entry.external_attr = _FILE_MODE << 16
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, files[name], compresslevel=_LEVEL)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)

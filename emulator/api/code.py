"""What a function's code is given as -> a folder with its files. Knows neither functions nor calls.

Source: SCF API 2018-04-16, type Code, and SCF's quota limits (read 2026-11-22).
"""

import base64
import binascii
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from emulator.api.parameters import Parameters
from emulator.api.refusal import ApiRefusal

# The API: "the zip package is at most 50 MB". The quota limits: "code and layers, unpacked, 500 MB".
_LARGEST_ZIP_BYTES: Final = 50 * 1024 * 1024
_LARGEST_UNPACKED_BYTES: Final = 500 * 1024 * 1024

ReadObject = Callable[[str, str], bytes]
"""Gives a stored object's bytes by bucket and key; KeyError where there is none."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Where the files lie, and how large the zip was."""

    folder: Path
    zip_bytes: int


def read_code(asked: Parameters, *, appid: str, read: ReadObject) -> bytes:
    """The zip, from ZipFile (base64) or from a bucket of the account, given without its appid.

    Raises:
        ApiRefusal: it is given in no way or in both, or is not there.
    """
    packed, bucket, key = asked.text("ZipFile"), asked.text("CosBucketName"), asked.text("CosObjectName")
    if (packed is None) == (bucket is None or key is None):
        raise ApiRefusal("MissingParameter.Code", "code is given as ZipFile, or as CosBucketName with CosObjectName")
    if packed is not None:
        try:
            return base64.b64decode(packed, validate=True)
        except binascii.Error as error:
            raise ApiRefusal("InvalidParameterValue.ZipFile", "ZipFile is not base64") from error
    if bucket is None or key is None:
        raise AssertionError
    # "the part of the name without -appid"; "the path begins with /"
    if bucket.endswith(f"-{appid}"):
        raise ApiRefusal("InvalidParameterValue.CosBucketName", "CosBucketName is the name without its appid")
    if not key.startswith("/"):
        raise ApiRefusal("InvalidParameterValue.CosObjectName", "CosObjectName begins with /")
    try:
        return read(f"{bucket}-{appid}", key[1:])
    except KeyError as error:
        raise ApiRefusal("ResourceNotFound.CosObject", f"there is no object {key} in {bucket}") from error


def unpack(packed: bytes, folder: Path) -> Unpacked:
    """Lay the files out in the folder, which must not exist.

    Raises:
        ApiRefusal: not a zip, too large, or with paths that lead out of it.
    """
    if len(packed) > _LARGEST_ZIP_BYTES:
        raise ApiRefusal("InvalidParameterValue.ZipFile", "the zip is over 50 MB")
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > _LARGEST_UNPACKED_BYTES:
                raise ApiRefusal("InvalidParameterValue.Code", "the code unpacks to over 500 MB")
            for entry in entries:
                parts = entry.filename.split("/")
                if entry.filename.startswith("/") or ".." in parts:
                    raise ApiRefusal("InvalidParameterValue.Code", "the zip holds a path that leads out of it")
            archive.extractall(folder)
    except zipfile.BadZipFile as error:
        raise ApiRefusal("InvalidParameterValue.ZipFile", "the code is no zip") from error
    return Unpacked(folder, len(packed))

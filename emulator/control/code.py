"""A function's code as it is given -> a folder with its files.

Source: SCF API 2018-04-16, type Code, and SCF's quota limits (read 2026-11-22).
"""

import base64
import binascii
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from emulator.control.errors import ApiError
from emulator.control.parameters import Parameters

# The API: "the zip package is at most 50 MB". The quota limits: "code and layers, unpacked, 500 MB".
_MAX_ZIP_BYTES = 50 * 1024 * 1024
_MAX_UNPACKED_BYTES = 500 * 1024 * 1024

ReadObject: TypeAlias = Callable[[str, str], bytes]
"""Returns a stored object's bytes by bucket and key; raises KeyError where there is none."""


def read_code(parameters: Parameters, *, appid: str, region: str, read: ReadObject) -> bytes:
    """Return the zip, from ZipFile (base64) or from a bucket of the account, given without its appid.

    Raises:
        ApiError: it is given in no way or in both, or is not there.
    """
    zip_file, bucket, key = (parameters.text(name) for name in ("ZipFile", "CosBucketName", "CosObjectName"))
    bucket_region = parameters.text("CosBucketRegion")
    if (zip_file is None) == (bucket is None or key is None):
        raise ApiError("MissingParameter.Code", "code is given as ZipFile, or as CosBucketName with CosObjectName")
    if zip_file is not None:
        try:
            return base64.b64decode(zip_file, validate=True)
        except binascii.Error as error:
            raise ApiError("InvalidParameterValue.ZipFile", "ZipFile is not base64") from error
    if bucket is None or key is None:
        raise AssertionError
    if bucket_region not in {None, region}:
        raise ApiError("InvalidParameterValue.CosBucketRegion", f"the only region here is {region}")
    # "the part of the name without -appid"; "the path begins with /"
    if bucket.endswith(f"-{appid}"):
        raise ApiError("InvalidParameterValue.CosBucketName", "CosBucketName is the name without its appid")
    if not key.startswith("/"):
        raise ApiError("InvalidParameterValue.CosObjectName", "CosObjectName begins with /")
    try:
        return read(f"{bucket}-{appid}", key[1:])
    except KeyError as error:
        raise ApiError("ResourceNotFound.CosObject", f"there is no object {key} in {bucket}") from error


def unpack(content: bytes, folder: Path) -> None:
    """Extract the zip into the folder, which must not exist.

    Raises:
        ApiError: not a zip, too large, or with paths that lead out of it.
    """
    if len(content) > _MAX_ZIP_BYTES:
        raise ApiError("InvalidParameterValue.ZipFile", "the zip is over 50 MB")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if sum(entry.file_size for entry in entries) > _MAX_UNPACKED_BYTES:
                raise ApiError("InvalidParameterValue.Code", "the code unpacks to over 500 MB")
            for entry in entries:
                if entry.filename.startswith("/") or ".." in entry.filename.split("/"):
                    raise ApiError("InvalidParameterValue.Code", "the zip holds a path that leads out of it")
            archive.extractall(folder)
    except zipfile.BadZipFile as error:
        raise ApiError("InvalidParameterValue.ZipFile", "the code is no zip") from error

"""One request to COS or CI, and its response as it came: for probes that must see status, headers and body.

Recordings hold neither credentials nor signatures; bucket and account are replaced by those of the documents.
"""

import base64
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ops.cloud.client import RawResponse
from ops.errors import OpsError

_KEPT_HEADERS = ("content-type", "content-length", "etag", "x-cos-storage-class", "server", "content-range")
_REQUEST_ID = re.compile(r"<(RequestId|TraceId|HostId)>[^<]*</\1>")
_EXAMPLE_BUCKET = "examplebucket-1250000000"
_RECORDING = "recording.json"
_NAME_A_FOLDER = "Name a folder that exists or can be made, and that can be written."


class Sender(Protocol):
    """Sends signed requests of any form."""

    def send_raw(
        self,
        method: str,
        bucket: str,
        key: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        expires_s: int = 300,
    ) -> RawResponse:
        """Return the response, whatever its status."""


@dataclass(slots=True)
class Exchange:
    """Sends requests for the probes, counts those that are paid, and keeps what came."""

    sender: Sender
    bucket: str
    prefix: str
    paid_calls: int = 0
    recordings: list[dict[str, object]] = field(default_factory=list)

    def get(
        self,
        name: str,
        query: Sequence[tuple[str, str]] = (),
        *,
        headers: Mapping[str, str] | None = None,
        expires_s: int = 300,
    ) -> RawResponse:
        """Return the response to a GET of an object below the prefix."""
        if any(part in {("ci-process", "snapshot"), ("ci-process", "videoinfo")} for part in query):
            self.paid_calls += 1
        response = self.sender.send_raw(
            "GET", self.bucket, f"{self.prefix}{name}", query=query, headers=headers, expires_s=expires_s
        )
        self.recordings.append(self._redact(name, query, headers, response))
        return response

    def snapshot(self, name: str, **parameters: str) -> RawResponse:
        """Return the response to a GetSnapshot."""
        return self.get(name, [("ci-process", "snapshot"), *parameters.items()])

    def media_info(self, name: str) -> RawResponse:
        """Return the response to a GetMediaInfo."""
        return self.get(name, [("ci-process", "videoinfo")])

    def save(self, folder: Path) -> Path:
        """Write all recordings into one file of the folder, and return it.

        Raises:
            OSError: it cannot be written.
        """
        path = folder / _RECORDING
        path.write_text(json.dumps({"version": 1, "exchanges": self.recordings}, indent=2) + "\n", encoding="utf-8")
        return path

    def _redact(
        self,
        name: str,
        query: Sequence[tuple[str, str]],
        headers: Mapping[str, str] | None,
        response: RawResponse,
    ) -> dict[str, object]:
        appid = self.bucket.rpartition("-")[2]
        body: dict[str, object]
        try:
            text = response.body.decode("utf-8")
            text = _REQUEST_ID.sub(r"<\1></\1>", text).replace(self.bucket, _EXAMPLE_BUCKET)
            body = {"text": text.replace(appid, "1250000000").replace(self.prefix, "")}
        except UnicodeDecodeError:
            body = {"base64": base64.b64encode(response.body).decode()}
        return {
            "method": "GET",
            "key": name,
            "query": [list(part) for part in query],
            "headers": dict(headers or {}),
            "status": response.status,
            "response_headers": {name: value for name, value in response.headers.items() if name in _KEPT_HEADERS},
            **body,
        }


def require_folder(folder: Path, *, make: bool) -> None:
    """Check that a recording could be saved there, before anything is paid for; `make` makes the folder.

    Raises:
        OpsError: it is a file, or cannot be made or written.
    """
    above = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not above.is_dir():
        raise OpsError(f"--record {folder}: {above} is a file.", remedy=_NAME_A_FOLDER)
    path = folder / _RECORDING
    if path.is_dir():
        raise OpsError(f"--record {folder}: {path} is a folder.", remedy="Move it, or name another folder.")
    if not os.access(path if path.exists() else above, os.W_OK):
        raise OpsError(f"--record {folder} cannot be written.", remedy=_NAME_A_FOLDER)
    if not make:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()
    except OSError as error:
        raise OpsError(f"--record {folder} cannot be written: {error.strerror}.", remedy=_NAME_A_FOLDER) from error

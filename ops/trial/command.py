"""`python -m ops try VIDEO`: uploads a video, waits for its manifest, and prints where the pictures are.

It works against the deployed function, and against a local cloud that runs the function (`make serve`).
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from html import escape
from pathlib import Path
from typing import BinaryIO

from ops.cloud.client import CloudClient, connect
from ops.cloud.credentials import Endpoints
from ops.cloud.manifest import MAX_BYTES, NAME, Manifest, read_manifest
from ops.counting import plural
from ops.deploy.command import add_cloud_arguments
from ops.deploy.execute import BUSY
from ops.doctor.command import examine
from ops.doctor.finding import as_text
from ops.doctor.inventory import Inventory
from ops.errors import OpsError
from ops.numbers import number
from ops.prices import show_usd, usd
from ops.progress import Waiting, waiting
from ops.stack.stack import Stack
from ops.stack.stackfile import read_stack
from snapshot.settings import Settings

_POLL_INTERVAL_S = 1.0
_MARGIN_S = 90  # for the queue, a cold start and the last calls
_MAX_UPLOAD_BYTES = 5_000_000_000  # "PUT Object: up to 5 GB"
_EXPIRES_S = 3600
_MAX_WAIT_S = 86_400  # an asynchronous event waits 6 hours at most, and is then repeated twice
_FAILED = 1

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class TrialOptions:
    """The upload. `key` is empty for the file's name below the first trigger's prefix.

    `wait_s` is None for the function's timeout and some time for what comes before and after it.
    """

    stack: Stack
    video: Path
    key: str = ""
    overwrite: bool = False
    wait_s: float | None = None


class Trial:
    """One upload, its wait and its report. `pause` waits so many seconds, `clock` counts them."""

    def __init__(
        self,
        options: TrialOptions,
        cloud: CloudClient,
        *,
        say: Say,
        pause: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._options, self._cloud, self._say = options, cloud, say
        self._pause, self._clock = pause, clock
        self._inventory = Inventory(options.stack, cloud)
        self._has_api = bool(cloud.endpoints.api) or not cloud.endpoints.cos
        self._bucket = options.stack.triggers[0].bucket

    def run(self) -> int:
        """Upload, wait and report; return 0 where the video has a poster, 1 otherwise.

        Raises:
            OpsError: the upload cannot be tried, with what to do.
        """
        size_bytes = self._video_size()
        settings = self._settings()
        key = self._key(settings)
        self._check_free(key)
        self._say(f"Video: {self._options.video} ({_size(size_bytes)}) -> {key} in {self._bucket}")
        began = self._clock()
        etag = self._upload(key, size_bytes)
        self._say(f"Uploaded in {self._clock() - began:.1f} s. The trigger starts the function now.")
        output = settings.output_bucket or self._bucket
        folder = f"{settings.output_prefix}{key}/"
        began = self._clock()
        manifest = self._wait(output, f"{folder}{NAME}", etag)
        if manifest is None:
            self._report_failure(f"{folder}{NAME}")
            return _FAILED
        self._say(f"Manifest after {self._clock() - began:.1f} s: {folder}{NAME}")
        self._report(manifest, output)
        return 0 if manifest.poster is not None else _FAILED

    def _video_size(self) -> int:
        """Return the video's size in bytes.

        Raises:
            OpsError: it is no file, or none that can be uploaded.
        """
        video = self._options.video
        if not video.is_file():
            kind = "a folder" if video.is_dir() else "not a file"
            raise OpsError(f"{video} is {kind}.", remedy="Name one video file.")
        size_bytes = video.stat().st_size
        if not 0 < size_bytes <= _MAX_UPLOAD_BYTES:
            raise OpsError(
                f"{video} has {size_bytes} bytes; this command uploads files of 1 byte to 5 GB.",
                remedy="Choose another video, or upload it with the COS console.",
            )
        return size_bytes

    def _settings(self) -> Settings:
        """Return the settings of the deployed function; a local cloud without an API runs those of serverless.yml.

        Raises:
            OpsError: nothing is deployed, or the function cannot run.
        """
        if not self._has_api:
            return self._options.stack.settings
        function = self._inventory.require_function()
        if function.status in BUSY:
            raise OpsError(f"The function {function.name} is {function.status}.", remedy="Wait a minute and run again.")
        settings, problems = self._inventory.settings
        if settings is None:
            raise OpsError(
                f"The function would refuse its settings: {'; '.join(problems)}.",
                remedy="Correct them in serverless.yml and run `python -m ops deploy`.",
            )
        return settings

    def _key(self, settings: Settings) -> str:
        """Return the key to upload to.

        Raises:
            OpsError: the function would not take an object of that key.
        """
        trigger = self._options.stack.triggers[0]
        prefix = max(trigger.prefix, settings.input_prefix, key=len)
        key = self._options.key or f"{prefix}{self._options.video.name}"
        if not key.startswith(prefix):
            raise OpsError(
                f"The function would skip the key {key}: it takes only keys that begin with {prefix}.",
                remedy=f"Choose a --key that begins with {prefix}.",
            )
        extension = key.rpartition(".")[2].lower() if "." in key.rpartition("/")[2] else ""
        if extension not in settings.extensions:
            raise OpsError(
                f"The function would skip the key {key}: it takes only the extensions "
                f"{', '.join(settings.extensions)}.",
                remedy="Choose another video, or add the extension to SNAPSHOT_EXTENSIONS in serverless.yml.",
            )
        return key

    def _check_free(self, key: str) -> None:
        """Check that the upload replaces nothing that it may not replace.

        Raises:
            OpsError: it would.
        """
        present = self._cloud.head_object(self._bucket, key)
        if present is not None and not self._options.overwrite:
            raise OpsError(
                f"There is already an object {key} in {self._bucket}.",
                remedy="Choose another --key, or replace it with --overwrite.",
            )

    def _upload(self, key: str, size_bytes: int) -> str:
        with self._options.video.open("rb") as stream, waiting(f"uploading {_size(size_bytes)}") as line:
            return self._cloud.put_object(self._bucket, key, _Counted(stream, size_bytes, line))

    def _wait(self, bucket: str, key: str, etag: str) -> Manifest | None:
        """Return the manifest of the uploaded content, or None where it does not come in time."""
        chosen_s = self._options.wait_s
        wait_s = self._options.stack.timeout_s + _MARGIN_S if chosen_s is None else chosen_s
        end = self._clock() + wait_s
        with waiting(f"waiting for {key}, {wait_s:.0f} s at most"):
            while self._clock() < end:
                body = self._cloud.get_object(bucket, key, max_bytes=MAX_BYTES)
                manifest = None if body is None else read_manifest(body)
                if manifest is not None and (not etag or manifest.source.etag.strip('"') == etag):
                    return manifest
                self._pause(_POLL_INTERVAL_S)
        return None

    def _report(self, manifest: Manifest, bucket: str) -> None:
        self._say(
            f"Made: {plural(len(manifest.thumbnails), 'thumbnail')}, {plural(len(manifest.missed), 'moment')} missed."
        )
        for missed in manifest.missed:
            at = "" if missed.at_ms is None else f" at {missed.at_ms / 1000:g} s"
            self._say(f"  missed{at}: {missed.code}: {missed.message}")
        if manifest.poster is not None:
            self._report_poster(bucket, manifest.poster.key)
        calls = manifest.calls
        price = usd(snapshots=calls.snapshot, media_infos=calls.media_info)
        self._say(
            f"Cost: {plural(calls.snapshot, 'snapshot')} and {calls.media_info} media info, {show_usd(price)},"
            " plus SCF, requests and storage"
        )
        self._say(f"Log: {self._log_place()}")

    def _report_poster(self, bucket: str, key: str) -> None:
        address = self._cloud.address(bucket, key)
        if self._cloud.is_public(bucket, key):
            self._say(f"Poster: {address} (public)")
        else:
            address = self._cloud.signed_address(bucket, key, expires_s=_EXPIRES_S)
            expiry = datetime.now(timezone.utc) + timedelta(seconds=_EXPIRES_S)
            self._say(f"Poster: {key} in {bucket}, which is private. This address opens it until {expiry:%H:%M} UTC:")
            self._say(f"  {address}")
        self._say(f'On a page: <video controls poster="{escape(address)}" src="..."></video>')
        if self._cloud.endpoints.cos:
            at = self._cloud.endpoints.cos.removeprefix("http://").rstrip("/")
            self._say(f"On this machine: curl --connect-to ::{at} -o poster.jpg '{address}'")

    def _report_failure(self, key: str) -> None:
        self._say(f"There is no manifest of this upload: {key} does not exist, or belongs to another upload.")
        if self._has_api:
            with waiting("checking the set-up"):
                findings = [finding for finding in examine(self._inventory_anew()) if finding.severity != "ok"]
            serious = [finding for finding in findings if finding.severity != "note"]
            if serious:
                self._say("What `python -m ops doctor` found:")
                self._say(as_text(serious, coloured=False))
            else:
                self._say("`python -m ops doctor` found nothing wrong.")
        self._say(f"Log: {self._log_place()}")

    def _inventory_anew(self) -> Inventory:
        return Inventory(self._options.stack, self._cloud)

    def _log_place(self) -> str:
        stack = self._options.stack
        if self._cloud.endpoints.cos:
            return f"{self._cloud.endpoints.cos.rstrip('/')}/_emulator/log"
        return f"https://console.cloud.tencent.com/scf/list, region {stack.region}, function {stack.name}, Log Query"


class _Counted:
    """A file that tells a progress line how much of it was read."""

    def __init__(self, stream: BinaryIO, size_bytes: int, line: Waiting) -> None:
        self._stream, self._size_bytes, self._line = stream, size_bytes, line
        self._read_bytes = 0

    def __len__(self) -> int:
        """Return the file's size, which becomes the Content-Length."""
        return self._size_bytes

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        chunk = self._stream.read(size)
        self._read_bytes += len(chunk)
        self._line.update(f"{100 * self._read_bytes // self._size_bytes}%")
        return chunk


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e5 else f"{size_bytes} bytes"  # noqa: PLR2004  # 0.1 MB


def main(arguments: Sequence[str]) -> int:
    """Upload one video and report its manifest.

    Raises:
        OpsError: it cannot be tried, with what to do.
    """
    parser = argparse.ArgumentParser(
        prog="python -m ops try",
        description="Upload a video, wait, and show what the function made. The video stays in the bucket.",
    )
    parser.add_argument("video", type=Path, metavar="VIDEO", help="a video file of up to 5 GB")
    add_cloud_arguments(parser)
    parser.add_argument("--key", default="", help="the object's key (default: the prefix and the file name)")
    parser.add_argument("--overwrite", action="store_true", help="replace an object that has this key already")
    parser.add_argument(
        "--wait",
        type=number(1, _MAX_WAIT_S),
        metavar="SECONDS",
        help="how long to wait (default: the function's timeout plus 90 s)",
    )
    chosen = parser.parse_args(arguments)
    stack = read_stack(chosen.stack)
    endpoints = Endpoints(api=chosen.api_endpoint, cos=chosen.endpoint)
    if endpoints.api:
        endpoints.require_both()
    cloud = connect(stack.region, endpoints)
    options = TrialOptions(
        stack, chosen.video.expanduser(), key=chosen.key, overwrite=chosen.overwrite, wait_s=chosen.wait
    )

    def say(line: str) -> None:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    return Trial(options, cloud, say=say).run()

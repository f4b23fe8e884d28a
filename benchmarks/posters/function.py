"""A film -> the poster that the whole function takes of it, in a cloud of this process."""

import atexit
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import cache
from unittest.mock import patch
from uuid import uuid4

from benchmarks.posters.strategies import Source, Taken
from emulator.cloud import Cloud
from handler import main_handler
from snapshot.deadline import Deadline
from snapshot.manifest import Manifest
from snapshot.tencent.bucket import Bucket
from snapshot.tencent.client import CosClient

_BUCKET = "examplebucket-1250000000"
_CONTEXT = {"time_limit_in_ms": 300_000, "memory_limit_in_mb": 512, "tencentcloud_appid": "1250000000"}
_DEADLINE_S = 3600


def by_function(source: Source) -> Taken:
    """Upload the film, call the function by hand, and read its manifest: the poster, and the calls beyond the shots."""
    cloud, key = start_cloud(), f"videos/{uuid4().hex}.mp4"
    with open_bucket(cloud) as bucket:
        bucket.put(key, source.path.read_bytes(), content_type="video/mp4", cache_control="no-cache", metadata={})
        log = io.StringIO()
        with redirect_stdout(log), patch.dict(os.environ, environment_of(cloud)):
            main_handler({"bucket": _BUCKET, "keys": [key]}, {**_CONTEXT, "request_id": uuid4().hex})
        body = bucket.get(f"thumbnails/{key}/manifest.json")
    manifest = Manifest.model_validate_json(body or b"")
    poster = manifest.poster
    if poster is None:
        raise ValueError(f"the function made no poster of {source.path.name}: {manifest.missed}")
    return Taken(poster.at_ms, manifest.calls.snapshot - len(source.shots), is_flat=poster.flat)


@cache
def start_cloud() -> Cloud:
    """Start a cloud for this process."""
    cloud = Cloud(buckets=(_BUCKET,))
    cloud.__enter__()
    atexit.register(cloud.__exit__, None, None, None)
    return cloud


def environment_of(cloud: Cloud) -> dict[str, str]:
    """Return the variables that SCF would give the function in this cloud, with credentials of their own."""
    credentials = cloud.credentials.issue("runrole", _DEADLINE_S)
    return {
        "TENCENTCLOUD_REGION": cloud.region,
        "TENCENTCLOUD_SECRETID": credentials.secret_id,
        "TENCENTCLOUD_SECRETKEY": credentials.secret_key,
        "TENCENTCLOUD_SESSIONTOKEN": credentials.token,
        "SNAPSHOT_ENDPOINT": cloud.endpoint,
    }


@contextmanager
def open_bucket(cloud: Cloud) -> Iterator[Bucket]:
    """Open the bucket with the credentials of the account's owner."""
    with CosClient(
        region=cloud.region,
        secret_id=cloud.secret_id,
        secret_key=cloud.secret_key,
        token="",
        deadline=Deadline.after(_DEADLINE_S),
        endpoint=cloud.endpoint,
    ) as client:
        yield Bucket(client, _BUCKET)

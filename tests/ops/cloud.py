"""A local cloud with its control plane, and the ways in which tests look into it."""

import json
import time
from contextlib import contextmanager

from qcloud_cos import CosConfig, CosS3Client

from emulator.cloud import Cloud
from emulator.control.plane import ControlPlane
from ops.cloud.client import CloudClient
from ops.cloud.credentials import Credentials, Endpoints

BUCKET = "examplebucket-1250000000"


class LocalCloud:
    """Cloud and control plane, the operator's client of both, and a plain client of COS."""

    def __init__(self, cloud, plane):
        self.cloud, self.plane = cloud, plane
        self.credentials = Credentials(cloud.secret_id, cloud.secret_key)
        self.endpoints = Endpoints(api=f"http://{plane.endpoint}", cos=cloud.endpoint)
        self.client = CloudClient(region=cloud.region, credentials=self.credentials, endpoints=self.endpoints)
        host, port = cloud.endpoint.removeprefix("http://").split(":")
        self.cos = CosS3Client(
            CosConfig(
                Region=cloud.region,
                SecretId=cloud.secret_id,
                SecretKey=cloud.secret_key,
                Scheme="http",
                IP=host,
                Port=int(port),
            )
        )

    @property
    def environment(self):
        """The variables of the operator's shell."""
        return {
            "TENCENTCLOUD_SECRET_ID": self.credentials.secret_id,
            "TENCENTCLOUD_SECRET_KEY": self.credentials.secret_key,
        }

    @property
    def arguments(self):
        """The arguments that direct a command to this cloud."""
        return ["--endpoint", self.endpoints.cos, "--api-endpoint", self.endpoints.api]

    def stored_keys(self):
        return {stored.key for stored in self.cloud.objects()}

    def manifest(self, key):
        body = self.cos.get_object(Bucket=BUCKET, Key=f"thumbnails/{key}/manifest.json")["Body"].get_raw_stream()
        return json.loads(body.read())

    def changes(self):
        """Return the calls that changed something since the last time."""
        actions = [call.action for call in self.plane.calls if not call.action.startswith(("Get", "List"))]
        self.plane.clear_calls()
        return actions


@contextmanager
def emulated(*, buckets=(BUCKET,), queues=(), polls=2, unbound=(), **options):
    """Start a fresh cloud; functions deployed to it reach it."""
    with Cloud(buckets=buckets, unbound=unbound, compressed_time=True) as cloud:
        extra = {"SNAPSHOT_ENDPOINT": cloud.endpoint}
        with ControlPlane(cloud, now=time.time, queues=queues, polls=polls, environment=extra, **options) as plane:
            yield LocalCloud(cloud, plane)

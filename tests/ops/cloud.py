"""A cloud with its control plane, and the ways in which tests look into it."""

import json
import time
from contextlib import contextmanager

from qcloud_cos import CosConfig, CosS3Client

from emulator.api.plane import ControlPlane
from emulator.cloud import Cloud
from ops.tencent import Endpoints, Keys, Tencent

BUCKET = "examplebucket-1250000000"


class Both:
    """Cloud and control plane, the operator's door to both, and plain clients."""

    def __init__(self, cloud, plane):
        self.cloud, self.plane = cloud, plane
        self.keys = Keys(cloud.secret_id, cloud.secret_key)
        self.endpoints = Endpoints(api=f"http://{plane.endpoint}", cos=cloud.endpoint)
        self.door = Tencent(region=cloud.region, keys=self.keys, endpoints=self.endpoints)
        host, port = cloud.endpoint.removeprefix("http://").split(":")
        self.client = CosS3Client(
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
        """What the operator's shell holds."""
        return {"TENCENTCLOUD_SECRET_ID": self.keys.secret_id, "TENCENTCLOUD_SECRET_KEY": self.keys.secret_key}

    @property
    def arguments(self):
        """What aims a command at this cloud."""
        return ["--endpoint", self.endpoints.cos, "--api-endpoint", self.endpoints.api]

    def keys_stored(self):
        return {stored.key for stored in self.cloud.objects()}

    def manifest(self, key):
        body = self.client.get_object(Bucket=BUCKET, Key=f"thumbnails/{key}/manifest.json")["Body"].get_raw_stream()
        return json.loads(body.read())

    def changes(self):
        """The calls that changed something since the last look."""
        done = [call.action for call in self.plane.calls if not call.action.startswith(("Get", "List"))]
        self.plane.clear_calls()
        return done


@contextmanager
def emulated(*, buckets=(BUCKET,), queues=(), looks=2, unbound=(), **options):
    """A fresh cloud; functions deployed to it reach it."""
    with Cloud(buckets=buckets, unbound=unbound, compressed_time=True) as cloud:
        extra = {"SNAPSHOT_ENDPOINT": cloud.endpoint}
        with ControlPlane(cloud, now=time.time, queues=queues, looks=looks, environment=extra, **options) as plane:
            yield Both(cloud, plane)

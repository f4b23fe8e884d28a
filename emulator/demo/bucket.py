"""The demo's own use of COS, through the SDK that anyone would use: put a file, list, get.

It must not know what the files are. The emulator shows only as an address: the Host stays the bucket's.
Source: cos-python-sdk-v5 1.9.44, read 2026-11-22.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from qcloud_cos import CosConfig, CosS3Client

_PART_MB = 16  # a file of less goes up in one request, a larger one in parts


class Buckets:
    """Buckets behind one endpoint, with one pair of keys."""

    def __init__(self, *, endpoint: str, region: str, secret_id: str, secret_key: str) -> None:
        """Aim the SDK at `endpoint`, such as http://127.0.0.1:8000.  Raises: ValueError for no such address."""
        logging.getLogger("qcloud_cos").setLevel(logging.CRITICAL)  # it logs signed addresses
        address = urlsplit(endpoint)
        config = CosConfig(
            Region=region,
            SecretId=secret_id,
            SecretKey=secret_key,
            Scheme=address.scheme,
            IP=address.hostname,
            Port=address.port,
        )
        self._client = CosS3Client(config)

    def put(self, bucket: str, key: str, file: Path) -> None:
        """Upload a file.  Raises: CosServiceError and CosClientError of the SDK."""
        self._client.upload_file(bucket, key, str(file), PartSize=_PART_MB, MAXThread=2)

    def keys(self, bucket: str) -> Iterator[str]:
        """Give every key, in the bucket's order.  Raises: CosServiceError and CosClientError of the SDK."""
        marker, more = "", True
        while more:
            page = self._client.list_objects(bucket, Marker=marker, MaxKeys=1000)
            yield from (entry["Key"] for entry in page.get("Contents", ()))
            more = page["IsTruncated"] == "true"
            marker = page.get("NextMarker", "")

    def get(self, bucket: str, key: str, file: Path) -> None:
        """Write an object to a file.  Raises: CosServiceError and CosClientError of the SDK, OSError."""
        self._client.get_object(bucket, key)["Body"].get_stream_to_file(str(file))

"""A bucket through the SDK that anyone would use: upload, list, download.

The emulator appears only as an address: the Host stays the bucket's.
Source: cos-python-sdk-v5 1.9.44, read 2026-11-25; COS's documents on multipart upload, read 2026-11-22.
"""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from qcloud_cos import CosConfig, CosS3Client

from studio.progress import Advance

SLICE_BYTES = 16 * 1024 * 1024
"""A file of at most this size is uploaded in one request, a larger one in slices of it."""

_PAGE_KEYS = 1000


class CosClient:
    """Buckets behind one endpoint, with one pair of credentials."""

    def __init__(self, *, endpoint: str, region: str, secret_id: str, secret_key: str) -> None:
        """Aim the SDK at `endpoint`, such as http://127.0.0.1:8000.

        Raises:
            ValueError: this is no such address.
        """
        logging.getLogger("qcloud_cos").setLevel(logging.CRITICAL)  # it logs signed addresses
        address = urlsplit(endpoint)
        credentials = {"Region": region, "SecretId": secret_id, "SecretKey": secret_key, "Scheme": address.scheme}
        self._client = CosS3Client(CosConfig(**credentials, IP=address.hostname, Port=address.port))
        self._signer = CosS3Client(CosConfig(**credentials))  # it never sends: an address has the bucket's own host

    def upload(self, bucket: str, key: str, file: Path, *, advance: Advance = lambda _: None) -> None:
        """Upload a file in this thread, so that Ctrl-C ends it; `advance` is called with bytes as they are sent.

        Raises:
            CosServiceError: COS refused.
            CosClientError: COS could not be reached.
            OSError: the file cannot be read.
        """
        # The SDK's own upload_file sends slices from a pool of threads, which Ctrl-C waits for without end.
        size_bytes = file.stat().st_size
        with file.open("rb") as content:
            if size_bytes <= SLICE_BYTES:
                self._client.put_object(bucket, _Counted(content, size_bytes, advance), key)
                return
            upload_id = self._client.create_multipart_upload(bucket, key)["UploadId"]
            parts = []
            for number, start in enumerate(range(0, size_bytes, SLICE_BYTES), start=1):
                body = _Counted(content, min(SLICE_BYTES, size_bytes - start), advance)
                etag = self._client.upload_part(bucket, key, body, number, upload_id)["ETag"]
                parts.append({"PartNumber": number, "ETag": etag})
            self._client.complete_multipart_upload(bucket, key, upload_id, {"Part": parts})

    def list_keys(self, bucket: str) -> Iterator[str]:
        """Return every key, in the bucket's order.

        Raises:
            CosServiceError: COS refused.
            CosClientError: COS could not be reached.
        """
        marker, is_truncated = "", True
        while is_truncated:
            page = self._client.list_objects(bucket, Marker=marker, MaxKeys=_PAGE_KEYS)
            yield from (entry["Key"] for entry in page.get("Contents", ()))
            is_truncated = page["IsTruncated"] == "true"
            marker = page.get("NextMarker", "")

    def download(self, bucket: str, key: str, file: Path) -> None:
        """Write an object to a file.

        Raises:
            CosServiceError: COS refused.
            CosClientError: COS could not be reached.
            OSError: the file cannot be written.
        """
        self._client.get_object(bucket, key)["Body"].get_stream_to_file(str(file))

    def presigned_url(self, method: str, bucket: str, key: str, *, params: dict[str, str], lifetime_s: int) -> str:
        """Return an address with the bucket's host, good for one method on one object until `lifetime_s` from now."""
        url: str = self._signer.get_presigned_url(
            Bucket=bucket, Key=key, Method=method, Expired=lifetime_s, Params=params, SignHost=True
        )
        return url


class _Counted:
    """Read a slice of a file, and tell how much of it was sent."""

    def __init__(self, content: BinaryIO, length: int, advance: Callable[[int], object]) -> None:
        self._content = content
        self._start = content.tell()
        self._length = length
        self._position = 0
        self._advance = advance

    def __len__(self) -> int:
        return self._length

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go back to the start for another try, as the SDK and requests do."""
        origin = {0: 0, 1: self._position, 2: self._length}[whence]
        target = origin + offset
        self._advance(target - self._position)
        self._position = target
        self._content.seek(self._start + self._position)
        return self._position

    def read(self, size: int = -1) -> bytes:
        left = self._length - self._position
        data = self._content.read(left if size is None or size < 0 else min(size, left))
        self._position += len(data)
        self._advance(len(data))
        return data

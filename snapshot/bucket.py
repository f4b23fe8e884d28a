"""The objects of one bucket, and CI's answers about them, as the pipeline needs them."""

from collections.abc import Mapping
from typing import Protocol

from snapshot.media import ListedObject, MediaInfo, StoredObject

MAX_DOCUMENT_BYTES = 1024 * 1024  # a manifest or journal beyond this is none of ours


class Camera(Protocol):
    """Takes pictures of one stored video."""

    def snapshot(
        self,
        key: str,
        *,
        at_ms: int,
        width_px: int,
        height_px: int,
        format: str,
        mode: str,
        rotate: str,
        version_id: str = "",
    ) -> bytes:
        """Return a picture file in `format` of the moment `at_ms`; at most one of width and height is above 0.

        Raises:
            SetupError: a person must repair something first.
            SourceRejected: this moment cannot be had.
            CloudUnavailable: it may be had later.
            BadFrame: the response is no picture.
        """


class Bucket(Camera, Protocol):
    """Objects of one bucket, and CI's answers about them.

    Every method raises SetupError and CloudUnavailable; media_info and snapshot raise SourceRejected too.
    """

    @property
    def calls(self) -> Mapping[str, int]:
        """Return the number of paid calls sent, `media_info` and `snapshot`, and of those that `failed`."""

    def allow_retries(self, planned: int) -> None:
        """Let so many retries be made as is fair to this number of paid calls."""

    def warm(self, connections: int) -> None:
        """Open connections before they are needed; returns at once."""

    def head(self, key: str) -> StoredObject | None:
        """Return an object's ETag, length and metadata; None where there is no object."""

    def get(self, key: str, *, max_bytes: int = MAX_DOCUMENT_BYTES) -> bytes | None:
        """Return an object's bytes, None where there is none or it is longer than `max_bytes`."""

    def list(self, prefix: str) -> tuple[ListedObject, ...]:
        """Return every object whose key begins with `prefix`."""

    def put(self, key: str, body: bytes, *, content_type: str, cache_control: str, metadata: Mapping[str, str]) -> None:
        """Store an object, whole or not at all."""

    def delete(self, key: str) -> None:
        """Delete an object; one that is not there is deleted already."""

    def media_info(self, key: str, *, version_id: str = "") -> MediaInfo:
        """Return length and streams of a video. A paid call."""

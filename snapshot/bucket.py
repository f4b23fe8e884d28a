"""One bucket through the door: objects, media info, snapshots. It knows neither the SDK nor plans, sizes or settings.

Source: COS's object operations, GenerateMediainfo, GetSnapshot; read 2026-11-22.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from snapshot.answers import Answer, failure, not_a_picture, read_media_info
from snapshot.cos import Call, Door
from snapshot.errors import BadFrame, CloudRefused, CloudUnavailable
from snapshot.frames import MediaInfo

NOT_FOUND = 404

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What HEAD tells: the ETag without quotes, the length in bytes, and the `x-cos-meta-*` headers in lower case."""

    etag: str
    size_bytes: int
    metadata: Mapping[str, str]


class Bucket:
    """One bucket: objects, media info, snapshots."""

    def __init__(self, door: Door, name: str) -> None:
        self._door = door
        self._name = name
        self._paid: list[str] = []  # appended to by several threads

    @property
    def calls(self) -> Counter[str]:
        """Give how many paid calls were sent: `media_info` and `snapshot`."""
        return Counter(self._paid)

    def head(self, key: str) -> StoredObject | None:
        """Give what HEAD tells of an object, None where there is none.

        Raises:
            CloudRefused, CloudUnavailable: as errors.py has them.
        """
        try:
            return self._ask(Call("HeadObject", "HEAD", self._name, key), _stored)
        except CloudRefused as error:
            if error.status == NOT_FOUND and not error.about_setup:
                return None
            raise

    def get(self, key: str) -> bytes | None:
        """Give an object's bytes, None where there is none. For documents: the whole is held in memory.

        Raises:
            CloudRefused, CloudUnavailable: as errors.py has them.
        """
        try:
            return self._ask(Call("GetObject", "GET", self._name, key), lambda answer: answer.body)
        except CloudRefused as error:
            if error.code == "NoSuchKey":
                return None
            raise

    def put(self, key: str, body: bytes, *, content_type: str, cache_control: str, metadata: Mapping[str, str]) -> None:
        """Store an object, whole or not at all. The names in `metadata` begin with `x-cos-meta-`.

        Raises:
            CloudRefused, CloudUnavailable: as errors.py has them.
        """
        headers = {"Content-Type": content_type, "Cache-Control": cache_control, **metadata}
        self._ask(Call("PutObject", "PUT", self._name, key, headers=headers, body=body), lambda _: None)

    def media_info(self, key: str) -> MediaInfo:
        """Give what CI knows of a film. One paid call an attempt.

        Raises:
            CloudRefused, CloudUnavailable: as errors.py has them.
        """
        call = Call("GetMediaInfo", "GET", self._name, key, params={"ci-process": "videoinfo"})

        def read(answer: Answer) -> MediaInfo:
            try:
                return read_media_info(answer.body)
            except ValueError as error:
                raise call.failed(CloudUnavailable, str(error), code="BadMediaInfo", status=answer.status) from error

        return self._ask(call, read, paid="media_info")

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
    ) -> bytes:
        """Give a picture file of the moment `at_ms`. One paid call an attempt. At most one side is above 0.

        Raises:
            CloudRefused, CloudUnavailable: as errors.py has them.
            BadFrame: content type or first bytes are not those of such a picture.
        """
        params = {
            "ci-process": "snapshot",
            "time": _seconds(at_ms),
            **({"width": str(width_px)} if width_px else {}),
            **({"height": str(height_px)} if height_px else {}),
            "format": format,
            "rotate": rotate,
            "mode": mode,
        }
        call = Call("GetSnapshot", "GET", self._name, key, params=params)

        def read(answer: Answer) -> bytes:
            problem = not_a_picture(answer, format)
            if problem:
                raise call.failed(BadFrame, problem, code="BadFrame", status=answer.status)
            return answer.body

        return self._ask(call, read, paid="snapshot")

    def _ask(self, call: Call, read: Callable[[Answer], _T], *, paid: str = "") -> _T:
        """Give what `read` makes of the answer; what it raises is tried again as a failed call is."""

        def attempt() -> _T:
            self._paid += [paid] if paid else []
            answer = self._door.ask(call)
            failed = failure(answer, operation=call.operation, key=call.key)
            if failed:
                raise failed
            return read(answer)

        return self._door.retry(attempt)


def _stored(answer: Answer) -> StoredObject:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return StoredObject(
        etag=headers.get("etag", "").strip('"'),
        size_bytes=int(headers.get("content-length", "0")),
        metadata={name: value for name, value in headers.items() if name.startswith("x-cos-meta-")},
    )


def _seconds(at_ms: int) -> str:
    """Give a moment as the API takes it, seconds with at most three decimals: 1, 1.5, 90.04."""
    return f"{at_ms // 1000}.{at_ms % 1000:03d}".rstrip("0").rstrip(".")

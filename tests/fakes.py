"""A cloud in memory that keeps the contract of snapshot.bucket.Bucket; held to it by test_bucket_contract.py."""

import hashlib
import io
import threading
from collections import Counter
from dataclasses import dataclass

from PIL import Image, ImageDraw

from snapshot.bucket import StoredObject
from snapshot.errors import CloudRefused
from snapshot.frames import MediaInfo

PILLOW = {"jpg": "JPEG", "png": "PNG"}


@dataclass(frozen=True)
class FakeFilm:
    """What makes stored bytes a film; `body` is what would be uploaded."""

    duration_ms: int = 4000
    size: tuple[int, int] = (64, 36)
    has_picture: bool = True

    @property
    def body(self) -> bytes:
        return repr(self).encode()


class FakeCloud:
    """Buckets by name. `failures` maps an operation to errors: each call of it raises the next one, if there is one."""

    def __init__(self, *names):
        self.stored = {name: {} for name in names}
        self.failures = {}
        self.log = []
        self.lock = threading.Lock()

    def bucket(self, name):
        return FakeBucket(self, name)

    def upload(self, bucket, key, film_or_body, **metadata):
        film = film_or_body if isinstance(film_or_body, FakeFilm) else None
        body = film.body if film else film_or_body
        headers = {f"x-cos-meta-{name.replace('_', '-')}": value for name, value in metadata.items()}
        etag = hashlib.md5(body).hexdigest()
        self.stored[bucket][key] = (body, StoredObject(etag, len(body), headers), film, None, None)
        return etag


class FakeBucket:
    def __init__(self, cloud, name):
        self.cloud, self.name, self.paid = cloud, name, []

    @property
    def calls(self):
        return Counter(self.paid)

    def _begin(self, operation, key, *, status=404):
        with self.cloud.lock:
            self.cloud.log.append((operation, self.name, key))
            failures = self.cloud.failures.get(operation, [])
            failure = failures.pop(0) if failures else None
        if failure:
            raise failure
        if self.name not in self.cloud.stored:
            raise CloudRefused("no", operation=operation, key=key, code="NoSuchBucket", status=status, about_setup=True)
        return self.cloud.stored[self.name]

    def head(self, key):
        try:
            return self._begin("HeadObject", key).get(key, (None, None))[1]
        except CloudRefused as error:
            if error.status == 404:
                return None
            raise

    def get(self, key):
        return self._begin("GetObject", key).get(key, (None,))[0]

    def put(self, key, body, *, content_type, cache_control, metadata):
        stored = StoredObject(hashlib.md5(body).hexdigest(), len(body), dict(metadata))
        self._begin("PutObject", key)[key] = (body, stored, None, content_type, cache_control)

    def _film(self, operation, key):
        objects = self._begin(operation, key)
        if key not in objects:
            raise CloudRefused("no", operation=operation, key=key, code="NoSuchKey", status=404)
        film = objects[key][2]
        if film is None:
            raise CloudRefused("not a film", operation=operation, key=key, code="InvalidContent", status=400)
        return film

    def media_info(self, key):
        self.paid.append("media_info")
        film = self._film("GetMediaInfo", key)
        width_px, height_px = film.size if film.has_picture else (None, None)
        codec = "h264" if film.has_picture else None
        return MediaInfo(film.duration_ms, width_px, height_px, codec, has_picture=film.has_picture)

    def snapshot(self, key, *, at_ms, width_px, height_px, format, mode, rotate):
        self.paid.append("snapshot")
        film = self._film("GetSnapshot", key)
        if at_ms >= film.duration_ms:
            raise CloudRefused("past the end", operation="GetSnapshot", key=key, code="InvalidArgument", status=400)
        width, height = film.size
        if width_px:
            width, height = width_px, round(height * width_px / width)
        elif height_px:
            width, height = round(width * height_px / height), height_px
        picture = Image.new("RGB", (width, height), (at_ms * 255 // film.duration_ms, 128, 64))
        ImageDraw.Draw(picture).rectangle((0, 0, width // 2, height // 2), fill="white")
        body = io.BytesIO()
        picture.save(body, PILLOW[format])
        return body.getvalue()

"""A cloud in memory that keeps the contract of snapshot.tencent.bucket.Bucket, as test_bucket_contract.py checks."""

import hashlib
import io
import itertools
import random
import threading
from collections import Counter
from dataclasses import dataclass

from PIL import Image, ImageDraw

from snapshot.errors import CallFailed, SetupError, SourceChanged, SourceRejected
from snapshot.media import ListedObject, MediaInfo, StoredObject, VideoStream

PILLOW = {"jpg": "JPEG", "png": "PNG"}


def media_info(duration_ms=None, width_px=None, height_px=None, codec="h264"):
    """Return the media info of a video with one stream of pictures."""
    return MediaInfo(duration_ms, (VideoStream(0, width_px, height_px, codec),))


def scene(width, height, *, seed):
    """Return a picture that shows enough to be a poster, the same for the same seed."""
    chance = random.Random(seed)
    picture = Image.new("RGB", (width, height), (90, 120, 160))
    draw = ImageDraw.Draw(picture)
    for _ in range(60):
        x, y, radius = chance.randrange(width), chance.randrange(height), chance.randrange(2, max(3, height // 4))
        colour = tuple(chance.randrange(30, 230) for _ in range(3))
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)
    return picture


@dataclass(frozen=True)
class FakeFilm:
    """The properties that make stored bytes a film; `body` is what would be uploaded."""

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
        self.planned = 0
        self.lock = threading.Lock()
        self.moments = itertools.count(1)

    def bucket(self, name):
        return FakeBucket(self, name)

    def upload(self, bucket, key, film_or_body, **metadata):
        film = film_or_body if isinstance(film_or_body, FakeFilm) else None
        body = film.body if film else film_or_body
        headers = {f"x-cos-meta-{name.replace('_', '-')}": value for name, value in metadata.items()}
        stored = self.describe(body, headers)
        self.stored[bucket][key] = (body, stored, film, None, None)
        return stored.etag

    def describe(self, body, headers):
        moment = f"Wed, 25 Nov 2026 {next(self.moments) % 24:02d}:00:00 GMT"
        return StoredObject(hashlib.md5(body).hexdigest(), len(body), headers, last_modified=moment)


class FakeBucket:
    def __init__(self, cloud, name):
        self.cloud, self.name, self.paid = cloud, name, []

    @property
    def calls(self):
        return Counter(self.paid)

    def allow_retries(self, planned):
        self.cloud.planned += planned

    def warm(self, connections):
        pass

    def _begin(self, operation, key, *, needs_bucket=True):
        with self.cloud.lock:
            self.cloud.log.append((operation, self.name, key))
            failures = self.cloud.failures.get(operation, [])
            failure = failures.pop(0) if failures else None
        if failure:
            raise failure
        if self.name not in self.cloud.stored and needs_bucket:
            raise SetupError("no", operation=operation, key=key, code="NoSuchBucket", status=404)
        return self.cloud.stored.get(self.name, {})

    def head(self, key):
        objects = self._begin("HeadObject", key, needs_bucket=False)
        return objects.get(key, (None, None))[1]

    def get(self, key, *, max_bytes=1024 * 1024):
        body = self._begin("GetObject", key).get(key, (None,))[0]
        return None if body is None or len(body) > max_bytes else body

    def list(self, prefix):
        objects = self._begin("GetBucket", prefix)
        keys = sorted((key for key in objects if key.startswith(prefix)), key=str.encode)
        return tuple(ListedObject(key, objects[key][1].etag, objects[key][1].size_bytes) for key in keys)

    def put(self, key, body, *, content_type, cache_control, metadata):
        stored = self.cloud.describe(body, dict(metadata))
        self._begin("PutObject", key)[key] = (body, stored, None, content_type, cache_control)

    def delete(self, key):
        self._begin("DeleteObject", key).pop(key, None)

    def _film(self, operation, key):
        objects = self._begin(operation, key)
        if key not in objects:
            raise SourceChanged("no", operation=operation, key=key, status=404)
        film = objects[key][2]
        if film is None:
            raise SourceRejected("not a film", operation=operation, key=key, code="InvalidContent", status=400)
        return film

    def _pay(self, name, call):
        self.paid.append(name)
        try:
            return call()
        except CallFailed:
            self.paid.append("failed")
            raise

    def media_info(self, key, *, version_id=""):
        film = self._pay("media_info", lambda: self._film("GetMediaInfo", key))
        return media_info(film.duration_ms, *film.size) if film.has_picture else MediaInfo(film.duration_ms, ())

    def snapshot(self, key, *, at_ms, width_px, height_px, format, mode, rotate, version_id=""):
        film = self._pay("snapshot", lambda: self._shown(key, at_ms))
        width, height = film.size
        if width_px:
            width, height = width_px, round(height * width_px / width)
        elif height_px:
            width, height = round(width * height_px / height), height_px
        picture = scene(width, height, seed=at_ms)
        body = io.BytesIO()
        picture.save(body, PILLOW[format])
        return body.getvalue()

    def _shown(self, key, at_ms):
        film = self._film("GetSnapshot", key)
        if at_ms >= film.duration_ms:
            raise SourceRejected("past the end", operation="GetSnapshot", key=key, code="InvalidArgument", status=400)
        return film

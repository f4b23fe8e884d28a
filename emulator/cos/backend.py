"""The one door to moto: its S3 application, asked in S3's words, holds this cloud's objects.

Gives a bucket an inner name, so that several clouds in one process share nothing: moto's bucket names are global
and its reset throws away every account's objects. Knows no COS word.
"""

import io
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote, urlencode

import moto.s3.models
from moto.core.exceptions import ServiceException
from moto.moto_server.werkzeug_app import create_backend_app
from moto.s3.models import FakeBucket, FakeKey, FakeMultipart, S3Backend, s3_backends

from emulator.cos.errors import read_s3_error
from emulator.cos.wire import Query
from emulator.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIApplication

# "each part is 1 MB to 5 GB, the last part may be less than 1 MB"
SMALLEST_PART_BYTES = 1024 * 1024
_PARTITION = "aws"
_LOCKS = 64
_SERIAL = count(1)


@dataclass(frozen=True, slots=True)
class S3Answer:
    """What moto answered: headers have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Backend:
    """One cloud's objects, under an account of its own in moto."""

    def __init__(self) -> None:
        vars(moto.s3.models)["S3_UPLOAD_PART_MIN_SIZE"] = SMALLEST_PART_BYTES
        flask = create_backend_app("s3")
        # In debug mode, moto's choice, flask makes a class a request that keeps the body until the collector comes by.
        flask.debug = False
        flask.config["PROPAGATE_EXCEPTIONS"] = True
        self._app: WSGIApplication = flask
        self._locks = tuple(threading.RLock() for _ in range(_LOCKS))
        self.account = f"{os.getpid() % 10**6:06d}{next(_SERIAL):06d}"

    def inner_name(self, bucket: str) -> str:
        """The name under which moto holds a bucket."""
        return "b" + sha256(f"{self.account}/{bucket}".encode()).hexdigest()[:40]

    def call(
        self,
        method: str,
        bucket: str,
        key: str = "",
        *,
        query: Query = (),
        headers: Mapping[str, str] | None = None,
        body: BinaryIO | bytes = b"",
        source: tuple[str, str] | None = None,
    ) -> S3Answer:
        """Asks moto. `source` is the bucket and key that a copy reads.

        The body is read before anything is held, at the pace of whoever sends it, and moto takes it as it is.

        Raises:
            Refusal: moto refused, in COS's codes as far as they differ; also whatever reading the body raises.
        """
        environ = self._environ(method, bucket, key, query, headers or {})
        whole = body if isinstance(body, bytes) else body.read()
        environ |= {
            "wsgi.input": io.BytesIO(whole),
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": str(len(whole)),
        }
        with self.holding((bucket, key), *([source] if source else [])):
            answer = _run(self._app, environ)
            self._untrack()
        if answer.status >= 400:  # noqa: PLR2004  # HTTP's first error
            raise read_s3_error(answer.status, answer.body)
        return answer

    @contextmanager
    def holding(self, *objects: tuple[str, str]) -> Iterator[None]:
        """Nobody else changes these objects meanwhile.

        Moto disposes of an object that it overwrites while another thread may still be reading its tag.
        """
        with ExitStack() as held:
            for number in sorted({hash(each) % _LOCKS for each in objects}):
                held.enter_context(self._locks[number])
            yield

    def bucket(self, bucket: str) -> FakeBucket:
        """Moto's bucket.

        Raises:
            Refusal: 404 NoSuchBucket.
        """
        found = self._s3.buckets.get(self.inner_name(bucket))
        if found is None:
            raise Refusal(404, "NoSuchBucket", "the specified bucket does not exist")
        return found

    def key(self, bucket: str, key: str, version: str | None) -> FakeKey | None:
        """Moto's object, or None; a delete marker is no object."""
        self.bucket(bucket)
        try:
            return self._s3.get_object(self.inner_name(bucket), key, version_id=version)
        except ServiceException:
            return None

    def names(self, bucket: str) -> list[str]:
        """Every key of a bucket, in no order; not those whose newest version is a delete marker."""
        keys = self.bucket(bucket).keys
        return [name for name in list(keys) if isinstance(keys.get(name), FakeKey)]

    def drop_parts(self, bucket: str, key: str) -> None:
        """Frees the parts that an object was put together from, which moto keeps beside the whole."""
        with self.holding((bucket, key)):
            found = self.key(bucket, key, None)
            if found is not None and found.multipart is not None:
                found.multipart.dispose()
                found.multipart.parts.clear()

    def close(self) -> None:
        """Throws away every object and bucket of this cloud, and nobody else's."""
        for name, bucket in list(self._s3.buckets.items()):
            for versions in list(bucket.keys.values()):
                for key in versions if isinstance(versions, list) else [versions]:
                    if isinstance(key, FakeKey):
                        key.dispose()
            for multipart in bucket.multiparts.values():
                multipart.dispose()
            s3_backends.bucket_accounts.pop(name, None)
            del self._s3.buckets[name]
        self._untrack()
        s3_backends.pop(self.account, None)

    @property
    def _s3(self) -> S3Backend:
        backend: S3Backend = s3_backends[self.account][_PARTITION]
        return backend

    def _untrack(self) -> None:
        # Moto keeps every object it ever made in a list for its reset, which this cloud never calls.
        for model in (FakeKey, FakeMultipart):
            tracked = vars(model)["instances_tracked"]
            tracked[:] = [each for each in tracked if each.account_id != self.account]

    def _environ(self, method: str, bucket: str, key: str, query: Query, headers: Mapping[str, str]) -> dict[str, Any]:
        host = f"{self.inner_name(bucket)}.s3.us-east-1.amazonaws.com"
        text = urlencode(query, quote_via=quote)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            # Moto routes by this path and takes the key from the raw one, so no router ever touches a key.
            "PATH_INFO": "/key" if key else "/",
            "RAW_URI": "/" + quote(key, safe="") + (f"?{text}" if text else ""),
            "QUERY_STRING": text,
            "SERVER_NAME": host,
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": host,
            "HTTP_AUTHORIZATION": "checked-before",
            "HTTP_X_MOTO_ACCOUNT_ID": self.account,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in headers.items():
            shouted = name.upper().replace("-", "_")
            environ[shouted if shouted == "CONTENT_TYPE" else f"HTTP_{shouted}"] = value
        return environ


def _run(app: "WSGIApplication", environ: dict[str, Any]) -> S3Answer:
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> "Callable[[bytes], object]":
        started.append((status, headers))
        return written.append

    written: list[bytes] = []
    try:
        written.extend(app(environ, start_response))
    finally:
        environ.clear()  # it and moto's request hold each other, and the call's body with them
    status, headers = started[0]
    return S3Answer(int(status.split()[0]), {name.lower(): value for name, value in headers}, b"".join(written))

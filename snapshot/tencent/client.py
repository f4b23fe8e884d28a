"""The client of COS and CI: a Request -> a Response, tried again while that can help.

The SDK signs and spells the addresses. Sending is done here, because the SDK takes a redirect for a success, cannot
read CI's errors, fails on a refused HEAD, retries neither 429 nor within a deadline, and logs addresses.
One retry layer: full jitter, `Retry-After`, a budget and a limit on calls under way, each one for the whole invocation.
Source: cos-python-sdk-v5 1.9.44 as measured, read 2026-11-22.
"""

import copy
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from qcloud_cos import CosConfig
from qcloud_cos.cos_auth import CosS3Auth
from qcloud_cos.cos_exception import CosClientError
from typing_extensions import Self

from snapshot.deadline import Deadline
from snapshot.errors import CallFailed, CloudUnavailable, SetupError
from snapshot.logs import fact, silence
from snapshot.tencent.documents import MAX_BYTES as MAX_DOCUMENT_BYTES
from snapshot.tencent.responses import Response, failure, max_attempts, retry_after_s, says_slow_down
from snapshot.tencent.throttle import RetryBudget, Streak, Throttle
from snapshot.tencent.transport import Exchange, Origin, Resolve, Transport, TransportError, resolve_name
from snapshot.workers import run_in_background

logger = logging.getLogger(__name__)

_PAUSE_S, _MAX_PAUSE_S = 0.2, 5.0
_MIN_S = 0.3  # below that no call is begun
_PORTS = {"http": 80, "https": 443}
# The SDK logs addresses at INFO and the token at DEBUG, and SCF sets the root logger to DEBUG.
_SILENCED = ("qcloud_cos", "urllib3", "requests")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Request:
    """One request: what it is called, and what goes over the wire. `key` is as it is, not encoded.

    `max_bytes` is how long the body of a successful response may be.
    """

    operation: str
    method: Literal["GET", "HEAD", "PUT", "DELETE"]
    bucket: str
    key: str
    params: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    max_bytes: int = MAX_DOCUMENT_BYTES

    def failed(self, kind: type[CallFailed], message: str, *, code: str, **facts: Any) -> CallFailed:  # noqa: ANN401  # the error checks them
        """Return the error of this kind about this request."""
        return kind(message, operation=self.operation, key=self.key, code=code, **facts)


class CosClient:
    """Sends requests to one region with one set of credentials, until `deadline`.

    Made anew for each invocation: nothing that could expire outlives it. Close it, or use it in a with statement.
    `budget` and `throttle` are shared with the clients that `until` returns; `streak` is one record's.
    """

    def __init__(
        self,
        *,
        region: str,
        secret_id: str,
        secret_key: str,
        token: str,
        deadline: Deadline,
        endpoint: str = "",
        concurrency: int = 8,
        sleep: Callable[[float], None] = time.sleep,
        resolve: Resolve = resolve_name,
    ) -> None:
        silence(*_SILENCED)
        self._config = CosConfig(Region=region, SecretId=secret_id, SecretKey=secret_key, Token=token or None)
        self._token = token
        self._endpoint = urlsplit(endpoint)
        self._transport = Transport(max_idle=concurrency + 2, resolve=resolve)
        self._sleep = sleep
        self.deadline = deadline
        self.budget = RetryBudget()
        self.throttle = Throttle(concurrency, sleep=sleep)
        self.streak = Streak()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def until(self, deadline: Deadline) -> Self:
        """Return this client for the next record; connections, budget and throttle are shared."""
        other = copy.copy(self)
        other.deadline = deadline
        other.streak = Streak()
        return other

    def warm(self, bucket: str, *, connections: int) -> None:
        """Open connections to a bucket before they are needed, side by side. It returns at once and never fails."""
        for _ in range(connections):
            run_in_background(self._transport.warm, self._origin_of(bucket), self.deadline)

    def send(self, request: Request, *, on_sent: Callable[[], None] = lambda: None) -> Response:
        """Send one request once and return the response, whatever its status. `on_sent` is called as it goes out.

        Raises:
            CloudUnavailable: no whole response came, or none could come in time.
            SetupError: the request could not even be sent.
        """
        if self.deadline.left_s() < _MIN_S:
            raise request.failed(CloudUnavailable, "the invocation's time is over", code="OutOfTime")
        try:
            raw = self._transport.send(self._sign(request), self.deadline, on_sent=on_sent)
        except TransportError as error:
            kind = SetupError if error.code == "NotSent" else CloudUnavailable
            raise request.failed(kind, error.message, code=error.code) from None
        except (CosClientError, ValueError) as error:
            message = f"could not be sent ({type(error).__name__})"
            raise request.failed(SetupError, message, code="NotSent") from None
        return Response(raw.status, {name.lower(): value for name, value in raw.headers.items()}, raw.body)

    def call(
        self, request: Request, read: Callable[[Response], _T], *, on_sent: Callable[[], None] = lambda: None
    ) -> _T:
        """Return the value that `read` makes of the response; what it raises is tried again as a failed call is.

        Raises:
            CallFailed: trying again cannot help, or there is no time or no retry left for it.
        """
        for tried in range(1, 100):
            if self.streak.last and self.streak.is_long and self.budget.left == 0:
                message = "not sent: the last calls all failed like this, and the invocation's retries are used up"
                raise request.failed(CloudUnavailable, message, code=self.streak.last.code)
            try:
                value = self._attempt(request, read, on_sent=on_sent)
            except CallFailed as error:
                pause_s = random.uniform(0, min(_MAX_PAUSE_S, _PAUSE_S * 2**tried))  # noqa: S311  # jitter, no secret
                if tried >= max_attempts(error) or self.deadline.left_s() < pause_s + _MIN_S or not self.budget.take():
                    raise
                facts = {"operation": error.operation, "key": error.key, "status": error.status, "code": error.code}
                fact(logger, "call.again", level=logging.WARNING, tried=tried, pause_ms=int(pause_s * 1000), **facts)
                self._sleep(pause_s)
            else:
                return value
        raise AssertionError("the last attempt returns or raises")

    def _attempt(self, request: Request, read: Callable[[Response], _T], *, on_sent: Callable[[], None]) -> _T:
        with self.throttle.place(self.deadline) as cuts:
            try:
                response = self.send(request, on_sent=on_sent)
                failed = failure(response, operation=request.operation, key=request.key)
                if failed:
                    if says_slow_down(response):
                        resume_at_s = self.deadline.clock() + retry_after_s(response)
                        self.throttle.slow_down(cuts, resume_at_s=resume_at_s)
                    raise failed
                value = read(response)
            except CallFailed as error:
                if max_attempts(error) > 1:
                    self.streak.failed(error)
                raise
        self.throttle.succeeded()
        self.streak.succeeded()
        return value

    def _origin_of(self, bucket: str) -> Origin:
        scheme = self._endpoint.scheme or "https"
        host = self._endpoint.hostname or self._config.get_host(Bucket=bucket)
        return Origin(scheme, host, self._endpoint.port or _PORTS[scheme])

    def _sign(self, request: Request) -> Exchange:
        # The SDK takes one leading slash off the address and none off the signature; a second one puts both right.
        key = f"/{request.key}" if request.key.startswith("/") else request.key
        address = urlsplit(self._config.uri(bucket=request.bucket, path=key or None))
        query = urlencode(request.params, quote_via=quote, safe="-_.~")
        target = _without_dots(address.path) + (f"?{query}" if query else "")
        headers = {"Host": self._config.get_host(Bucket=request.bucket), "Accept-Encoding": "identity"}
        headers |= {"x-cos-security-token": self._token} if self._token else {}
        headers |= {"Content-Length": str(len(request.body))} if request.body is not None else {}
        unsigned = _Unsigned(request.method, address.geturl(), headers | request.headers)
        signed = CosS3Auth(self._config, key, params=request.params)(unsigned)
        return Exchange(
            origin=self._origin_of(request.bucket),
            method=request.method,
            target=target,
            headers=signed.headers,
            body=request.body,
            max_bytes=request.max_bytes,
        )


@dataclass(slots=True)
class _Unsigned:
    """The request as the SDK's signature reads and completes it."""

    method: str
    url: str
    headers: dict[str, str]


def _without_dots(path: str) -> str:
    """Return the path with a last segment of dots encoded: the SDK encodes only those that a slash follows."""
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{name.replace('.', '%2E')}" if name in {".", ".."} else path

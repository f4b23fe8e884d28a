"""The one door to Tencent: a Call -> an Answer, over the COS SDK. It knows no operation and no plan.

The SDK signs and spells the addresses; sending once and reading whole is done here, because it takes a redirect for a
success, cannot read CI's errors, fails on a refused HEAD, gives text at the end of a body, retries neither 429 nor
within a deadline, and logs addresses. One retry layer, full jitter, bounded by the invocation's deadline.
Source: cos-python-sdk-v5 1.9.44 as measured, read 2026-11-22.
"""

import logging
import random
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3
from qcloud_cos import CosConfig, CosS3Client
from qcloud_cos.cos_auth import CosS3Auth
from qcloud_cos.cos_exception import CosClientError
from requests.adapters import HTTPAdapter
from typing_extensions import Self

from snapshot.answers import KEYS_ARE_OLD, OK, Answer
from snapshot.errors import BadFrame, CallFailed, CloudRefused, CloudUnavailable
from snapshot.logs import fact

logger = logging.getLogger(__name__)

ATTEMPTS = 5
ATTEMPTS_AT_A_BAD_FRAME = 2  # each is paid
PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
CONNECT_S, READ_S = 5.0, 30.0
LEAST_S = 0.3  # below that no call is begun
LEAST_WAIT_S = 0.01  # 0 would mean not to wait at all
LARGEST_BYTES = 64 * 1024 * 1024
LARGEST_ERROR_BYTES = 64 * 1024

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Call:
    """One request: what it is called, and what goes over the wire. `key` is as it is, not encoded."""

    operation: str
    method: Literal["GET", "HEAD", "PUT"]
    bucket: str
    key: str
    params: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def failed(self, kind: type[CallFailed], message: str, *, code: str, **facts: Any) -> CallFailed:  # noqa: ANN401 - the error checks them
        """Give the error of this kind about this call."""
        return kind(message, operation=self.operation, key=self.key, code=code, **facts)


class Door:
    """Sends calls to one region with one set of keys, until `deadline`, a moment of `clock` in seconds.

    Made anew for each invocation: nothing that could expire outlives it. Close it, or use it in a with statement.
    """

    def __init__(
        self,
        *,
        region: str,
        secret_id: str,
        secret_key: str,
        token: str,
        deadline: float,
        endpoint: str = "",
        concurrency: int = 8,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        logging.getLogger("qcloud_cos").setLevel(logging.CRITICAL + 1)  # it logs addresses at INFO, the token at DEBUG
        at = urlsplit(endpoint)
        config = CosConfig(
            Region=region,
            SecretId=secret_id,
            SecretKey=secret_key,
            Token=token or None,
            Scheme=at.scheme or "https",
            IP=at.hostname,
            Port=at.port,
        )
        self._session = requests.Session()
        self._session.trust_env = not endpoint  # no proxy between this machine and itself
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(pool_connections=2, pool_maxsize=concurrency + 2))
        self._client = CosS3Client(config, retry=0, session=self._session)
        self._config = config
        self._end = self._deadline = deadline
        self._clock, self._sleep = clock, sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._session.close()

    def allot(self, turns: int) -> None:
        """Give what comes now an equal share of the time that is left for so many turns: none starves the rest."""
        now = self._clock()
        self._deadline = now + (self._end - now) / max(turns, 1)

    def left_s(self) -> float:
        """Give the seconds left until the deadline."""
        return self._deadline - self._clock()

    def ask(self, call: Call) -> Answer:
        """Send one request once and give the answer, whatever its status.

        Raises:
            CloudUnavailable: no whole answer came, or none could come in time.
            CloudRefused: the request could not even be sent.
        """
        left = self.left_s()
        if left < LEAST_S:
            raise call.failed(CloudUnavailable, "the invocation's time is over", code="OutOfTime")
        # The SDK takes one leading slash off the address and none off the signature; a second one puts both right.
        key = f"/{call.key}" if call.key.startswith("/") else call.key
        try:
            response = self._client.send_request(
                method=call.method,
                url=self._config.uri(bucket=call.bucket, path=key),
                bucket=call.bucket,
                timeout=urllib3.Timeout(total=left, connect=min(CONNECT_S, left), read=min(READ_S, left)),
                cos_request=False,  # hands over every answer as it is
                stream=True,
                auth=CosS3Auth(self._config, key, params=call.params),
                params=call.params,
                headers={"Accept-Encoding": "identity", **call.headers},
                **({"data": call.body} if call.method == "PUT" else {}),
            )
            with closing(response):
                return Answer(response.status_code, response.headers, self._read(call, response))
        except CosClientError as error:
            cause = error.__context__
            if isinstance(cause, (requests.ConnectionError, requests.Timeout)):
                raise call.failed(CloudUnavailable, f"no answer ({type(cause).__name__})", code="NoAnswer") from None
            raise call.failed(
                CloudRefused, f"could not be sent ({type(cause or error).__name__})", code="NotSent", about_setup=True
            ) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise call.failed(
                CloudUnavailable, f"broken answer ({type(error).__name__})", code="BrokenAnswer"
            ) from None

    def _read(self, call: Call, response: requests.Response) -> bytes:
        """Give the whole body, one packet at a time so that a trickle cannot outlast the deadline."""
        if call.method == "HEAD":
            return response.content  # nothing; reading it gives the connection back
        largest = LARGEST_BYTES if response.status_code == OK else LARGEST_ERROR_BYTES
        body = bytearray()
        while packet := self._next(response, largest):
            body += packet
            if len(body) > largest:
                raise call.failed(CloudRefused, f"the answer is longer than {largest} bytes", code="TooLarge")
            if self.left_s() < 0:
                raise call.failed(CloudUnavailable, "the answer did not end in time", code="OutOfTime")
        promised = response.headers.get("Content-Length", "")
        if promised.isdecimal() and int(promised) != len(body):
            message = f"{len(body)} of {promised} bytes came"
            raise call.failed(CloudUnavailable, message, code="BrokenAnswer", status=response.status_code)
        return bytes(body)

    def _next(self, response: requests.Response, most: int) -> bytes:
        """Give what comes next, waiting for it no longer than there is time; nothing at the end."""
        wire = getattr(response.raw.connection, "sock", None)  # None once the last byte is in
        if wire is not None:
            wire.settimeout(max(LEAST_WAIT_S, min(READ_S, self.left_s())))
        packet: bytes = response.raw.read1(most, decode_content=False)
        return packet

    def retry(self, attempt: Callable[[], _T]) -> _T:
        """Give what `attempt` gives, tried again while that can help and there is time; full jitter between."""
        for tried in range(1, ATTEMPTS + 1):
            try:
                return attempt()
            except (CloudUnavailable, BadFrame) as error:
                most = ATTEMPTS_AT_A_BAD_FRAME if isinstance(error, BadFrame) else ATTEMPTS
                pause_s = random.uniform(0, min(LONGEST_PAUSE_S, PAUSE_S * 2**tried))  # noqa: S311 - jitter, no secret
                if tried >= most or error.code in KEYS_ARE_OLD or self.left_s() < pause_s + LEAST_S:
                    raise
                facts = {"operation": error.operation, "key": error.key, "status": error.status, "code": error.code}
                fact(logger, "call.again", level=logging.WARNING, tried=tried, pause_ms=int(pause_s * 1000), **facts)
                self._sleep(pause_s)
        raise AssertionError("the last attempt returns or raises")

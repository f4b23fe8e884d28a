"""Record every request that was answered: never a signature, never a token."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from emulator.cos.context import Proceed, RequestContext
from emulator.http.messages import ConnectionCut, Query, Response

_SECRET_PARAMS = frozenset({"x-cos-security-token", "x-ci-security-token", "sign"})
_CUT = 0


@dataclass(frozen=True, slots=True)
class AccessLogEntry:
    """A request that was answered: `query` holds no signature and no token; `status` is 0 for a cut connection."""

    operation: str
    method: str
    bucket: str
    key: str
    query: Query
    status: int
    principal: Literal["root", "role", "anonymous"]
    request_id: str


class AccessLog:
    """Hands an entry to `record` for each request but those to the cloud's own pages and control paths."""

    def __init__(self, record: Callable[[AccessLogEntry], None]) -> None:
        self._record = record

    def __call__(self, context: RequestContext, proceed: Proceed) -> Response:
        """Record the request once it is answered or its connection is cut."""
        try:
            response = proceed()
        except ConnectionCut:
            self._record(entry(context, _CUT))
            raise
        if context.place.service != "local" or context.operation.name:
            self._record(entry(context, response.status))
        return response


def entry(context: RequestContext, status: int) -> AccessLogEntry:
    """Return the entry of a request."""
    query = (pair for pair in context.request.query if not pair[0].startswith("q-") and pair[0] not in _SECRET_PARAMS)
    return AccessLogEntry(
        operation=context.operation.name,
        method=context.request.method,
        bucket=context.bucket,
        key=context.key,
        query=tuple(query),
        status=status,
        principal=context.principal.kind,
        request_id=context.request_id,
    )

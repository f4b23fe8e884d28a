"""Pass each request through one list of handlers, in order.

The list is drawn in `Gateway.__init__`: each handler answers, or lets the next ones answer and may change what they
say.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from werkzeug.http import HTTP_STATUS_CODES

from emulator.cos.access_log import AccessLog, AccessLogEntry
from emulator.cos.addresses import read_host
from emulator.cos.auth import Authenticator
from emulator.cos.authorizer import Authorizer
from emulator.cos.context import Handler, Operations, Proceed, RequestContext
from emulator.cos.cors import add_cors_headers, answer_preflight
from emulator.cos.error_xml import answer_errors
from emulator.cos.routing import route
from emulator.cos.store import Store
from emulator.errors import ServiceError
from emulator.faults.injector import FaultInjector, Target
from emulator.http.messages import Request, RequestIds, Response, read_request, with_common_headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_OK = 200
# A form carries a signature of its own; which object a form or a POST /snapshot is about stands in its body.
_SELF_AUTHENTICATED = frozenset({"PostObject"})
_SELF_AUTHORIZED = frozenset({"PostObject", "PostSnapshot"})

LocalPages = Callable[[Request], Response | None]
"""Answers a request at this machine's own address; None leaves it to the operations."""


class Gateway:
    """The cloud's WSGI application."""

    def __init__(  # what the handlers need
        self,
        *,
        store: Store,
        authenticator: Authenticator,
        authorizer: Authorizer,
        faults: FaultInjector,
        operations: Operations,
        pages: LocalPages,
        record: Callable[[AccessLogEntry], None],
    ) -> None:
        self._ids = RequestIds()
        self._handlers: Sequence[Handler] = (
            add_common_headers,
            AccessLog(record),
            add_cors_headers,
            answer_errors,
            read_target,
            ReadCorsRules(store),
            ServePages(pages),
            RequireRegion(authorizer.account.region),
            route,
            InjectFaults(faults),
            answer_preflight,
            Authenticate(authenticator),
            RequireBucket(store),
            Authorize(authorizer),
            Handle(operations),
        )

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request; nothing is raised but ConnectionCut, which ends the connection."""
        context = RequestContext(read_request(environ), self._ids.next())
        response = self._pass(context, 0)
        # "HTTP/1.1 200 OK" is how the examples print it; other phrases are HTTP's
        phrase = HTTP_STATUS_CODES.get(response.status, "Unknown")
        phrase = phrase.upper() if response.status == _OK else phrase
        start_response(f"{response.status} {phrase}", list(response.headers))
        return response.chunks

    def _pass(self, context: RequestContext, step: int) -> Response:
        return self._handlers[step](context, lambda: self._pass(context, step + 1))


def add_common_headers(context: RequestContext, proceed: Proceed) -> Response:
    """Add the headers of every response, and send no body to a HEAD."""
    response = proceed()
    if context.request.method == "HEAD" and response.chunks:
        response = replace(response, chunks=(), length=0)  # "HEAD errors have no body"
    place = context.place.service
    is_ci_host = place == "ci" or (place == "local" and context.service == "ci")
    return with_common_headers(
        response,
        server="tencent-ci" if context.service == "ci" else "tencent-cos",
        request_id_header="x-ci-request-id" if is_ci_host else "x-cos-request-id",
        request_id=context.request_id,
    )


def read_target(context: RequestContext, proceed: Proceed) -> Response:
    """Read where the request goes, from its address and its Host."""
    context.request = context.request.decoded()
    context.place = read_host(context.request.host)
    return proceed()


class ReadCorsRules:
    """Reads the bucket's CORS rules before the request can change them: its preflight was judged by these."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, context: RequestContext, proceed: Proceed) -> Response:
        """Read the rules; a bucket that does not exist has none."""
        bucket = self._store.find(context.bucket)
        context.cors_rules = () if bucket is None else bucket.cors
        return proceed()


class ServePages:
    """Answers requests to this machine's own address with a page or a control path, where there is one."""

    def __init__(self, pages: LocalPages) -> None:
        self._pages = pages

    def __call__(self, context: RequestContext, proceed: Proceed) -> Response:
        """Answer with a page."""
        page = self._pages(context.request) if context.place.service == "local" else None
        return proceed() if page is None else page


class RequireRegion:
    """Refuses requests to a bucket in another region: this cloud has one."""

    def __init__(self, region: str) -> None:
        self._region = region

    def __call__(self, context: RequestContext, proceed: Proceed) -> Response:
        """Check the region of the address."""
        if context.place.bucket and context.place.region != self._region:
            raise ServiceError(404, "NoSuchBucket", f"this cloud has the region {self._region} only")
        return proceed()


class InjectFaults:
    """Lets the faults that are set act on the request and its response."""

    def __init__(self, faults: FaultInjector) -> None:
        self._faults = faults

    def __call__(self, context: RequestContext, proceed: Proceed) -> Response:
        """Handle the request under the faults that apply to it."""
        operation = context.operation
        target = Target(
            context.request.method,
            operation.name,
            operation.service,
            context.bucket,
            context.key,
            context.request_id,
        )
        return self._faults.inject(target, proceed)


class Authenticate:
    """Finds out who sent the request."""

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    def __call__(self, context: RequestContext, proceed: Proceed) -> Response:
        """Check the signature."""
        if context.operation.name not in _SELF_AUTHENTICATED:
            context.principal = self._authenticator.identify(context.request, context.operation.service)
        return proceed()


class RequireBucket:
    """Refuses requests to a bucket that does not exist."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __call__(self, context: RequestContext, proceed: Proceed) -> Response:
        """Check that the bucket exists, unless the request is going to create it."""
        if context.place.service == "cos" and context.bucket and context.operation.name != "PutBucket":
            self._store.bucket(context.bucket)
        return proceed()


class Authorize:
    """Refuses operations that the sender may not do."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def __call__(self, context: RequestContext, proceed: Proceed) -> Response:
        """Check the sender's right to the operation."""
        if context.operation.name not in _SELF_AUTHORIZED:
            self._authorizer.authorize(context)
        return proceed()


class Handle:
    """Hands the request to its operation."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    def __call__(self, context: RequestContext, _: Proceed) -> Response:
        """Hand the request to its operation."""
        return self._operations[context.operation.name](context)

"""Answer preflights, and let the page of another origin read responses where the bucket's CORS rules allow it.

Source: COS's document on OPTIONS Object, read 2026-11-22.
"""

from collections.abc import Iterable
from dataclasses import replace

from emulator.cos.context import Proceed, RequestContext
from emulator.cos.cors_rules import CorsRule
from emulator.errors import ServiceError
from emulator.http.messages import Headers, Request, Response


def add_cors_headers(context: RequestContext, proceed: Proceed) -> Response:
    """Let the page of another origin read a response or an error, where a rule allows it; a preflight has its own."""
    response = proceed()
    if not context.request.header("origin") or context.operation.name == "OptionsObject":
        return response
    return replace(response, headers=(*response.headers, *_headers(context.cors_rules, context.request)))


def answer_preflight(context: RequestContext, proceed: Proceed) -> Response:
    """Answer OPTIONS, whatever it asks about, without a signature: browsers send none. Let all other requests pass."""
    if context.operation.name != "OptionsObject":
        return proceed()
    return _preflight(context.cors_rules, context.request)


def _preflight(rules: Iterable[CorsRule], request: Request) -> Response:
    """Answer whether the method and headers that are asked for may be sent.

    Raises:
        ServiceError: 403 AccessForbidden, no rule allows origin, method and headers; 400 without Origin or method.
    """
    origin, method = request.header("origin"), request.header("access-control-request-method")
    if not origin or not method:
        raise ServiceError(400, "InvalidRequest", "a preflight has an Origin and an Access-Control-Request-Method")
    names = [name.strip().lower() for name in request.header("access-control-request-headers").split(",")]
    names = [name for name in names if name]
    rule = next((rule for rule in rules if rule.allows(origin, method, names)), None)
    if rule is None:
        raise ServiceError(403, "AccessForbidden", "no CORS rule allows this origin, method and these headers")
    headers = (
        ("Access-Control-Allow-Origin", rule.allowed_origin(origin)),
        ("Access-Control-Allow-Methods", ",".join(rule.methods)),
        ("Access-Control-Allow-Headers", ",".join(names)),
        *((("Access-Control-Expose-Headers", ",".join(rule.exposed)),) if rule.exposed else ()),
        ("Access-Control-Max-Age", str(rule.max_age_s or 0)),
        ("Vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"),
    )
    return Response.of(200, headers=headers)


def _headers(rules: Iterable[CorsRule], request: Request) -> Headers:
    origin = request.header("origin")
    rule = next((rule for rule in rules if rule.allows(origin, request.method)), None)
    if rule is None:
        return ()
    exposed = ", ".join(rule.exposed)
    return (
        ("Access-Control-Allow-Origin", rule.allowed_origin(origin)),
        *((("Access-Control-Expose-Headers", exposed),) if exposed else ()),
        ("Vary", "Origin"),
    )

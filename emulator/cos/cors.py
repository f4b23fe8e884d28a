"""A bucket's CORS rules and a browser's Origin -> the headers that let the browser read the answer.

Knows the rules as moto keeps them, and no object.
Source: COS's documents on PUT Bucket cors and OPTIONS Object, read 2026-11-22.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from emulator.cos.wire import Answer, Asked, Headers
from emulator.refusal import Refusal


def cors_headers(rules: Iterable[Any], asked: Asked) -> Headers:
    """What goes with an answer to a call from another origin; nothing without an Origin or a rule that fits."""
    origin = asked.header("origin")
    rule = _rule(rules, origin, asked.method) if origin else None
    if rule is None:
        return ()
    exposed = ", ".join(_listed(rule.exposed_headers))
    return (
        ("Access-Control-Allow-Origin", "*" if "*" in _listed(rule.allowed_origins) else origin),
        *((("Access-Control-Expose-Headers", exposed),) if exposed else ()),
        ("Vary", "Origin"),
    )


def answer_preflight(rules: Iterable[Any], asked: Asked) -> Answer:
    """OPTIONS Object.

    Raises:
        Refusal: 403 AccessForbidden, no rule allows origin, method and headers; 400 without Origin or method.
    """
    origin, method = asked.header("origin"), asked.header("access-control-request-method")
    if not origin or not method:
        raise Refusal(400, "InvalidRequest", "a preflight has an Origin and an Access-Control-Request-Method")
    wanted = [
        name.strip().lower() for name in asked.header("access-control-request-headers").split(",") if name.strip()
    ]
    rule = _rule(rules, origin, method)
    if rule is None or not all(_fits(_listed(rule.allowed_headers), name) for name in wanted):
        raise Refusal(403, "AccessForbidden", "no CORS rule allows this origin, method and these headers")
    headers = [
        ("Access-Control-Allow-Origin", "*" if "*" in _listed(rule.allowed_origins) else origin),
        ("Access-Control-Allow-Methods", ",".join(_listed(rule.allowed_methods))),
        ("Access-Control-Allow-Headers", ",".join(wanted)),
        ("Access-Control-Max-Age", str(rule.max_age_seconds or 0)),
    ]
    return Answer.of(200, headers=tuple(headers))


def _rule(rules: Iterable[Any], origin: str, method: str) -> Any | None:  # noqa: ANN401  # moto's, untyped
    return next(
        (
            rule
            for rule in rules
            if _fits(_listed(rule.allowed_origins), origin.lower()) and method in _listed(rule.allowed_methods)
        ),
        None,
    )


def _listed(value: str | Sequence[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _fits(patterns: Sequence[str], text: str) -> bool:
    return any(re.fullmatch(".*".join(map(re.escape, each.lower().split("*"))), text) for each in patterns)

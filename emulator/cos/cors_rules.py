"""Read a bucket's CORS rules from XML, write them, and say what they allow.

Source: COS's document on PUT Bucket cors, read 2026-11-22.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from emulator.errors import ServiceError
from emulator.wildcard import matches
from emulator.xml import add, add_fields, document

_METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "HEAD"})
_MAX_AGE_DIGITS = 9


@dataclass(frozen=True, slots=True)
class CorsRule:
    """Which origins may send which requests with which headers, and which headers of the response they may read."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age_s: int | None = None
    rule_id: str = ""

    def allows(self, origin: str, method: str, headers: Sequence[str] = ()) -> bool:
        """Return whether a request of this method may be sent from this origin with these headers."""
        return (
            any(matches(pattern.lower(), origin.lower()) for pattern in self.origins)
            and method in self.methods
            and all(any(matches(pattern.lower(), name) for pattern in self.headers) for name in headers)
        )

    def allowed_origin(self, origin: str) -> str:
        """Return the value of Access-Control-Allow-Origin for this origin."""
        return "*" if "*" in self.origins else origin


def read_cors_rules(root: Element) -> tuple[CorsRule, ...]:
    """Read a CORSConfiguration.

    Raises:
        ServiceError: 400 MalformedXML, a rule without origin or method, or with a value that cannot be.
    """
    rules = tuple(_read_rule(element) for element in root.findall("CORSRule"))
    if not rules or not all(rule.origins and rule.methods and _METHODS.issuperset(rule.methods) for rule in rules):
        raise ServiceError(
            400,
            "MalformedXML",
            f"each CORSRule has an AllowedOrigin and an AllowedMethod of {', '.join(sorted(_METHODS))}",
        )
    return rules


def write_cors_rules(rules: Iterable[CorsRule]) -> Element:
    """Return the rules as a CORSConfiguration."""
    root = document("CORSConfiguration")
    for rule in rules:
        element = add(root, "CORSRule")
        add_fields(element, [("ID", rule.rule_id)] if rule.rule_id else [])
        for name, values in (
            ("AllowedOrigin", rule.origins),
            ("AllowedMethod", rule.methods),
            ("AllowedHeader", rule.headers),
            ("ExposeHeader", rule.exposed),
        ):
            add_fields(element, [(name, value) for value in values])
        if rule.max_age_s is not None:
            add(element, "MaxAgeSeconds", str(rule.max_age_s))
    return root


def _read_rule(element: Element) -> CorsRule:
    def texts(name: str) -> tuple[str, ...]:
        return tuple(child.text or "" for child in element.findall(name) if child.text)

    max_age = (element.findtext("MaxAgeSeconds") or "").strip()
    if max_age and not (max_age.isascii() and max_age.isdigit() and len(max_age) <= _MAX_AGE_DIGITS):
        raise ServiceError(400, "MalformedXML", "MaxAgeSeconds is a whole number of seconds")
    return CorsRule(
        origins=texts("AllowedOrigin"),
        methods=texts("AllowedMethod"),
        headers=texts("AllowedHeader"),
        exposed=texts("ExposeHeader"),
        max_age_s=int(max_age) if max_age else None,
        rule_id=element.findtext("ID") or "",
    )

"""A Cache-Control header as people write it -> one that browsers understand, or the reason against it.

SCF cannot carry the `=` of a directive, so that a colon or a blank may stand in its place.
Sources: RFC 9111 (section 5.2.2), RFC 5861 and RFC 8246.
"""

import re
from difflib import get_close_matches

from snapshot.spelling import show, to_plain

ACCEPTED = "directives with commas between, such as public, max-age:3600 (a colon, since SCF breaks at =)"

_PLAIN = (
    *("public", "private", "no-cache", "no-store", "no-transform", "must-revalidate", "proxy-revalidate"),
    *("must-understand", "immutable"),
)
_SECONDS = ("max-age", "s-maxage", "stale-while-revalidate", "stale-if-error")
_WITH_FIELDS = ("private", "no-cache")  # may name header fields in quotes
_MAX_LENGTH = 200
_WORD = re.compile(r'[^\s,;|="]+(?:=(?:"[^"]*"|[^\s,;|]*))?|[^\s,;|]')
_FIELDS = re.compile(r'"[\w!#$%&\'*+.^`|~-]+(?:\s*,\s*[\w!#$%&\'*+.^`|~-]+)*"', re.ASCII)
_UNIT = r"(?:s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:ours?)?|d(?:ays?)?|w(?:eeks?)?|y(?:ears?)?)"
_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800, "y": 31_536_000}


def parse_cache_control(text: str) -> str:
    """Return the header, with `=` and in lower case.

    Raises:
        ValueError: a part of it is no directive; the message says which, and what to write.
    """
    plain = re.sub(r"\s*[:=]\s*", "=", to_plain(text)).removeprefix("cache-control=")
    joined = re.sub(rf"(?<=\d)\s(?={_UNIT}(?![\w-]))", "", plain)
    words = _WORD.findall(re.sub(rf"\b({'|'.join(_SECONDS)}|max_age)\s(?=\d)", r"\1=", joined))
    if not words:
        raise ValueError("no directive is given" if text.strip() else "")
    header = ", ".join(dict.fromkeys(_parse_directive(word) for word in words))
    if len(header) > _MAX_LENGTH:
        raise ValueError(f"it has {len(header)} characters, more than {_MAX_LENGTH}")
    return header


def _parse_directive(word: str) -> str:
    name, equals, value = word.partition("=")
    name = name.replace("_", "-")
    if name in _SECONDS:
        return f"{name}={_parse_seconds(name, value)}"
    if name not in _PLAIN:
        raise ValueError(f"{show(name)} is no directive{_suggest(name, value)}")
    if equals and not (name in _WITH_FIELDS and _FIELDS.fullmatch(value)):
        raise ValueError(f"{name} takes no value; write {name}")
    return f"{name}={value}" if equals else name


def _parse_seconds(name: str, value: str) -> int:
    if re.fullmatch(r"\d{1,10}", value, re.ASCII):
        return int(value)
    duration = re.fullmatch(rf"(\d{{1,6}})({_UNIT})", value, re.ASCII)
    seconds = int(duration[1]) * _UNIT_S[duration[2][0]] if duration else 3600
    raise ValueError(f"{name} takes whole seconds, 0 or more; write {name}:{seconds}")


def _suggest(name: str, value: str) -> str:
    if name in ("none", "off", "false", "no", "disabled", "default"):
        return "; write no-cache to make browsers ask each time, or unset it to let them keep pictures for a year"
    if re.fullmatch(r"\d{1,10}", name, re.ASCII):
        return f"; did you mean max-age:{int(name)}?"
    near = get_close_matches(name, (*_PLAIN, *_SECONDS), n=1)
    if not near:
        return ""
    is_number = near[0] in _SECONDS
    return f"; did you mean {near[0]}{f':{value if value.isdecimal() else 3600}' if is_number else ''}?"

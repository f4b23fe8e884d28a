"""Names of buckets and beginnings of keys, as people write them -> as COS has them, or the reason against them.

What can only be a typing error is corrected; of the rest, the reason has the name to write instead where it can be
known. A prefix that matches no key would otherwise skip every upload in silence.
Sources: COS's bucket names and object keys, read 2026-11-22; an appid has ten digits today, beginning with 12 or 13.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from snapshot.spelling import show, to_plain, without_invisible, without_quotes

MAX_KEY_BYTES = 850  # "the key is 1 to 850 bytes"; COS error KeyTooLong, read 2026-11-22
BUCKET = re.compile(r"(?P<name>[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?)-(?P<appid>\d{5,20})", re.ASCII)

_MAX_PREFIX_BYTES = 200  # of the 850 that a key has
_MAX_FAULTS = 20  # of one prefix that are corrected
_MAX_SUGGESTED = 60  # characters that an error shows
_COMMAS = ",;|，；、"  # noqa: RUF001  # a Chinese keyboard's too
_APPID = r"1[23]\d{8}"
_SEVERAL = "it is several prefixes"


@dataclass(frozen=True, slots=True)
class _Use:
    """Advice for one kind of prefix: in general, without any prefix, and with several."""

    otherwise: str
    empty: str
    several: str


_INPUT = _Use(
    otherwise="write the beginning of a key as it is in the bucket, such as videos/",
    empty="unset it to take every key, or write a prefix such as videos/",
    several="write the part that they have in common, or deploy a function for each",
)
_OUTPUT = _Use(
    otherwise="write a prefix such as thumbnails/",
    empty="write a prefix such as thumbnails/",
    several="write one of them, such as thumbnails/",
)


@dataclass(frozen=True, slots=True)
class _Fault:
    """A part of a prefix that stands in no ordinary key, and its replacement; None where nobody can know it."""

    pattern: re.Pattern[str]
    reason: str
    replacement: str | None = ""


_ADDRESS = "no key begins with an address"
_FAULTS = (
    _Fault(re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"), "it holds a control character", None),
    _Fault(re.compile(r"^[a-z][a-z0-9+]{1,9}[:：]//[^/]*/?", re.IGNORECASE), _ADDRESS),  # noqa: RUF001
    _Fault(re.compile(r"^qcs:(?:[^:/]*:)*(?:uid/\d*:)?[^/]*/?", re.IGNORECASE), _ADDRESS),
    _Fault(re.compile(r"^(?:(?:cos|s3|https?|file):|[a-z]:[\\/])", re.IGNORECASE), _ADDRESS, None),
    _Fault(re.compile(r"^[^/]*\.(?:myqcloud\.com|tencentcos\.cn)(?:/|$)", re.IGNORECASE), "no key begins with a host"),
    _Fault(re.compile(rf"^/{_APPID}/[a-z0-9-]+(?:/|$)", re.ASCII), "no key begins with account and bucket"),
    _Fault(re.compile(rf"^/?[a-z0-9][a-z0-9-]*-{_APPID}(?:/|$)", re.ASCII), "no key begins with its bucket"),
    _Fault(re.compile(r"^/+"), "no key begins with a slash"),
    _Fault(re.compile(r"^(?:\.{1,2}(?:/|$)|\^)+"), "no key begins so"),
    _Fault(re.compile(r"\\+"), "a backslash is an ordinary character here, and a folder ends with a slash", "/"),
    _Fault(
        re.compile(r"^[\[({<]\s*[\"'`]?([^,;|，；、]*/)[\"'`]?\s*[\])}>]$"),  # noqa: RUF001
        "brackets are ordinary characters here",
        r"\1",
    ),
    _Fault(
        re.compile(r"\$\{|\{\{|\$\(|^\$[A-Z_][A-Z0-9_]*(?:/|$)|^(?:\{[^,|]*\}|<.*>|%[A-Z_]+%)/?$"),
        "a placeholder stands in it that nothing has replaced",
        None,
    ),
    _Fault(
        re.compile(rf"[{_COMMAS}]\S|/\s*[{_COMMAS}]\s*\S|/\s+(?:and|or|&|\+|和|或)\s+\S", re.IGNORECASE),
        _SEVERAL,
        None,
    ),
    _Fault(re.compile(rf"\s*[{_COMMAS}]+$"), "it ends with the sign of a list"),
    _Fault(re.compile(r"(?:(?<=/)[.$?])?\*.*$", re.DOTALL), "a star is an ordinary character here"),
    _Fault(re.compile(r"(?<=/)[$?]$"), "the signs of a pattern are ordinary characters here"),
    _Fault(re.compile(r"/\s+#.*$|/\s+|(?<!\s)\s+/"), "a blank stands beside a slash", "/"),
    _Fault(re.compile(r"^[\"“”`](?=[^\"“”`]*$)|(?<![\"“”`])[\"“”`]$"), "it has half a pair of quotes"),
    _Fault(
        re.compile(r"^(?:all|any|every|everything|none|null|nil|undefined|false|off)$", re.IGNORECASE),
        "it is a word that names no folder",
    ),
)
_ENCODED = _Fault(re.compile("%"), "it is percent-encoded, and keys are not")


def parse_input_prefix(text: str) -> str:
    """Return a prefix that keys can begin with; empty for every key."""
    prefix = _read_prefix(text)
    if reason := _reason(prefix, _INPUT):
        raise ValueError(reason)
    return prefix


def parse_output_prefix(text: str) -> str:
    """Return a prefix that ends in a slash."""
    prefix = _read_prefix(text)
    if not prefix.strip("/ "):
        raise ValueError("it is only slashes" if prefix else "it is empty")
    if reason := _reason(prefix, _OUTPUT):
        raise ValueError(reason)
    if {".", ".."} & set(prefix.split("/")):
        raise ValueError("browsers remove . and .. from an address")
    prefix = prefix if prefix.endswith("/") else prefix + "/"
    if len(prefix.encode()) > _MAX_PREFIX_BYTES:
        raise ValueError(f"it has {len(prefix.encode())} bytes, more than {_MAX_PREFIX_BYTES}")
    return prefix


def never_matches(prefix: str) -> str:
    """Return the reason for which no key begins with exactly this text; empty where one can."""
    spelt = _read_prefix(prefix)
    if spelt != prefix and not _fault_of(spelt):
        return f"it has blanks, quotes, invisible or full-width signs; {_advise(spelt, _INPUT)}"
    return _reason(spelt, _INPUT)


def parse_bucket(text: str) -> str:
    """Return a bucket's full name; empty for none."""
    bucket = to_plain(text).removeprefix("cos://").rstrip("/")
    if not bucket or BUCKET.fullmatch(bucket):
        return bucket
    host = re.sub(r"^(?:https?:)?//", "", bucket).partition("/")[0].partition(".")[0]
    for name in (host, re.sub(r"-+(?=\d+$)", "-", bucket.strip("-"))):
        if BUCKET.fullmatch(name):
            raise ValueError(f"did you mean {name}?")
    if re.fullmatch(r"-*\d{5,20}", bucket, re.ASCII):
        raise ValueError("the name is missing before the appid")
    if re.fullmatch(r"[a-z0-9-]{1,50}", bucket, re.ASCII):
        raise ValueError("the appid is missing at its end")
    raise ValueError("it is no name of a bucket")


def is_of_account(bucket: str, appid: str) -> bool:
    """Tell whether the full name of a bucket ends with this appid."""
    match = BUCKET.fullmatch(bucket)
    return match is not None and match["appid"] == appid


def _read_prefix(text: str) -> str:
    return without_quotes(without_invisible(text)).replace("／", "/")  # noqa: RUF001


def _reason(prefix: str, use: _Use) -> str:
    size_bytes = len(prefix.encode(errors="replace"))
    if size_bytes > MAX_KEY_BYTES:
        return f"it has {size_bytes} bytes, more than the {MAX_KEY_BYTES} of a key"
    fault = _fault_of(prefix)
    if not fault:
        return ""
    return f"{fault.reason}; {use.several if fault.reason == _SEVERAL else _advise(_correct(prefix), use)}"


def _fault_of(prefix: str) -> _Fault | None:
    """Return the first fault of a prefix; None where keys can begin so."""
    fault = next((fault for fault in _FAULTS if fault.pattern.search(prefix)), None)
    return _ENCODED if fault is None and _decode(prefix) != prefix else fault


def _correct(prefix: str) -> str | None:
    """Return the prefix that is meant; None where nobody can know."""
    for _ in range(_MAX_FAULTS):
        fault = _fault_of(prefix)
        if fault is None:
            return prefix
        if fault.replacement is None:
            return None
        corrected = _decode(prefix) if fault is _ENCODED else fault.pattern.sub(fault.replacement, prefix)
        prefix = _read_prefix(corrected)
    return None


def _advise(prefix: str | None, use: _Use) -> str:
    if prefix is None or len(prefix) > _MAX_SUGGESTED or not prefix.isprintable():
        return use.otherwise
    return f"write {show(prefix)}" if prefix else use.empty


def _decode(prefix: str) -> str:
    """Return the prefix without its percent-encoding; as it is where it has none in UTF-8."""
    try:
        return unquote(prefix, errors="strict")
    except UnicodeDecodeError:
        return prefix

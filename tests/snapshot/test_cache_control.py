import re

import pytest

from snapshot.cache_control import parse_cache_control

HEADERS = {
    "max-age:3600": "max-age=3600",
    "max-age=3600": "max-age=3600",
    "Max-Age:3600": "max-age=3600",
    "max-age: 3600": "max-age=3600",
    "max-age : 3600": "max-age=3600",
    "max-age = 3600": "max-age=3600",
    "max-age 3600": "max-age=3600",
    "max_age:3600": "max-age=3600",
    "max_age 3600": "max-age=3600",
    "max-age：3600": "max-age=3600",
    "max－age：３６００": "max-age=3600",
    "“max-age:3600”": "max-age=3600",
    "\u200bmax-age:3600": "max-age=3600",
    "Cache-Control: max-age:3600": "max-age=3600",
    "cache-control：max-age=3600": "max-age=3600",
    "no-cache": "no-cache",
    "NO-STORE": "no-store",
    "no_store": "no-store",
    "“no-cache”": "no-cache",
    "public,max-age:60": "public, max-age=60",
    "public，max-age:60": "public, max-age=60",
    "public、max-age:60": "public, max-age=60",
    "public; max-age:60": "public, max-age=60",
    "public max-age:60": "public, max-age=60",
    "public, public, s-maxage:1,": "public, s-maxage=1",
    "public, max-age=31536000, immutable": "public, max-age=31536000, immutable",
    "stale-while-revalidate:30, stale-if-error:5": "stale-while-revalidate=30, stale-if-error=5",
    "max-age:60 s-maxage:30 must-revalidate": "max-age=60, s-maxage=30, must-revalidate",
    "private, must-revalidate, proxy-revalidate, no-transform, must-understand": (
        "private, must-revalidate, proxy-revalidate, no-transform, must-understand"
    ),
    'private="set-cookie, x-a", max-age:0': 'private="set-cookie, x-a", max-age=0',
}


@pytest.mark.parametrize(("text", "header"), HEADERS.items(), ids=ascii)
def test_header(text, header):
    """A header is read as people write it, and becomes one of the directives of the RFCs."""
    assert parse_cache_control(text) == header
    assert parse_cache_control(header) == header


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("public,max-age:1d", "max-age:86400"),
        ("max-age:2 hours", "max-age:7200"),
        ("max-age:10min", "max-age:600"),
        ("max-age:-1", "max-age:3600"),
        ("max-age:1.5", "max-age:3600"),
        ("max-age", "max-age:3600"),
        ("maxage:60", "max-age:60"),
        ("3600", "max-age:3600"),
        ("publick", "public"),
        ("public:yes", "public"),
        ("immutable:60", "immutable"),
        ("nocache", "no-cache"),
        ("none", "no-cache"),
        ("off", "no-cache"),
    ],
)
def test_suggestion(text, suggestion):
    """Words that are no directive are refused with one that is, which is then taken."""
    with pytest.raises(ValueError, match=rf"(?:write|did you mean) {re.escape(suggestion)}\b"):
        parse_cache_control(text)
    assert parse_cache_control(suggestion)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("xyz", "'xyz' is no directive"),
        ("public, xyz:1", "'xyz' is no directive"),
        ("=", "is no directive"),
        ("缓存", "'缓存' is no directive"),
        ("no-cache:set-cookie", "no-cache takes no value"),
        ("Cache-Control:", "no directive is given"),
        (",", "no directive is given"),
        ("no-cache\r\nx: y", "'x' is no directive"),
        (f'private="{"x" * 200}"', "more than 200"),
        ("a" * 9000, "more than 8192"),
    ],
    ids=lambda text: text[:20],
)
def test_no_header(text, reason):
    """A header that no browser understands is refused, and says which part of it is wrong."""
    with pytest.raises(ValueError, match=reason):
        parse_cache_control(text)

"""Match a text against a pattern in which `*` stands for any characters, as CAM policies and CORS rules have it."""

import re
from functools import lru_cache


def matches(pattern: str, text: str) -> bool:
    """Return whether the whole text matches the pattern; no other character is special."""
    return _compiled(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)

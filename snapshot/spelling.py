"""Text as people type it -> the plain spelling that parsers read, and the text of an error that shows it.

A Chinese keyboard gives full-width digits, commas, colons and percent signs; documents and chats give curly quotes,
long dashes and invisible blanks. None of them changes the meaning of a number, a list or a word.
"""

import re
import unicodedata

MASKED = "'***'"
_MAX_TEXT = 8192  # characters: all variables of a function take 4 KB, the metadata of an object 2 KB
_MAX_SHOWN = 60  # characters of a value in an error
_FULL_WIDTH = range(0xFF01, 0xFF5F)  # Unicode 15.1, Halfwidth and Fullwidth Forms: ASCII from "!" to "~"
_FULL_WIDTH_OFFSET = 0xFEE0
_SAME_MEANING = str.maketrans({
    **dict.fromkeys("、،﹐", ","),
    **dict.fromkeys("﹔؛", ";"),
    **dict.fromkeys("﹪٪", "%"),
    **dict.fromkeys("﹕∶", ":"),  # noqa: RUF001  # the sign of a ratio
    **dict.fromkeys("−–—‐‑﹣", "-"),  # noqa: RUF001  # these look like a minus sign, that is the point
    **dict.fromkeys("×✕✖", "x"),  # noqa: RUF001  # as in 640 by 360
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‘’‚", "'"),  # noqa: RUF001  # curly quotes
})  # fmt: skip
# Of no width: blanks, soft hyphens, marks of direction. Joiners are letters' business inside a word, and only there.
_INVISIBLE = re.compile(
    "[\u00ad\u200b\u200e\u200f\u2060\u202a-\u202e\u2066-\u2069\ufeff]|(?:^|(?<=/))[\u200c\u200d]+|[\u200c\u200d]+(?=/|$)"
)
_QUOTES = ('"“”„«»＂', "'‘’‚＇", "「」『』", "`")  # noqa: RUF001
_ASCII_BLANKS = str.maketrans(dict.fromkeys("\t\n\v\f\r\x1c\x1d\x1e\x1f", " "))

# SecretId and SecretKey: 36 characters that begin with AKID, and 32 letters and digits (CAM, access keys, read
# 2026-11-25). Tokens and signatures are longer runs of the same alphabet; an address may hold a password.
_CREDENTIALS = (
    re.compile(r"AKID[A-Za-z0-9]{6}"),
    re.compile(r"(?=[A-Z0-9]{0,19}[a-z])(?=[a-z0-9]{0,19}[A-Z])(?=[A-Za-z]{0,19}[0-9])[A-Za-z0-9]{20}"),
    re.compile(r"(?=[A-Za-z]{0,39}[0-9])(?=[0-9]{0,39}[A-Za-z])[A-Za-z0-9]{40}"),
    re.compile(
        r"(?:secret|token|passw|pwd|signature|authorization|credential|q-ak)[^\s=:]{0,40}\s?[=:]\s?\S", re.IGNORECASE
    ),
    re.compile(r"://[^/\s]{0,200}@"),
)


def to_plain(text: str) -> str:
    """Return the text in ASCII spelling and lower case where that keeps the meaning, without blanks around it.

    Blanks of every kind become a plain blank; a pair of quotes around the whole goes. Letters of other scripts stay.

    Raises:
        ValueError: the text is longer than any setting can be.
    """
    _check_length(text)
    if text.isascii():
        plain = text.translate(_ASCII_BLANKS)
    else:
        visible = re.sub("[\u200c\u200d]", "", without_invisible(text))
        plain = "".join(_to_ascii(character) for character in visible.translate(_SAME_MEANING))
    return without_quotes(plain).lower()


def without_quotes(text: str) -> str:
    """Return the text without blanks around it, and without one pair of quotes of any kind around the whole.

    Raises:
        ValueError: the text is longer than any setting can be.
    """
    _check_length(text)
    bare = text.strip()
    if len(bare) > 1 and any(bare[0] in quotes and bare[-1] in quotes for quotes in _QUOTES):
        return bare[1:-1].strip()
    return bare


def without_invisible(text: str) -> str:
    """Return the text without characters that nobody sees.

    Raises:
        ValueError: the text is longer than any setting can be.
    """
    _check_length(text)
    return text if text.isascii() else _INVISIBLE.sub("", text)


def to_half_width(text: str) -> str:
    """Return the text with the full-width signs, digits and letters of a Chinese keyboard as ASCII has them."""
    return "".join(
        chr(ord(character) - _FULL_WIDTH_OFFSET) if ord(character) in _FULL_WIDTH else character for character in text
    )


def split_list(text: str) -> list[str]:
    """Return the words of a plain list: commas, semicolons, bars and blanks separate, empty words are left out."""
    return [word for word in re.split(r"[,;|\s]+", text) if word]


def show(text: str) -> str:
    """Return the text as an error shows it: quoted, control characters escaped, bounded, credentials masked."""
    if not text:
        return "empty"
    if resembles_credential(text):
        return MASKED
    return repr(text[:_MAX_SHOWN] + ("…" if len(text) > _MAX_SHOWN else ""))


def resembles_credential(text: str) -> bool:
    """Tell whether the text could hold a SecretId, a SecretKey, a token, a signature or a password."""
    return any(pattern.search(text, 0, _MAX_TEXT) for pattern in _CREDENTIALS)


def explain(name: str, value: str, reason: str, accepted: str) -> str:
    """Return one sentence about a wrong value: its name, the value, the reason, and the accepted forms.

    A value that looks like a credential is masked, and with it the reason, which may quote it.
    """
    if not value:
        reason = ""
    elif resembles_credential(value):
        reason = "it looks like a credential"
    if accepted in reason:
        return f"{name} is {show(value)}: {reason}"
    return f"{name} is {show(value)}{f': {reason}' if reason else ''}; accepted: {accepted}"


def _check_length(text: str) -> None:
    if len(text) > _MAX_TEXT:
        raise ValueError(f"it has {len(text)} characters, more than {_MAX_TEXT}")


def _to_ascii(character: str) -> str:
    if ord(character) in _FULL_WIDTH:
        return chr(ord(character) - _FULL_WIDTH_OFFSET)
    if character.isspace():
        return " "
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    return character

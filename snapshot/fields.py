"""The text of one setting -> its value, or a ValueError with the reason for which it is none.

The reason is empty where the accepted values say enough. Text is read as people write it: in capitals, with blanks,
with the signs of a Chinese keyboard.
Source: API document GetSnapshot, read 2026-11-22.
"""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Literal

from snapshot.media import WRITTEN_EXTENSIONS, Size
from snapshot.spelling import show, split_list, to_half_width, to_plain, without_invisible, without_quotes
from snapshot.times import ACCEPTED_ONE, Evenly, Every, SinglePoint, parse_series, parse_time

POSTER_ACCEPTED = f"best, first-unless-flat, or one moment: {ACCEPTED_ONE}"

Poster = Literal["best", "first-unless-flat"] | SinglePoint
Storyboard = Literal["off", "auto"] | Every | Evenly
Metadata = Literal["times", "poster"]

_MAX_URL = 200  # characters
_MAX_SIDE_PX = 4096  # "width, height: [0, 4096]"; API document GetSnapshot, read 2026-11-22
_MAX_SIZES = 20
_SIDES = 2
_MAX_PORT = 65535
_ON = ("true", "yes", "on", "enabled")  # YAML reads a bare `on` as true
_OFF = ("false", "no", "none", "disabled", "0")  # YAML reads a bare `off` as false
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_URL = re.compile(rf"https?://{_LABEL}(?:\.{_LABEL})*\.?(?::(?P<port>\d{{1,5}}))?(?:/[\x21-\x7e]*)?", re.IGNORECASE)
_NOT_IN_URL = re.compile(r"[?#;=\\\"<>]")
_SIZE = re.compile(r"(\d{1,9})x(\d{1,9})", re.ASCII)
_BY = "x|\\*|by|х|乘"  # noqa: RUF001  # the third is Cyrillic
_SIDES_MEANT = (
    (re.compile(r"(\d{1,4})[xw]?", re.ASCII), r"\1x0"),
    (re.compile(r"[xh](\d{1,4})", re.ASCII), r"0x\1"),
    (re.compile(r"(\d{1,4})[ph]", re.ASCII), r"0x\1"),
    (re.compile(r"(\d{2,4})[:/](\d{2,4})", re.ASCII), r"\1x\2"),
)
_EVERY = ("*", "**", "*.*", ".", ".*", "all", "any", "every", "video", "videos", "none", "off", "auto", "default")
_FORMATS = ("jpg", "png", "webp", "avif")
METADATA: tuple[Metadata, ...] = ("times", "poster")


def parse_choice(text: str, words: Sequence[str]) -> str:
    """Return the one of these words that is meant."""
    word = re.sub(r"[\s_]+", "-", to_plain(text))
    if word in _OFF and "off" in words:
        return "off"
    if word in _ON and "auto" in words:
        return "auto"
    if word not in words:
        near = get_close_matches(word, words, n=1)
        raise ValueError(f"did you mean {near[0]}?" if near else "")
    return word


def parse_whole_number(text: str, minimum: int, maximum: int, *, even: bool = False) -> int:
    """Return the whole number, from `minimum` to `maximum`."""
    plain = to_plain(text)
    if not re.fullmatch(r"[+-]?\d{1,12}", plain, re.ASCII):
        raise ValueError("not a whole number" if plain else "")
    number = int(plain)
    if number > maximum:
        raise ValueError(f"{number} is more than {maximum}")
    if number < minimum:
        raise ValueError(f"{number} is less than {minimum}")
    if even and number % 2:
        raise ValueError(f"{number} is odd")
    return number


def parse_quality(text: str) -> int | None:
    """Return the quality, 1 to 100; None where the text is empty."""
    return parse_whole_number(text, 1, 100) if text.strip() else None


def parse_sizes(text: str) -> tuple[Size, ...]:
    """Return the sizes of a list, in its order, without repetitions."""
    plain = re.sub(r"(?<=\d)\s?px(?![a-z0-9])", "", to_plain(text))
    words = split_list(re.sub(rf"(?<=\d)\s*(?:{_BY})\s*(?=\d)", "x", plain))
    if not words:
        raise ValueError("no size is given")
    _check_maximum(words)
    _check_sides(words)
    sizes = tuple(dict.fromkeys(_parse_size(word) for word in words))
    if len(sizes) > _MAX_SIZES:
        raise ValueError(f"{len(sizes)} sizes are more than {_MAX_SIZES}")
    return sizes


def _check_maximum(words: Sequence[str]) -> None:
    for side_px in (int(side) for word in words for side in re.findall(r"(?<!\d)\d{1,9}(?!\d)", word, re.ASCII)):
        if side_px > _MAX_SIDE_PX:
            raise ValueError(f"{side_px} is more than {_MAX_SIDE_PX}")


def _check_sides(words: Sequence[str]) -> None:
    """Raise a ValueError with the whole list as it is meant, where sizes of it have only one side."""
    meant = [_both_sides(word) for word in words]
    wrong, size = next(((word, size) for word, size in zip(words, meant, strict=True) if size != word), ("", ""))
    if not size or len(words) > _MAX_SIZES or not all(_SIZE.fullmatch(size) for size in meant):
        return
    if len(words) == _SIDES and all(word.isdecimal() for word in words):
        raise ValueError(f"did you mean {'x'.join(words)}, which is one size, or {','.join(meant)}, which are two?")
    missing = "height" if size.endswith("x0") else "width" if size.startswith("0x") else ""
    reason = f"{show(wrong)} has no {missing}" if missing else f"{show(wrong)} is not WIDTHxHEIGHT"
    raise ValueError(f"{reason}; did you mean {','.join(meant)}{', which keeps the shape' if missing else ''}?")


def _both_sides(word: str) -> str:
    """Return a size with both sides where this one has only one, or another sign between them; otherwise as it is."""
    for pattern, replacement in _SIDES_MEANT:
        match = pattern.fullmatch(word)
        if match:
            return match.expand(replacement)
    return word


def _parse_size(word: str) -> Size:
    match = _SIZE.fullmatch(word)
    if match is None:
        raise ValueError(f"{show(word)} is not WIDTHxHEIGHT")
    return Size(int(match[1]), int(match[2]))


def parse_formats(text: str) -> tuple[str, ...]:
    """Return the formats of a list, in its order, without repetitions."""
    words = ["jpg" if word == "jpeg" else word for word in _split_names(text)]
    if not words:
        raise ValueError("no format is given")
    meant = [_near_formats(word) for word in words]
    for word in words:
        if word not in _FORMATS:
            hint = f"; did you mean {','.join(dict.fromkeys(','.join(meant).split(',')))}?" if all(meant) else ""
            raise ValueError(f"{show(word)} is no format{hint}")
    return tuple(dict.fromkeys(words))


def _near_formats(word: str) -> str:
    """Return the format or formats that are meant, with commas between; empty where none is near."""
    parts = re.findall("|".join(_FORMATS), word.replace("jpeg", "jpg"))
    if "".join(parts) == word.replace("jpeg", "jpg"):
        return ",".join(parts)
    return ",".join(get_close_matches(word, _FORMATS, n=1))


def parse_extensions(text: str) -> tuple[str, ...]:
    """Return the extensions of a list in lower case, without full stops and repetitions."""
    words = _split_names(text)
    if not words:
        raise ValueError("no extension is given")
    for word in words:
        if word in _EVERY:
            raise ValueError(f"{show(word)} is no extension; write each one, or unset it for the usual ones")
        if not re.fullmatch(r"[a-z0-9]{2,10}", word, re.ASCII):
            raise ValueError(f"{show(word)} is no extension")
    if WRITTEN_EXTENSIONS.issuperset(words):
        raise ValueError("the function writes such files itself and skips them, so no extension would be left")
    return tuple(dict.fromkeys(words))


def _split_names(text: str) -> list[str]:
    """Return the words of a list of extensions: `.mp4`, `*.mp4` and `video/mp4` are mp4, `jpg+png` is two."""
    plain = re.sub(r"\b(?:image|video)/(?=[a-z0-9])", "", to_plain(text))
    words = split_list(re.sub(r"[+/&\"'`\[\](){}]|\band\b", ",", plain))
    return [word if word in _EVERY else re.sub(r"^\*?\.?", "", word) for word in words]


def parse_metadata(text: str) -> frozenset[Metadata]:
    """Return the names of the metadata that count."""
    words = split_list(to_plain(text))
    if not words:
        raise ValueError("it is empty; write off to use no metadata")
    if words == ["off"] or (len(words) == 1 and words[0] in _OFF):
        return frozenset()
    for word in words:
        if word not in METADATA:
            raise ValueError(f"{show(word)} is not accepted")
    return frozenset(name for name in METADATA if name in words)


def parse_poster(text: str) -> Poster:
    """Return the choice of the poster: one of two words, or the moment that it shows.

    Raises:
        ValueError: it is neither; the message says what is accepted.
    """
    word = re.sub(r"[\s_]+", "-", to_plain(text))
    if word in ("best", "first-unless-flat"):
        return word  # type: ignore[return-value]  # mypy does not narrow a str to literals by `in`
    try:
        return parse_time(text)
    except ValueError as error:
        if re.search(r"\d", word):
            raise
        near = get_close_matches(word, ("best", "first-unless-flat"), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"it is neither of the two words and not a moment{hint}") from error


def parse_storyboard(text: str) -> Storyboard:
    """Return off, auto, or the interval or number of the tiles."""
    word = to_plain(text)
    if word in ("auto", *_ON):
        return "auto"
    if word == "off" or word in _OFF:
        return "off"
    series = parse_series(text)
    if isinstance(series, Every) and (series.ms == 0 or series.ms % 1000):
        raise ValueError("players take whole seconds between tiles, 1 or more")
    return series


def parse_endpoint(text: str) -> str:
    """Return the address of an emulator on this machine; empty for none."""
    endpoint = _read_address(text).lower().removesuffix("/")
    match = re.fullmatch(r"http://(?:127\.0\.0\.1|localhost):(\d{1,5})", endpoint, re.ASCII)
    if endpoint and not (match and 0 < int(match[1]) <= _MAX_PORT):
        raise ValueError("it is not an address of this machine with a port")
    return endpoint


def parse_public_url(text: str) -> str:
    """Return an address without a slash at its end; empty for none."""
    url = _read_address(text).rstrip("/,")
    if not url:
        return ""
    address = re.sub(r"^(?:https?(?=[:/]|$))?:?/*", "", url, count=1, flags=re.IGNORECASE)
    if not address:
        raise ValueError("no host follows https://")
    if "://" not in url:
        raise ValueError(_advise_address(_NOT_IN_URL.split(address)[0].rstrip("/")))
    if _NOT_IN_URL.search(url):
        raise ValueError("it may have only scheme, host and path")
    match = _URL.fullmatch(url)
    if match is None or int(match["port"] or 0) > _MAX_PORT or len(url) > _MAX_URL:
        raise ValueError("it is not an address")
    return url


def _advise_address(address: str) -> str:
    host = re.split(r"[:/]", address)[0]
    if ("." in host or host == "localhost") and _URL.fullmatch(f"https://{address}"):
        return f"https:// is missing; did you mean https://{address}?"
    return "it is not an address; unset it to have none"


def _read_address(text: str) -> str:
    """Return an address without quotes, invisible and full-width signs."""
    return to_half_width(without_quotes(without_invisible(text)))

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
from snapshot.spelling import show, split_list, to_plain, without_quotes
from snapshot.times import ACCEPTED_ONE, Evenly, Every, SinglePoint, parse_series, parse_time

POSTER_ACCEPTED = f"best, first-unless-flat, or one moment: {ACCEPTED_ONE}"

Poster = Literal["best", "first-unless-flat"] | SinglePoint
Storyboard = Literal["off", "auto"] | Every | Evenly
Metadata = Literal["times", "poster"]

_MAX_URL = 200  # characters
_MAX_SIDE_PX = 4096  # "width, height: [0, 4096]"; API document GetSnapshot, read 2026-11-22
_MAX_SIZES = 20
_MAX_PORT = 65535
_ON = ("true", "yes", "on", "enabled")  # YAML reads a bare `on` as true
_OFF = ("false", "no", "none", "disabled", "0")  # YAML reads a bare `off` as false
_FORMATS = ("jpg", "png", "webp", "avif")
METADATA: tuple[Metadata, ...] = ("times", "poster")


def parse_choice(text: str, words: Sequence[str]) -> str:
    """Return the one of these words that is meant."""
    word = re.sub(r"[\s_]+", "-", to_plain(text))
    if word in _OFF and "off" in words:
        return "off"
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
    joined = re.sub(r"(?<=\d)\s*[x*]\s*(?=\d)", "x", to_plain(text))
    sizes = tuple(dict.fromkeys(_parse_size(word) for word in split_list(joined)))
    if not sizes:
        raise ValueError("no size is given")
    if len(sizes) > _MAX_SIZES:
        raise ValueError(f"{len(sizes)} sizes are more than {_MAX_SIZES}")
    return sizes


def _parse_size(word: str) -> Size:
    match = re.fullmatch(r"(\d{1,9})x(\d{1,9})", word, re.ASCII)
    if match is None:
        width = re.fullmatch(r"(\d{1,4})(?:x|px|w)?", word, re.ASCII)
        height = re.fullmatch(r"x(\d{1,4})|(\d{1,4})[ph]", word, re.ASCII)
        if width:
            raise ValueError(f"{show(word)} has no height; did you mean {width[1]}x0, which keeps the shape?")
        if height:
            raise ValueError(f"{show(word)} has no width; did you mean 0x{height[1] or height[2]}?")
        raise ValueError(f"{show(word)} is not WIDTHxHEIGHT")
    size = Size(int(match[1]), int(match[2]))
    for side_px in (size.width_px, size.height_px):
        if side_px > _MAX_SIDE_PX:
            raise ValueError(f"{side_px} is more than {_MAX_SIDE_PX}")
    return size


def parse_formats(text: str) -> tuple[str, ...]:
    """Return the formats of a list, in its order, without repetitions."""
    words = ["jpg" if word == "jpeg" else word for word in _split_extensions(text)]
    if not words:
        raise ValueError("no format is given")
    for word in words:
        if word not in _FORMATS:
            near = get_close_matches(word, _FORMATS, n=1)
            raise ValueError(f"{show(word)} is no format" + (f"; did you mean {near[0]}?" if near else ""))
    return tuple(dict.fromkeys(words))


def parse_extensions(text: str) -> tuple[str, ...]:
    """Return the extensions of a list in lower case, without full stops and repetitions."""
    words = _split_extensions(text)
    if not words:
        raise ValueError("no extension is given")
    for word in words:
        if not re.fullmatch(r"[a-z0-9]{1,10}", word, re.ASCII):
            raise ValueError(f"{show(word)} is no extension")
    if WRITTEN_EXTENSIONS.issuperset(words):
        raise ValueError("the function writes such files itself and skips them, so no extension would be left")
    return tuple(dict.fromkeys(words))


def _split_extensions(text: str) -> list[str]:
    return [word.removeprefix("*").removeprefix(".") for word in split_list(to_plain(text))]


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
    endpoint = without_quotes(text).lower().removesuffix("/")
    match = re.fullmatch(r"http://(?:127\.0\.0\.1|localhost):(\d{1,5})", endpoint, re.ASCII)
    if endpoint and not (match and 0 < int(match[1]) <= _MAX_PORT):
        raise ValueError("it is not an address of this machine with a port")
    return endpoint


def parse_public_url(text: str) -> str:
    """Return an address without a slash at its end; empty for none."""
    url = without_quotes(text).rstrip("/")
    if not url:
        return ""
    match = re.fullmatch(
        r"(?i:https?)://(?P<host>[a-z0-9.-]+(?::\d{1,5})?)(?P<path>/[\x21-\x7e]*)?", url, re.IGNORECASE
    )
    if "://" not in url:
        raise ValueError("https:// is missing")
    if re.search(r"[?#;=\\\"<>]", url):
        raise ValueError("it may have only scheme, host and path")
    if match is None or len(url) > _MAX_URL:
        raise ValueError("it is not an address")
    return url

"""Thumbnails -> the one that stands for the video. It knows no key, bucket or cloud.

The first that shows something: many films fade in from black, and many have their cover at the very start. Where all
are dark, bright or flat, the one with the most contrast. The thresholds stand where published heuristics have them
(hecate's luma and uniformity filters, Katna's brightness range; read 2026-11-22).
"""

import io
from dataclasses import dataclass

from PIL import Image, ImageStat

from snapshot.thumbnails import in_eight_bits

LOOKED_AT = (64, 64)
DARKEST, BRIGHTEST = 20.0, 235.0
FLATTEST = 8.0


@dataclass(frozen=True, slots=True)
class Look:
    """What a picture is like: the mean and the standard deviation of its luma, each in [0, 255]."""

    at_ms: int
    luma: float
    contrast: float

    @property
    def shows_something(self) -> bool:
        """Whether it is neither dark nor bright nor flat."""
        return DARKEST <= self.luma <= BRIGHTEST and self.contrast >= FLATTEST


def look_at(at_ms: int, body: bytes) -> Look:
    """Give the look of a picture file. Raises nothing for a file that has been decoded before."""
    with Image.open(io.BytesIO(body)) as picture:
        picture.draft("L", LOOKED_AT)
        small = in_eight_bits(picture).convert("L").resize(LOOKED_AT, Image.Resampling.BOX)
    statistics = ImageStat.Stat(small)
    return Look(at_ms, statistics.mean[0], statistics.stddev[0])


def better(one: Look, other: Look) -> Look:
    """Give the one of two that is the better poster; the same of many, in whatever order they come."""
    if one.shows_something and other.shows_something:
        return min(one, other, key=lambda look: look.at_ms)
    if one.shows_something or other.shows_something:
        return one if one.shows_something else other
    return max(one, other, key=lambda look: (look.contrast, -look.at_ms))


def why(chosen: Look) -> str:
    """Give the reason for a choice, in words."""
    measured = f"(luma {chosen.luma:.0f}, contrast {chosen.contrast:.0f})"
    if chosen.shows_something:
        return f"the first that is neither dark nor bright nor flat {measured}"
    return f"all are dark, bright or flat; this has the most contrast {measured}"

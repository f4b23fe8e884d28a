"""Settings and the metadata of an upload -> what is to be made of this object, and a digest that names it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from snapshot.fields import Poster
from snapshot.overrides import read_overrides
from snapshot.settings import Settings
from snapshot.times import TimePoint

_VERSION = 2  # one more whenever the same settings would make something else


@dataclass(frozen=True, slots=True)
class Recipe:
    """The intended output of one object. `digest` is a SHA-256, 64 hex digits, of all that decides it.

    `notes` are sentences about metadata of the upload that could not be heeded.
    """

    times: tuple[TimePoint, ...]
    poster: Poster
    notes: tuple[str, ...]
    digest: str


def read_recipe(settings: Settings, metadata: Mapping[str, str]) -> Recipe:
    """Return the recipe for an object with these `x-cos-meta-*` headers."""
    overrides = read_overrides(metadata, settings)
    parts = {
        "version": _VERSION,
        "times": sorted(repr(point) for point in overrides.times),
        "sizes": sorted(str(size) for size in settings.sizes),
        "formats": settings.formats,
        "fit": settings.fit,
        "quality": settings.quality,
        "mode": settings.mode,
        "rotate": settings.rotate,
        "poster": repr(overrides.poster),
        "poster_candidates": settings.poster_candidates,
        "storyboard": repr(settings.storyboard),
        "storyboard_tile_px": settings.storyboard_tile_px,
        "preview": settings.preview,
        "preview_bytes": settings.preview_bytes,
        "public_url": settings.public_url,
        "max_calls": settings.max_calls,
        "notes": overrides.problems,
    }
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    return Recipe(overrides.times, overrides.poster, overrides.problems, digest)

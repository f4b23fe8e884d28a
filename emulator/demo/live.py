"""What a local cloud holds at this moment, turned into the page that `make serve` shows.

It must not know how objects are stored or served: it is told their names, how to read one and link to it.
"""

from collections.abc import Callable, Iterable

from emulator.demo.manifest import read_manifest
from emulator.demo.page import Film, Href, Live, Loss, contact_sheet

VIDEO_ENDINGS = (".avi", ".mp4", ".m4v", ".mkv", ".mov", ".webm", ".flv", ".ts", ".3gp")
MANIFEST_ENDING = "/manifest.json"


def live_page(
    objects: Iterable[tuple[str, str]],
    *,
    live: Live,
    read: Callable[[str, str], bytes],
    href: Href,
    why: Callable[[str], str],
) -> str:
    """Lay out every film that has a manifest, the newest first, and name the videos that still wait for one.

    `objects` are all (bucket, key); `read(bucket, key)` is asked for what may be a manifest and nothing else;
    `why(key)` says what is known of a video without one, nothing if nothing is.
    Raises: nothing of its own; an object that only looks like a manifest is left out.
    """
    films: list[Film] = []
    waiting: list[tuple[str, str]] = []
    for bucket, key in sorted(objects):
        if key.endswith(MANIFEST_ENDING):
            films += _film(read(bucket, key), bucket, key)
        elif key.lower().endswith(VIDEO_ENDINGS):
            waiting.append((bucket, key))
    done = {(film.manifest.source.bucket, film.manifest.source.key) for film in films}
    reason = "has no manifest yet" if live.watched else "lies here; no function watches this cloud"
    return contact_sheet(
        sorted(films, key=lambda film: film.manifest.made_at, reverse=True),
        href=href,
        losses=[Loss(key, why(key) or reason) for bucket, key in waiting if (bucket, key) not in done],
        live=live,
    )


def _film(body: bytes, bucket: str, key: str) -> list[Film]:
    try:
        return [Film(read_manifest(body), bucket, key)]
    except ValueError:
        return []

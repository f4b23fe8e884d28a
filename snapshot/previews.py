"""Small pictures of one video -> a short animated loop in the bucket; all of them were captured for something else."""

import hashlib
import json
from collections.abc import Iterable
from functools import partial

from snapshot.layout import NO_CACHE
from snapshot.manifest import PreviewEntry
from snapshot.products.picture import BadPicture
from snapshot.products.preview import Preview, make_preview
from snapshot.products.small import open_small
from snapshot.products.thumbnails import CONTENT_TYPES
from snapshot.state import lies_there
from snapshot.workspace import Workspace, md5_hex


def publish_preview(work: Workspace, moments: Iterable[int]) -> PreviewEntry | None:
    """Begin to store a loop of these moments, and return its entry.

    None where none is wanted or can be made, or where there is a failure that will be raised.

    Raises:
        BadSettings: this build of Pillow cannot write the format.
        SnapshotError: a stored picture could not be read.
    """
    chosen = sorted(set(moments))
    if work.settings.preview == "off" or not chosen:
        return None
    recipe = _recipe(work, chosen)
    stored = work.state.manifest.preview if work.state.manifest else None
    if stored is not None and stored.recipe == recipe and lies_there(stored, work.state.listed):
        return stored
    work.read_small(chosen, is_tile=False)
    if work.capture.failures:
        return None
    (preview,) = work.cpu.gather(partial(_make, work, chosen))
    if preview is None:
        work.notes.append("there is no preview: it needs two pictures that fit into SNAPSHOT_PREVIEW_BYTES")
        return None
    key = work.layout.preview(preview.format)
    content_type = CONTENT_TYPES[preview.format]
    work.capture.put(partial(work.put, key, preview.body, content_type=content_type, cache_control=NO_CACHE))
    return PreviewEntry(
        key=key,
        width_px=preview.width_px,
        height_px=preview.height_px,
        format=work.settings.preview,
        size_bytes=len(preview.body),
        etag=md5_hex(preview.body),
        frames=preview.frames,
        quality=preview.quality,
        reduced=preview.reduced,
        recipe=recipe,
    )


def _make(work: Workspace, moments: Iterable[int]) -> Preview | None:
    pictures = []
    for at_ms in moments:
        body = work.capture.small.get(at_ms)
        if body:
            try:
                pictures.append(open_small(body).pixels)
            except BadPicture:
                continue
    return make_preview(pictures, work.settings.preview, max_bytes=work.settings.preview_bytes)


def _recipe(work: Workspace, moments: Iterable[int]) -> str:
    parts = json.dumps([work.generation, *moments, work.settings.preview, work.settings.preview_bytes])
    return hashlib.sha256(parts.encode()).hexdigest()[:8]

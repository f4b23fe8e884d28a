"""A stored manifest -> the few fields that the tools read.

The tools read manifests of every version of the function, so this is not the function's own model.
"""

import json
from collections.abc import Iterator

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_BYTES = 1024 * 1024
NAME = "manifest.json"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Source(_Part):
    key: str
    etag: str
    bucket: str = ""


class _Entry(_Part):
    key: str


class _Missed(_Part):
    at_ms: int | None = None
    code: str = ""
    message: str = ""


class _Calls(_Part):
    snapshot: int = Field(default=0, ge=0)
    media_info: int = Field(default=0, ge=0)


class Manifest(_Part):
    """The manifest of one video. `keys` are all object keys that the manifest names, its own not among them."""

    source: _Source
    thumbnails: tuple[_Entry, ...] = ()
    missed: tuple[_Missed, ...] = ()
    poster: _Entry | None = None
    calls: _Calls = _Calls()
    keys: frozenset[str] = frozenset()


def read_manifest(body: bytes) -> Manifest | None:
    """Return the manifest in these bytes, or None where they are none. Raises nothing."""
    try:
        document = json.loads(body)
        manifest = Manifest.model_validate(document)
        return manifest.model_copy(update={"keys": frozenset(_texts(document))})
    except (ValueError, ValidationError, RecursionError):
        return None


def _texts(document: object) -> Iterator[str]:
    """Yield every text in a document: whatever the manifest names in any way counts as named."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict):
        for value in document.values():
            yield from _texts(value)
    elif isinstance(document, list):
        for value in document:
            yield from _texts(value)

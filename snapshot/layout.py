"""A source and the settings -> the keys of everything made of it, and the metadata that marks each object.

    FOLDER/                                  the output prefix and the source's whole key
    FOLDER/manifest.json                     what there is; stable
    FOLDER/poster.jpg  poster-640x0.jpg      the poster; stable
    FOLDER/GENERATION/000001500-640x0.jpg    a thumbnail; never changes
    FOLDER/GENERATION/storyboard-RECIPE-000.jpg   a sheet of tiles; never changes
    FOLDER/GENERATION/tile-000001500.jpg     kept until its sheet stands
    FOLDER/GENERATION/journal.json           what a delivery that broke off leaves for the next one
    FOLDER/storyboard.vtt  storyboard.json  tiles.m3u8  players.json  preview.webp

A generation is one content of the source rendered in one way. Its name is a digest of the whole ETag and of everything
that decides the pixels behind a thumbnail's name, so what lies under it can be cached for ever.
Source: COS object keys have at most 850 bytes (error KeyTooLong), read 2026-11-22.
"""

import hashlib
import json
import re
from dataclasses import dataclass

from snapshot.errors import BadEvent
from snapshot.media import Size
from snapshot.names import MAX_KEY_BYTES

SOURCE_ETAG_METADATA = "x-cos-meta-snapshot-source-etag"  # the mark of an object that this function made
PICTURE_METADATA = "x-cos-meta-snapshot-picture"  # width, height and measures of a stored thumbnail
MEDIA_METADATA = "x-cos-meta-snapshot-media"  # the media info that its delivery paid for

NO_CACHE = "no-cache"
PLAYER_FILES = {
    "vtt": "storyboard.vtt",
    "json": "storyboard.json",
    "m3u8": "tiles.m3u8",
    "players": "players.json",
}
_GENERATION = r"[0-9a-f]{16}"
_SIZE = r"\d{1,5}x\d{1,5}"
_FORMAT = r"(?:jpg|png|webp|avif)"
_THUMBNAIL = re.compile(rf"({_GENERATION})/(\d{{9,10}})-({_SIZE})\.({_FORMAT})", re.ASCII)
_TILE_NAME = rf"{_GENERATION}/tile-\d{{9,10}}\.jpg"
_TILE = re.compile(_TILE_NAME, re.ASCII)
_OWN_NAME = re.compile(
    rf"manifest\.json|poster(?:-{_SIZE})?\.{_FORMAT}|storyboard\.(?:vtt|json)|tiles\.m3u8|players\.json"
    rf"|preview\.{_FORMAT}|{_TILE_NAME}|{_GENERATION}/(?:\d{{9,10}}-{_SIZE}\.{_FORMAT}|journal\.json"
    r"|storyboard-[0-9a-f]{8}-\d{3}\.jpg)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class ThumbnailName:
    """The parts of a thumbnail's key: which moment, in which size as configured, in which format."""

    at_ms: int
    size: Size
    format: str

    def __str__(self) -> str:
        return f"{self.at_ms:09d}-{self.size}.{self.format}"


@dataclass(frozen=True, slots=True)
class Layout:
    """The keys of everything made of one source; `folder` ends in a slash."""

    folder: str

    @classmethod
    def of(cls, output_prefix: str, source_key: str) -> "Layout":
        """Return the layout for a source.

        Raises:
            BadEvent: a derived key would be longer than the 850 bytes that COS takes (KeyTooLong).
        """
        layout = cls(f"{output_prefix}{source_key}/")
        longest = layout.thumbnail("0" * 16, ThumbnailName(10**9, Size(4096, 4096), "webp"))
        length = len(longest.encode(errors="surrogatepass"))
        if length > MAX_KEY_BYTES:
            raise BadEvent(
                f"the source key has {len(source_key.encode(errors='surrogatepass'))} bytes; its thumbnails' keys "
                f"could have {length}, and COS takes {MAX_KEY_BYTES}: shorten the key or SNAPSHOT_OUTPUT_PREFIX by "
                f"{length - MAX_KEY_BYTES} bytes",
                code="KeyTooLong",
                key=source_key,
            )
        return layout

    @property
    def manifest(self) -> str:
        """Return the key of the manifest."""
        return f"{self.folder}manifest.json"

    def poster(self, format: str, size: Size | None = None) -> str:
        """Return the stable key of the poster: the plain one, or the one in a configured size."""
        return f"{self.folder}poster{f'-{size}' if size else ''}.{format}"

    def thumbnail(self, generation: str, name: ThumbnailName) -> str:
        """Return the key of a thumbnail."""
        return f"{self.folder}{generation}/{name}"

    def journal(self, generation: str) -> str:
        """Return the key of the journal of a generation."""
        return f"{self.folder}{generation}/journal.json"

    def tile(self, generation: str, at_ms: int) -> str:
        """Return the key of a small picture that is kept until its sheet stands."""
        return f"{self.folder}{generation}/tile-{at_ms:09d}.jpg"

    def sheet(self, generation: str, recipe: str, number: int) -> str:
        """Return the key of a sheet of a storyboard; `recipe` is eight hex digits that stand for how it was made."""
        return f"{self.folder}{generation}/storyboard-{recipe}-{number:03d}.jpg"

    def player_file(self, kind: str) -> str:
        """Return the stable key of a file for players."""
        return f"{self.folder}{PLAYER_FILES[kind]}"

    def preview(self, format: str) -> str:
        """Return the stable key of the animated preview."""
        return f"{self.folder}preview.{format}"

    def owns(self, key: str) -> bool:
        """Tell whether a key is a name that this layout gives; other sources' folders may lie below this one."""
        return key.startswith(self.folder) and _OWN_NAME.fullmatch(key[len(self.folder) :]) is not None

    def is_tile(self, key: str) -> bool:
        """Tell whether a key is that of a small picture that is kept until its sheet stands, of any generation."""
        return key.startswith(self.folder) and _TILE.fullmatch(key[len(self.folder) :]) is not None

    def generation_of(self, key: str) -> str:
        """Return the generation that a key of this layout belongs to; empty for a stable key."""
        head, slash, _ = key.removeprefix(self.folder).partition("/")
        return head if slash else ""

    def read_thumbnail(self, generation: str, key: str) -> ThumbnailName | None:
        """Return the parts of a thumbnail's key; None where it is no thumbnail of this generation."""
        match = _THUMBNAIL.fullmatch(key.removeprefix(self.folder))
        if not match or match[1] != generation:
            return None
        width_px, height_px = match[3].split("x")
        return ThumbnailName(int(match[2]), Size(int(width_px), int(height_px)), match[4])


def name_generation(etag: str, *pixels: object) -> str:
    """Return 16 hex digits that name one content of a key, rendered in one way.

    `pixels` is everything beside the content that decides the pixels behind a thumbnail's name.
    """
    parts = json.dumps([etag, *map(str, pixels)])
    return hashlib.sha256(parts.encode()).hexdigest()[:16]

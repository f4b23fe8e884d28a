"""The state of one generation in the making: its source and bucket, what lies there, what was captured and paid."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import cast

from snapshot.bucket import Bucket
from snapshot.capture import Capture, CaptureContext
from snapshot.errors import BadSettings, CloudUnavailable, SetupError, SnapshotError, SourceChanged
from snapshot.frames import captured_size, estimate_bytes, fit_memory
from snapshot.invocation import Invocation
from snapshot.journal import MediaRecord
from snapshot.layout import MEDIA_METADATA, NO_CACHE, PICTURE_METADATA, SOURCE_ETAG_METADATA, ThumbnailName
from snapshot.manifest import Calls, FileEntry, FileFormat, ThumbnailEntry
from snapshot.media import MediaInfo
from snapshot.plan import Shot, capture_size, plan_shot
from snapshot.products.picture import MEASURED_PX
from snapshot.products.scoring import FrameStats
from snapshot.products.thumbnails import CONTENT_TYPES, Thumbnail
from snapshot.reuse import Reuse, picture_metadata
from snapshot.scheduler import Lane, Scheduler
from snapshot.settings import Settings
from snapshot.state import Inspection, Make, is_same_source

_MAX_PICTURE_BYTES = 64 * 1024 * 1024
_PLACEHOLDER_PX = 64  # what colour and placeholder of the poster are made of
_FRAME_PIXELS = 1920 * 1080  # where the video's size is not known


class Workspace:
    """One generation in the making. `media`, `reuse` and `notes` are filled as they become known."""

    def __init__(
        self,
        state: Inspection,
        make: Make,
        *,
        invocation: Invocation,
        bucket_name: str,
        source: Bucket,
        output: Bucket,
        scheduler: Scheduler,
        io: Lane,
        cpu: Lane,
        reuse: Reuse,
    ) -> None:
        if state.source is None:
            raise ValueError("a generation is made of a source that is there")
        self.state, self.make, self.object = state, make, state.source
        self.key, self.layout, self.generation = state.key, state.layout, make.generation
        self.invocation, self.settings, self.bucket_name = invocation, invocation.settings, bucket_name
        self.source, self.output, self.io, self.cpu = source, output, io, cpu
        self.reuse = reuse
        self.media = MediaInfo(None, ())
        self.notes = list(make.recipe.notes)
        self._size: tuple[int, int] | None = None
        self._calls_before = dict(source.calls)
        context = CaptureContext(
            camera=source,
            key=state.key,
            version_id=self.object.version_id,
            settings=self.settings,
            confirm=self.confirm,
            store=self._store,
            store_tile=self._store_tile,
            small_px=_small_px(self.settings),
            files=invocation.files,
            rendering=invocation.rendering,
        )
        self.capture = Capture(context, scheduler, io, cpu)

    @property
    def calls(self) -> Calls:
        """Return the paid calls of this generation, over all deliveries."""
        old, new, paid = self._calls_before, self.source.calls, self.reuse.calls
        spent = {name: new.get(name, 0) - old.get(name, 0) for name in ("snapshot", "media_info", "failed")}
        return paid.plus(Calls(**spent))

    @property
    def calls_left(self) -> int:
        """Return the number of paid calls that SNAPSHOT_MAX_CALLS still allows for this generation."""
        return max(0, self.settings.max_calls - self.calls.snapshot - self.calls.media_info)

    @property
    def thumbnails(self) -> dict[ThumbnailName, ThumbnailEntry]:
        """Return every thumbnail of this generation that is stored."""
        return {**self.reuse.thumbnails, **self.capture.stored}

    @property
    def moments(self) -> set[int]:
        """Return the moments of which there is a picture."""
        return {name.at_ms for name in self.reuse.thumbnails} | self.capture.measured.keys()

    @property
    def frame_size(self) -> tuple[int, int]:
        """Return width and height of the video as it is shown, by a picture of it where there is one; 0 if unknown."""
        return self.capture.frame_size or (self.media.width_px or 0, self.media.height_px or 0)

    def names(self, at_ms: int) -> set[ThumbnailName]:
        """Return the names of the thumbnails that the settings ask for of a moment."""
        settings = self.settings
        return {ThumbnailName(at_ms, size, file_format) for size in settings.sizes for file_format in settings.formats}

    def has_thumbnails(self, at_ms: int, file_format: str) -> bool:
        """Tell whether the thumbnails of a moment are stored in this format, in every size."""
        names = {name for name in self.names(at_ms) if name.format == file_format}
        return names <= self.thumbnails.keys()

    def plan_shot(self, at_ms: int) -> Shot:
        """Return the shot of one moment, as large as the largest size needs, or as `set_size` says."""
        shot = plan_shot(self.settings, self.media, at_ms)
        return shot if self._size is None else replace(shot, width_px=self._size[0], height_px=self._size[1])

    def set_size(self, width_px: int, height_px: int) -> None:
        """Ask for the following shots in this size: the one that the settings need is refused."""
        self._size = width_px, height_px

    def capture_shots(self, shots: Iterable[Shot], *, names: frozenset[ThumbnailName] | None = None) -> None:
        """Capture those of these shots that are not stored yet, and wait until each is measured.

        `names` says what of them is stored, where it is not all that the settings ask for.
        """
        hopeless = {entry.at_ms for entry in self.reuse.missed}
        for shot in shots:
            missing = frozenset(self.names(shot.at_ms) - self.reuse.thumbnails.keys()) if names is None else names
            if shot.at_ms in hopeless or (names is None and not missing):
                continue
            self._add(shot, missing)
        self.capture.wait_measured()

    def capture_kept(self, shot: Shot) -> None:
        """Capture a shot of which nothing is stored, but whose pictures stay in memory."""
        shot = self._fit_memory(shot)
        self.capture.add(shot, names=frozenset(), expected_pixels=self._expected_pixels(shot), is_kept=True)
        self.capture.wait_measured()

    def read_small(self, moments: Iterable[int], *, is_tile: bool) -> None:
        """Get a small file of each of these moments into memory, from the bucket where one lies there.

        What lies nowhere is captured, small, where it `is_tile`; such a file is stored until its sheet stands.
        """
        width_px, height_px = self.frame_size
        side_px = _small_px(self.settings)
        small = (
            ((side_px, 0) if width_px >= height_px else (0, side_px)) if max(width_px, height_px) > side_px else (0, 0)
        )
        hopeless = {entry.at_ms for entry in self.reuse.missed} | self.capture.missed.keys()
        for at_ms in moments:
            key = self._key_of_picture(at_ms)
            if at_ms in self.capture.small or (key is None and (at_ms in hopeless or not is_tile)):
                continue
            file_format = "jpg" if key is None else key.rpartition(".")[2]
            shot = replace(self.plan_shot(at_ms), width_px=small[0], height_px=small[1], format=file_format)
            self.capture.add(
                shot,
                names=frozenset(),
                expected_pixels=self._expected_pixels(shot),
                read=partial(self._read_picture, key) if key else None,
                is_tile=key is None,
            )
        self.capture.wait_measured()

    def read_thumbnails(self, at_ms: int, file_format: str) -> list[Thumbnail]:
        """Return the thumbnails of a moment in one format, from memory or from the bucket, the largest first.

        Raises:
            SnapshotError: they could not be stored or read.
        """
        in_memory = [thumbnail for thumbnail in self.capture.kept(at_ms) if thumbnail.format == file_format]
        if in_memory:
            return in_memory
        if at_ms in self.capture.measured:
            self.capture.wait_stored()
            self.raise_failures()
        names = [ThumbnailName(at_ms, size, file_format) for size in self.settings.sizes]
        entries = [self.thumbnails[name] for name in names]
        bodies = self.io.gather(*(partial(self._read_picture, entry.key) for entry in entries))
        thumbnails = [
            Thumbnail(at_ms, name.size, file_format, body, entry.width_px, entry.height_px)
            for name, entry, body in zip(names, entries, bodies, strict=True)
        ]
        return sorted(thumbnails, key=lambda thumbnail: -thumbnail.width_px * thumbnail.height_px)

    def put(
        self,
        key: str,
        body: bytes,
        *,
        content_type: str,
        cache_control: str,
        metadata: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Store an object with our mark."""
        marked = {SOURCE_ETAG_METADATA: self.object.etag, **metadata}
        self.output.put(key, body, content_type=content_type, cache_control=cache_control, metadata=marked)

    def confirm(self) -> None:
        """Look at the source once more.

        Raises:
            SourceChanged: it is no longer the one that was inspected.
            CloudUnavailable: the look failed.
        """
        now = self.source.head(self.key)
        if not is_same_source(now, self.object):
            message = "the object changed while its pictures were taken"
            raise SourceChanged(message, operation="HeadObject", key=self.key)

    def put_late(self, key: str, body: bytes, *, content_type: str) -> None:
        """Store a document in the time that is kept for that, unless the source is another by now.

        Raises:
            SnapshotError: a call failed.
        """
        open_bucket, deadline = self.invocation.open_bucket, self.invocation.deadline
        now = open_bucket(self.bucket_name, deadline).head(self.key)
        if is_same_source(now, self.object):
            metadata = {SOURCE_ETAG_METADATA: self.object.etag}
            output = open_bucket(self.settings.output_bucket or self.bucket_name, deadline)
            output.put(key, body, content_type=content_type, cache_control=NO_CACHE, metadata=metadata)

    def raise_failures(self) -> None:
        """Raise the failure that says most: that the source changed, then what a person must repair, then the rest."""
        if self.capture.failures:
            raise min(self.capture.failures, key=_urgency)

    def _key_of_picture(self, at_ms: int) -> str | None:
        """Return the key of a stored picture of a moment from which a small file can be made; the tile's own first."""
        tile = self.layout.tile(self.generation, at_ms)
        if tile in self.state.listed:
            return tile
        fit = [
            entry
            for name, entry in self.reuse.thumbnails.items()
            if name.at_ms == at_ms
            and name.format in {"jpg", "png"}
            and not (name.size.width_px and name.size.height_px)
        ]
        return max(fit, key=lambda entry: entry.width_px).key if fit else None

    def _add(self, shot: Shot, missing: frozenset[ThumbnailName]) -> None:
        shot = self._fit_memory(shot)
        stored = self._stored_original(shot, missing)
        expected_pixels = self._expected_pixels(shot)
        if stored is None:
            self.capture.add(shot, names=missing, expected_pixels=expected_pixels)
        else:
            read = partial(self._read_picture, stored.key)
            shot = replace(shot, format=stored.format)
            self.capture.add(shot, names=missing, expected_pixels=expected_pixels, read=read)

    def _fit_memory(self, shot: Shot) -> Shot:
        """Return the shot in a size that the function's memory holds; where that is a smaller one, it is noted."""
        rendering = self.invocation.rendering
        width_px, height_px = self.media.width_px, self.media.height_px
        if rendering.alone_bytes is None or not width_px or not height_px:
            return shot
        fitted = fit_memory(shot, width_px, height_px, self.settings, free_bytes=rendering.alone_bytes)
        if fitted != shot:
            side = f"{fitted.width_px} px wide" if fitted.width_px else f"{fitted.height_px} px high"
            note = (
                f"captured {side}: the function's memory does not hold larger pictures of this video in these formats; "
                "more memory (memorySize) gives larger ones"
            )
            if note not in self.notes:
                self.notes.append(note)
        across, down = captured_size(fitted, width_px, height_px)
        cost_bytes = estimate_bytes(round(across), round(down), fitted.format, self.settings)
        if cost_bytes > rendering.total_bytes:  # no file may wait beside a picture that needs everything
            self.invocation.files.limit(rendering.alone_bytes - cost_bytes)
        return fitted

    def _stored_original(self, shot: Shot, missing: Iterable[ThumbnailName]) -> ThumbnailEntry | None:
        """Return a stored picture of the same moment from which the missing sizes can be rendered; the largest one."""
        sizes = [name.size for name in missing]
        if not sizes:
            return None
        width_px, height_px = capture_size(sizes, self.media, fit=self.settings.fit)
        if not width_px and not height_px:
            width_px, height_px = self.media.width_px or 0, self.media.height_px or 0
        usable = [
            entry
            for name, entry in self.reuse.thumbnails.items()
            if name.at_ms == shot.at_ms
            and name.format in {shot.format, "png"}
            and not (name.size.width_px and name.size.height_px)
            and (width_px or height_px)
            and entry.width_px >= width_px
            and entry.height_px >= height_px
        ]
        return max(usable, key=lambda entry: entry.width_px, default=None)

    def _expected_pixels(self, shot: Shot) -> int:
        width_px, height_px = self.media.width_px, self.media.height_px
        if not width_px or not height_px:
            return _FRAME_PIXELS
        across, down = captured_size(shot, width_px, height_px)
        return int(across * down)

    def _read_picture(self, key: str) -> bytes:
        body = self.output.get(key, max_bytes=_MAX_PICTURE_BYTES)
        if body is None:
            raise CloudUnavailable("it is gone since it was listed", operation="GetObject", key=key, code="Gone")
        return body

    def _store_tile(self, at_ms: int, body: bytes) -> None:
        key = self.layout.tile(self.generation, at_ms)
        self.put(key, body, content_type=CONTENT_TYPES["jpg"], cache_control=NO_CACHE)

    def _store(self, at_ms: int, stats: FrameStats, thumbnail: Thumbnail) -> ThumbnailEntry:
        name = ThumbnailName(at_ms, thumbnail.size, thumbnail.format)
        key = self.layout.thumbnail(self.generation, name)
        metadata = {
            PICTURE_METADATA: picture_metadata(thumbnail.width_px, thumbnail.height_px, stats),
            MEDIA_METADATA: MediaRecord.of(self.media).to_text(),
        }
        content_type, cache_control = CONTENT_TYPES[thumbnail.format], self.settings.cache_control
        self.put(key, thumbnail.body, content_type=content_type, cache_control=cache_control, metadata=metadata)
        return ThumbnailEntry(at_ms=at_ms, **describe_file(key, thumbnail).model_dump())


def md5_hex(body: bytes) -> str:
    """Return the MD5 of a body in hexadecimal, which is the ETag of an object that was stored whole."""
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def describe_file(key: str, thumbnail: Thumbnail) -> FileEntry:
    """Return the manifest's entry of a picture under its key."""
    return FileEntry(
        key=key,
        width_px=thumbnail.width_px,
        height_px=thumbnail.height_px,
        format=cast("FileFormat", thumbnail.format),
        size_bytes=len(thumbnail.body),
        etag=md5_hex(thumbnail.body),
    )


def _small_px(settings: Settings) -> int:
    """Return the longer side of the small files that are made beside the thumbnails."""
    if settings.preview != "off":
        return MEASURED_PX
    return settings.storyboard_tile_px if settings.storyboard != "off" else _PLACEHOLDER_PX


def _urgency(error: SnapshotError) -> int:
    if isinstance(error, SourceChanged):
        return 0
    return 1 if isinstance(error, SetupError | BadSettings) else 2

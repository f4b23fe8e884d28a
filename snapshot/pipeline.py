"""One record -> one Outcome: the five steps in order, the manifest last. It knows neither SDK nor environment."""

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from typing import Protocol

from snapshot import __version__
from snapshot.errors import BadEvent, CloudRefused, CloudUnavailable, SnapshotError
from snapshot.events import MADE_HERE, Skipped, Video
from snapshot.frames import Camera, MediaInfo
from snapshot.logs import fact
from snapshot.manifest import (
    Calls,
    Manifest,
    MissedEntry,
    PosterEntry,
    Source,
    ThumbnailEntry,
    parse_manifest,
    spell_time,
)
from snapshot.outcomes import Failed, Made, Outcome, Unchanged
from snapshot.plan import Keys, Missed, Plan, name_generation, plan_shots
from snapshot.poster import why
from snapshot.settings import Settings
from snapshot.taking import Candidate, Studio, take_all
from snapshot.thumbnails import CONTENT_TYPES, Thumbnail
from snapshot.times import TimePoint, parse_times

logger = logging.getLogger(__name__)

TIMES_OF_ONE = "x-cos-meta-snapshot-times"
MUST_ASK_AGAIN = "no-cache"


class StoredObject(Protocol):
    """What is known of an object without reading it: its ETag without quotes, its length, its own metadata."""

    @property
    def etag(self) -> str: ...  # noqa: D102 - said above
    @property
    def size_bytes(self) -> int: ...  # noqa: D102 - said above
    @property
    def metadata(self) -> Mapping[str, str]: ...  # noqa: D102 - said above


class Bucket(Camera, Protocol):
    """Objects of one bucket, and what CI makes of them. Every method raises CloudRefused and CloudUnavailable."""

    @property
    def calls(self) -> Mapping[str, int]:
        """Give how many paid calls were sent: `media_info` and `snapshot`."""

    def head(self, key: str) -> StoredObject | None:
        """Give what is known of an object, None where there is none."""

    def get(self, key: str) -> bytes | None:
        """Give an object's bytes, None where there is none."""

    def put(self, key: str, body: bytes, *, content_type: str, cache_control: str, metadata: Mapping[str, str]) -> None:
        """Store an object."""

    def media_info(self, key: str) -> MediaInfo:
        """Give what is known of a film."""


OpenBucket = Callable[[str], Bucket]  # by its full name; asks nothing


def process(video: Video, *, settings: Settings, region: str, open_bucket: OpenBucket, now: datetime) -> Outcome:
    """Give what became of one video; what goes wrong on purpose is a Failed.

    Raises nothing of its own; a defect of this program comes through.
    """
    try:
        if video.region not in (None, region):
            raise BadEvent(
                f"the object is in {video.region}, the function in {region}; a COS trigger works within one region",
                code="WrongRegion",
            )
        with ThreadPoolExecutor(settings.concurrency, thread_name_prefix="shot") as pool:
            return _Work(settings, open_bucket, video.bucket, pool).do(video, region=region, now=now)
    except SnapshotError as error:
        return Failed.of(error, video.key)


@dataclass(frozen=True, slots=True)
class _Sight:
    """One look at a source: the key it really has, its object, its keys, the manifest that is there."""

    key: str
    stored: StoredObject
    keys: Keys
    manifest: Manifest | None


class _Work:
    def __init__(self, settings: Settings, open_bucket: OpenBucket, bucket: str, pool: ThreadPoolExecutor) -> None:
        self.settings, self.pool = settings, pool
        self.source = open_bucket(bucket)
        self.output = open_bucket(settings.output_bucket or bucket)

    def do(self, video: Video, *, region: str, now: datetime) -> Outcome:
        started = time.monotonic()
        sight = self.look(video)
        if isinstance(sight, Skipped):
            return sight
        times = _times_of(sight, self.settings)
        recipe = self.settings.recipe(times)
        if sight.manifest and sight.manifest.is_of(etag=sight.stored.etag, recipe=recipe):
            return Unchanged(sight.key, sight.keys.manifest)

        looked = time.monotonic()
        media, missed = self.ask_media_info(sight)
        plan = Plan((), self.settings.sizes, ())
        if media.has_picture:
            plan = plan_shots(self.settings, times, duration_ms=media.duration_ms)
        planned = time.monotonic()
        studio = Studio(self.source, sight.key, media, self.settings.format, lambda one: self.keep(sight, one))
        taken = take_all(plan, studio, self.pool)
        captured = time.monotonic()

        self.check_source_is_the_same(sight)
        poster = self.keep_poster(sight, taken.poster)
        manifest = Manifest(
            source=_describe_source(video.bucket, region, sight, media),
            recipe=recipe,
            thumbnails=tuple(ThumbnailEntry(**asdict(one)) for one in taken.stored),
            missed=tuple(MissedEntry(**asdict(one)) for one in (*missed, *plan.dropped, *taken.missed)),
            poster=poster,
            calls=Calls(**{name: self.source.calls.get(name, 0) for name in ("snapshot", "media_info")}),
            made_at=spell_time(now),
            made_by=f"snapshot {__version__}",
        )
        self.put(sight, sight.keys.manifest, manifest.to_json(), "application/json", MUST_ASK_AGAIN)
        moments = (started, looked, planned, captured, time.monotonic())
        names = ("look_ms", "media_info_ms", "shots_ms", "write_ms")
        spent = {name: int((end - begin) * 1000) for name, (begin, end) in zip(names, pairwise(moments), strict=True)}
        fact(logger, "video.done", key=sight.key, manifest=sight.keys.manifest, **spent)
        return Made(sight.key, sight.keys.manifest, len(manifest.thumbnails), len(manifest.missed))

    def look(self, video: Video) -> _Sight | Skipped:
        too_long: BadEvent | None = None
        for key in (video.key, *([video.other_key] if video.other_key else [])):
            try:
                keys = Keys.of(self.settings, key)
            except BadEvent as error:
                too_long = error
                continue
            heading, reading = self.pool.submit(self.source.head, key), self.pool.submit(self.output.get, keys.manifest)
            stored, manifest = heading.result(), parse_manifest(reading.result())
            if stored is None:
                continue
            if stored.size_bytes == 0:
                return Skipped(key, "an object of zero bytes")
            if MADE_HERE in stored.metadata:
                return Skipped(key, f"made by this function: it carries {MADE_HERE}")
            return _Sight(key, stored, keys, manifest)
        if too_long:
            raise too_long
        return Skipped(video.key, "there is no such object; it may have been deleted or moved since")

    def ask_media_info(self, sight: _Sight) -> tuple[MediaInfo, list[Missed]]:
        """Give the media info; where the file is to blame that there is none, or no picture, say what is missed."""
        try:
            media = self.source.media_info(sight.key)
        except CloudRefused as error:
            if error.about_setup:
                raise
            nothing = MediaInfo(None, None, None, None, has_picture=False)
            return nothing, [Missed(None, error.code, f"no media info: {error.message}")]
        if not media.has_picture:
            return media, [Missed(None, "NoPicture", "the file has no video stream")]
        return media, []

    def check_source_is_the_same(self, sight: _Sight) -> None:
        stored = self.source.head(sight.key)
        if stored is None or stored.etag != sight.stored.etag:
            raise CloudUnavailable(
                "the object changed while its pictures were taken; the next delivery starts over",
                operation="HeadObject",
                key=sight.key,
                code="SourceChanged",
            )

    def keep(self, sight: _Sight, thumbnail: Thumbnail) -> str:
        key = sight.keys.thumbnail(name_generation(sight.stored.etag), at_ms=thumbnail.at_ms, size=thumbnail.size)
        self.put(sight, key, thumbnail.body, CONTENT_TYPES[thumbnail.format], self.settings.cache_control)
        return key

    def keep_poster(self, sight: _Sight, chosen: Candidate | None) -> PosterEntry | None:
        if chosen is None:
            return None
        picture = chosen.thumbnail
        self.put(sight, sight.keys.poster, picture.body, CONTENT_TYPES[picture.format], MUST_ASK_AGAIN)
        return PosterEntry(key=sight.keys.poster, at_ms=picture.at_ms, why=why(chosen.look))

    def put(self, sight: _Sight, key: str, body: bytes, content_type: str, cache_control: str) -> None:
        metadata = {MADE_HERE: sight.stored.etag}
        self.output.put(key, body, content_type=content_type, cache_control=cache_control, metadata=metadata)


def _times_of(sight: _Sight, settings: Settings) -> tuple[TimePoint, ...]:
    own = sight.stored.metadata.get(TIMES_OF_ONE)
    if own is None:
        return settings.times
    try:
        return parse_times(own)
    except ValueError as error:
        raise BadEvent(f"{TIMES_OF_ONE} on the object: {error}", code="BadTimes", key=sight.key) from error


def _describe_source(bucket: str, region: str, sight: _Sight, media: MediaInfo) -> Source:
    return Source(
        bucket=bucket,
        region=region,
        key=sight.key,
        etag=sight.stored.etag,
        size_bytes=sight.stored.size_bytes,
        duration_ms=media.duration_ms,
        width_px=media.width_px,
        height_px=media.height_px,
        codec=media.codec,
    )

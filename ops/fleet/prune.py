"""`python -m ops prune`: removes objects that the function wrote and that no manifest names.

A function that is killed between two calls, or a bucket that loses objects by a lifecycle rule, leaves such objects:
"deletes by lifecycle do not notify" (PutBucketNotification, read 2026-11-25). An object is removed only when all of
this holds: it lies below the output prefix, it carries the function's mark, it is older than the longest redelivery,
and neither the manifest of its own folder nor that of the folder above names it. The manifests are read again directly
before the removal.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ops.cloud.manifest import MAX_BYTES, NAME, Manifest, read_manifest
from ops.cloud.responses import ListedObject
from ops.counting import plural
from ops.errors import CloudError, OpsError
from ops.fleet.command_line import MAX_LIMIT, Fleet, Say, open_fleet, parser_of, say
from ops.numbers import number, whole_number
from ops.progress import waiting

MARK = "x-cos-meta-snapshot-source-etag"
"""The metadata of every object that the function writes."""
_GENERATION = re.compile(r"[0-9a-f]{8}([0-9a-f]{8})?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_WORKERS = 8
_DEFAULT_AGE_HOURS = 24.0  # an event waits 6 hours at most, and is then repeated twice
_MAX_AGE_HOURS = 87_600  # ten years
_DEFAULT_LIMIT = 10_000
_MAX_SHOWN = 20


@dataclass(frozen=True, slots=True)
class PruneOptions:
    """The limits of one run. `prefix` narrows the output prefix; `min_age` protects what a delivery is writing now.

    `lost_sources` also removes the pictures of videos that no longer exist or are empty.
    """

    prefix: str = ""
    min_age: timedelta = timedelta(hours=_DEFAULT_AGE_HOURS)
    limit: int = _DEFAULT_LIMIT
    lost_sources: bool = False


@dataclass(frozen=True, slots=True)
class Orphan:
    """An object that is to be removed, and the reason."""

    bucket: str
    key: str
    size_bytes: int
    reason: str


class Pruner:
    """Finds and removes orphans in one output bucket. `now` is an aware time.

    Raises:
        OpsError: the options' prefix is outside the output prefix.
    """

    def __init__(self, fleet: Fleet, bucket: str, options: PruneOptions, *, now: datetime) -> None:
        self._cloud, self._bucket, self._options, self._now = fleet.cloud, bucket, options, now
        self._output_prefix = fleet.settings.output_prefix
        if options.prefix and not options.prefix.startswith(self._output_prefix):
            raise OpsError(
                f"--prefix {options.prefix} is outside the output prefix {self._output_prefix}",
                remedy=f"Begin it with {self._output_prefix}, as in {self._output_prefix}{options.prefix.lstrip('/')}",
            )
        self._sources = [source for source in fleet.stack.source_buckets if fleet.output_bucket(source) == bucket]

    def find(self, progress: Callable[[str], object] = lambda _: None) -> list[Orphan]:
        """Return up to `limit` orphans in the order of their keys.

        Raises:
            CloudError: the bucket cannot be read.
        """
        orphans: list[Orphan] = []
        listed = 0
        with ThreadPoolExecutor(_WORKERS) as pool:
            for group in self._groups():
                listed += len(group)
                progress(f"{plural(listed, 'object')} looked at, {len(orphans)} to remove")
                reasons = self._reasons(group)
                candidates = [entry for entry in group if entry.key in reasons and self._is_old(entry)]
                marked = pool.map(self._is_marked, candidates)
                orphans += [
                    Orphan(self._bucket, entry.key, entry.size_bytes, reasons[entry.key])
                    for entry, has_mark in zip(candidates, marked, strict=True)
                    if has_mark
                ]
                if len(orphans) >= self._options.limit:
                    return orphans[: self._options.limit]
        return orphans

    def remove(self, orphans: Sequence[Orphan]) -> int:
        """Remove those that are still orphans, and return how many were removed.

        Raises:
            CloudError: an object cannot be removed; those before it are.
        """
        removed = 0
        with ThreadPoolExecutor(_WORKERS) as pool:
            for folder in dict.fromkeys(_folder(orphan.key) for orphan in orphans):
                keys = [orphan.key for orphan in orphans if _folder(orphan.key) == folder]
                reasons = self._reasons_of_keys(folder, keys)
                still = [key for key in keys if key in reasons]
                # a manifest goes first: what it names must never be missing while it stands
                for key in [key for key in still if key.endswith(f"/{NAME}")]:
                    self._cloud.delete_object(self._bucket, key)
                rest = [key for key in still if not key.endswith(f"/{NAME}")]
                list(pool.map(lambda key: self._cloud.delete_object(self._bucket, key), rest))
                removed += len(still)
        return removed

    def _groups(self) -> Iterator[list[ListedObject]]:
        """Yield the objects below the prefix, those of one video's folder together."""
        group: list[ListedObject] = []
        for entry in self._cloud.list_objects(self._bucket, self._options.prefix or self._output_prefix):
            if not entry.key.startswith(self._output_prefix):
                continue
            if group and _folder(group[-1].key) != _folder(entry.key):
                yield group
                group = []
            group.append(entry)
        if group:
            yield group

    def _reasons(self, group: Sequence[ListedObject]) -> dict[str, str]:
        return self._reasons_of_keys(_folder(group[0].key), [entry.key for entry in group])

    def _reasons_of_keys(self, folder: str, keys: Sequence[str]) -> dict[str, str]:
        """Return those of a folder's keys that nothing names, each with the reason; none where one cannot tell."""
        try:
            return self._judge(folder, keys)
        except _Unreadable:
            return {}

    def _judge(self, folder: str, keys: Sequence[str]) -> dict[str, str]:
        manifest = self._manifest(folder)
        if self._options.lost_sources and manifest is not None and self._is_lost(manifest):
            return dict.fromkeys(keys, "its video no longer exists, or is empty")
        named = manifest.keys if manifest else frozenset[str]()
        loose = [key for key in keys if key not in named and key != f"{folder}/{NAME}"]
        above = self._manifest(folder.rpartition("/")[0]) if loose and "/" in folder else None
        named_above = above.keys if above else frozenset[str]()
        return {key: "no manifest names it" for key in loose if key not in named_above}

    def _manifest(self, folder: str) -> Manifest | None:
        """Return a folder's manifest, or None where there is none.

        Raises:
            _Unreadable: there is one, and it is too large or no manifest.
        """
        if not f"{folder}/".startswith(self._output_prefix):
            return None
        try:
            body = self._cloud.get_object(self._bucket, f"{folder}/{NAME}", max_bytes=MAX_BYTES)
        except CloudError as error:
            if error.code == "StrangeAnswer":
                raise _Unreadable from None
            raise
        manifest = None if body is None else read_manifest(body)
        if body is not None and manifest is None:
            raise _Unreadable
        return manifest

    def _is_lost(self, manifest: Manifest) -> bool:
        buckets = [manifest.source.bucket] if manifest.source.bucket in self._sources else self._sources
        return bool(buckets) and not any(self._has_video(bucket, manifest.source.key) for bucket in buckets)

    def _has_video(self, bucket: str, key: str) -> bool:
        headers = self._cloud.head_object(bucket, key)
        return headers is not None and headers.get("content-length") != "0"

    def _is_old(self, entry: ListedObject) -> bool:
        written = _read_time(entry.last_modified)
        return written is not None and self._now - written >= self._options.min_age

    def _is_marked(self, entry: ListedObject) -> bool:
        headers = self._cloud.head_object(self._bucket, entry.key)
        return headers is not None and MARK in headers


class _Unreadable(Exception):
    """A manifest that cannot be read: whatever it may name is left alone."""


def _folder(key: str) -> str:
    """Return the folder of the video that an object belongs to: a generation's folder counts to the one above."""
    folder = key.rpartition("/")[0]
    above, _, last = folder.rpartition("/")
    return above if above and _GENERATION.fullmatch(last) else folder


def _read_time(text: str) -> datetime | None:
    match = _TIME.match(text)
    return datetime.fromisoformat(f"{match[0]}+00:00") if match else None


def main(arguments: Sequence[str]) -> int:
    """Report the orphans, and with --yes remove them.

    Raises:
        OpsError: it cannot be done, with what to do.
    """
    parser = parser_of("prune", "Remove objects that the function wrote and that no manifest names.")
    parser.add_argument(
        "--prefix",
        default="",
        help="only keys that begin with this: the output prefix and more, such as thumbnails/videos/film",
    )
    parser.add_argument(
        "--older-than", type=number(0, _MAX_AGE_HOURS), default=_DEFAULT_AGE_HOURS, metavar="HOURS",
        help="only objects that are older than this (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--limit", type=whole_number(1, MAX_LIMIT), default=_DEFAULT_LIMIT, metavar="NUMBER",
        help="remove at most this many (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--lost-sources", action="store_true", help="also remove everything made of videos that no longer exist"
    )
    chosen = parser.parse_args(arguments)
    options = PruneOptions(chosen.prefix, timedelta(hours=chosen.older_than), chosen.limit, chosen.lost_sources)
    run_prune(open_fleet(chosen), options, execute=chosen.yes, say=say)
    return 0


def run_prune(fleet: Fleet, options: PruneOptions, *, execute: bool, say: Say) -> int:
    """Report the orphans of all output buckets, remove them if told to, and return how many there were.

    Raises:
        OpsError: the prefix is outside the output prefix, a bucket cannot be read, or an object not removed.
    """
    count = 0
    for bucket in sorted({fleet.output_bucket(source) for source in fleet.stack.source_buckets}):
        pruner = Pruner(fleet, bucket, options, now=datetime.now(timezone.utc))
        with waiting(f"looking through {bucket}") as line:
            orphans = pruner.find(line.update)
        count += len(orphans)
        for orphan in orphans[:_MAX_SHOWN]:
            say(f"- {orphan.key} ({orphan.reason})")
        if len(orphans) > _MAX_SHOWN:
            say(f"  and {len(orphans) - _MAX_SHOWN} more")
        size_mb = sum(orphan.size_bytes for orphan in orphans) / 1e6
        if not orphans:
            say(f"{bucket}: nothing to remove.")
        elif not execute:
            count_text = plural(len(orphans), "object")
            say(f"{bucket}: {count_text}, {size_mb:.1f} MB. Nothing was removed. Add --yes to remove them.")
        else:
            with waiting(f"removing {plural(len(orphans), 'object')}"):
                removed = pruner.remove(orphans)
            say(f"{bucket}: {plural(removed, 'object')} removed, {size_mb:.1f} MB.")
    return count

"""An inspection of a source and its output -> the next action.

    source there, manifest right, nothing else    Done
    source there, manifest right, leftovers       Sweep
    source there, manifest missing or not right   Make
    source gone, output there                     Remove
    source gone, no output                        Done

Every event of a key, whatever it says, asks the same question: does the output describe the source as it is now by the
settings as they are now? So it does not matter in which order events come, or how often.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from snapshot.events import Skipped
from snapshot.layout import SOURCE_ETAG_METADATA, Layout, ThumbnailName, name_generation
from snapshot.manifest import DocumentEntry, FileEntry, Manifest
from snapshot.media import ListedObject, StoredObject
from snapshot.outcomes import Outcome, Unchanged
from snapshot.recipe import Recipe, read_recipe
from snapshot.settings import Settings

_RENDERING_VERSION = 1  # one more whenever the same frame would be rendered to other pixels


@dataclass(frozen=True, slots=True)
class Inspection:
    """The state of one key: the source, the manifest, and the objects under the source's folder by their key.

    `listed` holds only names that the layout gives, without those in `foreign`, which do not carry our mark.
    """

    key: str
    layout: Layout
    source: StoredObject | None
    manifest: Manifest | None
    listed: Mapping[str, ListedObject]


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do."""

    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Make:
    """Make the output of the recipe, reusing the stored objects of `generation`."""

    recipe: Recipe
    generation: str


@dataclass(frozen=True, slots=True)
class Sweep:
    """Delete the objects that the manifest no longer names."""

    keys: tuple[str, ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete everything that was made of a source that is gone, the manifest first."""

    keys: tuple[str, ...]


Decision = Done | Make | Sweep | Remove


def decide(inspection: Inspection, settings: Settings, *, bucket: str) -> Decision:
    """Return the next action for a key of `bucket`, the full name of the source's bucket."""
    source = inspection.source
    reason = no_source_reason(source)
    if source is None or reason:
        return _decide_removal(inspection, settings, bucket, reason)
    recipe = read_recipe(settings, source.metadata)
    generation = generation_of(settings, source.etag)
    manifest = inspection.manifest
    is_ours = manifest is not None and manifest.source.bucket == bucket
    if manifest is None or not is_ours or not is_current(manifest, inspection, recipe=recipe, generation=generation):
        return Make(recipe, generation)
    done = Unchanged(inspection.key, inspection.layout.manifest)
    leftovers = _leftovers(inspection, manifest, settings, generation)
    return Sweep(leftovers, done) if leftovers else Done(done)


def no_source_reason(source: StoredObject | None) -> str:
    """Return the reason for which an object is no source; empty where it is one."""
    if source is None:
        return "there is no such object; it may have been deleted or moved since"
    if source.size_bytes == 0:
        return "the object is empty (0 bytes)"
    if SOURCE_ETAG_METADATA in source.metadata:
        return f"made by this function: it carries {SOURCE_ETAG_METADATA}"
    return ""


def is_same_source(current: StoredObject | None, earlier: StoredObject | None) -> bool:
    """Tell whether two looks at a source saw the same object: content, metadata, and when or as which it was stored."""
    if current is None or earlier is None:
        return current is earlier
    return (current.etag, current.last_modified, current.version_id, dict(current.metadata)) == (
        earlier.etag,
        earlier.last_modified,
        earlier.version_id,
        dict(earlier.metadata),
    )


def generation_of(settings: Settings, etag: str) -> str:
    """Return the name of the generation that these settings make of a content."""
    return name_generation(etag, settings.mode, settings.rotate, settings.fit, settings.quality, _RENDERING_VERSION)


def is_current(manifest: Manifest, inspection: Inspection, *, recipe: Recipe, generation: str) -> bool:
    """Tell whether a manifest is what would be made now, and everything that it names lies there unchanged."""
    if (
        inspection.source is None
        or manifest.source.etag != inspection.source.etag
        or manifest.source.key != inspection.key
    ):
        return False
    if manifest.recipe != recipe.digest or manifest.generation != generation:
        return False
    if not manifest.thumbnails and not manifest.missed:
        return False
    layout = inspection.layout
    if any(layout.read_thumbnail(generation, entry.key) is None for entry in manifest.thumbnails):
        return False
    listed = inspection.listed
    return named_keys(manifest) <= listed.keys() and all(lies_there(entry, listed) for entry in named_entries(manifest))


def named_entries(manifest: Manifest) -> list[FileEntry | DocumentEntry]:
    """Return every picture, and every file for players, that a manifest names with its size and ETag."""
    posters = manifest.poster.files if manifest.poster else ()
    sheets = manifest.storyboard.sheets if manifest.storyboard else ()
    documents = manifest.storyboard.files.values() if manifest.storyboard else ()
    previews = [manifest.preview] if manifest.preview else []
    return [*manifest.thumbnails, *posters, *sheets, *previews, *documents]


def named_keys(manifest: Manifest) -> set[str]:
    """Return the key of everything that a manifest names."""
    keys = {entry.key for entry in named_entries(manifest)}
    return keys | {manifest.poster.key} if manifest.poster else keys


def named_objects(manifest: Manifest, layout: Layout) -> tuple[ListedObject, ...]:
    """Return the listing that there would be if a manifest, and all that it names, lay there as it says."""
    named = {entry.key: ListedObject(entry.key, entry.etag, entry.size_bytes) for entry in named_entries(manifest)}
    return (*named.values(), ListedObject(layout.manifest, "", 0))


def names_by_key(inspection: Inspection, generation: str) -> dict[str, ThumbnailName]:
    """Return the thumbnails of a generation that lie there, by their key."""
    names = ((key, inspection.layout.read_thumbnail(generation, key)) for key in inspection.listed)
    return {key: name for key, name in names if name is not None}


def _decide_removal(inspection: Inspection, settings: Settings, bucket: str, reason: str) -> Decision:
    foreign = inspection.manifest is not None and inspection.manifest.source.bucket != bucket
    if not inspection.listed or foreign or settings.on_delete == "keep":
        return Done(Skipped(inspection.key, reason))
    manifest = inspection.layout.manifest
    return Remove(tuple(sorted(inspection.listed, key=lambda key: (key != manifest, key))))


def _leftovers(inspection: Inspection, manifest: Manifest, settings: Settings, generation: str) -> tuple[str, ...]:
    leftovers = inspection.listed.keys() - named_keys(manifest) - {inspection.layout.manifest}
    if settings.on_replace == "keep":
        layout, journal = inspection.layout, inspection.layout.journal(generation)
        leftovers = {key for key in leftovers if key == journal or layout.is_tile(key) or not layout.generation_of(key)}
    return tuple(sorted(leftovers))


def lies_there(entry: FileEntry | DocumentEntry, listed: Mapping[str, ListedObject]) -> bool:
    """Tell whether what an entry names lies there as it says."""
    stored = listed.get(entry.key)
    return stored is not None and stored.size_bytes == entry.size_bytes and stored.etag == entry.etag

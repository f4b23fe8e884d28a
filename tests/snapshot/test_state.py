import pytest

from snapshot.events import Skipped
from snapshot.layout import Layout, ThumbnailName
from snapshot.manifest import Calls, FileEntry, Manifest, MissedEntry, PosterEntry, Source, ThumbnailEntry
from snapshot.media import ListedObject, Size, StoredObject
from snapshot.outcomes import Unchanged
from snapshot.recipe import read_recipe
from snapshot.settings import Settings
from snapshot.state import (
    Done,
    Inspection,
    Make,
    Remove,
    Sweep,
    decide,
    generation_of,
    is_same_source,
    no_source_reason,
)

BUCKET = "examplebucket-1250000000"
KEY = "videos/a.mp4"
ETAG = "5d41402abc4b2a76b9719d911017c592"
LAYOUT = Layout.of("thumbnails/", KEY)
SETTINGS = Settings.from_environment({})


def source(etag=ETAG, size_bytes=100, **metadata):
    headers = {f"x-cos-meta-{name.replace('_', '-')}": value for name, value in metadata.items()}
    return StoredObject(etag, size_bytes, headers, "Wed, 25 Nov 2026 10:00:00 GMT")


def thumbnail(at_ms=1000, generation=None, etag="e1"):
    name = ThumbnailName(at_ms, Size(0, 0), "jpg")
    key = LAYOUT.thumbnail(generation or generation_of(SETTINGS, ETAG), name)
    return ThumbnailEntry(key=key, at_ms=at_ms, width_px=64, height_px=36, format="jpg", size_bytes=10, etag=etag)


def manifest(**changes):
    files = (FileEntry(key=LAYOUT.poster("jpg"), width_px=64, height_px=36, format="jpg", size_bytes=10, etag="e1"),)
    facts = {
        "source": Source(
            bucket=BUCKET,
            region="ap-guangzhou",
            key=KEY,
            etag=ETAG,
            size_bytes=100,
            duration_ms=4000,
            width_px=64,
            height_px=36,
            codec="h264",
        ),
        "recipe": read_recipe(SETTINGS, {}).digest,
        "generation": generation_of(SETTINGS, ETAG),
        "thumbnails": (thumbnail(),),
        "missed": (),
        "poster": PosterEntry(key=LAYOUT.poster("jpg"), at_ms=1000, why="the best", files=files),
        "calls": Calls(snapshot=1, media_info=1),
        "made_at": "2026-11-25T10:00:00Z",
        "made_by": "snapshot",
    }
    return Manifest(**(facts | changes))


def listed(document, *objects_beside):
    entries = [*document.thumbnails, *(document.poster.files if document.poster else ())]
    objects = [ListedObject(entry.key, entry.etag, entry.size_bytes) for entry in entries]
    objects += [ListedObject(LAYOUT.manifest, "m", 500), *(ListedObject(key, "x", 5) for key in objects_beside)]
    return {stored.key: stored for stored in objects}


def inspection(document=None, *, stored=None, objects=None):
    document = document or manifest()
    return Inspection(KEY, LAYOUT, source() if stored is None else stored, document, objects or listed(document))


def decided(state, **settings):
    environment = {f"SNAPSHOT_{name.upper()}": value for name, value in settings.items()}
    return decide(state, Settings.from_environment(environment), bucket=BUCKET)


def test_current_output_is_done():
    """A manifest that describes the source by the settings, all of it there, leaves nothing to do."""
    assert decided(inspection()) == Done(Unchanged(KEY, LAYOUT.manifest))


def test_without_manifest_make():
    """A source without a manifest is made."""
    state = Inspection(KEY, LAYOUT, source(), None, {})
    decision = decided(state)
    assert isinstance(decision, Make)
    assert decision.generation == generation_of(SETTINGS, ETAG)


@pytest.mark.parametrize(
    "change",
    [
        {"times": "2"},
        {"sizes": "32x0"},
        {"mode": "keyframe"},
        {"rotate": "off"},
        {"format": "png"},
        {"fit": "cover"},
        {"quality": "50"},
        {"poster": "1"},
    ],
    ids=str,
)
def test_other_settings_make(change):
    """Whatever decides what is made, another value of it makes anew."""
    assert isinstance(decided(inspection(), **change), Make)


@pytest.mark.parametrize("change", [{"concurrency": "2"}, {"cache_control": "no-store"}], ids=str)
def test_settings_that_make_nothing_else(change):
    """Settings that do not decide what is made leave the manifest current."""
    assert isinstance(decided(inspection(), **change), Done)


@pytest.mark.parametrize(
    "stored", [source(etag=ETAG[:-1] + "3"), source(snapshot_times="2,3")], ids=["content", "metadata"]
)
def test_other_source_makes(stored):
    """Other content or other time points are made anew; an ETag's shared beginning is not enough."""
    assert isinstance(decided(inspection(stored=stored)), Make)


def without(*keys):
    objects = listed(manifest())
    return {key: stored for key, stored in objects.items() if key not in keys}


@pytest.mark.parametrize(
    "objects",
    [
        without(thumbnail().key),
        without(LAYOUT.poster("jpg")),
        listed(manifest()) | {thumbnail().key: ListedObject(thumbnail().key, "e1", 9)},
        listed(manifest()) | {thumbnail().key: ListedObject(thumbnail().key, "other", 10)},
        listed(manifest()) | {LAYOUT.poster("jpg"): ListedObject(LAYOUT.poster("jpg"), "other", 10)},
    ],
    ids=["thumbnail gone", "poster gone", "truncated", "other bytes", "another video's poster"],
)
def test_manifest_that_names_what_is_not_there(objects):
    """A manifest counts only where everything that it names lies there as it says."""
    assert isinstance(decided(inspection(objects=objects)), Make)


@pytest.mark.parametrize(
    "changes",
    [
        {"thumbnails": (), "poster": None},
        {"thumbnails": (thumbnail(generation="f" * 16),)},
        {"thumbnails": (thumbnail().model_copy(update={"key": "videos/a.mp4"}),)},
        {"generation": "f" * 16},
    ],
    ids=["names nothing", "another generation", "the source itself", "lies about the generation"],
)
def test_planted_manifest(changes):
    """A manifest that this function would not have written is none."""
    document = manifest(**changes)
    assert isinstance(decided(inspection(document, objects=listed(document, KEY))), Make)


def test_manifest_without_pictures():
    """A manifest may say that there is no picture, with the reason."""
    document = manifest(
        thumbnails=(), poster=None, missed=(MissedEntry(at_ms=None, code="NoPicture", message="sound only"),)
    )
    assert isinstance(decided(inspection(document)), Done)


OLD = LAYOUT.thumbnail("f" * 16, ThumbnailName(1000, Size(0, 0), "jpg"))
UNNAMED = LAYOUT.thumbnail(generation_of(SETTINGS, ETAG), ThumbnailName(9000, Size(0, 0), "jpg"))
JOURNAL = LAYOUT.journal(generation_of(SETTINGS, ETAG))
POSTER = LAYOUT.poster("png")
TILE = LAYOUT.tile(generation_of(SETTINGS, ETAG), 2000)
OLD_TILE = LAYOUT.tile("f" * 16, 2000)
OLD_SHEET = LAYOUT.sheet("f" * 16, "0" * 8, 0)


def test_leftovers_are_swept():
    """Names of ours that a current manifest does not name are swept, and no other."""
    document = manifest()
    state = inspection(document, objects=listed(document, OLD, UNNAMED, JOURNAL, POSTER))
    assert decided(state) == Sweep(tuple(sorted([OLD, UNNAMED, JOURNAL, POSTER])), Unchanged(KEY, LAYOUT.manifest))


def test_replaced_generations_may_be_kept():
    """With SNAPSHOT_ON_REPLACE=keep what older pages may still name stays; a journal and a wrong poster do not."""
    document = manifest()
    state = inspection(document, objects=listed(document, OLD, JOURNAL, POSTER))
    assert decided(state, on_replace="keep").keys == tuple(sorted([JOURNAL, POSTER]))


def test_tiles_are_never_kept():
    """Tiles of every generation go with SNAPSHOT_ON_REPLACE=keep too; a sheet that a page may name stays."""
    document = manifest()
    state = inspection(document, objects=listed(document, TILE, OLD_TILE, OLD_SHEET))
    assert decided(state, on_replace="keep").keys == tuple(sorted([TILE, OLD_TILE]))


def gone(document=None, objects=None):
    document = document or manifest()
    return Inspection(KEY, LAYOUT, None, document, listed(document) if objects is None else objects)


def test_source_gone_removes():
    """The output of a source that is gone goes, the manifest first."""
    decision = decided(gone())
    assert isinstance(decision, Remove)
    assert decision.keys[0] == LAYOUT.manifest
    assert set(decision.keys) == set(listed(manifest()))


@pytest.mark.parametrize(
    ("state", "settings"),
    [
        (gone(objects={}), {}),
        (gone(), {"on_delete": "keep"}),
        (gone(manifest(source=manifest().source.model_copy(update={"bucket": "other-1250000000"}))), {}),
    ],
    ids=["nothing there", "kept by setting", "made for another bucket"],
)
def test_source_gone_and_nothing_to_do(state, settings):
    """Nothing is removed where nothing is there, where the setting says so, or where another bucket's video made it."""
    decision = decided(state, **settings)
    assert isinstance(decision, Done)
    assert isinstance(decision.outcome, Skipped)


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        (None, "there is no such object"),
        (source(size_bytes=0), "the object is empty (0 bytes)"),
        (source(snapshot_source_etag="x"), "made by this function"),
    ],
    ids=["gone", "empty", "marked"],
)
def test_no_source(stored, reason):
    """An object that is no source has a reason; the output of the video that it replaced is removed."""
    assert no_source_reason(stored).startswith(reason)
    state = Inspection(KEY, LAYOUT, stored, manifest(), listed(manifest()))
    assert isinstance(decided(state), Remove)


def test_size_unknown_is_a_source():
    """An object whose size HEAD does not say is a source."""
    assert no_source_reason(source(size_bytes=None)) == ""


@pytest.mark.parametrize(
    ("now", "earlier", "expected"),
    [
        (source(), source(), True),
        (source(), source(etag="other"), False),
        (source(), source(snapshot_times="2"), False),
        (source(), StoredObject(ETAG, 100, {}, "Wed, 25 Nov 2026 10:00:01 GMT"), False),
        (source(), StoredObject(ETAG, 100, {}, "Wed, 25 Nov 2026 10:00:00 GMT", "v2"), False),
        (None, source(), False),
        (None, None, True),
    ],
    ids=["same", "content", "metadata", "stored later", "version", "gone", "still gone"],
)
def test_same_source(now, earlier, expected):
    """Overwritten and back is not the same: content, metadata, time and version are compared."""
    assert is_same_source(now, earlier) is expected

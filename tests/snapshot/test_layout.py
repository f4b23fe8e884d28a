import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from snapshot.errors import BadEvent
from snapshot.layout import Layout, ThumbnailName, name_generation
from snapshot.media import Size

ETAG = "5d41402abc4b2a76b9719d911017c592"
GENERATION = "0123456789abcdef"


def layout(key="videos/a.mp4"):
    return Layout.of("thumbnails/", key)


def test_keys_of_the_design():
    """Every kind of object lies where design.md says."""
    name = ThumbnailName(1500, Size(640, 0), "jpg")
    assert layout().thumbnail(GENERATION, name) == f"thumbnails/videos/a.mp4/{GENERATION}/000001500-640x0.jpg"
    assert layout().poster("jpg") == "thumbnails/videos/a.mp4/poster.jpg"
    assert layout().poster("webp", Size(640, 0)) == "thumbnails/videos/a.mp4/poster-640x0.webp"
    assert layout().manifest == "thumbnails/videos/a.mp4/manifest.json"
    assert layout().journal(GENERATION) == f"thumbnails/videos/a.mp4/{GENERATION}/journal.json"


@pytest.mark.parametrize(
    "key", ["/a.mp4", "a//b.mp4", "../a.mp4", "视频/猫.mp4", "a b+c%2B.mp4", 'it\'s "a".mp4'], ids=str
)
def test_source_key_verbatim(key):
    """The source's key stands in its outputs as it is."""
    assert layout(key).manifest == f"thumbnails/{key}/manifest.json"


@given(
    st.tuples(st.text(max_size=20), st.text(max_size=20)).filter(lambda keys: keys[0] != keys[1]),
    st.integers(0, 10**9 - 1),
)
@examples(max_examples=60)
def test_sources_share_no_output(sources, at_ms):
    """No two sources have an output key in common."""
    name = ThumbnailName(at_ms, Size(0, 0), "jpg")
    keys = [
        {entry.manifest, entry.poster("jpg"), entry.thumbnail(GENERATION, name)}
        for entry in (layout(f"{key}.mp4") for key in sources)
    ]
    assert not keys[0] & keys[1]


@pytest.mark.parametrize("letter", ["v", "视", "🎬"], ids=["one byte", "three bytes", "four bytes"])
def test_longest_key(letter):
    """A key whose longest output just fits is taken; one byte more is refused with the excess."""
    tail = len(f"thumbnails//{GENERATION}/1000000000-4096x4096.webp")
    fits = (850 - tail) // len(letter.encode())
    key = letter * fits + "x" * (850 - tail - fits * len(letter.encode()))
    longest = layout(key).thumbnail(GENERATION, ThumbnailName(10**9, Size(4096, 4096), "webp"))
    assert len(longest.encode()) == 850
    with pytest.raises(BadEvent, match="shorten the key or SNAPSHOT_OUTPUT_PREFIX by 1 bytes") as raised:
        layout(key + "x")
    assert (raised.value.code, raised.value.key, raised.value.retryable) == ("KeyTooLong", key + "x", False)


OUR_NAMES = [
    "manifest.json",
    "poster.jpg",
    "poster-640x0.webp",
    "storyboard.vtt",
    "storyboard.json",
    "tiles.m3u8",
    "players.json",
    "preview.webp",
    f"{GENERATION}/000001500-640x0.jpg",
    f"{GENERATION}/1000000000-0x0.png",
    f"{GENERATION}/journal.json",
    f"{GENERATION}/storyboard-01234567-000.jpg",
    f"{GENERATION}/tile-000001500.jpg",
]
FOREIGN_NAMES = [
    "",
    f"{GENERATION}/storyboard-000.jpg",
    f"{GENERATION}/players.json",
    "notes.txt",
    "poster.gif",
    "poster.jpg.bak",
    "b.mp4/manifest.json",
    f"b.mp4/{GENERATION}/000001500-640x0.jpg",
    f"{GENERATION}/holiday.jpg",
    f"{GENERATION[:8]}/000001500-640x0.jpg",
    f"{GENERATION.upper()}/000001500-640x0.jpg",
    f"{GENERATION}/00000150٠-640x0.jpg",
    f"{GENERATION}/x/000001500-640x0.jpg",
]


@pytest.mark.parametrize("name", OUR_NAMES)
def test_own_names(name):
    """Names that the layout gives are its own."""
    assert layout().owns(layout().folder + name)
    assert not layout().owns("elsewhere/" + name)


@pytest.mark.parametrize("name", FOREIGN_NAMES, ids=repr)
def test_foreign_names(name):
    """Other sources' output and people's own files below the folder are left alone."""
    assert not layout().owns(layout().folder + name)


def test_thumbnail_name_round_trip():
    """A thumbnail's key gives back its parts, and only in its own generation."""
    name = ThumbnailName(90_250, Size(0, 360), "avif")
    key = layout().thumbnail(GENERATION, name)
    assert layout().read_thumbnail(GENERATION, key) == name
    assert layout().read_thumbnail("f" * 16, key) is None
    assert layout().read_thumbnail(GENERATION, layout().manifest) is None
    assert layout().generation_of(key) == GENERATION
    assert layout().generation_of(layout().poster("jpg")) == ""


def test_generation_digits():
    """A generation is sixteen hex digits, the same for the same content and rendering."""
    name = name_generation(ETAG, "exactframe", "auto")
    assert len(name) == 16
    assert set(name) <= set("0123456789abcdef")
    assert name == name_generation(ETAG, "exactframe", "auto")


@pytest.mark.parametrize(
    ("etag", "pixels"),
    [
        (ETAG[:-1] + "3", ("exactframe", "auto")),
        (ETAG, ("keyframe", "auto")),
        (ETAG, ("exactframe", "off")),
        (ETAG, ("exactframeauto", "")),
        (ETAG.upper(), ("exactframe", "auto")),
        ("", ("exactframe", "auto")),
    ],
    ids=["same first digits", "mode", "rotation", "joined", "upper case", "no ETag"],
)
def test_generation_differs(etag, pixels):
    """Whatever decides the pixels decides the name: other content, mode or rotation is another generation."""
    assert name_generation(etag, *pixels) != name_generation(ETAG, "exactframe", "auto")

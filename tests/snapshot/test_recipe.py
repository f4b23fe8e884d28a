import pytest

from snapshot.recipe import read_recipe
from snapshot.settings import Settings
from snapshot.times import At, Share

PLAIN = Settings.from_environment({})


def digest(metadata=None, **values):
    environment = {f"SNAPSHOT_{name}": value for name, value in values.items()}
    headers = {f"x-cos-meta-snapshot-{name}": value for name, value in (metadata or {}).items()}
    return read_recipe(Settings.from_environment(environment), headers).digest


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TIMES", "2"),
        ("SIZES", "640x0"),
        ("FORMAT", "png"),
        ("FORMAT", "jpg,webp"),
        ("FIT", "cover"),
        ("QUALITY", "50"),
        ("MODE", "keyframe"),
        ("ROTATE", "off"),
        ("POSTER", "first-unless-flat"),
        ("POSTER_CANDIDATES", "3"),
        ("STORYBOARD", "every:5"),
        ("PREVIEW", "webp"),
        ("MAX_CALLS", "50"),
    ],
)
def test_recipe_changes(name, value):
    """The recipe changes with each setting that decides the output."""
    assert digest(**{name: value}) != digest()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONCURRENCY", "1"),
        ("CACHE_CONTROL", "no-cache"),
        ("OUTPUT_PREFIX", "x/"),
        ("INPUT_PREFIX", "videos/"),
        ("ENDPOINT", "http://127.0.0.1:8000"),
        ("EXTENSIONS", "mp4"),
        ("ON_DELETE", "keep"),
        ("ON_REPLACE", "keep"),
    ],
)
def test_recipe_stays(name, value):
    """The recipe stays with settings that do not decide the output."""
    assert digest(**{name: value}) == digest()


def test_recipe_of_an_upload():
    """Time points and poster of an upload are in its recipe, as if the settings said so."""
    recipe = read_recipe(PLAIN, {"x-cos-meta-snapshot-times": "2,50%", "x-cos-meta-snapshot-poster": "2"})
    assert (recipe.times, recipe.poster, recipe.notes) == ((At(2000), Share(500_000)), At(2000), ())
    assert digest({"times": "2,50%"}) == digest(TIMES="2,50%") != digest()


def test_recipe_with_a_wrong_choice():
    """Metadata of an upload that cannot be read is noted, and the settings hold."""
    recipe = read_recipe(PLAIN, {"x-cos-meta-snapshot-times": "soon"})
    assert recipe.times == PLAIN.times
    assert len(recipe.notes) == 1


def test_recipe_value():
    """The recipe is the same in every process: a new value here means that every video is made again."""
    assert digest() == "afe1cdc350a20763c9579a3c06a722150d6a4b395bfec7b90ea51a5460181b64"


def test_recipe_order():
    """The order of times and sizes does not make another recipe; that of formats does, the first is the poster's."""
    assert digest(TIMES="1,50%,-3") == digest(TIMES="-3,1,50%")
    assert digest(SIZES="1x0,2x0") == digest(SIZES="2x0,1x0")
    assert digest(FORMAT="jpg,webp") != digest(FORMAT="webp,jpg")

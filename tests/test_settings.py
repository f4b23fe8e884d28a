import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshot.errors import BadSettings
from snapshot.settings import Account, Settings, Size, read_environment
from snapshot.times import At, Evenly, Share

ACCOUNT = {
    "TENCENTCLOUD_REGION": "ap-guangzhou",
    "TENCENTCLOUD_SECRETID": "AKIDexample0000",
    "TENCENTCLOUD_SECRETKEY": "keyexample1111",
    "TENCENTCLOUD_SESSIONTOKEN": "tokenexample2222",
}
LONG_BUCKET = "b" * 50 + "-1250000000"


def read(name, value):
    return Settings.from_environment({f"SNAPSHOT_{name}": value})


def problems_of(environ):
    with pytest.raises(BadSettings) as caught:
        read_environment({**ACCOUNT, **environ})
    assert str(caught.value) == "wrong settings: " + "; ".join(caught.value.problems)
    assert not caught.value.retry
    return caught.value.problems


def test_an_empty_environment_gives_the_defaults_of_the_design():
    made = Settings.from_environment({})
    assert made.times == (At(1000), Share(250_000), Share(500_000), Share(750_000))
    assert made.sizes == (Size(0, 0),)
    assert (made.format, made.mode, made.rotate) == ("jpg", "exactframe", "auto")
    assert (made.input_prefix, made.output_prefix, made.output_bucket) == ("", "thumbnails/", "")
    assert made.extensions == ("avi", "mp4", "m4v", "mkv", "mov", "webm", "flv", "ts", "3gp")
    assert (made.concurrency, made.max_calls) == (8, 100)
    assert made.cache_control == "public, max-age=31536000, immutable"
    assert made.endpoint == ""


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("TIMES", "6x, 1.5", "times", (Evenly(6), At(1500))),
        ("SIZES", "640x0", "sizes", (Size(640, 0),)),
        (
            "SIZES",
            "640x0, 0x360,640x0,4096x4096,0x0",
            "sizes",
            (Size(640, 0), Size(0, 360), Size(4096, 4096), Size(0, 0)),
        ),
        *[("FORMAT", word, "format", word) for word in ("jpg", "png", "webp", "avif")],
        *[("MODE", word, "mode", word) for word in ("exactframe", "keyframe")],
        *[("ROTATE", word, "rotate", word) for word in ("auto", "off")],
        ("INPUT_PREFIX", "", "input_prefix", ""),
        ("INPUT_PREFIX", "视频/in 1/", "input_prefix", "视频/in 1/"),
        ("INPUT_PREFIX", "thumb", "input_prefix", "thumb"),
        ("EXTENSIONS", ".MP4, mov,mp4", "extensions", ("mp4", "mov")),
        ("OUTPUT_PREFIX", "a/b", "output_prefix", "a/b/"),
        ("OUTPUT_PREFIX", "缩略图/", "output_prefix", "缩略图/"),
        ("OUTPUT_BUCKET", "", "output_bucket", ""),
        ("OUTPUT_BUCKET", "other-bucket-1250000000", "output_bucket", "other-bucket-1250000000"),
        ("CONCURRENCY", "1", "concurrency", 1),
        ("CONCURRENCY", "64", "concurrency", 64),
        ("MAX_CALLS", "2", "max_calls", 2),
        ("MAX_CALLS", "10000", "max_calls", 10_000),
        ("CACHE_CONTROL", "no-store", "cache_control", "no-store"),
        ("ENDPOINT", "", "endpoint", ""),
        ("ENDPOINT", "http://127.0.0.1:1", "endpoint", "http://127.0.0.1:1"),
        ("ENDPOINT", "http://localhost:65535", "endpoint", "http://localhost:65535"),
    ],
    ids=str,
)
def test_what_is_accepted_is_read(name, value, field, expected):
    assert getattr(read(name, value), field) == expected


@pytest.mark.parametrize(
    ("name", "accepted", "values"),
    [
        ("TIMES", "every:10", ["", "soon", "100%", "-0", "0x"]),
        ("SIZES", "each side 0 to 4096", ["", "640", "640x", "x360", "-1x0", "640X0", "640x0,", "1.5x0", "٦x0"]),
        ("SIZES", "each side 0 to 4096", ["4097x0", "0x4097", "99999x0", "640x0,0x5000"]),
        ("FORMAT", "jpg, png, webp or avif", ["", "jpeg", "JPG", "gif"]),
        ("MODE", "exactframe or keyframe", ["", "exact", "KEYFRAME"]),
        ("ROTATE", "auto or off", ["", "90", "true"]),
        ("EXTENSIONS", "endings such as mp4,mov", ["", "mp4,", "mp4;mov", "*.mp4", "a" * 11]),
        ("OUTPUT_PREFIX", "never empty", ["", "/", "//", " ", "/thumbnails/", "x" * 201, "图" * 67]),
        ("OUTPUT_BUCKET", "a full name with appid", ["examplebucket", "-1250000000", "a-1250000000\n", LONG_BUCKET]),
        ("OUTPUT_BUCKET", "a full name with appid", ["Example-1250000000", "a.b-1250000000", "../x-1250000000"]),
        ("CONCURRENCY", "1 to 64", ["", "0", "-1", "65", "many", "1.5"]),
        ("MAX_CALLS", "2 to 10000", ["", "1", "0", "-5", "10001", "1e3"]),
        ("CACHE_CONTROL", "1 to 200 ASCII", ["", " ", " no-cache", "no-cache ", "a\r\nx: y", "ä", "x" * 201]),
        ("ENDPOINT", "http://127.0.0.1:PORT", ["127.0.0.1:80", "https://127.0.0.1:80", "http://127.0.0.1:80/"]),
        ("ENDPOINT", "http://127.0.0.1:PORT", ["http://127.0.0.1", "http://127.0.0.1:0", "http://127.0.0.1:65536"]),
        ("ENDPOINT", "http://127.0.0.1:PORT", ["http://example.com:80", "http://127.0.0.1:80@example.com:80"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_wrong_is_named_with_what_is_accepted(name, accepted, values):
    for value in values:
        (problem,) = problems_of({f"SNAPSHOT_{name}": value})
        assert problem.startswith(f"SNAPSHOT_{name} (shaped "), value
        assert accepted in problem, value


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("", "empty"),
        ("hunter2", "'aaaaaa9'"),
        ("Zoë-7_图", "'aaa-9_a'"),
        ("a" * 41, "'" + "a" * 40 + "…'"),
        ("it's", '"aa\'a"'),
        ("a\x1b[2J\n", r"'a\x1b[9a\n'"),
    ],
    ids=["empty", "word", "letters of all scripts", "long", "quote", "control characters"],
)
def test_a_wrong_value_shows_as_its_shape(value, shape):
    assert problems_of({"SNAPSHOT_MODE": value}) == (
        f"SNAPSHOT_MODE (shaped {shape}); accepted: exactframe or keyframe",
    )


@given(st.text(alphabet=st.characters(categories=("L", "N")), min_size=4, max_size=60))
@settings(derandomize=True, max_examples=60)
def test_no_value_leaks_whatever_it_is(value):
    secret = f"{value}!Q7"
    environ = dict.fromkeys(
        ("SNAPSHOT_TIMES", "SNAPSHOT_SIZES", "SNAPSHOT_MODE", "SNAPSHOT_ENDPOINT", "SNAPSHOT_CONCURRENCY"), secret
    )
    said = "\n".join(problems_of(environ))
    assert secret not in said
    assert "Q7" not in said


def test_every_problem_is_named_at_once():
    environ = {
        "SNAPSHOT_TIMES": "100%",
        "SNAPSHOT_SIZES": "5000x0",
        "SNAPSHOT_FORMAT": "gif",
        "SNAPSHOT_CONCURRENCY": "-1",
        "SNAPSHOT_OUTPUT_PREFIX": "",
        "TENCENTCLOUD_REGION": "gz",
    }
    named = [problem.split(" ")[0] for problem in problems_of(environ)]
    assert sorted(named) == sorted(environ)


def test_a_wrong_time_point_says_which_and_why():
    (problem,) = problems_of({"SNAPSHOT_TIMES": "1,100%"})
    assert "time point 2: a share is below 100%" in problem
    assert "accepted: seconds (1.5)" in problem


@pytest.mark.parametrize(
    "environ",
    [
        {"SNAPSHOT_INPUT_PREFIX": "thumbnails/"},
        {"SNAPSHOT_INPUT_PREFIX": "thumbnails/of/"},
        {"SNAPSHOT_INPUT_PREFIX": "a/b/", "SNAPSHOT_OUTPUT_PREFIX": "a"},
        {"SNAPSHOT_INPUT_PREFIX": "a/", "SNAPSHOT_OUTPUT_PREFIX": "a/"},
    ],
    ids=["the default", "under the default", "under a given one", "the same"],
)
def test_prefixes_that_leave_no_source_are_refused(environ):
    (problem,) = problems_of(environ)
    assert "SNAPSHOT_INPUT_PREFIX lies under SNAPSHOT_OUTPUT_PREFIX" in problem
    assert "accepted: an input prefix outside the output prefix" in problem


def test_a_contradiction_is_named_beside_the_other_problems():
    both = problems_of({"SNAPSHOT_INPUT_PREFIX": "thumbnails/", "SNAPSHOT_MODE": "x"})
    assert len(both) == 2
    assert any("lies under" in problem for problem in both)


def test_an_input_prefix_above_the_output_prefix_is_fine():
    made = Settings.from_environment({"SNAPSHOT_INPUT_PREFIX": "media/", "SNAPSHOT_OUTPUT_PREFIX": "media/thumbnails"})
    assert (made.input_prefix, made.output_prefix) == ("media/", "media/thumbnails/")


def test_variables_of_others_are_left_alone():
    assert Settings.from_environment({"PATH": "/bin", "times": "6x"}) == Settings()


def test_settings_do_not_change_afterwards():
    with pytest.raises(ValueError, match="frozen"):
        Settings().format = "png"


@pytest.mark.parametrize(
    ("name", "value"),
    [("SIZES", "640x0"), ("FORMAT", "png"), ("MODE", "keyframe"), ("ROTATE", "off"), ("MAX_CALLS", "50")],
)
def test_the_recipe_changes_with_what_is_made(name, value):
    plain = Settings()
    assert read(name, value).recipe(plain.times) != plain.recipe(plain.times)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONCURRENCY", "1"),
        ("CACHE_CONTROL", "no-cache"),
        ("OUTPUT_PREFIX", "x/"),
        ("INPUT_PREFIX", "videos/"),
        ("ENDPOINT", "http://127.0.0.1:8000"),
        ("EXTENSIONS", "mp4"),
    ],
)
def test_the_recipe_stays_with_what_does_not_decide_what_is_made(name, value):
    plain = Settings()
    assert read(name, value).recipe(plain.times) == plain.recipe(plain.times)


def test_the_recipe_is_of_the_times_it_is_given():
    plain = Settings()
    assert plain.recipe((At(1),)) != plain.recipe((At(2),)) == plain.recipe((At(2),))


def test_the_recipe_is_the_same_in_every_process():
    """It decides what is unchanged: a new value here means that every video is made again."""
    assert Settings().recipe((At(1000), Share(250_000))) == (
        "7fefeb0d034b69a1b97ba4c6ab8996e317177c3a62aa517503d9d6607703fd18"
    )


def test_the_account_is_read_and_its_keys_never_show():
    _, account = read_environment(ACCOUNT)
    assert (account.region, account.secret_id.get_secret_value()) == ("ap-guangzhou", "AKIDexample0000")
    assert (account.secret_key.get_secret_value(), account.token.get_secret_value()) == (
        "keyexample1111",
        "tokenexample2222",
    )
    for shown in (repr(account), str(account), repr(account.model_dump())):
        assert not any(ACCOUNT[name] in shown for name in ACCOUNT if name != "TENCENTCLOUD_REGION")


def test_permanent_keys_have_no_token():
    environ = {name: value for name, value in ACCOUNT.items() if name != "TENCENTCLOUD_SESSIONTOKEN"}
    assert read_environment(environ)[1].token.get_secret_value() == ""


def test_keys_that_are_not_there_are_named_with_where_they_come_from():
    with pytest.raises(BadSettings) as caught:
        read_environment({})
    assert caught.value.problems == (
        "TENCENTCLOUD_REGION is not set; it is a region such as ap-guangzhou, set by SCF",
        "TENCENTCLOUD_SECRETID is not set; it is set by SCF where the function has a run role",
        "TENCENTCLOUD_SECRETKEY is not set; it is set by SCF where the function has a run role",
    )


@pytest.mark.parametrize("name", ["TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY"])
def test_an_empty_key_is_a_wrong_one(name):
    (problem,) = problems_of({name: ""})
    assert problem.startswith(f"{name} (shaped empty); accepted: ")


@pytest.mark.parametrize("region", ["gz", "", "AP-GUANGZHOU", "ap-guangzhou.example.com", "ap guangzhou"])
def test_a_region_that_is_no_full_name_is_refused(region):
    (problem,) = problems_of({"TENCENTCLOUD_REGION": region})
    assert "accepted: a region such as ap-guangzhou" in problem


def test_the_error_holds_no_value_in_its_chain():
    with pytest.raises(BadSettings) as caught:
        read_environment({**ACCOUNT, "SNAPSHOT_MODE": "hunter2"})
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


def test_the_descriptions_tell_every_variable():
    for model in (Settings, Account):
        assert all(field.alias and field.description for field in model.model_fields.values())


def test_the_order_of_the_times_does_not_make_another_recipe():
    one, other = (Settings.from_environment({"SNAPSHOT_TIMES": times}) for times in ("1,50%,-3", "-3,1,50%"))
    assert one.recipe(one.times) == other.recipe(other.times)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("SNAPSHOT_SIZE", "SNAPSHOT_SIZE is no setting; SNAPSHOT_SIZES is"),
        ("SNAPSHOT_UNHEARD_OF_THING", "accepted: SNAPSHOT_TIMES, "),
    ],
)
def test_a_misspelt_variable_is_not_passed_over(name, said):
    with pytest.raises(BadSettings, match=said):
        Settings.from_environment({name: "1"})

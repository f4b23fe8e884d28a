import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshot.errors import BadSettings
from snapshot.media import Size
from snapshot.settings import Account, Settings, read_environment
from snapshot.times import At, Evenly, Every, FromEnd, Share

ACCOUNT = {
    "TENCENTCLOUD_REGION": "ap-guangzhou",
    "TENCENTCLOUD_APPID": "1250000000",
    "TENCENTCLOUD_SECRETID": "AKIDexample0000",
    "TENCENTCLOUD_SECRETKEY": "keyexample1111",
    "TENCENTCLOUD_SESSIONTOKEN": "tokenexample2222",
}
LONG_BUCKET = "b" * 51 + "-1250000000"


def read(name, value):
    return Settings.from_environment({f"SNAPSHOT_{name}": value})


def problems_of(environ):
    with pytest.raises(BadSettings) as error:
        read_environment({**ACCOUNT, **environ})
    assert str(error.value) == "wrong settings: " + "; ".join(error.value.problems)
    assert not error.value.retryable
    return error.value.problems


def test_defaults():
    """An empty environment gives the defaults that README promises."""
    defaults = Settings.from_environment({})
    assert defaults.times == (At(1000), Share(250_000), Share(500_000), Share(750_000))
    assert (defaults.sizes, defaults.fit, defaults.formats, defaults.quality) == (
        (Size(0, 0),),
        "contain",
        ("jpg",),
        None,
    )
    assert (defaults.format, defaults.mode, defaults.rotate) == ("jpg", "exactframe", "auto")
    assert (defaults.poster, defaults.poster_candidates) == ("best", 6)
    assert (defaults.storyboard, defaults.storyboard_tile_px) == ("off", 160)
    assert (defaults.preview, defaults.preview_bytes, defaults.public_url) == ("off", 100_000, "")
    assert defaults.metadata == {"times", "poster"}
    assert (defaults.input_prefix, defaults.output_prefix) == ("", "thumbnails/")
    assert (defaults.input_bucket, defaults.output_bucket) == ("", "")
    assert defaults.extensions == ("avi", "mp4", "m4v", "mkv", "mov", "webm", "flv", "ts", "mts", "m2ts", "3gp")
    assert (defaults.on_delete, defaults.on_replace) == ("remove", "remove")
    assert (defaults.concurrency, defaults.max_calls) == (8, 100)
    assert defaults.cache_control == "public, max-age=31536000, immutable"
    assert defaults.endpoint == ""


SIZES = (Size(640, 0), Size(0, 360), Size(4096, 4096), Size(0, 0))


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("TIMES", "6x, 1.5", "times", (Evenly(6), At(1500))),
        ("TIMES", "1，25％；-3", "times", (At(1000), Share(250_000), FromEnd(3000))),
        ("SIZES", "640x0", "sizes", (Size(640, 0),)),
        ("SIZES", "640x0, 0x360,640x0,4096x4096,0x0", "sizes", SIZES),
        ("SIZES", "640X0;0×360｜4096 x 4096 ０ｘ０,", "sizes", SIZES),
        *[
            ("SIZES", text, "sizes", (Size(640, 360),))
            for text in ("640*360", "640px x 360px", "640 by 360", "640乘360")
        ],
        ("FIT", "Cover", "fit", "cover"),
        *[("FORMAT", word, "formats", (word,)) for word in ("jpg", "png", "webp", "avif")],
        ("FORMAT", "jpeg", "formats", ("jpg",)),
        ("FORMAT", "JPG", "formats", ("jpg",)),
        ("FORMAT", "“.WebP”", "formats", ("webp",)),
        ("FORMAT", "webp，JPEG；jpg", "formats", ("webp", "jpg")),
        *[
            ("FORMAT", text, "formats", ("jpg", "png"))
            for text in ("jpg+png", "jpg/png", "image/jpeg & PNG", "['jpg', 'png']")
        ],
        ("QUALITY", "100", "quality", 100),
        ("QUALITY", "", "quality", None),
        *[("MODE", word, "mode", word) for word in ("exactframe", "keyframe")],
        ("MODE", " KeyFrame ", "mode", "keyframe"),
        *[("ROTATE", word, "rotate", word) for word in ("auto", "off")],
        ("ROTATE", "False", "rotate", "off"),
        *[("ROTATE", word, "rotate", "auto") for word in ("on", "True", "yes")],
        ("POSTER", "Best", "poster", "best"),
        ("POSTER", "first_unless_flat", "poster", "first-unless-flat"),
        ("POSTER", "１２．５", "poster", At(12_500)),
        ("POSTER", "10 %", "poster", Share(100_000)),
        ("POSTER_CANDIDATES", "0", "poster_candidates", 0),
        ("POSTER_CANDIDATES", "30", "poster_candidates", 30),
        ("STORYBOARD", "OFF", "storyboard", "off"),
        ("STORYBOARD", "false", "storyboard", "off"),
        ("STORYBOARD", "auto", "storyboard", "auto"),
        *[("STORYBOARD", word, "storyboard", "auto") for word in ("on", "Yes", "TRUE", "enabled")],
        ("STORYBOARD", "every: 5s", "storyboard", Every(5000)),
        ("STORYBOARD", "50X", "storyboard", Evenly(50)),
        ("STORYBOARD_TILE", "64", "storyboard_tile_px", 64),
        ("STORYBOARD_TILE", "320", "storyboard_tile_px", 320),
        *[("PREVIEW", word, "preview", word) for word in ("off", "webp", "avif")],
        ("PREVIEW_BYTES", "10000", "preview_bytes", 10_000),
        ("METADATA", "off", "metadata", frozenset()),
        ("METADATA", "Poster", "metadata", {"poster"}),
        ("METADATA", "poster、times", "metadata", {"times", "poster"}),
        ("INPUT_BUCKET", "other-bucket-1250000000", "input_bucket", "other-bucket-1250000000"),
        ("INPUT_PREFIX", "", "input_prefix", ""),
        ("INPUT_PREFIX", "视频/in 1/", "input_prefix", "视频/in 1/"),
        ("INPUT_PREFIX", "thumb", "input_prefix", "thumb"),
        ("INPUT_PREFIX", "Movies, 2024/", "input_prefix", "Movies, 2024/"),
        ("INPUT_PREFIX", "part:1/", "input_prefix", "part:1/"),
        ("INPUT_PREFIX", " 'videos/' ", "input_prefix", "videos/"),
        ("INPUT_PREFIX", "\ufeff“videos／”", "input_prefix", "videos/"),
        ("OUTPUT_PREFIX", "「thumbs／」", "output_prefix", "thumbs/"),
        ("EXTENSIONS", ".MP4, mov,mp4", "extensions", ("mp4", "mov")),
        *[("EXTENSIONS", text, "extensions", ("mp4", "mov")) for text in ("mp4/mov", "(mp4|mov)", '"mp4" and "mov"')],
        ("EXTENSIONS", "video/mp4", "extensions", ("mp4",)),
        ("EXTENSIONS", "*.mp4;MOV，mkv|ts avi,", "extensions", ("mp4", "mov", "mkv", "ts", "avi")),
        ("OUTPUT_PREFIX", "a/b", "output_prefix", "a/b/"),
        ("OUTPUT_PREFIX", "缩略图/", "output_prefix", "缩略图/"),
        ("OUTPUT_BUCKET", "", "output_bucket", ""),
        ("OUTPUT_BUCKET", "other-bucket-1250000000", "output_bucket", "other-bucket-1250000000"),
        ("OUTPUT_BUCKET", "Example-1250000000\n", "output_bucket", "example-1250000000"),
        ("PUBLIC_URL", "https://media.example.com/", "public_url", "https://media.example.com"),
        *[
            ("PUBLIC_URL", text, "public_url", "https://m.example.com")
            for text in (
                "https：//m.example.com",
                "“https://m.example.com”",
                "ｈttps：／／m．example.com/，",
                "https://m.example.com\u200b",
            )
        ],
        ("ENDPOINT", "“http：//127.0.0.1：8000”", "endpoint", "http://127.0.0.1:8000"),
        ("PUBLIC_URL", "http://127.0.0.1:8000/a/b", "public_url", "http://127.0.0.1:8000/a/b"),
        ("ON_DELETE", "Keep", "on_delete", "keep"),
        ("ON_REPLACE", "keep", "on_replace", "keep"),
        ("CONCURRENCY", "1", "concurrency", 1),
        ("CONCURRENCY", "６４ ", "concurrency", 64),
        ("MAX_CALLS", "2", "max_calls", 2),
        ("MAX_CALLS", "10000", "max_calls", 10_000),
        ("CACHE_CONTROL", "no-store", "cache_control", "no-store"),
        ("CACHE_CONTROL", " no-store ", "cache_control", "no-store"),
        ("CACHE_CONTROL", "Cache-Control: Max-Age：3600", "cache_control", "max-age=3600"),
        ("CACHE_CONTROL", "public, max-age:3600", "cache_control", "public, max-age=3600"),
        ("ENDPOINT", "", "endpoint", ""),
        ("ENDPOINT", "http://127.0.0.1:1", "endpoint", "http://127.0.0.1:1"),
        ("ENDPOINT", "http://127.0.0.1:80/", "endpoint", "http://127.0.0.1:80"),
        ("ENDPOINT", "http://localhost:65535", "endpoint", "http://localhost:65535"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_accepted(name, value, field, expected):
    """A value is read as people write it, where its meaning is plain."""
    assert getattr(read(name, value), field) == expected


TIMES, SIZE, FORMAT = "every:10", "each side 0 to 4096", "jpg, png, webp or avif"
BUCKET, PREFIX, LOCAL = "a full name with appid", "the beginning of a key, such as videos/", "http://127.0.0.1:PORT"
SEVERAL = "it is several prefixes"
NUMBER = "not a whole number"
EVERY = "is no extension; write each one, or unset it for the usual ones"
WHOLE_SECONDS = "players take whole seconds between tiles, 1 or more"
NO_SERIES = "it is neither an interval nor a number of tiles"


@pytest.mark.parametrize(
    ("name", "value", "reason", "accepted"),
    [
        ("TIMES", "", "", TIMES),
        ("TIMES", "soon", "time point 1, 'soon', is none of the accepted forms", TIMES),
        ("TIMES", "1,100%", "time point 2, '100%', is not in the video: a share is below 100%", TIMES),
        ("TIMES", "-0", "is the end itself", TIMES),
        ("TIMES", "0x", "evenly spaced points are 1x to 10000x", TIMES),
        ("SIZES", "", "", SIZE),
        ("SIZES", "640", "'640' has no height; did you mean 640x0", SIZE),
        ("SIZES", "640x", "'640x' has no height; did you mean 640x0", SIZE),
        ("SIZES", "x360", "'x360' has no width; did you mean 0x360, which keeps the shape?", SIZE),
        ("SIZES", "720p", "'720p' has no width; did you mean 0x720, which keeps the shape?", SIZE),
        ("SIZES", "-1x0", "'-1x0' is not WIDTHxHEIGHT", SIZE),
        ("SIZES", "640,5000x0", "5000 is more than 4096", SIZE),
        ("SIZES", "16:9", "'16:9' is not WIDTHxHEIGHT", SIZE),
        ("SIZES", "640:-1", "'640:-1' is not WIDTHxHEIGHT", SIZE),
        ("SIZES", "1.5x0", "'1.5x0' is not WIDTHxHEIGHT", SIZE),
        ("SIZES", "4097x0", "4097 is more than 4096", SIZE),
        ("SIZES", "0x4097", "4097 is more than 4096", SIZE),
        ("SIZES", "99999x0", "99999 is more than 4096", SIZE),
        ("SIZES", "640x0,0x5000", "5000 is more than 4096", SIZE),
        ("SIZES", ",".join(f"{side}x0" for side in range(21)), "21 sizes are more than 20", SIZE),
        ("FIT", "stretch", "", "contain or cover"),
        ("FORMAT", "", "", FORMAT),
        ("FORMAT", "gif", "'gif' is no format", FORMAT),
        ("FORMAT", "jpgg", "'jpgg' is no format; did you mean jpg?", FORMAT),
        ("QUALITY", "0", "0 is less than 1", "1 to 100"),
        ("QUALITY", "101", "101 is more than 100", "1 to 100"),
        ("QUALITY", "80%", NUMBER, "1 to 100"),
        ("MODE", "", "", "exactframe or keyframe"),
        ("MODE", "exact", "did you mean exactframe?", "exactframe or keyframe"),
        ("ROTATE", "", "", "auto or off"),
        ("ROTATE", "90", "", "auto or off"),
        ("POSTER", "6x", "it names more than one moment", "best, first-unless-flat"),
        ("POSTER", "bset", "it is neither of the two words and not a moment; did you mean best?", "first-unless-flat"),
        ("POSTER", "100%", "a share is below 100%", "best, first-unless-flat"),
        *[("POSTER", text, "it is no moment", "seconds (1.5)") for text in ("90秒", "2x5", "1分30秒")],
        ("POSTER_CANDIDATES", "31", "31 is more than 30", "0 to 30"),
        ("STORYBOARD", "5", "did you mean every:5 (seconds) or 5x (so many)?", "every:5"),
        ("STORYBOARD", "50x,every:5", "it names more than one moment", "50x"),
        *[("STORYBOARD", text, NO_SERIES, "auto") for text in ("25%", "1.5", "10x10", "-3", "always")],
        *[("STORYBOARD", f"every:{interval}", WHOLE_SECONDS, "every:5") for interval in ("0", "0.5", "0.05", "5.5")],
        ("STORYBOARD_TILE", "161", "161 is odd", "64 to 320"),
        ("STORYBOARD_TILE", "62", "62 is less than 64", "64 to 320"),
        ("PREVIEW", "gif", "", "off, webp or avif"),
        ("PREVIEW_BYTES", "9999", "9999 is less than 10000", "10000 to 5000000"),
        ("METADATA", "", "", "times, poster"),
        ("METADATA", "times,tags", "'tags' is not accepted", "times, poster"),
        ("INPUT_BUCKET", "examplebucket", "the appid is missing at its end", BUCKET),
        ("INPUT_PREFIX", "/videos/", "no key begins with a slash; write 'videos/'", PREFIX),
        ("INPUT_PREFIX", "videos/*", "a star is an ordinary character here", PREFIX),
        ("INPUT_PREFIX", "*", "unset it to take every key", PREFIX),
        ("INPUT_PREFIX", "**/*.mp4", "a star is an ordinary character here", PREFIX),
        ("INPUT_PREFIX", "cos://examplebucket-1250000000/videos/", "no key begins with an address", PREFIX),
        ("INPUT_PREFIX", "https://examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com/", "an address", PREFIX),
        ("INPUT_PREFIX", "qcs::cos:ap-guangzhou:uid/1250000000:b/videos/", "an address", PREFIX),
        ("INPUT_PREFIX", r"C:\videos", "no key begins with an address", PREFIX),
        ("INPUT_PREFIX", "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com/videos/", "a host", PREFIX),
        ("INPUT_PREFIX", "./videos/", "no key begins so", PREFIX),
        ("INPUT_PREFIX", "^videos/", "no key begins so", PREFIX),
        ("INPUT_PREFIX", "videos/,films/", SEVERAL, PREFIX),
        ("INPUT_PREFIX", "videos/, films/", SEVERAL, PREFIX),
        ("INPUT_PREFIX", "videos；films", SEVERAL, PREFIX),
        ("INPUT_PREFIX", "videos/|films/", SEVERAL, PREFIX),
        ("INPUT_PREFIX", "videos/,", "it ends with the sign of a list; write 'videos/'", PREFIX),
        ("INPUT_PREFIX", "my%20videos/", "it is percent-encoded, and keys are not; write 'my videos/'", PREFIX),
        ("INPUT_PREFIX", "a\nb", "it holds a control character", PREFIX),
        ("INPUT_PREFIX", "\ud800", "it holds a control character", PREFIX),
        ("INPUT_PREFIX", "v" * 851, "it has 851 bytes, more than the 850 of a key", PREFIX),
        ("EXTENSIONS", "", "", "endings such as mp4,mov"),
        *[("EXTENSIONS", word, EVERY, "endings") for word in ("*", ".", "*.*", "**", "all", "Any", "mp4,all")],
        ("EXTENSIONS", "m p 4", "'m' is no extension", "endings such as mp4,mov"),
        ("EXTENSIONS", "mp*", "'mp*' is no extension", "endings such as mp4,mov"),
        ("EXTENSIONS", "a" * 11, "is no extension", "endings such as mp4,mov"),
        ("EXTENSIONS", "jpg,json", "the function writes such files itself", "endings such as mp4,mov"),
        ("OUTPUT_PREFIX", "", "", "never empty"),
        ("OUTPUT_PREFIX", " ", "it is empty", "never empty"),
        ("OUTPUT_PREFIX", "//", "it is only slashes", "never empty"),
        ("OUTPUT_PREFIX", "/thumbs/", "no key begins with a slash; write 'thumbs/'", "never empty"),
        ("OUTPUT_PREFIX", "thumbs/*", "a star is an ordinary character here; write 'thumbs/'", "never empty"),
        ("OUTPUT_PREFIX", "a/../b", "browsers remove . and .. from an address", "never empty"),
        ("OUTPUT_PREFIX", "x" * 200, "it has 201 bytes, more than 200", "never empty"),
        ("OUTPUT_PREFIX", "图" * 67, "it has 202 bytes, more than 200", "never empty"),
        ("OUTPUT_BUCKET", "-1250000000", "the name is missing before the appid", BUCKET),
        ("OUTPUT_BUCKET", LONG_BUCKET, "it is no name of a bucket", BUCKET),
        ("OUTPUT_BUCKET", "a.b-1250000000", "it is no name of a bucket", BUCKET),
        ("OUTPUT_BUCKET", "../x-1250000000", "it is no name of a bucket", BUCKET),
        ("OUTPUT_BUCKET", "a@evil.com", "it is no name of a bucket", BUCKET),
        (
            "OUTPUT_BUCKET",
            "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com",
            "did you mean examplebucket-1250000000?",
            BUCKET,
        ),
        ("PUBLIC_URL", "media.example.com", "https:// is missing", "https://media.example.com"),
        ("PUBLIC_URL", "none", "it is not an address; unset it to have none", "https://media.example.com"),
        *[
            ("PUBLIC_URL", f"https://{host}", "it is not an address", "https://media.example.com")
            for host in ("-", "...", "m..example.com", "m.example.com:99999", "m_x.example.com")
        ],
        ("PUBLIC_URL", "ftp://media.example.com", "it is not an address", "https://media.example.com"),
        ("PUBLIC_URL", "https://media.example.com?a", "only scheme, host and path", "https://media.example.com"),
        ("PUBLIC_URL", "https:// ", "no host follows https://", "https://media.example.com"),
        ("ON_DELETE", "delete", "", "remove or keep"),
        ("ON_REPLACE", "removed", "did you mean remove?", "remove or keep"),
        ("CONCURRENCY", "", "", "1 to 64"),
        ("CONCURRENCY", "0", "0 is less than 1", "1 to 64"),
        ("CONCURRENCY", "-1", "-1 is less than 1", "1 to 64"),
        ("CONCURRENCY", "65", "65 is more than 64", "1 to 64"),
        ("CONCURRENCY", "many", NUMBER, "1 to 64"),
        ("CONCURRENCY", "1.5", NUMBER, "1 to 64"),
        ("MAX_CALLS", "1", "1 is less than 2", "2 to 10000"),
        ("MAX_CALLS", "10001", "10001 is more than 10000", "2 to 10000"),
        ("MAX_CALLS", "1e3", NUMBER, "2 to 10000"),
        ("CACHE_CONTROL", "", "", "max-age:3600"),
        ("CACHE_CONTROL", "no-cache\r\nx: y", "'x' is no directive", "max-age:3600"),
        ("CACHE_CONTROL", "public,max-age:1d", "max-age takes whole seconds, 0 or more; write max-age:86400", "public"),
        *[
            ("ENDPOINT", value, "it is not an address of this machine with a port", LOCAL)
            for value in (
                "127.0.0.1:80",
                "https://127.0.0.1:80",
                "http://127.0.0.1",
                "http://127.0.0.1:0",
                "http://127.0.0.1:65536",
                "http://example.com:80",
            )
        ],
        *[
            (name, "x " * 5000, "it has 10000 characters, more than 8192", accepted)
            for name, accepted in (("TIMES", TIMES), ("SIZES", SIZE), ("INPUT_PREFIX", PREFIX), ("ENDPOINT", LOCAL))
        ],
    ],
    ids=lambda value: value[:30],
)  # fmt: skip
def test_refused(name, value, reason, accepted):
    """A wrong value is shown as it was written, with the reason and the accepted values."""
    (problem,) = problems_of({f"SNAPSHOT_{name}": value})
    quoted = f"{value[:60]!r}"[:-1] if value else "empty"
    assert problem.startswith(f"SNAPSHOT_{name} is {quoted}")
    assert reason in problem
    assert accepted in problem
    assert problem.isprintable()


@pytest.mark.parametrize(
    ("name", "value"), [("POSTER", "90秒"), ("POSTER", "2x5"), ("STORYBOARD", "25%"), ("STORYBOARD", "always")]
)
def test_one_list_of_forms(name, value):
    """A sentence names the forms of its own setting, and no form that this setting refuses."""
    (problem,) = problems_of({f"SNAPSHOT_{name}": value})
    assert problem.count("accepted") == 1
    refused = ("6x", "every:10", "several with commas") if name == "POSTER" else ("1.5", "25% of", "several")
    assert not any(form in problem for form in refused)


def test_example():
    """A wrong size is answered as in this example."""
    (problem,) = problems_of({"SNAPSHOT_SIZES": "5000x0"})
    assert problem == (
        "SNAPSHOT_SIZES is '5000x0': 5000 is more than 4096; "
        "accepted: WIDTHxHEIGHT, several with commas, each side 0 to 4096 (640x0 keeps the shape)"
    )


@pytest.mark.parametrize("name", [field.alias for field in Settings.model_fields.values()])
@pytest.mark.parametrize("secret", ["AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE/?"])
def test_credentials_are_masked(name, secret):
    """A value that looks like a credential does not come out, in whichever setting it stands."""
    if name in ("SNAPSHOT_INPUT_PREFIX", "SNAPSHOT_OUTPUT_PREFIX", "SNAPSHOT_CACHE_CONTROL"):
        secret = f"/{secret}\n-"
    (problem,) = problems_of({name: secret})
    assert problem.startswith(f"{name} is '***': it looks like a credential")
    assert secret[:6].lower() not in problem.lower()


@pytest.mark.parametrize("variable", ["TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN"])
def test_own_credentials_are_masked(variable):
    """A value that holds one of the function's own credentials does not come out, whatever it looks like."""
    for name in ("TIMES", "SIZES", "MODE", "ENDPOINT", "CONCURRENCY", "INPUT_PREFIX", "PUBLIC_URL"):
        (problem,) = problems_of({f"SNAPSHOT_{name}": f"/*{ACCOUNT[variable]},"})
        assert ACCOUNT[variable].lower() not in problem.lower()
        assert "; accepted: " in problem


def test_all_problems_at_once():
    """Every wrong variable is named at once."""
    environ = {
        "SNAPSHOT_TIMES": "100%",
        "SNAPSHOT_SIZES": "5000x0",
        "SNAPSHOT_FORMAT": "gif",
        "SNAPSHOT_CONCURRENCY": "-1",
        "SNAPSHOT_OUTPUT_PREFIX": "",
        "SNAPSHOT_TIME": "1",
        "TENCENTCLOUD_REGION": "gz",
    }
    named = [problem.split(" ")[0] for problem in problems_of(environ)]
    assert sorted(named) == sorted(environ)


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
def test_no_source_left(environ):
    """An input prefix under the output prefix is refused: nothing would be a source."""
    (problem,) = problems_of(environ)
    assert "SNAPSHOT_INPUT_PREFIX lies under SNAPSHOT_OUTPUT_PREFIX" in problem
    assert "accepted: an input prefix outside the output prefix" in problem


def test_contradiction_beside_others():
    """A contradiction between two settings is named beside the other problems."""
    problems = problems_of({"SNAPSHOT_INPUT_PREFIX": "thumbnails/", "SNAPSHOT_MODE": "x"})
    assert len(problems) == 2
    assert any("lies under" in problem for problem in problems)


def test_output_below_input():
    """An output prefix below the input prefix is accepted: what lies under it is never a source."""
    nested = Settings.from_environment(
        {"SNAPSHOT_INPUT_PREFIX": "media/", "SNAPSHOT_OUTPUT_PREFIX": "media/thumbnails"}
    )
    assert (nested.input_prefix, nested.output_prefix) == ("media/", "media/thumbnails/")


def test_frozen():
    """Settings do not change afterwards."""
    with pytest.raises(ValueError, match="frozen"):
        Settings().mode = "keyframe"


def test_account():
    """The account is read, and its credentials never show."""
    _, account = read_environment(ACCOUNT)
    assert (account.region, account.appid) == ("ap-guangzhou", "1250000000")
    assert account.secret_id.get_secret_value() == "AKIDexample0000"
    assert (account.secret_key.get_secret_value(), account.token.get_secret_value()) == (
        "keyexample1111",
        "tokenexample2222",
    )
    secrets = [value for name, value in ACCOUNT.items() if name.startswith("TENCENTCLOUD_S")]
    for text in (repr(account), str(account), repr(account.model_dump())):
        assert not any(secret in text for secret in secrets)


@pytest.mark.parametrize("name", ["SNAPSHOT_OUTPUT_BUCKET", "SNAPSHOT_INPUT_BUCKET"])
def test_buckets_of_the_account(name):
    """Buckets of another account are refused beside other problems; without a number of the account all are taken."""
    environ = {**ACCOUNT, name: "pictures-1251111111"}
    problems = problems_of({name: "pictures-1251111111", "SNAPSHOT_MODE": "x"})
    sentence = (
        f"{name} is 'pictures-1251111111': it belongs to another account; this function's is 1250000000; accepted"
    )
    assert [problem for problem in problems if problem.startswith(sentence)]
    assert len(problems) == 2
    assert read_environment({**environ, "TENCENTCLOUD_APPID": ""})
    with pytest.raises(BadSettings, match="another account"):
        read_environment({**environ, "TENCENTCLOUD_APPID": ""}, appid="1250000000")
    assert read_environment({**environ, "TENCENTCLOUD_APPID": "1251111111"}, appid="1250000000")


def test_permanent_credentials():
    """Permanent credentials have no token, and an account may come without its number."""
    optional = {"TENCENTCLOUD_SESSIONTOKEN", "TENCENTCLOUD_APPID"}
    environ = {name: value for name, value in ACCOUNT.items() if name not in optional}
    _, account = read_environment(environ)
    assert (account.token.get_secret_value(), account.appid) == ("", "")


def test_missing_credentials():
    """Credentials that are missing are named with where they come from."""
    with pytest.raises(BadSettings) as error:
        read_environment({})
    assert error.value.problems == (
        "TENCENTCLOUD_REGION is not set; it is a region such as ap-guangzhou, set by SCF",
        "TENCENTCLOUD_SECRETID is not set; it is set by SCF where the function has a run role",
        "TENCENTCLOUD_SECRETKEY is not set; it is set by SCF where the function has a run role",
    )


@pytest.mark.parametrize("name", ["TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY"])
def test_empty_credential(name):
    """An empty credential is a wrong one."""
    assert problems_of({name: ""}) == (f"{name} is empty; it is set by SCF where the function has a run role",)


@pytest.mark.parametrize("region", ["gz", "", "AP-GUANGZHOU", "ap-guangzhou.example.com", "ap guangzhou"])
def test_short_region(region):
    """A region that is no full name is refused."""
    (problem,) = problems_of({"TENCENTCLOUD_REGION": region})
    assert "accepted: a region such as ap-guangzhou" in problem


def test_wrong_appid():
    """The number of an account is digits."""
    (problem,) = problems_of({"TENCENTCLOUD_APPID": "12x"})
    assert problem == "TENCENTCLOUD_APPID is '12x'; accepted: the number of the account, set by SCF"


def test_error_chain():
    """The error holds no value in its chain, where a traceback would print it."""
    with pytest.raises(BadSettings) as error:
        read_environment({**ACCOUNT, "SNAPSHOT_MODE": "hunter2"})
    assert error.value.__cause__ is None
    assert error.value.__context__ is None


def test_descriptions():
    """Every variable has a description of its accepted values."""
    for model in (Settings, Account):
        assert all(field.alias and field.description for field in model.model_fields.values())


MISSPELT = {
    "SNAPSHOT_SIZE": "SNAPSHOT_SIZES",
    "SNAPSHOT_TIME": "SNAPSHOT_TIMES",
    "SNAPSHOTS_TIMES": "SNAPSHOT_TIMES",
    "snapshot_times": "SNAPSHOT_TIMES",
    "Snapshot_Times": "SNAPSHOT_TIMES",
    "SNAPSHOTTIMES": "SNAPSHOT_TIMES",
    "SNAPSHOT-TIMES": "SNAPSHOT_TIMES",
    "SNAPSHOT__TIMES": "SNAPSHOT_TIMES",
    "SNAPSHOT_TIMES ": "SNAPSHOT_TIMES",
    "NAPSHOT_TIMES": "SNAPSHOT_TIMES",
    "SNAPHOT_SIZES": "SNAPSHOT_SIZES",
    "SNASPHOT_MODE": "SNAPSHOT_MODE",
    "SHAPSHOT_FIT": "SNAPSHOT_FIT",
    "SNAPSHOT_FORMATS": "SNAPSHOT_FORMAT",
    "SNAPSHOT_ROTATION": "SNAPSHOT_ROTATE",
    "SNAPSHOT_QUALTIY": "SNAPSHOT_QUALITY",
    "SNAPSHOT_CACHE": "SNAPSHOT_CACHE_CONTROL",
    "SNAPSHOT_TILE": "SNAPSHOT_STORYBOARD_TILE",
    "SNAPSHOT_PREFIX": "SNAPSHOT_INPUT_PREFIX or SNAPSHOT_OUTPUT_PREFIX",
    "SNAPSHOT_BUCKET": "SNAPSHOT_INPUT_BUCKET or SNAPSHOT_OUTPUT_BUCKET",
}


@pytest.mark.parametrize(("name", "near"), MISSPELT.items(), ids=str)
def test_misspelt(name, near):
    """A misspelt variable is found whatever its case and first letters, with the settings that are truly near."""
    with pytest.raises(BadSettings) as error:
        Settings.from_environment({name: "1"})
    assert error.value.problems == (f"{name} is no setting; {near} is",)


@pytest.mark.parametrize("name", ["SNAPSHOT_UNHEARD_OF_THING", "SNAPSHOT_WIDTH", "SNAPSHOT_"])
def test_unknown(name):
    """A variable of ours that is near no setting is refused with all of them."""
    with pytest.raises(BadSettings, match=f"{name} is no setting; accepted: SNAPSHOT_CACHE_CONTROL, "):
        Settings.from_environment({name: "1"})


@pytest.mark.parametrize(
    "name",
    [
        "PATH",
        "times",
        "TIMES",
        "SNAP_NAME",
        "SNAP_VERSION",
        "SNAPSHOT",
        "SNAPSHOTS_DIR",
        "snapshot_dir",
        "SNAPCRAFT_MODE",
    ],
)
def test_variables_of_others(name):
    """Variables of other programs are left alone."""
    assert Settings.from_environment({name: "6x"}) == Settings()


def test_defaults_are_read_back():
    """Every setting is near itself alone: no name of a setting counts as a misspelling of another."""
    for field in Settings.model_fields.values():
        with pytest.raises(BadSettings, match=f"{field.alias.lower()} is no setting; {field.alias} is$"):
            Settings.from_environment({field.alias.lower(): "1"})


@given(st.text(alphabet=st.characters(categories=("L", "N")), min_size=4, max_size=60))
@settings(max_examples=60)
def test_no_secret_leaks(secret):
    """No credential of the environment comes out of a wrong setting, whatever its letters."""
    environ = dict.fromkeys(
        ("SNAPSHOT_TIMES", "SNAPSHOT_SIZES", "SNAPSHOT_MODE", "SNAPSHOT_ENDPOINT", "SNAPSHOT_CONCURRENCY"),
        f"{secret}!Q7",
    )
    text = "\n".join(problems_of({**environ, "TENCENTCLOUD_SECRETKEY": f"{secret}!Q7"}))
    assert f"{secret}!Q7".lower() not in text.lower()
    assert "q7" not in text.lower()

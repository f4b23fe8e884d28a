import re

import pytest

from snapshot.names import BUCKET, is_of_account, never_matches, parse_bucket, parse_input_prefix, parse_output_prefix

POSSIBLE = [
    *(
        "",
        "videos/",
        "视频/",
        "a.b/",
        "videos",
        "Movies, 2024/",
        "part:1/",
        "C/",
        "..a/",
        "my videos/",
        "100%/",
        "50% off/",
    ),
    *(
        "videos&clips/",
        "R and B/",
        "[Group] Show/",
        "「動画」/",
        "“Film”/",
        "$archive/",
        "trip-20240101/",
        "off/",
        "all/",
    ),
    *("Take #1/", "和平/", "👨\u200d👩\u200d👧/", "a+b/", "videos/a.mp4", "%/", "2024 (raw)/"),
]
CORRECTED = {
    "/videos/": "videos/",
    "//videos/": "videos/",
    "videos\\": "videos/",
    "videos\\clips\\": "videos/clips/",
    "my%20videos/": "my videos/",
    "my%2520videos/": "my videos/",
    "%E8%A7%86%E9%A2%91/": "视频/",
    "%2Fvideos/": "videos/",
    "100%25/": "100%/",
    "examplebucket-1250000000/videos/": "videos/",
    "/examplebucket-1300000000/videos/": "videos/",
    "/1250000000/examplebucket/videos/": "videos/",
    "cos://examplebucket-1250000000/videos/": "videos/",
    "https：//examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com/videos/": "videos/",
    "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com/videos/": "videos/",
    "qcs::cos:ap-guangzhou:uid/1250000000:examplebucket-1250000000/videos/": "videos/",
    "./videos/": "videos/",
    "^videos/": "videos/",
    '["videos/"]': "videos/",
    "[videos/]": "videos/",
    "(videos/)": "videos/",
    "<videos/>": "videos/",
    "videos/*": "videos/",
    "videos/**/*.mp4": "videos/",
    "videos/.*": "videos/",
    "vid*": "vid",
    "videos/?": "videos/",
    "videos/$": "videos/",
    "videos/,": "videos/",
    "videos/、": "videos/",
    "videos /": "videos/",
    "videos/ clips/": "videos/clips/",
    "videos/ # only these": "videos/",
    "“videos/": "videos/",
    "videos/`": "videos/",
}
UNKNOWN = [
    "${PREFIX}",
    "${PREFIX}videos/",
    "$PREFIX/",
    "{prefix}",
    "{{ prefix }}",
    "<prefix>",
    "%PREFIX%",
    "C:\\videos",
    "a\nb",
]
NO_PREFIX = ["*", "**/*.mp4", "/", "./", "s3://b/", "HTTPS://b", "b.cos.gz.myqcloud.com", "all", "Any", "none", "null"]
SEVERAL = [
    *("videos/,films/", "videos/, films/", "videos；films", "videos/|films/", "{videos,clips}/", "(videos|clips)/"),
    *("videos/ and clips/", "videos/ or clips/", "videos/ 和 clips/", "videos/ & clips/", "videos/ ,clips/"),
]
SPELLINGS = [
    *("\ufeffvideos/", "\u200bvideos/", "videos/\u200b", "videos\u200b/", "videos/\u00ad", "\u202avideos/\u202c"),
    *("“videos/”", "‘videos/’", "「videos/」", "『videos/』", "`videos/`", "«videos/»", "'videos/'", '"videos/"'),
    *("videos／", " videos/ ", "\u3000videos/\u00a0", "\ufeff“videos／”\n"),
]


@pytest.mark.parametrize("prefix", POSSIBLE)
def test_possible_prefix(prefix):
    """A prefix that keys do begin with is taken as it is, and has no reason against it."""
    assert parse_input_prefix(prefix) == prefix
    assert never_matches(prefix) == ""
    assert not prefix or parse_output_prefix(prefix) == prefix.rstrip("/") + "/"


@pytest.mark.parametrize("text", SPELLINGS, ids=ascii)
def test_spelling_of_prefix(text):
    """Quotes, blanks, invisible and full-width signs are read over; exactly so written they match no key."""
    assert parse_input_prefix(text) == parse_output_prefix(text) == "videos/"
    assert never_matches(text).endswith("; write 'videos/'")


@pytest.mark.parametrize("parse", [parse_input_prefix, parse_output_prefix])
@pytest.mark.parametrize(("text", "prefix"), CORRECTED.items(), ids=ascii)
def test_corrected_prefix(parse, text, prefix):
    """A prefix that no key begins with is refused with the one that is meant, which is then taken."""
    with pytest.raises(ValueError, match=rf"; write '{re.escape(prefix)}'$"):
        parse(text)
    assert parse(prefix).rstrip("/") == prefix.rstrip("/")
    assert never_matches(text).endswith(f"; write '{prefix}'")


@pytest.mark.parametrize("text", UNKNOWN, ids=ascii)
def test_unknown_prefix(text):
    """A prefix that is no key's and of which nobody can know the meaning is refused with an example."""
    with pytest.raises(ValueError, match=r"as it is in the bucket, such as videos/$"):
        parse_input_prefix(text)
    with pytest.raises(ValueError, match=r"; write a prefix such as thumbnails/$"):
        parse_output_prefix(text)


@pytest.mark.parametrize("text", NO_PREFIX)
def test_every_key(text):
    """A pattern or a word for every key is answered with how to take every key, which no output prefix can."""
    with pytest.raises(ValueError, match=r"; unset it to take every key, or write a prefix such as videos/$"):
        parse_input_prefix(text)
    with pytest.raises(ValueError, match=r"write a prefix such as thumbnails/$|^it is only slashes$"):
        parse_output_prefix(text)


@pytest.mark.parametrize("text", SEVERAL)
def test_several_prefixes(text):
    """Several prefixes are refused with the ways that there are instead."""
    with pytest.raises(ValueError, match=r"^it is several prefixes; write the part that they have in common"):
        parse_input_prefix(text)
    with pytest.raises(ValueError, match=r"^it is several prefixes; write one of them"):
        parse_output_prefix(text)


@pytest.mark.parametrize(
    "text", ["%25" * 280, "%" + "25" * 400 + "41", " /" * 400, "\\" * 800, "{" * 800, "a " * 400 + "/"]
)
def test_many_faults(text):
    """However many faults a prefix has, it has one reason."""
    with pytest.raises(ValueError, match=r"; write|; unset"):
        parse_input_prefix(text)


@pytest.mark.parametrize("text", ["examplebucket-1250000000", "a-12345", "a--b-1250000000", f"{'b' * 50}-1250000000"])
def test_bucket(text):
    """A bucket has a name of 1 to 50 characters and an appid."""
    assert parse_bucket(text) == text
    assert BUCKET.fullmatch(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("examplebucket--1250000000", "did you mean examplebucket-1250000000?"),
        ("-examplebucket-1250000000", "did you mean examplebucket-1250000000?"),
        ("//examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com", "did you mean examplebucket-1250000000?"),
        ("examplebucket-1250000000/thumbs", "did you mean examplebucket-1250000000?"),
        ("1250000000", "the name is missing before the appid"),
        ("-1250000000", "the name is missing before the appid"),
        ("examplebucket", "the appid is missing at its end"),
        ("example_bucket-1250000000", "it is no name of a bucket"),
        (f"{'b' * 51}-1250000000", "it is no name of a bucket"),
    ],
)
def test_no_bucket(text, reason):
    """A name that COS gives to no bucket is refused with the part that is missing or the name that is meant."""
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}$"):
        parse_bucket(text)
    assert not BUCKET.fullmatch(text)


def test_empty_bucket():
    """A bucket may be left out."""
    assert parse_bucket(" ") == ""


@pytest.mark.parametrize(
    ("bucket", "is_own"), [("a-1250000000", True), ("a-1250000001", False), ("a-1-1250000000", True), ("a", False)]
)
def test_account(bucket, is_own):
    """The appid at the end of its name says whose a bucket is."""
    assert is_of_account(bucket, "1250000000") is is_own

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshot.spelling import (
    explain,
    resembles_credential,
    show,
    split_list,
    to_half_width,
    to_plain,
    without_invisible,
    without_quotes,
)

SECRET_KEY = "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("１２３，５０％", "123,50%"),
        ("００：０１：３０．５", "00:01:30.5"),
        ("１；２｜３、４", "1;2|3,4"),
        ("６Ｘ", "6x"),
        ("640×360", "640x360"),
        ("−3 –3 —3", "-3 -3 -3"),
        ("٦٫", "6٫"),
        (" \u30001\xa02\u20033\t", "1 2 3"),
        ("\ufeff1\u200b2", "12"),
        ("“jpg”", "jpg"),
        ("‘jpg’", "jpg"),
        ("「jpg」", "jpg"),
        ("`jpg`", "jpg"),
        ("\u202ajp\u00adg\u202c", "jpg"),
        ("'640x0'", "640x0"),
        ('"a', '"a'),
        ("EVERY:10", "every:10"),
        ("视频", "视频"),
        ("", ""),
    ],
    ids=repr,
)
def test_plain(typed, plain):
    """Full-width signs, digits of every script, quotes, dashes and blanks become what an English keyboard gives."""
    assert to_plain(typed) == plain


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffvideos/",
        "\u200bvideos/",
        "videos/\u200b",
        "vid\u00adeos/",
        "\u202avideos\u202c/",
        "videos\u200d/",
        "\u200cvideos/",
    ],
    ids=ascii,
)
def test_invisible(text):
    """Characters that nobody sees go, wherever they stand."""
    assert without_invisible(text) == "videos/"


@pytest.mark.parametrize("text", ["👨\u200d👩\u200d👧/", "می\u200cخواهم/"], ids=ascii)
def test_joiners(text):
    """A joiner inside a word is part of it."""
    assert without_invisible(text) == text


@pytest.mark.parametrize(
    "text", ["“videos/”", "‘videos/’", "「videos/」", "`videos/`", '"videos/"', "« videos/ »", "”videos/”"]
)
def test_quotes(text):
    """A pair of quotes of any kind around the whole goes."""
    assert without_quotes(text) == "videos/"


@pytest.mark.parametrize("text", ["“videos/", "「動画」/", "'videos/\"", "《videos》", '"'])
def test_no_pair_of_quotes(text):
    """Quotes that are no pair around the whole stay."""
    assert without_quotes(text) == text


def test_half_width():
    """Full-width signs become ASCII, and other characters stay."""
    assert to_half_width("ｈｔｔｐｓ：／／ｍ．example.com？é、—") == "https://m.example.com?é、—"


def test_split():
    """Commas, semicolons, bars and blanks separate words, as often as they come."""
    assert split_list(",a;b |c\t\nd,, ") == ["a", "b", "c", "d"]
    assert split_list(" ,; ") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "empty"),
        ("5000x0", "'5000x0'"),
        ("图", "'图'"),
        ("it's", '"it\'s"'),
        ("a\x1b[2J\n\u2028", r"'a\x1b[2J\n\u2028'"),
        ("ab " * 30, "'" + "ab " * 20 + "…'"),
        (SECRET_KEY, "'***'"),
    ],
    ids=["empty", "value", "other script", "quote", "control characters", "long", "credential"],
)
def test_show(text, expected):
    """A value is shown as written, without control characters, bounded, and masked where it looks like a secret."""
    assert show(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
        SECRET_KEY,
        f"x{SECRET_KEY}.",
        f"1,{SECRET_KEY}",
        "a1" * 20,
        "password=hunter2",
        "my_secret: hunter2",
        "x-cos-security-token=abc",
        "?q-ak=a&q-signature=b",
        "https://user:word@example.com/",
    ],
)
def test_credentials_are_recognised(text):
    """SecretIds, SecretKeys, tokens, signatures and passwords in addresses look like credentials."""
    assert resembles_credential(text)
    assert text not in explain("SNAPSHOT_MODE", text, f"{text} is wrong", "this")


@pytest.mark.parametrize(
    "text",
    [
        "1,25%,50%,75%",
        "examplebucket-1250000000",
        "https://examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com/videos",
        "Movies-2024-Summer-Collection/",
        "public, max-age=31536000, immutable",
        "first-unless-flat",
        "avi,mp4,m4v,mkv,mov,webm,flv,ts,mts,m2ts,3gp",
        ",".join(f"{second}.25" for second in range(100)),
    ],
)
def test_settings_are_no_credentials(text):
    """The values that people do write are shown."""
    assert not resembles_credential(text)


@pytest.mark.parametrize(
    ("value", "reason", "sentence"),
    [
        ("5000x0", "5000 is more than 4096", "X is '5000x0': 5000 is more than 4096; accepted: this"),
        ("gif", "", "X is 'gif'; accepted: this"),
        ("soon", "none of this", "X is 'soon': none of this"),
        ("", "nothing there", "X is empty; accepted: this"),
        ("token=a", "token=a is wrong", "X is '***': it looks like a credential; accepted: this"),
    ],
)
def test_explain(value, reason, sentence):
    """The sentence has name, value, reason and the accepted values, each once."""
    assert explain("X", value, reason, "this") == sentence


@given(st.text(max_size=80))
@settings(max_examples=200)
def test_any_text(text):
    """Every text has a plain spelling that stays as it is, and an error that is one line."""
    plain = to_plain(text)
    assert to_plain(plain).strip("'\"") == plain.strip("'\" ") or plain[:1] in "'\"`「」『』"
    assert len(show(text).splitlines()) == 1
    assert json.dumps(show(text))

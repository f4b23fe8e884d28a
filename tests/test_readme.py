"""README.md agrees with the code: every setting is in its table, with its default."""

import http.client
import json
import re
from urllib.parse import urlsplit

import jsonschema
import pytest

from snapshot.settings import Settings

NO_VALUE = {"*(empty)*", "*(the source's)*", "*(unset)*"}


@pytest.fixture(scope="module")
def defaults(root):
    """The table of settings: variable -> default, as written."""
    rows = re.findall(r"^\| `(SNAPSHOT_\w+)` \| (.+?) \| .+ \|$", (root / "README.md").read_text(), re.MULTILINE)
    return {name: default if default in NO_VALUE else default.strip("`") for name, default in rows}


def test_every_setting_has_a_row(defaults):
    """The table names every setting, in the code's order, and nothing else."""
    assert list(defaults) == [field.alias for field in Settings.model_fields.values()]


def test_defaults_are_the_codes(defaults):
    """A row's default is what the code takes where the variable is not set."""
    written = {name: value for name, value in defaults.items() if value not in NO_VALUE}
    assert Settings.from_environment(written) == Settings.from_environment({})
    for field in Settings.model_fields.values():
        if defaults[field.alias] in NO_VALUE:
            assert field.default in ("", None)


@pytest.fixture(scope="module")
def blocks(root):
    """Return the README's code blocks in one language."""
    text = (root / "README.md").read_text()

    def of(language):
        texts = re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        assert texts, language
        return texts

    return of


def test_manifest_is_valid(root, blocks):
    """The manifest in the README is one that the function could write."""
    (example,) = blocks("json")
    jsonschema.validate(json.loads(example), json.loads((root / "docs/manifest.schema.json").read_text()))


def test_page_shows_the_manifests_poster(blocks):
    """The lines for a page name the poster of the manifest above them, in its bucket."""
    source = json.loads(blocks("json")[0])["source"]
    key = json.loads(blocks("json")[0])["poster"]["key"]
    host = f"{source['bucket']}.cos.{source['region']}.myqcloud.com"
    assert f'poster="https://{host}/{key}"' in blocks("html")[0]
    assert f'src="https://{host}/{source["key"]}"' in blocks("html")[0]


def test_signed_address_opens_the_poster(cloud, bucket, blocks, monkeypatch):
    """The lines that sign an address give one that opens a private poster, which the plain address does not."""
    (lines,) = blocks("python")
    key = re.search(r'Key="([^"]+)"', lines)[1]
    bucket.put(key, b"picture", content_type="image/jpeg", cache_control="no-cache", metadata={})
    names = {"secret_id": cloud.secret_id, "secret_key": cloud.secret_key}
    exec(lines, names)
    signed = urlsplit(names["poster"])
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=30)
    for query, status in ((f"?{signed.query}", 200), ("", 403)):
        connection.request("GET", signed.path + query, headers={"Host": signed.netloc})
        response = connection.getresponse()
        assert (response.status, response.read() == b"picture") == (status, status == 200)
    connection.close()


LANGUAGES = ("README.md", "README.zh-CN.md")


@pytest.fixture(scope="module")
def texts(root):
    """The English README and the Chinese one."""
    return tuple((root / name).read_text() for name in LANGUAGES)


def test_same_headings(texts):
    """Both languages have the same sections, by their levels and order."""
    english, chinese = (re.findall(r"^(#+) ", without_code(text), re.MULTILINE) for text in texts)
    assert english == chinese
    assert len(english) > 10


def test_same_tables(texts):
    """Both languages have the same tables: rows, columns, and every name and number in code or bold."""
    english, chinese = (re.findall(r"^\|.+\|$", text, re.MULTILINE) for text in texts)
    assert len(english) > 40
    assert [row.count("|") for row in english] == [row.count("|") for row in chinese]
    for english_row, chinese_row in zip(english, chinese, strict=True):
        assert marked(english_row) == marked(chinese_row)


def test_same_commands(texts):
    """Both languages have the same commands and code, but for comments and words in diagrams."""
    english, chinese = (code_lines(text) for text in texts)
    assert english == chinese
    assert len(english) > 40


def test_same_links(texts):
    """Both languages lead to the same places, but for each other."""
    english, chinese = (re.findall(r"\]\(([^)]+)\)", text) for text in texts)
    assert [link for link in english if link not in LANGUAGES] == [link for link in chinese if link not in LANGUAGES]


def without_code(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def marked(row):
    """Return the settings, commands and amounts of a row: what no translation changes."""
    return sorted(
        word for word in re.findall(r"`([^`]+)`|\b(\d[\d,.]*\d)\b", row) for word in word if word and word.isascii()
    )


def code_lines(text):
    text = re.sub(r"^```mermaid\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^    (\S+(?: \S+)*)", without_code(text), re.MULTILINE)
    fenced = [
        line
        for block in re.findall(r"^```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]
    commands = [re.sub(r"<.+?>", "<>", line.partition("  ")[0].partition(" #")[0]) for line in indented]
    return commands + fenced

"""The words of the tree, counted by `python -m checks words`, stay within limits that well-kept packages keep."""

import textwrap

import pytest

from checks import words

MAX_NAME_PERCENT = 0.3
MAX_OPENING_PERCENT = 0
MAX_PRIVATE_WORDS = 0
MAX_METAPHORS = 0


@pytest.fixture(scope="module")
def counted(root):
    return words.count(root)


@pytest.fixture
def count_text(tmp_path):
    """Count one Python file with this text."""

    def count(text):
        (tmp_path / "sample.py").write_text(textwrap.dedent(text))
        return words.count(tmp_path)

    return count


def listing(places):
    return "\n" + "\n".join(str(place) for place in places[:40])


def test_tree_is_read(counted):
    """The count saw the programs and their tests, not an empty folder."""
    assert counted.files > 150
    assert counted.names > 5000
    assert counted.docstrings > 500


def test_few_function_words_are_names(counted):
    """A name says what the value is: hardly any is a pronoun, a quantifier or a bare participle."""
    assert counted.name_share <= MAX_NAME_PERCENT, listing(counted.function_words)


def test_few_free_openings(counted):
    """Docstrings name things: hardly any first sentence hangs on a free "what" or "who"."""
    assert counted.opening_share <= MAX_OPENING_PERCENT, listing(counted.free_openings)


def test_no_private_words(counted):
    """Identifiers use the field's terms, not words that need a legend."""
    assert len(counted.private_words) <= MAX_PRIVATE_WORDS, listing(counted.private_words)


def test_no_metaphors(counted):
    """Comments, docstrings, messages and documents call a client a client and a package a package."""
    assert len(counted.metaphors) <= MAX_METAPHORS, listing(counted.metaphors)


@pytest.mark.parametrize(
    "text",
    [
        "found = 1",
        "for one in (): pass",
        "def f(wanted): pass",
        "try: pass\nexcept ValueError as told: pass",
        "match 1:\n    case held: pass",
        "_given = 1",
        "[asked for asked in ()]",
    ],
)
def test_function_word_counts(count_text, text):
    """Every way to bind a name is seen."""
    assert len(count_text(text).function_words) == 1


def test_plain_names_do_not_count(count_text):
    """Names of things are not counted, nor are words inside longer names or names that are only read."""
    counted = count_text("thumbnail = 1\nfound_keys = 2\nprint(found)\nelement.found = 3")
    assert counted.function_words == []
    assert counted.names == 2


@pytest.mark.parametrize(
    ("docstring", "is_free"),
    [
        ("What a list has of a policy.", True),
        ("Say what the container says of the whole.", True),
        ("Return the frame shown at `at_ms`, and who asked.", True),
        ("Return the frame shown at `at_ms`.", False),
        ("Return the frame. What follows is another sentence.", False),
        ("Fail somewhat later.", False),
    ],
)
def test_free_opening_counts(count_text, docstring, is_free):
    """The first sentence decides, and only a free "what" or "who" in it."""
    assert bool(count_text(f'"""{docstring}"""').free_openings) is is_free


@pytest.mark.parametrize("name", ["Door", "both_doors = door", "MOST_PIXELS", "_furnish", "build_walls"])
def test_private_word_counts(count_text, name):
    """A private word is found in classes, functions, variables and constants."""
    text = name if "=" in name else f"def {name}(): pass"
    assert count_text(text).private_words


def test_metaphors_count_in_prose_only(count_text):
    """A comment, a docstring and a message count; an identifier or a key does not."""
    assert len(count_text('"""The room of it."""\n# a door\nraise ValueError("open the door first")').metaphors) == 3
    assert count_text('room = {"door": 1}').metaphors == []

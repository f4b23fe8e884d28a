"""Count words that make code and documents hard to read for somebody who learned English at work.

- function words that are bound as names (`found = ...`)
- docstrings whose first sentence opens with or hangs on a free "what" or "who"
- names that need a legend (`Door` for a client)
- metaphors in comments, docstrings, messages and documents

Counted in the same way on 2026-11-25, seven well-kept packages (click, flask, packaging, pydantic, requests, rich,
werkzeug) have 0.00 to 0.07% function words, and 0.0 to 0.4% free openings. tests/test_words.py holds
this tree to limits of that kind.
"""

import ast
import re
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

_SPELL_THE_WORDS = {"checks/words.py", "tests/test_words.py"}  # no prose: what they look for
_SKIPPED_FOLDERS = {"build", "node_modules", "__pycache__", "out"}  # and those whose names begin with a dot

# Pronouns, question words, quantifiers, adverbs and bare participles: as a name, none of them says what the value is.
FUNCTION_WORDS = {
    *("again", "after", "anew", "another", "before", "beside", "beyond", "both", "each", "either", "else", "ever"),
    *(
        "except",
        "forth",
        "half",
        "here",
        "how",
        "it",
        "its",
        "less",
        "least",
        "more",
        "most",
        "much",
        "neither",
        "none",
    ),
    *("one", "ones", "only", "others", "own", "same", "so", "some", "such", "that", "them", "then", "there", "these"),
    *("they", "this", "those", "though", "thus", "together", "too", "what", "when", "where", "wherever", "whether"),
    *("which", "while", "who", "whole", "whom", "whose", "why", "yet"),
    *("asked", "begun", "caught", "found", "given", "gone", "held", "kept", "lost", "made", "meant", "said", "seen"),
    *("sent", "shown", "taken", "told", "wanted"),
}

# Names that need a legend, each with the field's term for it.
PRIVATE_WORDS = {
    "answered": "response",
    "door": "client",
    "doors": "clients",
    "furnish": "mount",
    "garbage": "corrupt_body",
    "mendable": "retryable",
    "mistype": "wrong_content_type",
    "surroundings": "environment",
    "walls": "sandbox",
    "wish": "options",
    "disorder": "chaos",
    "fired": "fault event",
    "sight": "source state",
    "strike": "inject",
    "looks": "measures, or polls",
    "longest": "max",
    "most": "max",
    "least": "min",
    "largest": "max",
    "smallest": "min",
    "darkest": "min",
    "brightest": "max",
    "flattest": "min",
    "tallest": "max",
}
_CONSTANT_ONLY = {"longest", "most", "least", "largest", "smallest", "darkest", "brightest", "flattest", "tallest"}

# Words that stand for something else in prose, each with a plain one.
METAPHORS = {
    "door": "client, or address",
    "doors": "clients, or addresses",
    "furnish": "set up",
    "furnished": "set up",
    "furnishes": "sets up",
    "mend": "correct",
    "mended": "corrected",
    "mends": "corrects",
    "riddle": "question",
    "room": "package, module or space",
    "rooms": "packages or modules",
    "storey": "layer",
    "walls": "limits",
}
_METAPHOR = re.compile(rf"\b({'|'.join(METAPHORS)})\b", re.IGNORECASE)

_FREE_OPENING = re.compile(r"^(what|who|whose|whom)\b", re.IGNORECASE)
_FREE_OBJECT = re.compile(
    r"^\W*\w+ (what|who|whom)\b"  # "Give what ...", "Says who ..."
    r"|\b(?:and|or|,|;|:|of|for|to|by|from|with|in|on|->) (what|who|whom)\b",  # "..., and what becomes of it"
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A word and the line it stands on."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


@dataclass(slots=True)
class Count:
    """The figures of one tree, with every place that counts against it."""

    files: int = 0
    names: int = 0
    docstrings: int = 0
    function_words: list[Place] = field(default_factory=list)
    free_openings: list[Place] = field(default_factory=list)
    private_words: list[Place] = field(default_factory=list)
    metaphors: list[Place] = field(default_factory=list)

    @property
    def name_share(self) -> float:
        """Return the share of function words among all bound names, in percent."""
        return 100 * len(self.function_words) / max(self.names, 1)

    @property
    def opening_share(self) -> float:
        """Return the share of docstrings with a free "what" or "who" in the first sentence, in percent."""
        return 100 * len(self.free_openings) / max(self.docstrings, 1)


def count(root: Path) -> Count:
    """Count over every Python file and document under `root`; Python files that do not parse are left out."""
    total = Count()
    for path in _files(root, "*.py"):
        text = path.read_text(encoding="utf-8", errors="replace")
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        total.files += 1
        name = path.relative_to(root).as_posix()
        _count_file(tree, name, total)
        if name not in _SPELL_THE_WORDS:
            total.metaphors += _metaphors(_prose(tree, text), name)
    for path in _files(root, "*.md"):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        total.metaphors += _metaphors(enumerate(lines, 1), path.relative_to(root).as_posix())
    return total


def _files(root: Path, pattern: str) -> list[Path]:
    """Return the files of this pattern under `root` in a fixed order, without environments and build output."""
    return sorted(
        path
        for path in root.rglob(pattern)
        if path.is_file() and not any(map(_is_skipped, path.relative_to(root).parts[:-1]))
    )


def _is_skipped(folder: str) -> bool:
    return folder.startswith(".") or folder in _SKIPPED_FOLDERS


def _metaphors(lines: Iterable[tuple[int, str]], path: str) -> list[Place]:
    return [
        Place(path, number, f"{match[0]} (say {METAPHORS[match[0].lower()]})")
        for number, line in lines
        for match in _METAPHOR.finditer(line)
    ]


def _prose(tree: ast.Module, text: str) -> Iterator[tuple[int, str]]:
    """Yield comments, and the lines of every string that has a blank in it: docstrings and messages, no identifiers."""
    for token in tokenize.generate_tokens(StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield from enumerate(node.value.splitlines(), node.lineno)


def report(name: str, total: Count) -> str:
    """Return the figures of one tree as two lines of text."""
    often = Counter(place.text for place in total.function_words).most_common(8)
    return (
        f"{name}: {total.files} files; function words {total.name_share:.2f}% of {total.names} bound names; "
        f'"what/who" {total.opening_share:.1f}% of {total.docstrings} docstrings; '
        f"{len(total.private_words)} private words in names; {len(total.metaphors)} metaphors in prose\n"
        f"  most often: {', '.join(f'{word} {number}' for word, number in often) or 'none'}"
    )


def _count_file(tree: ast.Module, path: str, total: Count) -> None:
    for name, line in _bound_names(tree):
        total.names += 1
        if name.strip("_").lower() in FUNCTION_WORDS:
            total.function_words.append(Place(path, line, name))
    for name, line in _defined_names(tree):
        if word := _private_word(name):
            total.private_words.append(Place(path, line, f"{name} (say {PRIVATE_WORDS[word]})"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            text = ast.get_docstring(node)
            if text:
                total.docstrings += 1
                sentence = _first_sentence(text)
                if _FREE_OPENING.search(sentence) or _FREE_OBJECT.search(sentence):
                    line = 1 if isinstance(node, ast.Module) else node.lineno
                    total.free_openings.append(Place(path, line, sentence))


def _first_sentence(docstring: str) -> str:
    paragraph = " ".join(docstring.partition("\n\n")[0].split())
    return re.split(r"(?<=[.:;!?]) ", paragraph, maxsplit=1)[0]


def _bound_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield every name that gets a value: assignments, loops, arguments, `as`, and captures of `match`."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name, node.lineno
            case ast.arg(arg=name):
                yield name, node.lineno
            case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield name, node.lineno


def _defined_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    yield from _bound_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.name, node.lineno


def _private_word(name: str) -> str | None:
    is_constant = name.isupper()
    for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name):
        lower = str(word).lower()
        if lower in PRIVATE_WORDS and (is_constant or lower not in _CONSTANT_ONLY):
            return lower
    return None

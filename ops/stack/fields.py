"""One mapping of a YAML file -> its values, each checked; every problem is collected with its line, none stops."""

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import Any

_MAX_SHOWN = 60
_MIN_SIMILARITY = 0.75

Path = tuple[str | int, ...]
"""The place of a part in the document: names of mappings and numbers of list entries, from the top."""


class Problems:
    """Collects the problems of one document. `lines` holds the line of each of its parts."""

    def __init__(self, lines: Mapping[Path, int] | None = None) -> None:
        self._lines = lines or {}
        self.texts: list[str] = []

    def add(self, text: str, path: Path = ()) -> None:
        """Add one problem, with the line of the part that it is about or of the nearest part around it."""
        around = (path[:length] for length in range(len(path), 0, -1))
        line = next((self._lines[part] for part in around if part in self._lines), None)
        self.texts.append(text if line is None else f"line {line}: {text}")


class Fields:
    """Reads one mapping. `label` stands before each name in messages where the path would not help a reader."""

    def __init__(self, value: object, *, path: Path, problems: Problems, label: str | None = None) -> None:
        self._path, self._problems = path, problems
        self._label = ".".join(map(str, path)) if label is None else label
        self._values: Mapping[Any, Any] = value if isinstance(value, Mapping) else {}
        if value is not None and not isinstance(value, Mapping):
            self.note("", f"{_show(value)} is not a mapping (lines of `name: value`)")

    def __contains__(self, name: str) -> bool:
        """Return whether it is there at all."""
        return name in self._values

    def get(self, name: str) -> object:
        """Return the value of that name, of whatever type; None where there is none."""
        return self._values.get(name)

    def inside(self, name: str) -> "Fields":
        """Return the mapping that stands there; an empty one where there is none."""
        return Fields(
            self._values.get(name), path=(*self._path, name), problems=self._problems, label=self._label_of(name)
        )

    def note(self, name: str, problem: str) -> None:
        """Add a problem of that name, or of the whole mapping where it is empty."""
        path = (*self._path, name) if name else self._path
        self._problems.add(f"{self._label_of(name)}: {problem}", path)

    def refuse_others(self, known: Collection[str], reason: str) -> None:
        """Add a problem for each name that is none of these."""
        for name in sorted(str(name) for name in self._values if name not in known):
            similar = get_close_matches(name, known, n=1, cutoff=_MIN_SIMILARITY)
            self.note(name, f"{reason}; did you mean {similar[0]}?" if similar else reason)

    def text(self, name: str, shape: re.Pattern[str], accepted: str, *, default: str | None = None) -> str:
        """Return a text of that shape, or an empty one."""
        value = self._values.get(name, default)
        if isinstance(value, str) and shape.fullmatch(value):
            return value
        self._refuse(name, value, accepted)
        return ""

    def number(self, name: str, allowed: Collection[int], accepted: str, *, default: int) -> int:
        """Return a whole number among those allowed, or the default."""
        value = self._values.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and value in allowed:
            return value
        self._refuse(name, value, accepted)
        return default

    def flag(self, name: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._values.get(name, default)
        if not isinstance(value, bool):
            self._refuse(name, value, "true or false")
        return value is True

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Return all of it as texts, sorted, as the component writes YAML values: by JavaScript's String()."""
        for name, value in self._values.items():
            if isinstance(value, (Mapping, list)):
                self.note(str(name), "must be one value, not a list or a mapping")
        return tuple(sorted((str(name), _as_text(value)) for name, value in self._values.items()))

    def _refuse(self, name: str, value: object, accepted: str) -> None:
        self.note(name, f"missing; give it {accepted}" if value is None else f"{_show(value)} is not {accepted}")

    def _label_of(self, name: str) -> str:
        return ".".join(part for part in (self._label, name) if part)


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}…"


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)

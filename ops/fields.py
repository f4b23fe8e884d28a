"""One mapping of a YAML file -> its values, each held to what is accepted; every problem is noted, none stops.

Must not know: what any of the values is for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import re

MOST_SHOWN = 60
LIKE = 0.75


class Fields:
    """Reads one mapping. `where` stands before each name in what is said; `problems` is shared with other readers."""

    def __init__(self, found: object, *, where: str, problems: list[str]) -> None:
        self._where, self._problems = where, problems
        self._found: Mapping[Any, Any] = found if isinstance(found, Mapping) else {}
        if found is not None and not isinstance(found, Mapping):
            self.note("", f"{_shown(found)} stands where names with values belong")

    def __contains__(self, name: str) -> bool:
        """Whether it is there at all."""
        return name in self._found

    def get(self, name: str) -> object:
        """What stands there, of whatever kind; None where nothing does."""
        return self._found.get(name)

    def inside(self, name: str) -> Fields:
        """The mapping that stands there; an empty one where there is none."""
        return Fields(self._found.get(name), where=self._called(name), problems=self._problems)

    def note(self, name: str, problem: str) -> None:
        """Note a problem of that name, or of the whole mapping where it is empty."""
        self._problems.append(f"{self._called(name)}: {problem}")

    def refuse_others(self, known: Collection[str], why: str) -> None:
        """Note each name that is none of these."""
        for name in sorted(str(name) for name in self._found if name not in known):
            meant = get_close_matches(name, known, n=1, cutoff=LIKE)
            self.note(name, f"{why}; {meant[0]} is the name" if meant else why)

    def text(self, name: str, shape: re.Pattern[str], accepted: str, *, default: str | None = None) -> str:
        """A text of that shape, or an empty one."""
        value = self._found.get(name, default)
        if isinstance(value, str) and shape.fullmatch(value):
            return value
        self._refuse(name, value, accepted)
        return ""

    def number(self, name: str, allowed: Collection[int], accepted: str, *, default: int) -> int:
        """A whole number among those allowed, or the default."""
        value = self._found.get(name, default)
        if isinstance(value, int) and not isinstance(value, bool) and value in allowed:
            return value
        self._refuse(name, value, accepted)
        return default

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false."""
        value = self._found.get(name, default)
        if not isinstance(value, bool):
            self._refuse(name, value, "true or false")
        return value is True

    def pairs(self) -> tuple[tuple[str, str], ...]:
        """All of it as texts, sorted, as the component writes YAML values: by JavaScript's String()."""
        for name, value in self._found.items():
            if isinstance(value, (Mapping, list)):
                self.note(str(name), "a list or a mapping stands where one value belongs")
        return tuple(sorted((str(name), _as_text(value)) for name, value in self._found.items()))

    def _refuse(self, name: str, value: object, accepted: str) -> None:
        self.note(name, f"missing; give it {accepted}" if value is None else f"{_shown(value)} is not {accepted}")

    def _called(self, name: str) -> str:
        return ".".join(part for part in (self._where, name) if part)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)

"""A call's parameters -> plain values, each read once by its type; a parameter that nothing reads is refused.

So a caller cannot lean on a parameter that this control plane would silently leave out.
Source: cloud API 3.0, "Common Error Codes": MissingParameter, InvalidParameter, UnknownParameter (read 2026-11-22).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias, TypeVar

from emulator.control.errors import ApiError

Response: TypeAlias = Mapping[str, object]
"""The body of a response, without its RequestId."""

_T = TypeVar("_T")
_INDEX_DIGITS = 4


class Parameters:
    """The JSON object of one call, or an object within it; `path` names it in errors.

    With `from_text` the values came as text, from a query or a form, and integers are read from it.
    """

    def __init__(self, values: Mapping[str, object], path: str = "", *, from_text: bool = False) -> None:
        self._values = values
        self._path = path
        self._from_text = from_text
        self._read: set[str] = set()
        self._inner: list[Parameters] = []

    def text(self, name: str) -> str | None:
        """Return a string, None when it is absent."""
        return self._typed(name, str, "a string")

    def required(self, name: str) -> str:
        """Return a string that must be there and not be empty."""
        value = self.text(name)
        if not value:
            raise ApiError("MissingParameter", f"{self._path}{name} is required")
        return value

    def choice(self, name: str, accepted: Iterable[str]) -> str | None:
        """Return a string that is one of those accepted, None when it is absent."""
        value, choices = self.text(name), tuple(accepted)
        if value is not None and value not in choices:
            raise ApiError(f"InvalidParameterValue.{name}", f"{self._path}{name} is {' or '.join(choices)}")
        return value

    def integer(self, name: str) -> int | None:
        """Return a whole number, None when it is absent."""
        text = self._values.get(name)
        if self._from_text and isinstance(text, str) and text.removeprefix("-").isdecimal():
            self._read.add(name)
            return int(text)
        value = self._typed(name, int, "an integer")
        if isinstance(value, bool):
            raise ApiError("InvalidParameter", f"{self._path}{name} is an integer")
        return value

    def boolean(self, name: str) -> bool | None:
        """Return a truth value, None when it is absent."""
        text = self._values.get(name)
        if self._from_text and isinstance(text, str) and text.lower() in {"true", "false"}:
            self._read.add(name)
            return text.lower() == "true"
        return self._typed(name, bool, "true or false")

    def nested(self, name: str) -> "Parameters | None":
        """Return an object, None when it is absent."""
        value: Mapping[str, object] | None = self._typed(name, dict, "an object")
        return None if value is None else self._child(value, f"{self._path}{name}.")

    def objects(self, name: str) -> "list[Parameters] | None":
        """Return a list of objects, None when it is absent."""
        items = self._items(name)
        if items is None:
            return None
        nested = [
            self._child(item, f"{self._path}{name}.{index}.")
            for index, item in enumerate(items)
            if isinstance(item, dict)
        ]
        if len(nested) != len(items):
            raise ApiError("InvalidParameter", f"{self._path}{name} is a list of objects")
        return nested

    def integers(self, name: str) -> list[int]:
        """Return a list of whole numbers that must be there."""
        items = self._items(name)
        if not items:
            raise ApiError("MissingParameter", f"{self._path}{name} is required")
        if self._from_text:
            items = [int(item) if isinstance(item, str) and item.isdecimal() else item for item in items]
        numbers = [item for item in items if isinstance(item, int)]
        if len(numbers) != len(items):
            raise ApiError("InvalidParameter", f"{self._path}{name} is a list of integers")
        return numbers

    def texts(self, name: str) -> list[str]:
        """Return a list of strings, an empty one when it is absent."""
        items = self._items(name) or []
        strings = [item for item in items if isinstance(item, str)]
        if len(strings) != len(items):
            raise ApiError("InvalidParameter", f"{self._path}{name} is a list of strings")
        return strings

    def plain(self, name: str) -> object:
        """Return an object as it was given, to be stored and shown again; None when it is absent."""
        self._read.add(name)
        return self._values.get(name)

    def reject_unknown(self) -> None:
        """Refuse every parameter that was not read, here and in the objects within."""
        unknown = sorted(set(self._values) - self._read)
        if unknown:
            raise ApiError("UnknownParameter", f"{self._path}{unknown[0]} is no parameter of this call here")
        for nested in self._inner:
            nested.reject_unknown()

    def _child(self, values: Mapping[str, object], path: str) -> "Parameters":
        nested = Parameters(values, path, from_text=self._from_text)
        self._inner.append(nested)
        return nested

    def _items(self, name: str) -> list[object] | None:
        items: list[object] | None = self._typed(name, list, "a list")
        return items

    def _typed(self, name: str, kind: type[_T], description: str) -> _T | None:
        self._read.add(name)
        value = self._values.get(name)
        if value is not None and not isinstance(value, kind):
            raise ApiError("InvalidParameter", f"{self._path}{name} is {description}")
        return value


Action: TypeAlias = Callable[[Parameters], Response]
Actions: TypeAlias = Mapping[str, Action]


def from_pairs(pairs: Iterable[tuple[str, str]]) -> Parameters:
    """Return the parameters of a query or a form, where `Tags.0.Key=a` stands for nested lists and objects.

    Raises:
        ApiError: names that contradict each other, or a list with a gap.
    """
    tree: dict[str, object] = {}
    for name, value in pairs:
        *parents, last = name.split(".")
        place = tree
        for parent in parents:
            inner = place.setdefault(parent, {})
            if not isinstance(inner, dict):
                raise ApiError("InvalidParameter", f"{name} contradicts another parameter")
            place = inner
        if last in place:
            raise ApiError("InvalidParameter", f"{name} is given twice")
        place[last] = value
    return Parameters({name: _with_lists(name, value) for name, value in tree.items()}, from_text=True)


def _with_lists(name: str, value: object) -> object:
    if not isinstance(value, dict):
        return value
    items = {key: _with_lists(f"{name}.{key}", inner) for key, inner in value.items()}
    if not all(key.isdecimal() and len(key) <= _INDEX_DIGITS for key in items):
        return items
    if sorted(map(int, items)) != list(range(len(items))):
        raise ApiError("InvalidParameter", f"{name} is a list, numbered from 0 without a gap")
    return [items[key] for key in sorted(items, key=int)]

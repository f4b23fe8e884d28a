"""A call's parameters -> plain values, each read once by its type; a parameter nobody reads is refused.

So a caller cannot lean on a parameter that this control plane would silently leave out.
Source: cloud API 3.0, "Common Error Codes": MissingParameter, InvalidParameter, UnknownParameter (read 2026-11-22).
"""

from collections.abc import Mapping
from typing import TypeVar

from emulator.api.refusal import ApiRefusal

_T = TypeVar("_T")


class Parameters:
    """The JSON object of one call, or an object within it. `where` names it in refusals."""

    def __init__(self, values: Mapping[str, object], where: str = "") -> None:
        self._values = values
        self._where = where
        self._read: set[str] = set()
        self._inner: list[Parameters] = []

    def text(self, name: str) -> str | None:
        """A string, None when it is not there."""
        return self._typed(name, str, "a string")

    def needed(self, name: str) -> str:
        """A string that must be there and not be empty."""
        value = self.text(name)
        if not value:
            raise ApiRefusal("MissingParameter", f"{self._where}{name} is required")
        return value

    def number(self, name: str) -> int | None:
        """A whole number, None when it is not there."""
        value = self._typed(name, int, "an integer")
        if isinstance(value, bool):
            raise ApiRefusal("InvalidParameter", f"{self._where}{name} is an integer")
        return value

    def inside(self, name: str) -> "Parameters | None":
        """An object, None when it is not there."""
        value: Mapping[str, object] | None = self._typed(name, dict, "an object")
        return None if value is None else self._keep(Parameters(value, f"{self._where}{name}."))

    def each(self, name: str) -> "list[Parameters] | None":
        """A list of objects, None when it is not there."""
        value: list[object] | None = self._typed(name, list, "a list")
        if value is None:
            return None
        if not all(isinstance(one, dict) for one in value):
            raise ApiRefusal("InvalidParameter", f"{self._where}{name} is a list of objects")
        found = [Parameters(one, f"{self._where}{name}.{at}.") for at, one in enumerate(value) if isinstance(one, dict)]
        return [self._keep(one) for one in found]

    def numbers(self, name: str) -> list[int]:
        """A list of whole numbers that must be there."""
        value: list[object] | None = self._typed(name, list, "a list")
        if not value:
            raise ApiRefusal("MissingParameter", f"{self._where}{name} is required")
        found = [one for one in value if isinstance(one, int)]
        if len(found) != len(value):
            raise ApiRefusal("InvalidParameter", f"{self._where}{name} is a list of integers")
        return found

    def finish(self) -> None:
        """Refuses what nobody has read, here and in the objects within."""
        unknown = sorted(set(self._values) - self._read)
        if unknown:
            raise ApiRefusal("UnknownParameter", f"{self._where}{unknown[0]} is no parameter of this call here")
        for one in self._inner:
            one.finish()

    def _keep(self, inner: "Parameters") -> "Parameters":
        self._inner.append(inner)
        return inner

    def _typed(self, name: str, kind: type[_T], said: str) -> _T | None:
        self._read.add(name)
        value = self._values.get(name)
        if value is not None and not isinstance(value, kind):
            raise ApiRefusal("InvalidParameter", f"{self._where}{name} is {said}")
        return value

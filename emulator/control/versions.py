"""The published versions of every function.

A version is kept as it was published. Calls of a version run the code of $LATEST: this cloud has one set of instances
for each function.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from emulator.scf.function import Function


@dataclass(frozen=True, slots=True)
class Version:
    """A published version of a function."""

    number: str
    function: Function
    description: str
    at_s: float


class Versions:
    """The published versions of every function. Safe across threads."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._versions: dict[str, list[Version]] = {}

    def of(self, name: str) -> tuple[Version, ...]:
        """Return the published versions of a function, oldest first."""
        with self._lock:
            return tuple(self._versions.get(name, ()))

    def numbers_of(self, name: str) -> tuple[str, ...]:
        """Return the numbers of the published versions of a function."""
        return tuple(version.number for version in self.of(name))

    def publish(self, function: Function, description: str) -> Version:
        """Publish a function as it is now."""
        number = str(len(self.of(function.name)) + 1)
        version = Version(number, function, description, self._now())
        with self._lock:
            self._versions.setdefault(function.name, []).append(version)
        return version

    def forget(self, name: str) -> None:
        """Forget the versions of a function that was deleted."""
        with self._lock:
            self._versions.pop(name, None)

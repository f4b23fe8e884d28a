"""Keep the newest items of a record that some threads extend while others read it."""

import threading
from collections import deque
from typing import Generic, TypeVar

_Item = TypeVar("_Item")


class History(Generic[_Item]):
    """The last `limit` items, oldest first. Safe across threads."""

    def __init__(self, limit: int) -> None:
        self._lock = threading.Lock()
        self._items: deque[_Item] = deque(maxlen=limit)

    def append(self, item: _Item) -> None:
        """Add an item; beyond the limit the oldest is forgotten."""
        with self._lock:
            self._items.append(item)

    def items(self) -> tuple[_Item, ...]:
        """Return the items as they are now."""
        with self._lock:
            return tuple(self._items)

    def clear(self) -> None:
        """Forget every item."""
        with self._lock:
            self._items.clear()

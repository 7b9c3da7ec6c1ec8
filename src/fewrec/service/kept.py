"""What was worked out and holds until something changes: the least asked for goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, Generic, TypeVar

__all__ = ["Kept"]

Value = TypeVar("Value")


class Kept(Generic[Value]):
    """One value for each key, with the state of the world that it is right in; for many threads at once.

    ``most``: how much is kept, in the units in which sizes are told. A value of an older state takes no room beside the
    new one: states do not come back.

    >>> kept = Kept[str](2)
    >>> kept.put("anna", 1, "a list"), kept.get("anna", 1), kept.get("anna", 2)
    (None, 'a list', None)
    """

    def __init__(self, most: int) -> None:
        self.most, self.size = most, 0
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, tuple[Any, Value, int]] = OrderedDict()

    def __contains__(self, key: Hashable) -> bool:
        """Whether there is a value, of whatever state."""
        return key in self._values

    def get(self, key: Hashable, state: Any) -> Value | None:
        """The value, where it was put in this state."""
        with self._lock:
            found = self._values.get(key)
            if found is None or found[0] != state:
                return None
            self._values.move_to_end(key)
            return found[1]

    def put(self, key: Hashable, state: Any, value: Value, size: int = 1) -> None:
        """Keeps a value, and lets go of others where there is no room."""
        with self._lock:
            before = self._values.pop(key, None)
            self.size += size - (before[2] if before is not None else 0)
            self._values[key] = state, value, size
            while self.size > self.most:
                self.size -= self._values.popitem(last=False)[1][2]

    def clear(self) -> None:
        """Forgets everything."""
        with self._lock:
            self._values.clear()
            self.size = 0

"""Two-way map between external ids and dense positions."""

from __future__ import annotations

import bisect
import difflib
from collections.abc import Iterable, Iterator
from typing import Any

from fewrec.errors import DataError, UnknownIdError

Id = str | int


class Vocabulary:
    """Ids in a fixed order; ``index`` gives an id's position.

    >>> animals = Vocabulary(["cat", "dog", 7])
    >>> animals.index("dog"), animals.index("7"), animals.get("cow")
    (1, 2, None)
    """

    def __init__(self, ids: Iterable[Id], *, noun: str = "id") -> None:
        """``ids``: unique str or int, order kept. ``noun`` ("item", "user") names them in messages."""
        self.ids: list[Id] = list(ids)
        self.noun = noun
        self._positions: dict[Id, int] = {}
        for position, id in enumerate(self.ids):
            if isinstance(id, bool) or not isinstance(id, str | int):
                raise DataError(f"{id!r} is not an id: ids are strings or integers.", value=id)
            if id in self._positions:
                raise DataError(f"the {noun} {id!r} occurs twice.", value=id)
            self._positions[id] = position
        self._sorted_texts: list[tuple[str, Id]] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Id]:
        return iter(self.ids)

    def __contains__(self, id: object) -> bool:
        return self.get(id) is not None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.ids == other.ids

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        shown = ", ".join(map(repr, self.ids[:3])) + (", ..." if len(self) > 3 else "")
        return f"Vocabulary({len(self)} {self.noun}s: {shown})"

    def get(self, id: Any) -> int | None:
        """The position of ``id``, or ``None``. ``1`` and ``"1"`` name the same id unless both are known."""
        if isinstance(id, bool) or id is None:
            return None
        if hasattr(id, "item") and not isinstance(id, str | int):  # a NumPy scalar
            id = id.item()
        try:
            position = self._positions.get(id)
        except TypeError:  # a list or a dict is no id
            return None
        if position is not None:
            return position
        if isinstance(id, int):
            return self._positions.get(str(id))
        if isinstance(id, str) and canonical_integer(id):
            return self._positions.get(int(id))
        return None

    def exact(self, id: Id) -> int:
        """The position of exactly this id, -1 where it is not known."""
        return self._positions.get(id, -1)

    def index(self, id: Any) -> int:
        """The position of ``id``; ``UnknownIdError`` with the nearest known ids when there is none."""
        position = self.get(id)
        if position is None:
            nearest = self.nearest(id)
            hint = "Nearest known ids: " + ", ".join(map(repr, nearest)) + "." if nearest else None
            if not self.ids:
                hint = f"No {self.noun} is known at all."
            raise UnknownIdError(f"the {self.noun} {id!r} is not known.", value=id, hint=hint)
        return position

    def nearest(self, id: Any, n: int = 3) -> list[Id]:
        """Up to ``n`` known ids that look like ``id``, best first; numbers by distance, text by spelling."""
        if isinstance(id, int) and not isinstance(id, bool):
            integers: list[int] = [known for known in self.ids if isinstance(known, int)]
            if integers:
                return [*sorted(integers, key=lambda known: (abs(known - id), known))[:n]]
        if self._sorted_texts is None:
            self._sorted_texts = sorted((str(known).casefold(), known) for known in self.ids)
        text = str(id).casefold()
        texts = self._sorted_texts
        if (
            len(texts) > 3000
        ):  # spelling distance to a million ids takes seconds: look among the alphabetic neighbours
            at = bisect.bisect_left(texts, (text,))
            texts = texts[max(at - 1500, 0) : at + 1500]
        known_by_text: dict[str, Id] = {}
        for key, known in texts:
            known_by_text.setdefault(key, known)
        return [known_by_text[match] for match in difflib.get_close_matches(text, known_by_text, n, 0.5)]


def canonical_integer(text: str) -> bool:
    """Whether ``text`` is an integer in its only canonical spelling: "7" and "-7", but not "007", "+7" or
    "7.0"."""
    digits = text[1:] if text.startswith("-") else text
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        return False
    return digits[0] != "0" or text == "0"


def canonical_order(ids: Iterable[Id]) -> list[int]:
    """Positions that put ``ids`` into canonical order: integers by value, then strings."""
    listed = list(ids)
    return sorted(range(len(listed)), key=lambda at: _order_key(listed[at]))


def _order_key(id: Id) -> tuple[int, int, str]:
    return (1, 0, id) if isinstance(id, str) else (0, id, "")

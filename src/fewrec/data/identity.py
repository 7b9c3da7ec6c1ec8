"""Which cells name the same user or item: ids of all tables brought to one form."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fewrec.data.table import Column
from fewrec.data.vocabulary import Id, Vocabulary, canonical_integer

_FLOAT = re.compile(r"-?\d+\.0")
_MISSING_IDS = frozenset(["", "NaN", "nan", "NULL", "null", "None", "\\N", "<NA>"])


@dataclass(frozen=True, eq=False)
class IdColumn:
    """``ids[codes[row]]`` is the row's id; ``None`` where it is missing or no id at all."""

    ids: list[Id | None]
    codes: np.ndarray  # (N,) int32

    def absent(self) -> np.ndarray:
        """(N,) bool: rows without an id."""
        return np.array([id is None for id in self.ids] or [False], dtype=bool)[self.codes]

    def positions(self, vocabulary: Vocabulary) -> np.ndarray:
        """(N,) int32: each row's position in ``vocabulary``, -1 where it has none."""
        known = [-1 if id is None else vocabulary.exact(id) for id in self.ids] or [-1]
        return np.array(known, dtype=np.int32)[self.codes]


def unify(columns: Sequence[tuple[Column, bool]]) -> tuple[list[IdColumn], bool]:
    """The ids of several columns that speak of the same users (or items), in one form.

    ``columns``: pairs of column and "its cells are untyped text". Where text takes part, all ids become
    integers when *all* are canonical integers ("7", not "007"); ids of frames alone are kept as given. When
    an integer and its text both occur (7 and "7"), every canonical text becomes an integer. Returns the
    columns and whether that happened.
    """
    read = [(_read(column, text), text) for column, text in columns]
    texts = {id for ids, text in read if text for id in ids if isinstance(id, str)}
    strings = {id for ids, text in read if not text for id in ids if isinstance(id, str)}
    integers = {id for ids, _ in read for id in ids if isinstance(id, int)}
    mixed = False
    change = bool(texts) and all(map(canonical_integer, texts | strings))
    if not change:
        mixed = any(canonical_integer(text) and int(text) in integers for text in texts | strings)
    if change or mixed:
        read = [([_integer(id) for id in ids], text) for ids, text in read]
    return [IdColumn(ids, column.codes) for (ids, _), (column, _) in zip(read, columns, strict=True)], mixed


def _read(column: Column, text: bool) -> list[Id | None]:
    ids = [identifier(value) for value in column.values]
    if text and all(isinstance(id, str) and _FLOAT.fullmatch(id) for id in ids if id is not None):
        return [None if id is None else str(id)[:-2] for id in ids]  # integers that somebody saved as floats
    return ids


def identifier(value: Any) -> Id | None:
    """A cell as an id, ``None`` where it is missing or can be none."""
    if isinstance(value, str):
        return None if value in _MISSING_IDS else value
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)  # pandas turns a column of integers with one gap into floats
    return value if isinstance(value, int) else None


def _integer(id: Id | None) -> Id | None:
    return int(id) if isinstance(id, str) and canonical_integer(id) else id


def first_seen(column: IdColumn, rows: np.ndarray) -> list[Id]:
    """Distinct ids of ``rows`` ((N,) bool) in order of first sight."""
    codes, first = np.unique(column.codes[rows], return_index=True)
    in_order = codes[np.argsort(first, kind="stable")]
    return list(dict.fromkeys(id for code in in_order.tolist() if (id := column.ids[code]) is not None))

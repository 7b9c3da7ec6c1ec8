"""Named features of items or users: "genres: Comedy", "price: 10 to 20"."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from fewrec.data import names
from fewrec.data.attributes import separator_of, split, written
from fewrec.data.numerals import figure, is_missing, parse_numbers
from fewrec.data.table import Column
from fewrec.data.times import parse_times
from fewrec.errors import DataError

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

BINS = 4
MANY = (list, tuple, set, frozenset)
LEAST = 2  # a feature that fewer carry says nothing about anybody else


@dataclass(frozen=True)
class Attribute:
    """How the cells of one column become features and phrases."""

    column: str
    kind: str  # "category", "tags", "number", "date"
    separator: str | None = None
    edges: tuple[float, ...] = ()  # numbers and dates: lowest value, upper edges of all bins
    told: bool = False  # the caller wants it in the text, whatever it is

    @property
    def label(self) -> str:
        """The column as people read it."""
        return names.readable(self.column)

    def features(self, values: Sequence[Any]) -> list[tuple[str, ...]]:
        """For each cell the names of the features it carries; ``()`` for a missing cell or an unusable
        number."""
        if self.kind not in ("number", "date"):
            return [tuple(f"{self.label}: {part}" for part in self.parts(value)) for value in values]
        numbers = self.numbers(values)
        if len(self.edges) < 2:
            return [() for _ in values]
        # upper edges belong to their bin; what lies beyond the data falls into the outermost bins
        bins = np.minimum(np.searchsorted(self.edges[1:], numbers, side="left"), len(self.edges) - 2)
        texts = self._bin_names()
        return [(texts[bin],) if known else ()
                for bin, known in zip(bins.tolist(), np.isfinite(numbers).tolist(), strict=True)]  # fmt: skip

    def phrases(self, values: Sequence[Any]) -> list[str]:
        """Each cell as ``name: value`` for the item's text, or ``""``; of numbers only years are told."""
        if self.kind not in ("number", "date"):
            told = [self.parts(value) for value in values]
            return [f"{self.label}: {', '.join(parts)}" if parts else "" for parts in told]
        if not (self.told or self.kind == "date" or "year" in names.tokens(self.column)):
            return [""] * len(values)
        return [f"{self.label}: {figure(number)}" if math.isfinite(number) else ""
                for number in self.numbers(values).tolist()]  # fmt: skip

    def numbers(self, values: Sequence[Any]) -> np.ndarray:
        """(V,) the number (or the year) in each cell, NaN where there is none; of several the first."""
        single = [(value[0] if value else None) if isinstance(value, tuple) else value for value in values]
        return years(single) if self.kind == "date" else parse_numbers(single, money=True)[0]

    def parts(self, value: Any) -> tuple[str, ...]:
        """The values in a cell of a category or tags column, as people read them."""
        separator = self.separator if self.kind == "tags" else None
        return tuple(dict.fromkeys(_tidy(part) for part in split(value, separator)))

    def _bin_names(self) -> list[str]:
        texts = [_short(edge) for edge in self.edges]
        if len(set(texts)) < len(set(self.edges)):
            texts = [figure(edge) for edge in self.edges]
        return [
            f"{self.label}: {low}" if low == high else f"{self.label}: {low} to {high}"
            for low, high in pairwise(texts)
        ]


def _tidy(part: str) -> str:
    number = parse_numbers([part])[0][0]
    coded = part[:1] == "0" and part[1:2].isdigit()  # "007" is a code
    return figure(number) if math.isfinite(number) and not coded else names.readable(part)


def _short(number: float) -> str:
    """Four significant digits, never an exponent."""
    if number == 0 or not math.isfinite(number):
        return "0"
    return figure(round(number, 3 - math.floor(math.log10(abs(number)))))


def years(values: Sequence[Any]) -> np.ndarray:
    """(V,) the year of each date, NaN where there is none."""
    seconds, _ = parse_times(values)
    known = np.abs(seconds) < 1e13  # 300,000 years; NaN is not below it
    result = np.full(len(values), np.nan)
    result[known] = 1970 + seconds[known].astype("int64").astype("datetime64[s]").astype(
        "datetime64[Y]"
    ).astype(int)
    return result


def learn(name: str, role: str, column: Column, used: np.ndarray, *, told: bool = False) -> Attribute:
    """The ``Attribute`` for a column with that role; bins are cut at the quartiles of the ``used`` rows ((N,)
    bool)."""
    if role not in ("number", "date"):
        return Attribute(name, role, separator_of(column, commas=True) if role == "tags" else None, (), told)
    numbers = years(column.values) if role == "date" else parse_numbers(column.values, money=True)[0]
    spread = numbers[column.codes][used] if len(numbers) else numbers
    known = np.sort(spread[np.isfinite(spread)])
    if not len(known):
        return Attribute(name, role, told=told)
    at = [max(math.ceil(len(known) * share / BINS) - 1, 0) for share in range(1, BINS + 1)]
    edges = (float(known[0]), *(float(edge) for edge in np.unique(known[at])))
    return Attribute(name, role, None, edges, told)


class Features:
    """The features of a data set's items or users: attributes, kept names in order, and how a stranger gets a
    row."""

    def __init__(self, attributes: Sequence[Attribute], names: Iterable[str]) -> None:
        self.attributes = tuple(attributes)
        self.names = list(names)
        self._index = {name: at for at, name in enumerate(self.names)}
        self._folded = {name.casefold(): at for at, name in enumerate(self.names)}

    def row(self, attributes: Mapping[str, Any]) -> tuple[csr_matrix, list[str]]:
        """``((1, F) csr float32, unknown)`` for one stranger: ``{"cuisine": ["Mexican", "Thai"], "age":
        31}``.

        A list or a cell such as "Mexican|Thai" carries several values. ``unknown`` names what has no feature:
        columns as "colour", values as "cuisine: Martian". ``DataError`` for a list within a list or a mapping.
        """
        from scipy.sparse import csr_matrix

        by_column = {attribute.column.casefold(): attribute for attribute in self.attributes}
        by_column |= {attribute.label.casefold(): attribute for attribute in self.attributes}
        found: set[int] = set()
        unknown: list[str] = []
        for column, value in attributes.items():
            attribute = by_column.get(str(column).casefold())
            if attribute is None:
                unknown.append(str(column))
                continue
            cells = list(value) if isinstance(value, MANY) else [value]
            nested = next((cell for cell in cells if isinstance(cell, (*MANY, Mapping))), None)
            if nested is not None:
                raise DataError(
                    f'"{column}" holds {nested!r}, which is no single value.',
                    where="attributes",
                    value=value,
                    hint='Give one value or a flat list of them, such as {"cuisine": ["Mexican", "Thai"]}.',
                )
            for cell, carried in zip(cells, attribute.features(cells), strict=True):
                if not carried and not is_missing(cell):
                    unknown.append(f"{column}: {written(cell)}")
                for name in carried:
                    at = self._index.get(name, self._folded.get(name.casefold()))
                    if at is None:
                        unknown.append(name)
                    else:
                        found.add(at)
        columns = np.array(sorted(found), dtype=np.int32)
        data = np.ones(len(columns), dtype=np.float32)
        return csr_matrix((data, columns, [0, len(columns)]), shape=(1, len(self.names))), unknown


def build(parts: Sequence[tuple[Attribute, Column, np.ndarray]], size: int) -> tuple[Features, csr_matrix]:
    """Features and their (size, F) csr float32 matrix of ones; columns sorted by name.

    ``parts``: attribute, its column, and for every row the position of its item or user ((N,), -1 where
    unused). Features carried by fewer than two are left out.
    """
    from scipy.sparse import csr_matrix

    index: dict[str, int] = {}
    rows: list[np.ndarray] = []
    columns: list[np.ndarray] = []
    for attribute, column, at in parts:
        carried = [[index.setdefault(name, len(index)) for name in found]
                   for found in attribute.features(column.values)]  # fmt: skip
        used = at >= 0
        codes, owners = column.codes[used], at[used]
        counts = np.array([len(names) for names in carried] or [0], dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        flat = np.array([feature for names in carried for feature in names] or [0], dtype=np.int64)
        repeats = counts[codes]
        rows.append(np.repeat(owners, repeats))
        within = np.arange(int(repeats.sum())) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        columns.append(flat[np.repeat(starts[codes], repeats) + within])
    attributes = [attribute for attribute, _, _ in parts]
    row = np.concatenate(rows) if rows else np.zeros(0, np.int64)
    feature = np.concatenate(columns) if columns else np.zeros(0, np.int64)
    pairs = np.unique(row * max(len(index), 1) + feature)
    row, feature = pairs // max(len(index), 1), pairs % max(len(index), 1)
    carriers: np.ndarray = np.bincount(feature, minlength=len(index))
    kept = sorted(
        name for name, carried_by in zip(index, carriers.tolist(), strict=False) if carried_by >= LEAST
    )
    position = np.full(len(index) + 1, -1, dtype=np.int64)
    for column_at, name in enumerate(kept):
        position[index[name]] = column_at
    feature = position[feature]
    row, feature = row[feature >= 0], feature[feature >= 0]
    matrix = csr_matrix(
        (np.ones(len(row), dtype=np.float32), (row, feature)), shape=(size, len(kept)), dtype=np.float32
    )
    matrix.sort_indices()
    return Features(attributes, kept), matrix

"""Tables as the data room keeps them: every column as its distinct values plus one small code per row.

Checks, conversions and comparisons then run once per distinct value and are spread over the rows by NumPy,
which is what makes a million rating rows a matter of seconds.
"""

from __future__ import annotations

import datetime
import decimal
import math
import numbers as abstract
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from fewrec.errors import DataError

Scalar = str | int | float | bool | None


class Coder(dict):
    """Gives every distinct key the next code; ``coder[key]`` both looks up and learns."""

    def __missing__(self, key: Any) -> int:
        code = len(self)
        self[key] = code
        return code

    def encode(self, keys: Sequence[Any]) -> np.ndarray:
        """Codes of ``keys``, (N,) int32, new ones numbered in order of first sight."""
        return np.fromiter(map(self.__getitem__, keys), dtype=np.int32, count=len(keys))


@dataclass(frozen=True, eq=False)
class Column:
    """One column: ``values[codes[row]]`` is the cell; ``values`` holds no duplicates and ``None`` for
    missing."""

    values: list[Any]
    codes: np.ndarray  # (N,) int32
    kind: str | None = None  # the type a RecBole header declares ("token", "token_seq", "float", ...)

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, row: int) -> Any:
        return self.values[self.codes[row]]

    def cells(self) -> list[Any]:
        """The plain list of cells, (N,)."""
        values = self.values
        return [values[code] for code in self.codes.tolist()]

    def map(self, change: Callable[[Any], Any]) -> Column:
        """The column with ``change`` applied to every distinct value."""
        changed = encode([change(value) for value in self.values])
        return Column(changed.values, changed.codes[self.codes], self.kind)

    def spread(self, per_value: np.ndarray) -> np.ndarray:
        """``per_value`` (one entry a distinct value) repeated for the rows."""
        return per_value[self.codes]

    def take(self, rows: np.ndarray) -> Column:
        """The column at these rows; values that no longer occur are dropped, order of first sight is kept."""
        codes = self.codes[rows]
        used, first = np.unique(codes, return_index=True)
        order = used[np.argsort(first, kind="stable")]
        new_code = np.zeros(max(len(self.values), 1), dtype=np.int32)
        new_code[order] = np.arange(len(order), dtype=np.int32)
        return Column([self.values[code] for code in order.tolist()], new_code[codes], self.kind)


def encode(cells: Sequence[Any], kind: str | None = None) -> Column:
    """A ``Column`` from plain cells; dates become ISO text, NaN becomes ``None``, lists become tuples."""
    types = set(map(type, cells))
    if types <= {
        float,
        type(None),
    }:  # a column of ratings or times, a cell a row: as `plain`, without asking each
        cells = [None if cell is None or math.isnan(cell) else cell + 0.0 for cell in cells]
        types = set()
    elif types == {list} and set(map(type, chain.from_iterable(cells))) <= {str}:  # as `plain`, too
        cells = [tuple(cell) for cell in cells]
        types = set()
    if not types <= {
        str,
        int,
        type(None),
    }:  # these three never compare equal to one another, others may (1 == True)
        cells = [plain(cell) for cell in cells]
        coder = Coder()
        codes = coder.encode([(type(cell), cell) for cell in cells])
        return Column([value for _, value in coder], codes, kind)
    coder = Coder()
    codes = coder.encode(cells)
    return Column(list(coder), codes, kind)


def plain(value: Any) -> Any:
    """``value`` as str, int, float, bool, ``None`` or a tuple of these; ``DataError`` for anything else."""
    if value is None or isinstance(value, str | bool):
        return str(value) if type(value) not in (str, bool, type(None)) else value
    if type(value) is int:
        return value
    if type(value) is float:
        return None if math.isnan(value) else value + 0.0  # -0.0 is 0.0
    if isinstance(value, datetime.date | datetime.datetime | datetime.time):
        return None if value != value else value.isoformat()  # pandas' NaT is a datetime unequal to itself
    if isinstance(value, decimal.Decimal):
        return None if value.is_nan() else float(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else str(value)
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, abstract.Integral):
        return int(value)
    if isinstance(value, abstract.Real):
        return plain(float(value))
    if isinstance(value, list | tuple | set | frozenset | np.ndarray):
        parts = [
            plain(part) for part in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)
        ]
        if any(isinstance(part, tuple) for part in parts):
            raise DataError("a cell holds a list of lists.", value=value, hint=NESTED)
        return tuple(part for part in parts if part is not None)
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, dict):
        raise DataError("a cell holds a nested object.", value=value, hint=NESTED)
    raise DataError(
        f"a cell is of type {type(value).__name__}, which is neither text nor a number nor a date.",
        value=value,
        hint="Convert the column to text or numbers first.",
    )


NESTED = (
    'Flatten the column to text, numbers or one list of them, or leave it out with columns={"ignore": [...]}.'
)


@dataclass(frozen=True)
class Fault:
    """One row that could not even be read into columns."""

    origin: str
    line: int
    problem: str


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length plus, for every row, where it came from."""

    name: str  # "items", "interactions" or "users"
    columns: dict[str, Column]
    rows: int
    origins: list[str]  # file names, or the table's own name for data frames
    origin: np.ndarray  # (N,) int32 into origins
    line: np.ndarray  # (N,) int64: the file's line number, or the frame's row counted from 0
    text: bool = False  # cells are untyped text, as in CSV
    faults: tuple[Fault, ...] = ()  # the first rows that could not be read
    faulty: int = 0  # how many there were in all
    notes: tuple[str, ...] = field(default=())

    @property
    def label(self) -> str:
        """What messages call this table: its file name, or its own name."""
        return self.origins[0] if self.origins else self.name

    def place(self, row: int) -> str:
        """Where a row came from, for messages: ``'ratings.csv, row 418'``."""
        return f"{self.origins[self.origin[row]]}, row {self.line[row]}"

    def take(self, rows: np.ndarray) -> Table:
        """The table at these rows (positions or a mask)."""
        rows = np.flatnonzero(rows) if rows.dtype == bool else rows
        columns = {name: column.take(rows) for name, column in self.columns.items()}
        return self._with(columns, len(rows), self.origin[rows], self.line[rows])

    def only(self, names: Iterable[str]) -> Table:
        """The table with just these columns, in their present order."""
        wanted = set(names)
        columns = {name: column for name, column in self.columns.items() if name in wanted}
        return self._with(columns, self.rows, self.origin, self.line)

    def renamed(self, names: dict[str, str]) -> Table:
        """The table with some columns called differently."""
        columns = {names.get(name, name): column for name, column in self.columns.items()}
        return self._with(columns, self.rows, self.origin, self.line)

    def _with(self, columns: dict[str, Column], rows: int, origin: np.ndarray, line: np.ndarray) -> Table:
        return Table(
            self.name,
            columns,
            rows,
            self.origins,
            origin,
            line,
            self.text,
            self.faults,
            self.faulty,
            self.notes,
        )


def table_of(name: str, columns: dict[str, Column], *, label: str | None = None, text: bool = False) -> Table:
    """A ``Table`` whose rows are numbered from 0; ``DataError`` when the columns differ in length."""
    lengths = {key: len(column) for key, column in columns.items()}
    if len(set(lengths.values())) > 1:
        sizes = ", ".join(f'"{key}" {length}' for key, length in lengths.items())
        raise DataError(
            f"the columns differ in length: {sizes}.", where=label or name, hint="Pad or cut them."
        )
    rows = next(iter(lengths.values()), 0)
    return Table(
        name, columns, rows, [label or name], np.zeros(rows, np.int32), np.arange(rows, dtype=np.int64), text
    )


def concatenate(tables: Sequence[Table]) -> Table:
    """All rows of several tables in one; a column that one of them lacks is ``None`` there."""
    if len(tables) == 1:
        return tables[0]
    names = list(dict.fromkeys(name for table in tables for name in table.columns))
    columns: dict[str, Column] = {}
    for name in names:
        coder = Coder()
        codes = []
        kind = None
        for table in tables:
            column = table.columns.get(name)
            if column is None:
                codes.append(np.full(table.rows, coder[(type(None), None)], dtype=np.int32))
                continue
            kind = kind or column.kind
            renumber = coder.encode([(type(value), value) for value in column.values])
            codes.append(renumber[column.codes] if len(renumber) else column.codes)
        columns[name] = Column([value for _, value in coder], np.concatenate(codes), kind)
    origins = list(dict.fromkeys(origin for table in tables for origin in table.origins))
    renumbered = [
        np.array([origins.index(origin) for origin in table.origins] or [0], dtype=np.int32)[table.origin]
        for table in tables
    ]
    return Table(
        tables[0].name,
        columns,
        sum(table.rows for table in tables),
        origins,
        np.concatenate(renumbered),
        np.concatenate([table.line for table in tables]),
        any(table.text for table in tables),
        sum((table.faults for table in tables), ())[:10],
        sum(table.faulty for table in tables),
        sum((table.notes for table in tables), ()),
    )

"""Bad rows of one table: the first ten with place, column, value and mending, and how many there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fewrec.data.identity import IdColumn
from fewrec.data.numerals import is_missing
from fewrec.data.table import Table
from fewrec.errors import DataError

SHOWN = 10
SKIP = 'or load with on_bad_row="skip" to leave such rows out.'


class RowCheck:
    """Collects what is wrong with the rows of ``table``; ``settle`` raises or leaves the rows out."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.bad = np.zeros(table.rows, dtype=bool)
        self.merged = np.zeros(
            table.rows, dtype=bool
        )  # rows that repeat another one exactly: harmless, used once
        self._problems: list[tuple[np.ndarray, str | None, Callable[[int], str], str]] = []

    def add(
        self, rows: np.ndarray, column: str | None, tell: Callable[[int], str] | str, mending: str
    ) -> None:
        """``rows``: (N,) bool; ``tell``: what is wrong with one row; ``mending``: how such a cell should
        look."""
        fresh = rows & ~self.bad
        if not fresh.any():
            return
        self.bad |= fresh
        self._problems.append((fresh, column, tell if callable(tell) else lambda row: tell, mending))

    def cell(self, rows: np.ndarray, column: str, problem: str, mending: str) -> None:
        """Like ``add`` for a problem with the cell itself; ``{}`` in ``problem`` is replaced by its value."""
        values = self.table.columns[column]
        self.add(rows, column, lambda row: problem.format(shown(values[row])), mending)

    def ids(self, ids: IdColumn, column: str, noun: str) -> None:
        """Marks the rows without a usable id in ``column``."""
        values = self.table.columns[column].values

        def tell(row: int) -> str:
            value = values[ids.codes[row]]
            return f"the {noun} id is missing" if is_missing(value) else f"{shown(value)} is not an id"

        self.add(ids.absent(), column, tell, "An id is a text or a whole number.")

    def settle(self, on_bad_row: str) -> tuple[np.ndarray, list[str]]:
        """``(good, notes)``: (N,) bool, and what was left out. Raises ``DataError`` when rows are bad and
        ``on_bad_row`` is "stop", or when no row is left."""
        table = self.table
        total = int(self.bad.sum()) + table.faulty
        if not total:
            return ~self.bad, []
        told = [(fault.origin, f"row {fault.line}", fault.problem) for fault in table.faults]
        mendings = (
            ["Give every row as many cells as the header (quote cells that hold the delimiter)."]
            if told
            else []
        )
        value: Any = None
        for row in np.flatnonzero(self.bad)[: max(SHOWN - len(told), 0)].tolist():
            _, column, tell, mending = next(problem for problem in self._problems if problem[0][row])
            place = f"row {table.line[row]}" + (f', column "{column}"' if column else "")
            told.append((table.origins[table.origin[row]], place, tell(row)))
            mendings.append(mending)
            value = table.columns[column][row] if column and value is None else value
        count = table.rows + table.faulty
        if on_bad_row == "stop" or total == count:
            raise _error(told, mendings, total, count, value, stop=on_bad_row == "stop")
        label, lines = _lines(told[:3])
        more = "; ..." if total > 3 else ""
        return ~self.bad, [
            f"{label or table.label}: {total} of {count} rows left out ({'; '.join(lines)}{more})."
        ]


def _lines(told: list[tuple[str, str, str]]) -> tuple[str | None, list[str]]:
    """The one file that all rows are from (else ``None``), and a line for each row."""
    origins = {origin for origin, _, _ in told}
    if len(origins) == 1:
        return origins.pop(), [f"{place}: {problem}" for _, place, problem in told]
    return None, [f"{origin}, {place}: {problem}" for origin, place, problem in told]


def _error(
    told: list[tuple[str, str, str]], mendings: list[str], total: int, count: int, value: Any, *, stop: bool
) -> DataError:
    hints = list(dict.fromkeys(mendings))
    hints.append(f"Mend the {'row' if total == 1 else 'rows'}, {SKIP}" if stop else "No row is left.")
    if total == 1:
        origin, place, problem = told[0]
        return DataError(f"{problem}.", where=f"{origin}, {place}", value=value, hint="\n".join(hints))
    label, lines = _lines(told)
    message = [f"{total} of {count} rows cannot be used:", *(f"  {line}" for line in lines)]
    if total > len(told):
        message.append(f"  ... and {total - len(told)} more")
    return DataError("\n".join(message), where=label, value=value, hint="\n".join(hints))


def shown(value: Any) -> str:
    """A cell as messages quote it: text in double quotes, cut at 60 characters; other values plainly."""
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 60 else f'"{value[:57]}..."'
    return str(value)

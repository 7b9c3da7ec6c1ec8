"""Tables of plain cells <-> JSON lines: the first line names the columns, each further line is one row.

JSON keeps what CSV loses: 7 is not "7", nothing is not "", a list stays a list, a text may hold line ends.
What is read equals what was written, down to NaN and infinity, which are spelt as Python spells them in JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fewrec.errors import StoreError

_PLAIN = frozenset((str, int, float, bool, type(None)))


def table_bytes(name: str, table: Mapping[str, Sequence[Any]]) -> bytes:
    """The file of one table. Cells are str, int, float, bool, ``None``, or lists of these.

    Raises ``StoreError`` for other cells and for columns of unequal length.
    """
    where = f"table {name!r}"
    lengths = {len(cells) for cells in table.values()}
    if len(lengths) > 1:
        raise StoreError(f"its columns have {sorted(lengths)} cells.", where=where)
    for column, cells in table.items():
        if not isinstance(column, str):
            raise StoreError(f"a column is called {column!r}, which is no text.", where=where, value=column)
        _check(where, column, cells)
    encode = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode
    try:
        lines = [encode(list(table)), *map(encode, zip(*table.values(), strict=True))]
    except ValueError as error:  # Python writes no integer of more than 4300 digits
        raise StoreError(f"a cell cannot be written: {error}", where=where) from error
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")


def _check(where: str, column: str, cells: Sequence[Any]) -> None:
    kinds = set(map(type, cells))
    if list in kinds:
        kinds |= {type(value) for cell in cells if type(cell) is list for value in cell}
        kinds.discard(list)
        if any(type(value) is list for cell in cells if type(cell) is list for value in cell):
            raise StoreError("a cell holds a list inside a list.", where=f"{where}, column {column!r}")
    if not kinds <= _PLAIN:
        found = ", ".join(sorted(kind.__name__ for kind in kinds - _PLAIN))
        raise StoreError(
            f"cells of type {found} cannot be stored.",
            where=f"{where}, column {column!r}",
            hint="Cells are str, int, float, bool, None, or lists of these.",
        )


def read_table(where: str, data: bytes) -> dict[str, list[Any]]:
    """The table in a file's bytes. Raises ``StoreError`` when they are not what ``table_bytes`` writes."""
    try:
        text = data.decode("utf-8", "surrogatepass")
        names = json.loads(text[: text.find("\n") + 1])
        # All rows as one flat list: six times as fast as a list for each. A line end inside a text is written
        # as \n, so "]", line end, "[" stands between rows and nowhere else.
        cells = json.loads(text.replace("]\n[", ","))
    except (ValueError, RecursionError) as error:
        raise StoreError(f"it is no table of JSON lines: {error}", where=where) from error
    if (
        not isinstance(names, list)
        or not all(type(name) is str for name in names)
        or len(set(names)) < len(names)
    ):
        raise StoreError("its first line does not name the columns, each once.", where=where)
    rows = text.count("\n") - 1
    if type(cells) is not list or len(cells) != (rows + 1) * len(names):
        raise StoreError(f"its {rows} rows do not all have {len(names)} cells.", where=where)
    return {name: cells[len(names) + at :: len(names)] for at, name in enumerate(names)}

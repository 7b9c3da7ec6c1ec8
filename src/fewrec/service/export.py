"""A table of the store as a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from fewrec.errors import ConfigError, UnknownIdError
from fewrec.store import Store

__all__ = ["KINDS", "exported"]

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
TABLES = ("items", "users", "interactions")


def exported(store: Store, table: str, kind: str) -> Iterator[bytes]:
    """The file, piece by piece. ``UnknownIdError`` for a table that is none."""
    if table not in TABLES:
        raise UnknownIdError(
            "there is no such table.", where="table", value=table, hint=f"Tables: {', '.join(TABLES)}."
        )
    if kind == "jsonl":
        return _lines(store, table)
    return _csv(store, table) if kind == "csv" else iter([_parquet(store, table)])


def _lines(store: Store, table: str) -> Iterator[bytes]:
    for row in store.stream(table):
        named = dict(zip(_heads(list(row), table), row.values(), strict=True))
        yield f"{json.dumps(named, ensure_ascii=False)}\n".encode()


def _columns(store: Store, table: str) -> list[str]:
    names = {name: None for row in store.stream(table) for name in row}
    return list(names) or ["id"]


def _cell(cell: Any) -> Any:
    """Lists as fewrec reads them from a CSV file: parts with a bar between."""
    if isinstance(cell, list):
        return "|".join(str(part) for part in cell)
    return str(cell).lower() if isinstance(cell, bool) else cell


def _csv(store: Store, table: str) -> Iterator[bytes]:
    names = _columns(store, table)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_heads(names, table))
    for row in store.stream(table):
        writer.writerow([_cell(row.get(name)) for name in names])
        if out.tell() > 65_536:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def _heads(names: list[str], table: str) -> list[str]:
    """An id says in a file whose it is, so that the file can be read again as it stands."""
    own = {"items": "item_id", "users": "user_id", "interactions": "event_id"}[table]
    return [own if name == "id" else name for name in names]


def _parquet(store: Store, table: str) -> bytes:
    try:
        import pyarrow
        import pyarrow.parquet
    except ModuleNotFoundError as error:
        raise ConfigError(
            "pyarrow is not installed.", where="format", hint="pip install 'fewrec[files]'"
        ) from error
    names = _columns(store, table)
    rows: list[Mapping[str, Any]] = list(store.stream(table))
    columns = {}
    for name, head in zip(names, _heads(names, table), strict=True):
        cells = [row.get(name) for row in rows]
        kinds = {type(cell) for cell in cells if cell is not None}
        # A column of a file has one type; where cells differ they become texts.
        columns[head] = cells if len(kinds) <= 1 or kinds <= {int, float} else [
            None if cell is None else str(_cell(cell)) for cell in cells
        ]  # fmt: skip
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), out)
    return out.getvalue()

"""A data set as plain columns and JSON-ready settings, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fewrec.data.attributes import BY_NAME
from fewrec.data.checked import Tables
from fewrec.data.find import DISPLAY, side_name
from fewrec.data.roles import ColumnRoles
from fewrec.data.settings import Settings
from fewrec.data.table import Column, Fault, Table, encode
from fewrec.errors import DataError

Plain = dict[str, dict[str, list[Any]]]


def to_plain(
    tables: Tables, settings: Settings, roles: ColumnRoles, canonical: bool
) -> tuple[Plain, dict[str, Any]]:
    """``(tables, settings)``. Tables are called "items", "items 2" (side tables), "interactions", "users";
    cells are str, int, float, bool, ``None`` or lists of these. Left out are columns of
    the interactions that play no role, and names, addresses and the like of users.
    """
    plain: Plain = {}
    about: dict[str, Any] = {}
    for name, group in tables.items():
        for number, table in enumerate(group):
            key = side_name(name, number)
            table = table.only(set(table.columns) - _unneeded(name, key, roles))
            plain[key] = {
                column: [_listed(cell) for cell in cells.cells()] for column, cells in table.columns.items()
            }
            about[key] = {
                "rows": table.rows,
                "text": table.text,
                "kinds": {column: cells.kind for column, cells in table.columns.items() if cells.kind},
                "origins": table.origins,
                "places": _places(table),
                "faults": [[fault.origin, fault.line, fault.problem] for fault in table.faults],
                "faulty": table.faulty,
                "notes": list(table.notes),
            }
    return plain, {
        "dataset": settings.to_dict(),
        "roles": roles.to_dict(),
        "canonical": canonical,
        "tables": about,
    }


def _unneeded(name: str, key: str, roles: ColumnRoles) -> set[str]:
    """Columns that nothing needs: without a role among the interactions, and what names or locates a
    person."""
    if name == "interactions":
        return set(roles.of(key, "unused"))
    if name == "users":
        personal = (entry for entry in roles.entries if entry.table == key and entry.role == "kept")
        return {entry.column for entry in personal if entry.how in (BY_NAME, DISPLAY)}
    return set()


def _listed(cell: Any) -> Any:
    return list(cell) if isinstance(cell, tuple) else cell


def _places(table: Table) -> list[list[int]]:
    """Runs ``[origin, first line, rows]`` of consecutive lines."""
    if not table.rows:
        return []
    breaks = np.flatnonzero((np.diff(table.line) != 1) | (np.diff(table.origin) != 0)) + 1
    starts = np.concatenate([[0], breaks])
    lengths = np.diff(np.concatenate([starts, [table.rows]]))
    return [[int(table.origin[at]), int(table.line[at]), int(length)]
            for at, length in zip(starts.tolist(), lengths.tolist(), strict=True)]  # fmt: skip


def from_plain(
    plain: Mapping[str, Mapping[str, Sequence[Any]]], settings: Mapping[str, Any]
) -> tuple[Tables, Settings, ColumnRoles, bool]:
    """The inverse of ``to_plain``; ``DataError`` when something is missing or does not fit."""
    for key in ("dataset", "roles", "canonical", "tables"):
        if key not in settings:
            raise DataError(
                f'the settings of the data set lack "{key}".', where="Dataset.from_tables", value=key
            )
    tables: Tables = {}
    for key, about in settings["tables"].items():
        if key not in plain:
            raise DataError(f'the table "{key}" is missing.', where="Dataset.from_tables", value=key)
        name = key.split(" ")[0]
        tables.setdefault(name, []).append(_table(name, key, plain[key], about))
    return (
        tables,
        Settings.from_dict(settings["dataset"]),
        ColumnRoles.from_dict(settings["roles"]),
        bool(settings["canonical"]),
    )


def _table(name: str, key: str, cells: Mapping[str, Sequence[Any]], about: Mapping[str, Any]) -> Table:
    columns: dict[str, Column] = {}
    for column, listed in cells.items():
        if len(listed) != about["rows"]:
            raise DataError(
                f"the column has {len(listed)} cells instead of {about['rows']}.",
                where=f'Dataset.from_tables, table "{key}", column "{column}"',
            )
        columns[column] = encode(listed, about["kinds"].get(column))
    origin = np.concatenate(
        [np.zeros(0, np.int32)] + [np.full(rows, at, np.int32) for at, _, rows in about["places"]]
    )
    line = np.concatenate(
        [np.zeros(0, np.int64)]
        + [np.arange(first, first + rows, dtype=np.int64) for _, first, rows in about["places"]]
    )
    return Table(
        name,
        columns,
        about["rows"],
        list(about["origins"]),
        origin,
        line,
        about["text"],
        tuple(Fault(*fault) for fault in about["faults"]),
        about["faulty"],
        tuple(about["notes"]),
    )

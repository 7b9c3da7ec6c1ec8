"""Which column plays which role in which table, and how that was found."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fewrec.data.table import Table
from fewrec.errors import ConfigError, DataError

SINGLE = ("item", "user", "rating", "click", "quantity", "event", "time")
SEVERAL = ("title", "description", "tags", "text", "ignore")
TABLES = ("items", "interactions", "users")
_HOME = {  # tables in which a role of `columns=` is looked for
    "item": ("items", "interactions"),
    "user": ("users", "interactions"),
    **dict.fromkeys(("rating", "click", "quantity", "event", "time"), ("interactions",)),
    "title": ("items", "interactions"),
    "description": ("items",),
    "tags": ("items", "users"),
    "text": ("items",),
    "ignore": TABLES,
}


@dataclass(frozen=True)
class Role:
    """One column's role: ``role`` is "item", "user", "rating", "click", "quantity", "event", "time", "title",
    "description", "tags", "category", "number", "date", "kept" (for filters and display only) or "unused"."""

    table: str  # "items", "items 2" (a side table), "interactions", "users", ...
    column: str
    role: str
    how: str


@dataclass(frozen=True)
class ColumnRoles:
    """All columns and their roles; ``str()`` is a table for people.

    ``text``: the columns that make up the items' texts when ``columns={"text": [...]}`` says so, else
    ``None``.
    """

    entries: tuple[Role, ...] = ()
    text: tuple[str, ...] | None = None

    def of(self, table: str, *roles: str) -> list[str]:
        """Columns of ``table`` that play one of ``roles``, in the table's order."""
        return [entry.column for entry in self.entries if entry.table == table and entry.role in roles]

    def column(self, table: str, role: str) -> str | None:
        """The one column of ``table`` with ``role``, or ``None``."""
        found = self.of(table, role)
        return found[0] if found else None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; ``from_dict`` gives it back."""
        rows = [[entry.table, entry.column, entry.role, entry.how] for entry in self.entries]
        return {"entries": rows, "text": None if self.text is None else list(self.text)}

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> ColumnRoles:
        """The inverse of ``to_dict``."""
        text = plain["text"]
        return cls(tuple(Role(*row) for row in plain["entries"]), None if text is None else tuple(text))

    def __str__(self) -> str:
        rows = [("table", "column", "role", "how it was found")]
        rows += [(entry.table, entry.column, entry.role, entry.how) for entry in self.entries]
        widths = [max(len(row[at]) for row in rows) for at in range(3)]
        return "\n".join(
            "  ".join(
                [*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]
            ).rstrip()
            for row in rows
        )


class Wishes:
    """The ``columns=`` argument, checked: which column the caller wants in which role of which table."""

    def __init__(self, columns: Mapping[str, Any] | None) -> None:
        self.columns: dict[str, list[str] | None] = {}
        for key, names in (columns or {}).items():
            table, _, role = str(key).rpartition(".")
            if role not in SINGLE + SEVERAL or (table and table not in TABLES):
                near = difflib.get_close_matches(role, SINGLE + SEVERAL, 2, 0.4) or [*SINGLE, *SEVERAL]
                raise ConfigError(
                    f"{key!r} is not a role of a column.",
                    where="columns",
                    value=key,
                    hint=f'Nearest: {", ".join(near)}. One table alone is named so: "items.item".',
                )
            if table and table not in _HOME[role]:
                raise ConfigError(
                    f"a column of the {table} table cannot be the {role}.",
                    where="columns",
                    value=key,
                    hint=f"It can be in: {', '.join(_HOME[role])}.",
                )
            listed = [names] if isinstance(names, str) else names
            if listed is not None and (
                not isinstance(listed, list | tuple) or not all(isinstance(name, str) for name in listed)
            ):
                raise ConfigError(
                    f"{names!r} is not a column name.",
                    where=f"columns[{key!r}]",
                    value=names,
                    hint="Give a name, or for title, description, tags, text and ignore a list of names.",
                )
            if role in SINGLE and listed is not None and len(listed) != 1:
                raise ConfigError(
                    f"the role {role} takes one column, not {len(listed)}.",
                    where=f"columns[{key!r}]",
                    value=names,
                    hint=f'One column a table: {{"items.{role}": ..., "interactions.{role}": ...}}.'
                    if role in ("item", "user")
                    else "Name one column.",
                )
            self.columns[str(key)] = None if listed is None else list(listed)

    def check(self, tables: Iterable[Table]) -> None:
        """``DataError`` when a wished column is in none of the tables in which it could be."""
        for key, names in self.columns.items():
            table, _, role = key.rpartition(".")
            homes = [home for home in tables if home.name in ((table,) if table else _HOME[role])]
            known = list(dict.fromkeys(column for home in homes for column in home.columns))
            for name in names or ():
                if name in known:
                    continue
                near = difflib.get_close_matches(name, known, 3, 0.4)
                places = ", ".join(home.label for home in homes) or f"any {' or '.join(_HOME[role])} table"
                raise DataError(
                    f'there is no column "{name}" in {places}.',
                    where=f"columns[{key!r}]",
                    value=name,
                    hint=("Nearest: " if near else "Columns: ")
                    + ", ".join(f'"{column}"' for column in (near or known[:20]))
                    + ".",
                )

    def wanted(self, table: str, role: str, present: Iterable[str]) -> list[str] | None:
        """Columns among ``present`` wished for ``role`` in ``table``; ``[]`` when the role is switched off
        (None); ``None`` when nothing was said about it."""
        for key in (f"{table}.{role}", role):
            if key in self.columns and table in _HOME[role]:
                names = self.columns[key]
                if names is None:
                    return []
                found = [name for name in names if name in set(present)]
                if found:
                    return found
        return None

    def texts(self) -> tuple[str, ...] | None:
        """The columns that alone may speak in the items' texts, or ``None``."""
        names = self.columns.get("text", self.columns.get("items.text"))
        return None if names is None else tuple(names)

    def ignored(self, table: str) -> set[str]:
        """Columns of ``table`` that are to be treated as absent."""
        return {*(self.columns.get("ignore") or ()), *(self.columns.get(f"{table}.ignore") or ())}

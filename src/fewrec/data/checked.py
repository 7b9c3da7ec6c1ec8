"""Tables after all checks: ids in one form, bad rows out, values and times as numbers."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from fewrec.data.identity import IdColumn
from fewrec.data.roles import ColumnRoles
from fewrec.data.table import Table

Tables = dict[str, list[Table]]  # "items", "users": main table, then side tables; "interactions": one table


@dataclass(frozen=True, eq=False)
class Described:
    """One items or users table whose rows with an id are used."""

    key: str  # "items", "items 2", "users", ...
    table: Table
    ids: IdColumn
    good: np.ndarray  # (N,) bool


@dataclass(frozen=True, eq=False)
class Events:
    """The interactions table. ``rating`` is set for explicit feedback, ``weight`` for implicit (and for
    fading)."""

    table: Table
    users: IdColumn
    items: IdColumn
    good: np.ndarray  # (N,) bool
    rating: np.ndarray | None  # (N,) float64
    weight: np.ndarray  # (N,) float64
    time: np.ndarray | None  # (N,) float64 unix seconds


@dataclass(eq=False)
class Checked:
    """Everything that is known before ids get positions."""

    roles: ColumnRoles
    items: list[Described] = field(default_factory=list)
    users: list[Described] = field(default_factory=list)
    events: Events | None = None
    warnings: list[str] = field(default_factory=list)
    visible: list[str] = field(default_factory=list)  # those that must also be seen as they happen

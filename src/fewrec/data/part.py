"""Tables cut down to some of the interactions, as if nothing else had ever been there; and tables renumbered.

What was cut is nowhere in the new tables: whoever is given them cannot look it up.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fewrec.data.checked import Checked, Described, Events, Tables
from fewrec.data.identity import IdColumn
from fewrec.data.interactions import Interactions
from fewrec.data.roles import ColumnRoles, Role
from fewrec.data.table import Column, Table, concatenate, encode, table_of
from fewrec.data.vocabulary import Id, Vocabulary


def cut(
    checked: Checked, items: Vocabulary, users: Vocabulary, pairs: Interactions, kept: np.ndarray
) -> tuple[Tables, ColumnRoles]:
    """Tables and roles with the events of the ``pairs`` where ``kept`` (N,) is true.

    Every item stays, those that nobody has met any more with what the items tables say of them. Users without
    a kept pair are gone, their attributes, too.
    """
    tables: Tables = {"items": [described.table.take(described.good) for described in checked.items]}
    left = np.zeros(len(users), dtype=bool)
    left[pairs.user_index[kept]] = True
    tables["users"] = [_of(described, users, left) for described in checked.users]
    roles = checked.roles
    if checked.events is not None:
        tables["interactions"] = [checked.events.table.take(_rows(checked.events, items, users, pairs, kept))]
        tables["items"], roles = _with_all(tables["items"], items, checked)
    return {name: group for name, group in tables.items() if group}, roles


def _of(described: Described, users: Vocabulary, left: np.ndarray) -> Table:
    """The rows of one users table that speak of somebody who is left."""
    at = described.ids.positions(users)
    return described.table.take(described.good & (at >= 0) & left[at])


def _rows(
    events: Events, items: Vocabulary, users: Vocabulary, pairs: Interactions, kept: np.ndarray
) -> np.ndarray:
    """(E,) bool: the good events whose pair is kept."""
    user = events.users.positions(users).astype(np.int64)
    item = events.items.positions(items).astype(np.int64)
    known = pairs.user_index.astype(np.int64) * len(items) + pairs.item_index
    at = np.searchsorted(known, user * len(items) + item)
    chosen = np.concatenate([kept, [False]])[np.minimum(at, len(kept))]
    return np.asarray(events.good & chosen, dtype=bool)


def _with_all(group: list[Table], items: Vocabulary, checked: Checked) -> tuple[list[Table], ColumnRoles]:
    """The items tables with a row for every item of the vocabulary, and the roles that go with them."""
    described = set()
    for part in checked.items:
        described |= {part.ids.ids[code] for code in part.ids.codes[part.good].tolist()}
    missing = [id for id in items.ids if id not in described]
    roles = checked.roles
    if not missing:
        return group, roles
    column = roles.column("items", "item") if group else roles.column("interactions", "item")
    added = table_of("items", {str(column): encode(missing)}, label="interactions")
    if group:
        return [concatenate([group[0], added]), *group[1:]], roles
    entry = Role("items", str(column), "item", "as in the interactions")
    return [added], ColumnRoles((entry, *roles.entries), roles.text)


def renumbered(checked: Checked, names: Mapping[Id, Id]) -> Tables:
    """All tables with every item id replaced by ``names[id]``, a permutation of the ids."""
    tables: Tables = {
        "items": [
            _renamed(part.table, part.ids, checked.roles.column(part.key, "item"), names)
            for part in checked.items
        ],
        "users": [part.table for part in checked.users],
    }
    if checked.events is not None:
        events = checked.events
        column = checked.roles.column("interactions", "item")
        tables["interactions"] = [_renamed(events.table, events.items, column, names)]
    return {name: group for name, group in tables.items() if group}


def _renamed(table: Table, ids: IdColumn, column: str | None, names: Mapping[Id, Id]) -> Table:
    cells = [None if (id := ids.ids[code]) is None else names[id] for code in ids.codes.tolist()]
    columns: dict[str, Column] = {**table.columns, str(column): encode(cells)}
    return Table(**{**vars(table), "columns": columns})

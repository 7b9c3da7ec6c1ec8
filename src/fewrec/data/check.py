"""Runs all checks over all tables, before ids get positions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fewrec.data import identity
from fewrec.data.checked import Checked, Described, Tables
from fewrec.data.find import find_roles, side_name
from fewrec.data.identity import IdColumn
from fewrec.data.meaning import read_events
from fewrec.data.numerals import is_missing
from fewrec.data.roles import ColumnRoles, Wishes
from fewrec.data.rowcheck import RowCheck, shown
from fewrec.data.settings import Settings
from fewrec.data.table import Table
from fewrec.data.vocabulary import Id
from fewrec.errors import DataError

ALL_LOST = 10  # so many items without a single description are a mistake, not a small catalogue


def check(tables: Tables, settings: Settings, roles: ColumnRoles | None = None) -> Checked:
    """All checks of all rows. ``roles``: as found before; found anew when ``None``.

    Raises ``DataError`` with the first ten bad rows of a table, or leaves them out (``on_bad_row="skip"``).
    """
    filled, notes, visible = _filled(tables, settings)
    if roles is None:
        roles = find_roles(filled, Wishes(settings.columns), settings.weights())
    checked = Checked(roles, warnings=notes, visible=visible)
    interactions = next(iter(filled.get("interactions", ())), None)
    tables = filled
    item_columns = _unified("item", "items", tables, interactions, checked)
    user_columns = _unified("user", "users", tables, interactions, checked)
    checked.items = _described("item", tables.get("items", []), item_columns, settings, checked)
    checked.users = _described("user", tables.get("users", []), user_columns, settings, checked)
    if interactions is not None:
        checked.events = read_events(interactions, user_columns[-1], item_columns[-1], settings, checked)
        _note_undescribed(checked)
    return checked


def _note_undescribed(checked: Checked) -> None:
    """Tells how many items of the interactions no items table describes; visibly when it is all of
    several."""
    if not checked.items or checked.events is None:
        return
    items, events = checked.items[0], checked.events
    known = identity.first_seen(items.ids, items.good)
    seen = identity.first_seen(events.items, events.good)
    described = set(known)
    missing = [id for id in seen if id not in described]
    if not missing:
        return
    places = f"{events.table.label} are not described in {items.table.label}"
    if len(missing) < len(seen) or len(seen) < ALL_LOST:
        checked.warnings.append(f"{len(missing)} of {len(seen)} items of {places}.")
        return
    examples = f"{', '.join(map(shown, missing[:3]))} there, {', '.join(map(shown, known[:3]))} here"
    note = f"All {len(seen)} items of {places} ({examples}): do both tables use the same ids?"
    checked.warnings.append(note)
    checked.visible.append(note)


def _filled(tables: Tables, settings: Settings) -> tuple[Tables, list[str], list[str]]:
    """Tables that have rows, notes on all tables, and the note on empty interactions, which is to be seen at
    once."""
    _something_there(tables)
    notes: list[str] = []
    visible: list[str] = []
    filled: Tables = {}
    for name, group in tables.items():
        for table in group:
            notes += table.notes
            if not table.rows and table.faulty:
                RowCheck(table).settle(settings.on_bad_row)  # no row is left: raises
        kept = [table for table in group if table.rows] if group and group[0].rows else []
        if kept:
            filled[name] = kept
        elif name == "interactions":
            visible = [f"{group[0].label} has no rows: recommendations rest on the items' texts alone."]
            notes += visible
        elif group:
            notes.append(f"{group[0].label} has no rows.")
    return filled, notes, visible


def _something_there(tables: Tables) -> None:
    items, interactions = tables.get("items", []), tables.get("interactions", [])
    if not items and not interactions:
        raise DataError(
            "there are neither items nor interactions.",
            where="Dataset",
            hint="Give a table of items, a table of interactions, or both.",
        )
    rows = [table.rows + table.faulty for table in [*items[:1], *interactions]]
    if not any(rows):
        label = (items or interactions)[0].label
        raise DataError("the table has a header and no rows.", where=label, hint="Add at least one row.")


def _unified(
    noun: str, name: str, tables: Tables, interactions: Table | None, checked: Checked
) -> list[IdColumn]:
    """Ids of every table of ``name`` and, last, of the interactions."""
    named = [(side_name(name, number), table) for number, table in enumerate(tables.get(name, ()))]
    if interactions is not None:
        named.append(("interactions", interactions))
    sources = []
    for key, table in named:
        column = checked.roles.column(key, noun)
        if column is None or column not in table.columns:
            raise DataError(f"the table has no column of {noun} ids.", where=table.label)
        sources.append((table.columns[column], table.text))
    columns, mixed = identity.unify(sources)
    if mixed:
        checked.warnings.append(
            f'Some {noun} ids are written both as a number and as text (7 and "7"): they are taken '
            "as the same."
        )
    return columns


def _described(
    noun: str, group: Sequence[Table], columns: Sequence[IdColumn], settings: Settings, checked: Checked
) -> list[Described]:
    result = []
    for number, (table, ids) in enumerate(zip(group, columns, strict=False)):
        key = side_name(table.name, number)
        column = checked.roles.column(key, noun) or ""
        row_check = RowCheck(table)
        row_check.ids(ids, column, noun)
        merged = 0
        if number == 0:
            merged = _flag_repeated(row_check, ids, column, noun)
        twice = row_check.merged if merged else np.zeros(table.rows, dtype=bool)
        good, notes = row_check.settle(settings.on_bad_row)
        checked.warnings += notes
        if merged:
            checked.warnings.append(
                f"{table.label}: {merged} rows repeat another row exactly and are used once."
            )
        result.append(Described(key, table, ids, good & ~twice))
    return result


def _flag_repeated(row_check: RowCheck, ids: IdColumn, column: str, noun: str) -> int:
    """Marks rows that describe an id a second time: ``row_check.merged`` when equal, bad when different.

    Of different descriptions the fullest stays, whatever the order of the rows. Returns how many are merged.
    """
    table = row_check.table
    rows_of: dict[Id, list[int]] = {}
    usable = np.flatnonzero(~row_check.bad)
    seen, counts = np.unique(ids.codes[usable], return_counts=True)
    by_id: dict[Id, int] = {}
    for code, count in zip(seen.tolist(), counts.tolist(), strict=True):
        id = ids.ids[code]
        if id is not None:
            by_id[id] = by_id.get(id, 0) + count
    repeated = {id for id, count in by_id.items() if count > 1}
    if not repeated:
        return 0
    is_repeated = np.array([id in repeated for id in ids.ids], dtype=bool)
    for row in usable[is_repeated[ids.codes[usable]]].tolist():
        id = ids.ids[ids.codes[row]]
        if id is not None:
            rows_of.setdefault(id, []).append(row)
    others = [(name, cells) for name, cells in table.columns.items() if name != column]
    merged = np.zeros(table.rows, dtype=bool)
    conflict: dict[int, tuple[int, str]] = {}
    for rows in rows_of.values():
        contents = {row: tuple(cells[row] for _, cells in others) for row in rows}
        kept = max(rows, key=lambda row: (_fullness(contents[row]), -row))
        for row in rows:
            if row == kept:
                continue
            if contents[row] == contents[kept]:
                merged[row] = True
                continue
            pairs = zip(contents[row], contents[kept], strict=True)
            at = next(at for at, (one, two) in enumerate(pairs) if one != two)
            conflict[row] = (kept, others[at][0])
    flagged = np.zeros(table.rows, dtype=bool)
    flagged[list(conflict)] = True
    row_check.merged = merged

    def tell(row: int) -> str:
        kept, different = conflict[row]
        place = f"row {table.line[kept]}" if table.origin[kept] == table.origin[row] else table.place(kept)
        id = shown(ids.ids[ids.codes[row]])
        return f'the {noun} {id} is described a second time, with another "{different}" than in {place}'

    row_check.add(
        flagged,
        column,
        tell,
        f"Keep one row a{'n' if noun == 'item' else ''} {noun}. Several values of one kind (cuisines, tags) "
        f"go into one "
        f'cell as "a|b", or into a table of their own: {table.name}=[main, side].',
    )
    return int(merged.sum())


def _fullness(cells: tuple[object, ...]) -> tuple[int, int, str]:
    filled = [str(cell) for cell in cells if not is_missing(cell)]
    return len(filled), sum(map(len, filled)), repr(cells)

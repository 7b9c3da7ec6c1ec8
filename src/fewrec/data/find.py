"""Finds the role of every column, by name first and by content where the name does not decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fewrec.data import names
from fewrec.data.attributes import LONG, classify, look, title_score
from fewrec.data.glance import Glance
from fewrec.data.identity import identifier
from fewrec.data.numerals import is_missing
from fewrec.data.roles import ColumnRoles, Role, Wishes
from fewrec.data.table import Column, Table
from fewrec.errors import ConfigError, DataError

DISPLAY = "for display only"


def side_name(table: str, number: int) -> str:
    """What the ``number``-th (from 0) table of items or users is called among the roles: "items", "items 2",
    ..."""
    return table if number == 0 else f"{table} {number + 1}"


def find_roles(
    tables: Mapping[str, Sequence[Table]], wishes: Wishes, events: Mapping[str, float]
) -> ColumnRoles:
    """The roles of all columns of ``tables`` ("items", "users": main table and side tables; "interactions":
    one).

    ``events``: known event names. Raises ``DataError`` when no column can be the user or the item id.
    """
    entries: list[Role] = []
    interactions = next((table for table in tables.get("interactions", ()) if table.rows), None)
    found: dict[str, str] = {}
    if interactions is not None:
        items = next(iter(tables.get("items", ())), None)
        entries = _interaction_roles(interactions, items, wishes, events)
        found = {entry.role: entry.column for entry in entries}
    for name, noun in (("items", "item"), ("users", "user")):
        others = interactions.columns[found[noun]] if interactions is not None and noun in found else None
        for number, table in enumerate(tables.get(name, ())):
            entries += _attribute_roles(table, side_name(name, number), noun, found.get(noun), others, wishes)
    order = {"items": 0, "interactions": 1, "users": 2}
    entries.sort(
        key=lambda entry: order[entry.table.split(" ")[0]]
    )  # stable: columns stay in the table's order
    return ColumnRoles(tuple(entries), wishes.texts())


def _interaction_roles(
    table: Table, items: Table | None, wishes: Wishes, events: Mapping[str, float]
) -> list[Role]:
    roles: dict[str, tuple[str, str]] = {}  # column -> (role, how)
    for role in ("item", "user", "rating", "click", "quantity", "event", "time", "title"):
        for column in wishes.wanted("interactions", role, table.columns) or ():
            _claim(roles, table, column, role)
    off = {role for role in ("rating", "click", "quantity", "event", "time", "title")
           if wishes.wanted("interactions", role, table.columns) == []}  # fmt: skip
    given = {role for role, _ in roles.values()} | off

    def best(role: str, score: Mapping[str, float], least: float) -> None:
        free = {column: value for column, value in score.items() if column not in roles and value >= least}
        if role not in given and free:
            column = max(free, key=lambda column: free[column])  # the first of equals
            roles[column] = (role, "by its name")
            given.add(role)

    best("user", {name: names.id_score(name, names.USER, names.ITEM) for name in table.columns}, 0.3)
    if "item" not in given and items is not None:
        _item_by_overlap(table, items, wishes, roles, given)
    best("item", {name: names.id_score(name, names.ITEM, names.USER) for name in table.columns}, 0.3)
    glances = {name: Glance(name, column) for name, column in table.columns.items() if name not in roles}
    best("event", {name: glance.event(events) for name, glance in glances.items()}, 0.6)
    best("rating", {name: glance.rating() for name, glance in glances.items()}, 0.5)
    best("click", {name: glance.click() for name, glance in glances.items()}, 0.5)
    best("time", {name: glance.time() for name, glance in glances.items()}, 0.5)
    if not given & {"rating", "click"}:
        best("quantity", {name: glance.quantity() for name, glance in glances.items()}, 0.7)
    _last_id(table, roles, given)
    for noun in ("user", "item"):
        if noun not in given:
            raise DataError(
                f"no column looks like the {noun} id.",
                where=table.label,
                value=list(table.columns),
                hint=f'Name it: columns={{"{noun}": ...}}. {_listed(table)}'
                + (" Is the delimiter one of , ; tab |?" if len(table.columns) == 1 and table.text else "")
                + _swapped(table, items),
            )
    item = next(name for name, (role, _) in roles.items() if role == "item")
    titles = {name: title_score(name) for name in table.columns}
    titles = {name: score for name, score in titles.items()
              if score and _one_each(table.columns[item], table.columns[name])}  # fmt: skip
    best("title", titles, 0.5)
    return [
        Role("interactions", name, *roles.get(name, ("unused", "no role for its name and content")))
        for name in table.columns
    ]


def _swapped(table: Table, items: Table | None) -> str:
    """The question whether the two tables stand in each other's place, where the other one has a column of users."""
    if items is None or not any(
        names.id_score(name, names.USER, names.ITEM) >= 0.6 for name in items.columns
    ):
        return ""
    return f" {items.label} has users: do {table.label} and {items.label} stand in each other's place?"


def _claim(roles: dict[str, tuple[str, str]], table: Table, column: str, role: str) -> None:
    if column in roles:
        raise ConfigError(
            f'the column "{column}" of {table.label} is asked to be {roles[column][0]} and {role} at once.',
            where="columns",
            value=column,
            hint="Give it one role.",
        )
    roles[column] = (role, "as you said")


def _item_by_overlap(
    table: Table, items: Table, wishes: Wishes, roles: dict[str, tuple[str, str]], given: set[str]
) -> None:
    """Takes the free column whose values are ids of the items table, where the names leave several or
    none."""
    named = [name for name in table.columns if names.id_score(name, names.ITEM, names.USER) >= 0.6]
    if len(named) == 1:
        return
    wished = wishes.wanted("items", "item", items.columns)
    id_columns = wished or [name for name, column in items.columns.items() if _unique(column)]
    shares = {
        (name, id): _overlap(column, items.columns[id])
        for name, column in table.columns.items()
        if name not in roles and (not named or name in named)
        for id in id_columns
    }
    if shares:
        (name, id), share = max(shares.items(), key=lambda pair: pair[1])
        if share >= 0.5:
            roles[name] = ("item", f'{100 * share:.0f} % of its values are in "{id}" of {items.label}')
            given.add("item")


def _last_id(table: Table, roles: dict[str, tuple[str, str]], given: set[str]) -> None:
    """With one of user and item found and a single column without a role, that column is the other; but titles
    are no users."""
    open_nouns = {"user", "item"} - given
    free = [name for name in table.columns if name not in roles]
    if len(open_nouns) == 1 and len(free) == 1:
        noun = open_nouns.pop()
        if noun == "user" and names.tokens(free[0])[-1:] == ["title"]:
            return
        roles[free[0]] = (noun, "the only column left")
        given.add(noun)


def _attribute_roles(
    table: Table, key: str, noun: str, same: str | None, others: Column | None, wishes: Wishes
) -> list[Role]:
    roles: dict[str, tuple[str, str]] = {}
    for wished in wishes.wanted(table.name, noun, table.columns) or ():
        _claim(roles, table, wished, noun)
    if not roles:
        found, how = _id_column(table, key, noun, same, others)
        roles[found] = (noun, how)
    for role in ("title", "description", "tags"):
        for wished in wishes.wanted(table.name, role, table.columns) or ():
            _claim(roles, table, wished, role)
    off = {
        role
        for role in ("title", "description", "tags")
        if wishes.wanted(table.name, role, table.columns) == []
    }
    claimed = {role for role, _ in roles.values()}
    for name, column in table.columns.items():
        if name in roles:
            continue
        role, how = classify(name, column)
        if role in off or (role in ("title", "description") and (role in claimed or noun == "user")):
            role, how = "kept", "you chose others" if role in claimed else DISPLAY
        if noun == "item" and role == "kept" and name in (wishes.texts() or ()):
            long = look(column).length > LONG
            role, how = ("description" if long else "category"), "you want it in the text"
        roles[name] = (role, how)
    if (
        noun == "item"
        and key == table.name
        and not claimed & {"title"}
        and "title" not in off | {role for role, _ in roles.values()}
    ):
        _title_by_content(table, roles)
    return [Role(key, name, *roles[name]) for name in table.columns]


def _title_by_content(table: Table, roles: dict[str, tuple[str, str]]) -> None:
    """Without a title by name: the first column of short, worded, nearly all different texts."""
    for name, column in table.columns.items():
        role, _ = roles[name]
        if role not in ("category", "kept", "description"):
            continue
        content = look(column)
        texts = [value for value in content.samples if isinstance(value, str)]
        worded = sum(" " in text and any(letter.isalpha() for letter in text) for text in texts)
        named = name.casefold() in ("text", "item", "product", "movie", "book", "song", "label")
        if not content.texts or content.length > 120 or content.shared > 0.3:
            continue
        if named or (role == "category" and worded > 0.5 * len(texts) and content.distinct > 3):
            roles[name] = ("title", "short texts, nearly all different")
            return


def _id_column(table: Table, key: str, noun: str, same: str | None, others: Column | None) -> tuple[str, str]:
    main = key == table.name
    nouns, rest = (names.ITEM, names.USER) if noun == "item" else (names.USER, names.ITEM)
    score = {name: names.id_score(name, nouns, rest) for name in table.columns}
    for name in table.columns:
        if names.tokens(name) == ["id"]:
            score[name] = 0.7
        if name == same:
            score[name] = max(score[name], 0.95)
    if others is not None and len(others.values):
        shares = {name: _overlap(others, column) for name, column in table.columns.items()
                  if not main or _unique(column)}  # fmt: skip
        named = max(score, key=lambda name: score[name])
        # a column that is named like an id yields only to another one of that kind
        rivals = [name for name in shares if score[name] >= 0.5 or score[named] < 0.5]
        best = max(rivals, key=lambda name: (round(shares[name], 1), score[name]), default=named)
        if best != named and shares[best] >= 0.5 and shares[best] > shares.get(named, 0.0) + 0.2:
            return best, f"{100 * shares[best]:.0f} % of the ids in the interactions are here"
    if score and max(score.values()) >= 0.5:
        return max(score, key=lambda name: score[name]), "by its name"
    for name, column in table.columns.items():
        if main and _unique(column) and table.rows > 1:
            return name, "the first column that is different in every row"
    raise DataError(
        f"no column looks like the {noun} id.",
        where=table.label,
        value=list(table.columns),
        hint=f'Name it: columns={{"{noun}": ...}}. {_listed(table)}',
    )


def _listed(table: Table) -> str:
    """The columns of a table, for hints."""
    shown = [f'"{name}"' if len(name) <= 40 else f'"{name[:37]}..."' for name in list(table.columns)[:20]]
    return f"Columns: {', '.join(shown)}{', ...' if len(table.columns) > 20 else '.'}"


def _one_each(item: Column, title: Column) -> bool:
    """Whether nearly every item has one title only."""
    pairs = np.unique(item.codes.astype(np.int64) * len(title.values) + title.codes)
    return len(pairs) <= 1.5 * len(item.values)


def _unique(column: Column) -> bool:
    """Whether (nearly) no value occurs twice: repeated ids are reported later, they must not hide the id
    column."""
    return len(column.values) >= 0.9 * len(column.codes)


def _overlap(wanted: Column, known: Column) -> float:
    """Share of the distinct values of ``wanted`` that occur in ``known``, compared as text (1.0 is "1")."""
    pool = {str(identifier(value)) for value in known.values}
    values = [str(identifier(value)) for value in wanted.values if not is_missing(value)]
    return sum(value in pool for value in values) / len(values) if values else 0.0


def rename_map(roles: ColumnRoles, name: str, table: Table) -> dict[str, str]:
    """New name for each column of ``table`` (rows to be appended to table ``name``) that plays a role under
    another name than the data set's own column of that role."""
    wanted = {
        entry.role: entry.column for entry in roles.entries if entry.table == name and entry.role != "unused"
    }
    missing = {
        role: column
        for role, column in wanted.items()
        if column not in table.columns and role in _SINGLE_ROLES
    }
    if not missing:
        return {}
    free = table.only(set(table.columns) - set(wanted.values()))
    return _by_name(free, missing)


_SINGLE_ROLES = ("item", "user", "rating", "click", "quantity", "event", "time", "title")


def _by_name(table: Table, missing: Mapping[str, str]) -> dict[str, str]:
    score = {
        "item": lambda name: max(
            names.id_score(name, names.ITEM, names.USER), 0.5 * (names.tokens(name) == ["id"])
        ),
        "user": lambda name: max(
            names.id_score(name, names.USER, names.ITEM), 0.5 * (names.tokens(name) == ["id"])
        ),
        "rating": lambda name: max(
            names.says(name, names.RATING), names.says(name, names.LIKE), name == "value"
        ),
        "click": lambda name: names.says(name, names.CLICK),
        "quantity": lambda name: names.says(name, names.QUANTITY),
        "event": lambda name: names.says(name, names.EVENT),
        "time": lambda name: names.says(name, names.TIME),
        "title": title_score,
    }
    renamed: dict[str, str] = {}
    for role, column in missing.items():
        best = max((name for name in table.columns if name not in renamed), key=score[role], default=None)
        if best is not None and score[role](best) >= 0.5:
            renamed[best] = column
    return renamed

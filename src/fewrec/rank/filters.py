"""Conditions on item columns -> which items meet them.

    where="price < 20 and cuisine == 'Mexican' and city in ['A', 'B'] and not (alcohol == 'none')"
    where={"cuisine": "Mexican", "city": ["A", "B"]}            # all of them; a list means one of these
    where=lambda row: row["price"] < 20                         # row: dict of the item's columns

The language of the first form: comparisons ``== != < <= > >=`` of a column with a text, a number, ``True``,
``False`` or ``None``; ``in`` and ``not in`` with a list; ``contains(column, "text")``, which ignores upper
and lower case; ``and``, ``or``, ``not`` and brackets. A column of yes and no may stand alone. A column name
with other characters than letters, digits and ``_`` stands in backticks or in ``column("opening hours")``.

- A cell with several values (a list, or "a|b") meets a condition when any of its values does; ``!=`` and
  ``not in`` are the opposites of ``==`` and ``in``, so they hold when none does.
- A missing cell meets no condition, nor the opposite of one: ``price != 20`` and ``not price == 20`` both
  leave out items without a price. Only ``column == None`` finds them, and ``column != None`` the others.
- Text is compared exactly; ``<`` on text goes by code point, which orders dates such as "2024-05-01".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from fewrec.errors import ConfigError
from fewrec.rank.columns import Columns, both
from fewrec.rank.expression import evaluate


def where_mask(
    where: str | Mapping[str, Any] | Callable[[dict[str, Any]], bool] | None,
    item_columns: Mapping[str, list[Any]] | Columns,
    n_items: int,
) -> np.ndarray:
    """(I,) bool: the items that meet ``where``; all of them for ``None``.

    ``item_columns``: column -> (I,) cells; or a `Columns` of them, which remembers what it prepared.
    Raises ``ConfigError`` for a condition that cannot be read, names an unknown column, or compares text with
    numbers.
    """
    if where is None:
        return np.ones(n_items, dtype=bool)
    columns = item_columns if isinstance(item_columns, Columns) else Columns(item_columns, n_items)
    if isinstance(where, str):
        return evaluate(where, columns)[0]
    if isinstance(where, Mapping):
        return _mapping(where, columns)
    if callable(where):
        return _called(where, columns)
    raise ConfigError(
        f"a condition cannot be of type {type(where).__name__}.",
        where="where",
        value=where,
        hint='Give text such as "price < 20", a dict {column: value or list}, or a function of a row.',
    )


def _mapping(where: Mapping[str, Any], columns: Columns) -> np.ndarray:
    met = np.ones(columns.n_items, dtype=bool)
    for name, wanted in where.items():
        several = isinstance(wanted, list | tuple | set | frozenset | np.ndarray)
        values = [_constant(name, value) for value in (wanted if several else [wanted])]
        truth = columns.one_of(columns.find(name), values)
        met &= both((met, ~met), truth)[0]
    return met


def _constant(name: str, value: Any) -> Any:
    plain = value.item() if isinstance(value, np.generic) else value
    if plain is None or isinstance(plain, str | int | float):
        return plain
    raise ConfigError(
        f"column {name!r} cannot be compared with a {type(value).__name__}.",
        where="where",
        value=value,
        hint="Give a text, a number, True, False, None, or a list of these.",
    )


def _called(where: Callable[[dict[str, Any]], bool], columns: Columns) -> np.ndarray:
    n_items = columns.n_items
    met = np.zeros(n_items, dtype=bool)
    for at in range(n_items):
        row = columns.row(at)
        try:
            answer = where(row)
        except Exception as error:  # any: it is the caller's code, and the row that it failed on matters
            raise ConfigError(
                f"the function failed with {type(error).__name__}: {error}",
                where=f"where, item {at + 1} of {n_items}",
                value=row,
                hint=f"It was given the row {_short(row)}. Missing cells are None.",
            ) from error
        if not isinstance(answer, bool | np.bool_):
            raise ConfigError(
                f"the function returned {_short(answer)} instead of True or False.",
                where=f"where, item {at + 1} of {n_items}",
                value=answer,
            )
        met[at] = answer
    return met


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:197] + "..."

"""Comparisons of item columns with constants, in the logic of three values: yes, no and not known."""

from __future__ import annotations

import difflib
import operator
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from fewrec.data.numerals import is_missing
from fewrec.errors import ConfigError, DataError

Truth = tuple[np.ndarray, np.ndarray]  # (I,) bool each: surely yes, surely no; neither where not known
Constant = str | int | float | bool | None

ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def both(one: Truth, other: Truth) -> Truth:
    """``one and other``."""
    return one[0] & other[0], one[1] | other[1]


def either(one: Truth, other: Truth) -> Truth:
    """``one or other``."""
    return one[0] | other[0], one[1] & other[1]


def opposite(truth: Truth) -> Truth:
    """``not truth``: what is not known stays not known."""
    return truth[1], truth[0]


class Columns:
    """The columns of the items, ready to be compared.

    Each column is prepared when it is first asked for and kept, so a model that keeps the object answers the
    second condition on a column faster.
    """

    def __init__(self, item_columns: Mapping[str, Sequence[Any]], n_items: int) -> None:
        for name, cells in item_columns.items():
            if len(cells) != n_items:
                raise DataError(f"it has {len(cells)} cells for {n_items} items.", where=f"column {name!r}")
        self.n_items = n_items
        self._cells = item_columns
        self._normal = {unicodedata.normalize("NFKC", name): name for name in item_columns}
        self._prepared: dict[str, tuple[list[tuple[Any, ...]], np.ndarray]] = {}

    def find(self, name: Any) -> str:
        """The name of the column as the data spell it; ``ConfigError`` with the nearest names if there is
        none."""
        if isinstance(name, str) and name in self._cells:
            return name
        if isinstance(name, str) and name in self._normal:  # Python's identifiers are normalised
            return self._normal[name]
        raise ConfigError(
            f"the items have no column {short(name)}.",
            where="where",
            value=name,
            hint=self._nearest(str(name)),
        )

    def _nearest(self, name: str) -> str:
        if not self._cells:
            return "The items have no columns at all."
        if name.casefold() in ("true", "false", "none", "null"):
            return "Write True, False or None."
        folded = {known.casefold(): known for known in self._cells}
        near = [folded[match] for match in difflib.get_close_matches(name[:100].casefold(), folded, 3, 0.6)]
        if near:
            return f"Nearest columns: {', '.join(map(repr, near))}."
        names = [repr(known) for known in self._cells]
        listed = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
        return f"Columns: {listed}. A text stands in quotes."

    def row(self, at: int) -> dict[str, Any]:
        """The cells of one item as they stand in the data."""
        return {name: cells[at] for name, cells in self._cells.items()}

    # -- conditions

    def missing(self, name: str) -> Truth:
        """``name == None``: always known."""
        empty = self._each(name, operator.not_)
        return empty, ~empty

    def one_of(self, name: str, wanted: Sequence[Constant]) -> Truth:
        """``name in wanted``; ``None`` among them stands for a missing cell."""
        values = {value for value in wanted if value is not None}
        for value in values:
            self._check(name, value)
        yes = self._each(name, lambda cell: not values.isdisjoint(cell))
        truth = yes, ~yes & ~self._each(name, operator.not_)
        return either(truth, self.missing(name)) if None in wanted else truth

    def ordered(self, name: str, order: str, constant: Constant) -> Truth:
        """``name < constant`` and the like."""
        if constant is None:
            raise ConfigError(
                f"nothing is {order} None.",
                where="where",
                hint=f"Write {name} == None for items without it, {name} != None for the others.",
            )
        self._check(name, constant)
        test, kind = ORDERS[order], _kind(constant) == "text"

        def met(cell: tuple[Any, ...]) -> bool:
            for value in cell:  # noqa: SIM110 - any() is twice as slow
                if isinstance(value, str) == kind and test(value, constant):
                    return True
            return False

        yes = self._each(name, met)
        return yes, ~yes & ~self._each(name, operator.not_)

    def contains(self, name: str, part: str) -> Truth:
        """Whether some text of the cell contains ``part``, upper or lower case."""
        self._check(name, part)
        folded = part.casefold()
        yes = self._each(
            name, lambda cell: any(isinstance(value, str) and folded in value.casefold() for value in cell)
        )
        return yes, ~yes & ~self._each(name, operator.not_)

    def stands_alone(self, name: str) -> Truth:
        """A column of yes and no as a condition by itself."""
        kinds = self._kinds(name)
        if kinds and set(kinds) != {"yes or no"}:
            raise ConfigError(
                f"column {name!r} holds {_told(kinds)}, so it is no condition by itself.",
                where="where",
                value=name,
                hint=f"Compare it with something, such as {name} == {next(iter(kinds.values()))[0]!r}.",
            )
        return self.one_of(name, [True])

    # -- cells

    def _each(self, name: str, test: Callable[[tuple[Any, ...]], bool]) -> np.ndarray:
        """(I,) bool: ``test`` of the values of each cell, asked once for equal cells."""
        values, codes = self._values(name)
        return np.fromiter(map(test, values), dtype=bool, count=len(values))[codes]

    def _values(self, name: str) -> tuple[list[tuple[Any, ...]], np.ndarray]:
        """The values of each distinct cell (none where it is missing), and (I,) which of these a cell is."""
        if name not in self._prepared:
            known: dict[Any, int] = {}
            codes = np.zeros(self.n_items, dtype=np.intp)
            for at, cell in enumerate(self._cells[name]):
                key = (list, *map(_key, cell)) if isinstance(cell, list | tuple) else _key(cell)
                try:
                    codes[at] = known.setdefault(key, len(known))
                except TypeError:  # not hashable: neither text, number nor a list of these
                    raise _incomparable(name, cell) from None
            first = np.unique(codes, return_index=True)[1].tolist()
            self._prepared[name] = [_values(name, self._cells[name][at]) for at in first], codes
        return self._prepared[name]

    def _kinds(self, name: str) -> dict[str, list[Any]]:
        """Kind of value -> up to three examples."""
        kinds: dict[str, list[Any]] = {}
        for cell in self._values(name)[0]:
            for value in cell:
                examples = kinds.setdefault(_kind(value), [])
                if len(examples) < 3 and value not in examples:
                    examples.append(value)
        return kinds

    def _check(self, name: str, constant: Constant) -> None:
        """``ConfigError`` when the column holds nothing that can be compared with ``constant``."""
        kinds = self._kinds(name)
        if not kinds or (_kind(constant) == "text") in {kind == "text" for kind in kinds}:
            return
        if _kind(constant) == "text":
            hint = "Numbers, True and False stand without quotes."
        else:
            hint = f"Texts stand in quotes, such as {name} == {kinds['text'][0]!r}."
        raise ConfigError(
            f"column {name!r} holds {_told(kinds)}, which cannot be compared with {short(constant)}.",
            where="where",
            value=constant,
            hint=hint,
        )


def _key(cell: Any) -> Any:
    """What equal cells have in common; 1 and ``True`` are not equal here."""
    return type(cell), cell


def _values(name: str, cell: Any) -> tuple[Any, ...]:
    """The values of one cell, several for a list and for "a|b"."""
    if isinstance(cell, list | tuple):
        return tuple(value for part in cell for value in _values(name, part))
    value = cell.item() if isinstance(cell, np.generic) else cell
    if isinstance(value, bool | int | float):
        return () if value != value else (value,)  # NaN
    if is_missing(value):
        return ()
    if isinstance(value, str):
        return (value, *filter(None, map(str.strip, value.split("|")))) if "|" in value else (value,)
    raise _incomparable(name, cell)


def _incomparable(name: str, cell: Any) -> DataError:
    return DataError(
        f"it holds a {type(cell).__name__}, which cannot be compared.",
        where=f"column {name!r}",
        value=cell,
        hint="Cells are texts, numbers, True, False, None, or lists of these.",
    )


def _kind(value: Any) -> str:
    return "text" if isinstance(value, str) else "yes or no" if isinstance(value, bool) else "numbers"


def _told(kinds: dict[str, list[Any]]) -> str:
    return " and ".join(f"{kind} ({', '.join(map(short, examples))})" for kind, examples in kinds.items())


def short(value: Any) -> str:
    """``repr``, cut to 60 characters."""
    text = repr(value[:60] if isinstance(value, str) else value)
    return text if len(text) <= 60 else text[:57] + "..."

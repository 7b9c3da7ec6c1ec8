"""Texts, titles and plain columns of items, aligned with the vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fewrec.data.attributes import split
from fewrec.data.features import Attribute
from fewrec.data.numerals import is_missing, parse_numbers
from fewrec.data.table import Column


def join_titles(cells: Sequence[Any]) -> str:
    """Title-like cells of one item joined by a space; a title that is part of another is said once."""
    kept: list[str] = []
    for cell in cells:
        text = "" if is_missing(cell) else " ".join(str(cell).split())
        folded = text.casefold()
        if not text or any(folded in other.casefold() for other in kept):
            continue
        kept = [other for other in kept if other.casefold() not in folded]
        kept.append(text)
    return " ".join(kept)


def aligned(column: Column, at: np.ndarray, size: int) -> list[Any]:
    """The cells of a main table's column, (size,), ``None`` where the table does not have the item.

    ``at``: (N,) position of each row's item, -1 for rows that are not used.
    """
    cells: list[Any] = [None] * size
    values = column.values
    for position, code in zip(at.tolist(), column.codes.tolist(), strict=True):
        if position >= 0:
            cells[position] = values[code]
    return cells


def gathered(column: Column, at: np.ndarray, size: int) -> list[Any]:
    """The different cells of a side table's column as a tuple per item, in sorted order; ``None`` where
    none."""
    found: dict[int, set[Any]] = {}
    values = column.values
    for position, code in zip(at.tolist(), column.codes.tolist(), strict=True):
        if position >= 0 and not is_missing(values[code]):
            found.setdefault(position, set()).add(values[code])
    return [
        tuple(sorted(found[position], key=str)) if position in found else None for position in range(size)
    ]


def typed(cells: Sequence[Any], role: str, attribute: Attribute | None, *, text: bool) -> list[Any]:
    """Cells for filters and display: numbers as numbers, several values as a list, missing as ``None``."""
    if attribute is not None and attribute.kind == "tags":
        return [None if is_missing(cell) else list(_flat(cell, attribute.separator)) for cell in cells]
    if any(isinstance(cell, tuple) for cell in cells):
        return [
            None if is_missing(cell) else list(cell) if isinstance(cell, tuple) else cell for cell in cells
        ]
    clean = [None if is_missing(cell) else cell for cell in cells]
    if not text or role in ("title", "description"):
        return clean
    filled = [cell for cell in clean if cell is not None]
    numbers, bad = parse_numbers(filled, money=True)
    coded = any(
        (str(cell).startswith("0") and str(cell)[1:2].isdigit()) or len(str(cell)) > 15 for cell in filled
    )
    if bad.any() or coded:  # "007" is no number, and a longer one would lose its last digits
        return clean
    whole = bool((numbers == np.floor(numbers)).all()) and not any("." in str(cell) for cell in filled)
    exact = iter(numbers.astype(np.int64).tolist() if whole else numbers.tolist())
    return [None if cell is None else next(exact) for cell in clean]


def _flat(cell: Any, separator: str | None) -> list[str]:
    cells = cell if isinstance(cell, tuple) else (cell,)
    return list(dict.fromkeys(part for one in cells for part in split(one, separator)))


def title_view(titles: Sequence[str], phrases: Sequence[Sequence[str]]) -> list[str]:
    """Per item: its title, then its phrases, separated by ". "; but not a phrase that the title has told already.

    Saying the genres twice moves every text towards its genre, and away from what else the title says.
    """
    views = []
    for position, title in enumerate(titles):
        said = title.casefold()
        told = ". ".join(
            phrase for column in phrases if (phrase := column[position]) and not _repeats(said, phrase)
        )
        between = "" if not title or not told else " " if title[-1] in ".!?" else ". "
        views.append(title + between + told)
    return views


def _repeats(title: str, phrase: str) -> bool:
    """Whether every value of ``name: value, value`` stands in the (case-folded) title."""
    return all(value.casefold() in title for value in phrase.partition(": ")[2].split(", "))

"""What a column of the items or users table is: title, description, tags, category, number, date, or nothing
of use."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fewrec.data import names
from fewrec.data.numerals import figure, is_missing, parse_numbers
from fewrec.data.table import Column
from fewrec.data.times import parse_times

FEW = 12  # a column with at most so many different values is a category, whatever it looks like
LONG = 100  # characters: a text of this mean length is a description
BY_NAME = "by its name: an address, code, link or place"
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_HEX = re.compile(r"^[0-9a-fA-F\-]{16,}$")
_ID_ENDS = frozenset(("id", "ids", "uuid", "guid", "hash"))


@dataclass(frozen=True)
class Content:
    """Facts about the filled cells of a column."""

    filled: int
    distinct: int
    texts: bool  # some value is text that is no number
    numeric: bool  # every value (but one row in fifty at most) is a finite number
    length: float  # mean length of a cell
    shared: float  # share of filled cells whose value another row has too
    samples: list[Any]


def look(column: Column) -> Content:
    """The facts about ``column`` that roles are decided on."""
    counts = np.bincount(column.codes, minlength=len(column.values))
    present = np.array([not is_missing(value) for value in column.values], dtype=bool) & (counts > 0)
    at = np.flatnonzero(present)
    values = [column.values[code] for code in at.tolist()]
    counts = counts[at]
    filled = int(counts.sum())
    lengths = np.array([len(value) if isinstance(value, str) else 0 for value in values], dtype=float)
    _, bad = parse_numbers(values, money=True)
    return Content(
        filled,
        len(values),
        bool(bad.any()),
        bool(len(values)) and float(counts[bad].sum()) <= (filled / 50 if len(values) > FEW else 0),
        float((lengths * counts).sum() / filled) if filled else 0.0,
        float(counts[counts > 1].sum() / filled) if filled else 0.0,
        values,
    )


def classify(name: str, column: Column) -> tuple[str, str]:
    """``(role, how)``: "title", "description", "tags", "category", "number", "date" or "kept" (no use for
    learning)."""
    content = look(column)
    words = names.tokens(name)
    if not content.filled:
        return "kept", "every cell is empty"
    if any(isinstance(value, tuple) for value in content.samples):
        return "tags", "its cells are lists"
    if any(word in names.LOADED for word in words) and _dates(content):
        return "kept", "a date of loading says nothing about the thing itself"
    if any(word in names.LEFT_OUT for word in words):
        return "kept", BY_NAME
    if words and words[-1] in _ID_ENDS:
        return "kept", "by its name: another id"
    if title_score(name) >= 0.95 and _titles(content):
        return "title", "by its name"
    if content.distinct == 1 and len(column) > FEW and content.filled == len(column):
        return "kept", "the same in every row"
    if content.numeric:
        return _number(words, content)
    if _dates(content):
        return "date", "its cells are dates: the year counts"
    return _text(name, words, content, column)


def _number(words: list[str], content: Content) -> tuple[str, str]:
    if content.distinct <= FEW:
        return "category", f"{content.distinct} different numbers"
    if any(word in names.TIME for word in words) and "year" not in words and _moments(content):
        return "kept", "a moment in time says nothing about the thing itself"
    return "number", f"{content.distinct} different numbers"


def _moments(content: Content) -> bool:
    numbers, _ = parse_numbers(content.samples)
    return bool((np.abs(numbers[np.isfinite(numbers)]) > 1e8).all())


def _dates(content: Content) -> bool:
    written = [
        isinstance(value, str) and len(value) <= 40 and not value.isdigit() for value in content.samples
    ]
    return all(written) and bool(np.isfinite(parse_times(content.samples)[0]).all())


def _titles(content: Content) -> bool:
    return (content.shared < 0.6 or content.filled <= 5) and content.length <= 3 * LONG


def _text(name: str, words: list[str], content: Content, column: Column) -> tuple[str, str]:
    values = [value for value in content.samples if isinstance(value, str)]
    if sum(value.startswith(("http://", "https://", "www.")) for value in values) > 0.8 * len(values):
        return "kept", "its cells are links"
    if content.distinct > FEW and sum(bool(_HEX.match(value)) for value in values) > 0.8 * len(values):
        return "kept", "its cells are codes"
    if title_score(name) > 0 and _titles(content):
        return "title", "by its name"
    different = content.distinct > 0.5 * content.filled
    said = names.says(name, names.DESCRIPTION)
    if said == 1.0 or (said >= 0.3 and different and content.length >= 20):
        return "description", "by its name"
    listed = content.length < LONG or separator_of(column, commas=False) is not None
    if column.kind == "token_seq" or (names.says(name, names.TAGS) >= 0.7 and listed):
        return "tags", "by its name" if column.kind != "token_seq" else "its header says token_seq"
    if content.length > LONG and different and content.distinct > FEW:
        return "description", f"long texts ({content.length:.0f} characters on average), nearly all different"
    if separator_of(column, commas=False):
        return "tags", "its cells are lists of recurring parts"
    if content.distinct <= FEW or content.shared >= 0.2:
        return (
            "category",
            f"{content.distinct} different texts, {100 * content.shared:.0f} % of cells share theirs",
        )
    return "kept", "nearly every cell is different"


def title_score(name: str) -> float:
    """How surely a name says "title of the thing": 1 for ``title``, less for ``original_title``, 0 for
    ``city_name``."""
    words = names.tokens(name)
    if not words or words[-1] not in names.TITLE:
        return 0.0
    rest = words[:-1]
    if not rest:
        return 1.0
    if all(word in names.ITEM for word in rest):
        return 0.95
    if all(word in names.ITEM or word in names.TITLE_QUALIFIERS for word in rest):
        return 0.8
    return 0.0


def separator_of(column: Column, *, commas: bool) -> str | None:
    """What separates the parts of a cell: " " (where the header says token_seq), "|", ";", "," or ``None``.

    ``commas``: the column is known to hold tags, so that a comma separates too and parts need not recur.
    """
    counts = np.bincount(column.codes, minlength=len(column.values)).tolist()
    cells = [(value, count) for value, count in zip(column.values, counts, strict=True)
             if isinstance(value, str) and not is_missing(value)]  # fmt: skip
    for separator in ("|", ";", ","):
        cut = [([part.strip() for part in value.split(separator)], count)
               for value, count in cells if separator in value]  # fmt: skip
        if not cut or (separator == "," and (not commas or column.kind == "token_seq")):
            continue
        different = len({part for parts, _ in cut for part in parts})
        if commas or different <= 0.7 * sum(len(parts) * count for parts, count in cut):
            return separator
    return " " if column.kind == "token_seq" and any(" " in value for value, _ in cells) else None


def split(value: Any, separator: str | None) -> tuple[str, ...]:
    """The parts of a cell, without repeats: of a list, of ``"a|b"``, of ``"['a', 'b']"``, or the cell
    itself."""
    if is_missing(value):
        return ()
    parts: Sequence[str]
    if isinstance(value, tuple):
        parts = [part for cell in value for part in split(cell, separator)]
    elif isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        parts = _bracketed(value)
    elif isinstance(value, str) and separator:
        parts = value.split(separator)
    else:
        parts = [written(value)]
    return tuple(dict.fromkeys(part.strip() for part in parts if not is_missing(part.strip())))


def _bracketed(text: str) -> list[str]:
    try:
        loaded = json.loads(text)
    except (ValueError, RecursionError):
        return [first or second for first, second in _QUOTED.findall(text)]
    parts = [part.get("name") if isinstance(part, dict) else part for part in loaded]
    return [written(part) for part in parts if part is not None]


def written(value: Any) -> str:
    """A cell as text: ``4`` for 4.0, ``yes`` and ``no`` for booleans."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return figure(value)
    return str(value)

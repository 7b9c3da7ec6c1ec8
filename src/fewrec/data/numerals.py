"""Numbers out of cells, typed or written as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

MISSING = frozenset(
    ["", "?", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", "<NA>", "#N/A", "\\N", "None"]
)  # "none" is a value: a restaurant with smoking area "none"
HUGE = 1e30  # what is larger counts as infinite: values are kept in float32
_PLAIN = re.compile(r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$")
_COMMA = re.compile(r"^[+-]?\d+,\d{1,2}$")  # 4,5 but not 1,000
_MONEY = re.compile(
    r"^(?:[$€£¥]|USD|EUR|GBP|CNY)?\s*([+-]?[\d,]*\d(?:\.\d+)?)\s*(?:[$€£¥元]|USD|EUR|GBP|CNY)?$"
)


def is_missing(value: Any) -> bool:
    """Whether a cell says nothing: ``None``, empty, or one of the usual spellings such as ``NA`` and
    ``?``."""
    return value is None or value in MISSING or value == ()


def parse_numbers(values: Sequence[Any], *, money: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """``(numbers, bad)``: (V,) float64 with NaN where missing or bad; (V,) bool, true where a filled cell is
    no finite number.

    A comma is a decimal comma when every text of the column that needs it has one or two digits behind it.
    ``money`` also takes "$1,299.00" and "12 €".
    """
    bad = np.zeros(len(values), dtype=bool)
    quick = _quick(values)
    if quick is not None:
        return quick, bad
    numbers = np.full(len(values), np.nan)
    open_at: list[int] = []
    for at, value in enumerate(values):
        if isinstance(value, str):
            if _PLAIN.match(value):
                numbers[at] = float(value)
            elif not is_missing(value):
                open_at.append(at)
        elif isinstance(value, int | float):  # True and False are 1 and 0
            numbers[at] = float(value) if abs(value) < HUGE else np.inf
        elif not is_missing(value):
            open_at.append(at)
    commas = [at for at in open_at if isinstance(values[at], str) and _COMMA.match(values[at])]
    if commas and len(commas) == len(open_at):
        for at in commas:
            numbers[at] = float(values[at].replace(",", "."))
        open_at = []
    for at in open_at:
        match = _MONEY.match(values[at]) if money and isinstance(values[at], str) else None
        if match:
            numbers[at] = float(match[1].replace(",", ""))
        else:
            bad[at] = True
    infinite = np.abs(numbers) >= HUGE
    numbers[infinite] = np.nan
    return numbers, bad | infinite


def _quick(values: Sequence[Any]) -> np.ndarray | None:
    """All values as numbers when every one is a finite, plainly written number (a million timestamps); else
    ``None``."""
    try:
        numbers = np.fromiter(map(float, values), dtype=np.float64, count=len(values))
    except (ValueError, TypeError, OverflowError):
        return None
    if not (np.abs(numbers) < HUGE).all():
        return None
    return (
        None if any("_" in value for value in values if type(value) is str) else numbers
    )  # float("1_0") is 10


def figure(number: float) -> str:
    """A number as a reader writes it: ``4`` and ``3.5``, never ``4.0``."""
    number = number + 0.0  # -0.0 is 0.0
    return f"{number:.10g}" if abs(number) < 1e15 else repr(float(number))

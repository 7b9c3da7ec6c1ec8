"""Unix seconds out of cells: seconds, milliseconds, ISO dates and the common written forms."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from fewrec.data.numerals import is_missing, parse_numbers

_UTC = datetime.UTC
_SLASHED = re.compile(
    r"^(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4})(?:[ T,]+(\d{1,2}):(\d{2})(?::(\d{2}))?\s*([AaPp][Mm])?)?$"
)
_YEAR_FIRST = re.compile(r"^(\d{4})[/.](\d{1,2})[/.](\d{1,2})(.*)$")
EXAMPLES = "unix seconds (874965478), milliseconds, or dates such as 2024-05-17 or 2024-05-17 09:30:00"


def parse_times(values: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """``(seconds, bad)``: (V,) float64 unix seconds with NaN where missing or bad; (V,) bool.

    Numbers are seconds, milliseconds, microseconds or nanoseconds by their size (year 1973 to 5138 each),
    eight-digit numbers from 19000101 on are dates. Times without a zone are UTC. Where day and month cannot
    be told apart (3/4/2024), a larger first number anywhere in the column decides; without one the month
    comes first.
    """
    quick = _quick(values)
    if quick is not None:
        return quick, np.zeros(len(values), dtype=bool)
    numbers, not_number = parse_numbers(values)
    seconds = _scaled(numbers)
    bad = np.zeros(len(values), dtype=bool)
    texts = np.flatnonzero(not_number)
    if not len(texts):
        return seconds, bad
    day_first = any(
        match and int(match[1]) > 12
        for match in (_SLASHED.match(values[at]) for at in texts.tolist() if isinstance(values[at], str))
    )
    for at in texts.tolist():
        moment = _written(values[at], day_first)
        if moment is None:
            bad[at] = not is_missing(values[at])
        else:
            seconds[at] = moment
    return seconds, bad


def _quick(values: Sequence[Any]) -> np.ndarray | None:
    """Seconds when every value is written exactly as 2024-05-17 or 2024-05-17 09:30:00; else ``None``."""
    if not values or not all(
        type(value) is str and len(value) in (10, 19) and value[4] == "-" for value in values
    ):
        return None
    if not all(value[:4].isdigit() for value in values):
        return None
    try:
        return np.array(values, dtype="datetime64[s]").astype(np.int64).astype(np.float64)
    except ValueError:
        return None


def _scaled(numbers: np.ndarray) -> np.ndarray:
    known = numbers[np.isfinite(numbers)]
    if not len(known):
        return numbers
    if ((known >= 19000101) & (known <= 21001231) & (known == np.floor(known))).all():
        dates = [_date(int(number)) for number in known.tolist()]
        if None not in dates:
            seconds = numbers.copy()
            seconds[np.isfinite(numbers)] = np.array(dates, dtype=np.float64)
            return seconds
    size = float(np.max(np.abs(known)))
    return numbers / (1e9 if size > 1e17 else 1e6 if size > 1e14 else 1e3 if size > 1e11 else 1.0)


def _date(number: int) -> float | None:
    try:
        moment = datetime.datetime(number // 10000, number // 100 % 100, number % 100, tzinfo=_UTC)
    except ValueError:
        return None
    return moment.timestamp()


def _written(text: Any, day_first: bool) -> float | None:
    if not isinstance(text, str):
        return None
    match = _YEAR_FIRST.match(text)
    if match:
        text = f"{match[1]}-{int(match[2]):02d}-{int(match[3]):02d}{match[4]}"
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return _slashed(text, day_first)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=_UTC)
    return moment.timestamp()


def _slashed(text: str, day_first: bool) -> float | None:
    match = _SLASHED.match(text)
    if not match:
        return None
    first, second, year = int(match[1]), int(match[2]), int(match[3])
    day, month = (first, second) if day_first else (second, first)
    hour, minute, second_ = int(match[4] or 0), int(match[5] or 0), int(match[6] or 0)
    if match[7]:
        hour = hour % 12 + (12 if match[7].lower() == "pm" else 0)
    try:
        moment = datetime.datetime(year, month, day, hour, minute, second_, tzinfo=_UTC)
    except ValueError:
        return None
    return moment.timestamp()


def day(seconds: float) -> str:
    """The date of a moment, for messages: ``2024-05-17``; the number itself outside the calendar."""
    try:
        return datetime.datetime.fromtimestamp(seconds, _UTC).date().isoformat()
    except (OverflowError, OSError, ValueError):
        return f"{seconds:g}"

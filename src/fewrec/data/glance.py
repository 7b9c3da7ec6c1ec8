"""What the content of an interactions column says about the roles that its name suggests.

All decisions rest on the set of distinct values, never on the first few rows, so that the order of rows
cannot change a role.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np

from fewrec.data import names
from fewrec.data.feedback import event_name
from fewrec.data.numerals import is_missing, parse_numbers
from fewrec.data.table import Column
from fewrec.data.times import parse_times

_BINARY = frozenset(("0", "1", "true", "false", "yes", "no", "0.0", "1.0"))
_EVENTS = 50  # a column with more different values does not name kinds of events
_LONGEST_TIME = 40  # characters; longer texts are no times


class Glance:
    """Scores (0 to 1) of one column, called ``name``, for the roles that its content must support."""

    def __init__(self, name: str, column: Column) -> None:
        self.name = name
        self.values = [value for value in column.values if not is_missing(value)]

    @cached_property
    def _parsed(self) -> tuple[np.ndarray, float]:
        numbers, bad = parse_numbers(self.values)
        return numbers[np.isfinite(numbers)], float(bad.mean()) if len(bad) else 1.0

    @property
    def numeric(self) -> bool:
        """Whether at least half of the distinct values are numbers."""
        return self._parsed[1] <= 0.5

    @cached_property
    def binary(self) -> bool:
        """Whether the values are nothing but 0 and 1, or the words for them."""
        return (
            0 < len(self.values) <= len(_BINARY)
            and {str(value).casefold() for value in self.values} <= _BINARY
        )

    def rating(self) -> float:
        exact = names.says(self.name, names.RATING)
        score = max(exact, 0.9 * names.says(self.name, names.LIKE))
        if not score and self.name.casefold() in ("value", "val", "preference"):
            score = 0.6
        if not score or not self.values or self.numeric or self.binary:
            return score if self.values else 0.0
        return exact if exact == 1.0 else 0.0  # "rating": "five" must be told, not passed over

    def click(self) -> float:
        return names.says(self.name, names.CLICK) if self.binary else 0.0

    def event(self, events: Mapping[str, float]) -> float:
        if len(self.values) > _EVENTS or not self.values:
            return 0.0
        score = names.says(self.name, names.EVENT)
        known = [event_name(value) in events for value in self.values]
        if all(known):
            return max(score, 0.6)
        if score >= 0.95 and self.name.casefold() not in ("type", "feedback"):
            return score
        return score if any(known) else 0.0

    def time(self) -> float:
        score = names.says(self.name, names.TIME)
        if not self.values:
            return score
        if score < 0.5 and (
            self.binary or any(isinstance(value, str) and len(value) > _LONGEST_TIME for value in self.values)
        ):
            return 0.0
        if score < 0.5 and not np.isfinite(parse_times(self.values[:20])[0]).all():
            return 0.0  # all must be times, so a few that are not settle it
        seconds, _ = parse_times(self.values)
        share = float(np.isfinite(seconds).mean())
        if score >= 0.5:
            return score if share >= 0.5 else 0.0
        moments = not self.numeric or bool((np.abs(self._parsed[0]) > 5e8).all())
        return 0.5 if share == 1.0 and moments else 0.0

    def quantity(self) -> float:
        score = names.says(self.name, names.QUANTITY)
        return score if score and self.numeric else 0.0

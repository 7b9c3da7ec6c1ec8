"""What is measured, and how: the settings of one evaluation, checked once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fewrec.data.times import EXAMPLES, parse_times
from fewrec.errors import ConfigError

__all__ = ["COUNTS", "TASKS", "Settings", "idle", "refuse_idle"]

TASKS = {
    "cold-users": "strangers: test users are taken out of training whole, k of their interactions are shown",
    "cold-items": "new items: a share of the items is taken out of training and ranked alone",
    "warm": "known users: some of everybody's interactions are held out",
    "time": "the future: training on what was before a date, testing on what came after it",
    "rating": "the ratings and likes of strangers, predicted from k of their ratings",
    "candidates": "lists of candidates given in a file, for published protocols",
}
"""Task -> what it asks."""

COUNTS = {
    "k_shot": ("cold-users", "rating"),
    "seeds": ("cold-users", "cold-items", "warm", "rating", "candidates"),
    "n": ("cold-users", "cold-items", "warm", "time", "candidates"),
    "test_users": ("cold-users", "cold-items", "warm", "time", "rating"),
    "share": ("cold-items", "warm", "time"),
    "last": ("warm",),
    "date": ("time",),
    "splits": ("cold-users", "cold-items", "rating", "candidates"),
}
"""Argument -> the tasks in which it counts; every other argument counts in all of them."""
DECIDED = {"splits": ("test_users", "share"), "date": ("share",)}
"""Argument -> the arguments that do nothing beside it."""

LEAST_USERS = 5


def idle(task: str, given: Collection[str]) -> dict[str, str]:
    """Those of the ``given`` arguments that do nothing in this task or beside another one -> why, in words."""
    found = {
        name: f"it does nothing in the task {task!r}."
        for name in given
        if task in TASKS and task not in COUNTS.get(name, TASKS)
    }
    counting = [name for name in given if name not in found]
    for other in DECIDED:
        for name in DECIDED[other]:
            if other in counting and name in counting:
                found[name] = f"it does nothing beside {other}, which says who is tested on what."
    return found


def refuse_idle(task: str, given: Mapping[str, Any], names: Mapping[str, str] | None = None) -> None:
    """``ConfigError`` for the first of the ``given`` arguments that does nothing. ``names``: how the caller calls them.

    >>> refuse_idle("warm", {"date": "2020-01-01"})
    Traceback (most recent call last):
    fewrec.errors.ConfigError: date: it does nothing in the task 'warm'.
    Leave it out; it counts in the task time.
    """
    for name, why in idle(task, given).items():
        several = COUNTS[name]
        tasks = ", ".join(several[:-1]) + " and " + several[-1] if len(several) > 1 else several[0]
        hint = f"Leave it out; it counts in the task{'s' if len(several) > 1 else ''} {tasks}."
        raise _refused(why, (names or {}).get(name, name), given[name], hint)


@dataclass(frozen=True)
class Settings:
    """The arguments of ``evaluate`` that decide what comes out. Raises ``ConfigError`` for what means nothing."""

    task: str = "cold-users"
    k_shot: tuple[int, ...] = (0, 1, 3, 5, 10)
    train_users: tuple[int | None, ...] = (None,)  # None: all
    seeds: int = 3
    n: int = 10
    test_users: int = 150
    share: float = 0.2
    last: bool = False
    date: float | None = None
    guard: bool = True

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise _refused(
                f"there is no task {self.task!r}.", "task", self.task, f"Tasks: {', '.join(TASKS)}."
            )
        for name in ("seeds", "n", "test_users", "share"):
            object.__setattr__(self, name, _plain(getattr(self, name)))
        object.__setattr__(self, "k_shot", tuple(sorted(set(_listed("k_shot", self.k_shot, 0)))))
        sizes = [None if size == "all" else size for size in _sequence(self.train_users)]
        counted = _listed("train_users", [size for size in sizes if size is not None], 1)
        ordered = (*sorted(set(counted)), *([None] if None in sizes else []))
        if not ordered:
            raise _refused(
                "nobody is left to train on.", "train_users", self.train_users, 'Give a number, or "all".'
            )
        object.__setattr__(self, "train_users", ordered)
        for name, least in (("seeds", 1), ("n", 1), ("test_users", LEAST_USERS)):
            _listed(name, [getattr(self, name)], least)
        numeric = isinstance(self.share, int | float) and not isinstance(self.share, bool)
        if not numeric or not 0 < self.share < 1:
            raise _refused(
                f"{self.share!r} is not a share.", "share", self.share, "Give a number between 0 and 1."
            )

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; ``None`` for what does not count in this task (of splits there is always a number)."""
        plain = {
            "task": self.task,
            "k_shot": list(self.k_shot),
            "train_users": [size_name(size) for size in self.train_users],
            "seeds": self.seeds,
            "n": self.n,
            "test_users": self.test_users,
            "share": self.share,
            "last": self.last,
            "date": self.date,
            "guard": self.guard,
        }
        idle_here = {name for name, tasks in COUNTS.items() if self.task not in tasks} - {"seeds"}
        return {name: None if name in idle_here else value for name, value in plain.items()}


def moment(date: Any) -> float | None:
    """A date as unix seconds. Raises ``ConfigError``."""
    if date is None:
        return None
    found, bad = parse_times([date.isoformat() if hasattr(date, "isoformat") else date])
    if bad[0] or np.isnan(found[0]):
        raise _refused(f"{date!r} is no date.", "date", date, f"Write {EXAMPLES}.")
    return float(found[0])


def size_name(size: int | None) -> int | str:
    """How many training users, "all" for all."""
    return "all" if size is None else size


def _sequence(given: Any) -> list[Any]:
    several = isinstance(given, Sequence) and not isinstance(given, str)
    return [_plain(one) for one in given] if several else [_plain(given)]


def _plain(value: Any) -> Any:
    """A NumPy number as Python's."""
    return value.item() if isinstance(value, np.generic) else value


def _listed(name: str, given: Any, least: int) -> list[int]:
    numbers = _sequence(given)
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int) or number < least:
            raise _refused(
                f"{number!r} is out of range.", name, number, f"Give whole numbers from {least} on."
            )
    if name == "k_shot" and not numbers:
        raise _refused(
            "no number of interactions is given.", name, given, "Give one or more, such as 0, 1, 3."
        )
    return numbers


def _refused(message: str, where: str, value: Any, hint: str) -> ConfigError:
    return ConfigError(message, where=where, value=value, hint=hint)

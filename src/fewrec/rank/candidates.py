"""Which items may be listed, and the best n of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from fewrec.errors import ConfigError


class Candidates:
    """The items still allowed into a list; each filter is counted by name.

    >>> candidates = Candidates(5)
    >>> candidates.remove("already known", [0, 1])
    >>> candidates.keep("where", np.array([True, False, True, True, False]))
    >>> candidates.mask.nonzero()[0].tolist(), candidates.dropped, candidates.came_in
    ([2, 3], {'already known': 2, 'where': 1}, 5)
    """

    def __init__(self, n_items: int) -> None:
        """All ``n_items`` items are allowed at first."""
        self.mask = np.ones(n_items, dtype=bool)  # (I,)
        self.dropped: dict[str, int] = {}  # filter -> items that it, and no filter before it, removed

    @property
    def came_in(self) -> int:
        """Items before any filter."""
        return len(self.mask)

    def keep(self, name: str, mask: np.ndarray) -> None:
        """Only items whose ``mask`` (I,) is true stay; ``name`` says to the reader which filter this is."""
        if mask.shape != self.mask.shape or mask.dtype != bool:
            raise ConfigError(
                f"the mask is {mask.dtype} of shape {mask.shape} instead of bool of shape {self.mask.shape}.",
                where=f"filter {name}",
            )
        before = int(self.mask.sum())
        self.mask &= mask
        removed = before - int(self.mask.sum())
        self.dropped[name] = self.dropped.get(name, 0) + removed

    def remove(self, name: str, item_index: Iterable[int] | np.ndarray) -> None:
        """The items at these positions go."""
        mask = np.ones(len(self.mask), dtype=bool)
        mask[np.fromiter(item_index, dtype=np.intp)] = False
        self.keep(name, mask)


def check_n(n: Any) -> int:
    """``n`` as a Python int; ``ConfigError`` unless it is a whole number from 1."""
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise ConfigError(
            f"{n!r} is no length of a list.",
            where="n",
            value=n,
            hint="Give a whole number of at least 1, such as n=10.",
        )
    return int(n)


def top_n(
    scores: np.ndarray,
    mask: np.ndarray | None = None,
    n: int = 10,
    tie_break: np.ndarray | None = None,
) -> np.ndarray:
    """(at most n,) positions of the best items, best first.

    ``scores`` (I,): NaN means that nothing is known; such an item is never listed. ``mask`` (I,) bool: the
    items allowed. Equal scores are ordered by the higher ``tie_break`` (I,), then by the lower position. The
    cost is linear in I, plus sorting what is listed and what ties with its last place.

    >>> top_n(np.array([.5, np.nan, .9, .5]), n=3, tie_break=np.array([0, 9, 0, 1])).tolist()
    [2, 3, 0]
    """
    n = check_n(n)
    allowed = ~np.isnan(scores) if mask is None else mask & ~np.isnan(scores)
    at = np.flatnonzero(allowed)
    values = scores[at]
    if len(at) > n:
        last = np.partition(values, len(at) - n)[len(at) - n]  # the score of place n
        chosen = values >= last
        at, values = at[chosen], values[chosen]
    ties = np.zeros(len(at)) if tie_break is None else np.asarray(tie_break, dtype=np.float64)[at]
    order = np.lexsort((at, -ties, -values))  # the last key comes first
    return at[order[:n]]

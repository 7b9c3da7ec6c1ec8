"""Scores -> ranked lists. Ties are put in random order, the same for every system; what has no score comes last.

Random ties matter: many catalogues are numbered by popularity, so that the order of items would leak the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Ranked", "ranked", "tie_noise"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Ranked:
    """The lists of ``B`` people over ``I`` items."""

    top: Indices  # (B, n) item positions, -1 where a list is shorter
    scores: Floats  # (B, I) -inf where there is no score or the item may not be listed
    allowed: Mask  # (B, I)
    noise: NDArray[np.float32]  # (B, I) decides ties: the larger comes first

    def first(self, relevant: Mask) -> Floats:
        """(B,) rank, from 1, of the first relevant item in the whole list; infinite where there is none."""
        wanted = relevant & self.allowed
        best = np.where(wanted, self.scores, -np.inf).max(axis=1, initial=-np.inf)[:, None]
        level = self.allowed & (self.scores == best)
        lucky = np.where(wanted & level, self.noise, -1.0).max(axis=1, initial=-1.0)[:, None]
        ahead = (self.allowed & (self.scores > best)).sum(axis=1) + (level & (self.noise > lucky)).sum(axis=1)
        return np.where(wanted.any(axis=1), 1.0 + ahead, np.inf)


def tie_noise(seed: int, rows: int, items: int) -> NDArray[np.float32]:
    """(rows, I) what decides ties; row r depends on seed and r alone."""
    return np.stack(
        [np.random.default_rng((seed, row)).random(items, dtype=np.float32) for row in range(rows)]
        or [np.zeros(items, dtype=np.float32)]
    )[:rows]


def ranked(scores: NDArray[np.floating], allowed: Mask, noise: NDArray[np.float32], n: int) -> Ranked:
    """The ``n`` best allowed items of every row of ``scores`` (B, I)."""
    worst = np.where(np.isnan(scores) | ~allowed, -np.inf, scores.astype(np.float64))
    rows, items = worst.shape
    n = min(n, items)
    least = np.partition(worst, items - n, axis=1)[:, items - n] if items else np.zeros(rows)
    row, item = np.nonzero((worst >= least[:, None]) & allowed)  # only these can be listed
    order = np.lexsort((-noise[row, item], -worst[row, item], row))
    row, item = row[order], item[order]
    starts = np.searchsorted(row, np.arange(rows))
    place = np.arange(len(row)) - starts[row]
    top = np.full((rows, n), -1, dtype=np.intp)
    listed = place < n
    top[row[listed], place[listed]] = item[listed]
    return Ranked(top, worst, allowed, noise)

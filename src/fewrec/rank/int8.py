"""Products with a quarter of the memory: items as 8-bit integers, the top re-scored exactly.

    v_i ~ s_i q_i,      q_i = round(v_i / s_i) in -127..127,      s_i = max_d |v_id| / 127
    |u . v_i - s_i u . q_i| <= s_i |u|_1 / 2

because rounding moves no entry by more than half a step (symmetric quantisation by row: Jacob et al. 2018, arXiv
1712.05877, section 2.1, without a zero point). So whatever reaches the top ten exactly is, in the approximate order,
above the tenth best less both bounds: `top` re-scores all of these, and its lists are those of the exact product.
Only where there are more than ``most`` of them, it re-scores the first ``most``, and the list may differ.

The float vectors are read for the few that are re-scored alone: they may stay in a file (``numpy.memmap``).

Nothing in a recommender uses it: signals are mixed by the scores of all items, and not by their best ten. It is for
whoever looks up the nearest of millions of vectors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fewrec.errors import ConfigError

__all__ = ["Int8Items"]

BLOCK = 2048
"""Items unpacked at once: 3 MB at 384 columns, which stay in the cache."""

USERS = 16
"""Users for whom `Int8Items.top` unpacks the items once: unpacking costs as much as one product of a user with them,
and the scores of so many users with a million items take 64 MB."""


class Int8Items:
    """``exact`` (I, D) float32, kept as it is, and its rows as 8-bit integers: a quarter of the memory.

    Raises ``ConfigError`` for what is no matrix of finite numbers.
    """

    def __init__(self, exact: NDArray[np.float32]) -> None:
        if exact.ndim != 2 or not exact.shape[1]:
            raise ConfigError(
                f"item vectors have shape {exact.shape}, not (I, D).", where="int8", value=exact.shape
            )
        self.exact = exact
        n_items, width = exact.shape
        self.codes = np.empty((n_items, width), dtype=np.int8)
        self.steps = np.empty(n_items, dtype=np.float32)
        for start in range(0, n_items, BLOCK):
            rows = np.asarray(exact[start : start + BLOCK], dtype=np.float32)
            step = np.abs(rows).max(axis=1) / np.float32(127)
            if not np.isfinite(step).all():
                bad = start + int(np.flatnonzero(~np.isfinite(step))[0])
                raise ConfigError(f"the vector of item {bad} is not finite.", where="int8", value=bad)
            self.steps[start : start + BLOCK] = step
            self.codes[start : start + BLOCK] = np.rint(rows / np.where(step > 0, step, 1)[:, None])

    @property
    def nbytes(self) -> int:
        """What is kept in memory beside the exact vectors."""
        return self.codes.nbytes + self.steps.nbytes

    def score(self, users: NDArray[np.float32]) -> NDArray[np.float32]:
        """``(B, I)`` approximate products of ``users`` (B, D) with all items."""
        out = np.empty((len(users), len(self.codes)), dtype=np.float32)
        columns = np.ascontiguousarray(users.T, dtype=np.float32)  # (D, B)
        room = np.empty((BLOCK, self.codes.shape[1]), dtype=np.float32)
        for start in range(0, len(self.codes), BLOCK):
            part = self.codes[start : start + BLOCK]
            np.copyto(room[: len(part)], part)
            out[:, start : start + len(part)] = (room[: len(part)] @ columns).T
        out *= self.steps
        return out

    def bound(self, users: NDArray[np.float32]) -> NDArray[np.float32]:
        """``(B, I)`` how far the approximate product is from the exact one at most, float32 rounding aside."""
        return np.asarray(0.5 * np.abs(users).sum(axis=1, keepdims=True) * self.steps, dtype=np.float32)

    def top(
        self, users: NDArray[np.float32], n: int = 10, most: int = 1000
    ) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
        """``(items (B, n), exact scores (B, n))``, best first; of equal scores the smaller item comes first."""
        if not 0 < n <= most:
            raise ConfigError(f"n must lie from 1 to most ({most}), not {n}.", where="int8", value=n)
        n = min(n, len(self.codes))
        items, scores = np.empty((len(users), n), dtype=np.intp), np.empty((len(users), n), dtype=np.float32)
        for start in range(0, len(users), USERS):
            part = users[start : start + USERS]
            for row, found in enumerate(self.score(part), start):
                user = users[row]
                near = self._near(found, self.bound(user[None])[0], n, most)
                exact = np.asarray(self.exact[near], dtype=np.float32) @ user
                order = np.argsort(-exact, kind="stable")[:n]
                items[row], scores[row] = near[order], exact[order]
        return items, scores

    def rescored(self, users: NDArray[np.float32], n: int = 10) -> NDArray[np.intp]:
        """``(B,)`` how many items the bound leaves that may be among the best ``n``: `top` re-scores so many, or
        ``most``."""
        found, bound = self.score(users), self.bound(users)
        n = min(n, len(self.codes))
        return np.array([len(self._near(*row, n)) for row in zip(found, bound, strict=True)], dtype=np.intp)

    @staticmethod
    def _near(
        found: NDArray[np.float32], bound: NDArray[np.float32], n: int, most: int | None = None
    ) -> NDArray[np.intp]:
        """Items that may be among the best ``n``, in their order; the first ``most`` by ``found`` where there are
        more."""
        sure = np.partition(found - bound, len(found) - n)[len(found) - n]  # n items reach this at least
        near = np.flatnonzero(found + bound >= sure)
        if most is None or len(near) <= most:
            return near
        return np.sort(near[np.argpartition(-found[near], most - 1)[:most]])

"""Two textbook recommenders with one number to tune each, tuned on the training users by the same budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.evaluate.baselines import Baseline, filled, unit_rows
from fewrec.evaluate.lists import ranked, tie_noise
from fewrec.evaluate.metrics import ndcg

__all__ = ["Ease", "Tuned", "UserKnn"]

Floats = NDArray[np.float64]
SHOTS = (1, 3, 5, 10)
MOST = 150
CUTOFF = 10
BLOCK = 2000


class Tuned(Baseline):
    """A baseline with one number; ``GRID`` lists the values that are tried.

    Five folds up to 50 training users, one held-out fifth (of at most 150 users) above. A held-out user shows k random
    interactions, the other liked ones are looked for; the value with the best NDCG@10 over k = 1, 3, 5, 10 is taken.
    Where nobody has enough interactions it is the middle of the grid. No test user takes part.
    """

    GRID: Sequence[float] = ()

    def learn(self, liked: sp.csr_matrix) -> None:
        seen = self.data.matrix("all")
        marks = {value: self._mark(value, liked, seen) for value in self.GRID}
        told = {value: mark for value, mark in marks.items() if not np.isnan(mark)}
        self.value = max(told, key=lambda value: told[value]) if told else self.GRID[len(self.GRID) // 2]
        self.tuning: dict[str, Any] = {
            "searched": {f"{value:g}": round(mark, 6) for value, mark in told.items()},
            "chosen": self.value,
        }
        self.settle(liked, self.value)

    def settle(self, liked: sp.csr_matrix, value: float) -> None:
        """Fits with this value on ``liked`` (U, I)."""
        raise NotImplementedError

    def _mark(self, value: float, liked: sp.csr_matrix, seen: sp.csr_matrix) -> float:
        """NDCG@10 on held-out training users."""
        rng = np.random.default_rng(0)
        people = liked.shape[0]
        folds = [fold for fold in np.array_split(rng.permutation(people), 5) if 0 < len(fold) < people]
        marks: list[Floats] = []
        popularity = self.likes
        for held in folds if people <= 50 else [folds[0][:MOST]]:
            training = liked[np.setdiff1d(np.arange(people), held)]
            self.likes = np.asarray(training.sum(axis=0), dtype=np.float64).ravel()
            self.settle(training, value)
            orders = [rng.permutation(seen[user].indices) for user in held]
            marks += [self._play(liked[held], orders, k) for k in SHOTS]
        self.likes = popularity
        found = np.concatenate([*marks, np.zeros(0)])
        return float(np.nanmean(found)) if np.isfinite(found).any() else float("nan")

    def _play(self, liked: sp.csr_matrix, orders: Sequence[NDArray[np.intp]], k_shot: int) -> Floats:
        shown = np.zeros(liked.shape, dtype=bool)
        for row, order in enumerate(orders):
            shown[row, order[:k_shot]] = True
        good = liked.toarray() > 0
        noise = tie_noise(0, *liked.shape)
        top = ranked(self.scores(sp.csr_matrix((good & shown).astype(np.float64))), ~shown, noise, CUTOFF).top
        wanted = good & ~shown
        hits = np.take_along_axis(wanted, np.maximum(top, 0), axis=1) & (top >= 0)
        enough = np.array([len(order) > k_shot for order in orders])
        return ndcg(hits, np.where(enough, wanted.sum(axis=1), 0))


class UserKnn(Tuned):
    """Likes of the m users nearest by cosine, weighted by the cosine (Herlocker et al., SIGIR 1999)."""

    GRID = (3, 10, 20, 50, 100, 300)

    def settle(self, liked: sp.csr_matrix, value: float) -> None:
        self.m, self.liked, self.unit = int(value), liked, unit_rows(liked)

    def scores(self, liked: sp.csr_matrix) -> Floats:
        near = (unit_rows(liked) @ self.unit.T).toarray()  # (B, U)
        if near.shape[1] > self.m:
            least = np.partition(near, -self.m, axis=1)[:, -self.m, None]
            near = np.where(near >= least, near, 0)
        return filled(np.asarray(near @ self.liked, dtype=np.float64), self.likes)


class Ease(Tuned):
    """EASE (Steck, WWW 2019), solved in user space: U x U instead of I x I, the same numbers."""

    GRID = (3, 10, 30, 100, 300, 1000, 3000)

    def settle(self, liked: sp.csr_matrix, value: float) -> None:
        self.ridge, self.liked = value, liked
        gram = (liked @ liked.T).toarray().astype(np.float64)
        gram[np.diag_indices_from(gram)] += value
        self.factor = scipy.linalg.cho_factor(gram)
        explained = np.empty(liked.shape[1])
        for start in range(0, liked.shape[1], BLOCK):  # blocks keep memory at U x 2000
            block = liked[:, start : start + BLOCK].toarray().astype(np.float64)
            explained[start : start + BLOCK] = (block * scipy.linalg.cho_solve(self.factor, block)).sum(
                axis=0
            )
        self.diagonal = (1 - explained) / value  # of P = (L'L + r)^-1

    def scores(self, liked: sp.csr_matrix) -> Floats:
        met = (liked @ self.liked.T).toarray().astype(np.float64)  # (B, U)
        through = scipy.linalg.cho_solve(self.factor, met.T).T @ self.liked
        x = liked.toarray()
        precision = (x - through) / self.ridge  # x P
        return filled(x - precision / self.diagonal, self.likes)

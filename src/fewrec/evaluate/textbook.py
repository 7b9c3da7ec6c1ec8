"""Two textbook recommenders with one number to tune each, tuned on the training users."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.evaluate.baselines import Baseline, Support, filled, unit_rows
from fewrec.evaluate.lists import ranked, tie_noise
from fewrec.evaluate.metrics import ndcg

__all__ = ["Ease", "Tuned", "UserKnn"]

Floats = NDArray[np.float64]
Scorer = Callable[[sp.csr_matrix], Floats]
SHOTS = (1, 3, 5, 10)
MOST = 150
CUTOFF = 10
BLOCK = 2000


class Tuned(Baseline):
    """A baseline with one number; ``GRID`` lists the values that are tried, and each k has its own.

    Five folds up to 50 training users, one held-out fifth (of at most 150 users) above. A held-out user shows k random
    interactions, the other liked ones are looked for; for k = 1, 3, 5, 10 the value with the best NDCG@10 is taken, the
    middle of the grid where nobody has enough interactions. No test user takes part. A support is scored with the value
    for the largest of these k that it reaches.
    """

    GRID: Sequence[float] = ()

    def scorer(self, liked: sp.csr_matrix, value: float) -> Scorer:
        """Learns from ``liked`` (U, I) with this value; what comes back scores supports (B, I)."""
        raise NotImplementedError

    def learn(self, liked: sp.csr_matrix) -> None:
        marks = self._search(liked, self.data.matrix("all"))
        means = {
            k: {value: float(np.mean(found)) for value, found in row.items() if found}
            for k, row in marks.items()
        }
        middle = self.GRID[len(self.GRID) // 2]
        self.chosen = {
            k: max(row, key=lambda value: row[value]) if row else middle for k, row in means.items()
        }
        self._scorers = {value: self.scorer(liked, value) for value in sorted(set(self.chosen.values()))}
        self.tuning: dict[str, Any] = {
            "settings": len(self.GRID),
            "users": self._tried_on,
            "searched": {
                f"k = {k}": {f"{value:g}": round(mean, 6) for value, mean in row.items()}
                for k, row in means.items()
            },
            "chosen": {f"k = {k}": value for k, value in self.chosen.items()},
        }

    def score_many(self, supports: Sequence[Support]) -> Floats:
        liked = self.indicator(supports)
        reached = [max((k for k in SHOTS if k <= len(support)), default=SHOTS[0]) for support in supports]
        values = np.array([self.chosen[k] for k in reached])
        scores = np.empty(liked.shape)
        for value in np.unique(values).tolist():
            rows = np.flatnonzero(values == value)
            scores[rows] = self._scorers[value](liked[rows])
        return scores

    def _search(self, liked: sp.csr_matrix, seen: sp.csr_matrix) -> dict[int, dict[float, list[float]]]:
        """k -> value -> NDCG@10 of held-out training users."""
        marks: dict[int, dict[float, list[float]]] = {k: {value: [] for value in self.GRID} for k in SHOTS}
        rng = np.random.default_rng(0)
        people = liked.shape[0]
        folds = [fold for fold in np.array_split(rng.permutation(people), 5) if 0 < len(fold) < people]
        tried = folds if people <= 50 else [folds[0][:MOST]]
        self._tried_on = sum(map(len, tried))
        for held in tried:
            training = liked[np.setdiff1d(np.arange(people), held)]
            orders = [rng.permutation(seen[user].indices) for user in held]
            for value in self.GRID:
                scorer = self.scorer(training, value)
                for k in SHOTS:
                    found = self._play(scorer, liked[held], orders, k)
                    marks[k][value] += found[~np.isnan(found)].tolist()
        return marks

    def _play(
        self, scorer: Scorer, liked: sp.csr_matrix, orders: Sequence[NDArray[np.intp]], k_shot: int
    ) -> Floats:
        """NDCG@10 of everybody who has more than ``k_shot`` interactions; ``orders``: what is shown first."""
        shown = np.zeros(liked.shape, dtype=bool)
        for row, order in enumerate(orders):
            shown[row, order[:k_shot]] = True
        scores = scorer(told(liked, shown))
        top = ranked(scores, ~shown, tie_noise(0, *liked.shape), CUTOFF).top
        wanted = self.good(liked) & ~shown
        hits = np.take_along_axis(wanted, np.maximum(top, 0), axis=1) & (top >= 0)
        enough = np.array([len(order) > k_shot for order in orders])
        return ndcg(hits, np.where(enough, wanted.sum(axis=1), 0))

    def good(self, liked: sp.csr_matrix) -> NDArray[np.bool_]:
        """(B, I) which of the entries of ``liked`` are likes: all, unless a system learns from values."""
        return np.asarray(liked.toarray() > 0)


def told(values: sp.csr_matrix, shown: NDArray[np.bool_]) -> sp.csr_matrix:
    """The entries of ``values`` at ``shown`` (U, I), float64; a rating of 0 that is shown stays.

    >>> ratings = sp.csr_matrix(([0.0, 0.0, 2.0], [0, 1, 2], [0, 3]), shape=(1, 3))
    >>> told(ratings, np.array([[True, False, True]])).indices
    array([0, 2], dtype=int32)
    """
    pairs = values.tocoo()
    keep = shown[pairs.row, pairs.col]
    kept = pairs.data[keep].astype(np.float64)
    return sp.csr_matrix((kept, (pairs.row[keep], pairs.col[keep])), shape=values.shape)


def _likes(liked: sp.csr_matrix) -> Floats:
    return np.asarray(liked.sum(axis=0), dtype=np.float64).ravel()


class UserKnn(Tuned):
    """Likes of the m users nearest by cosine, weighted by the cosine (Herlocker et al., SIGIR 1999)."""

    GRID = (3, 10, 20, 50, 100, 300)

    def scorer(self, liked: sp.csr_matrix, value: float) -> Scorer:
        m, unit, likes = int(value), unit_rows(liked), _likes(liked)

        def score(supports: sp.csr_matrix) -> Floats:
            near = (unit_rows(supports) @ unit.T).toarray()  # (B, U)
            if near.shape[1] > m:
                least = np.partition(near, -m, axis=1)[:, -m, None]
                near = np.where(near >= least, near, 0)
            return filled(np.asarray(near @ liked, dtype=np.float64), likes)

        return score


class Ease(Tuned):
    """EASE (Steck, WWW 2019), solved in user space: U x U instead of I x I, the same numbers."""

    GRID = (3, 10, 30, 100, 300, 1000, 3000)

    def scorer(self, liked: sp.csr_matrix, value: float) -> Scorer:
        likes = _likes(liked)
        gram = (liked @ liked.T).toarray().astype(np.float64)
        gram[np.diag_indices_from(gram)] += value
        factor = scipy.linalg.cho_factor(gram)
        explained = np.empty(liked.shape[1])
        for start in range(0, liked.shape[1], BLOCK):  # blocks keep memory at U x 2000
            block = liked[:, start : start + BLOCK].toarray().astype(np.float64)
            explained[start : start + BLOCK] = (block * scipy.linalg.cho_solve(factor, block)).sum(axis=0)
        diagonal = (1 - explained) / value  # of P = (L'L + r)^-1

        def score(supports: sp.csr_matrix) -> Floats:
            met = (supports @ liked.T).toarray().astype(np.float64)  # (B, U)
            x = supports.toarray()
            precision = (x - scipy.linalg.cho_solve(factor, met.T).T @ liked) / value  # x P
            return filled(x - precision / diagonal, likes)

        return score

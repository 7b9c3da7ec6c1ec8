"""Textbook recommenders in a few lines each, tuned on the training users: what fewrec is compared with.

All take ``liked`` (n, I) 0/1 of the training users and score supports (B, I) 0/1 of liked items. Where they
have nothing to say, popularity decides; what still ties is ordered at random by the marking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

from benchmarks.protocol import ndcg
from fewrec.evaluate.baselines import tfidf, unit_rows

__all__ = ["Baseline", "Ease", "Popularity", "Random", "TextCosine", "UserKnn", "tfidf", "tune"]

Scores = NDArray[np.float64]


class Baseline(Protocol):
    """Fitted once, scores many."""

    def fit(self, liked: sp.csr_matrix) -> Baseline: ...

    def score(self, supports: sp.csr_matrix) -> Scores: ...


def likes(liked: sp.csr_matrix) -> Scores:
    """(I,) how many liked each item."""
    return np.asarray(liked.sum(axis=0), dtype=np.float64).ravel()


def filled(scores: Scores, popularity: Scores) -> Scores:
    """Ties in ``scores`` broken by popularity, which moves nothing else."""
    least = 1e-9 * max(float(np.abs(scores).max(initial=0.0)), 1e-9)
    return scores + least * popularity / max(float(popularity.max(initial=0.0)), 1.0)


@dataclass
class Random:
    """No order at all."""

    def fit(self, liked: sp.csr_matrix) -> Random:
        return self

    def score(self, supports: sp.csr_matrix) -> Scores:
        return np.zeros(supports.shape)


@dataclass
class Popularity:
    """The bestseller list: how many training users liked the item."""

    def fit(self, liked: sp.csr_matrix) -> Popularity:
        self._likes = likes(liked)
        return self

    def score(self, supports: sp.csr_matrix) -> Scores:
        return np.tile(self._likes, (supports.shape[0], 1))


@dataclass
class UserKnn:
    """Likes of the ``m`` users nearest by cosine, weighted by the cosine."""

    m: int = 20

    def fit(self, liked: sp.csr_matrix) -> UserKnn:
        self._liked, self._likes = liked, likes(liked)
        self._unit = unit_rows(liked)
        return self

    def score(self, supports: sp.csr_matrix) -> Scores:
        near = (unit_rows(supports) @ self._unit.T).toarray()  # (B, n)
        if near.shape[1] > self.m:
            least = np.partition(near, -self.m, axis=1)[:, -self.m, None]
            near = np.where(near >= least, near, 0)
        return filled(np.asarray(near @ self._liked), self._likes)


@dataclass
class Ease:
    """EASE (Steck, WWW 2019), solved in user space: n x n instead of I x I, the same numbers."""

    ridge: float = 100.0

    def fit(self, liked: sp.csr_matrix) -> Ease:
        self._liked, self._likes = liked, likes(liked)
        gram = (liked @ liked.T).toarray().astype(np.float64)
        gram[np.diag_indices_from(gram)] += self.ridge
        self._factor = scipy.linalg.cho_factor(gram)
        explained = np.empty(liked.shape[1])
        for start in range(0, liked.shape[1], 2000):  # blocks keep memory at n x 2000
            block = liked[:, start : start + 2000].toarray().astype(np.float64)
            explained[start : start + 2000] = (block * scipy.linalg.cho_solve(self._factor, block)).sum(
                axis=0
            )
        self._diagonal = (1 - explained) / self.ridge  # of P = (L'L + r)^-1
        return self

    def score(self, supports: sp.csr_matrix) -> Scores:
        met = (supports @ self._liked.T).toarray().astype(np.float64)  # (B, n)
        through = scipy.linalg.cho_solve(self._factor, met.T).T @ self._liked
        x = supports.toarray()
        precision = (x - through) / self.ridge  # x P
        return filled(x - precision / self._diagonal, self._likes)


@dataclass
class TextCosine:
    """Sum of the cosines between an item's text and those of the liked items; habits are not looked at."""

    rows: NDArray[np.float32] | sp.csr_matrix  # (I, D) unit rows

    def fit(self, liked: sp.csr_matrix) -> TextCosine:
        self._likes = likes(liked)
        return self

    def score(self, supports: sp.csr_matrix) -> Scores:
        scores = (supports @ self.rows) @ self.rows.T
        dense = scores.toarray() if sp.issparse(scores) else np.asarray(scores)
        return filled(dense.astype(np.float64), self._likes)


def tune(
    make: Callable[[float], Baseline],
    grid: Sequence[float],
    liked: sp.csr_matrix,
    seen: sp.csr_matrix,
    k_shots: Sequence[int],
    seed: int,
    most: int = 150,
) -> dict[int, float]:
    """The best of ``grid`` for every k, by NDCG@10 on held-out training users.

    Five folds up to 50 training users, one above. A held-out user shows k random interactions, the liked
    others are looked for. Where nobody has enough of them, the middle of the grid is taken.
    """
    rng = np.random.default_rng(seed)
    n = liked.shape[0]
    folds = np.array_split(rng.permutation(n), 5)
    if n > 50:
        folds = [folds[0][:most]]
    marks: dict[tuple[int, float], list[float]] = {}
    for held in folds:
        if not 0 < len(held) < n:
            continue
        training = liked[np.setdiff1d(np.arange(n), held)]
        orders = [rng.permutation(row_items(seen, user)) for user in held]
        fitted = {value: make(value).fit(training) for value in grid}
        for k_shot in k_shots:
            playing = [at for at, order in enumerate(orders) if len(order) > k_shot]
            shown = [orders[at][:k_shot] for at in playing]
            wanted = [np.setdiff1d(row_items(liked, held[at]), orders[at][:k_shot]) for at in playing]
            x = indicator(
                [
                    np.intersect1d(items, row_items(liked, held[at]))
                    for items, at in zip(shown, playing, strict=True)
                ],
                liked.shape[1],
            )
            for value in grid:
                found = ndcg(fitted[value].score(x), shown, wanted, seed)
                marks.setdefault((k_shot, value), []).extend(found[~np.isnan(found)].tolist())
    best: dict[int, float] = {}
    for k_shot in k_shots:
        means = {value: float(np.mean(marks[k_shot, value])) for value in grid if marks.get((k_shot, value))}
        best[k_shot] = max(means, key=lambda value: means[value]) if means else grid[len(grid) // 2]
    return best


def row_items(matrix: sp.csr_matrix, row: int) -> NDArray[np.intp]:
    """The columns of one row."""
    return matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]].astype(np.intp)


def indicator(rows: Sequence[NDArray[np.intp]], width: int) -> sp.csr_matrix:
    """(len(rows), width) with ones at the given columns."""
    indptr = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(int)
    columns = np.concatenate([*rows, np.zeros(0, dtype=np.intp)]).astype(int)
    return sp.csr_matrix((np.ones(len(columns)), columns, indptr), shape=(len(rows), width))


GRIDS: Mapping[str, tuple[Callable[[float], Baseline], tuple[float, ...]]] = {
    "user-kNN": (lambda m: UserKnn(int(m)), (3, 10, 20, 50, 100, 300)),
    "EASE": (Ease, (3, 10, 30, 100, 300, 1000, 3000)),
}
"""Baselines with something to tune: how they are made, and the values that are tried."""

"""Matrix factorisation by alternating least squares, strangers folded in by one ridge solve."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.signals.base import ALL, Items, Signal
from fewrec.signals.spectrum import Spectrum
from fewrec.signals.supports import Supports
from fewrec.signals.training import TrainingData

__all__ = ["ImplicitFactors", "RatingFactors"]


class _Factors(Signal):
    """What both share: item factors ``(I, D)``, users solved one by one, alternation from singular vectors.

    The factors of a user with rows ``Y`` (of the items met), confidences ``w`` and targets ``t`` solve
    ``(base + Y' diag(w) Y + r I) u = Y' t``; items the same way with the roles exchanged. Starting from the
    top singular vectors needs no seed, and numbering users or items otherwise changes nothing. The score of a
    support is not the sum over its items alone (one solve weighs them against each other), so ``linear`` is
    false; :meth:`terms` takes it apart.
    """

    kind = "habits"
    prior = 0.0
    linear = False

    def __init__(self, factors: int = 16, ridge: float = 1.0, rounds: int = 10) -> None:
        self.factors, self.ridge, self.rounds = factors, ridge, rounds

    def available(self, training: TrainingData) -> bool:
        return training.has_habits

    def score(self, supports: Supports) -> NDArray[np.float32]:
        return self.score_items(supports, ALL)

    def score_items(self, supports: Supports, items: Items) -> NDArray[np.float32]:
        users = self._solve(self._items, *self._shown(supports))
        return np.asarray(users @ self._items[items].T, dtype=np.float32)

    def terms(self, supports: Supports, item: int) -> list[tuple[int, float]]:
        """``(support item, contribution)`` of the one stranger here, adding up to the score (Hu et al.,
        section 5)."""
        confidence, target = self._shown(supports)
        known = self._items[confidence.indices]  # (S, D)
        gram = self._gram(known, confidence.data, self._base(self._items))
        share = known @ np.linalg.solve(gram, self._items[item])
        told = target[0, confidence.indices].toarray().ravel()
        return [(int(i), float(c)) for i, c in zip(confidence.indices, share * told, strict=True)]

    def _shown(self, supports: Supports) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        """Confidence and target, both ``(B, I)``."""
        raise NotImplementedError

    def _base(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.zeros((rows.shape[1], rows.shape[1]))

    def _alternate(self, confidence: sp.csr_matrix, target: sp.csr_matrix) -> None:
        """Sets the item factors. ``confidence`` and ``target`` are ``(U, I)``."""
        spectrum = Spectrum.of(target, target, 0.0, self.factors)
        items = spectrum.inner.astype(np.float64) / np.maximum(spectrum.values, 1e-12) ** 0.25  # (I, D)
        confidence_of, target_of = sp.csr_matrix(confidence.T), sp.csr_matrix(target.T)
        for _ in range(self.rounds):
            users = self._solve(items, confidence, target)
            items = self._solve(users, confidence_of, target_of)
        self._items = items

    def _solve(
        self, rows: NDArray[np.float64], confidence: sp.csr_matrix, target: sp.csr_matrix
    ) -> NDArray[np.float64]:
        """``(B, D)``: the least-squares weights on ``rows``; zero where nothing is known."""
        result = np.zeros((confidence.shape[0], rows.shape[1]))
        base, wanted = self._base(rows), target @ rows
        for row in np.flatnonzero(np.diff(confidence.indptr)):
            cells = slice(confidence.indptr[row], confidence.indptr[row + 1])
            gram = self._gram(rows[confidence.indices[cells]], confidence.data[cells], base)
            result[row] = np.linalg.solve(gram, wanted[row])
        return result

    def _gram(
        self, rows: NDArray[np.float64], confidence: NDArray[np.float64], base: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        return base + (rows * confidence[:, None]).T @ rows + self.ridge * np.eye(rows.shape[1])


class ImplicitFactors(_Factors):
    """iALS: weighted least squares on all cells, unmet ones as zeros of confidence one.

    Hu, Koren & Volinsky, "Collaborative filtering for implicit feedback datasets", ICDM 2008: a liked cell
    has target 1 and confidence ``1 + alpha (1 + strength)``, where ``strength`` (0 to 1) says how far above
    the threshold the like was; the liked items of a support, whose values are not told, count with strength
    0.
    """

    name = "ials"

    def __init__(self, factors: int = 16, ridge: float = 20.0, alpha: float = 1.0, rounds: int = 10) -> None:
        super().__init__(factors, ridge, rounds)
        self.alpha = alpha

    def fit(self, training: TrainingData) -> ImplicitFactors:
        weight = sp.csr_matrix(training.liked, dtype=np.float64)
        if training.strength is not None:
            weight = sp.csr_matrix(weight + training.strength)
        self._alternate(*self._cells(weight))
        return self

    def _shown(self, supports: Supports) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        return self._cells(sp.csr_matrix(supports.liked, dtype=np.float64))

    def _cells(self, weight: sp.csr_matrix) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        """The confidence above one, and confidence times target 1."""
        extra = self.alpha * weight
        return extra, sp.csr_matrix((extra.data + 1, extra.indices, extra.indptr), shape=extra.shape)

    def _base(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return rows.T @ rows  # every cell once, with target 0


class RatingFactors(_Factors):
    """Low rank of what is left of ratings when the item's and the user's mean are taken out.

    Ratings are read as -1 (met, not liked) and 1 (just liked) to 2 (top of the scale). A support does not tell
    how much something was liked: as much as likes are on average. Means are shrunk by 5 (items) and 3 (users).
    Met cells only: plain least squares, ridge per row.
    """

    name = "rating-factors"

    def __init__(self, factors: int = 16, ridge: float = 10.0, rounds: int = 10) -> None:
        super().__init__(factors, ridge, rounds)

    def available(self, training: TrainingData) -> bool:
        return training.has_habits and training.has_dislikes

    def fit(self, training: TrainingData) -> RatingFactors:
        met = sp.csr_matrix(training.seen, dtype=np.float64)
        rating = sp.csr_matrix(2 * training.liked - met, dtype=np.float64)
        if training.strength is not None:
            rating = sp.csr_matrix(rating + training.strength)
        self._mean = float(rating.sum()) / max(met.nnz, 1)
        self._like = float(rating.multiply(training.liked).sum()) / max(training.liked.nnz, 1)
        self._item_mean = _sums(rating - self._mean * met, 0) / (_sums(met, 0) + 5)
        self._alternate(met, self._residual(rating, met))
        return self

    def _shown(self, supports: Supports) -> tuple[sp.csr_matrix, sp.csr_matrix]:
        met = sp.csr_matrix(supports.seen, dtype=np.float64)
        rating = sp.csr_matrix((1 + self._like) * supports.liked - met, dtype=np.float64)
        return met, self._residual(rating, met)

    def _residual(self, rating: sp.csr_matrix, met: sp.csr_matrix) -> sp.csr_matrix:
        """``rating`` less the overall, the items' and the users' means, on the cells of ``met``."""
        left = sp.csr_matrix(rating - self._mean * met - met.multiply(self._item_mean))
        user_mean = _sums(left, 1) / (_sums(met, 1) + 3)
        return sp.csr_matrix(left - met.multiply(user_mean[:, None]))


def _sums(matrix: sp.spmatrix, axis: int) -> NDArray[np.float64]:
    return np.asarray(matrix.sum(axis=axis), dtype=np.float64).ravel()

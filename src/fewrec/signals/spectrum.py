"""One eigendecomposition in user space that serves every ridge strength."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.signals.products import SparseRows, weighted_rows

__all__ = ["Spectrum"]

DENSE_USERS = 3000
"""Up to so many users the full symmetric eigenproblem is solved (cubic); above, Lanczos for the top ranks."""

COLUMN_FLOOR = 1.0
"""Column sums are floored here, so that an item met once by a very active user is not blown up."""


@dataclass(frozen=True)
class Spectrum:
    """Low-rank factors of the degree-normalised ridge between what users did and what they liked.

    With ``M`` (evidence) and ``L`` (liked), both ``U x I``, ``D_u`` the row sums of ``M`` and ``D`` the column sums
    after the user scaling::

        M~ = D_u^-p M D_M^-p      L~ = D_u^-p L D^-p      M~ M~' = Q diag(values) Q'
        filter(x) = D^p (L~' Q) (values + r)^-1 (Q' M~) D_M^-p x

    ``p = 1/2`` is a graph ridge in the manner of GF-CF (Shen et al., CIKM 2021, "How powerful is graph convolution
    for recommendation?") with a ridge instead of a hard cut; ``p = 0`` is plain ridge regression of every item on
    the support, and with ``M = L`` and a zero diagonal it is EASE (Steck, WWW 2019).

    ``inner`` and ``outer`` are the item factors, i.e. the matrix factorisation of this library: a support of any
    size is folded in by one small product. Steps: ``U^3`` up to 3,000 users, linear in users above.
    """

    values: NDArray[np.float64]  # (R,) eigenvalues, largest first
    inner: NDArray[np.float32]  # (I, R): D_M^-p M~' Q, what a support item brings in
    outer: NDArray[np.float32]  # (I, R): D^p L~' Q, what an item is answered with

    @classmethod
    def of(
        cls,
        evidence: sp.csr_matrix,
        liked: sp.csr_matrix,
        power: float,
        rank: int = 256,
        single: bool = False,
    ) -> Spectrum:
        """``single``: up to 3,000 users decomposed in float32, in half the time; see `_top_eigen`."""
        evidence = sp.csr_matrix(evidence, dtype=np.float64)
        target = sp.csr_matrix(liked, dtype=np.float64)
        n_items = evidence.shape[1]
        into, out = np.ones(n_items), np.ones(n_items)
        if power > 0:
            degree = np.maximum(np.asarray(evidence.sum(axis=1)).ravel(), 1.0) ** -power
            evidence, target = sp.diags(degree) @ evidence, sp.diags(degree) @ target
            into = np.maximum(np.asarray(evidence.sum(axis=0)).ravel(), COLUMN_FLOOR) ** power
            out = np.maximum(np.asarray(target.sum(axis=0)).ravel(), COLUMN_FLOOR) ** power
            evidence, target = evidence @ sp.diags(1 / into), target @ sp.diags(1 / out)
        values, vectors = _top_eigen(sp.csr_matrix(evidence), rank, single)
        inner = (evidence.T @ vectors) / into[:, None]
        outer = (target.T @ vectors) * out[:, None]
        return cls(values, inner.astype(np.float32), outer.astype(np.float32))

    def padded(self, n_new: int) -> Spectrum:
        """The same spectrum for a catalogue with ``n_new`` more items that nobody has met."""
        pad = np.zeros((n_new, len(self.values)), dtype=np.float32)
        return Spectrum(self.values, np.vstack([self.inner, pad]), np.vstack([self.outer, pad]))

    def filter(
        self, supports: SparseRows, ridge: float, items: NDArray[np.intp] | slice = slice(None)
    ) -> NDArray[np.float32]:
        """``filter(x)`` of every row of ``supports`` for all items or some: ``(B, I)`` or ``(B, C)``."""
        return self.answer(self.fold_in(supports), ridge, items)

    def answer(
        self, users: NDArray[np.float32], ridge: float, items: NDArray[np.intp] | slice = slice(None)
    ) -> NDArray[np.float32]:
        """What user factors ``(B, R)`` say of all items or some: ``(B, I)`` or ``(B, C)``."""
        return np.asarray(self.shrunk(users, ridge) @ self.outer[items].T, np.float32)

    def shrunk(self, users: NDArray[np.float32], ridge: float) -> NDArray[np.float32]:
        """User factors as ``outer`` is asked with them: ``users / (values + ridge)``."""
        return np.asarray(users / (self.values + ridge).astype(np.float32), dtype=np.float32)

    def people(self, evidence: sp.csr_matrix, power: float) -> NDArray[np.float32]:
        """``(U, R)``: the rows ``D_u^-p Q`` of the training users, read off ``inner``, which alone is kept:
        ``M~ M~' Q = Q diag(values)``. With them ``outer = L' people``, and at ``p = 0`` ``inner = M' people``."""
        degree = np.maximum(np.asarray(evidence.sum(axis=1)).ravel(), 1.0)
        people = (evidence @ self.inner.astype(np.float64)) / self.values
        return np.asarray(people * degree[:, None] ** (-2 * power), dtype=np.float32)

    def fold_in(self, supports: SparseRows) -> NDArray[np.float32]:
        """User factors of strangers, ``Q' M~ D_M^-p x``: ``(B, R)``."""
        return np.asarray(weighted_rows(supports, self.inner), dtype=np.float32)


def _top_eigen(
    matrix: sp.csr_matrix, rank: int, single: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Largest eigenpairs of ``matrix @ matrix.T``; signs fixed, null space left out.

    ``single``: the dense problem in float32. Values are then right to 1e-6 of the largest, and the space of the vectors
    to an angle of 1e-4 (2,500 users, 256 vectors).
    """
    n = matrix.shape[0]
    if n == 0 or matrix.nnz == 0:
        return np.zeros(0), np.zeros((n, 0))
    if n <= max(DENSE_USERS, rank + 1):
        gram = (matrix @ matrix.T).toarray().astype(np.float32 if single else np.float64, copy=False)
        if n <= 2 * rank:  # then a part of the vectors costs three times as much as all of them
            values, vectors = scipy.linalg.eigh(gram, driver="evd")
            values, vectors = values[-rank:], vectors[:, -rank:]
        else:
            values, vectors = scipy.linalg.eigh(gram, subset_by_index=[n - rank, n - 1])
    else:
        from scipy.sparse.linalg import svds  # a tenth of a second that a loaded model need not spend

        start = np.full(min(matrix.shape), 1.0)  # a fixed start: the same answer every time
        left, singular, _ = svds(matrix, k=min(rank, min(matrix.shape) - 1), v0=start)
        values, vectors = singular**2, left
    order = np.argsort(values)[::-1]
    values, vectors = values[order].astype(np.float64), vectors[:, order].astype(np.float64)
    keep = values > max(1e-9, (1e-5 if single else 1e-12) * values[0])
    values, vectors = values[keep], vectors[:, keep]
    signs = np.sign(vectors[np.abs(vectors).argmax(axis=0), np.arange(vectors.shape[1])])
    return values, vectors * signs

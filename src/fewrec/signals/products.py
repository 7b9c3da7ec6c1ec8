"""Products of a visitor's few numbers with all items, laid out so that one visitor is answered quickly.

A list is one row of numbers against the whole catalogue: what takes time is to read the catalogue's factors, and to
have SciPy make matrices for a handful of entries. So factors lie by column, without the items that have none, and
sparse rows are added up entry by entry.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["Columns", "People", "RowProducts", "SparseRows", "chosen", "entries", "picked", "weighted_rows"]

Array = NDArray[np.float32]

LANES = 64
"""The number of columns is a multiple of it: the last few of another number are added up in another way, and items that
are the same would differ in their last bits."""


SCATTERED = 8
"""What an entry of a sparse matrix costs, counted in entries that lie side by side."""


class Columns:
    """Item factors ``(I, R)``, kept as ``(R, J)`` for the ``J`` items whose factors are not all zero.

    By column the product of one row takes half the time of the same product by row: BLAS adds up whole columns, and
    no sum has to wait for itself. In a young shop most items have been met by nobody, and their factors are zero.

    ``then``: where the rows are those of people and not of items, what carries an answer on to the items.
    """

    def __init__(self, rows: Array, then: People | None = None) -> None:
        self.then = then
        kept = np.flatnonzero(rows.any(axis=1))
        self.n_items, self.width = rows.shape
        self._kept = kept if len(kept) < len(rows) else None
        self._columns = np.zeros((self.width, -(-len(kept) // LANES) * LANES), dtype=np.float32)
        self._columns[:, : len(kept)] = rows.T if self._kept is None else rows[kept].T
        self._many = len(kept)

    def answer(self, users: Array) -> Array:
        """``(B, I)``: ``users @ rows.T``, carried on to the items where the rows are those of people."""
        found = self.own(users)
        return found if self.then is None else self.then.answer(found)

    def own(self, users: Array) -> Array:
        """``users @ rows.T``."""
        found = (np.asarray(users, dtype=np.float32) @ self._columns)[:, : self._many]
        if self._kept is None:
            return found
        out = np.zeros((len(users), self.n_items), dtype=np.float32)
        out[:, self._kept] = found
        return out


class People:
    """Who met what, as the last step of a product: an item is answered with the sum over the people who met it.

    Item factors of habits are such sums, ``F_i = scale_i sum of the factors of its people``, so ``F u`` is
    ``scale * met' (people u)``. A young shop has many items and few people: then that is less to read than ``F``.
    """

    def __init__(self, met: sp.csr_matrix, scale: NDArray[np.floating] | None = None) -> None:
        """``met``: (U, I). ``scale``: (I,), all one where not given."""
        self._by_item = sp.csr_matrix(met.T, dtype=np.float32)
        self._scale = None if scale is None else scale.astype(np.float32)

    def pays(self, rank: int) -> bool:
        """Whether the way over the people is shorter than reading ``rank`` factors of every item."""
        n_items, n_people = self._by_item.shape
        return rank * n_people + SCATTERED * self._by_item.nnz < rank * n_items

    def answer(self, people: Array) -> Array:
        """``(B, I)`` from one number for each of ``people`` (B, U)."""
        found = self._by_item @ people[0] if len(people) == 1 else (self._by_item @ people.T).T
        if self._scale is not None:
            found = found * self._scale
        return np.atleast_2d(np.asarray(found, dtype=np.float32))


class SparseRows(NamedTuple):
    """``(B, W)`` in compressed rows, named as SciPy names them: making a SciPy matrix takes longer than most of what is
    done with a visitor's few entries."""

    data: Array
    indices: NDArray[np.int32]
    indptr: NDArray[np.int32]
    shape: tuple[int, int]

    @classmethod
    def of(cls, matrix: sp.csr_matrix) -> SparseRows:
        """The entries of a SciPy matrix."""
        return cls(matrix.data, matrix.indices, matrix.indptr, matrix.shape)

    @property
    def nnz(self) -> int:
        """Entries."""
        return len(self.data)

    @property
    def singly(self) -> bool:
        """Whether no row has more than one entry, as where a support is taken item by item."""
        return bool((np.diff(self.indptr) <= 1).all())

    def row(self, at: int) -> NDArray[np.int32]:
        """The columns of one row."""
        return self.indices[self.indptr[at] : self.indptr[at + 1]]

    def tocsr(self) -> sp.csr_matrix:
        """The SciPy matrix."""
        return sp.csr_matrix((self.data, self.indices, self.indptr), shape=self.shape)

    def dense(self, width_of_sums: type = np.float64) -> Array:
        """``(B, W)``; entries of one column are added up in float64, or, with float32, to the bits of SciPy's sums."""
        n_rows, width = self.shape
        place = np.repeat(np.arange(n_rows) * width, np.diff(self.indptr)) + self.indices
        if width_of_sums is np.float32:
            plain = np.zeros(n_rows * width, dtype=np.float32)
            np.add.at(plain, place, self.data)
            return plain.reshape(n_rows, width)
        found = np.bincount(place, self.data, minlength=n_rows * width)
        return found.astype(np.float32).reshape(n_rows, width)


SMALL = 200_000
"""Cells up to which a dense table is filled; SciPy is quicker from there on."""


class RowProducts:
    """Products of sparse vectors with the rows of a matrix, all or some; the transpose is made once."""

    def __init__(self, rows: sp.csr_matrix) -> None:
        self._rows, self._columns = rows, sp.csr_matrix(rows.T)
        self._count = np.diff(self._columns.indptr)

    def all(self, vectors: sp.csr_matrix) -> Array:
        """``vectors @ rows.T``: ``(B, I)``."""
        return np.asarray((vectors @ self._columns).toarray(), dtype=np.float32)

    def one(self, vector: SparseRows) -> Array:
        """The same for one row, ``(1, I)``, in less time, and added up in another order."""
        # A word that every item has, in each of twenty supports: then all rows once are less than that.
        if 3 * self._count[vector.indices].sum() > self._rows.nnz:
            return np.asarray(self._rows @ vector.dense()[0], dtype=np.float32)[None]
        return picked(self._columns, vector).dense()

    def some(self, vectors: SparseRows, items: NDArray[np.intp]) -> Array:
        """The same for some items: ``(B, C)``."""
        n_vectors, width = vectors.shape
        if max(n_vectors, len(items)) * width > SMALL:
            return np.asarray((self._rows[items] @ vectors.tocsr().T).toarray().T, dtype=np.float32)
        rows = chosen(self._rows, items).dense()  # (C, W)
        if vectors.singly:
            found = np.zeros((n_vectors, len(items)), dtype=np.float32)
            found[np.flatnonzero(np.diff(vectors.indptr))] = (rows[:, vectors.indices] * vectors.data).T
            return found
        return vectors.dense() @ rows.T


def weighted_rows(weights: SparseRows | sp.csr_matrix, rows: NDArray[np.floating]) -> Array:
    """``weights @ rows``: ``(B, D)``."""
    n_weights = weights.shape[0]
    if n_weights == 1:
        # Added up one after the other, as SciPy does: what is learned from many and asked by one is the same bits.
        found = (rows[weights.indices] * weights.data[:, None]).sum(axis=0, keepdims=True)
    elif n_weights <= SMALL // 1000 and isinstance(weights, SparseRows) and weights.singly:
        found = np.zeros((n_weights, rows.shape[1]), dtype=np.float32)
        found[np.flatnonzero(np.diff(weights.indptr))] = weights.data[:, None] * rows[weights.indices]
    else:
        found = weights.tocsr() @ rows
    return np.asarray(found, dtype=np.float32)


def picked(rows: sp.csr_matrix, weights: SparseRows) -> SparseRows:
    """``weights @ rows`` for sparse ``rows``: ``(B, W)``. A column may stand in a row several times, to be added up."""
    if weights.data.size > SMALL // 100:
        return SparseRows.of(sp.csr_matrix(weights.tocsr() @ rows))
    count = rows.indptr[weights.indices + 1] - rows.indptr[weights.indices]
    column, value = entries(rows, weights.indices, weights.data)
    ends = np.concatenate([[0], np.cumsum(count)])[weights.indptr].astype(np.int32)
    return SparseRows(value, column, ends, (weights.shape[0], rows.shape[1]))


def chosen(rows: sp.csr_matrix, items: NDArray[np.integer]) -> SparseRows:
    """``rows[items]``: ``(C, W)``."""
    ends, places = np.arange(len(items) + 1, dtype=np.int32), items.astype(np.int32)
    return picked(
        rows, SparseRows(np.ones(len(items), np.float32), places, ends, (len(items), rows.shape[0]))
    )


def entries(
    matrix: sp.csr_matrix, rows: NDArray[np.integer], weights: NDArray[np.floating]
) -> tuple[NDArray[np.int32], Array]:
    """``(columns, weighted values)`` of all entries of some rows, one after the other."""
    first = matrix.indptr[rows]
    count = matrix.indptr[rows + 1] - first
    at = np.repeat(first - np.cumsum(count) + count, count) + np.arange(int(count.sum()), dtype=np.int32)
    return matrix.indices[at], matrix.data[at] * np.repeat(weights, count)

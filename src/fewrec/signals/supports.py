"""A batch of strangers: what the model is shown of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.signals.products import SparseRows

__all__ = ["Supports", "Taste"]


@dataclass(frozen=True)
class Taste:
    """Sentences that say what a stranger is after, read by the same encoder and word view as the items."""

    views: dict[str, NDArray[np.float32]]  # name -> (B, D) centred unit rows, zero rows without a sentence
    words: sp.csr_matrix  # (B, W) unit rows

    def __getitem__(self, rows: NDArray[np.intp]) -> Taste:
        return Taste({name: view[rows] for name, view in self.views.items()}, self.words[rows])

    @property
    def present(self) -> NDArray[np.bool_]:
        """``(B,)`` who said something that can be read."""
        said = np.diff(self.words.indptr) > 0
        for view in self.views.values():
            said = said | view.any(axis=1)
        return said

    def similarity(
        self, view: NDArray[np.float32] | None, words: sp.csr_matrix | None
    ) -> NDArray[np.float32]:
        """Half the embedding cosine above the sentence's mean cosine, plus the word cosine: ``(B, I)``.

        A sentence is further from every item than items are from each other, in another language most of all: what
        counts is which items it is nearer to than to the rest.
        """
        mine = self.views.get("title")
        parts = []
        if view is not None and mine is not None:
            cosines = mine @ view.T
            parts.append(0.5 * (cosines - cosines.mean(axis=1, keepdims=True)))
        if words is not None:
            parts.append((self.words @ words.T).toarray())
        return np.asarray(sum(parts), dtype=np.float32)

    def neighbours(
        self, view: NDArray[np.float32] | None, words: sp.csr_matrix | None, m: int = 20
    ) -> sp.csr_matrix:
        """The items nearest to every sentence, weighted as text neighbours of an item are: ``(B, I)``."""
        similarity = np.maximum(self.similarity(view, words), 0)
        m = min(m, similarity.shape[1])
        top = np.sort(np.argpartition(-similarity, m - 1, axis=1)[:, :m], axis=1)
        weight = np.take_along_axis(similarity, top, axis=1) ** 2
        weight /= weight.sum(axis=1, keepdims=True) + 0.3
        indptr = np.arange(0, weight.size + 1, m)
        return sp.csr_matrix((weight.ravel(), top.ravel(), indptr), shape=similarity.shape)


@dataclass(frozen=True)
class Supports:
    """``B`` support sets as sparse rows over the ``I`` items; no ids, no order.

    Signals are linear in these rows, which is what lets a reason be the score's own term: the score of a support
    is the sum of the scores of its :meth:`single` parts.
    """

    liked_rows: SparseRows  # (B, I) 1 for every liked support item
    disliked_rows: SparseRows  # (B, I) 1 / (number of disliked) for every other one
    seen_rows: SparseRows  # (B, I) 1 for both
    size: NDArray[np.intp]  # (B,) number of support items, k
    taste: Taste | None = None
    portraits: sp.csr_matrix | None = None  # (B, G)

    @classmethod
    def of(
        cls,
        items: Sequence[NDArray[np.intp]],
        liked: Sequence[NDArray[np.bool_]],
        n_items: int,
        taste: Taste | None = None,
        portraits: sp.csr_matrix | None = None,
    ) -> Supports:
        """From one index array and one liked mask per stranger."""
        size = np.array([len(row) for row in items], dtype=np.intp)
        column = np.concatenate([*items, np.zeros(0, np.intp)]).astype(np.intp)
        mask = np.concatenate([*liked, np.zeros(0, bool)]).astype(bool)
        row = np.repeat(np.arange(len(size)), size)
        share = 1 / np.maximum(np.bincount(row[~mask], minlength=len(size)), 1)
        return cls(*_rows(row, column, mask, share[row], (len(size), n_items)), size, taste, portraits)

    @cached_property
    def liked(self) -> sp.csr_matrix:
        """``(B, I)``, as a SciPy matrix."""
        return self.liked_rows.tocsr()

    @cached_property
    def disliked(self) -> sp.csr_matrix:
        """``(B, I)``, as a SciPy matrix."""
        return self.disliked_rows.tocsr()

    @cached_property
    def seen(self) -> sp.csr_matrix:
        """``(B, I)``, as a SciPy matrix."""
        return self.seen_rows.tocsr()

    @property
    def n_items(self) -> int:
        return self.seen_rows.shape[1]

    def __len__(self) -> int:
        return len(self.size)

    def __getitem__(self, rows: NDArray[np.intp]) -> Supports:
        taste = self.taste
        if taste is not None:
            taste = taste[rows]
        portraits = None if self.portraits is None else self.portraits[rows]
        liked, disliked, seen = (
            SparseRows.of(matrix[rows]) for matrix in (self.liked, self.disliked, self.seen)
        )
        return Supports(liked, disliked, seen, self.size[rows], taste, portraits)

    @property
    def k_shot(self) -> NDArray[np.intp]:
        """``(B,)`` for the weights: a sentence counts as one more interaction."""
        return self.size if self.taste is None else self.size + self.taste.present

    def parts(self) -> tuple[NDArray[np.intp], Supports]:
        """The support items of the one stranger here, and a batch with each of them alone, weights unchanged."""
        items = self.seen_rows.indices.astype(np.intp)
        liked = np.isin(items, self.liked_rows.indices, kind="table")
        # The share is the same for every disliked item.
        share = np.full(len(items), self.disliked_rows.data[0] if self.disliked_rows.nnz else 1)
        shape = (len(items), self.n_items)
        rows = _rows(np.arange(len(items)), items, liked, share, shape)
        return items, Supports(*rows, np.ones(len(items), dtype=np.intp))


def _rows(
    row: NDArray[np.intp],
    column: NDArray[np.intp],
    liked: NDArray[np.bool_],
    share: NDArray[np.floating],
    shape: tuple[int, int],
) -> tuple[SparseRows, SparseRows, SparseRows]:
    """(liked, disliked, seen) from one entry per support item, in the order of rows."""

    def matrix(kept: NDArray[np.bool_], data: NDArray[np.floating]) -> SparseRows:
        indptr = np.searchsorted(row[kept], np.arange(shape[0] + 1)).astype(np.int32)
        # int32 from the start: for anything wider SciPy looks, each time, whether it might do.
        return SparseRows(data[kept].astype(np.float32), column[kept].astype(np.int32), indptr, shape)

    ones = np.ones(len(row))
    return matrix(liked, ones), matrix(~liked, share), matrix(np.ones(len(row), dtype=bool), ones)

"""A batch of strangers: what the model is shown of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["Supports", "Taste"]


@dataclass(frozen=True)
class Taste:
    """Sentences that say what a stranger is after, read by the same encoder and word view as the items."""

    views: dict[str, NDArray[np.float32]]  # name -> (B, D) centred unit rows, zero rows without a sentence
    words: sp.csr_matrix  # (B, W) unit rows

    def __getitem__(self, rows: NDArray[np.intp]) -> Taste:
        return Taste({name: view[rows] for name, view in self.views.items()}, self.words[rows])


@dataclass(frozen=True)
class Supports:
    """``B`` support sets as sparse rows over the ``I`` items; no ids, no order.

    Signals are linear in these rows, which is what lets a reason be the score's own term: the score of a support
    is the sum of the scores of its :meth:`single` parts.
    """

    liked: sp.csr_matrix  # (B, I) 1 for every liked support item
    disliked: sp.csr_matrix  # (B, I) 1 / (number of disliked) for every other one
    seen: sp.csr_matrix  # (B, I) 1 for both
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
        indptr = np.concatenate([[0], np.cumsum(size)])
        column = np.concatenate([*items, np.zeros(0, np.intp)]).astype(np.intp)
        mask = np.concatenate([*liked, np.zeros(0, bool)]).astype(bool)
        row = np.repeat(np.arange(len(size)), size)
        disliked_count = np.bincount(row[~mask], minlength=len(size))
        shape = (len(size), n_items)
        ones = np.ones(len(column), dtype=np.float32)
        dislike = (1 / np.maximum(disliked_count, 1)[row]).astype(np.float32)
        return cls(
            liked=sp.csr_matrix((ones[mask], (row[mask], column[mask])), shape=shape),
            disliked=sp.csr_matrix((dislike[~mask], (row[~mask], column[~mask])), shape=shape),
            seen=sp.csr_matrix((ones, column, indptr), shape=shape),
            size=size,
            taste=taste,
            portraits=portraits,
        )

    def __len__(self) -> int:
        return len(self.size)

    def without_person(self) -> Supports:
        """The same interactions with no sentence and no portrait."""
        return replace(self, taste=None, portraits=None)

    def parts(self) -> tuple[NDArray[np.intp], Supports]:
        """The support items of the one stranger here, and a batch with each of them alone, weights unchanged."""
        items = self.seen.indices.astype(np.intp)
        pick = sp.csr_matrix(
            (np.ones(len(items), np.float32), items, np.arange(len(items) + 1)),
            shape=(len(items), self.seen.shape[1]),
        )
        split = Supports(
            liked=sp.csr_matrix(pick.multiply(self.liked), dtype=np.float32),
            disliked=sp.csr_matrix(pick.multiply(self.disliked), dtype=np.float32),
            seen=pick,
            size=np.ones(len(items), dtype=np.intp),
        )
        return items, split

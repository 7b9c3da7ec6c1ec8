"""What is known of the catalogue whatever the system: words, titles, who has text; and what a training set has met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.data import Dataset
from fewrec.evaluate.baselines import item_texts, tfidf

__all__ = ["Trained", "World"]


@dataclass(frozen=True, eq=False)
class World:
    """A data set in canonical order, and the words of its items."""

    data: Dataset
    words: sp.csr_matrix  # (I, W) unit rows
    has_text: NDArray[np.bool_]  # (I,)

    @classmethod
    def of(cls, data: Dataset) -> World:
        data = data.sorted()
        texts = item_texts(data)
        return cls(data, tfidf(texts), np.array([bool(text.strip()) for text in texts], dtype=bool))


@dataclass(frozen=True, eq=False)
class Trained:
    """What one training set has met."""

    met: NDArray[np.intp]  # (I,) training users who met the item
    people: int

    @classmethod
    def of(cls, data: Dataset) -> Trained:
        return cls(np.bincount(data.interactions.item_index, minlength=len(data.items)), len(data.users))

    def served(self, world: World) -> dict[str, NDArray[np.bool_]]:
        """hot: met in training; warm: known by its text alone; cold: neither. (I,) each."""
        hot = self.met > 0
        return {"hot": hot, "warm": ~hot & world.has_text, "cold": ~hot & ~world.has_text}

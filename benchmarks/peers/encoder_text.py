"""The most similar text by the default encoder alone, without anything that fewrec makes of it."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.encode import encode_texts, resolve
from fewrec.evaluate.baselines import Baseline, filled, item_texts

__all__ = ["EncoderText"]


@lru_cache(maxsize=2)
def encoded(texts: tuple[str, ...]) -> NDArray[np.float32]:
    """(I, D) unit rows; all zero for an empty text."""
    vectors = np.asarray(encode_texts(resolve("default"), texts), dtype=np.float32)
    vectors[[not text.strip() for text in texts]] = 0
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


class EncoderText(Baseline):
    """Sum of the cosines to the liked items; ties, and nobody's taste, by popularity."""

    def learn(self, liked: sp.csr_matrix) -> None:
        self.rows = encoded(tuple(item_texts(self.data)))

    def scores(self, liked: sp.csr_matrix) -> NDArray[np.float64]:
        return filled(np.asarray((liked @ self.rows) @ self.rows.T, dtype=np.float64), self.likes)

"""Signals that need no habits: items whose text is like the text of what was liked."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.signals.base import ALL, Items, Product, Signal
from fewrec.signals.products import RowProducts, picked, weighted_rows
from fewrec.signals.supports import Supports
from fewrec.signals.training import TrainingData

__all__ = [
    "DescriptionSimilarity",
    "Dislike",
    "NearestText",
    "SharedNames",
    "TextSimilarity",
    "WordSimilarity",
]


class TextSimilarity(Signal):
    """Sum over the liked items of the cosine between embeddings, in one text view (a linear kernel)."""

    name = "text"
    kind = "text"
    view = "title"

    def available(self, training: TrainingData) -> bool:
        view = training.views.get(self.view)
        return view is not None and bool(np.any(view))

    def fit(self, training: TrainingData) -> TextSimilarity:
        self._training, self._view = training, training.views[self.view]
        return self

    def score(self, supports: Supports) -> NDArray[np.float32]:
        return self.score_items(supports, ALL)

    def score_items(self, supports: Supports, items: Items) -> NDArray[np.float32]:
        return np.asarray(self._wanted(supports) @ self._view[items].T, dtype=np.float32)

    def product(self, supports: Supports) -> Product:
        return (self._wanted(supports), self._training.columns(self.view)), None

    def _wanted(self, supports: Supports) -> NDArray[np.float32]:
        return np.asarray(weighted_rows(supports.liked_rows, self._view), dtype=np.float32)  # (B, D)


class DescriptionSimilarity(TextSimilarity):
    """The same on the long text: a view of its own, because long texts appended to titles blur both."""

    name = "description"
    view = "description"


class _SparseSimilarity(Signal):
    """Sum over the liked items of the product of sparse rows of items."""

    def _fitted(self, rows: sp.csr_matrix) -> None:
        """``rows``: (I, F)."""
        self._rows, self._match = rows, RowProducts(rows)

    def score(self, supports: Supports) -> NDArray[np.float32]:
        return self.score_items(supports, ALL)

    def score_items(self, supports: Supports, items: Items) -> NDArray[np.float32]:
        if isinstance(items, slice):
            return self._match.all(supports.liked @ self._rows)[:, items]
        return self._match.some(picked(self._rows, supports.liked_rows), items)

    def product(self, supports: Supports) -> Product | None:
        if len(supports) > 1:
            return None
        return None, self._match.one(picked(self._rows, supports.liked_rows))


class WordSimilarity(_SparseSimilarity):
    """Sum over the liked items of the TF-IDF cosine: where names of authors, series and brands live."""

    name = "words"
    kind = "text"

    def available(self, training: TrainingData) -> bool:
        return training.has_text

    def fit(self, training: TrainingData) -> WordSimilarity:
        self._fitted(training.words)
        return self


class NearestText(Signal):
    """How much of an item's text neighbourhood was liked: ``sum over liked j of T_ij``.

    ``T`` holds each item's 20 nearest (see ``text_neighbours``). Where the plain cosines add up weak resemblances
    to everything liked, this follows the few closest: the next book of a series (on training users of goodbooks
    NDCG@10 .225 to .242 with 50 of them at k = 10, .264 to .269 with all; nothing on films).
    """

    name = "nearest"
    kind = "text"

    def available(self, training: TrainingData) -> bool:
        return training.neighbours is not None

    def fit(self, training: TrainingData) -> NearestText:
        self._match = RowProducts(training.neighbours)
        return self

    def score(self, supports: Supports) -> NDArray[np.float32]:
        return self.score_items(supports, ALL)

    def score_items(self, supports: Supports, items: Items) -> NDArray[np.float32]:
        if isinstance(items, slice):
            return self._match.all(supports.liked)[:, items]
        return self._match.some(supports.liked_rows, items)

    def product(self, supports: Supports) -> Product | None:
        return None if len(supports) > 1 else (None, self._match.one(supports.liked_rows))


RARE = 0.01
"""Share of the catalogue up to which a feature names (an author, a series, a brand) rather than sorts (a genre)."""


class SharedNames(_SparseSimilarity):
    """Sum over the liked items of the cosine between rare features: the same author, series or brand.

    Columns count ``log((1 + I) / (1 + df))``; features that one item alone has, or more than one in a hundred, are
    left out, and the signal is not there at all where fewer than one item in a hundred has such a feature. Words
    know that a name is shared in part ("John"), this knows that it is the same. Measured on training users of
    goodbooks, NDCG@10: +.002 to +.004 at k = 1 and 3 with 50 and 200 of them. All features, genres too, lost .001 to
    .007 on films, where likes cross genres.
    """

    name = "names"
    kind = "text"

    def available(self, training: TrainingData) -> bool:
        if training.features is None:
            return False
        named = training.features[:, np.flatnonzero(_naming(training.features))]
        return bool((np.diff(named.indptr) > 0).mean() >= RARE)

    def fit(self, training: TrainingData) -> SharedNames:
        features = sp.csr_matrix(training.features, dtype=np.float32)
        count = np.bincount(features.indices, minlength=features.shape[1])
        weight = np.where(_naming(features), np.log((1 + features.shape[0]) / (1 + count)), 0)
        rows = sp.csr_matrix(features @ sp.diags(weight.astype(np.float32)))
        rows.eliminate_zeros()
        length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
        self._fitted(sp.csr_matrix(sp.diags((1 / np.maximum(length, 1e-9)).astype(np.float32)) @ rows))
        return self


def _naming(features: sp.csr_matrix) -> NDArray[np.bool_]:
    """``(F,)`` features of two items or more, and of one in a hundred at most."""
    count = np.bincount(features.indices, minlength=features.shape[1])
    return (count >= 2) & (count <= RARE * features.shape[0])


class Dislike(Signal):
    """Mean over the disliked items of both cosines; the sign is learned.

    Somebody who dislikes one thriller has told us that they watch thrillers: on most data the learned weight is
    positive.
    """

    name = "dislike"
    kind = "dislike"
    free_sign = True

    def available(self, training: TrainingData) -> bool:
        return training.has_text and training.has_dislikes

    def fit(self, training: TrainingData) -> Dislike:
        self._training, self._words = training, training.words
        self._match = RowProducts(training.words)
        self._view = training.views.get("title")
        return self

    def score(self, supports: Supports) -> NDArray[np.float32]:
        return self.score_items(supports, ALL)

    def score_items(self, supports: Supports, items: Items) -> NDArray[np.float32]:
        if supports.disliked_rows.nnz == 0:
            width = supports.n_items if isinstance(items, slice) else len(items)
            return np.zeros((len(supports), width), dtype=np.float32)
        out = self._by_words(supports, items)
        if self._view is not None:
            out = out + np.asarray(self._wanted(supports) @ self._view[items].T, dtype=np.float32)
        return out

    def product(self, supports: Supports) -> Product | None:
        if supports.disliked_rows.nnz == 0 or self._view is None:
            return None
        one = len(supports) == 1
        words = (
            self._match.one(picked(self._words, supports.disliked_rows))
            if one
            else self._by_words(supports, ALL)
        )
        return (self._wanted(supports), self._training.columns("title")), words

    def _wanted(self, supports: Supports) -> NDArray[np.float32]:
        view = self._training.views["title"]
        return np.asarray(weighted_rows(supports.disliked_rows, view), dtype=np.float32)  # (B, D)

    def _by_words(self, supports: Supports, items: Items) -> NDArray[np.float32]:
        if isinstance(items, slice):
            return self._match.all(supports.disliked @ self._words)[:, items]
        return self._match.some(picked(self._words, supports.disliked_rows), items)

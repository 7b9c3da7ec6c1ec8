"""Signals from the habits of the few users there are: ridge filters over one spectrum."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.signals.base import ALL, Items, Kind, Product, Signal
from fewrec.signals.products import Columns, SparseRows, picked, weighted_rows
from fewrec.signals.supports import Supports
from fewrec.signals.training import TrainingData

__all__ = ["Exposure", "GraphMet", "GraphNarrow", "GraphWide", "MetTogether", "TextEase", "TextGraph"]

SPREAD = 0.5
"""How much of each support item is lent to its text neighbours."""


class _Graph(Signal):
    kind: ClassVar[Kind] = "habits"
    prior = 0.0
    ridge = 1.0

    def available(self, training: TrainingData) -> bool:
        return training.has_habits

    def fit(self, training: TrainingData) -> _Graph:
        self._training, self._spectrum = training, training.spectrum("liked", 0.5)
        return self

    def rows(self, supports: Supports) -> SparseRows:
        return supports.liked_rows

    def score(self, supports: Supports) -> NDArray[np.float32]:
        return self.score_items(supports, ALL)

    def score_items(self, supports: Supports, items: Items) -> NDArray[np.float32]:
        return self._spectrum.answer(self.fold_in(supports), self.ridge, items)

    def fold_in(self, supports: Supports) -> NDArray[np.float32]:
        """User factors ``(B, R)``."""
        return self._spectrum.fold_in(self.rows(supports))

    def product(self, supports: Supports) -> Product:
        return (self._spectrum.shrunk(self.fold_in(supports), self.ridge), self.columns()), None

    def columns(self) -> Columns:
        """What answers all items."""
        return self._training.habits("liked", 0.5)


class GraphNarrow(_Graph):
    """Graph ridge with a weak penalty (r = .3): fine distinctions; its weight may turn negative as a contrast."""

    name = "graph-narrow"
    ridge = 0.3
    free_sign = True


class GraphWide(_Graph):
    """Graph ridge with a strong penalty (r = 3): the broad taste that many users share."""

    name = "graph-wide"
    ridge = 3.0


class TextGraph(_Graph):
    """Graph ridge (r = 1) on the support spread over text neighbours.

    So an item that nobody has met reaches the habits of those who met its like, and habits reach it.
    """

    name = "text-graph"
    prior = 0.2
    ridge = 1.0

    def fit(self, training: TrainingData) -> TextGraph:
        super().fit(training)
        self._spread = Spread(training, self._spectrum.inner)
        return self

    def fold_in(self, supports: Supports) -> NDArray[np.float32]:
        return self._spread.fold_in(supports)


class TextEase(Signal):
    """EASE (Steck, WWW 2019) in closed form from the spectrum, on the text-spread support.

    ``score = -(P x - x diag P) / diag P`` with ``P = (I - G) / r``, ``G = L' Q (values + r)^-1 Q' L``; the ridge
    ``r`` is 2000, and 300 up to 30 training users.
    """

    name = "text-ease"
    kind = "habits"

    def available(self, training: TrainingData) -> bool:
        return training.has_habits

    def fit(self, training: TrainingData) -> TextEase:
        self._training, self._spectrum = training, training.spectrum("liked", 0.0)
        self._spread = Spread(training, self._spectrum.inner)
        ridge = 300.0 if training.n_users <= 30 else 2000.0
        self._scale = (1 / (self._spectrum.values + ridge)).astype(np.float32)
        self._diagonal = np.einsum("ir,r->i", self._spectrum.inner**2, self._scale)
        self._columns: Columns | None = None
        return self

    def score(self, supports: Supports) -> NDArray[np.float32]:
        return self.score_items(supports, ALL)

    def score_items(self, supports: Supports, items: Items) -> NDArray[np.float32]:
        out = (self._spread.fold_in(supports) * self._scale) @ self._spectrum.inner[items].T
        diagonal = self._diagonal[items]
        out -= self._spread.rows(supports)[:, items] * diagonal
        return out / (1 - diagonal)

    def product(self, supports: Supports) -> Product:
        left = 1 - self._diagonal
        if self._columns is None:
            self._columns = self._training.habits("liked", 0.0, scale=1 / left)
        rest = self._spread.rows(supports) * (-self._diagonal / left)
        return (self._spread.fold_in(supports) * self._scale, self._columns), rest


class Exposure(_Graph):
    """Plain ridge from all that the stranger met to likes (r = 1000): having met an item is evidence, liked or not."""

    name = "exposure"
    kind = "exposure"
    prior = 0.2
    ridge = 1000.0
    power = 0.0

    def available(self, training: TrainingData) -> bool:
        return training.has_habits and training.has_dislikes

    def fit(self, training: TrainingData) -> Exposure:
        self._training, self._spectrum = training, training.spectrum("seen", self.power)
        return self

    def columns(self) -> Columns:
        return self._training.habits("seen", self.power)

    def rows(self, supports: Supports) -> SparseRows:
        return supports.seen_rows


class GraphMet(Exposure):
    """Graph ridge (r = 3) from all that the stranger met to likes: who went to the same places, content or not.

    On training users, NDCG@10 at k = 1, 3, 5, 10: MovieLens, all users, +.008, +.008, +.007, +.004, and 50 of them
    +.004, +.004, +.005, +.003; restaurants, 50 users, -.004, +.006, +.010 (k = 1, 3, 5); books, all users, +.001, .000,
    -.001, +.002, and 200 of them -.001, .000, -.001, -.001.
    """

    name = "graph-met"
    ridge = 3.0
    power = 0.5


class MetTogether(Exposure):
    """Plain ridge (r = 1000) from all that the stranger met to all that people meet: they will go on as they went.

    ``exposure`` answers with likes, of which few people give few. The decomposition is the same, and the answer is its
    other factor. Where liking is half chance and meeting is not (restaurants of three cities, 50 users to learn from),
    NDCG@10 on training users rose by .033, .047 and .066 at k = 1, 3, 5. On films and books the signal is worth
    nothing, and at a weight of .8 for everybody it cost .016 on books (10 users, k = 10). So the strong weight is taken
    only where past users speak for it.
    """

    name = "met-together"
    bold = 1.5

    def fit(self, training: TrainingData) -> MetTogether:
        spectrum = training.spectrum("seen", self.power)
        self._training, self._spectrum = training, replace(spectrum, outer=spectrum.inner)
        return self

    def columns(self) -> Columns:
        return self._training.habits("seen", self.power, "seen")


class Spread:
    """Supports lent to their text neighbours: ``x + .5 x T``, and the items nearest to a taste sentence."""

    def __init__(self, training: TrainingData, inner: NDArray[np.float32]) -> None:
        self._training, self._inner = training, inner
        neighbours = training.neighbours
        # Spread once here, over all items, and not over every support: (x + .5 x T) inner = x (inner + .5 T inner).
        self._spread = inner if neighbours is None else inner + np.float32(SPREAD) * (neighbours @ inner)

    def fold_in(self, supports: Supports) -> NDArray[np.float32]:
        """User factors of the spread supports: ``(B, R)``."""
        out = np.asarray(weighted_rows(supports.liked_rows, self._spread), dtype=np.float32)
        nearest = self._nearest(supports)
        return out if nearest is None else out + np.asarray(nearest @ self._inner, dtype=np.float32)

    def rows(self, supports: Supports) -> NDArray[np.float32]:
        """The spread supports themselves: ``(B, I)``."""
        rows = supports.liked_rows.dense()
        if self._training.neighbours is not None:
            lent = picked(self._training.neighbours, supports.liked_rows)
            rows += np.float32(SPREAD) * lent.dense(np.float32)
        nearest = self._nearest(supports)
        return rows if nearest is None else rows + nearest.toarray()

    def _nearest(self, supports: Supports) -> sp.csr_matrix | None:
        if supports.taste is None or self._training.neighbours is None:
            return None
        return supports.taste.neighbours(self._training.views.get("title"), self._training.words)

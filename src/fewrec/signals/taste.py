"""A sentence about one's taste, matched with every item's text."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fewrec.signals.base import ALL, Items, Signal
from fewrec.signals.supports import Supports
from fewrec.signals.training import TrainingData

__all__ = ["TasteMatch"]


FAINT = 0.01
"""Added to the standard deviation: where no item matches, noise is not blown up."""


class TasteMatch(Signal):
    """How well an item matches the visitor's sentence, in standard deviations over the catalogue; zero without one.

    The match is half the embedding cosine plus the word cosine. Standardised per sentence, because a sentence in
    another language than the catalogue's matches no words and every embedding a little: what counts is which items
    it matches more than others. The weight is learned apart from the others, on training users for whom a sentence
    is made from features of two items they like (``fewrec.fewshot.tasting``). A sentence also counts as one support
    item in the text-graph and text-EASE signals, through its nearest items.
    """

    name = "taste"
    kind = "taste"
    prior = 1.0

    def available(self, training: TrainingData) -> bool:
        return training.has_text

    def fit(self, training: TrainingData) -> TasteMatch:
        self._view, self._words = training.views.get("title"), training.words
        return self

    def score(self, supports: Supports) -> NDArray[np.float32]:
        return self.score_items(supports, ALL)

    def score_items(self, supports: Supports, items: Items) -> NDArray[np.float32]:
        if supports.taste is None:
            width = supports.n_items if isinstance(items, slice) else len(items)
            return np.zeros((len(supports), width), dtype=np.float32)
        match = supports.taste.similarity(self._view, self._words)
        match -= match.mean(axis=1, keepdims=True)
        match /= match.std(axis=1, keepdims=True) + np.float32(FAINT)
        match[~supports.taste.present] = 0
        return match[:, items]

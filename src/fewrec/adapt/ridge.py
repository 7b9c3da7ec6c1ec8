"""``ridge``: the loss of the delta that asks what new items ask: how well is an item's row read off the other items'
texts?

    K_ij = exp(1.5 (mean cosine of i and j - 1)),      P = (K + diag(1 / w))^-1,
    e_i = (P Y)_i / P_ii,                              loss = sum_i w_i |e_i|^2 / (sum_i w_i |y_i|^2)

`NewItems` ranks what nobody has met by kernel ridge regression from texts to habits. ``e_i`` is the error of exactly
that regression on item i with i left out, in closed form (Allen 1974, the PRESS statistic; Rasmussen & Williams 2006,
section 5.4.2, for kernels). So the correction is tuned for being read by the ridge, on items that the ridge has not
met, and cannot gain by learning the training items by heart. ``K`` holds the tuned embeddings beside the words and
features that the model uses, ``y_i`` is the item's row of the degree-normalised rating matrix in its leading
directions (the squared error between the predicted rating matrix and the observed one), ``w_i = c / (c + 5)`` for an
item met c times. Each step draws some of the items, because the inverse is cubic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.fewshot.newmaps import FEATURES, RELIABLE, TEXT, WIDTH, WORDS
from fewrec.signals import TrainingData

__all__ = ["RidgeTask"]

Array = NDArray[np.float32]
ITEMS = 800
DIRECTIONS = 128
JITTER = 1e-3
"""Twins in text make ``K`` singular; checked from 20 to 2,000 items."""

LEAST = 1e-12
"""Of what is to be read off: where all items are met by the same people there is nothing, and the loss is 0."""


class RidgeTask:
    """The loss of ``training`` and its slope at the unit vectors of drawn items."""

    def __init__(self, training: TrainingData, most: int = ITEMS) -> None:
        self._most = most
        spectrum = training.spectrum("liked", 0.5, DIRECTIONS)
        # The two differ by the degrees alone, whose root is taken out so.
        rows = np.sign(spectrum.outer) * np.sqrt(np.abs(spectrum.outer * spectrum.inner))
        self._rows = np.asarray(rows / np.sqrt(spectrum.values + 1), dtype=np.float64)  # (I, R)
        count = np.bincount(training.seen.indices, minlength=training.n_items)
        self._weight = count / (count + RELIABLE)
        self._words, self._features = training.words, _unit_rows(training.features)
        self.met = np.flatnonzero(np.bincount(training.liked.indices, minlength=training.n_items))
        self._total = (
            TEXT + (0 if self._words is None else WORDS) + (0 if self._features is None else FEATURES)
        )

    def draw(self, rng: np.random.Generator) -> NDArray[np.intp]:
        """Items of one step, sorted."""
        return np.sort(rng.permutation(self.met)[: self._most])

    def at(self, items: NDArray[np.intp]) -> Callable[[Array], tuple[float, Array, dict[str, Array]]]:
        """`slope` of these items, as `fewrec.adapt.delta` asks for it."""
        return lambda unit: (*self.slope(unit, items), {})

    def slope(self, unit: Array, items: NDArray[np.intp]) -> tuple[float, Array]:
        """``(loss, gradient)`` at ``unit`` (C, D), the tuned unit vectors of ``items``."""
        weight, rows = self._weight[items], self._rows[items]
        rows = rows - rows.mean(axis=0)
        cosines = (unit @ unit.T).astype(np.float64)
        for share, part in ((WORDS, self._words), (FEATURES, self._features)):
            if part is not None:
                cosines += share * (part[items] @ part[items].T).toarray()
        kernel = np.exp(WIDTH * (cosines / self._total - 1))
        inverse = scipy.linalg.inv(kernel + np.diag(1 / weight + JITTER), check_finite=False)
        solved = inverse @ rows  # P Y
        own = np.diag(inverse)
        left_out = solved / own[:, None]
        scale = max(float((weight[:, None] * rows * rows).sum()), LEAST)
        squares = (left_out * left_out).sum(axis=1)
        by_solved = 2 * weight[:, None] * left_out / own[:, None] / scale
        by_inverse = by_solved @ rows.T
        by_inverse[np.diag_indices_from(by_inverse)] -= 2 * weight * squares / own / scale
        by_kernel = -inverse @ by_inverse @ inverse
        by_cosine = by_kernel * kernel * (WIDTH / self._total)
        gradient = (by_cosine + by_cosine.T).astype(np.float32) @ unit
        return float((weight * squares).sum() / scale), gradient


def _unit_rows(features: sp.csr_matrix | None) -> sp.csr_matrix | None:
    if features is None:
        return None
    length = np.sqrt(np.maximum(np.asarray(features.multiply(features).sum(axis=1)).ravel(), 1e-12))
    return sp.csr_matrix(sp.diags((1 / length).astype(np.float32)) @ features)

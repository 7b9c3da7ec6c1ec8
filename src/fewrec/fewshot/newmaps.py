"""What leads from the texts of items nobody has met to what is known of met ones; made once, not for every visitor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.errors import StoreError
from fewrec.signals import Spectrum, TrainingData

__all__ = ["LANDMARKS", "NewMaps", "TextMaps", "kernel_with", "landmarks_of"]

Array = NDArray[np.float32]

RIDGE = 1.0
RELIABLE = 5.0
"""An item met c times counts c / (c + 5) in the ridge maps: what is known of a rarely met item is mostly noise."""

LANDMARKS = 2000
"""The maps are kernel ridge regressions over the most met items, at most so many: cubic in this number alone."""

WIDTH = 1.5
TEXT, WORDS, FEATURES = 1.0, 0.5, 0.5
"""Shares of the cosines in the kernel ``exp(-1.5 (1 - mean cosine))``; linear maps on the same cosines (and on 256
components of the words) read the graph score off worse: NDCG@10 .312 against .324 on training users of MovieLens."""

ARRAYS = ("items", "popular", "graph", "lent", "own", "shown")


@dataclass(frozen=True)
class NewMaps:
    """The maps read off for the ``C`` new items at ``items``, so that a visitor costs a few small products.

    With ``G`` the landmarks' regularised Gramian, ``k`` the kernel with them, ``W`` that of the ``K`` met items times
    their reliability, ``F (K, R)`` the centred answers of the graph's spectrum for met items and ``T`` the text
    neighbours::

        own = W G^-1 k(items)'        graph = k(items) G^-1 W' F        lent = T[items] F_all

    so a visitor's own row ``x`` is mapped to ``x own``, and their graph score ``F u`` to ``graph u``. Where ``own``
    would take more room than its two factors, these are kept: ``own = shown left``.
    """

    items: NDArray[np.intp]  # (C,)
    popular: Array  # (C,) popularity read off the map
    graph: Array  # (C, R)
    lent: Array  # (C, R); no row where items have no text neighbours
    own: Array  # (K, C), or (M, C) with ``shown``
    shown: Array | None = None  # (K, M)

    def mapped(self, met: NDArray[np.intp], weights: Array) -> Array:
        """``(C,)`` of a visitor's own row: ``weights`` at the positions ``met`` among the met items, 0 elsewhere."""
        if self.shown is None:
            return np.asarray(weights @ self.own[met])
        return np.asarray((weights @ self.shown[met]) @ self.own)

    @property
    def nbytes(self) -> int:
        """What they take in memory."""
        return sum(array.nbytes for array in self.to_arrays().values())

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """All there is to save, as plain arrays."""
        return {name: getattr(self, name) for name in ARRAYS if getattr(self, name) is not None}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], training: TrainingData) -> NewMaps:
        """The inverse of :meth:`to_arrays`. Raises ``StoreError`` where parts fit neither together nor ``training``."""
        missing = [name for name in ARRAYS[:-1] if name not in arrays]
        if missing:
            raise StoreError(f"there is no array {missing[0]!r}.", where="new items", value=missing)
        found = cls(**{name: arrays[name] for name in ARRAYS if name in arrays})
        shapes = {name: arrays[name].shape for name in ARRAYS if name in arrays}
        width = len(found.items)
        rows = found.own if found.shown is None else found.shown
        inner = len(found.own) if found.shown is None else found.shown.shape[1]
        met = len(np.unique(training.seen.indices))
        fit = (
            found.popular.shape == (width,) and found.own.shape == (inner, width) and len(rows) == met
            and width > 0 and found.items.min() >= 0 and found.items.max() < training.n_items
            and found.graph.shape[0] == width and found.lent.shape[0] in (0, width)
            and found.graph.shape[1] == found.lent.shape[1]
        )  # fmt: skip
        if not fit:
            raise StoreError("the arrays do not fit together.", where="new items", value=shapes)
        return found


@dataclass(frozen=True)
class TextMaps:
    """The kernel ridge regressions, fitted on all training users and met items."""

    training: TrainingData
    kernel: Array  # (I, M) with the landmarks
    landmarks: NDArray[np.intp]  # (M,)

    @cached_property
    def count(self) -> NDArray[np.intp]:
        """``(I,)`` interactions in training."""
        return np.bincount(self.training.seen.indices, minlength=self.training.n_items)

    @cached_property
    def met(self) -> NDArray[np.intp]:
        """``(K,)`` items with any."""
        return np.flatnonzero(self.count)

    @cached_property
    def spectrum(self) -> Spectrum:
        """That of the graph score."""
        return self.training.spectrum("liked", 0.5)

    def at(self, items: NDArray[np.intp]) -> NewMaps:
        """The maps for these items."""
        training, count, met = self.training, self.count, self.met
        known, near = self.kernel[met], self.kernel[items]
        weighted = known * (count[met] / (count[met] + RELIABLE)).astype(np.float32)[:, None]
        gram = (weighted.T @ known).astype(np.float64) + RIDGE * self.kernel[self.landmarks]
        gram[np.diag_indices_from(gram)] += 1e-4 * len(met)  # jitter: the kernel of near-twins is singular
        # Solved for the new items and not for the met ones, of which there are more where it matters.
        left = scipy.linalg.cho_solve(scipy.linalg.cho_factor(gram), near.T).astype(np.float32)  # (M, C)
        likes = np.bincount(training.liked.indices, minlength=training.n_items)
        log_popularity = np.log(likes + 0.2 * count + 0.2)[met]
        answers = self.spectrum.outer
        centred = answers[met] - answers[met].mean(axis=0)  # (K, R)
        goals = np.column_stack([(log_popularity - log_popularity.mean()).astype(np.float32), centred])
        read = left.T @ (weighted.T @ goals)  # (C, 1 + R)
        lent = np.zeros((0, answers.shape[1]), np.float32)
        if training.neighbours is not None:
            lent = np.asarray(training.neighbours[items] @ answers, dtype=np.float32)
        small = len(met) * len(items) <= weighted.size + left.size
        own, shown = (weighted @ left, None) if small else (left, weighted)
        return NewMaps(items, read[:, 0].copy(), read[:, 1:].copy(), lent, own, shown)


def landmarks_of(training: TrainingData, most: int = LANDMARKS) -> NDArray[np.intp]:
    """The most met items, at most ``most``, by position."""
    count = np.bincount(training.seen.indices, minlength=training.n_items)
    return np.sort(np.argsort(-count, kind="stable")[: min(most, int((count > 0).sum()))])


def kernel_with(training: TrainingData, landmarks: NDArray[np.intp]) -> Array:
    """``(I, M)`` ``exp(-1.5 (1 - mean cosine))`` of embeddings, words and features with the landmarks."""
    total = np.zeros((training.n_items, len(landmarks)), dtype=np.float32)
    weight = 0.0
    view, words, features = training.views.get("title"), training.words, training.features
    if view is not None:
        total += TEXT * (view @ view[landmarks].T)
        weight += TEXT
    if words is not None:
        total += WORDS * (words @ words[landmarks].T).toarray()
        weight += WORDS
    if features is not None:
        length = np.sqrt(np.maximum(np.asarray(features.multiply(features).sum(axis=1)).ravel(), 1e-12))
        unit = sp.csr_matrix(sp.diags((1 / length).astype(np.float32)) @ features)
        total += FEATURES * (unit @ unit[landmarks].T).toarray()
        weight += FEATURES
    total /= weight
    total -= 1
    total *= WIDTH
    return np.exp(total, out=total)

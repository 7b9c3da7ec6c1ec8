"""What leads from the texts of items nobody has met to what is known of met ones; made once, not for every visitor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.errors import StoreError
from fewrec.fewshot.textkernel import RELIABLE, TextKernel
from fewrec.signals import Spectrum, TrainingData

__all__ = ["LANDMARKS", "NewMaps", "TextMaps"]

Array = NDArray[np.float32]

RIDGE, POPULAR_RIDGE = 1.0, 0.3
"""Popularity is read off with less ridge, by a kernel that knows the topics of the catalogue as well: what makes an
item popular is what it is about, and a new item shares few words with each of the popular ones. On five parts of the
training items of three seeds NDCG@10 gained 3.3, 4.4 and 8.2 % on articles and .7, 1.8 and 2.2 % on films, by one seed
4 % (+- 2.5) on groceries, and nothing on books. Topics in the other maps, too, gained nothing more on articles and cost
films 2 % (one seed)."""

LANDMARKS = 2000
"""The maps are kernel ridge regressions over the most met items, at most so many: cubic in this number alone. That of
popularity is over half as many where more were met."""

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
    kernel: TextKernel
    topical: TextKernel  # knows topics: for popularity

    @classmethod
    def of(cls, training: TrainingData, most: int = LANDMARKS) -> TextMaps:
        """By ``most`` landmarks at most."""
        met = int((np.bincount(training.seen.indices) > 0).sum())
        few = LANDMARKS if met <= LANDMARKS else LANDMARKS // 2
        return cls(training, TextKernel.of(training, most), TextKernel.of(training, few, topics=True))

    def on(self, habits: TrainingData) -> TextMaps:
        """The same texts with other habits."""
        return replace(self, training=habits)

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
        met = self.met
        weighted, left = self.kernel.regression(self.count, items, RIDGE)
        answers = self.spectrum.outer
        centred = answers[met] - answers[met].mean(axis=0)  # (K, R)
        graph = left.T @ (weighted.T @ centred)
        lent = np.zeros((0, answers.shape[1]), np.float32)
        if self.training.neighbours is not None:
            lent = np.asarray(self.training.neighbours[items] @ answers, dtype=np.float32)
        small = len(met) * len(items) <= weighted.size + left.size
        own, shown = (weighted @ left, None) if small else (left, weighted)
        return NewMaps(items, self.popularity(items), graph, lent, own, shown)

    def popularity(self, items: NDArray[np.intp]) -> Array:
        """``(C,)`` logarithm of how often these items will be liked, less the mean of the met ones."""
        likes = np.bincount(self.training.liked.indices, minlength=self.training.n_items)
        popular = np.log(likes + 0.2 * self.count + 0.2)[self.met]
        count = self.count[self.met]
        usual = np.average(popular, weights=count / (count + RELIABLE))
        return self.topical.read_off(popular - usual, self.count, items, POPULAR_RIDGE)

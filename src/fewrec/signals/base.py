"""What a signal is: anything that gives every item a number for one support set."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from fewrec.signals.products import Columns
from fewrec.signals.supports import Supports
from fewrec.signals.training import TrainingData

__all__ = ["ALL", "Items", "Kind", "Product", "Signal"]

Items = NDArray[np.intp] | slice
Kind = Literal[
    "popularity", "text", "habits", "exposure", "dislike", "features", "portrait", "taste", "other"
]

ALL = slice(None)

Product = tuple[tuple[NDArray[np.float32], Columns] | None, NDArray[np.float32] | None]
"""``((users (B, R), items) or None, rest (B, I) or None)``: a score that is ``items.answer(users) + rest``."""


class Signal:
    """Base class of all signals, ours and an outsider's.

    A signal is fitted once on :class:`TrainingData` and then scores any batch of :class:`Supports`. Three
    promises, checked by ``fewrec.testing.check_signal``: predicting changes nothing; a batch gives what its
    rows give alone; and, unless ``linear`` is false, the score of a support is the sum over its parts (which
    is what reasons rest on).
    """

    name: ClassVar[str] = "signal"
    kind: ClassVar[Kind] = "other"
    prior: ClassVar[float] = 0.2
    """Weight before any evidence, in units of the signal's own standard deviation among candidates."""
    bold: ClassVar[float | None] = None
    """A second, strong weight to begin from, taken where past users speak for it; ``None``: there is but one."""
    free_sign: ClassVar[bool] = False
    """Whether the learned weight may be negative; only where the sign is not known beforehand."""
    linear: ClassVar[bool] = True
    personal: ClassVar[bool] = True
    """False where the score is the same for every stranger."""

    def __init_subclass__(cls, **options: Any) -> None:
        """Whoever scores in a way of their own does not answer by the product of the class they come from."""
        super().__init_subclass__(**options)
        if {"score", "score_items"} & vars(cls).keys() and "product" not in vars(cls):
            cls.product = Signal.product  # type: ignore[method-assign]

    def available(self, training: TrainingData) -> bool:
        """Whether this signal has anything to say about such data."""
        return True

    def fit(self, training: TrainingData) -> Signal:
        raise NotImplementedError

    def score(self, supports: Supports) -> NDArray[np.float32]:
        """``(B, I)``, any scale, zero where the signal has nothing to say."""
        raise NotImplementedError

    def score_items(self, supports: Supports, items: Items) -> NDArray[np.float32]:
        """``score(supports)[:, items]``; overridden where the rest need not be computed, as for reasons."""
        return self.score(supports)[:, items]

    def product(self, supports: Supports) -> Product | None:
        """The score of all items in a form that is quicker to answer with; ``None`` where there is none.

        Signals that give the same ``items`` are answered together, by one product with the weighted sum of their users.
        :meth:`score`, on which weights are learned, stays as it is: the two differ in their last bits.
        """
        return None

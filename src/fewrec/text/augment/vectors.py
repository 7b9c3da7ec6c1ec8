"""Entries of vectors left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from fewrec.text.augment.base import checked_generator, checked_share

__all__ = ["EmbeddingDropout"]


@dataclass(frozen=True)
class EmbeddingDropout:
    """Sets each entry to 0 with probability ``share`` and divides the others by ``1 - share``.

    So every product with the vector stays right on average. ``value``: (D,) or (N, D), any float type. Source:
    Srivastava et al. 2014, "Dropout", section 10 (the inverted form).
    """

    keeps: ClassVar[str] = "shape, float type, zeros, and the vector itself on average"
    share: float = 0.1

    def __post_init__(self) -> None:
        checked_share(self.share, "EmbeddingDropout", below_one=True)

    def __call__(self, value: NDArray[Any], rng: np.random.Generator) -> NDArray[Any]:
        stays = checked_generator(rng, "EmbeddingDropout").random(value.shape) >= self.share
        return np.where(stays, value / value.dtype.type(1 - self.share), value.dtype.type(0))

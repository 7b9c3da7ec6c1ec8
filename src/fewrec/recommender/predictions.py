"""How likely somebody is to like an item, and how they would rate it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.recommendations import Rating
from fewrec.recommender.model import FittedModel
from fewrec.recommender.threads import one_thread
from fewrec.recommender.visitors import Visitor

__all__ = ["Predictions", "Prospects"]

Id = str | int
Array = NDArray[np.float64]
LEVEL = 0.8


@dataclass(frozen=True)
class Predictions:
    """The predicted rating matrix: ``B`` people x ``C`` items.

    ``mean``, ``low``, ``high`` are on the users' own scale, 80 % of such ratings lie between the last two; NaN
    throughout where the data hold no ratings. ``probability`` is that of a like, NaN where nothing can be known.
    """

    users: tuple[Id | None, ...]  # None: a stranger
    items: tuple[Id, ...]
    mean: Array  # (B, C)
    low: Array  # (B, C)
    high: Array  # (B, C)
    probability: Array  # (B, C)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready: one list per person and field, ``None`` for NaN."""

        def plain(matrix: Array) -> list[list[float | None]]:
            return [[None if np.isnan(cell) else float(cell) for cell in row] for row in matrix]

        fields = ("mean", "low", "high", "probability")
        return {
            "users": list(self.users),
            "items": list(self.items),
            **{name: plain(getattr(self, name)) for name in fields},
        }


@dataclass(frozen=True)
class Prospects:
    """Ratings and probabilities of one visitor for chosen items."""

    mean: Array  # (C,)
    low: Array
    high: Array
    probability: Array

    @classmethod
    @one_thread
    def of(
        cls,
        model: FittedModel,
        visitor: Visitor,
        k_shot: int,
        scores: NDArray[np.float32],
        items: NDArray[np.intp],
    ) -> Prospects:
        """For model positions ``items``; ``scores`` ``(I,)`` are the visitor's of all items."""
        nothing = np.full(len(items), np.nan)
        mean, low, high, probit = nothing, nothing, nothing, None
        if model.posterior is not None:
            # By position: the order in which items are named must not change the last bits.
            rated = sorted((model.position[item], value) for item, value in visitor.values.items())
            support = np.array([at for at, _ in rated], dtype=np.intp)
            mean, variance = model.posterior.predict(support, np.array([value for _, value in rated]), items)
            low, high = model.posterior.interval(mean, variance, LEVEL)
            probit = model.posterior.probit(mean, variance)
            mean = np.clip(mean, *model.posterior.scale)  # as the interval is: nobody can rate 5.02 of 5
        probability = nothing
        if model.calibration is not None:
            probability = model.calibration.probability_of(scores, k_shot, items, probit)
        return cls(np.asarray(mean), np.asarray(low), np.asarray(high), probability)

    def rating(self, at: int) -> Rating | None:
        """The rating of the item at this place, ``None`` where the data hold no ratings."""
        if np.isnan(self.mean[at]):
            return None
        return Rating(float(self.mean[at]), float(self.low[at]), float(self.high[at]))

    def chance(self, at: int) -> float | None:
        """The probability of liking, ``None`` where nothing can be known."""
        return None if np.isnan(self.probability[at]) else float(self.probability[at])


def matrix(people: Sequence[Prospects], users: Sequence[Id | None], items: Sequence[Id]) -> Predictions:
    """One row per person."""

    def stacked(name: str) -> Array:
        rows = [getattr(person, name) for person in people]
        return np.stack(rows) if rows else np.zeros((0, len(items)))

    return Predictions(
        tuple(users), tuple(items), stacked("mean"), stacked("low"), stacked("high"), stacked("probability")
    )

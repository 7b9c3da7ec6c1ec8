"""Chosen items as the rows of a list: scores, chances, ratings and reasons together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fewrec.recommendations import Reason, Recommendation
from fewrec.recommender.model import FittedModel
from fewrec.recommender.predictions import Prospects
from fewrec.recommender.rating import Say
from fewrec.recommender.reasons import Explainer, blind
from fewrec.recommender.visitors import Visitor
from fewrec.signals import Supports

__all__ = ["told"]


def told(
    model: FittedModel,
    title: Callable[[int], str],
    visitor: Visitor,
    supports: Supports,
    chosen: NDArray[np.intp],
    say: Say,
    nothing: bool,
    explain: bool,
) -> list[Recommendation]:
    """One row for each of the ``chosen`` model positions; ``say`` holds the visitor's scores of all items.

    ``nothing``: nothing is known, the scores are random numbers, and the rows say so. ``explain``: whether the rows
    have the terms of their scores.
    """
    scores, before = say.scores, say.before[chosen]
    reasons: list[tuple[Reason, ...]] = [()] * len(chosen)
    if nothing:
        reasons = blind(before)
    elif explain:
        reasons = Explainer(model, title).reasons(supports, chosen, before)
    prospects = Prospects.of(model, visitor, int(supports.k_shot[0]), scores, chosen)
    return [
        Recommendation(
            item=model.item_ids[at],
            title=title(at),
            rank=place + 1,
            score=float(scores[at]),
            probability=None if nothing else prospects.chance(place),
            rating=prospects.rating(place),
            served=model.served(at),
            reasons=tuple(sorted((*reasons[place], *say.reason(at)), key=lambda one: -abs(one.contribution))),
        )
        for place, at in enumerate(chosen.tolist())
    ]

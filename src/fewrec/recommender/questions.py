"""What to ask somebody next, as a ranked list of items to ask about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.fewshot.asking import expected_reduction
from fewrec.rank import top_n
from fewrec.recommendations import Reason, Recommendation, Recommendations
from fewrec.recommender.model import FittedModel
from fewrec.recommender.threads import one_thread

__all__ = ["questions"]

Array = NDArray[np.float64]


@one_thread
def questions(
    model: FittedModel,
    support: NDArray[np.intp],
    mask: NDArray[np.bool_],
    n: int,
    title: Callable[[int], str],
) -> Recommendations:
    """The ``n`` items of ``mask`` (I,) whose answers are expected to settle most, given what is answered already."""
    training = model.training
    factors, alone, basis = _person(model)
    met = np.bincount(training.seen.indices, minlength=training.n_items).astype(np.float64)
    everybody = max(training.n_users, 1)
    # One pretended person more has met everything: where nobody has met anything, all items are known alike.
    known = (met + 1) / (everybody + 1)
    value, left = expected_reduction(factors, alone, met + 1, known, support)
    chosen = top_n(np.where(value > 0, value, np.nan), mask, n, training.tie_break)
    rows = [
        Recommendation(
            item=model.item_ids[at],
            title=title(at),
            rank=rank,
            score=float(value[at]),
            served=model.served(at),
            reasons=(
                Reason(
                    "question",
                    _why(int(met[at]), training.n_users, value[at], known[at], left),
                    float(value[at]),
                ),
            ),
        )
        for rank, at in enumerate(chosen.tolist(), start=1)
    ]
    sure = f"What to ask next, by {basis}." if rows else "There is nothing left to ask."
    return Recommendations(
        tuple(rows), sure=sure, candidates=len(mask), dropped={"not asked": int((~mask).sum())}
    )


def _why(met: int, users: int, value: float, known: float, left: float) -> str:
    share = value / known / left if left > 0 else 0.0
    familiar = f"known to {met} of {users} users; " if users else ""
    return f"{familiar}an answer settles {share:.0%} of what is open"


def _person(model: FittedModel) -> tuple[NDArray[np.floating], Array, str]:
    """``(factors (I, R), variance of an answer beside them (I,), on what it rests)``.

    With ratings, those of the rating model. Else the factors of habits, or the text vectors, scaled to a mean square
    length of 1, with a noise of 1: half of an answer is the person, half the moment. That half is an assumption.
    """
    if model.posterior is not None:
        return model.posterior.factors, model.posterior.own + model.posterior.noise, "the rating model"
    if model.training.has_habits:
        factors: NDArray[Any] = model.training.spectrum("liked", 0.5).inner
        basis = "habits"
    else:
        view = model.training.views.get("title")
        factors = np.zeros((len(model.item_ids), 1)) if view is None else view
        basis = "text"
    length = float(np.sqrt(np.mean(np.einsum("ir,ir->i", factors, factors, dtype=np.float64))))
    return factors / max(length, 1e-12), np.ones(len(factors)), basis

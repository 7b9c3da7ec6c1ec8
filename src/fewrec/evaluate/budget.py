"""What fewrec's own tuning tried and chose, in the words in which every tuned system tells it."""

from __future__ import annotations

from typing import Any

from fewrec.fewshot.fusion import ROUNDS, STARTS, STEPS
from fewrec.fewshot.guard import FOLDS, PAIRS
from fewrec.recommender import Recommender

__all__ = ["tuning_of"]

DIGITS = 4


def tuning_of(model: Recommender) -> dict[str, Any] | None:
    """``settings``: how many were tried at most; ``users``: on how many training users; ``searched``; ``chosen``.
    ``None`` where nothing is tuned.

    Weights are searched once for each fold and once on everybody: from the best of a few starts, by so many steps at
    most. The degrees of trust are compared on the users of the fold that was left out.
    """
    if not model.tune:
        return None
    ranker = model._fitted.ranker
    trust, fusion = ranker.trust, ranker.fusion
    users = 0 if trust is None else trust.users
    folds = min(FOLDS, users) if users > 1 else 0
    weightings = (folds + 1) * (len(STARTS) + ROUNDS * STEPS) if users else 0
    degrees = len(PAIRS) if folds else 0
    return {
        "settings": weightings + degrees,
        "users": users,
        "searched": {
            "weights of the signals, one by one": weightings,
            "trust in personal evidence at k = 1 and at k = 10": degrees,
        },
        "chosen": {
            "trust": None if trust is None else {"k = 1": trust.value[0], "k = 10": trust.value[1]},
            "weights at k = 4": {
                name: round(float(level), DIGITS) + 0.0
                for name, level in zip(fusion.names, fusion.level.tolist(), strict=True)
            },
        },
    }

"""What to ask a stranger next: the item whose answer is expected to settle most about the others.

The stranger is a vector of ``R`` weights, ``w ~ N(0, I)`` before anything is known, and would answer ``F_i w`` plus
noise about item ``i`` (as in :class:`fewrec.fewshot.posterior.RatingPosterior`). Given a support the weights have
covariance ``S = (I + F_s' D_s^-1 F_s)^-1``, ``D`` the variance of an answer that the weights do not explain. An
answer about ``i`` takes from the variance of item ``j`` what the update of a Gaussian takes, whatever it is; summed
over the items with weights ``p_j``, and weighed with the chance ``k_i`` that the stranger knows item ``i``:

    value(i) = k_i  sum_j p_j (F_j S F_i')^2 / (F_i S F_i' + D_i)
             = k_i  (F_i S M S F_i') / (F_i S F_i' + D_i),      M = sum_j p_j F_j' F_j      (R x R, never I x I)

Sources: the expected reduction of variance is that of D. Cohn, Z. Ghahramani and M. Jordan, "Active learning with
statistical models", JAIR 4 (1996), section 2; to weigh it with how many people know the item is the idea of A. Rashid
et al., "Getting to know you: learning new user preferences in recommender systems", IUI 2002 ("Pop*Ent"). Where it
differs: the reduction is for the items of the catalogue by their popularity, not for a test distribution.

No policy of asking has beaten random answers in this project's measurements so far, and this one was not measured: it
asks what its model says is worth asking, and nothing is claimed beyond that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["expected_reduction"]

Array = NDArray[np.float64]


def expected_reduction(
    factors: NDArray[np.floating],
    alone: Array,
    importance: Array,
    known: Array,
    support: NDArray[np.intp],
) -> tuple[Array, float]:
    """``(value (I,), uncertainty)``: what an answer about each item is expected to settle, and what there is to settle.

    ``factors`` (I, R). ``alone`` (I,), above 0: variance of an answer that the weights do not explain. ``importance``
    (I,), from 0: how much each item counts; it is scaled to sum to 1. ``known`` (I,), in [0, 1]: the chance that the
    stranger can answer. ``support`` (S,): items that are answered already. ``uncertainty``: the importance-weighted
    variance that is left, of which every value is at most ``known`` times.

    Two items with the same one factor, another with none: to ask about the first settles what can be settled.

    >>> value, left = expected_reduction(
    ...     np.array([[1.0], [1.0], [0.0]]), np.ones(3), np.ones(3), np.ones(3), np.array([], dtype=np.intp)
    ... )
    >>> np.round(value, 4).tolist(), round(left, 4)
    ([0.3333, 0.3333, 0.0], 0.6667)
    """
    wide = np.asarray(factors, dtype=np.float64)
    shown = wide[support]
    precision = np.eye(wide.shape[1]) + (shown / alone[support][:, None]).T @ shown
    weighed = importance / max(float(importance.sum()), 1e-300)
    spread = np.linalg.solve(precision, wide.T).T  # (I, R): F S
    variance = np.einsum("ir,ir->i", wide, spread)
    moment = (wide * weighed[:, None]).T @ wide  # (R, R)
    settled = np.einsum("ir,rs,is->i", spread, moment, spread, optimize=True) / (variance + alone)
    return known * settled, float(weighed @ variance)

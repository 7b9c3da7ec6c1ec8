"""What tuning makes small: each loss gives its value and its slope at the scores, so that NumPy and torch share it.

``scores`` (B, C): ``B`` strangers, ``C`` candidate items. ``allowed`` (B, C): candidates that are not the support.
``wanted`` (B, C): hidden items that were liked. ``value`` (B, C): how much each candidate is liked, 0 where nothing
is known. ``log_weight`` (C,): logarithm of how many items of the catalogue a candidate stands for (0 for all, where
the candidates are the catalogue)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = ["LOSSES", "Batch"]

Array = NDArray[np.float32]
Loss = Callable[[Array, "Batch"], tuple[float, Array]]


@dataclass(frozen=True)
class Batch:
    """What is known about ``B`` strangers and ``C`` candidates."""

    wanted: NDArray[np.bool_]  # (B, C)
    allowed: NDArray[np.bool_]  # (B, C)
    value: Array  # (B, C)
    log_weight: Array  # (C,)
    users: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, np.intp))  # (B,) whose rows these are
    disliked: Sequence[
        NDArray[np.intp]
    ] = ()  # B times items that are shown as disliked, where they are shown


def softmax(scores: Array, batch: Batch) -> tuple[float, Array]:
    """Sampled cross-entropy with corrected negatives, mean over strangers and their wanted items.

        - 1/P sum_p log( exp(s_p) / sum_c w_c exp(s_c) )

    ``w_c`` is one over the probability that ``c`` is among the candidates: with it the sampled sum estimates the sum
    over the catalogue (Bengio & Senecal 2008; as logQ correction in Yi et al. 2019, "Sampling-bias-corrected neural
    modeling", section 3).
    """
    probability = _softmax(np.where(batch.allowed, scores + batch.log_weight, -np.inf))
    target = _shares(batch.wanted)
    log_p = np.log(np.maximum(probability, 1e-30)) - batch.log_weight
    rows: NDArray[np.bool_] = np.asarray(batch.wanted.any(axis=1))
    n = max(int(rows.sum()), 1)
    value = -float((target * log_p).sum()) / n
    return value, np.asarray((probability * rows[:, None] - target) / n, dtype=np.float32)


def contrastive(scores: Array, batch: Batch) -> tuple[float, Array]:
    """InfoNCE in the batch: one wanted item each, the other strangers' wanted items as negatives.

        - log( exp(s_p) / sum_{c in batch, c = p or not liked by the stranger} exp(s_c) )

    van den Oord et al. 2018 (arXiv 1807.03748), equation 4. What the stranger is known to like is no negative (false
    negatives, as masked in Huynh et al. 2022, arXiv 2011.11765).
    """
    n_rows = len(scores)
    first = np.argmax(batch.wanted, axis=1)  # the candidates stand in random order, so the first is any
    rows = np.flatnonzero(batch.wanted.any(axis=1))
    inside = np.zeros(scores.shape, dtype=bool)
    inside[:, np.unique(first[rows])] = True
    inside &= batch.allowed & ~batch.wanted
    inside[rows, first[rows]] = True
    target = np.zeros(scores.shape, dtype=np.float32)
    target[rows, first[rows]] = 1
    probability = np.zeros((n_rows, scores.shape[1]), dtype=np.float32)
    probability[rows] = _softmax(np.where(inside[rows], scores[rows], -np.inf))
    n = max(len(rows), 1)
    value = -float(np.log(np.maximum(probability[target > 0], 1e-30)).sum()) / n
    return value, (probability - target) / np.float32(n)


def mse(scores: Array, batch: Batch) -> tuple[float, Array]:
    """Squared error between the predicted rating matrix and the observed one, unobserved cells as 0 with less weight.

        1/B sum_uc w_uc (s_uc - value_uc)^2 / sum_c w_uc,      w = 1 where observed, else ``UNSEEN``

    The predicted matrix is the scaled product of user and item embeddings. Weighting what was not observed instead of
    leaving it out is Hu, Koren & Volinsky 2008, equation 3; without it, all-likes data are fitted by a constant.
    """
    weight = np.where(batch.value != 0, 1.0, UNSEEN * np.exp(batch.log_weight)) * batch.allowed
    total = np.maximum(weight.sum(axis=1, keepdims=True), 1e-9)
    off = scores - batch.value
    n = len(scores)
    value = float((weight / total * off * off).sum()) / n
    return value, np.asarray(2 * weight / total * off / n, dtype=np.float32)


def softmax_mse(scores: Array, batch: Batch) -> tuple[float, Array]:
    """The same with the prediction as a softmax over the items, against the stranger's hidden likes as shares.

    1/B sum_uc (C p_uc - C t_uc)^2 / C,      p = softmax(s_u), t = value_u+ / sum value_u+
    """
    probability = _softmax(np.where(batch.allowed, scores + batch.log_weight, -np.inf))
    rows: NDArray[np.bool_] = np.asarray(batch.wanted.any(axis=1))
    off = (probability - _shares(batch.wanted)) * rows[:, None]
    n, width = max(int(rows.sum()), 1), scores.shape[1]
    value = width * float((off * off).sum()) / n
    inner = (off * probability).sum(axis=1, keepdims=True)
    return value, np.asarray(2 * width * probability * (off - inner) / n, dtype=np.float32)


UNSEEN = 0.1
"""Weight of a cell in which nothing was observed, against 1 for an observed one."""

LOSSES: dict[str, Loss] = {
    "mse": mse,
    "softmax-mse": softmax_mse,
    "softmax": softmax,
    "contrastive": contrastive,
}


def _softmax(scores: Array) -> Array:
    """Row by row; -inf gives 0."""
    out = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(out / out.sum(axis=1, keepdims=True), dtype=np.float32)


def _shares(wanted: NDArray[np.bool_]) -> Array:
    """Each row's wanted items in equal shares; a row without any stays zero."""
    return wanted.astype(np.float32) / np.maximum(wanted.sum(axis=1, keepdims=True), 1).astype(np.float32)

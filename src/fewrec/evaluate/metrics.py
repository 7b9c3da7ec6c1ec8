"""How good a ranked list is, person by person. All functions take arrays over ``B`` people.

``hits`` (B, n) bool: which places of the list hold a relevant item; ``relevant`` (B,): how many relevant items there
are. Who has no relevant item has no mark: NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["auc", "global_auc", "hit_rate", "ndcg", "recall", "reciprocal_rank"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def _marked(values: NDArray[np.floating] | np.floating, relevant: NDArray[np.intp]) -> Floats:
    return np.where(relevant > 0, values, np.nan)


def ndcg(hits: Mask, relevant: NDArray[np.intp]) -> Floats:
    """(B,) normalised discounted cumulative gain: binary gain, discount 1 / log2(1 + rank), divided by that of the
    best list, which begins with min(n, relevant) hits.

    >>> ndcg(np.array([[True, False, True]]), np.array([2])).round(4)  # (1 + 1/2) / (1 + 1/log2(3))
    array([0.9197])

    Järvelin and Kekäläinen, *Cumulated gain-based evaluation of IR techniques*, TOIS 20 (2002), with the logarithm
    starting at rank 1 as in Burges et al., ICML 2005.
    """
    discount = 1 / np.log2(np.arange(2, hits.shape[1] + 2))
    best = np.concatenate([[1.0], np.cumsum(discount)])[np.minimum(relevant, hits.shape[1])]
    return _marked((hits * discount).sum(axis=1) / best, relevant)


def recall(hits: Mask, relevant: NDArray[np.intp]) -> Floats:
    """(B,) share of the relevant items that are in the list."""
    return _marked(hits.sum(axis=1) / np.maximum(relevant, 1), relevant)


def hit_rate(hits: Mask, relevant: NDArray[np.intp]) -> Floats:
    """(B,) 1 where the list holds any relevant item, else 0."""
    return _marked(hits.any(axis=1).astype(np.float64), relevant)


def reciprocal_rank(first: Floats, relevant: NDArray[np.intp]) -> Floats:
    """(B,) 1 / rank of the first relevant item, in the whole list and not only in its first n places.

    Its mean over people is the MRR (Voorhees, TREC-8 1999).
    """
    return _marked(1 / first, relevant)


def auc(scores: Floats, allowed: Mask, relevant: Mask) -> Floats:
    """(B,) chance that a relevant item scores higher than one that is not; a tie counts half.

    ``scores`` (B, I), of which the ``allowed`` are compared. NaN where one side is empty. Hanley and McNeil 1982.
    """
    marks = np.full(len(scores), np.nan)
    for row in range(len(scores)):  # one sort a row; rows differ in length
        good = np.sort(scores[row, relevant[row] & allowed[row]])
        bad = np.sort(scores[row, allowed[row] & ~relevant[row]])
        if len(good) and len(bad):
            below, upto = np.searchsorted(bad, good, "left"), np.searchsorted(bad, good, "right")
            marks[row] = (below.sum() + upto.sum()) / (2 * len(good) * len(bad))
    return marks


def global_auc(scores: Floats, allowed: Mask, relevant: Mask) -> float:
    """The AUC over all (person, item) pairs at once.

    It also rewards scores that tell busy people from others, which no list needs: look at the per-user one.
    """
    return float(auc(scores.reshape(1, -1), allowed.reshape(1, -1), relevant.reshape(1, -1))[0])

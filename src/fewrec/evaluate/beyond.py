"""Beyond accuracy: how much of the catalogue lists show, how evenly, how varied and how surprising they are.

``top`` (B, n): item positions, -1 where a list is shorter.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

__all__ = ["coverage", "diversity", "gini", "novelty"]

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


def coverage(top: Indices, items: int) -> float:
    """Share of the catalogue's ``items`` that is in anybody's list (Ge, Delgado-Battenfeld and Jannach, RecSys 2010).

    It grows with the number of lists: compare systems on the same people only.
    """
    return len(np.unique(top[top >= 0])) / items if items else float("nan")


def gini(top: Indices, items: int) -> float:
    """Gini coefficient of how often the ``items`` are listed: 0 where all are listed equally often, towards 1 where
    a few have all places (Fleder and Hosanagar, Management Science 55, 2009).

    >>> gini(np.array([[0, 1], [2, 3]]), 4), gini(np.array([[0], [0]]), 4)
    (0.0, 0.75)
    """
    listed = np.sort(np.bincount(top[top >= 0], minlength=items)).astype(np.float64)
    if not items or listed.sum() == 0:
        return float("nan")
    ranks = 2 * np.arange(1, items + 1) - items - 1
    return float((ranks * listed).sum() / (items * listed.sum()))


def diversity(top: Indices, rows: sp.csr_matrix) -> Floats:
    """(B,) intra-list diversity: mean of 1 - cosine over all pairs of a list (Ziegler et al., WWW 2005).

    ``rows`` (I, W): one unit row of words per item. Items without words share nothing with any other. NaN for lists
    of fewer than two.
    """
    marks = np.full(len(top), np.nan)
    length = (top >= 0).sum(axis=1)
    square = np.asarray(rows.multiply(rows).sum(axis=1)).ravel()  # 1, or 0 for items without words
    for row in np.flatnonzero(length > 1):
        listed = top[row, : length[row]]
        total = np.asarray(rows[listed].sum(axis=0)).ravel()
        pairs = length[row] * (length[row] - 1)
        marks[row] = 1 - (total @ total - square[listed].sum()) / pairs
    return marks


def novelty(top: Indices, met: NDArray[np.integer], people: int) -> Floats:
    """(B,) mean self-information of a list's items: -log2 of the share of ``people`` who met the item in training.

    ``met`` (I,): how many did. One is added to both, so that items that nobody met count as rare and not as infinite;
    that is our deviation from Zhou et al., PNAS 107 (2010). NaN for empty lists.
    """
    surprise = -np.log2((met + 1) / (people + 1))
    listed = top >= 0
    length = listed.sum(axis=1)
    total = np.where(listed, surprise[top], 0.0).sum(axis=1)
    return np.divide(total, length, out=np.full(len(top), np.nan), where=length > 0)

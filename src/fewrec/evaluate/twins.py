"""People who are there twice. With one name in training and the other tested, copying the twin looks like foresight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fewrec.data import Dataset

__all__ = ["twins_of"]

Indices = NDArray[np.intp]
LEAST_ITEMS = 5
"""Shorter histories are the same by chance."""
SHARE = 0.8
"""Of the items of both, how many they share (Jaccard) to be taken for one person."""
BLOCK = 200


def twins_of(data: Dataset, tested: Indices, others: Indices) -> Indices:
    """Those of ``others`` (positions in ``data.users``) who have nearly the same items as somebody who is tested."""
    met = data.matrix("all")
    count = np.diff(met.indptr)
    tested, others = tested[count[tested] >= LEAST_ITEMS], others[count[others] >= LEAST_ITEMS]
    found = np.zeros(len(others), dtype=bool)
    for start in range(0, len(tested), BLOCK):
        part = tested[start : start + BLOCK]
        shared = (met[others] @ met[part].T).toarray()  # (others, part)
        found |= (shared >= SHARE * (count[others][:, None] + count[part] - shared)).any(axis=1)
    return others[found]

"""Which items a list may hold, as positions in the fitted model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.rank import Candidates
from fewrec.recommender.visitors import OnUnknown, Visitor, Visitors, names_of, tell

__all__ = ["allowed"]


def allowed(
    position: Mapping[str | int, int],
    row: NDArray[np.intp],
    visitor: Visitor,
    visitors: Visitors,
    exclude: Sequence[Any] | None,
    on_unknown: OnUnknown,
    include_seen: bool,
) -> tuple[Candidates, list[str]]:
    """The items that may be listed, and what was noted on the way.

    ``row`` (I,): where each item stands in the data, -1 where it is there no more.
    """
    notes = list[str]()
    candidates = Candidates(len(position))
    if (row < 0).any():
        candidates.keep("forgotten", row >= 0)
    if not include_seen:
        candidates.remove("already met", [position[item] for item in visitor.values])
    if exclude is not None:
        ids = [visitors.item(name, on_unknown, notes) for name in names_of(exclude)]
        if on_unknown == "warn":
            tell(notes, stacklevel=5)
        candidates.remove("excluded", [position[item] for item in ids if item is not None])
    return candidates, notes

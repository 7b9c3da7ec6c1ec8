"""Who had to do with what: one row a (user, item) pair, made from checked events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fewrec.data.feedback import Feedback


@dataclass(frozen=True, eq=False)
class Interactions:
    """One row per (user, item), sorted by (user_index, item_index)."""

    user_index: np.ndarray  # (N,) int32
    item_index: np.ndarray  # (N,) int32
    value: np.ndarray  # (N,) float32: mean rating, or summed event weight
    liked: np.ndarray  # (N,) bool
    count: np.ndarray  # (N,) int32: events behind the row
    time: np.ndarray | None  # (N,) float64 unix seconds of the last event, NaN where unknown

    def __len__(self) -> int:
        return len(self.user_index)


def empty() -> Interactions:
    """No interactions at all."""
    return Interactions(
        np.zeros(0, np.int32),
        np.zeros(0, np.int32),
        np.zeros(0, np.float32),
        np.zeros(0, bool),
        np.zeros(0, np.int32),
        None,
    )


@dataclass(frozen=True, eq=False)
class Pairs:
    """Events added up per (user, item) pair, before anybody says what is a like."""

    user_index: np.ndarray  # (N,) int32
    item_index: np.ndarray  # (N,) int32
    total: np.ndarray  # (N,) float64: sum of weight x value
    weight: np.ndarray  # (N,) float64: sum of weights
    count: np.ndarray  # (N,) int32
    time: np.ndarray | None  # (N,) float64

    def interactions(self, value: np.ndarray, feedback: Feedback) -> Interactions:
        """The pairs with ``value`` (N,) and the likes that ``feedback`` sees in it."""
        value = value.astype(np.float32)
        return Interactions(
            self.user_index, self.item_index, value, feedback.liked(value), self.count, self.time
        )


def add_up(
    user: np.ndarray, item: np.ndarray, value: np.ndarray, weight: np.ndarray, time: np.ndarray | None
) -> Pairs:
    """Events, (E,) each, added up per (user, item).

    The events of one pair are put in order of value, weight and time before they are added, so that the order
    of the rows cannot change a sum in its last bit.
    """
    key = user.astype(np.int64) << 32 | item.astype(np.int64)
    order = np.argsort(key, kind="stable")
    sorted_key = key[order]
    first = np.ones(len(key), dtype=bool)
    first[1:] = sorted_key[1:] != sorted_key[:-1]
    if not first.all():
        order = np.lexsort((*(() if time is None else (time,)), weight, value, key))
    group = np.cumsum(first) - 1
    starts = np.flatnonzero(first)
    return Pairs(
        user[order][starts].astype(np.int32),
        item[order][starts].astype(np.int32),
        np.bincount(group, (weight * value)[order], len(starts)),
        np.bincount(group, weight[order], len(starts)),
        np.bincount(group, minlength=len(starts)).astype(np.int32),
        None if time is None else np.fmax.reduceat(time[order], starts) if len(starts) else time,
    )

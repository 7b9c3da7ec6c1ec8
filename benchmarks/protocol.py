"""Strangers, what is shown of them, and how a ranked list is marked: the same for every system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["NewItemSplit", "Paired", "Split", "Stranger", "World", "ndcg", "paired", "seed_mean", "top"]

Floats = NDArray[np.float64]

CUTOFF = 10


@dataclass(frozen=True)
class Stranger:
    """A test user: never in training."""

    user: str
    support: tuple[tuple[str, float], ...]  # (item, value) in the order of revealing; the first k are shown
    relevant: frozenset[str]  # liked items beyond the whole support, the same for every k

    def shown(self, k_shot: int) -> dict[str, float]:
        """The first ``k_shot`` interactions, item -> value."""
        return dict(self.support[:k_shot])


@dataclass(frozen=True)
class Split:
    """One seed: the first n of ``training_users`` are the n training users."""

    seed: int
    training_users: tuple[str, ...]
    strangers: tuple[Stranger, ...]


@dataclass(frozen=True)
class NewItemSplit:
    """One seed: items whose interactions are all taken out of training; they alone are ranked."""

    seed: int
    hidden: tuple[str, ...]


@dataclass(frozen=True)
class World:
    """A data set as a user of the library has it, and its splits."""

    name: str
    items: Any  # what Dataset takes as items
    events: Mapping[str, Sequence[Any]]  # columns of the interactions
    user_column: str
    item_column: str
    catalogue: tuple[str, ...]  # item ids, in the order of the items table
    texts: tuple[str, ...]  # one plain text per item, for the text baselines
    histories: Mapping[str, Mapping[str, float]]  # user -> item -> value, users by first appearance
    liked_at: float  # values from here on are likes
    splits: tuple[Split, ...]
    new_items: tuple[NewItemSplit, ...] = ()
    sizes: tuple[int | None, ...] = (10, 50, 200, None)  # None: all training users
    k_shots: tuple[int, ...] = (0, 1, 3, 5, 10)
    users: Any = None  # what Dataset takes as users: attributes, where there are some
    attributes: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict
    )  # user -> the same, for strangers

    def rows(self, users: Sequence[str] | None = None, without: Sequence[str] = ()) -> dict[str, list[Any]]:
        """The events of ``users`` (all where ``None``) less those with the items ``without``."""
        wanted, hidden = None if users is None else set(users), set(without)
        who, what = self.events[self.user_column], self.events[self.item_column]
        keep = [
            row
            for row in range(len(who))
            if (wanted is None or who[row] in wanted) and what[row] not in hidden
        ]
        return {name: [column[row] for row in keep] for name, column in self.events.items()}


def top(
    scores: NDArray[np.floating], banned: Sequence[int] | NDArray[np.intp], rng: np.random.Generator
) -> NDArray[np.intp]:
    """The first ten items by score, without the ``banned``; ties at random, what has no score (NaN) last.

    Random ties matter: many catalogues are numbered by popularity, so that item order leaks the answer.
    """
    worst = np.where(np.isnan(scores), np.inf, -scores.astype(np.float64))
    allowed = np.ones(len(worst), dtype=bool)
    allowed[list(banned)] = False
    worst[~allowed] = np.inf
    # Smallest first: NumPy's partition is fifty times slower from the far end when most scores tie.
    least = np.partition(worst, CUTOFF - 1)[CUTOFF - 1] if len(worst) > CUTOFF else np.inf
    near = np.flatnonzero((worst <= least) & allowed)  # only these can be among the first ten
    return near[np.lexsort((rng.random(len(near)), worst[near]))][:CUTOFF]


def ndcg(
    scores: NDArray[np.floating],
    banned: Sequence[Sequence[int] | NDArray[np.intp]],
    relevant: Sequence[Sequence[int] | NDArray[np.intp]],
    seed: int,
) -> Floats:
    """NDCG@10 of every row of ``scores`` ``(B, I)``: binary gain, ideal of min(10, relevant).

    ``banned`` and ``relevant`` are item positions per row. NaN for users without a relevant item: they do not
    count.
    """
    discount = 1 / np.log2(np.arange(2, CUTOFF + 2))
    marks = np.full(len(relevant), np.nan)
    for row, (off, wanted) in enumerate(zip(banned, relevant, strict=True)):
        if len(wanted) == 0:
            continue
        listed = top(scores[row], off, np.random.default_rng((seed, row)))
        gain = discount[: len(listed)][np.isin(listed, wanted)].sum()
        marks[row] = gain / discount[: min(CUTOFF, len(wanted))].sum()
    return marks


@dataclass(frozen=True)
class Paired:
    """Mean difference on the same users, and its standard error."""

    mean: float
    error: float

    @property
    def worse(self) -> bool:
        """Below zero by more than two standard errors."""
        return self.mean < -2 * self.error


def paired(mine: Mapping[int, Floats], theirs: Mapping[int, Floats]) -> Paired:
    """``mine`` less ``theirs``: seed -> marks per user in the same order; who has no mark does not count."""
    if set(mine) - set(theirs):
        raise ValueError(f"seeds {sorted(set(mine) - set(theirs))} have nothing to compare with.")
    difference = np.concatenate([mine[seed] - theirs[seed] for seed in sorted(mine)])
    difference = difference[~np.isnan(difference)]
    return Paired(float(difference.mean()), float(difference.std(ddof=1) / np.sqrt(len(difference))))


def seed_mean(marks: Mapping[int, Floats]) -> float:
    """Mean over seeds of the mean over users."""
    return float(np.mean([np.nanmean(row) for row in marks.values()]))

"""Batches of simulated strangers for tuning: some of a training user's items shown, others hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.adapt.losses import Batch
from fewrec.fewshot.episodes import K_SHOTS
from fewrec.signals import TrainingData

__all__ = ["Tasks"]

CANDIDATES = 1500
"""Items that a batch is ranked among, at most: all where there are fewer, else its own and random ones."""

HIDDEN = 20
"""Hidden likes of one stranger, at most: a collector must not fill the batch."""


@dataclass(frozen=True)
class Tasks:
    """Training users with two likes or more, and the items that somebody met."""

    liked: sp.csr_matrix  # (U, I)
    value: sp.csr_matrix  # (U, I): 1 where liked, -1 where met and disliked
    users: NDArray[np.intp]
    met: NDArray[np.intp]
    most: int  # candidates of a batch
    dislikes: bool = False  # whether some dislikes are shown, too; what is shown is no candidate

    @classmethod
    def of(
        cls,
        training: TrainingData,
        users: NDArray[np.intp] | None = None,
        most: int = CANDIDATES,
        dislikes: bool = False,
    ) -> Tasks:
        """Of all training users, or of ``users``."""
        enough = np.flatnonzero(np.diff(training.liked.indptr) >= 2)
        value = sp.csr_matrix(2 * training.liked - training.seen) if training.explicit else training.liked
        return cls(
            training.liked,
            sp.csr_matrix(value, dtype=np.float32),
            enough if users is None else np.intersect1d(enough, users),
            np.unique(training.liked.indices).astype(np.intp),
            most,
            dislikes,
        )

    def batches(
        self, size: int, rng: np.random.Generator
    ) -> Iterator[tuple[sp.csr_matrix, NDArray[np.intp], Batch]]:
        """``(support (B, C), items (C,), what is known)`` for all users once, in random order.

        Rows of ``support`` are the shown likes over the root of their number: a sum of unlike unit
        vectors grows so.
        """
        order = rng.permutation(self.users)
        for start in range(0, len(order), size):
            yield self._batch(order[start : start + size], rng)

    def _batch(
        self, users: NDArray[np.intp], rng: np.random.Generator
    ) -> tuple[sp.csr_matrix, NDArray[np.intp], Batch]:
        shown, hidden = [], []
        for user in users:
            likes = rng.permutation(self.liked.indices[self.liked.indptr[user] : self.liked.indptr[user + 1]])
            k_shot = min(int(rng.choice([*K_SHOTS, len(likes)])), len(likes) - 1, self.most // 8)
            shown.append(likes[:k_shot])
            hidden.append(likes[k_shot : k_shot + HIDDEN])
        own = np.unique(np.concatenate([*shown, *hidden]))
        others = np.setdiff1d(self.met, own, assume_unique=True)
        drawn = rng.permutation(others)[: max(self.most - len(own), len(own))]
        items = np.concatenate([own, drawn])
        log_weight = np.zeros(len(items), dtype=np.float32)
        log_weight[len(own) :] = np.log(len(others) / len(drawn)) if len(drawn) else 0
        mix = rng.permutation(len(items))
        items, log_weight = items[mix], log_weight[mix]
        place = np.full(self.liked.shape[1], -1, dtype=np.intp)
        place[items] = np.arange(len(items))
        shape = (len(users), len(items))
        wanted, allowed = np.zeros(shape, dtype=bool), np.ones(shape, dtype=bool)
        known = self.liked[users]
        for row, kept in enumerate(hidden):
            likes = place[known.indices[known.indptr[row] : known.indptr[row + 1]]]
            allowed[row, likes[likes >= 0]] = False  # shown, or hidden beyond the most: no negatives
            wanted[row, place[kept]] = allowed[row, place[kept]] = True
        support = sp.csr_matrix(
            (
                np.concatenate([np.full(len(row), len(row) ** -0.5, dtype=np.float32) for row in shown]),
                place[np.concatenate(shown)],
                np.cumsum([0, *map(len, shown)]),
            ),
            shape,
        )
        disliked = [self._disliked(user, len(row), rng) for user, row in zip(users, shown, strict=True)]
        for row, others in enumerate(disliked):
            allowed[row, place[others][place[others] >= 0]] = False
        value = self.value[users][:, items].toarray() * allowed
        return support, items, Batch(wanted, allowed, value, log_weight, users, disliked)

    def _disliked(self, user: int, most: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """Items that are shown as disliked: ``most`` of those that ``user`` met, where dislikes are shown at all."""
        row = self.value[user]
        return rng.permutation(row.indices[row.data < 0])[:most] if self.dislikes else np.zeros(0, np.intp)

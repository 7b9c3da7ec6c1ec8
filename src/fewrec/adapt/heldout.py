"""One batch of people whom tuning does not see, the same one in every epoch: the loss on them tells learning from
learning by heart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.adapt.delta import UnitLoss
from fewrec.adapt.losses import Batch
from fewrec.adapt.ridge import RidgeTask
from fewrec.adapt.tasks import Tasks
from fewrec.signals import TrainingData

__all__ = ["HeldOut"]

SEED = 6  # beside the run's own, so that no epoch draws the same


@dataclass(frozen=True)
class HeldOut:
    """``items`` (C,) whose tuned vectors are asked for, and what is known of the people: for ``ridge`` the loss itself,
    else ``support`` (B, C) and ``batch``."""

    items: NDArray[np.intp]
    ridge: UnitLoss | None = None
    support: sp.csr_matrix | None = None
    batch: Batch | None = None

    @classmethod
    def by_ridge(cls, training: TrainingData, people: NDArray[np.intp], most: int, seed: int) -> HeldOut:
        """``most`` items at most that ``people`` have met; none where they like nothing."""
        theirs = training.with_users(people)
        if not theirs.liked.nnz:
            return cls(np.zeros(0, dtype=np.intp))
        task = RidgeTask(theirs, most)
        items = task.draw(np.random.default_rng((seed, SEED)))
        return cls(items, ridge=task.at(items))

    @classmethod
    def of_people(cls, tasks: Tasks, size: int, seed: int) -> HeldOut:
        """``size`` people of ``tasks`` at most; nobody where nobody likes two items."""
        found = next(tasks.batches(size, np.random.default_rng((seed, SEED))), None)
        if found is None:
            return cls(np.zeros(0, dtype=np.intp))
        support, items, batch = found
        return cls(items, support=support, batch=batch)

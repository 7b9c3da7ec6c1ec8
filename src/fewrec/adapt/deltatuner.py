"""The ``delta`` as a tuner: which batches or items its loss is fed with, epoch by epoch."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.adapt.delta import DeltaSettings, DeltaTrainer, loss_at
from fewrec.adapt.heldout import HeldOut
from fewrec.adapt.losses import LOSSES, mse
from fewrec.adapt.ridge import ITEMS, RidgeTask
from fewrec.adapt.tasks import Tasks
from fewrec.encode.adapted import correct
from fewrec.signals import TrainingData

__all__ = ["DeltaTuner"]

RIDGE_STEPS = 8
"""Of an epoch under ``ridge``, which draws items and not people."""

LEAST_STEPS = 16
"""Of an epoch otherwise, at least: few people are gone through several times, each time with other items shown."""

HELD_OUT = 256
"""People on whom the validation loss is measured, at most."""

START_SCALE = {"softmax": 3.0, "softmax-mse": 3.0, "contrastive": 3.0, "mse": 0.3, "ridge": 1.0}


class DeltaTuner:
    """Trains the correction of ``raw`` (view -> (I, D)) on the title view; every view is served by it.

    ``altered``: vectors of altered titles (I, D); each epoch is trained on the titles as they are or on one of these.
    ``unlabelled``: items that the virtual adversary may move; all where not given.
    """

    def __init__(
        self,
        raw: Mapping[str, NDArray[np.float32]],
        training: TrainingData,
        people: NDArray[np.intp] | None,
        loss: str,
        settings: DeltaSettings,
        seed: int,
        altered: Sequence[NDArray[np.float32]] = (),
        unlabelled: NDArray[np.intp] | None = None,
    ) -> None:
        self._raw, self._settings, self._seed = raw, settings, seed
        self._held: HeldOut | None = None
        self._ridge = self._tasks = None
        if loss == "ridge":
            self._ridge = RidgeTask(training if people is None else training.with_users(people))
        else:
            self._tasks = Tasks.of(training, people)
        likes = np.bincount(training.liked.indices, minlength=training.n_items)
        bias = np.log(likes + 1.0) if loss.startswith("softmax") else np.zeros(training.n_items)
        self.trainer = DeltaTrainer(
            raw["title"],
            LOSSES.get(loss, mse),
            np.asarray(bias, np.float32),
            START_SCALE[loss],
            settings,
            seed,
            altered,
            unlabelled,
        )

    def epoch(self, rng: np.random.Generator) -> tuple[float, float]:
        trainer = self.trainer
        trainer.look_at(int(rng.integers(0, len(trainer.others) + 1)))
        if self._ridge is not None:
            values = []
            for _ in range(RIDGE_STEPS):
                items = self._ridge.draw(rng)
                value, gradient = trainer.slope_of(self._ridge.at(items), items, rng)
                trainer.update(gradient)
                values.append(value)
            return float(np.mean(values)), np.nan
        if self._tasks is None:
            return 0.0, np.nan
        size, tasks = self._settings.batch_size, self._tasks
        passes = -(-LEAST_STEPS // max(-(-len(tasks.users) // size), 1))
        losses, told = [], []
        for _ in range(passes):
            for support, items, batch in tasks.batches(size, rng):
                losses.append(trainer.step(support, items, batch, rng))
                told.append(trainer.told)
        return float(np.mean(losses)), float(np.nanmean(told))

    def apart(self, training: TrainingData, people: NDArray[np.intp]) -> float:
        trainer = self.trainer
        if self._held is None:
            if self._ridge is not None:
                self._held = HeldOut.by_ridge(training, people, ITEMS, self._seed)
            else:
                self._held = HeldOut.of_people(Tasks.of(training, people), HELD_OUT, self._seed)
        held = self._held
        if held.ridge is not None:
            return held.ridge(trainer.units(held.items))[0]
        if held.batch is None:
            return np.nan
        scale, bias = float(np.exp(trainer.state["scale"][0])), trainer.state["bias"][held.items]
        return loss_at(trainer.loss, held.support, held.batch, scale, bias)(trainer.units(held.items))[0]

    def vectors(self, only: Collection[str] | None = None) -> dict[str, NDArray[np.float32]]:
        parts = self.trainer.correction()
        return {
            name: correct(rows, parts["mean"], parts["left"], parts["right"])
            for name, rows in self._raw.items()
            if only is None or name in only
        }

    def state(self) -> dict[str, NDArray[Any]]:
        trainer = self.trainer
        moments = {f"moments/{name}": part for name, part in trainer.moments.items()}
        return {**trainer.state, **moments, "steps": np.array([trainer.steps])}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        trainer = self.trainer
        for name in trainer.state:
            trainer.state[name] = np.array(state[name])
            trainer.moments[name] = np.array(state[f"moments/{name}"])
        trainer.steps = int(state["steps"][0])

"""One tuning run: the epochs until validation stops rising, and the two tests that decide."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fewrec.adapt.checkpoint import Checkpoint
from fewrec.adapt.trial import (
    Judge,
    Paired,
    Remembering,
    mean_mark,
    new_item_ndcg,
    new_user_ndcg,
    paired,
    with_views,
)
from fewrec.adapt.world import Report, World
from fewrec.signals import TrainingData, centred

__all__ = ["Epoch", "Run", "Tuner"]

Arrays = dict[str, NDArray[Any]]

MOST_JUDGES = 1000
"""People whose lists are marked, at most."""

FOLDS = 3
"""Parts of the items on which the verdict rests."""

STRANGERS = 300
"""People who are cut out of training to be strangers to the whole model, at most; no more than a fifth of all."""


class Tuner(Protocol):
    """An encoder while it is trained. ``apart`` is its loss for people whom it does not see, texts and vectors as they
    are; NaN where there are none."""

    def epoch(self, rng: np.random.Generator) -> tuple[float, float]:
        """Trains for one epoch; gives back the mean loss, and the share of hidden items whose like or dislike it told
        (NaN where the loss has no such thing)."""
        ...

    def apart(self, training: TrainingData, people: NDArray[np.intp]) -> float: ...

    def vectors(self, only: Collection[str] | None = None) -> Mapping[str, NDArray[np.float32]]:
        """View -> (I, D), the catalogue as it is encoded now; only these views, where they are named."""
        ...

    def state(self) -> Arrays:
        """All that `restore` needs to go on from here."""
        ...

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None: ...


@dataclass(frozen=True)
class Epoch:
    """One pass over the training users."""

    epoch: int
    loss: float
    accuracy: (
        float | None
    )  # share of hidden interactions whose like or dislike is told; None where not measured
    validation: float  # NDCG@10 of held-out items for held-out people
    validation_loss: float | None = None  # of held-out people; None where nothing can be asked of them

    def line(self) -> str:
        told = "" if self.accuracy is None else f", accuracy {self.accuracy:.3f}"
        how = f"loss {self.loss:.4f}{told}" if self.epoch else "frozen"
        apart = "" if self.validation_loss is None else f", validation loss {self.validation_loss:.4f}"
        return f"epoch {self.epoch}: {how}{apart}, validation NDCG@10 {self.validation:.4f}"

    def to_dict(self) -> dict[str, float | int | None]:
        return {
            "epoch": self.epoch,
            "loss": self.loss,
            "accuracy": self.accuracy,
            "validation": self.validation,
            "validation_loss": self.validation_loss,
        }


@dataclass(frozen=True)
class Run:
    """``make(training, people)`` starts a tuner on the likes of ``people`` (all where ``None``) in ``training``."""

    world: World
    make: Callable[[TrainingData, NDArray[np.intp] | None], Tuner]
    seed: int
    checkpoint: Checkpoint

    @cached_property
    def _judge(self) -> Judge:
        world = self.world
        training = world.training.without_items(world.test)
        return Judge(training, world.validation, world.judges, self.seed)

    @property
    def frozen(self) -> float:
        """Validation NDCG@10 of the frozen encoder."""
        return self._judge.frozen

    def _views(self, tuner: Tuner, only: Collection[str] | None = None) -> dict[str, NDArray[np.float32]]:
        """The views as a model will see them that is fitted with the tuned encoder."""
        return {name: centred(vectors)[0] for name, vectors in tuner.vectors(only).items()}

    def search(
        self, most: int, patience: int, tell: Callable[[str], None], report: Report
    ) -> tuple[list[Epoch], int]:
        """``(epochs, the best one)``; 0 is the frozen encoder. The epochs stop when ``patience`` of them were no
        better."""
        world = self.world
        tuner = self.make(
            world.training.without_items(np.concatenate([world.validation, world.test])), world.people
        )
        done = [Epoch(*row) for row in self.checkpoint.resume("search", tuner)]
        shown = world.training.without_items(world.test)
        if not done:
            apart = tuner.apart(shown, world.judges)
            done = [Epoch(0, 0.0, None, self._judge.frozen, _known(apart))]
        for epoch in done:
            tell(epoch.line())
        while (at := len(done)) <= most and at - 1 - _best(done) < patience:
            loss, accuracy = tuner.epoch(np.random.default_rng((self.seed, 1, at)))
            marked = self._judge.mark(self._views(tuner, Judge.VIEWS))
            apart = tuner.apart(shown, world.judges)
            done.append(Epoch(at, loss, _known(accuracy), marked, _known(apart)))
            tell(done[-1].line())
            self.checkpoint.keep("search", tuner, [[*epoch.to_dict().values()] for epoch in done])
            report("Tuning", at, most)
        report("Tuning", most, most)
        return done[1:], _best(done)

    def train(self, what: str, training: TrainingData, epochs: int, report: Report) -> Tuner:
        """A tuner after so many epochs on ``training``."""
        tuner = self.make(training, None)
        for at in range(len(self.checkpoint.resume(what, tuner)), epochs):
            tuner.epoch(np.random.default_rng((self.seed, 2, at)))
            self.checkpoint.keep(what, tuner, [[epoch] for epoch in range(at + 1)])
            report("Training", at + 1, epochs)
        return tuner

    def verdict(self, epochs: int, report: Report) -> Paired:
        """Frozen against tuned inside the full model, for items that neither tuning nor the model has met.

        On several parts of the items, each with a tuner of its own, and a user's marks averaged over them: which items
        are hidden matters as much as who is asked. The validation items, by which the number of epochs was chosen, are
        in none of them.
        """
        training, world = self.world.training, self.world
        users = np.random.default_rng((self.seed, 3)).permutation(training.n_users)[:MOST_JUDGES]
        users = np.sort(users).astype(np.intp)
        mixed = np.random.default_rng((self.seed, 4)).permutation(world.kept)
        others = np.array_split(mixed, max(round(len(mixed) / max(len(world.test), 1)), FOLDS))
        marks: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
        for fold, hidden in enumerate([world.test, *map(np.sort, others[: FOLDS - 1])]):
            tuner = self.train(f"verdict-{fold}", training.without_items(hidden), epochs, report)
            seen = Remembering.of(training)
            tuned = with_views(seen, self._views(tuner))
            marks.append(
                (
                    new_item_ndcg(seen, hidden, users, self.seed),
                    new_item_ndcg(tuned, hidden, users, self.seed),
                )
            )
            report("Judging", fold + 1, FOLDS)
        frozen, better = (np.stack(rows) for rows in zip(*marks, strict=True))
        parts = [paired(*both).difference for both in zip(frozen, better, strict=True)]
        return replace(paired(mean_mark(frozen), mean_mark(better)), parts=tuple(parts))

    def strangers(self, epochs: int, report: Report) -> Paired:
        """Frozen against tuned inside the full model, for people whom neither tuning nor the model has met: a few of
        their items are shown, and all others ranked."""
        training = self.world.training
        able = np.flatnonzero(np.diff(training.liked.indptr) >= 2)
        drawn = np.random.default_rng((self.seed, 5)).permutation(able)[: min(len(able) // 5, STRANGERS)]
        people = np.sort(drawn).astype(np.intp)
        rest = np.setdiff1d(np.arange(training.n_users), people)
        tuner = self.train("verdict-people", training.with_users(rest), epochs, report)
        report("Judging", 0, 2)
        seen = Remembering.of(training)
        frozen = new_user_ndcg(seen, people, self.seed)
        report("Judging", 1, 2)
        tuned = new_user_ndcg(with_views(seen, self._views(tuner)), people, self.seed)
        report("Judging", 2, 2)
        return paired(frozen, tuned)


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _best(done: list[Epoch]) -> int:
    """The first epoch that nobody surpasses."""
    return int(np.argmax([epoch.validation for epoch in done]))

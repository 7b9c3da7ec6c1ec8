"""One tuning run: what is held out, the epochs until validation stops rising, and the test that decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.adapt.delta import DeltaSettings, DeltaTrainer
from fewrec.adapt.losses import loss_named
from fewrec.adapt.tasks import Tasks
from fewrec.adapt.trial import Paired, ndcg, new_item_ndcg, paired, with_views
from fewrec.data import Dataset
from fewrec.encode import Encoder, encode_texts, takes_new_texts
from fewrec.encode.adapted import correct
from fewrec.errors import ConfigError, DataError
from fewrec.recommender.model import training_arrays
from fewrec.signals import TrainingData, centred
from fewrec.text import TextReader

__all__ = ["Epoch", "Run", "World"]

Report = Callable[[str, int, int], None]
HELD_OUT = 0.2
"""Share of the items, and of the people, that validation keeps; as many items again decide the verdict."""

LEAST_STEPS = 16
"""Steps of an epoch, at least: few people are gone through several times, each time with other items shown."""

MOST_JUDGES = 1000
"""People whose lists are marked, at most."""


@dataclass(frozen=True)
class Epoch:
    """One pass over the training users."""

    epoch: int
    loss: float
    validation: float  # NDCG@10 of held-out items for held-out people

    def line(self) -> str:
        return f"epoch {self.epoch}: loss {self.loss:.4f}, validation NDCG@10 {self.validation:.4f}"

    def to_dict(self) -> dict[str, float | int]:
        return {"epoch": self.epoch, "loss": self.loss, "validation": self.validation}


@dataclass(frozen=True)
class World:
    """A data set as arrays, its frozen vectors, and three parts of its met items."""

    training: TrainingData
    raw: dict[str, NDArray[np.float32]]  # view -> (I, D) as the base gives them
    kept: NDArray[np.intp]  # items that tuning sees
    validation: NDArray[np.intp]  # items that stop it
    test: NDArray[np.intp]  # items that decide
    people: NDArray[np.intp]  # users that tuning sees
    judges: NDArray[np.intp]  # users that stop it

    @classmethod
    def of(cls, data: Dataset, base: Encoder, seed: int, cache: Any, report: Report) -> World:
        """Reads the texts and draws the parts. Raises ``DataError`` where there is nothing to tune on."""
        if not takes_new_texts(base):
            raise ConfigError(
                "ready vectors cannot be tuned: they know no text but their own.",
                where="encoder",
                value=base.id,
                hint="Tune an encoder that reads texts, such as 'default'.",
            )

        def told(done: int, total: int) -> None:
            report("Reading texts", done, total)

        reader = TextReader(base, cache)
        reading = reader.fit(data.items.ids, data.texts, progress=told)
        training = training_arrays(data, reading.views, reading.words, seed)
        raw = {name: encode_texts(base, data.texts[name], cache=cache) for name in reading.views}
        rng = np.random.default_rng(seed)
        items = rng.permutation(np.unique(training.liked.indices)).astype(np.intp)
        users = rng.permutation(np.flatnonzero(np.diff(training.liked.indptr) >= 2)).astype(np.intp)
        if "title" not in raw or len(items) < MIN_ITEMS or len(users) < MIN_USERS:
            raise DataError(
                f"{len(items)} liked items and {len(users)} people with two likes: nothing can be tuned on that.",
                where="adapt",
                hint=f"It takes items with text, {MIN_ITEMS} liked ones and {MIN_USERS} people with two likes.",
            )
        part, few = int(len(items) * HELD_OUT), int(len(users) * HELD_OUT)
        return cls(
            training,
            raw,
            np.sort(items[2 * part :]),
            np.sort(items[part : 2 * part]),
            np.sort(items[:part]),
            np.sort(users[few:]),
            np.sort(users[:few]),
        )

    def tuned_views(self, correction: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        """The views as a model will see them that is fitted with the tuned encoder."""
        return {
            name: centred(correct(vectors, correction["mean"], correction["left"], correction["right"]))[0]
            for name, vectors in self.raw.items()
        }


MIN_ITEMS, MIN_USERS = 20, 10


@dataclass(frozen=True)
class Run:
    """How the correction is trained in ``world``."""

    world: World
    loss: str
    settings: DeltaSettings
    seed: int

    def trainer(self, training: TrainingData) -> DeltaTrainer:
        """A correction that does nothing yet."""
        likes = np.bincount(training.liked.indices, minlength=training.n_items)
        if self.loss in ("softmax", "softmax-mse"):
            bias, scale = np.log(likes + 1.0), 3.0
        else:
            bias, scale = np.zeros(training.n_items), 3.0 if self.loss == "contrastive" else 0.3
        loss = loss_named(self.loss)
        return DeltaTrainer(
            self.world.raw["title"], loss, np.asarray(bias, np.float32), scale, self.settings, self.seed
        )

    def epochs(self, training: TrainingData, people: NDArray[np.intp] | None, n: int) -> Any:
        """Yields ``(epoch, mean loss, trainer)`` after each of ``n`` epochs."""
        tasks, trainer = Tasks.of(training, people), self.trainer(training)
        rng = np.random.default_rng((self.seed, 1))
        for epoch in range(1, n + 1):
            size = self.settings.batch_size
            passes = -(-LEAST_STEPS // max(-(-len(tasks.users) // size), 1))
            losses = [
                trainer.step(support, items, batch, rng)
                for _ in range(passes)
                for support, items, batch in tasks.batches(size, rng)
            ]
            yield epoch, float(np.mean(losses)), trainer

    def search(
        self, most: int, patience: int, tell: Callable[[str], None], report: Report
    ) -> tuple[list[Epoch], int]:
        """``(epochs, the best one)``; 0 is the frozen encoder."""
        world = self.world
        training = world.training.without_items(np.concatenate([world.validation, world.test]))
        best, done = (self._validate(self.trainer(training), training), 0), []
        tell(Epoch(0, 0.0, best[0]).line().replace("loss 0.0000", "frozen"))
        for epoch, loss, trainer in self.epochs(training, world.people, most):
            done.append(Epoch(epoch, loss, self._validate(trainer, training)))
            tell(done[-1].line())
            report("Tuning", epoch, most)
            if done[-1].validation > best[0]:
                best = (done[-1].validation, epoch)
            elif epoch - best[1] >= patience:
                break
        report("Tuning", most, most)
        return done, best[1]

    def _validate(self, trainer: DeltaTrainer, training: TrainingData) -> float:
        """NDCG@10 of the validation items for the judges, by the cosine with what they liked of the others."""
        world = self.world
        view = world.tuned_views(trainer.correction())["title"]
        wanted = world.training.liked[world.judges][:, world.validation].toarray() > 0
        people = np.asarray(training.liked[world.judges] @ view)
        rows = wanted.any(axis=1) & people.any(axis=1)
        if not rows.any():
            return 0.0
        return float(ndcg(people[rows] @ view[world.validation].T, wanted[rows]).mean())

    def correction(
        self, epochs: int, training: TrainingData, report: Report
    ) -> dict[str, NDArray[np.float32]]:
        """The correction after so many epochs on ``training``."""
        found: dict[str, NDArray[np.float32]] = {}
        for epoch, _, trainer in self.epochs(training, None, epochs):
            report("Training", epoch, epochs)
            found = trainer.correction()
        return found

    def verdict(self, epochs: int, report: Report) -> Paired:
        """Frozen against tuned inside the full model, on the test items, which neither tuning nor the model has met."""
        world = self.world
        training, hidden = world.training, world.test
        reduced = training.without_items(hidden)
        correction = self.correction(epochs, reduced, report)
        wanted = training.liked[:, hidden]
        users = np.flatnonzero(np.diff(wanted.indptr) > 0)
        users = np.sort(np.random.default_rng((self.seed, 2)).permutation(users)[:MOST_JUDGES])
        marks = []
        for at, arrays in enumerate((training, with_views(training, world.tuned_views(correction)))):
            marks.append(new_item_ndcg(arrays, hidden, users, self.seed))
            report("Judging", at + 1, 2)
        return paired(*marks)

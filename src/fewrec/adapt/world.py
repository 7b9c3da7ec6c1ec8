"""A data set as tuning sees it: arrays, frozen vectors, and which people and items are held out for what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fewrec.data import Dataset
from fewrec.encode import Encoder, encode_texts, takes_new_texts
from fewrec.errors import ConfigError, DataError
from fewrec.recommender.model import training_arrays
from fewrec.signals import TrainingData
from fewrec.text import TextReader

__all__ = ["MIN_ITEMS", "MIN_USERS", "Report", "World", "read"]

Report = Callable[[str, int, int], None]
HELD_OUT = 0.2
"""Share of the items, and of the people, that validation keeps; as many items again decide the verdict."""

MIN_ITEMS, MIN_USERS = 20, 10


def read(
    data: Dataset, base: Encoder, seed: int, cache: Any, progress: Callable[[int, int], None] | None = None
) -> tuple[TextReader, TrainingData]:
    """The arrays of ``data`` as ``base`` reads its texts, and the reader, which reads what comes later alike."""
    reader = TextReader(base, cache)
    reading = reader.fit(data.items.ids, data.texts, progress=progress)
    return reader, training_arrays(data, reading.views, reading.words, seed)


@dataclass(frozen=True)
class World:
    """A data set as arrays, its frozen vectors, and three parts of its met items."""

    training: TrainingData
    texts: dict[str, list[str]]  # view -> (I,)
    raw: dict[str, NDArray[np.float32]]  # view -> (I, D) as the base gives them
    kept: NDArray[np.intp]  # items that tuning sees
    validation: NDArray[np.intp]  # items that stop it
    test: NDArray[np.intp]  # items that decide
    people: NDArray[np.intp]  # users that tuning sees
    judges: NDArray[np.intp]  # users that stop it
    attributes: list[str]  # (G,) names of what is known about users, as the columns of their portraits

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

        _, training = read(data, base, seed, cache, told)
        raw = {name: encode_texts(base, data.texts[name], cache=cache) for name in training.views}
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
            {name: list(data.texts[name]) for name in raw},
            raw,
            np.sort(items[2 * part :]),
            np.sort(items[part : 2 * part]),
            np.sort(items[:part]),
            np.sort(users[few:]),
            np.sort(users[:few]),
            data.user_features[1],
        )

    def open_to(self, training: TrainingData) -> NDArray[np.intp]:
        """Items whose texts may be read without labels: those that ``training`` has met, and those that nobody has.
        What is hidden from ``training`` is to be as new as an item that comes next year, its text as well."""
        met = np.bincount(self.training.seen.indices, minlength=training.n_items) > 0
        shown = np.bincount(training.seen.indices, minlength=training.n_items) > 0
        return np.flatnonzero(shown | ~met).astype(np.intp)

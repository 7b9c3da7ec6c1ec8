"""How much of its NDCG@10 a model loses when the titles of new items are misspelt, reworded or cut short.

The people, the new items and the model stay as they are; the titles of the new items alone are altered, each by a
generator of its own, so that every encoder meets the same texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.adapt.transformer import Augment
from fewrec.adapt.trial import BATCH, ndcg, with_views
from fewrec.adapt.world import read
from fewrec.data import Dataset
from fewrec.encode import resolve
from fewrec.encode.tokens import fold
from fewrec.errors import ConfigError, DataError
from fewrec.fewshot.newitems import NewItems, history_supports
from fewrec.recommender.threads import one_thread
from fewrec.signals import TrainingData
from fewrec.text import TextReader
from fewrec.text.augment import Synonyms, WordDrop, generator, neighbours

__all__ = ["CLEAN", "Typos", "attack_set", "robustness"]

CLEAN = "clean"
SHARES = (0.1, 0.2)
MOST_PEOPLE = 600
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Typos:
    """Misspells each word with probability ``share``: two neighbouring letters change places, or one is left out,
    written twice, or another (Pruthi, Dhingra & Lipton 2019, arXiv 1905.11268, section 3; there the first and the last
    letter stay). A word whose letters are alike may come out as it was, so ``share`` is an upper bound.

    >>> Typos(1.0)("The Matrix", np.random.default_rng(0))
    'hTe aMtrix'
    """

    keeps: ClassVar[str] = "blanks, numbers, the count of words"
    share: float = 0.1

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise ConfigError(
                f"share must lie from 0 to 1, not {self.share}.", where="Typos", value=self.share
            )

    def __call__(self, value: str, rng: np.random.Generator) -> str:
        words = value.split(" ")
        chosen = rng.random(len(words)) < self.share
        return " ".join(
            _misspelt(word, rng) if hit else word for word, hit in zip(words, chosen, strict=True)
        )


def _misspelt(word: str, rng: np.random.Generator) -> str:
    if len(word) < 2 or not word.isalpha():
        return word
    at, way = int(rng.integers(len(word) - 1)), int(rng.integers(4))
    if way == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    middle = ("", 2 * word[at], LETTERS[int(rng.integers(len(LETTERS)))])[way - 1]
    return word[:at] + middle + word[at + 1 :]


def attack_set(titles: Sequence[str], encoder: Any, shares: Sequence[float] = SHARES) -> dict[str, Augment]:
    """Name -> what alters a title: typos, synonyms and left-out words, each for every share of the words.

    Synonyms are neighbours of a title's word among all words of ``titles``, in the space of ``encoder``: give the
    frozen one to all that are compared.
    """
    words = sorted({fold(word) for title in titles for word in title.split()})
    table = neighbours(words, resolve(encoder))
    found: dict[str, Augment] = {}
    for share in shares:
        found[f"typos {share:.0%}"] = Typos(share)
        found[f"synonyms {share:.0%}"] = Synonyms(table, share)
        found[f"words left out {share:.0%}"] = WordDrop(share)
    return found


def robustness(
    data: Dataset,
    encoder: Any,
    new: Sequence[str | int],
    attacks: Mapping[str, Augment],
    *,
    seed: int = 0,
    cache: Any = "default",
) -> dict[str, NDArray[np.float64]]:
    """Name of the attack, and first of all "clean" -> (U,) NDCG@10 of the ``new`` items inside the whole model.

    ``data`` holds the interactions with ``new`` as the answers; the model is fitted without them, once, and reads the
    altered titles as it reads any item that comes later; the clean ones took part in the statistics of all
    texts, a small advantage that every encoder has. The people are those who like one of them and something else,
    600 drawn by ``seed`` at most, the same for each attack and encoder.

    Raises ``DataError`` where new items cannot be ranked by their text, ``UnknownIdError`` for unknown items.
    """
    base = resolve(encoder)
    hidden = np.array(sorted(data.items.index(item) for item in new), dtype=np.intp)
    with one_thread:
        reader, whole = read(data, base, seed, cache)
        reduced = whole.without_items(hidden)
        weights = NewItems.learn(reduced, seed)
        if weights is None or "title" not in whole.views:
            raise DataError(
                "there are no texts, or no likes, by which new items could be ranked.",
                where="robustness",
                hint="Give items with titles, and interactions with other items than the new ones.",
            )
        wanted = whole.liked[:, hidden].toarray() > 0
        able = np.flatnonzero(wanted.any(axis=1) & (np.diff(reduced.liked.indptr) > 0))
        people = np.sort(np.random.default_rng(seed).permutation(able)[:MOST_PEOPLE]).astype(np.intp)
        supports = history_supports(reduced, people)
        marks = {}
        for name, attack in {CLEAN: None, **attacks}.items():
            seen = (
                reduced if attack is None else _attacked(reduced, data, reader, hidden, attack, (seed, name))
            )
            model = NewItems.of(seen, weights, hidden)
            rows = [
                ndcg(model.score(supports[part]), wanted[people[part]])
                for part in np.array_split(np.arange(len(people)), max(-(-len(people) // BATCH), 1))
            ]
            marks[name] = np.concatenate(rows)
    return marks


def _attacked(
    training: TrainingData,
    data: Dataset,
    reader: TextReader,
    hidden: NDArray[np.intp],
    attack: Augment,
    seed: tuple[int, str],
) -> TrainingData:
    """``training`` with the titles of ``hidden`` items as ``attack`` alters them."""
    ids = [data.items.ids[item] for item in hidden]
    texts = {name: [column[item] for item in hidden] for name, column in data.texts.items()}
    texts["title"] = [
        attack(text, generator(*seed, id)) if text.strip() else ""
        for id, text in zip(ids, texts["title"], strict=True)
    ]
    later = TextReader(reader.encoder, None, reader.encoder_id, reader.words, reader.means).read(ids, texts)
    views = {name: view.copy() for name, view in training.views.items()}
    for name, rows in later.views.items():
        views[name][hidden] = rows
    place = np.arange(training.n_items)
    place[hidden] = training.n_items + np.arange(len(hidden))
    words = sp.csr_matrix(sp.vstack([training.words, later.words], format="csr")[place])
    return with_views(replace(training, words=words), views)

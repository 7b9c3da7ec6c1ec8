"""The weight of a sentence: learned on people whom the refitted signals have not seen, and never too small."""

from __future__ import annotations

import numpy as np
import pytest

from fewrec.fewshot.ranker import Ranker
from fewrec.fewshot.tasting import GRID, TOP_MATCH, Tasting, learn_taste
from fewrec.signals import Popularity, Signal, Supports, Taste, TrainingData, resolve_signals
from fewrec.testing.worlds import two_tastes

TRAINING = two_tastes(16, 40, seed=7).training
fitted_on: list[TrainingData] = []


class Watched(Popularity):
    """Popularity that remembers what it was fitted on."""

    def fit(self, training: TrainingData) -> Signal:
        fitted_on.append(training)
        return super().fit(training)


def make() -> list[Signal]:
    return [Watched(), *resolve_signals(["taste"])]


RANKER, _ = Ranker.fit(TRAINING, make, 0, tune=False)


def tasting(users: list[int], said: list[int]) -> Tasting:
    """``said``: for each user the item whose words are the sentence."""
    assert TRAINING.words is not None
    taste = Taste({}, TRAINING.words[said])
    return Tasting(np.array(users), taste, [np.array([item], dtype=np.intp) for item in said])


def weight(ranker: Ranker) -> float:
    return float(ranker.fusion.weights(3)[ranker.fusion.names.index("taste")])


def test_who_says_a_sentence_is_not_learned_from() -> None:
    fitted_on.clear()
    learn_taste(RANKER, TRAINING, make, tasting([2, 5], [0, 1]), 0)
    (seen,) = fitted_on
    rest = [user for user in range(TRAINING.n_users) if user not in (2, 5)]
    assert (seen.liked != TRAINING.liked[rest]).nnz == 0


def test_without_sentences_it_is_one_or_the_floor() -> None:
    nobody = Supports.of([np.zeros(0, np.intp)], [np.zeros(0, bool)], TRAINING.n_items)
    general = RANKER.score(nobody)[0]
    floor = (general.max() - np.median(general)) / TOP_MATCH
    assert weight(learn_taste(RANKER, TRAINING, make, None, 0)) == pytest.approx(max(1.0, floor))


def test_what_is_asked_for_can_outrank_the_bestseller() -> None:
    famous = RANKER.with_weight(RANKER.fusion.names.index("popularity"), 100.0)
    general = famous.score(Supports.of([np.zeros(0, np.intp)], [np.zeros(0, bool)], TRAINING.n_items))[0]
    lead = float(general.max() - np.median(general))
    assert lead > max(GRID) * TOP_MATCH  # or the floor would not be what counts
    assert weight(learn_taste(famous, TRAINING, make, None, 0)) * TOP_MATCH == pytest.approx(lead, rel=1e-5)


def test_the_item_that_was_described_is_no_hit() -> None:
    """Each likes one item beside those shown that resembles nothing: a sentence that finds its own item only has
    earned nothing, so the weight stays what was believed."""
    assert TRAINING.words is not None
    users = list(range(8))
    said = [int(TRAINING.liked[user].indices[0]) for user in users]
    alone = Taste({}, TRAINING.words[said].copy())
    own = np.eye(TRAINING.n_items, dtype=np.float32)

    class Own(Signal):
        """The sentence finds the very item that it was made from, and nothing else."""

        name = "taste"
        kind = "taste"

        def fit(self, training: TrainingData) -> Signal:
            return self

        def score(self, supports: Supports) -> np.ndarray:
            if supports.taste is None:
                return np.zeros((len(supports), TRAINING.n_items), np.float32)
            found = (supports.taste.words @ TRAINING.words.T).toarray()
            return own[found.argmax(axis=1)]

    def with_own() -> list[Signal]:
        return [Watched(), Own()]

    ranker, _ = Ranker.fit(TRAINING, with_own, 0, tune=False)
    ranker = ranker.with_weight(0, 1e-3)
    asked = Tasting(np.array(users), alone, [np.array([item], dtype=np.intp) for item in said])
    assert weight(learn_taste(ranker, TRAINING, with_own, asked, 0)) == 1.0


def test_a_sentence_that_finds_what_is_liked_is_turned_up() -> None:
    users = list(range(12))
    said = [int(TRAINING.liked[user].indices[0]) for user in users]
    popular = RANKER.with_weight(RANKER.fusion.names.index("popularity"), 0.5)
    assert weight(learn_taste(popular, TRAINING, make, tasting(users, said), 0)) > 1.0


def test_without_the_signal_nothing_changes() -> None:
    plain, _ = Ranker.fit(TRAINING, lambda: [Watched()], 0, tune=False)
    assert learn_taste(plain, TRAINING, lambda: [Watched()], tasting([2], [0]), 0) is plain

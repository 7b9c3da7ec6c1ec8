"""The whole ranker on planted worlds: what one liked item, or none, or a city must lead to."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from fewrec.fewshot.ranker import Ranker
from fewrec.signals import Popularity, Signal, Supports, TrainingData, resolve_signals
from fewrec.testing.signals import some_supports
from fewrec.testing.worlds import bestsellers, two_cities, two_tastes


def default() -> list[Signal]:
    return resolve_signals("default")


def liking(*rows: list[int], n_items: int = 40) -> Supports:
    return Supports.of(
        [np.array(row, dtype=np.intp) for row in rows], [np.ones(len(row), bool) for row in rows], n_items
    )


WORLD = two_tastes(16, 40, seed=7)
RANKER, EPISODES = Ranker.fit(WORLD.training, default, 0)


def lists(ranker: Ranker, supports: Supports, n: int = 10) -> np.ndarray:
    """The best ``n`` items of everybody, without what was shown."""
    scores = ranker.score(supports)
    scores[supports.seen.toarray() > 0] = -np.inf
    return np.argsort(-scores, axis=1)[:, :n]


def test_signals_that_share_items_are_answered_by_one_product() -> None:
    """The score of all items is the sum of the signals' own scores, at the weights of each row."""
    supports = some_supports(WORLD.training)
    wanted = np.zeros((len(supports), 40), dtype=np.float64)
    for row, k_shot in enumerate(supports.k_shot):
        for weight, signal in zip(RANKER.fusion.weights(k_shot), RANKER.signals, strict=True):
            wanted[row] += weight * signal.score(supports)[row]
    assert any(signal.product(supports) is not None for signal in RANKER.signals)
    np.testing.assert_allclose(RANKER.score(supports), wanted, atol=1e-4)


def few_people() -> TrainingData:
    """30 people who met 2 % of 600 items: fewer entries than factors."""
    data = two_tastes(30, 600, seed=3).training
    kept = sp.random(30, 600, 0.06, "csr", dtype=np.float32, random_state=np.random.default_rng(1))
    kept.data[:] = 1
    liked, seen = (sp.csr_matrix(matrix.multiply(kept)) for matrix in (data.liked, data.seen))
    return replace(data, liked=liked, seen=seen, strength=None, _spectra={})


def test_a_catalogue_that_few_have_met_is_answered_over_its_people() -> None:
    """The same scores as item by item: the signals' own."""
    few = few_people()
    ranker, _ = Ranker.fit(few, default, 0, tune=False)
    assert few.habits("liked", 0.5).then is not None
    supports = some_supports(few)
    for part in (supports, supports[np.array([1])]):
        wanted = sum(
            np.stack([ranker.fusion.weights(k)[column] for k in part.k_shot])[:, None] * signal.score(part)
            for column, signal in enumerate(ranker.signals)
        )
        np.testing.assert_allclose(ranker.score(part), wanted, atol=1e-4)


@pytest.mark.parametrize(
    ("which", "power", "answer"),
    [("liked", 0.5, "liked"), ("liked", 0.0, "liked"), ("seen", 0.5, "liked"), ("seen", 0.0, "seen")],
)
def test_both_ways_to_answer_habits_agree(monkeypatch, which: str, power: float, answer) -> None:
    data = few_people()
    users = np.random.default_rng(0).normal(size=(3, len(data.spectrum(which, power).values)))
    over = data.habits(which, power, answer)
    assert over.then is not None
    monkeypatch.setattr("fewrec.signals.products.SCATTERED", 1e9)
    plain = replace(data).habits(which, power, answer)
    assert plain.then is None
    np.testing.assert_allclose(over.answer(users), plain.answer(users), atol=1e-4)


def test_one_liked_item_solves_a_world_of_two_tastes() -> None:
    everything = liking(*([item] for item in range(40)))
    found = lists(RANKER, everything)
    assert np.all(WORLD.item_kind[found] == WORLD.item_kind[:, None])


def test_so_it_does_without_text_and_without_habits() -> None:
    data = WORLD.training
    bare = TrainingData(liked=data.liked, seen=data.seen, explicit=True, tie_break=data.tie_break)
    everything = liking(*([item] for item in range(40)))
    habits, _ = Ranker.fit(bare, default, 0)
    right = WORLD.item_kind[lists(habits, everything)] == WORLD.item_kind[:, None]
    assert right.mean() > 0.95
    nobody = sp.csr_matrix((0, 40), dtype=np.float32)
    text = replace(data, liked=nobody, seen=nobody, strength=None, portraits=None, _spectra={})
    alone, episodes = Ranker.fit(text, default, 0)
    assert episodes == []
    assert alone.trust is None
    assert np.all(WORLD.item_kind[lists(alone, everything)] == WORLD.item_kind[:, None])


def test_more_likes_of_a_kind_never_lower_that_kind() -> None:
    for kind in (0, 1):
        items = np.random.default_rng(kind).permutation(np.flatnonzero(WORLD.item_kind == kind))[:12]
        growing = liking(*(items[:k].tolist() for k in range(1, 13)))
        scores = RANKER.score(growing)
        same = (WORLD.item_kind == kind) & ~np.isin(np.arange(40), items)
        ahead = scores[:, same].mean(axis=1) - scores[:, WORLD.item_kind != kind].mean(axis=1)
        assert np.all(ahead > 0)
        # scores are in units of their spread at that k: a lead that is complete stays as it is
        assert np.all(ahead > 0.75 * np.maximum.accumulate(ahead))
        top = lists(RANKER, growing, 8)
        assert np.all(WORLD.item_kind[top] == kind)


def test_a_stranger_of_whom_nothing_is_known_gets_the_bestsellers() -> None:
    nobody = liking([])
    assert np.array_equal(np.argsort(-RANKER.score(nobody)[0]),
                          np.argsort(-Popularity().fit(WORLD.training).score(nobody)[0]))  # fmt: skip
    assert RANKER.score(nobody).std() > 0


def test_where_taste_tells_nothing_the_list_is_the_bestseller_list() -> None:
    world = bestsellers(20, 40, seed=1)
    ranker, _ = Ranker.fit(world.training, default, 0)
    supports = liking([3], [30, 20], [1, 2, 3, 4])
    popular = Popularity().fit(world.training)
    scores = popular.score(supports).copy()
    scores[supports.seen.toarray() > 0] = -np.inf
    wanted = np.argsort(-scores, axis=1)[:, :10]
    found = lists(ranker, supports)
    same = [len(set(a) & set(b)) for a, b in zip(found, wanted, strict=True)]
    assert min(same) >= 8


def test_attributes_alone_tell_the_city() -> None:
    world = two_cities(20, 40, seed=1)
    ranker, _ = Ranker.fit(world.training, default, 0)
    assert "portrait" in ranker.fusion.names
    strangers = replace(liking([], []), portraits=sp.csr_matrix(np.eye(2, dtype=np.float32)))
    found = lists(ranker, strangers)
    # Bestsellers would be right half the time. The guard halves what is known of people without any interaction, so
    # that some bestsellers of the other city may keep their places.
    assert np.min(np.mean(world.item_kind[found] == [[0], [1]], axis=1)) >= 0.7


def test_the_same_seed_the_same_ranker() -> None:
    data = two_tastes(8, 20, seed=2).training
    supports = some_supports(data)
    one, other = (Ranker.fit(data, default, 5)[0].score(supports) for _ in range(2))
    assert np.array_equal(one, other)


def test_contributions_add_up_to_the_score() -> None:
    items = np.array([5, 0, 33])
    supports = some_supports(WORLD.training)
    for row in range(len(supports)):
        one = supports[np.array([row])]
        terms = RANKER.contributions(one, items, float(one.k_shot[0]))
        assert terms.shape == (len(RANKER.signals), 1, 3)
        np.testing.assert_allclose(terms.sum(axis=0), RANKER.score(one)[:, items], rtol=1e-4, atol=1e-5)


def test_some_items_and_batches_are_the_same_scores() -> None:
    supports, items = some_supports(WORLD.training), np.array([12, 3])
    whole = RANKER.score(supports)
    assert whole.dtype == np.float32
    np.testing.assert_allclose(RANKER.score_items(supports, items), whole[:, items], rtol=1e-4, atol=1e-5)
    for row in range(len(supports)):
        np.testing.assert_allclose(
            RANKER.score(supports[np.array([row])])[0], whole[row], rtol=1e-4, atol=1e-5
        )
    assert RANKER.score(supports[np.arange(0)]).shape == (0, 40)


def test_untuned_weights_are_the_priors() -> None:
    ranker, episodes = Ranker.fit(WORLD.training, default, 0, tune=False)
    assert ranker.trust is None
    assert len(episodes) > 0  # for the scales
    assert ranker.fusion.level.tolist() == [signal.prior for signal in ranker.signals]
    assert not ranker.fusion.slope.any()
    top = lists(ranker, liking(*([item] for item in range(40))))
    assert (WORLD.item_kind[top] == WORLD.item_kind[:, None]).mean() > 0.9


def test_one_training_user_is_no_reason_to_fail() -> None:
    ranker, episodes = Ranker.fit(WORLD.training.with_users(np.array([0])), default, 0)
    assert episodes == []
    assert np.isfinite(ranker.score(some_supports(WORLD.training))).all()


def test_the_weight_of_one_signal_may_be_set() -> None:
    column = RANKER.fusion.names.index("words")
    louder = RANKER.with_weight(column, 7.0)
    for k_shot in (0, 1, 4, 10, 40):
        wanted = RANKER.fusion.weights(k_shot).copy()
        wanted[column] = 7.0
        np.testing.assert_allclose(louder.fusion.weights(k_shot), wanted, rtol=1e-9)
    assert RANKER.fusion.weights(1)[column] != 7.0


def test_a_catalogue_may_grow_under_the_same_weights() -> None:
    data = two_tastes(16, 42, seed=7).training
    signals = [signal for signal in default() if signal.name in RANKER.fusion.names]
    grown = RANKER.regrown([signal.fit(data) for signal in signals], 42)
    assert grown.score(liking([0], n_items=42)).shape == (1, 42)
    assert grown.fusion is RANKER.fusion
    assert RANKER.n_items == 40


def test_a_weak_signal_does_not_change_the_list_of_a_strong_world() -> None:
    """A signal that is noise, added by an outsider: the planted world is still solved."""

    class Noise(Signal):
        name = "noise"

        def fit(self, training: TrainingData) -> Signal:
            rng = np.random.default_rng(0)
            self._links = rng.normal(size=(training.n_items, training.n_items)).astype(np.float32)
            return self

        def score(self, supports: Supports) -> np.ndarray:
            return np.asarray(supports.liked @ self._links, dtype=np.float32)

    ranker, _ = Ranker.fit(WORLD.training, lambda: [*default(), Noise()], 0)
    found = lists(ranker, liking(*([item] for item in range(40))))
    assert (WORLD.item_kind[found] == WORLD.item_kind[:, None]).mean() > 0.97


@pytest.mark.parametrize("names", [["popularity"], ["graph-wide"]])
def test_a_single_signal_is_enough(names: list[str]) -> None:
    ranker, _ = Ranker.fit(WORLD.training, lambda: resolve_signals(names), 0)
    scores = ranker.score(liking([0]))[0]
    signal = resolve_signals(names)[0].fit(WORLD.training)
    assert np.array_equal(np.argsort(-scores), np.argsort(-signal.score(liking([0]))[0]))

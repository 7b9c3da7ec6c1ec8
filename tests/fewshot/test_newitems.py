"""Items that nobody has met: similarities by hand, a planted taste, and who cannot be ranked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fewrec.errors import StoreError
from fewrec.fewshot.newitems import PRIOR, SIGNALS, NewItems, _best_start, _fitted, _nearest, history_supports
from fewrec.fewshot.newmaps import NewMaps
from fewrec.fewshot.smoothrank import Pack, ideal_gain, pack_ndcg, smooth_ndcg
from fewrec.signals import TrainingData
from fewrec.testing.worlds import two_tastes


def test_the_nearest_by_hand() -> None:
    # one item resembles two of the support by .4 and .3, another by 1 and 0, the third by nothing
    found = _nearest(np.array([[0.4, 1.0, 0.0], [0.3, 0.0, 0.0]], dtype=np.float32))
    np.testing.assert_allclose(found, [np.cbrt(0.4**3 + 0.3**3), 1.0, 0.0], atol=1e-6)


def hidden_world() -> tuple[TrainingData, TrainingData, np.ndarray]:
    whole = two_tastes(20, 24).training
    hidden = np.arange(0, whole.n_items, 3)  # of both kinds
    return whole, whole.without_items(hidden), hidden


def test_a_planted_taste_reaches_items_that_nobody_has_met() -> None:
    """Every user likes one of two kinds; the text alone says of what kind a new item is."""
    whole, reduced, hidden = hidden_world()
    weights = NewItems.learn(reduced, seed=0)
    assert weights is not None
    users = np.arange(whole.n_users)
    scores = NewItems.of(reduced, weights, hidden).score(history_supports(reduced, users))
    liked = whole.liked[:, hidden].toarray() > 0
    mine = np.where(liked, scores, np.nan)
    others = np.where(liked, np.nan, scores)
    playing = liked.any(axis=1) & ~liked.all(axis=1)
    assert playing.sum() >= 10
    assert np.mean(np.nanmean(mine[playing], axis=1) > np.nanmean(others[playing], axis=1)) > 0.9


def test_a_batch_gives_what_its_rows_give_alone() -> None:
    _, reduced, hidden = hidden_world()
    model = NewItems.of(reduced, PRIOR, hidden)
    together = model.score(history_supports(reduced, np.arange(5)))
    for user in range(5):
        alone = model.score(history_supports(reduced, np.array([user])))
        np.testing.assert_allclose(together[user], alone[0], rtol=1e-5)


def test_weights_are_the_prior_where_there_is_nothing_to_learn_from() -> None:
    _, reduced, _ = hidden_world()
    untuned = NewItems.learn(reduced, seed=0, tune=False)
    assert untuned is not None
    np.testing.assert_array_equal(untuned, PRIOR)
    assert len(PRIOR) == len(SIGNALS)
    silent = TrainingData(liked=reduced.liked, seen=reduced.seen, explicit=True)  # no text
    assert NewItems.learn(silent, seed=0) is None


def test_maps_come_back_from_their_arrays_and_in_two_factors() -> None:
    """``own`` in one piece, or as ``shown left`` where that is smaller: the same scores."""
    _, reduced, hidden = hidden_world()
    model = NewItems.of(reduced, PRIOR, hidden)
    supports = history_supports(reduced, np.arange(6))
    restored = NewItems(NewMaps.from_arrays(model.maps.to_arrays(), reduced), reduced, PRIOR)
    np.testing.assert_array_equal(restored.score(supports), model.score(supports))
    one = model.maps.own if model.maps.shown is None else model.maps.shown @ model.maps.own
    left, values, right = np.linalg.svd(one, full_matrices=False)
    whole = replace(model, maps=replace(model.maps, own=one, shown=None))
    halves = replace(model, maps=replace(model.maps, own=right, shown=(left * values).astype(np.float32)))
    np.testing.assert_allclose(halves.score(supports), whole.score(supports), atol=1e-4)
    assert NewMaps.from_arrays(halves.maps.to_arrays(), halves.training).shown is not None


def test_maps_that_do_not_fit_are_refused() -> None:
    _, reduced, hidden = hidden_world()
    arrays = NewItems.of(reduced, PRIOR, hidden).maps.to_arrays()
    with pytest.raises(StoreError, match="there is no array 'graph'"):
        NewMaps.from_arrays({name: array for name, array in arrays.items() if name != "graph"}, reduced)
    with pytest.raises(StoreError, match="do not fit together"):
        NewMaps.from_arrays({**arrays, "popular": arrays["popular"][1:]}, reduced)
    with pytest.raises(StoreError, match="do not fit"):  # of a larger catalogue
        NewMaps.from_arrays({**arrays, "items": arrays["items"] + reduced.n_items}, reduced)


def test_somebody_without_a_history_is_told_popularity() -> None:
    _, reduced, hidden = hidden_world()
    model = NewItems.of(reduced, PRIOR, hidden)
    nobody = history_supports(reduced.without_items(np.arange(reduced.n_items)), np.array([0]))
    order = np.argsort(model.score(nobody)[0], kind="stable")
    np.testing.assert_array_equal(order, np.argsort(model.maps.popular, kind="stable"))


def planted(telling: str, bias: float, items: int = 3000, episodes: int = 60, seed: int = 0) -> Pack:
    """Episodes with one like each, whose signal ``telling`` is ``bias`` deviations higher; all else is noise."""
    rng = np.random.default_rng(seed)
    features = rng.standard_normal((episodes, items, len(SIGNALS))).astype(np.float32)
    positive = rng.integers(0, items, size=(episodes, 1))
    features[np.arange(episodes), positive[:, 0], list(SIGNALS).index(telling)] += bias
    ones = np.ones((episodes, 1), dtype=bool)
    return Pack(
        features=features,
        mask=np.ones((episodes, items), dtype=bool),
        positive=positive,
        is_positive=ones,
        log_k=np.zeros(episodes),
        ideal=np.full(episodes, ideal_gain(1)),
    )


def test_the_search_begins_where_near_texts_are_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Among 3,000 items noise in the prior's other signals keeps most likes from the top."""
    pack = planted("nearest met", 4.0)
    start = _best_start([pack])
    weights = dict(zip(SIGNALS, start.tolist(), strict=True))
    assert weights["nearest met"] > SIGNALS["nearest met"]
    assert weights["graph"] < SIGNALS["graph"]
    found, usual = pack_ndcg([pack], np.stack([start, PRIOR])).mean(axis=0)
    assert found > 2 * usual
    asked = []

    def noted(packs: list[Pack], line: np.ndarray) -> tuple[float, np.ndarray]:
        asked.append(line[0].copy())
        return smooth_ndcg(packs, line)

    monkeypatch.setattr("fewrec.fewshot.newitems.smooth_ndcg", noted)
    _fitted([pack])
    assert np.array_equal(asked[0], start)


def test_the_search_begins_at_the_prior_where_all_starts_are_as_good() -> None:
    pack = planted("graph", 0.0, items=20)
    assert np.array_equal(_best_start([replace(pack, features=np.zeros_like(pack.features))]), PRIOR)


def test_plain_ndcg_of_packs_by_hand() -> None:
    """Three candidates, one of them padding; both others liked, or the second alone."""
    pack = Pack(
        features=np.array([[[2], [1], [9]], [[2], [1], [9]]], dtype=np.float32),
        mask=np.array([[True, True, False]] * 2),
        positive=np.array([[0, 1], [1, 0]]),
        is_positive=np.array([[True, True], [True, False]]),
        log_k=np.zeros(2),
        ideal=np.array([ideal_gain(2), ideal_gain(1)]),
    )
    found = pack_ndcg([pack], np.array([[1.0], [-1.0]]))
    assert found == pytest.approx(np.array([[1, 1], [1 / np.log2(3), 1]]))

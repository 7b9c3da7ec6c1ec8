"""Items that nobody has met: similarities by hand, a planted taste, and who cannot be ranked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from fewrec.errors import StoreError
from fewrec.fewshot.newitems import PRIOR, SIGNALS, NewItems, _nearest, history_supports
from fewrec.fewshot.newmaps import NewMaps
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

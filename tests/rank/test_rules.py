"""House rules: planted lists whose right order is plain to see."""

from __future__ import annotations

import numpy as np
import pytest

from fewrec.errors import ConfigError
from fewrec.rank.rules import boosted, check_boosts, check_explore, explored, pinned_first

SCORES = np.array([5, 4, 3, 2, 1], dtype=np.float32)  # standard deviation of all: sqrt(2)
ALL = np.ones(5, dtype=bool)


def test_a_boost_moves_by_standard_deviations_of_the_candidates():
    met = np.array([False, False, False, False, True])
    found = boosted(SCORES, ALL, {"new": met}, {"new": 2.0})
    np.testing.assert_allclose(found.scores, [5, 4, 3, 2, 1 + 2 * np.sqrt(2)], rtol=1e-6)
    np.testing.assert_allclose(found.added["new"], [0, 0, 0, 0, 2 * np.sqrt(2)], rtol=1e-6)
    np.testing.assert_array_equal(SCORES, [5, 4, 3, 2, 1])  # the input stays
    # Among the first two alone the standard deviation is 1/2.
    two = boosted(SCORES, np.array([True, True, False, False, False]), {"new": met}, {"new": 2.0})
    assert two.scores[4] == 2


def test_boosts_add_up_and_unknown_stays_unknown():
    scores = np.array([1, 3, np.nan], dtype=np.float32)
    met = {"a": np.array([True, False, True]), "b": np.array([True, False, True])}
    found = boosted(scores, np.ones(3, dtype=bool), met, {"a": 1.0, "b": -0.5})
    np.testing.assert_allclose(found.scores, [1.5, 3, np.nan])


def test_exploration_takes_the_last_places_and_never_repeats():
    chosen, pool = np.arange(10), np.arange(10, 100)
    found, drawn = explored(chosen, pool, 0.25, np.random.default_rng(0))
    assert found[:8].tolist() == list(range(8))  # a quarter of ten, rounded down, are two places
    assert len(drawn) == 2
    assert set(found[8:].tolist()) == drawn <= set(pool.tolist())
    same, _ = explored(chosen, pool, 0.25, np.random.default_rng(0))
    np.testing.assert_array_equal(found, same)
    assert explored(chosen, pool[:1], 1.0, np.random.default_rng(0))[1] == {10}
    assert explored(chosen, pool, 0.09, np.random.default_rng(0))[1] == set()


def test_exploration_draws_evenly():
    counts = np.zeros(4)
    for seed in range(4000):
        counts[list(explored(np.array([9]), np.arange(4), 1.0, np.random.default_rng(seed))[1])] += 1
    assert counts.sum() == 4000
    assert np.abs(counts - 1000).max() < 5 * np.sqrt(4000 * 0.25 * 0.75)


def test_pinned_items_come_first_and_once():
    assert pinned_first(np.array([1, 2, 3]), [3, 7], 3).tolist() == [3, 7, 1]
    assert pinned_first(np.array([1]), [], 5).tolist() == [1]


@pytest.mark.parametrize("boosts", [[1], {"a": "x"}, {"a": True}, {"a": 11}, {"a": float("nan")}])
def test_bad_boosts_are_refused(boosts):
    with pytest.raises(ConfigError, match="boost"):
        check_boosts(boosts)


@pytest.mark.parametrize("explore", [-0.1, 1.1, "x", True, float("nan")])
def test_bad_shares_are_refused(explore):
    with pytest.raises(ConfigError, match="share of exploration"):
        check_explore(explore)

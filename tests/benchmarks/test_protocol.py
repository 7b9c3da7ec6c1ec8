"""The marking of lists, on cases worked out by hand: a benchmark that marks wrongly proves nothing."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.protocol import Paired, World, ndcg, paired, seed_mean, top

NAN = float("nan")


def one(scores: list[float], banned: list[int], relevant: list[int]) -> float:
    return float(ndcg(np.array([scores]), [banned], [relevant], seed=0)[0])


def test_ndcg_by_hand():
    # Item 0 is revealed; the list is 1, 2, 3. Hits at ranks 2 and 3 against an ideal of ranks 1 and 2:
    # (1/log2 3 + 1/log2 4) / (1 + 1/log2 3) = (.6309 + .5) / 1.6309
    assert one([0.9, 0.8, 0.7, 0.1], banned=[0], relevant=[2, 3]) == pytest.approx(0.69342, abs=1e-5)
    assert one([0.9, 0.8, 0.7, 0.1], banned=[], relevant=[0]) == 1
    assert one([0.9, 0.8, 0.7, 0.1], banned=[0], relevant=[1, 2, 3]) == 1


def test_rank_eleven_is_worth_nothing_and_the_ideal_ends_at_ten():
    falling = list(range(20, 0, -1))
    assert one(falling, [], [10]) == 0
    assert one(falling, [], list(range(12))) == 1  # twelve relevant items cannot all be among ten


def test_no_relevant_item_gives_no_mark():
    assert np.isnan(one([1, 2], [], []))


def test_what_has_no_score_comes_last_and_a_revealed_item_never():
    assert top(np.array([NAN, 0.1, NAN, 0.3]), [3], np.random.default_rng(0)).tolist()[0] == 1
    assert 3 not in top(np.array([NAN, 0.1, NAN, 0.3]), [3], np.random.default_rng(0))
    scores = np.full(40, NAN)
    assert set(top(scores, range(30), np.random.default_rng(0)).tolist()) == set(range(30, 40))


def test_ties_are_broken_at_random_and_not_in_item_order():
    # Thirty equal items: each is among the first ten with chance 1/3; standard error of 3,000 draws: .0086.
    scores = np.zeros((3000, 30))
    for item in (0, 29):
        found = ndcg(scores, [[]] * 3000, [[item]] * 3000, seed=1)
        assert (found > 0).mean() == pytest.approx(1 / 3, abs=0.035)


@pytest.mark.parametrize("levels", [2, 5, 1000])
def test_the_ten_are_those_of_a_full_sort(levels):
    rng = np.random.default_rng(levels)
    for _ in range(50):
        scores = rng.integers(0, levels, 60).astype(float)
        banned = rng.choice(60, 15, replace=False)
        listed = top(scores, banned, rng)
        assert len(set(listed.tolist())) == 10
        assert not set(listed.tolist()) & set(banned.tolist())
        assert scores[listed].tolist() == sorted(np.delete(scores, banned), reverse=True)[:10]


def test_paired_by_hand():
    # Differences 1, 2 and 3 over two seeds: mean 2, standard deviation 1, standard error 1 / sqrt 3.
    mine = {0: np.array([2.0, 4.0]), 1: np.array([3.0, NAN])}
    theirs = {0: np.array([1.0, 2.0]), 1: np.array([0.0, 5.0]), 2: np.array([9.0])}
    result = paired(mine, theirs)
    assert (result.mean, result.error) == (2.0, pytest.approx(1 / np.sqrt(3)))
    with pytest.raises(ValueError, match=r"seeds \[2\] have nothing to compare with"):
        paired(theirs, mine)


def test_worse_means_by_more_than_two_standard_errors():
    assert Paired(-0.0201, 0.01).worse
    assert not Paired(-0.0199, 0.01).worse


def test_seed_mean_weighs_seeds_alike():
    assert seed_mean({0: np.array([1.0, NAN]), 1: np.array([0.0, 0.0, 0.0])}) == 0.5


def test_rows_of_some_users_without_some_items():
    world = World(
        name="tiny",
        items={"item": ["a", "b"]},
        events={"who": ["u", "v", "u"], "what": ["a", "a", "b"], "value": [1, 2, 3]},
        user_column="who",
        item_column="what",
        catalogue=("a", "b"),
        texts=("", ""),
        histories={},
        liked_at=1,
        splits=(),
    )
    assert world.rows(["u"]) == {"who": ["u", "u"], "what": ["a", "b"], "value": [1, 3]}
    assert world.rows(without=["a"]) == {"who": ["u"], "what": ["b"], "value": [3]}

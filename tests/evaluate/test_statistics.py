"""Errors, tests and verdicts: hand-made cases, SciPy, and planted differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control, ttest_rel

from fewrec.evaluate.statistics import compare, error_over_seeds, error_over_users, holm, verdict


def test_the_error_over_users_is_the_usual_one_with_one_mark_each():
    marks = np.array([1.0, 2.0, 4.0, np.nan])
    wanted = np.std([1, 2, 4], ddof=1) / np.sqrt(3)
    assert error_over_users(marks, np.arange(4)) == pytest.approx(wanted)


def test_the_same_people_twice_are_no_more_evidence():
    marks = np.array([1.0, 2.0, 4.0])
    twice, people = np.tile(marks, 2), np.tile(np.arange(3), 2)
    assert error_over_users(twice, people) == pytest.approx(error_over_users(marks, np.arange(3)))


def test_the_error_over_seeds():
    assert error_over_seeds([0.1, 0.3]) == pytest.approx(0.1)  # sd .1414 / sqrt 2
    assert np.isnan(error_over_seeds([0.1]))
    assert np.isnan(error_over_users(np.array([0.5]), np.array([0])))


def test_every_flip_is_tried_where_there_are_few_people():
    # 4 people, all better: 2 of the 16 sign patterns are as extreme.
    found = compare(np.array([1.0, 2, 3, 4]), np.zeros(4), np.arange(4))
    assert found.p == pytest.approx(2 / 16)
    assert found.mean == 2.5
    assert found.people == 4
    assert found.effect == pytest.approx(2.5 / np.std([1, 2, 3, 4], ddof=1))


def test_p_is_near_that_of_a_t_test():
    rng = np.random.default_rng(0)
    mine, theirs = rng.normal(0.15, 1, 120), rng.normal(0, 1, 120)
    found = compare(mine, theirs, np.arange(120))
    assert found.p == pytest.approx(ttest_rel(mine, theirs).pvalue, abs=0.02)
    error = np.std(mine - theirs, ddof=1) / np.sqrt(120)
    assert (found.low, found.high) == pytest.approx(
        (found.mean - 1.96 * error, found.mean + 1.96 * error), abs=0.05
    )


def test_same_seed_same_p_and_swapped_systems_swap_the_sign():
    rng = np.random.default_rng(1)
    mine, theirs = rng.normal(size=60), rng.normal(size=60)
    there, back = compare(mine, theirs, np.arange(60)), compare(theirs, mine, np.arange(60))
    assert there == compare(mine, theirs, np.arange(60))
    assert (there.mean, there.p) == pytest.approx((-back.mean, back.p))


def test_equal_marks_and_too_few_people():
    same = compare(np.ones(5), np.ones(5), np.arange(5))
    assert (same.mean, same.low, same.high, same.p) == (0, 0, 0, 1)
    assert compare(np.array([1.0, np.nan]), np.zeros(2), np.arange(2)) is None


def test_under_no_difference_p_is_not_too_small():
    rng = np.random.default_rng(2)
    p = [compare(rng.normal(size=12), rng.normal(size=12), np.arange(12)).p for _ in range(40)]
    assert np.mean(np.array(p) < 0.1) < 0.25


def test_holm_by_hand():
    # Smallest times 4, next times 3, ..., never below the one before, never above 1.
    assert holm([0.01, 0.04, 0.03, 0.5]) == pytest.approx([0.04, 0.09, 0.09, 0.5])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_holm_is_stricter_than_the_false_discovery_rate():
    p = np.random.default_rng(0).random(30) ** 3
    assert (np.array(holm(p)) >= false_discovery_control(p) - 1e-12).all()


@pytest.mark.parametrize(
    ("difference", "p", "up", "word"),
    [
        (0.1, 0.01, True, "better"),
        (-0.1, 0.01, True, "worse"),
        (-0.1, 0.01, False, "better"),
        (0.1, 0.05, True, "no clear winner"),
        (0.0, 0.0, True, "no clear winner"),
    ],
)
def test_verdicts(difference, p, up, word):
    assert verdict(difference, p, larger_is_better=up) == word


def test_effect_is_that_of_people_and_not_of_lists():
    # a has three lists with difference 1, b and c one each with 0 and 2: people differ by 1, 0, 2
    found = compare(np.array([1.0, 1, 1, 0, 2]), np.zeros(5), np.array([0, 0, 0, 1, 2]))
    assert found.effect == pytest.approx(1.0)  # mean 1, standard deviation 1
    assert found.mean == pytest.approx(1.0)
    lists = compare(np.array([1.0, 1, 1, 0, 5]), np.zeros(5), np.array([0, 0, 0, 1, 2]))
    assert lists.mean == pytest.approx(8 / 5)
    assert lists.effect == pytest.approx(2 / np.std([1, 0, 5], ddof=1))


def test_the_interval_stays_where_differences_are():
    gains = np.array([0.0] * 18 + [1.0] * 2)  # nobody loses: percentiles of draws cannot lie below 0
    found = compare(gains, np.zeros(20), np.arange(20))
    # Binomial(20, 0.1): the 2.5 % and 97.5 % points are 0 and 5 of 20
    assert (found.low, found.high) == pytest.approx((0.0, 0.25))

"""The best n, and who may be among them."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fewrec.errors import ConfigError
from fewrec.rank import Candidates, check_n, top_n

NAN = np.nan


def test_best_first_without_nan():
    assert top_n(np.array([0.1, NAN, 0.9, -np.inf, 0.5])).tolist() == [2, 4, 0, 3]


def test_a_list_may_be_shorter_than_n():
    scores = np.array([1.0, 2.0, NAN])
    assert top_n(scores, np.array([True, False, True]), 5).tolist() == [0]
    assert top_n(scores, np.zeros(3, dtype=bool), 5).tolist() == []
    assert top_n(np.full(3, NAN)).tolist() == []
    assert top_n(np.zeros(0)).tolist() == []


def test_ties_go_to_the_higher_tie_break_then_to_the_lower_position():
    scores = np.array([1.0, 1.0, 2.0, 1.0, 1.0])
    assert top_n(scores, None, 4, np.array([0, 3, 0, 1, 3])).tolist() == [2, 1, 4, 3]
    assert top_n(scores, None, 4).tolist() == [2, 0, 1, 3]
    assert top_n(scores, None, 2, np.array([NAN, NAN, 0, NAN, 0.5])).tolist() == [2, 4]


@given(st.data(), st.integers(1, 30), st.integers(1, 8))
def test_equals_a_full_sort(data, size, n):
    values = st.sampled_from([NAN, 0.0, -0.0, 1.0, 2.0, np.inf, -np.inf])
    scores = np.array(data.draw(st.lists(values, min_size=size, max_size=size)), dtype=np.float32)
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    ties = np.array(data.draw(st.lists(st.integers(-2, 2), min_size=size, max_size=size)))
    allowed = [at for at in range(size) if mask[at] and not np.isnan(scores[at])]
    expected = sorted(allowed, key=lambda at: (-scores[at], -ties[at], at))[:n]
    before = scores.copy(), mask.copy(), ties.copy()
    assert top_n(scores, mask, n, ties).tolist() == expected
    for now, then in zip((scores, mask, ties), before, strict=True):
        np.testing.assert_array_equal(now, then)


def test_fast_at_ten_thousand_items():
    scores = np.random.default_rng(0).random(10_000).astype(np.float32)
    best = min(_seconds(lambda: top_n(scores, None, 10, scores)) for _ in range(5))
    assert best < 0.002  # 0.1 ms when measured; a full sort takes longer


def _seconds(action):
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


@pytest.mark.parametrize("n", [0, -1, 2.0, "3", None, True, NAN])
def test_n_is_a_whole_number_from_1(n):
    with pytest.raises(ConfigError) as caught:
        top_n(np.zeros(3), n=n)
    assert str(caught.value) == (
        f"n: {n!r} is no length of a list.\nGive a whole number of at least 1, such as n=10."
    )


def test_n_may_come_from_numpy():
    assert type(check_n(np.int32(3))) is int


def test_candidates_count_what_each_filter_removed():
    candidates = Candidates(6)
    candidates.remove("already known", np.array([0, 1], dtype=np.int32))
    candidates.remove("exclude", [1, 2])
    candidates.keep("where", np.array([True, True, False, False, True, True]))
    candidates.remove("exclude", iter([5, 5]))
    candidates.remove("nothing", [])
    assert candidates.mask.tolist() == [False, False, False, False, True, False]
    assert candidates.dropped == {"already known": 2, "exclude": 2, "where": 1, "nothing": 0}
    assert candidates.came_in == 6 == candidates.mask.sum() + sum(candidates.dropped.values())


@pytest.mark.parametrize(
    ("mask", "told"),
    [
        (np.ones(3, dtype=bool), "bool of shape (3,) instead of bool of shape (2,)"),
        (np.ones(2), "float64 of shape (2,) instead of bool of shape (2,)"),
    ],
)
def test_a_mask_that_does_not_fit(mask, told):
    with pytest.raises(ConfigError) as caught:
        Candidates(2).keep("where", mask)
    assert str(caught.value) == f"filter where: the mask is {told}."

"""Maximal marginal relevance against answers derived by hand, and what must always hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from fewrec.errors import ConfigError, NumericalError
from fewrec.rank import diversify, top_n
from fewrec.rank.diversity import pool_size

# Items 0 and 1 are copies, 2 is half like them (cosine .6), 3 is unlike anything.
VECTORS = np.array([[1.0, 0, 0], [2.0, 0, 0], [3, 4, 0], [0, 0, 5]])
SCORES = np.array([1.0, 0.9, 0.52, 0.0])
RANKED = np.array([0, 1, 2, 3])


@pytest.mark.parametrize(
    ("diversity", "expected"),
    [
        (0.0, [0, 1, 2, 3]),
        # after 0: item 1 is worth .7*.9 - .3*1 = .33, item 2 .7*.52 - .3*.6 = .18, item 3 0
        (0.3, [0, 1, 2, 3]),
        # after 0: item 1 .5*.9 - .5 = -.05, item 2 .26 - .3 = -.04, item 3 0
        (0.5, [0, 3, 2, 1]),
        # after 0: item 1 .09 - .9 = -.81, item 2 .052 - .54 = -.49, item 3 0
        (0.9, [0, 3, 2, 1]),
        (1.0, [0, 3, 2, 1]),
    ],
)
def test_by_hand(diversity, expected):
    assert diversify(RANKED, SCORES, VECTORS, diversity, 4).tolist() == expected
    assert diversify(RANKED, SCORES, VECTORS, diversity, 2).tolist() == expected[:2]


def test_opposite_is_no_merit_and_no_vector_is_like_nothing():
    # Cosines to item 0 are 1, -1, 0 (no vector): with scores all equal, 1 and 2 tie and keep their order.
    vectors = np.array([[1.0], [1.0], [-1.0], [0.0]])
    assert diversify(np.arange(4), np.ones(4), vectors, 1.0, 4).tolist() == [0, 2, 3, 1]


def test_positions_of_all_items_are_meant():
    vectors = np.zeros((9, 2))
    vectors[[4, 7]], vectors[2] = [1, 0], [0, 1]
    scores = np.zeros(9)
    scores[[4, 7, 2]] = [3, 2, 1]
    assert diversify(np.array([4, 7, 2]), scores, vectors, 0.8, 2).tolist() == [4, 2]


def random_case(seed, items=40):
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=items).round(1).astype(np.float32)
    vectors = rng.normal(size=(items, 5)).astype(np.float32)
    vectors[rng.random(items) < 0.1] = 0
    return scores, vectors, rng.random(items)


@given(st.integers(0, 10_000), st.integers(1, 60))
def test_diversity_0_is_the_list_itself(seed, n):
    scores, vectors, ties = random_case(seed)
    ranked = top_n(scores, None, pool_size(n), ties)
    assert diversify(ranked, scores, vectors, 0, n).tolist() == top_n(scores, None, n, ties).tolist()


@given(st.integers(0, 10_000), st.integers(1, 60), st.floats(0, 1))
def test_what_must_always_hold(seed, n, diversity):
    scores, vectors, ties = random_case(seed)
    ranked = top_n(scores, None, pool_size(n), ties)
    chosen = diversify(ranked, scores, vectors, diversity, n).tolist()
    assert len(chosen) == len(set(chosen)) == min(n, 40)
    assert set(chosen) <= set(ranked.tolist())
    assert chosen[0] == ranked[0]
    assert chosen == diversify(ranked, scores, sparse.csr_matrix(vectors), diversity, n).tolist()
    assert (
        chosen[: n // 2] == diversify(ranked, scores, vectors, diversity, max(n // 2, 1))[: n // 2].tolist()
    )


@given(st.integers(0, 10_000), st.sampled_from([0.2, 0.5, 0.8]))
def test_the_unit_of_scores_and_the_length_of_vectors_do_not_matter(seed, diversity):
    scores, vectors, ties = random_case(seed)
    ranked = top_n(scores, None, 40, ties)
    chosen = diversify(ranked, scores, vectors, diversity, 10).tolist()
    # powers of two and a shift that float64 holds exactly, so that nothing is rounded differently
    assert chosen == diversify(ranked, 4.0 * scores.astype(float), 0.5 * vectors, diversity, 10).tolist()


def test_more_diversity_is_more_diverse():
    scores, vectors, ties = random_case(3)
    ranked = top_n(scores, None, 40, ties)
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    spread = []
    for diversity in (0, 0.3, 0.6, 1):
        rows = unit[diversify(ranked, scores, vectors, diversity, 8)]
        spread.append(np.clip(rows @ rows.T, 0, 1).sum())
    assert spread == sorted(spread, reverse=True)
    assert spread[-1] < 0.7 * spread[0]


def test_a_long_list_is_cut_to_the_pool():
    scores, vectors = -np.arange(500.0), np.random.default_rng(0).normal(size=(500, 3))
    assert diversify(np.arange(500), scores, vectors, 1.0, 10).max() < pool_size(10) == 50
    assert pool_size(100) == 500


def test_few_or_none():
    assert diversify(np.zeros(0, dtype=int), np.ones(3), np.ones((3, 2)), 0.5).tolist() == []
    assert diversify(np.array([2]), np.ones(3), np.ones((3, 2)), 0.5).tolist() == [2]


@pytest.mark.parametrize("diversity", [-0.1, 1.1, np.nan, "much", None, True])
def test_diversity_is_from_0_to_1(diversity):
    with pytest.raises(ConfigError) as caught:
        diversify(RANKED, SCORES, VECTORS, diversity)
    assert str(caught.value) == (
        f"diversity: {diversity!r} is no share of diversity.\n"
        "Give a number from 0 (the best scores, whatever they are) to 1 (as different as can be)."
    )


def test_what_is_not_finite_is_refused():
    with pytest.raises(NumericalError) as caught:
        diversify(RANKED, np.array([np.inf, 1, 0, 0]), VECTORS, 0.5)
    assert str(caught.value) == "diversity: a listed item has a score that is not finite."
    with pytest.raises(NumericalError) as caught:
        diversify(RANKED, SCORES, np.where(VECTORS == 5, np.nan, VECTORS), 0.5)
    assert str(caught.value) == "diversity: the vector of a listed item is not finite."

"""A stranger explained by few named features: planted answers, the solver against brute force."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls

from fewrec.signals import Sparse, Supports, TrainingData, profile
from fewrec.signals.sparse import LEAST_GAIN, consistency, pursue

NAMES = ("Mexican", "terrace", "cash", "Italian", "quiet")
# cash is taken everywhere; Mexican, terrace, Italian and quiet tell places apart
PLACES = np.array(
    [
        [1, 1, 1, 0, 0],
        [1, 0, 1, 0, 1],
        [1, 1, 1, 0, 0],
        [0, 0, 1, 1, 0],
        [0, 0, 1, 1, 1],
        [0, 1, 1, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 1, 0, 1],
    ]
)


def features() -> sp.csr_matrix:
    return sp.csr_matrix(PLACES, dtype=np.float32)


def liking(*items: int) -> Supports:
    return Supports.of([np.array(items, dtype=np.intp)], [np.ones(len(items), bool)], len(PLACES))


def names(explanation: list[tuple[int, float]]) -> list[str]:
    return [NAMES[feature] for feature, _ in explanation]


def test_what_the_likes_have_in_common_comes_first() -> None:
    assert names(profile(features(), liking(0, 1, 2))[0])[0] == "Mexican"
    assert names(profile(features(), liking(3, 4))[0])[0] == "Italian"
    assert names(profile(features(), liking(1, 4, 7))[0])[0] == "quiet"
    assert set(names(profile(features(), liking(0, 2))[0])[:2]) == {"Mexican", "terrace"}


def test_what_everything_has_explains_least() -> None:
    weights = dict(profile(features(), liking(0, 1, 2))[0])
    assert weights[0] > 2 * weights.get(2, 0.0)


def test_nothing_liked_no_features_nothing_to_tell() -> None:
    nobody = Supports.of([np.zeros(0, np.intp), np.array([3])], [np.zeros(0, bool), np.zeros(1, bool)], 8)
    assert profile(features(), nobody) == [[], []]  # a dislike explains nothing
    assert profile(sp.csr_matrix((8, 5), dtype=np.float32), liking(1)) == [[]]


@pytest.mark.parametrize("s", [1, 2, 8])
def test_never_more_than_s(s: int) -> None:
    found = profile(features(), liking(0, 1, 3, 4), s)[0]
    assert 1 <= len(found) <= s
    assert all(weight > 0 for _, weight in found)
    assert [weight for _, weight in found] == sorted((w for _, w in found), reverse=True)


def data(liked: np.ndarray) -> TrainingData:
    likes = sp.csr_matrix(liked, dtype=np.float32)
    return TrainingData(liked=likes, seen=likes, explicit=False, features=features())


def test_items_score_by_the_features_they_carry() -> None:
    signal = Sparse().fit(data(np.eye(8)))
    support = liking(0, 1)
    weights = dict(signal.explain(support)[0])
    wanted = [sum(weights.get(f, 0.0) for f in np.flatnonzero(place)) for place in PLACES]
    np.testing.assert_allclose(signal.score(support)[0], wanted, rtol=1e-6)
    for item in range(8):
        terms = signal.terms(support, item)
        assert {feature for feature, _ in terms} <= set(np.flatnonzero(PLACES[item]))
        assert sum(amount for _, amount in terms) == pytest.approx(float(signal.score(support)[0, item]))


def test_people_are_read_by_what_they_choose_by() -> None:
    """Users stick to terraces, and take cuisines as they come: a terrace explains more of the same like."""
    terraces, others = np.flatnonzero(PLACES[:, 1]), np.flatnonzero(PLACES[:, 1] == 0)
    liked = np.zeros((20, 8))
    for user in range(20):
        liked[user, terraces if user % 2 else others] = 1
    habits = data(liked)
    spread = consistency(features(), habits.liked)
    assert spread[1] > 2 * max(spread[0], spread[2])
    assert names(Sparse(1).fit(habits).explain(liking(0, 1, 2))[0]) == ["terrace"]
    assert names(profile(features(), liking(0, 1, 2), 1)[0]) == ["Mexican"]
    assert names(profile(features(), liking(0, 1, 2), 1, habits.liked)[0]) == ["terrace"]


def test_consistency_is_the_sum_over_pairs_of_likes() -> None:
    rng = np.random.default_rng(0)
    rows, liked = (rng.random((12, 5)) < 0.5) * 1.0, (rng.random((9, 12)) < 0.4) * 1.0
    share = (liked @ rows).sum(axis=0) / liked.sum()
    found, expected = np.zeros(5), 0.0
    for user in liked:
        mine = np.flatnonzero(user)
        for i in mine:
            for j in mine:
                if i != j:
                    found += (rows[i] - share) * (rows[j] - share)
                    expected += 1
    error = np.sqrt(2 * expected) * share
    precision = (expected * share**2 / error) ** 2
    wanted = (found / (expected * share**2) * precision + 1 / 0.5) / (precision + 1 / 0.5**2)
    np.testing.assert_allclose(
        consistency(sp.csr_matrix(rows), sp.csr_matrix(liked)), np.maximum(wanted, 0), rtol=1e-9
    )
    nobody = sp.csr_matrix((0, 12))
    np.testing.assert_allclose(consistency(sp.csr_matrix(rows), nobody), 0.5)


def value(gram: np.ndarray, target: np.ndarray, chosen: np.ndarray, weights: np.ndarray) -> float:
    return float(weights @ gram[np.ix_(chosen, chosen)] @ weights - 2 * target[chosen] @ weights)


@given(seed=st.integers(0, 10_000), most=st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_weights_are_optimal_for_the_features_chosen(seed: int, most: int) -> None:
    rng = np.random.default_rng(seed)
    shown = (rng.random((5, 7)) < 0.5) * 1.0
    gram = shown.T @ shown / 5 + np.diag(rng.uniform(0.1, 0.5, 7))
    target = shown.mean(axis=0)
    chosen, weights = pursue(gram, target, most)
    assert len(chosen) <= most
    assert np.all(weights > 0)
    # no step along any chosen feature helps
    slope = target[chosen] - gram[np.ix_(chosen, chosen)] @ weights
    np.testing.assert_allclose(slope, 0, atol=1e-8)
    best = min(
        value(gram, target, np.array(subset), _least_squares(gram, target, subset))
        for size in range(1, most + 1)
        for subset in combinations(range(7), size)
    )
    found = value(gram, target, chosen, weights) if len(chosen) else 0.0
    assert found <= 0.5 * best  # greedy, but never far from the best subset of that size
    if most == 1 and len(chosen):
        assert found == pytest.approx(best)


def _least_squares(gram: np.ndarray, target: np.ndarray, subset: tuple[int, ...]) -> np.ndarray:
    root = np.linalg.cholesky(gram[np.ix_(subset, subset)])
    return nnls(root.T, np.linalg.solve(root, target[list(subset)]))[0]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_a_weight_that_would_turn_negative_leaves(seed: int) -> None:
    """With features that contradict each other, early choices become useless; what stays is non-negative."""
    rng = np.random.default_rng(seed)
    shown = rng.normal(size=(6, 9))
    gram, target = shown.T @ shown + 0.01 * np.eye(9), shown.T @ rng.normal(size=6)
    chosen, weights = pursue(gram, target, 9)
    assert len(set(chosen.tolist())) == len(chosen)
    assert np.all(weights > 0)
    whole = np.zeros(9)
    whole[chosen] = weights
    slope = target - gram @ whole
    np.testing.assert_allclose(slope[chosen], 0, atol=1e-7)  # no step along what was chosen helps
    left = np.setdiff1d(np.arange(9), chosen)
    # with room for all, nothing is left out that would explain enough
    assert np.all(np.maximum(slope[left], 0) ** 2 / np.diag(gram)[left] < LEAST_GAIN)


def test_a_feature_that_explains_less_than_the_least_is_left_out() -> None:
    gram = np.eye(2)
    assert pursue(gram, np.sqrt(np.array([0.5, 0.99 * LEAST_GAIN])), 2)[0].tolist() == [0]
    assert pursue(gram, np.sqrt(np.array([0.5, 1.01 * LEAST_GAIN])), 2)[0].tolist() == [0, 1]


def test_it_needs_features() -> None:
    assert Sparse().available(data(np.eye(8)))
    assert not Sparse().available(replace(data(np.eye(8)), features=None))
    assert not Sparse().available(replace(data(np.eye(8)), features=sp.csr_matrix((8, 5), dtype=np.float32)))

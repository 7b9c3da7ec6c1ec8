"""Factorisations: each step against the plain normal equations, planted tastes, reasons that add up."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from fewrec.signals import ImplicitFactors, RatingFactors, Supports, TrainingData
from fewrec.testing.worlds import two_tastes


def one(liked: list[int], disliked: list[int], n_items: int) -> Supports:
    items = np.array(liked + disliked, dtype=np.intp)
    return Supports.of([items], [np.arange(len(items)) < len(liked)], n_items)


def weighted_fold_in(items: np.ndarray, weight: np.ndarray, target: np.ndarray, ridge: float) -> np.ndarray:
    """Least squares over all items: ``(Y' W Y + r I)^-1 Y' W t``."""
    return np.linalg.solve(
        items.T @ (weight[:, None] * items) + ridge * np.eye(items.shape[1]), items.T @ (weight * target)
    )


def test_a_stranger_is_folded_in_by_weighted_least_squares_over_all_items() -> None:
    data = two_tastes(20, 24).training
    signal = ImplicitFactors(factors=4, ridge=2.0, alpha=3.0).fit(data)
    found = signal.score(one([1, 6, 7], [2], 24))[0]
    liked = np.isin(np.arange(24), [1, 6, 7])
    items = signal._items
    user = weighted_fold_in(items, np.where(liked, 4.0, 1.0), liked.astype(float), 2.0)
    np.testing.assert_allclose(found, items @ user, rtol=1e-5, atol=1e-7)


def objective(signal: ImplicitFactors, data: TrainingData) -> float:
    """Hu, Koren & Volinsky, equation 3, with users at their optimum."""
    items, total = signal._items, 0.0
    for liked, strength in zip(data.liked.toarray(), data.strength.toarray(), strict=True):
        weight = 1 + signal.alpha * (liked + strength)
        user = weighted_fold_in(items, weight, liked, signal.ridge)
        total += weight @ (liked - items @ user) ** 2 + signal.ridge * user @ user
    return total + signal.ridge * float((items**2).sum())


def test_every_round_lowers_the_objective() -> None:
    data = two_tastes(20, 24, seed=1).training
    losses = [
        objective(ImplicitFactors(factors=4, ridge=0.5, rounds=rounds).fit(data), data)
        for rounds in (1, 2, 4, 8, 30)
    ]
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(losses))
    assert losses[-1] == pytest.approx(losses[-2], rel=0.03)  # nearly settled


def test_how_much_something_was_liked_counts() -> None:
    """Two users met items 0 and 1; one liked item 1 barely, in the other world very much."""
    liked = sp.csr_matrix(np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1]], dtype=np.float32))
    barely = TrainingData(liked=liked, seen=liked, explicit=True, strength=0 * liked)
    much = TrainingData(liked=liked, seen=liked, explicit=True, strength=liked.multiply([[0, 1, 0]]).tocsr())
    support = one([0], [], 3)
    settings: dict[str, Any] = {"factors": 2, "ridge": 1.0, "alpha": 2.0}
    assert (
        ImplicitFactors(**settings).fit(much).score(support)[0, 1]
        > ImplicitFactors(**settings).fit(barely).score(support)[0, 1]
    )


@pytest.mark.parametrize(
    "signal", [ImplicitFactors(factors=4, ridge=1.0), RatingFactors(factors=4, ridge=1.0)]
)
def test_one_liked_item_reveals_a_planted_taste(signal: Any) -> None:
    world = two_tastes(40, 30, seed=2)
    signal.fit(world.training)
    for item in range(30):
        scores = signal.score(one([item], [], 30))[0]
        same = world.item_kind == world.item_kind[item]
        assert scores[same].mean() > scores[~same].mean()
        disliked = signal.score(one([], [item], 30))[0]
        if signal.name == "ials":
            assert not disliked.any()  # it knows likes only
        else:
            assert disliked[same].mean() < disliked[~same].mean()


@pytest.mark.parametrize("signal", [ImplicitFactors(factors=5), RatingFactors(factors=5, ridge=2.0)])
def test_terms_are_the_support_items_and_add_up(signal: Any) -> None:
    signal.fit(two_tastes(20, 24).training)
    support = one([3, 4, 8], [1, 2], 24)
    for item in (0, 3, 15):
        terms = signal.terms(support, item)
        assert {other for other, _ in terms} <= {3, 4, 8, 1, 2}
        assert sum(amount for _, amount in terms) == pytest.approx(
            float(signal.score(support)[0, item]), abs=1e-6
        )
    assert signal.terms(one([], [], 24), 0) == []


def test_ratings_are_read_less_their_means() -> None:
    data = two_tastes(12, 10, seed=3).training
    signal = RatingFactors(factors=3).fit(data)
    met, liked = data.seen.toarray(), data.liked.toarray()
    rating = np.where(liked, 1 + data.strength.toarray(), -met)
    mean = rating.sum() / met.sum()
    item_mean = ((rating - mean) * met).sum(axis=0) / (met.sum(axis=0) + 5)
    left = (rating - mean - item_mean) * met
    left -= met * (left.sum(axis=1) / (met.sum(axis=1) + 3))[:, None]
    found = signal._residual(sp.csr_matrix(rating), sp.csr_matrix(met, dtype=float))
    np.testing.assert_allclose(found.toarray(), left, atol=1e-6)  # means of float32 sums
    # the fold-in uses the met cells only
    row, seen = left[0], met[0] > 0
    items = signal._items
    user = np.linalg.solve(items[seen].T @ items[seen] + signal.ridge * np.eye(3), items[seen].T @ row[seen])
    solved = signal._solve(items, sp.csr_matrix(met[:1]), sp.csr_matrix(left[:1]))
    np.testing.assert_allclose(solved[0], user, rtol=1e-8)


def test_what_they_need() -> None:
    data = two_tastes(12, 10).training
    pleased = TrainingData(liked=data.liked, seen=data.liked, explicit=True)
    nobody = sp.csr_matrix((3, 10), dtype=np.float32)
    assert ImplicitFactors().available(pleased)
    assert not RatingFactors().available(pleased)
    assert not ImplicitFactors().available(TrainingData(liked=nobody, seen=nobody, explicit=True))

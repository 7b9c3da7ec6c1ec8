"""Textbook systems against their formulas written out, and tuning that sees no test user and no held-out one."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from fewrec import Dataset
from fewrec.evaluate.baselines import ItemMean, Popularity, Text, UserMean, filled
from fewrec.evaluate.textbook import Ease, Tuned, UserKnn


@pytest.fixture
def liked() -> sp.csr_matrix:
    return sp.csr_matrix((np.random.default_rng(0).random((12, 9)) < 0.4).astype(np.float64))


@pytest.fixture
def supports() -> sp.csr_matrix:
    return sp.csr_matrix((np.random.default_rng(1).random((5, 9)) < 0.3).astype(np.float64))


def test_ease_is_the_dense_formula(liked, supports):
    # B = I - P diag(1 / P_ii), P = (L'L + r I)^-1 (Steck 2019, equation 8)
    dense, r = liked.toarray(), 7.0
    precision = np.linalg.inv(dense.T @ dense + r * np.eye(9))
    wanted = supports.toarray() @ (np.eye(9) - precision / np.diag(precision))
    assert Ease().scorer(liked, r)(supports) == pytest.approx(wanted, abs=1e-6)


def test_user_knn_is_a_weighted_vote_of_the_nearest(liked, supports):
    dense, x = liked.toarray(), supports.toarray()
    near = (x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)) @ (
        dense / np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-12)
    ).T
    wanted = np.zeros((5, 9))
    for row in range(5):
        least = np.sort(near[row])[-3]
        wanted[row] = sum(near[row, user] * dense[user] for user in range(12) if near[row, user] >= least)
    assert UserKnn().scorer(liked, 3)(supports) == pytest.approx(wanted, abs=1e-6)


def test_ties_are_broken_by_popularity_and_nothing_else_moves():
    scores = np.array([[0.0, 0.0, 2.0, 1.0], [0.0, 0.0, 0.0, 0.0]])
    order = np.argsort(-filled(scores, np.array([1.0, 5.0, 0.0, 9.0])), axis=1)
    assert order[0].tolist() == [2, 3, 1, 0]
    assert order[1].tolist() == [3, 1, 0, 2]


class Watched(Tuned):
    """Scores with its value, and remembers what it was given."""

    GRID = (1.0, 2.0, 3.0)

    def __init__(self) -> None:
        self.given: list[sp.csr_matrix] = []

    def scorer(self, liked, value):
        self.given.append(liked)
        return lambda supports: np.full(supports.shape, value)


@pytest.fixture
def own_items() -> Dataset:
    """Everybody likes two items that nobody else knows."""
    return Dataset(
        interactions={"user": [user for user in range(10) for _ in range(2)], "item": list(range(20))}
    ).sorted()


def test_held_out_users_are_not_learned_from(own_items):
    system = Watched()
    system.fit(own_items)
    searching, final = (
        system.given[:15],
        system.given[15:],
    )  # five folds, three values; then one for each chosen
    assert {part.shape[0] for part in searching} == {8}
    seen = [set(part.indices.tolist()) for part in searching[::3]]
    assert all(len(set(range(20)) - items) == 4 for items in seen)
    assert set().union(*(set(range(20)) - items for items in seen)) == set(range(20))
    assert {part.shape[0] for part in final} == {10}


def test_the_value_for_the_largest_k_that_a_support_reaches(own_items):
    system = Watched()
    system.fit(own_items)
    system.chosen = {1: 1.0, 3: 3.0, 5: 2.0, 10: 2.0}
    system._scorers = {value: system.scorer(None, value) for value in (1.0, 2.0, 3.0)}
    lengths = [0, 1, 2, 3, 4, 5, 12]
    scores = system.score_many([dict.fromkeys(range(length), 1.0) for length in lengths])
    assert scores[:, 0].tolist() == [1.0, 1.0, 1.0, 3.0, 3.0, 2.0, 2.0]


def test_where_nobody_has_enough_the_middle_is_taken():
    system = Watched()
    system.fit(Dataset(interactions={"user": [1, 2, 3], "item": [1, 2, 3]}).sorted())
    assert set(system.chosen.values()) == {2.0}


def test_means_are_shrunk_by_five_ratings():
    # Mean of all: (5 + 4 + 3) / 3 = 4. Item 1: (5 + 4 + 5 x 4) / 7, item 2: (3 + 20) / 6, item 3: nobody, 4.
    data = Dataset(
        items={"item": [1, 2, 3]},
        interactions={"user": ["a", "b", "a"], "item": [1, 1, 2], "rating": [5, 4, 3]},
        liked_at=4,
    ).sorted()
    items = ItemMean().fit(data)
    assert items.score({}) == pytest.approx([29 / 7, 23 / 6, 4])
    assert items.predict({}).probability[0] == pytest.approx([(2 + 10 / 3) / 7, (10 / 3) / 6, 2 / 3])
    person = UserMean().fit(data).predict({1: 1.0, 2: 2.0})
    assert person.mean[0] == pytest.approx([(3 + 20) / 7] * 3)
    assert person.probability[0] == pytest.approx([(10 / 3) / 7] * 3)
    assert Popularity().fit(data).score({}).tolist() == [2, 0, 0]


def test_the_most_similar_text():
    data = Dataset(
        items={
            "item": [1, 2, 3, 4],
            "title": ["red wool rug", "red wool hat", "blue glass", "blue glass vase"],
        },
        interactions={"user": ["a", "a"], "item": [3, 4], "rating": [5, 1]},
        liked_at=4,
    ).sorted()
    scores = Text().fit(data).score({1: 5.0})
    assert np.argsort(-scores).tolist()[:2] == [0, 1]
    assert np.argmax(Text().fit(data).score({})) == 2  # without a support: popularity
    assert np.argmax(Text().fit(data).score({1: 1.0})) == 2  # a disliked item says nothing

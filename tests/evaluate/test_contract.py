"""The contract of systems: ours keep it, and every way of breaking it is found."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from fewrec import Dataset, Recommender
from fewrec.evaluate.baselines import ItemMean, Popularity, Random, Text, UserMean
from fewrec.evaluate.systems import WithAttributes
from fewrec.evaluate.textbook import Ease, UserKnn
from fewrec.testing import check_system


@pytest.fixture(scope="module")
def small(world) -> Dataset:
    return world.only(world.interactions.user_index < 12)


@pytest.mark.parametrize(
    "make",
    [
        Random, Popularity, ItemMean, UserMean, Text, UserKnn, Ease,
        lambda: Recommender("hashed", tune=False), lambda: WithAttributes(Recommender("hashed", tune=False)),
    ],
)  # fmt: skip
def test_ours_keep_it(make, small):
    check_system(make, small)


class Honest:
    def fit(self, data):
        self.likes = np.asarray(data.matrix("liked").sum(axis=0), dtype=float).ravel()

    def score(self, support):
        return self.likes + len(support)


class Forgetless(Honest):
    def fit(self, data):
        before = getattr(self, "likes", 0)
        super().fit(data)
        self.likes = self.likes + before


class Short(Honest):
    def score(self, support):
        return self.likes[1:]


class Endless(Honest):
    def score(self, support):
        return np.full_like(self.likes, np.inf)


class Tired(Honest):
    def score(self, support):
        self.likes = self.likes * 0.9
        return self.likes


class Greedy(Honest):
    def score(self, support):
        support.clear()
        return self.likes


class Ordered(Honest):
    def score(self, support):
        return self.likes + next(iter(support), 0)


class Other(Honest):
    def score_many(self, supports):
        return np.tile(self.likes, (len(supports), 1)) - 1


class Flat(Honest):
    def score_many(self, supports):
        return self.likes


class Unsure(Honest):
    def predict(self, support):
        return SimpleNamespace(probability=np.full((1, len(self.likes)), 1.5))


class Outside(Honest):
    def predict(self, support):
        row = np.zeros((1, len(self.likes)))
        return SimpleNamespace(mean=row, low=row + 1, high=row + 2)


class Thin(Honest):
    def predict(self, support):
        return SimpleNamespace(mean=self.likes)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (Forgetless, "fit must begin anew"),
        (Short, r"score must give \(24,\), one number an item, not \(23,\)"),
        (Endless, "a score must not be infinite"),
        (Tired, "asking must not change the system"),
        (Greedy, "asking must not change the support"),
        (Ordered, "the order of a support must not matter"),
        (Other, "a batch must give what its rows give alone"),
        (Flat, "score_many must give"),
        (Unsure, "a probability must lie between 0 and 1"),
        (Outside, "a mean must lie inside its interval"),
        (Thin, r"mean must be \(1, 24\)"),
    ],
)
def test_who_breaks_it_is_found(make, rule, small):
    check_system(Honest, small)
    with pytest.raises(AssertionError, match=rule):
        check_system(make, small)


def test_a_data_set_that_is_too_small_is_told_of():
    with pytest.raises(AssertionError, match="needs two users with two interactions each"):
        check_system(Honest, Dataset(interactions={"user": [1, 2], "item": [1, 2]}))

"""What to ask: held against the plain Gaussian update, item by item."""

from __future__ import annotations

import numpy as np
import pytest

from fewrec.fewshot.asking import expected_reduction


def dense(factors, alone, importance, known, support):
    """The same from the definition: condition the dense covariance on one more answer, and compare the variances."""
    prior = factors @ factors.T

    def variances(asked):
        if not asked:
            return np.diag(prior)
        inner = prior[np.ix_(asked, asked)] + np.diag(alone[asked])
        cross = prior[:, asked]
        return np.diag(prior - cross @ np.linalg.solve(inner, cross.T))

    weights = importance / importance.sum()
    before = variances(list(support))
    value = []
    for item in range(len(factors)):
        # A second, independent answer about an item in the support: the update is the same formula.
        inner = [*support, item]
        cov = prior[np.ix_(inner, inner)] + np.diag(alone[inner])
        cross = prior[:, inner]
        after = np.diag(prior - cross @ np.linalg.solve(cov, cross.T))
        value.append(known[item] * weights @ (before - after))
    return np.array(value), weights @ before


@pytest.mark.parametrize("shown", [0, 1, 4])
def test_it_is_the_reduction_that_conditioning_gives(shown):
    rng = np.random.default_rng(shown)
    factors, alone = rng.normal(size=(12, 5)), rng.uniform(0.1, 2, 12)
    importance, known = rng.uniform(0, 3, 12), rng.uniform(0, 1, 12)
    support = rng.permutation(12)[:shown]
    value, left = expected_reduction(factors, alone, importance, known, support)
    expected, expected_left = dense(factors, alone, importance, known, support)
    np.testing.assert_allclose(value, expected, rtol=1e-9)
    assert left == pytest.approx(expected_left)
    assert (value >= 0).all()
    assert (value <= known * left + 1e-12).all()


def test_what_is_known_to_nobody_is_not_worth_asking():
    value, _ = expected_reduction(
        np.ones((2, 1)), np.ones(2), np.ones(2), np.array([0.0, 0.5]), np.array([], np.intp)
    )
    assert value[0] == 0
    assert value[1] > 0


def test_the_item_that_speaks_for_most_others_is_asked_first():
    """Items 0 to 2 share a factor, item 3 stands alone: an answer about 0 settles three, one about 3 itself."""
    factors = np.array([[1.0, 0], [1, 0], [1, 0], [0, 1]])
    value, left = expected_reduction(factors, np.ones(4), np.ones(4), np.ones(4), np.array([], dtype=np.intp))
    # (1/4) 3 (1^2)/(1 + 1) = 3/8 and (1/4) 1/2 = 1/8, of a variance of 1.
    np.testing.assert_allclose(value, [3 / 8, 3 / 8, 3 / 8, 1 / 8])
    assert left == 1
    # After an answer about 0 that factor has variance 1/2: (1/4) 3 (1/2)^2 / (1/2 + 1) = 1/8.
    value, _ = expected_reduction(factors, np.ones(4), np.ones(4), np.ones(4), np.array([0]))
    np.testing.assert_allclose(value, [1 / 8] * 4)

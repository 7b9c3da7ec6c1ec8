"""The baselines against their textbook formulas: a weak baseline would flatter fewrec."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from benchmarks.baselines import Ease, Popularity, Random, TextCosine, UserKnn, indicator, tfidf, tune

LIKED = sp.csr_matrix(
    [
        [1.0, 1, 0, 0, 0],
        [1, 1, 1, 0, 0],
        [1, 0, 0, 1, 1],
        [1, 0, 0, 0, 1],
    ]
)
FIRST_TASTE = sp.csr_matrix([[0.0, 1, 0, 0, 0]])


def test_ease_is_the_one_of_its_paper():
    rng = np.random.default_rng(0)
    liked = (rng.random((12, 20)) < 0.3).astype(float)
    supports = (rng.random((4, 20)) < 0.2).astype(float)
    inverse = np.linalg.inv(liked.T @ liked + 7 * np.eye(20))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    got = Ease(7).fit(sp.csr_matrix(liked)).score(sp.csr_matrix(supports))
    assert got == pytest.approx(supports @ weights, abs=1e-6)


def test_user_knn_by_hand():
    # Item 1 is liked: users 0 and 1 have it, with cosines 1/sqrt 2 and 1/sqrt 3; the others have 0.
    got = UserKnn(10).fit(LIKED).score(FIRST_TASTE)[0]
    assert got[:3] == pytest.approx([2**-0.5 + 3**-0.5, 2**-0.5 + 3**-0.5, 3**-0.5], abs=1e-6)
    nearest = UserKnn(1).fit(LIKED).score(FIRST_TASTE)[0]
    assert nearest[:3] == pytest.approx([2**-0.5, 2**-0.5, 0], abs=1e-6)


@pytest.mark.parametrize("system", [UserKnn(2), Ease(10), Popularity(), TextCosine(sp.csr_matrix((5, 3)))])
def test_popularity_decides_where_nothing_is_known(system):
    scores = system.fit(LIKED).score(sp.csr_matrix((1, 5)))[0]
    assert scores[0] > scores[1] > scores[2]  # liked by 4, 2 and 1
    assert scores[1] == scores[4]  # the marking breaks this tie


def test_random_knows_nothing():
    assert not Random().fit(LIKED).score(FIRST_TASTE).any()


def test_text_cosine_finds_the_like_text():
    rows = tfidf(["red wine dry", "red wine sweet", "green tea leaf", "green tea bag"])
    scores = TextCosine(rows).fit(sp.csr_matrix((1, 4))).score(sp.csr_matrix([[1.0, 0, 0, 0]]))[0]
    assert scores[1] > 0.99  # "dry" and "sweet" stand in one text each and do not count
    assert scores[2:] == pytest.approx([0, 0])
    dense = TextCosine(rows.toarray().astype(np.float32)).fit(sp.csr_matrix((1, 4)))
    assert dense.score(sp.csr_matrix([[1.0, 0, 0, 0]]))[0] == pytest.approx(scores, abs=1e-6)


def test_tuning_finds_the_planted_value():
    """Sixty users of two tastes: twenty neighbours of one's own are right, bestsellers half wrong."""
    rng = np.random.default_rng(0)
    rows = [rng.choice(15, 8, replace=False) + 15 * (user % 2) for user in range(60)]
    liked = indicator([np.sort(row) for row in rows], 30)
    best = tune(lambda m: UserKnn(int(m)) if m else Popularity(), (0, 20), liked, liked, (3,), seed=0)
    assert best == {3: 20}


def test_tuning_without_playable_users_takes_the_middle():
    assert tune(Ease, (1.0, 10.0, 100.0), LIKED, LIKED, (10,), seed=0) == {10: 10.0}

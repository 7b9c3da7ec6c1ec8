"""Items that nobody has met: similarities by hand, a planted taste, and who cannot be ranked."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from fewrec.fewshot.newitems import PRIOR, SIGNALS, NewItems, _nearest, history_supports
from fewrec.signals import TrainingData
from fewrec.testing.worlds import two_tastes


def test_the_nearest_by_hand() -> None:
    rows = np.array([[1, 0], [0.6, 0.8], [0, 1], [-1, 0]], dtype=np.float32)
    supports = sp.csr_matrix(np.array([[1, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]], dtype=np.float32))
    found = _nearest(supports, [(0.5, rows)], np.array([2, 0]))
    # item 2: cosines 0 and .8 halved; item 0: 1 and .6 halved; item 3 has none above zero with either
    wanted = [[0.4, np.cbrt(0.5**3 + 0.3**3)], [0, 0], [0, 0]]
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    words = sp.csr_matrix(np.array([[1], [0], [1], [0]], dtype=np.float32))
    both = _nearest(supports, [(0.5, rows), (1.0, words)], np.array([2, 0]))
    # a word shared with item 0 alone adds 1 before the cube
    np.testing.assert_allclose(both[0], [np.cbrt(1.0**3 + 0.4**3), np.cbrt(1.5**3 + 0.3**3)], atol=1e-6)


def hidden_world() -> tuple[TrainingData, TrainingData, np.ndarray]:
    whole = two_tastes(20, 24).training
    hidden = np.arange(0, whole.n_items, 3)  # of both kinds
    return whole, whole.without_items(hidden), hidden


def test_a_planted_taste_reaches_items_that_nobody_has_met() -> None:
    """Every user likes one of two kinds; the text alone says of what kind a new item is."""
    whole, reduced, hidden = hidden_world()
    weights = NewItems.learn(reduced, seed=0)
    assert weights is not None
    users = np.arange(whole.n_users)
    scores = NewItems.of(reduced, weights).score(history_supports(reduced, users), hidden)
    liked = whole.liked[:, hidden].toarray() > 0
    mine = np.where(liked, scores, np.nan)
    others = np.where(liked, np.nan, scores)
    playing = liked.any(axis=1) & ~liked.all(axis=1)
    assert playing.sum() >= 10
    assert np.mean(np.nanmean(mine[playing], axis=1) > np.nanmean(others[playing], axis=1)) > 0.9


def test_a_batch_gives_what_its_rows_give_alone() -> None:
    _, reduced, hidden = hidden_world()
    model = NewItems.of(reduced, PRIOR)
    together = model.score(history_supports(reduced, np.arange(5)), hidden)
    for user in range(5):
        alone = model.score(history_supports(reduced, np.array([user])), hidden)
        np.testing.assert_allclose(together[user], alone[0], rtol=1e-5)


def test_weights_are_the_prior_where_there_is_nothing_to_learn_from() -> None:
    _, reduced, _ = hidden_world()
    untuned = NewItems.learn(reduced, seed=0, tune=False)
    assert untuned is not None
    np.testing.assert_array_equal(untuned, PRIOR)
    assert len(PRIOR) == len(SIGNALS)
    silent = TrainingData(liked=reduced.liked, seen=reduced.seen, explicit=True)  # no text
    assert NewItems.learn(silent, seed=0) is None

"""Strangers and training data as sparse rows: what they hold, and what a subset of them holds."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from fewrec.signals import Supports, Taste
from fewrec.testing.signals import some_supports
from fewrec.testing.worlds import two_tastes


def test_rows_by_hand() -> None:
    found = Supports.of(
        [np.array([3, 0, 2]), np.array([], dtype=int), np.array([1, 4])],
        [np.array([True, False, False]), np.array([], dtype=bool), np.array([True, True])],
        5,
    )
    assert len(found) == 3
    assert found.liked.toarray().tolist() == [[0, 0, 0, 1, 0], [0] * 5, [0, 1, 0, 0, 1]]
    assert found.disliked.toarray().tolist() == [[0.5, 0, 0.5, 0, 0], [0] * 5, [0] * 5]
    assert found.seen.toarray().tolist() == [[1, 0, 1, 1, 0], [0] * 5, [0, 1, 0, 0, 1]]
    assert found.size.tolist() == found.k_shot.tolist() == [3, 0, 2]
    assert {m.dtype for m in (found.liked, found.disliked, found.seen)} == {np.dtype(np.float32)}


def test_dislikes_share_a_weight_of_one() -> None:
    for count in (1, 2, 4):
        found = Supports.of([np.arange(count)], [np.zeros(count, bool)], 5).disliked.toarray()[0]
        np.testing.assert_allclose(found, np.where(np.arange(5) < count, 1 / count, 0))


def test_nobody_at_all() -> None:
    found = Supports.of([], [], 4)
    assert (len(found), found.liked.shape, found.seen.shape) == (0, (0, 4), (0, 4))


def test_a_sentence_counts_as_one_more_interaction() -> None:
    taste = Taste(
        {"title": np.array([[1, 0], [0, 0], [0, 0]], dtype=np.float32)},
        sp.csr_matrix(np.array([[0], [1], [0]], dtype=np.float32)),
    )
    empty = [np.array([], dtype=int)] * 2
    found = Supports.of([*empty, np.array([1])], [np.zeros(0, bool)] * 2 + [np.ones(1, bool)], 3, taste=taste)
    assert taste.present.tolist() == [True, True, False]  # by its embedding, by its words, not at all
    assert found.k_shot.tolist() == [1, 1, 1]


def test_some_strangers_of_a_batch() -> None:
    everybody = some_supports(two_tastes(8, 12).training)
    rows = np.array([8, 2, 5])
    some = everybody[rows]
    assert some.size.tolist() == everybody.size[rows].tolist()
    for name in ("liked", "disliked", "seen", "portraits"):
        assert np.array_equal(getattr(some, name).toarray(), getattr(everybody, name).toarray()[rows])
    assert some.taste is not None
    assert everybody.taste is not None
    assert np.array_equal(some.taste.views["title"], everybody.taste.views["title"][rows])
    assert np.array_equal(some.taste.words.toarray(), everybody.taste.words.toarray()[rows])


def test_parts_are_one_item_each_and_sum_to_the_whole() -> None:
    one = Supports.of([np.array([3, 0, 2])], [np.array([True, False, False])], 5)
    items, parts = one.parts()
    assert sorted(items.tolist()) == [0, 2, 3]
    assert len(parts) == 3
    assert np.all(np.diff(parts.seen.indptr) == 1)
    assert parts.seen.indices.tolist() == items.tolist()
    for name in ("liked", "disliked", "seen"):
        assert np.array_equal(
            getattr(parts, name).sum(axis=0), getattr(one, name).toarray()
        )  # weights unchanged
    assert parts.taste is None
    assert parts.portraits is None


@pytest.mark.parametrize("view", [True, False])
def test_a_sentence_is_matched_by_words_and_by_what_stands_out(view: bool) -> None:
    """Word cosines count as they are, embedding cosines above the sentence's mean."""
    data = two_tastes(8, 30).training
    views = data.views if view else {}
    taste = Taste({name: rows[[4]] for name, rows in views.items()}, data.words[[4]])
    similarity = taste.similarity(views.get("title"), data.words)[0]
    wanted = (data.words[[4]] @ data.words.T).toarray()[0]
    if view:
        cosines = data.views["title"] @ data.views["title"][4]
        wanted = wanted + 0.5 * (cosines - cosines.mean())
    np.testing.assert_allclose(similarity, wanted, atol=1e-6)
    near = taste.neighbours(views.get("title"), data.words, m=5).toarray()[0]
    wanted = np.maximum(wanted, 0)
    best = np.argsort(-wanted)[:5]
    assert set(np.flatnonzero(near)) == set(best)
    np.testing.assert_allclose(near[best], wanted[best] ** 2 / ((wanted[best] ** 2).sum() + 0.3), rtol=1e-5)


def test_training_users_and_no_others() -> None:
    data = two_tastes(8, 12).training
    data.spectrum("liked", 0.5)
    cut = data.with_users(np.array([5, 1]))
    assert (cut.n_users, cut.n_items) == (2, 12)
    for name in ("liked", "seen", "strength", "portraits"):
        assert np.array_equal(getattr(cut, name).toarray(), getattr(data, name).toarray()[[5, 1]])
    assert cut.words is data.words
    assert cut.spectra() == {}  # no decomposition is inherited from users who are left out
    assert cut.spectrum("liked", 0.5) is cut.spectrum("liked", 0.5)
    assert len(cut.spectrum("liked", 0.5).values) <= 2


def test_hidden_items_are_met_by_nobody_and_keep_their_text() -> None:
    data = two_tastes(8, 12).training
    data.spectrum("seen", 0.0)
    cut = data.without_items(np.array([0, 7]))
    for name in ("liked", "seen", "strength"):
        wanted = getattr(data, name).toarray()
        wanted[:, [0, 7]] = 0
        assert np.array_equal(getattr(cut, name).toarray(), wanted)
    assert cut.words is data.words
    assert cut.neighbours is data.neighbours
    assert cut.spectra() == {}
    assert data.liked.toarray()[:, [0, 7]].any()


def test_what_a_catalogue_knows() -> None:
    data = two_tastes(8, 12).training
    assert (data.has_text, data.has_habits, data.has_dislikes) == (True, True, True)
    nothing = data.without_items(np.arange(12))
    assert (nothing.has_habits, nothing.has_dislikes) == (False, False)

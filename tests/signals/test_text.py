"""Text signals by hand, neighbours by brute force."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from fewrec.signals import (
    Dislike,
    NearestText,
    SharedNames,
    Supports,
    TextSimilarity,
    TrainingData,
    WordSimilarity,
    centred,
    text_neighbours,
)
from fewrec.signals.neighbours import grown_neighbours
from fewrec.testing.worlds import two_tastes


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize(("n_items", "m", "block"), [(25, 20, 512), (25, 4, 7), (25, 60, 10), (2, 20, 512)])
def test_neighbours_are_those_of_brute_force(n_items: int, m: int, block: int) -> None:
    rng = np.random.default_rng(n_items)
    view = unit(rng.normal(size=(n_items, 6)))
    words = sp.csr_matrix(unit(rng.random((n_items, 9)) * (rng.random((n_items, 9)) < 0.5) + 1e-3))
    similarity = 0.5 * np.maximum(view @ view.T, 0) + (words @ words.T).toarray()
    np.fill_diagonal(similarity, 0)
    wanted = np.zeros((n_items, n_items))
    for item, row in enumerate(similarity):
        nearest = np.argsort(-row)[:m]
        wanted[item, nearest] = row[nearest] ** 2 / ((row[nearest] ** 2).sum() + 0.3)
    np.testing.assert_allclose(text_neighbours(view, words, m, block).toarray(), wanted, atol=1e-6)


def test_a_lonely_item_has_no_neighbours() -> None:
    one = np.ones((1, 3), dtype=np.float32)
    assert text_neighbours(one, sp.csr_matrix(one)).shape == (1, 1)
    assert text_neighbours(one, sp.csr_matrix(one)).nnz == 0
    blank = np.zeros((3, 2), dtype=np.float32)
    assert text_neighbours(blank, sp.csr_matrix((3, 4), dtype=np.float32)).nnz == 0


def made_up(n_items: int) -> tuple[np.ndarray, sp.csr_matrix]:
    """Items of forty topics in 16 dimensions, with four words each out of 500; every fiftieth says nothing."""
    rng = np.random.default_rng(0)
    topic = rng.integers(0, 40, n_items)
    view = unit(rng.normal(size=(40, 16))[topic] + 0.7 * rng.normal(size=(n_items, 16)))
    columns = (rng.integers(0, 100, (n_items, 4)) + 10 * topic[:, None]).ravel()
    words = sp.csr_matrix((np.full(4 * n_items, 0.5, np.float32), columns, np.arange(0, 4 * n_items + 1, 4)))
    view[::50], words.data[words.indptr[0] : words.indptr[1]] = 0, 0
    words.eliminate_zeros()
    return view, words


def test_a_large_catalogue_is_compared_with_likely_neighbours() -> None:
    """Of 3,000 items each is compared with 24 sqrt(3000) = 1,296 and those that share its rare words."""
    view, words = made_up(3000)
    true, found = text_neighbours(view, words), text_neighbours(view, words, exact=2999)
    assert found.shape == true.shape
    assert found.has_sorted_indices
    assert not found.diagonal().any()
    assert found.sum(axis=1).max() < 1
    assert (found.multiply(true) > 0).sum() > 0.95 * true.nnz  # one in fifty has ties instead of neighbours
    assert np.abs(found.sum(axis=1) - true.sum(axis=1)).max() < 0.02


def test_a_small_one_is_the_same_on_both_ways() -> None:
    """24 sqrt(100) = 240: everything is likely."""
    view, words = made_up(100)
    true, found = text_neighbours(view, words), text_neighbours(view, words, exact=0)
    np.testing.assert_allclose(found.toarray(), true.toarray(), atol=1e-6)


@pytest.mark.parametrize("exact", [25_000, 0])
def test_neighbours_of_some_items_are_rows_of_all(exact: int) -> None:
    view, words = made_up(100)
    asked = np.arange(100) % 3 == 1
    whole = text_neighbours(view, words, block=16, exact=exact).toarray()
    some = text_neighbours(view, words, block=16, exact=exact, of=asked).toarray()
    np.testing.assert_allclose(some[asked], whole[asked], atol=1e-6)
    assert whole[asked].any(axis=1).sum() > 30
    assert not some[~asked].any()


def test_likely_neighbours_of_texts_that_are_all_the_same_or_missing() -> None:
    same = np.tile(np.array([[0.6, 0.8]], dtype=np.float32), (800, 1))
    nothing = sp.csr_matrix((800, 3), dtype=np.float32)
    found = text_neighbours(same, nothing, exact=0)
    assert np.diff(found.indptr).tolist() == [20] * 800
    np.testing.assert_allclose(found.data, 0.25 / (20 * 0.25 + 0.3), rtol=1e-5)  # (cosine 1 / 2)^2
    assert text_neighbours(np.zeros((800, 1), np.float32), nothing, exact=0).nnz == 0


def test_centring_takes_four_fifths_of_the_mean_out() -> None:
    rows = np.array(
        [[3, 0], [1, 4], [0, 0]], dtype=np.float32
    )  # the mean of the two that say something: (2, 2)
    found, mean = centred(rows)
    np.testing.assert_allclose(mean, [2, 2])
    np.testing.assert_allclose(found, [[1.4 / 13**0.5 * 13**0.5 / 4.52**0.5, -1.6 / 4.52**0.5],
                                       [-0.6 / 6.12**0.5, 2.4 / 6.12**0.5], [0, 0]], atol=1e-6)  # fmt: skip
    later, same = centred(np.array([[3, 0]], dtype=np.float32), mean)
    np.testing.assert_allclose(later[0], found[0], atol=1e-6)
    np.testing.assert_allclose(same, mean)
    nothing, _ = centred(np.zeros((2, 3), dtype=np.float32))
    assert not nothing.any()


def three() -> TrainingData:
    """Three items; 0 and 1 point the same way in the view, 1 and 2 share a word. Somebody disliked one."""
    view = np.array([[1, 0], [1, 0], [0, 1]], dtype=np.float32)
    words = sp.csr_matrix(np.array([[1, 0], [0.6, 0.8], [0, 1]], dtype=np.float32))
    liked = sp.csr_matrix(np.array([[1, 0, 0]], dtype=np.float32))
    seen = sp.csr_matrix(np.array([[1, 1, 0]], dtype=np.float32))
    return TrainingData(
        liked=liked, seen=seen, explicit=True, views={"title": view}, words=words,
        neighbours=text_neighbours(view, words),
    )  # fmt: skip


def test_similarities_by_hand() -> None:
    data = three()
    liked = Supports.of([np.array([0, 1])], [np.ones(2, bool)], 3)
    np.testing.assert_allclose(TextSimilarity().fit(data).score(liked), [[2, 2, 0]])
    np.testing.assert_allclose(WordSimilarity().fit(data).score(liked), [[1.6, 1.6, 0.8]], atol=1e-6)
    # similarity of 0 and 1: .5 + .6 = 1.1, of 1 and 2: .8, of 0 and 2: none
    weight = {(0, 1): 1.21 / 1.51, (1, 0): 1.21 / 2.15, (2, 1): 0.64 / 0.94}
    wanted = [[weight[0, 1], weight[1, 0], weight[2, 1]]]
    np.testing.assert_allclose(NearestText().fit(data).score(liked), wanted, atol=1e-6)


def test_names_are_features_of_a_few_items() -> None:
    """400 items: 0, 1 and 2 share an author, 0 and 3 a series; 200 a genre, and item 4 has an author alone."""
    features = np.zeros((400, 4), dtype=np.float32)
    features[[0, 1, 2], 0] = features[[0, 3], 1] = features[:200, 2] = features[4, 3] = 1
    empty = sp.csr_matrix((2, 400), dtype=np.float32)
    data = TrainingData(liked=empty, seen=empty, explicit=False, features=sp.csr_matrix(features))
    author, series = np.log(401 / 4), np.log(401 / 3)
    length = np.hypot(author, series)
    liked = Supports.of([np.array([0]), np.array([4])], [np.ones(1, bool)] * 2, 400)
    found = SharedNames().fit(data).score(liked)
    np.testing.assert_allclose(
        found[0, :5], [1, author / length, author / length, series / length, 0], atol=1e-6
    )
    assert not found[0, 5:].any()  # the genre names nobody
    assert not found[1].any()  # nor does what one item alone has
    few = TrainingData(liked=empty, seen=empty, explicit=False, features=sp.csr_matrix(features[:, 2:]))
    assert not SharedNames().available(few)
    assert not SharedNames().available(TrainingData(liked=empty, seen=empty, explicit=False))


def test_names_want_one_item_in_a_hundred() -> None:
    empty = sp.csr_matrix((0, 400), dtype=np.float32)
    for carriers, available in ((3, False), (4, True)):
        features = np.zeros((400, 1), np.float32)
        features[:carriers] = 1
        data = TrainingData(liked=empty, seen=empty, explicit=False, features=sp.csr_matrix(features))
        assert SharedNames().available(data) is available


def test_dislike_is_the_mean_over_the_disliked() -> None:
    data = three()
    both = Supports.of([np.array([0, 2, 1])], [np.array([False, False, True])], 3)
    # halves of (1, 1, 0) + (1, .6, 0) and (0, 0, 1) + (0, .8, 1); the liked item 1 plays no part
    np.testing.assert_allclose(Dislike().fit(data).score(both), [[1, 1.2, 1]], atol=1e-6)
    assert not Dislike().fit(data).score(Supports.of([np.array([0])], [np.ones(1, bool)], 3)).any()


def test_who_has_something_to_say() -> None:
    data = two_tastes(10, 12).training
    bare = TrainingData(liked=data.liked, seen=data.seen, explicit=True)
    for signal in (TextSimilarity(), WordSimilarity(), NearestText(), Dislike()):
        assert signal.available(data)
        assert not signal.available(bare)
    blank = TrainingData(
        liked=data.liked, seen=data.seen, explicit=True, views={"title": np.zeros((12, 4), "f4")}
    )
    assert not TextSimilarity().available(blank)
    pleased = TrainingData(
        liked=data.liked, seen=data.liked, explicit=True, views=data.views, words=data.words
    )
    assert not Dislike().available(pleased)


@pytest.mark.parametrize(
    ("before", "m", "block"), [(300, 20, 512), (300, 5, 7), (250, 20, 64), (100, 20, 512)]
)
def test_neighbours_grow_as_if_all_had_been_there(before, m, block):
    """The last case has more new items than a quarter, where everything is compared anew."""
    rng = np.random.default_rng(m)
    view = rng.normal(size=(310, 12)).astype(np.float32)
    view /= np.linalg.norm(view, axis=1, keepdims=True)
    view[5], view[305] = 0, 0  # an old and a new item without text
    dense = (rng.random((310, 60)) * (rng.random((310, 60)) < 0.05)).astype(np.float32)
    dense[5], dense[305] = 0, 0
    words = sp.csr_matrix(dense)
    old = text_neighbours(view[:before], words[:before], m)
    grown = grown_neighbours(old, view, words, m, block)
    np.testing.assert_allclose(grown.toarray(), text_neighbours(view, words, m).toarray(), atol=1e-5)

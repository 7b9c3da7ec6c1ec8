"""What is read off texts: topics by hand, and the regression in its two forms."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from fewrec.fewshot import textkernel
from fewrec.fewshot.newmaps import TextMaps
from fewrec.fewshot.textkernel import RELIABLE, TextKernel, topics_of
from fewrec.signals import TrainingData


def rows(*texts: str) -> sp.csr_matrix:
    """One column a word, unit rows."""
    words = sorted({word for text in texts for word in text.split()})
    dense = np.array([[text.split().count(word) for word in words] for text in texts], dtype=np.float32)
    return sp.csr_matrix(dense / np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-9))


def test_items_without_a_common_word_are_alike_by_the_company_of_their_words(monkeypatch) -> None:
    """ "feline" and "kitten" stand beside "cat", never beside each other."""
    pets = ["cat feline", "cat kitten", "cat feline", "cat kitten", "feline", "kitten"]
    words = rows(*pets, *["car engine", "car wheel"] * 2, "engine", "wheel")
    assert (words[4] @ words[5].T).nnz == 0
    monkeypatch.setattr(textkernel, "TOPICS", 2)
    about = topics_of(words)
    assert about.shape == (12, 2)
    assert about[4] @ about[5] > 0.99
    assert abs(about[4] @ about[11]) < 0.01


def test_all_directions_keep_the_cosines_of_words() -> None:
    words = rows("a b", "b c", "c d", "a d e", "x")
    about = topics_of(words)
    np.testing.assert_allclose(about @ about.T, (words @ words.T).toarray(), atol=1e-5)


@pytest.mark.parametrize("texts", [("one",), ("one two", ""), ("", ""), ("a b c", "a b d", "")])
def test_few_or_no_words(texts: tuple[str, ...]) -> None:
    about = topics_of(rows(*texts))
    assert len(about) == len(texts)
    assert np.isfinite(about).all()
    lengths = np.linalg.norm(about, axis=1)
    assert np.all(np.isclose(lengths, 1) | (lengths == 0))
    assert all(length == 0 for text, length in zip(texts, lengths, strict=True) if not text)


def world(n_items: int = 60) -> TrainingData:
    """Items of one kind are liked by most, those of the other by few."""
    rng = np.random.default_rng(0)
    popular = rng.random(n_items) < 0.5
    liked = sp.csr_matrix((rng.random((40, n_items)) < np.where(popular, 0.6, 0.1)).astype(np.float32))
    kinds = (["sun", "sea", "sand"], ["tax", "law", "form"])
    texts = [
        " ".join([*rng.permutation(kinds[0 if p else 1])[:2], f"word{n}"]) for n, p in enumerate(popular)
    ]
    view = rng.standard_normal((n_items, 8)).astype(np.float32)
    view /= np.linalg.norm(view, axis=1, keepdims=True)
    return TrainingData(liked=liked, seen=liked, explicit=False, views={"title": view}, words=rows(*texts))


def test_the_popularity_of_new_items_is_read_off_their_texts() -> None:
    whole, hidden = world(), np.arange(0, 60, 4)
    found = TextMaps.of(whole.without_items(hidden)).popularity(hidden)
    true = np.asarray(whole.liked.sum(axis=0)).ravel()[hidden]
    assert np.corrcoef(found, true)[0, 1] > 0.8


def test_exact_is_the_ridge_by_hand_and_near_what_fewer_landmarks_say() -> None:
    data, new, ridge = world().without_items(np.arange(50, 60)), np.arange(50, 60), 0.3
    count = np.bincount(data.seen.indices, minlength=data.n_items)
    met = np.flatnonzero(count)
    goal = np.random.default_rng(1).standard_normal(len(met))
    kernel = TextKernel.of(data, 100, topics=True)
    np.testing.assert_array_equal(kernel.landmarks, met)
    weight = count[met] / (count[met] + RELIABLE)
    among = kernel.values[met].astype(np.float64)
    by_hand = kernel.values[new] @ np.linalg.solve(among + np.diag(ridge / weight), goal)
    exact = kernel.read_off(goal, count, new, ridge)
    np.testing.assert_allclose(exact, by_hand, atol=1e-5)
    weighted, left = kernel.regression(count, new, ridge)
    assert np.corrcoef(left.T @ (weighted.T @ goal), exact)[0, 1] > 0.95
    fewer = TextKernel.of(data, 40, topics=True)
    assert len(fewer.landmarks) == 40
    assert np.corrcoef(fewer.read_off(goal, count, new, ridge), exact)[0, 1] > 0.8


def test_topics_are_the_same_every_time() -> None:
    words = world().words
    assert words is not None
    np.testing.assert_array_equal(topics_of(words), topics_of(words.copy()))

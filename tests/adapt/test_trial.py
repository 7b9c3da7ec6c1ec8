"""Two encoders judged on the same people and items share what does not rest on their vectors."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from fewrec.adapt.trial import Judge, Paired, Remembering, judged, new_item_ndcg, new_user_ndcg, with_views
from fewrec.signals import Spectrum, TrainingData


def small(seed: int = 0) -> TrainingData:
    rng = np.random.default_rng(seed)
    liked = sp.csr_matrix((rng.random((60, 50)) < 0.25).astype(np.float32))
    view = rng.standard_normal((50, 8)).astype(np.float32)
    view /= np.linalg.norm(view, axis=1, keepdims=True)
    words = sp.csr_matrix(np.eye(50, 10, dtype=np.float32))
    return TrainingData(liked=liked, seen=liked, explicit=False, views={"title": view}, words=words)


@pytest.mark.parametrize("mark", [new_item_ndcg, new_user_ndcg])
def test_the_second_encoder_decomposes_nothing_and_is_marked_alike(mark, monkeypatch):
    training, other = small(), small(1).views
    who = [np.arange(0, 50, 5), np.arange(60)] if mark is new_item_ndcg else [np.arange(0, 60, 6)]
    made, of = [], Spectrum.of.__func__

    def counted(cls, *arguments):
        made.append(arguments)
        return of(cls, *arguments)

    monkeypatch.setattr(Spectrum, "of", classmethod(counted))
    alike = judged(training)
    plain = [mark(alike, *who, 0), mark(with_views(alike, other), *who, 0)]
    alone = len(made)
    seen = Remembering.of(training)
    shared = [mark(seen, *who, 0), mark(with_views(seen, other), *who, 0)]
    assert len(made) == alone + alone // 2
    for one, another in zip(plain, shared, strict=True):
        assert np.array_equal(one, another, equal_nan=True)


@pytest.mark.parametrize(
    ("parts", "ahead"),
    [((), True), ((0.1, 0.1, -0.1), True), ((0.3, -0.1, -0.1), False), ((0.3, 0.0), False)],
)
def test_ahead_means_in_most_parts(parts, ahead):
    found = Paired(0.2, 0.3, 0.1, 0.01, 100, parts)
    assert found.ahead == ahead
    assert found.certain
    assert not Paired(0.2, 0.3, 0.1, 0.05, 100, parts).ahead


def test_parts_are_told_apart():
    seen = Remembering.of(small())
    first = seen.without_items(np.array([1, 2])).spectrum("liked", 0.5)
    assert seen.without_items(np.array([1, 2])).spectrum("liked", 0.5) is first
    assert seen.without_items(np.array([1, 3])).spectrum("liked", 0.5) is not first
    assert seen.with_users(np.array([1, 2])).spectrum("liked", 0.5) is not first
    nested = seen.with_users(np.arange(40)).without_items(np.array([1, 2]))
    assert nested.spectrum("liked", 0.5) is not first
    assert (nested.liked != small().with_users(np.arange(40)).without_items(np.array([1, 2])).liked).nnz == 0


def test_single_precision_marks_as_double_does():
    training, hidden, users = small(), np.arange(0, 50, 5), np.arange(60)
    single = judged(training)
    exact, quick = training.spectrum("liked", 0.5), single.spectrum("liked", 0.5)
    assert np.abs(quick.values - exact.values).max() < 1e-5 * exact.values[0]
    assert not np.array_equal(quick.values, exact.values)  # it is decomposed in float32
    assert single.without_items(hidden).single
    assert single.with_users(users).single
    assert Remembering.of(training).without_items(hidden).single
    assert training.spectrum("liked", 0.5) is exact


def test_the_quick_judge_asks_for_neighbours_of_hidden_items_alone(monkeypatch):
    from fewrec.adapt import trial

    training, hidden, people = small(), np.arange(0, 50, 5), np.arange(60)
    asked, neighbours = [], trial.text_neighbours

    def noted(view, words, of=None):
        asked.append(of)
        return neighbours(view, words)  # of all items, as before

    judge = Judge(training, hidden, people, 0)
    few = judge.mark(small(1).views)
    monkeypatch.setattr(trial, "text_neighbours", noted)
    assert judge.mark(small(1).views) == few
    assert [np.flatnonzero(of).tolist() for of in asked] == [hidden.tolist()]


def test_the_quick_judge_needs_no_more_views_than_it_names():
    training, hidden, people = small(), np.arange(0, 50, 5), np.arange(60)
    judge = Judge(training, hidden, people, 0)
    one, other = small(1).views["title"], small(2).views["title"]
    assert judge.mark({"title": one}) == judge.mark({"title": one, "description": other})
    assert judge.mark({"title": one}) != judge.mark({"title": other})
    assert Judge.VIEWS == ("title",)

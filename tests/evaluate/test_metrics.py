"""Metrics against answers worked out by hand, and against scikit-learn on random lists."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    brier_score_loss,
    label_ranking_average_precision_score,
    log_loss,
    mean_absolute_error,
    ndcg_score,
    roc_auc_score,
    root_mean_squared_error,
    top_k_accuracy_score,
)
from sklearn.metrics.pairwise import cosine_distances

from fewrec.evaluate import beyond, certainty, metrics
from fewrec.evaluate.baselines import tfidf, unit_rows
from fewrec.evaluate.lists import ranked, tie_noise

NONE = np.zeros((1, 0), dtype=np.float32)


def row(*hits: int) -> np.ndarray:
    return np.array([hits], dtype=bool)


def test_ndcg_by_hand():
    # Hits at ranks 1 and 3 of three relevant items: (1 + 1/2) / (1 + 1/log2 3 + 1/2) = 1.5 / 2.13093
    assert metrics.ndcg(row(1, 0, 1), np.array([3]))[0] == pytest.approx(1.5 / 2.1309297)
    # Five relevant items, list of two, both hits: the best that a list of two can be.
    assert metrics.ndcg(row(1, 1), np.array([5]))[0] == 1.0
    assert metrics.ndcg(row(0, 0), np.array([1]))[0] == 0.0


def test_recall_hit_rate_and_reciprocal_rank_by_hand():
    hits = np.array([[1, 0, 1], [0, 0, 0]], dtype=bool)
    assert metrics.recall(hits, np.array([4, 1])).tolist() == [0.5, 0.0]
    assert metrics.hit_rate(hits, np.array([4, 1])).tolist() == [1.0, 0.0]
    assert metrics.reciprocal_rank(np.array([4.0, 1.0]), np.array([1, 2])).tolist() == [0.25, 1.0]


def test_who_has_nothing_relevant_has_no_mark():
    nobody = np.array([0])
    for found in (
        metrics.ndcg(row(0, 0), nobody),
        metrics.recall(row(0, 0), nobody),
        metrics.hit_rate(row(0, 0), nobody),
        metrics.reciprocal_rank(np.array([np.inf]), nobody),
        metrics.auc(np.zeros((1, 3)), np.ones((1, 3), dtype=bool), np.zeros((1, 3), dtype=bool)),
    ):
        assert np.isnan(found).all()


def test_auc_by_hand():
    # Relevant 3 and 1, others 2 and 1: 3 beats both, 1 loses to 2 and ties with 1 -> (1 + 1 + 0 + .5) / 4
    scores = np.array([[3.0, 1.0, 2.0, 1.0, 99.0]])
    relevant = np.array([[True, True, False, False, False]])
    allowed = np.array([[True, True, True, True, False]])
    assert metrics.auc(scores, allowed, relevant)[0] == 0.625
    assert metrics.global_auc(scores, allowed, relevant) == 0.625


def test_against_scikit_learn_on_random_lists():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(200, 40))
    relevant = rng.random((200, 40)) < 0.15
    relevant[relevant.sum(axis=1) == 0, 0] = True
    allowed = np.ones_like(relevant)
    found = ranked(scores, allowed, tie_noise(0, 200, 40), 10)
    hits = np.take_along_axis(relevant, found.top, axis=1)
    count = relevant.sum(axis=1)
    wanted = [ndcg_score(good[None], said[None], k=10) for good, said in zip(relevant, scores, strict=True)]
    assert metrics.ndcg(hits, count) == pytest.approx(wanted)
    wanted = [roc_auc_score(good, said) for good, said in zip(relevant, scores, strict=True)]
    assert metrics.auc(scores, allowed, relevant) == pytest.approx(wanted)
    assert metrics.global_auc(scores, allowed, relevant) == pytest.approx(
        roc_auc_score(relevant.ravel(), scores.ravel())
    )
    order = np.argsort(-scores, axis=1)
    first = np.argmax(np.take_along_axis(relevant, order, axis=1), axis=1) + 1
    assert found.first(relevant).tolist() == first.tolist()


def test_auc_with_ties_against_scikit_learn():
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 4, size=(50, 30)).astype(float)
    relevant = rng.random((50, 30)) < 0.4
    wanted = [roc_auc_score(good, said) for good, said in zip(relevant, scores, strict=True)]
    assert metrics.auc(scores, np.ones_like(relevant), relevant) == pytest.approx(wanted)


def test_probabilities_against_scikit_learn():
    rng = np.random.default_rng(2)
    said, true = rng.random(500), (rng.random(500) < 0.3).astype(float)
    assert certainty.log_loss(said, true) == pytest.approx(log_loss(true, said))
    assert certainty.brier(said, true) == pytest.approx(brier_score_loss(true, said))


def test_certainty_by_hand():
    said, true = np.array([0.2, 0.4, 0.9, 0.7]), np.array([0.0, 1.0, 1.0, 0.0])
    low, high = certainty.bins(said, true)
    assert (low.said, low.true, low.count) == pytest.approx((0.3, 0.5, 2))
    assert (high.said, high.true, high.count) == pytest.approx((0.8, 0.5, 2))
    assert certainty.calibration_error([low, high]) == pytest.approx((0.2 + 0.3) / 2)
    assert certainty.rmse(np.array([1.0, 4.0]), np.array([2.0, 2.0])) == pytest.approx(np.sqrt(2.5))
    assert certainty.mae(np.array([1.0, 4.0]), np.array([2.0, 2.0])) == 1.5
    assert certainty.covered(np.array([1.0]), np.array([2.0]), np.array([1.0])) == 1.0  # a border is inside
    assert certainty.covered(np.array([1.0]), np.array([2.0]), np.array([2.0])) == 1.0
    assert [len(certainty.bins(np.linspace(0, 1, n), np.zeros(n))) for n in (3, 149, 150, 499, 5000)] == [
        2,
        2,
        3,
        9,
        10,
    ]
    three = np.array([1.0, 2.0, 3.0])
    assert certainty.covered(three - 0.5, three + 0.5, np.array([1.5, 2.0, 9.0])) == pytest.approx(2 / 3)


def test_one_certain_error_does_not_outweigh_all():
    assert certainty.log_loss(np.array([0.0]), np.array([1.0])) == pytest.approx(-np.log(1e-6))


def test_coverage_and_gini_by_hand():
    top = np.array([[0, 1], [0, 2], [0, -1]])
    assert beyond.coverage(top, 6) == 0.5
    # Listed 0 0 0 1 1 3 times: sum of (2i - 7) x = -1 at i=3 is 0; i=4: 1, i=5: 3, i=6: 5 x 3 -> 19 / (6 x 5)
    assert beyond.gini(top, 6) == pytest.approx(19 / 30)
    assert np.isnan(beyond.gini(np.full((1, 2), -1), 3))


def test_diversity_by_hand():
    rows = unit_rows(tfidf(["red rug", "red rug", "blue vase", "blue vase", ""]))
    top = np.array([[0, 1, -1], [0, 2, -1], [0, 1, 2], [4, 0, -1], [0, -1, -1]])
    # The same words: 0; no shared word: 1; one such pair of three: 2/3; without words: 1; one item alone: none.
    assert beyond.diversity(top, rows)[:4] == pytest.approx([0, 1, 2 / 3, 1], abs=1e-12)
    assert np.isnan(beyond.diversity(top, rows)[4])


def test_diversity_is_the_mean_over_pairs():
    rng = np.random.default_rng(0)
    dense = rng.random((12, 5))
    dense /= np.linalg.norm(dense, axis=1, keepdims=True)
    from scipy.sparse import csr_matrix

    top = np.array([rng.permutation(12)[:6] for _ in range(4)])
    wanted = [np.mean([1 - dense[a] @ dense[b] for a in row for b in row if a != b]) for row in top]
    assert beyond.diversity(top, csr_matrix(dense)) == pytest.approx(wanted)


def test_novelty_by_hand():
    # 7 people, of whom 7, 3 and 0 met the items: log2 of 8/8, 8/4 and 8/1 -> 0, 1, 3
    met = np.array([7, 3, 0])
    assert beyond.novelty(np.array([[0, 1], [2, -1]]), met, 7).tolist() == [0.5, 3.0]
    assert np.isnan(beyond.novelty(np.array([[-1, -1]]), met, 7)[0])


def test_what_has_no_score_comes_last_and_what_is_not_allowed_not_at_all():
    scores = np.array([[np.nan, 1.0, -5.0, 9.0]])
    allowed = np.array([[True, True, True, False]])
    assert ranked(scores, allowed, tie_noise(0, 1, 4), 4).top.tolist() == [[1, 2, 0, -1]]


def test_ties_are_ranked_at_random_and_alike_for_every_system():
    allowed, noise = np.ones((300, 5), dtype=bool), tie_noise(3, 300, 5)
    first = ranked(np.zeros((300, 5)), allowed, noise, 1).top.ravel()
    assert np.bincount(first, minlength=5).min() > 30  # 60 each on average
    assert ranked(np.ones((300, 5)), allowed, noise, 1).top.ravel().tolist() == first.tolist()
    relevant = np.zeros((300, 5), dtype=bool)
    relevant[:, 0] = True
    place = ranked(np.zeros((300, 5)), allowed, noise, 5)
    assert place.first(relevant).tolist() == (np.argmax(place.top == 0, axis=1) + 1.0).tolist()


def test_noise_of_a_row_does_not_depend_on_the_number_of_rows():
    assert tie_noise(1, 5, 7)[2].tolist() == tie_noise(1, 3, 7)[2].tolist()
    assert tie_noise(1, 0, 7).shape == (0, 7)


def marks(scores: np.ndarray, relevant: np.ndarray, allowed: np.ndarray, noise: np.ndarray) -> list[float]:
    found = ranked(scores[None], allowed[None], noise[None], 3)
    hits = np.take_along_axis(relevant[None] & allowed, np.maximum(found.top, 0), axis=1) & (found.top >= 0)
    count = (relevant & allowed)[None].sum(axis=1)
    return [
        float(metric[0])
        for metric in (
            metrics.ndcg(hits, count), metrics.recall(hits, count), metrics.hit_rate(hits, count),
            metrics.reciprocal_rank(found.first(relevant[None]), count),
            metrics.auc(found.scores, found.allowed, relevant[None]),
        )
    ]  # fmt: skip


@given(
    st.lists(st.tuples(st.integers(-3, 3), st.booleans(), st.booleans()), min_size=1, max_size=8),
    st.randoms(),
)
def test_marks_lie_between_0_and_1_and_do_not_depend_on_scale_or_order_of_items(rows, random):
    scores, relevant, allowed = (np.array(column) for column in zip(*rows, strict=True))
    scores, noise = scores.astype(float), np.array(random.sample(range(100), len(rows)), dtype=np.float32)
    first = marks(scores, relevant, allowed, noise)
    assert all(0 <= mark <= 1 for mark in first if not np.isnan(mark))
    order = np.array(random.sample(range(len(rows)), len(rows)))
    moved = marks(np.exp(scores)[order] * 7 - 3, relevant[order], allowed[order], noise[order])
    assert moved == pytest.approx(first, nan_ok=True)


@given(st.lists(st.booleans(), min_size=2, max_size=8), st.data())
def test_a_relevant_item_moved_up_never_harms(relevant, data):
    # Items stand in the order of their scores; a relevant one changes places with the one before it.
    at = data.draw(st.integers(1, len(relevant) - 1))
    good, every = np.array(relevant), np.ones(len(relevant), dtype=bool)
    good[at] = True
    scores, noise = -np.arange(len(good), dtype=float), np.zeros(len(good), dtype=np.float32)
    before = marks(scores, good, every, noise)
    scores[[at - 1, at]] = scores[[at, at - 1]]
    after = marks(scores, good, every, noise)
    assert all(new >= old - 1e-12 for old, new in zip(before, after, strict=True) if not np.isnan(old))


def test_with_one_relevant_item_against_scikit_learn():
    rng = np.random.default_rng(3)
    scores, one = rng.normal(size=(300, 40)), rng.integers(0, 40, 300)
    relevant = np.eye(40, dtype=bool)[one]
    found = ranked(scores, np.ones_like(relevant), tie_noise(0, 300, 40), 10)
    hits, count = np.take_along_axis(relevant, found.top, axis=1), np.ones(300, dtype=int)
    wanted = top_k_accuracy_score(one, scores, k=10, labels=np.arange(40))
    assert metrics.hit_rate(hits, count).mean() == pytest.approx(wanted)
    assert metrics.recall(hits, count).mean() == pytest.approx(wanted)
    wanted = label_ranking_average_precision_score(relevant, scores)  # with one relevant item: 1 / rank
    assert metrics.reciprocal_rank(found.first(relevant), count).mean() == pytest.approx(wanted)


def test_errors_calibration_and_distances_against_scikit_learn():
    rng = np.random.default_rng(4)
    predicted, true = rng.normal(size=400), rng.normal(size=400)
    assert certainty.rmse(predicted, true) == pytest.approx(root_mean_squared_error(true, predicted))
    assert certainty.mae(predicted, true) == pytest.approx(mean_absolute_error(true, predicted))
    said = rng.random(1000)
    came = (rng.random(1000) < said**2).astype(float)
    share, mean = calibration_curve(came, said, n_bins=10, strategy="quantile")
    found = certainty.bins(said, came)
    assert [one.said for one in found] == pytest.approx(
        mean, abs=2e-3
    )  # a case at a border may go either way
    assert [one.true for one in found] == pytest.approx(share, abs=0.011)
    assert certainty.calibration_error(found) == pytest.approx(np.abs(share - mean).mean(), abs=3e-3)
    rows = unit_rows(
        tfidf([" ".join(2 * letter for letter in rng.choice(list("abcdefgh"), 4)) for _ in range(20)])
    )
    top = np.array([rng.permutation(20)[:6] for _ in range(5)])
    for mark, row in zip(beyond.diversity(top, rows), top, strict=True):
        apart = cosine_distances(rows[row].toarray())
        assert mark == pytest.approx(apart[np.triu_indices(6, 1)].mean())


def test_gini_is_half_the_relative_mean_difference():
    top = np.random.default_rng(5).integers(0, 15, size=(40, 3))
    listed = np.bincount(top.ravel(), minlength=20)
    apart = np.abs(listed[:, None] - listed).mean()
    assert beyond.gini(top, 20) == pytest.approx(apart / (2 * listed.mean()))

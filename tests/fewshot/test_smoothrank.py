"""The smooth NDCG: its gradient against finite differences, its limit against the hard one, both by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewrec.fewshot import smoothrank
from fewrec.fewshot.episodes import K_SHOTS, Episode
from fewrec.fewshot.fusion import CENTRE, Fusion
from fewrec.fewshot.smoothrank import hard_ndcg, ideal_gain, pack_episodes, smooth_ndcg


def episode(scores: np.ndarray, positive: list[int], k_shot: int = 1, unseen: int = 0) -> Episode:
    """Candidates ``0 .. C - 1`` with these raw scores; ``unseen`` further positives are no candidates."""
    scores = np.asarray(scores, dtype=np.float32)
    hits = np.isin(np.arange(len(scores)), positive)
    return Episode(0, k_shot, np.arange(len(scores)), scores, hits, len(positive) + unseen)


def flat(level: list[float], slope: list[float] | None = None) -> Fusion:
    n = len(level)
    names = tuple(f"s{i}" for i in range(n))
    return Fusion(names, np.array(level), np.array(slope or [0.0] * n), np.ones((len(K_SHOTS), n)))


def some_episodes(seed: int, n: int = 6, n_signals: int = 3) -> list[Episode]:
    rng = np.random.default_rng(seed)
    result = []
    for _ in range(n):
        scores = rng.normal(size=(int(rng.integers(3, 40)), n_signals))
        positive = np.flatnonzero(rng.random(len(scores)) < 0.3)
        result.append(
            episode(scores, positive.tolist() or [0], int(rng.choice(K_SHOTS)), int(rng.integers(0, 3)))
        )
    return result


def test_the_best_possible_gain() -> None:
    assert ideal_gain(1) == 1
    assert ideal_gain(2) == pytest.approx(1 + 1 / np.log2(3))
    assert ideal_gain(10) == ideal_gain(500) == pytest.approx(4.5436, abs=1e-4)


def test_hard_ndcg_by_hand() -> None:
    # one signal ranks 2, 0, 1, 3: positives 0 and 3 stand second and fourth; the other way round first and third
    one = episode(np.array([[3.0], [2.0], [4.0], [1.0]]), [0, 3])
    ndcg, hits = hard_ndcg([one], [flat([1.0]), flat([-1.0])])
    ideal = 1 + 1 / np.log2(3)
    np.testing.assert_allclose(
        ndcg, [[(1 / np.log2(3) + 1 / np.log2(5)) / ideal, (1 + 1 / np.log2(4)) / ideal]]
    )
    assert hits.tolist() == [[2, 2]]


def test_only_ten_count_and_unseen_positives_are_missed() -> None:
    scores = -np.arange(12.0)[:, None]
    ndcg, hits = hard_ndcg([episode(scores, [10, 11]), episode(scores, [0], unseen=1)], [flat([1.0])])
    assert hits.ravel().tolist() == [0, 1]
    np.testing.assert_allclose(ndcg.ravel(), [0, 1 / ideal_gain(2)])


def test_weights_are_those_of_the_episodes_k() -> None:
    """A slope turns the first signal off at k = 10: the second decides there."""
    scores = np.array([[1.0, 0.0], [0.0, 1.0]])
    fusion = flat([1.0, 1.0], [-0.8, 0.8])
    ndcg, _ = hard_ndcg([episode(scores, [0], 1), episode(scores, [0], 10)], [fusion])
    np.testing.assert_allclose(ndcg.ravel(), [1, 1 / np.log2(3)])


def line_of(fusion: Fusion) -> np.ndarray:
    return np.stack([fusion.level, fusion.slope])


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_the_gradient_is_that_of_finite_differences(seed: int) -> None:
    episodes = some_episodes(seed)
    rng = np.random.default_rng(seed)
    packs = pack_episodes(episodes, flat([1.0, 0.2, 0.1]), CENTRE)
    line = rng.normal(size=(2, 3)) * 0.7
    _, gradient = smooth_ndcg(packs, line)
    step = 2e-3
    for row in range(2):
        for column in range(3):
            up, down = line.copy(), line.copy()
            up[row, column] += step
            down[row, column] -= step
            slope = (smooth_ndcg(packs, up)[0] - smooth_ndcg(packs, down)[0]) / (2 * step)
            assert gradient[row, column] == pytest.approx(slope, abs=5e-3 * max(1.0, np.abs(gradient).max()))


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_in_the_limit_it_is_the_hard_one(seed: int) -> None:
    episodes = some_episodes(seed)
    fusion = flat([1.0, 0.5, -0.3], [0.2, 0.0, 0.1])
    packs = pack_episodes(episodes, fusion, CENTRE)
    wanted = hard_ndcg(episodes, [fusion])[0].sum()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(smoothrank, "TEMPERATURE", 1e-6)
        patch.setattr(smoothrank, "EDGE", 1e-3)
        assert smooth_ndcg(packs, line_of(fusion))[0] == pytest.approx(wanted, abs=1e-3 * len(episodes))


def test_padding_and_packs_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    episodes = some_episodes(3, n=7)
    fusion = flat([1.0, 0.4, 0.3], [0.1, 0.0, 0.2])
    whole, slope = smooth_ndcg(pack_episodes(episodes, fusion, CENTRE), line_of(fusion))
    monkeypatch.setattr(smoothrank, "PACK", 3)
    packs = pack_episodes(episodes, fusion, CENTRE)
    assert [len(pack.features) for pack in packs] == [3, 3, 1]
    value, gradient = smooth_ndcg(packs, line_of(fusion))
    assert value == pytest.approx(whole, rel=1e-6)
    np.testing.assert_allclose(gradient, slope, rtol=1e-4, atol=1e-6)
    alone = [smooth_ndcg(pack_episodes([e], fusion, CENTRE), line_of(fusion))[0] for e in episodes]
    assert sum(alone) == pytest.approx(whole, rel=1e-6)


def test_episodes_are_cut_to_the_best_candidates_and_scaled() -> None:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=(200, 2))
    one = episode(scores, [5, 6, 7], k_shot=3)
    fusion = Fusion(("a", "b"), np.array([1.0, 0.0]), np.zeros(2), np.full((len(K_SHOTS), 2), 4.0))
    (pack,) = pack_episodes([one], fusion, CENTRE)
    assert pack.features.shape == (1, 80, 2)
    best = np.argsort(-scores[:, 0])[:80]
    np.testing.assert_allclose(pack.features[0], scores[best] / 4, rtol=1e-5)
    kept = [item for item in (5, 6, 7) if item in best]
    assert sorted(best[pack.positive[0][pack.is_positive[0]]].tolist()) == kept
    assert pack.ideal.tolist() == [ideal_gain(3)]  # those cut off still count as missed
    assert pack.log_k[0] == pytest.approx(np.log(3 / 4))


def test_ranking_positives_higher_is_better() -> None:
    scores = np.linspace(1, 0, 15)[:, None]
    values = [
        smooth_ndcg(pack_episodes([episode(scores, [at])], flat([1.0]), CENTRE), np.array([[1.0], [0.0]]))[0]
        for at in range(15)
    ]
    assert values == sorted(values, reverse=True)

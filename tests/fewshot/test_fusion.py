"""Learned weights: scales by hand, planted episodes, signs, and what happens where there is no evidence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fewrec.fewshot.episodes import K_SHOTS, Episode
from fewrec.fewshot.fusion import (
    CENTRE,
    LEAST_POPULARITY,
    SILENT,
    Fusion,
    fit_fusion,
    mean_fusion,
    measure_scales,
    prior_fusion,
)
from fewrec.fewshot.smoothrank import hard_ndcg
from fewrec.signals import Signal


def kinds(n_personal: int, free: Sequence[int] = (), priors: Sequence[float] | None = None) -> list[Signal]:
    """A popularity signal and ``n_personal`` personal ones, of which those in ``free`` may be negative."""
    signals: list[Signal] = [
        type("Popular", (Signal,), {"name": "popular", "prior": 1.3, "personal": False})()
    ]
    for i in range(n_personal):
        prior = 0.2 if priors is None else priors[i]
        signals.append(
            type("Personal", (Signal,), {"name": f"p{i}", "free_sign": i in free, "prior": prior})()
        )
    return signals


def planted(
    informs: Sequence[float], seed: int = 0, n_users: int = 40, n_candidates: int = 60, noise: float = 1.0
) -> list[Episode]:
    """Signal ``c`` is ``informs[c]`` for hidden positives, 0 for others, plus noise; one episode per user and k."""
    rng = np.random.default_rng(seed)
    result = []
    for user in range(n_users):
        for k_shot in K_SHOTS:
            positive = np.zeros(n_candidates, dtype=bool)
            positive[rng.permutation(n_candidates)[:6]] = True
            scores = positive[:, None] * np.array(informs) + noise * rng.normal(
                size=(n_candidates, len(informs))
            )
            result.append(
                Episode(user, k_shot, np.arange(n_candidates), scores.astype(np.float32), positive, 6)
            )
    return result


def fitted(episodes: list[Episode], signals: list[Signal]) -> Fusion:
    return fit_fusion(episodes, signals, prior_fusion(signals, measure_scales(episodes, len(signals))))


def scaled(fusion: Fusion, k_shot: float) -> np.ndarray:
    """Weights in units of the signals' standard deviations."""
    return fusion.weights(k_shot) * fusion.scale(k_shot)


def test_weights_lie_on_a_line_in_log_k_that_ends_at_one_and_ten() -> None:
    scales = np.array([[1.0, 2.0], [2.0, 2.0], [3.0, 2.0], [4.0, 2.0]])
    fusion = Fusion(("a", "b"), np.array([1.0, 0.5]), np.array([0.3, -0.1]), scales)
    np.testing.assert_allclose(fusion.weights(4), [1 / fusion.scale(4)[0], 0.25])
    np.testing.assert_allclose(scaled(fusion, 10), [1 + 0.3 * np.log(2.5), 0.5 - 0.1 * np.log(2.5)])
    np.testing.assert_allclose(scaled(fusion, 1), [1 - 0.3 * np.log(4), 0.5 + 0.1 * np.log(4)])
    np.testing.assert_allclose(scaled(fusion, 50), scaled(fusion, 10))
    np.testing.assert_allclose(fusion.weights(0), fusion.weights(1))


def test_scales_are_interpolated_and_grow_on_beyond_ten() -> None:
    scales = np.array([[1.0], [3.0], [5.0], [10.0]])  # sd proportional to k from 3 on
    fusion = Fusion(("a",), np.ones(1), np.zeros(1), scales)
    assert fusion.scale(1)[0] == pytest.approx(1)
    assert fusion.scale(3)[0] == pytest.approx(3)
    assert fusion.scale(2)[0] == pytest.approx(np.exp(np.log(2) / np.log(3) * np.log(3)))
    assert fusion.scale(40)[0] == pytest.approx(40)
    assert fusion.scale(0)[0] == fusion.scale(1)[0]


def test_scales_by_hand() -> None:
    def one(k_shot: int, scores: list[list[float]]) -> Episode:
        return Episode(0, k_shot, np.arange(2), np.array(scores, np.float32), np.array([True, False]), 1)

    # standard deviations at k = 1: 1 and 3 for the first signal, 0 for the second; at k = 5: 2 and 4
    episodes = [one(1, [[0, 5], [2, 5]]), one(1, [[0, 1], [6, 1]]), one(5, [[0, 0], [4, 8]])]
    found = measure_scales(episodes, 2)
    root = np.sqrt((1 + 9) / 2)
    # 3 lies between 1 and 5 in the list of k: the earlier one; 10 is nearest to 5
    np.testing.assert_allclose(found, [[root, 4], [root, 4], [2, 4], [2, 4]])


def test_a_signal_that_never_varied_has_no_say() -> None:
    episodes = [
        Episode(0, 1, np.arange(3), np.array([[1, 7], [2, 7], [3, 7]], "f4"), np.eye(3, dtype=bool)[0], 1)
    ]
    scales = measure_scales(episodes, 2)
    assert np.all(scales[:, 1] == SILENT)
    signals = kinds(1)
    assert fitted(episodes, signals).weights(1)[1] < 1e-6


def test_without_episodes_nothing_is_known() -> None:
    signals = kinds(2)
    assert np.array_equal(measure_scales([], 3), np.ones((len(K_SHOTS), 3)))
    prior = prior_fusion(signals, measure_scales([], 3))
    assert prior.level.tolist() == [1.3, 0.2, 0.2]
    assert prior.names == ("popular", "p0", "p1")
    assert fit_fusion([], signals, prior) is prior


@pytest.mark.parametrize("informing", [0, 1, 2, 3])
def test_the_one_signal_that_informs_gets_the_weight(informing: int) -> None:
    informs = [0.0] * 4
    informs[informing] = 2.0
    signals = kinds(3)
    fusion = fitted(planted(informs), signals)
    for k_shot in K_SHOTS:
        weights = scaled(fusion, k_shot)
        others = np.delete(weights, informing)
        assert weights[informing] > 1
        assert weights[informing] > 4 * np.abs(others).max()


def test_a_signal_may_inform_at_ten_only() -> None:
    few, many = planted([0, 0, 0], seed=1), planted([0, 2, 0], seed=2)
    episodes = [a if a.k_shot < 5 else b for a, b in zip(few, many, strict=True)]
    fusion = fitted(episodes, kinds(2))
    assert scaled(fusion, 10)[1] > 1
    assert scaled(fusion, 1)[1] < 0.3 * scaled(fusion, 10)[1]


@given(seed=st.integers(0, 10_000), informs=st.lists(st.floats(-2, 2), min_size=3, max_size=3))
@settings(max_examples=15, deadline=None)
def test_weights_are_never_negative_from_one_to_ten(seed: int, informs: list[float]) -> None:
    fusion = fitted(planted([0.5, *informs], seed, n_users=6, n_candidates=30), kinds(3))
    for k_shot in range(11):
        assert np.all(fusion.weights(k_shot) >= -1e-12)


def test_only_a_signal_of_unknown_sign_may_count_against() -> None:
    episodes = planted([0.0, -2.0, -2.0])
    weights = scaled(fitted(episodes, kinds(2, free=[1])), 3)
    assert abs(weights[1]) < 1e-9
    assert weights[2] < -1


def test_popularity_always_keeps_a_little_weight() -> None:
    """It tells the wrong thing here; it still decides where all else ties."""
    fusion = fitted(planted([-2.0, 2.0]), kinds(1))
    for k_shot in (0, 1, 4, 10, 30):
        assert scaled(fusion, k_shot)[0] == pytest.approx(LEAST_POPULARITY)


def test_the_prior_holds_where_evidence_is_weak() -> None:
    """Three users in a world of chance move weights less than half a prior standard deviation."""
    signals = kinds(2, priors=[0.4, 0.1])
    fusion = fitted(planted([0.0, 0.0, 0.0], n_users=3), signals)
    assert np.abs(fusion.level - [1.3, 0.4, 0.1]).max() < 0.25


def test_a_bold_weight_is_taken_only_where_episodes_speak_for_it() -> None:
    """Three users cannot move a weight from .2 to 1.5; they can choose between the two."""
    for informs, least, most in (((0.2, 0.0, 2.5), 1.0, 2.5), ((1.5, 0.0, 0.0), 0.0, 0.5)):
        episodes = planted(informs, n_users=3)
        plain, bold = kinds(2), kinds(2)
        bold[2].bold = 1.5  # type: ignore[misc]
        found = fitted(episodes, bold)
        assert least < found.level[2] < most
        if least:
            assert found.level[2] > fitted(episodes, plain).level[2] + 0.3
        else:
            assert np.array_equal(found.level, fitted(episodes, plain).level)


def test_a_loud_popularity_does_not_hide_what_informs() -> None:
    """At the prior's weights no positive comes near the top, and the smooth measure is flat there."""
    episodes = planted([-6.0, 4.0], noise=0.3, n_candidates=200)
    signals = kinds(1)
    prior = prior_fusion(signals, measure_scales(episodes, 2))
    assert hard_ndcg(episodes, [prior])[0].mean() < 0.01
    assert hard_ndcg(episodes, [fit_fusion(episodes, signals, prior)])[0].mean() > 0.95


def test_fitting_beats_the_prior_on_other_users_too() -> None:
    informs = [0.3, 1.0, 0.0, 0.7]
    signals = kinds(3, free=[1])
    known, others = planted(informs, seed=5), planted(informs, seed=6)
    prior = prior_fusion(signals, measure_scales(known, 4))
    ndcg = hard_ndcg(others, [prior, fit_fusion(known, signals, prior)])[0].mean(axis=0)
    assert ndcg[1] > ndcg[0] + 0.1


def test_the_unit_of_a_signal_does_not_matter() -> None:
    episodes = planted([0.3, 1.0, 0.5], n_users=10)
    louder = [Episode(e.user, e.k_shot, e.candidates, e.scores * np.array([1, 100, 1], "f4"), e.positive, 6)
              for e in episodes]  # fmt: skip
    signals = kinds(2)
    one, other = fitted(episodes, signals), fitted(louder, signals)
    np.testing.assert_allclose(other.level, one.level, atol=2e-3)
    np.testing.assert_allclose(other.weights(3)[1], one.weights(3)[1] / 100, rtol=1e-2)


def test_the_order_of_signals_does_not_matter() -> None:
    episodes = planted([0.3, 1.0, 0.5], n_users=10)
    signals, order = kinds(2), [2, 0, 1]
    turned = [Episode(e.user, e.k_shot, e.candidates, e.scores[:, order], e.positive, 6) for e in episodes]
    one, other = fitted(episodes, signals), fitted(turned, [signals[i] for i in order])
    np.testing.assert_allclose(other.level, one.level[order], atol=1e-2)
    assert other.names == tuple(one.names[i] for i in order)


def test_trust_turns_personal_weights_down_and_nothing_else() -> None:
    rng = np.random.default_rng(0)
    fusion = Fusion(("a", "b", "c"), rng.random(3), rng.random(3) / 5, np.ones((len(K_SHOTS), 3)))
    popularity = np.array([True, False, False])
    less = fusion.towards_popularity((0.35, 0.7), popularity)
    np.testing.assert_allclose(less.weights(1), fusion.weights(1) * [1, 0.35, 0.35])
    np.testing.assert_allclose(less.weights(10), fusion.weights(10) * [1, 0.7, 0.7])
    np.testing.assert_allclose(fusion.towards_popularity((1, 1), popularity).weights(4), fusion.weights(4))
    none = fusion.towards_popularity((0, 0), popularity)
    for k_shot in (0, 1, 4, 10, 100):
        np.testing.assert_allclose(none.weights(k_shot), fusion.weights(k_shot) * [1, 0, 0], atol=1e-12)


def test_the_mean_of_several_fits() -> None:
    scales = np.full((len(K_SHOTS), 2), 2.0)
    several = [Fusion(("a", "b"), np.array([i, 1.0]), np.array([0.0, i]), scales) for i in (1.0, 2.0, 6.0)]
    found = mean_fusion(several)
    np.testing.assert_allclose(found.level, [3, 1])
    np.testing.assert_allclose(found.slope, [0, 3])
    for k_shot in (1, CENTRE, 10):
        np.testing.assert_allclose(
            found.weights(k_shot), np.mean([f.weights(k_shot) for f in several], axis=0)
        )

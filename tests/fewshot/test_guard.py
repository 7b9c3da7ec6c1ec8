"""Personal evidence counts as far as it has earned it: chance is not trusted, a planted taste is."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fewrec.fewshot.episodes import K_SHOTS, Episode
from fewrec.fewshot.fusion import Fusion, mean_fusion, measure_scales, prior_fusion
from fewrec.fewshot.guard import FULL, PAIRS, STEPS, Trust, _believed, measure_trust
from fewrec.fewshot.smoothrank import hard_ndcg
from fewrec.signals import Signal


class Popular(Signal):
    name, prior, personal = "popular", 1.3, False


class Personal(Signal):
    name = "personal"


def made(
    popular: float, personal: dict[int, float] | float, seed: int = 0, n_users: int = 40, orders: int = 1
) -> list[Episode]:
    """How much higher a hidden positive stands in either signal, in units of the noise, by k."""
    rng = np.random.default_rng(seed)
    result = []
    for user in range(n_users):
        for _ in range(orders):
            for k_shot in K_SHOTS:
                much = personal[k_shot] if isinstance(personal, dict) else personal
                positive = np.zeros(50, dtype=bool)
                positive[rng.permutation(50)[:6]] = True
                scores = positive[:, None] * np.array([popular, much]) + rng.normal(size=(50, 2))
                result.append(Episode(user, k_shot, np.arange(50), scores.astype(np.float32), positive, 6))
    return result


def trust_in(episodes: list[Episode], seed: int = 0) -> Trust:
    signals = [Popular(), Personal()]
    return measure_trust(episodes, signals, prior_fusion(signals, measure_scales(episodes, 2)), seed)[0]


def test_chance_is_not_trusted() -> None:
    """Noise that is loud at the start, eight users: on others the guard saves most of what noise would cost."""
    signals: list[Signal] = [Popular(), type("Loud", (Personal,), {"prior": 3.0})()]
    popularity = np.array([True, False])
    trusts, ndcg = [], []
    for seed in range(3):
        known, others = made(1.5, 0.0, seed, n_users=8), made(1.5, 0.0, 100 + seed, n_users=30)
        trust, partial = measure_trust(known, signals, prior_fusion(signals, measure_scales(known, 2)), 0)
        fusion = mean_fusion(partial)
        steps = [fusion.towards_popularity(pair, popularity) for pair in ((0, 0), trust.value, FULL)]
        ndcg.append(hard_ndcg(others, steps)[0].mean(axis=0))
        trusts.append(trust.value)
    bestsellers, guarded, unguarded = np.mean(ndcg, axis=0)
    assert np.mean(trusts) <= 0.6  # the believed gain is whole from .5 on
    assert unguarded < bestsellers - 0.015
    assert guarded > bestsellers - 0.4 * (bestsellers - unguarded)


@pytest.mark.parametrize("seed", range(2))
def test_a_planted_taste_is_trusted(seed: int) -> None:
    trust = trust_in(made(0.5, 2.0, seed))
    assert min(trust.value) >= 0.7
    assert trust.gain > 0.3
    assert trust.gain > 5 * trust.error


def test_what_holds_at_ten_only_is_not_trusted_at_one() -> None:
    """At k = 1 the signal says the opposite of the truth; weights cannot follow a turn as sharp as this."""
    trust = trust_in(made(1.0, {1: -1.5, 3: -1.0, 5: 1.0, 10: 2.5}))
    assert trust.value[1] == 1.0
    assert trust.value[0] <= 0.5


def test_trust_never_falls_with_what_is_known() -> None:
    assert all(one <= ten for one, ten in PAIRS)
    assert PAIRS[0] == (0.0, 0.0)  # the bestseller list, which everything is compared with
    assert len(PAIRS) == len(set(PAIRS)) == len(STEPS) * (len(STEPS) + 1) // 2


def test_gain_error_and_hits_are_those_of_the_users_held_out() -> None:
    """The personal signal puts all six positives first, popularity none of them."""
    rng = np.random.default_rng(0)
    episodes = []
    for user in range(20):
        positive = np.arange(50) < 6
        scores = np.stack([-10.0 * positive, 10.0 * positive], axis=1) + 0.01 * rng.random((50, 2))
        episodes.append(Episode(user, 3, np.arange(50), scores.astype(np.float32), positive, 6))
    trust = trust_in(episodes)
    assert trust.value[1] == 1.0
    assert trust.gain == pytest.approx(1.0)
    assert trust.error == pytest.approx(0.0, abs=1e-9)
    assert trust.users == 20
    assert trust.hits == ((3, 6.0, 0.0),)


def test_the_error_is_the_spread_over_users() -> None:
    """The personal signal solves every other user's episode and says nothing of the rest."""
    rng = np.random.default_rng(0)
    episodes = []
    for user in range(20):
        positive = np.arange(50) < 6
        personal = 10.0 * positive if user % 2 else np.zeros(50)
        scores = np.stack([-10.0 * positive, personal], axis=1) + 0.01 * rng.random((50, 2))
        episodes.append(Episode(user, 3, np.arange(50), scores.astype(np.float32), positive, 6))
    trust = trust_in(episodes)
    gains = np.arange(20) % 2
    assert trust.gain == pytest.approx(0.5)
    assert trust.error == pytest.approx(gains.std(ddof=1) / np.sqrt(20))


def test_the_error_is_clustered_by_user() -> None:
    """Many episodes of the same users are not many users: repeating each leaves the error as it is."""
    once = made(1.0, 0.8, n_users=15)
    one, often = trust_in(once), trust_in(once * 4)
    assert often.users == one.users == 15
    # more evidence against the prior moves weights, and with them the error, a little; sqrt(4) would halve it
    assert often.error > 0.75 * one.error


def test_few_users_are_believed_less_than_many() -> None:
    """The same modest gain: five lucky users need not be right, and some prior belief is left to them."""
    noise = [trust_in(made(1.5, 0.0, seed, n_users=3)).value for seed in range(5)]
    assert 0.0 < np.mean(noise) < 1.0


def test_what_is_believed_beforehand() -> None:
    gain, loss = dict(zip(PAIRS, _believed(0.3), strict=True)), dict(zip(PAIRS, _believed(0.0), strict=True))
    assert gain[0.0, 0.0] == loss[0.0, 0.0] == 0
    assert gain[0.5, 0.5] == gain[1.0, 1.0] == pytest.approx(0.07)
    assert gain[0.0, 1.0] == pytest.approx(0.035)  # a gain wants half trust at both ends
    assert (
        loss[0.0, 1.0] == loss[0.5, 0.5] == loss[1.0, 1.0] == pytest.approx(-0.02)
    )  # a loss their mean alone
    assert loss[0.0, 0.5] == pytest.approx(-0.01)


def test_nobody_to_compare_with() -> None:
    signals = [Popular(), Personal()]
    prior = prior_fusion(signals, measure_scales([], 2))
    for episodes in ([], made(1.0, 1.0, n_users=1)):
        trust, fusions = measure_trust(episodes, signals, prior, 0)
        assert (trust.value, trust.gain, trust.hits, fusions) == (FULL, 0.0, (), [])
    no_popularity = made(1.0, 1.0, n_users=5)
    personal: list[Signal] = [Personal(), type("Other", (Personal,), {"name": "other"})()]
    assert measure_trust(no_popularity, personal, prior_fusion(personal, np.ones((4, 2))), 0)[0].value == FULL


def test_every_user_is_held_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights for a user's comparison are fitted without that user."""
    fitted: list[set[int]] = []

    def spy(episodes: list[Episode], signals: list[Signal], prior: Fusion) -> Fusion:
        fitted.append({episode.user for episode in episodes})
        return prior

    monkeypatch.setattr("fewrec.fewshot.guard.fit_fusion", spy)
    trust_in(made(1.0, 1.0, n_users=13))
    assert len(fitted) == 5
    held = [user for users in fitted for user in set(range(13)) - users]
    assert sorted(held) == list(range(13))


def test_the_same_seed_the_same_trust() -> None:
    episodes = made(1.0, 0.4, n_users=6)
    assert trust_in(episodes) == trust_in(episodes)


def test_trust_survives_json() -> None:
    trust = trust_in(made(1.0, 1.0, n_users=6))
    assert Trust.from_dict(json.loads(json.dumps(trust.to_dict()))) == trust


def test_hits_of_the_nearest_k_from_below() -> None:
    trust = Trust(FULL, 0.0, 0.0, 9, ((1, 2.0, 1.0), (5, 3.0, 1.5)))
    assert [trust.hits_at(k) for k in (0, 1, 4, 5, 80)] == [(1, 2.0, 1.0)] * 3 + [(5, 3.0, 1.5)] * 2
    assert Trust(FULL, 0.0, 0.0, 9, ((3, 2.0, 1.0),)).hits_at(1) == (3, 2.0, 1.0)
    assert Trust(FULL, 0.0, 0.0, 0).hits_at(3) is None

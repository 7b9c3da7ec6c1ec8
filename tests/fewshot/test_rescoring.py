"""A rater's weight at the top of the list: earned where it helps, none where it says nothing, in its time."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fewrec.fewshot.episodes import K_SHOTS, Episode
from fewrec.fewshot.fusion import Fusion
from fewrec.fewshot.rescoring import GRID, Rescoring, learn_rescoring

FUSION = Fusion(("only",), np.ones(1), np.zeros(1), np.ones((len(K_SHOTS), 1)))
N_ITEMS = 40


def made(seed: int = 0, n_users: int = 60, disliked: int = 0) -> list[Episode]:
    """Six hidden likes among 40 items, half a standard deviation above the others in the only signal."""
    rng = np.random.default_rng(seed)
    episodes = []
    for user in range(n_users):
        for k_shot in K_SHOTS:
            positive = np.zeros(N_ITEMS, dtype=bool)
            positive[rng.permutation(N_ITEMS)[:6]] = True
            scores = (0.5 * positive + rng.normal(size=N_ITEMS)).astype(np.float32)[:, None]
            episodes.append(
                Episode(
                    user, k_shot, np.arange(N_ITEMS), scores, positive, 6,
                    disliked=np.arange(N_ITEMS, N_ITEMS + disliked),
                )
            )  # fmt: skip
    return episodes


def knowing(much: float, seed: int = 0, asked: list | None = None):
    """A rater whose log-odds are ``much`` standard deviations higher for hidden likes."""
    rng = np.random.default_rng(seed)

    def rate(episode, items, seconds):
        if asked is not None:
            asked.append((episode.user, episode.k_shot, len(items)))
        liked = np.isin(items, episode.candidates[episode.positive])
        return much * liked + rng.normal(size=len(items))

    return rate


def learned(rate, episodes=None, **settings) -> Rescoring:
    given = {"rater": "planted", "top": 20, "most_users": 60, "seconds": 1e6, "seed": 0}
    return learn_rescoring(made() if episodes is None else episodes, FUSION, rate, **(given | settings))


def test_a_rater_that_knows_earns_weight():
    found = learned(knowing(2.0))
    assert found.weight >= 0.7
    assert found.gain > 5 * found.error > 0
    assert "earned the weight" in str(found)


@pytest.mark.slow
def test_noise_earns_nothing_but_by_chance():
    earned = [learned(knowing(0.0, seed), made(seed), seed=seed).weight > 0 for seed in range(200)]
    # 1 time in 20 is 10 of 200, with a standard deviation of 3.1: three of them above.
    assert sum(earned) <= 19


def test_a_rater_that_says_the_opposite_earns_nothing():
    found = learned(knowing(-2.0))
    assert found.weight == 0
    assert "earned no weight" in str(found)
    assert found.chance is not None
    assert found.chance[1] == 0


def test_a_rater_that_says_one_thing_of_all_earns_nothing():
    found = learned(lambda episode, items, seconds: np.zeros(len(items)))
    assert (found.weight, found.gain) == (0.0, 0.0)


def test_one_episode_of_each_user_is_rated_at_all_sizes():
    asked: list = []
    found = learned(knowing(1.0, asked=asked), most_users=30)
    users = [user for user, _, _ in asked]
    assert len(users) == len(set(users)) == found.users <= 30
    assert {k for _, k, _ in asked} == set(K_SHOTS)
    assert found.ratings == 20 * found.users  # the top alone
    assert not found.stopped


def test_time_is_kept():
    now = [0.0]

    def rate(episode, items, seconds):
        if seconds < 7:
            return None
        now[0] += 7.0
        return knowing(3.0)(episode, items, seconds)

    found = learned(rate, seconds=100.0, clock=lambda: now[0])
    assert found.users == 14  # 14 x 7 = 98, and then 2 seconds are too few
    assert found.stopped
    assert "then time was up" in str(found)


def test_few_users_prove_nothing():
    found = learned(knowing(5.0), made(n_users=8))
    assert found.weight == 0
    assert "too few past users to prove anything" in str(found)
    nobody = learned(knowing(5.0), [])
    assert (nobody.users, nobody.weight, nobody.chance) == (0, 0.0, None)


def test_the_top_exchanges_its_scores():
    found = Rescoring("r", 3, 1.0, 1.0, 1.0, 0.0, 0.0, 20, 400, 1.0, False)
    # 3 + 0, 2 + 2, 1 + 1: the second comes first, the third stays last.
    assert found.reordered(np.array([3.0, 2.0, 1.0]), np.array([0.0, 2.0, 1.0])).tolist() == [2.0, 3.0, 1.0]


numbers = st.floats(-50, 50)


@given(fused=hnp.arrays(np.float64, 7, elements=numbers), rated=hnp.arrays(np.float64, 7, elements=numbers))
def test_the_same_scores_stay_at_the_top(fused, rated):
    rescoring = Rescoring("r", 7, 0.7, 1.3, 2.0, 0.0, 0.0, 20, 400, 1.0, False)
    assert sorted(rescoring.reordered(fused, rated)) == sorted(fused)


def test_chances_are_calibrated_on_what_was_met():
    found = learned(knowing(2.0), made(disliked=8))
    # Likes are rated N(2, 1), dislikes N(0, 1): the true log-odds are 2 r - 2 plus those of the counts. The slope is
    # held near 0 by its prior, and has a standard error of some .2 here.
    assert found.chance is not None
    assert found.chance[1] == pytest.approx(2.0, abs=0.5)
    chances = found.chance_of(np.array([-2.0, 1.0, 4.0]))
    assert chances[0] < 0.1 < 0.9 < chances[2]


def test_chances_match_how_often_it_was_liked():
    found = learned(knowing(1.0))
    rng = np.random.default_rng(9)
    liked = rng.random(20_000) < 0.22  # about the share of likes among the top 20 of 40
    rated = liked + rng.normal(size=20_000)
    chances = found.chance_of(rated)
    high = chances > np.quantile(chances, 0.8)
    assert chances[high].mean() == pytest.approx(liked[high].mean(), abs=0.12)


def test_the_same_seed_gives_the_same_weight():
    assert learned(knowing(1.0, 3), seed=4, clock=lambda: 0.0) == learned(
        knowing(1.0, 3), seed=4, clock=lambda: 0.0
    )


def test_it_survives_json():
    for found in (learned(knowing(2.0)), learned(knowing(2.0), [])):
        assert Rescoring.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_no_weight_is_among_the_weights():
    assert GRID[0] == 0

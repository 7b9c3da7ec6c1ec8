"""Probabilities: planted logistic worlds are recovered, order is kept, tiny data fall back in the open."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from fewrec.errors import ConfigError, StoreError
from fewrec.fewshot.calibration import RATED, Calibration
from fewrec.fewshot.episodes import K_SHOTS, Episode, draw_episodes
from fewrec.fewshot.fusion import Fusion, measure_scales, prior_fusion
from fewrec.fewshot.posterior import HeldOutPosteriors, RatingPosterior
from fewrec.signals import Exposure, GraphWide, Popularity, Signal, TrainingData

ITEMS = 400
FUSION = Fusion(("a", "b"), np.array([0.7, 0.3]), np.zeros(2), np.ones((len(K_SHOTS), 2)))


def training(n_users, n_items=ITEMS, explicit=False, share=0.05, seed=0, liked=0.6):
    rng = np.random.default_rng(seed)
    seen = sp.csr_matrix((rng.random((n_users, n_items)) < share).astype(np.float32))
    likes = seen.copy()
    if explicit:
        likes.data = (rng.random(seen.nnz) < liked).astype(np.float32)
        likes.eliminate_zeros()
    return TrainingData(liked=likes, seen=seen, explicit=explicit)


def event_episodes(n_users, truth, seed=0, taken=80):
    """Episodes of a world where log odds of an event are ``truth(fused, log k)``; candidates as the library's."""
    rng = np.random.default_rng(seed)
    result = []
    for user in range(n_users):
        for k in K_SHOTS:
            scores = rng.normal(size=(ITEMS, 2)).astype(np.float32)
            fused = scores @ FUSION.weights(k)
            happened = rng.random(ITEMS) < expit(truth(fused, np.log(k)))
            certain = happened | (fused >= np.sort(fused)[-30])
            by_chance = ~certain & (rng.random(ITEMS) < taken / ITEMS)
            at = np.flatnonzero(certain | by_chance)
            weight = np.where(by_chance[at], (ITEMS - certain.sum()) / max(by_chance.sum(), 1), 1.0)
            result.append(Episode(user, k, at, scores[at], happened[at], int(happened.sum()), weight=weight))
    return result


def flat_posterior(n_items, strength=1.0):
    """A rating model of no text and two habits, on a scale around 0."""
    rng = np.random.default_rng(1)
    return RatingPosterior(
        factors=(strength * rng.normal(size=(n_items, 2))).astype(np.float32),
        mean=rng.normal(0, 1.0, n_items),
        own=np.full(n_items, 0.1),
        noise=1.0,
        scale=(-5.0, 5.0),
        threshold=0.0,
        strengths=np.ones(5),
        newcomer=np.zeros((1, 4)),
    )


def rated_world(n_users, truth, seed=0, n_items=ITEMS, rated=45):
    """``(episodes, held-out posteriors, ratings)``: likes are drawn by ``truth(probit, standing)``."""
    rng = np.random.default_rng(seed)
    posterior = flat_posterior(n_items)
    table = np.zeros((n_users, n_items))
    episodes = []
    for user in range(n_users):
        items = rng.permutation(n_items)[:rated]
        table[user, items] = rng.normal(size=rated) + 3  # never 0, so that every one is stored
        for k in K_SHOTS:
            shown, hidden = items[:k], np.sort(items[k:])
            scores = rng.normal(size=(n_items, 2)).astype(np.float32)
            fused = scores @ FUSION.weights(k)
            standing = (fused - fused.mean()) / fused.std()
            probit = posterior.probit(*posterior.predict(shown, table[user, shown], hidden))
            likes = hidden[rng.random(len(hidden)) < expit(truth(probit, standing[hidden]))]
            others = np.setdiff1d(hidden, likes)
            at = np.setdiff1d(np.arange(n_items), np.concatenate([shown, others]))
            episodes.append(
                Episode(
                    user=user,
                    k_shot=k,
                    candidates=at,
                    scores=scores[at],
                    positive=np.isin(at, likes),
                    n_positive=len(likes),
                    weight=np.ones(len(at)),
                    shown=shown,
                    disliked=others,
                    disliked_scores=scores[others],
                )
            )
    return episodes, HeldOutPosteriors((posterior,), np.zeros(n_users, np.intp)), sp.csr_matrix(table)


def calibration_error(said, true, bins=10):
    order = np.argsort(said, kind="stable")
    parts = np.array_split(order, bins)
    return sum(len(part) * abs(said[part].mean() - true[part].mean()) for part in parts) / len(said)


@pytest.mark.parametrize(("intercept", "slope"), [(-4.0, 1.0), (-3.0, 0.4), (-5.0, 2.0)])
def test_events_happen_as_often_as_said(intercept, slope):
    def truth(fused, log_k):
        return intercept + slope * fused / 0.76 + 0.1 * log_k

    model = Calibration.fit(event_episodes(60, truth), FUSION, training(60))
    rng = np.random.default_rng(5)
    for k in (1, 10):
        fused = rng.normal(size=(80, ITEMS, 2)) @ FUSION.weights(k)
        true = expit(truth(fused, np.log(k)))
        said = model.probability(fused, np.full(80, k))
        assert said.mean() == pytest.approx(true.mean(), rel=0.15)
        assert calibration_error(said.ravel(), true.ravel()) < 0.02
        top = np.argsort(-fused, axis=1)[:, :10]
        assert np.take_along_axis(said, top, 1).mean() == pytest.approx(
            np.take_along_axis(true, top, 1).mean(), rel=0.35
        )


def test_the_base_rate_does_not_depend_on_how_many_were_drawn_by_chance():
    def truth(fused, log_k):
        return -4 + fused

    few = Calibration.fit(event_episodes(60, truth, taken=20), FUSION, training(60))
    many = Calibration.fit(event_episodes(60, truth, taken=300), FUSION, training(60))
    fused = np.random.default_rng(2).normal(size=(40, ITEMS))
    one, other = (model.probability(fused, np.full(40, 3)).mean() for model in (few, many))
    assert one == pytest.approx(other, rel=0.2)


@pytest.mark.parametrize("coefficients", [(0.0, 1.7, 0.0), (-0.8, 1.0, 0.5), (0.5, 2.5, 0.0)])
def test_a_planted_logistic_is_recovered(coefficients, monkeypatch):
    c0, c1, c2 = coefficients
    episodes, held_out, ratings = rated_world(60, lambda probit, z: c0 + c1 * probit + c2 * z)
    data = training(60, explicit=True)
    believing = Calibration.fit(episodes, FUSION, data, held_out, ratings)
    # These people differ in nothing but chance, so that every rating may count in full.
    plain = replace(RATED, precision=(0.1, 0.1, 0.1), tilt=0.1, per_user=40.0)
    monkeypatch.setattr("fewrec.fewshot.calibration.RATED", plain)
    model = Calibration.fit(episodes, FUSION, data, held_out, ratings)
    assert model.users == 60
    assert model.fallback is None
    found = model.ends[1:].mean(axis=0)
    np.testing.assert_allclose(found, coefficients, atol=0.15)
    # With the usual prior the answer lies between it and this one.
    between = np.sort([found, RATED.level], axis=0)
    slack = 0.1
    assert np.all(believing.ends[1:].mean(axis=0) >= between[0] - slack)
    assert np.all(believing.ends[1:].mean(axis=0) <= between[1] + slack)
    fresh, held_out, ratings = rated_world(20, lambda probit, z: c0 + c1 * probit + c2 * z, seed=9)
    said, true = [], []
    for episode in fresh:
        user, shown = episode.user, episode.shown
        fused = np.zeros(ITEMS)
        fused[episode.candidates] = episode.scores @ FUSION.weights(episode.k_shot)
        fused[episode.disliked] = episode.disliked_scores @ FUSION.weights(episode.k_shot)
        posterior = held_out.of(user)
        probit = posterior.probit(*posterior.predict(shown, ratings[user].toarray()[0, shown]))
        probability = model.probability(fused[None], np.array([episode.k_shot]), probit[None])[0]
        likes = episode.candidates[episode.positive]
        said.append(probability[np.concatenate([likes, episode.disliked])])
        true.append(np.arange(len(likes) + len(episode.disliked)) < len(likes))
    assert calibration_error(np.concatenate(said), np.concatenate(true)) < 0.04


@pytest.mark.parametrize("always", [True, False], ids=["all likes", "no likes"])
def test_constants_do_not_blow_up(always):
    level = 60.0 if always else -60.0
    episodes, held_out, ratings = rated_world(12, lambda probit, z: np.full(len(probit), level))
    data = training(12, explicit=True, liked=1.0 if always else 0.0)
    model = Calibration.fit(episodes, FUSION, data, held_out, ratings, np.array([False, True]))
    assert np.all(np.isfinite(model.ends))
    said = model.probability(np.zeros((2, 5)), np.array([0, 3]), np.zeros((2, 5)))
    assert np.all((said > 0.5) & (said < 1) if always else (said < 0.5) & (said > 0))


@pytest.mark.parametrize("level", [-60.0, 60.0], ids=["nothing happens", "everything happens"])
def test_constant_events_do_not_blow_up(level):
    episodes = event_episodes(5, lambda fused, log_k: np.full(len(fused), level))
    model = Calibration.fit(episodes, FUSION, training(5))
    said = model.probability(np.random.default_rng(0).normal(size=(3, ITEMS)), np.array([0, 1, 10]))
    assert np.all(np.isfinite(said))
    assert np.all((said >= 0) & (said <= 1))
    assert (said.mean() > 0.5) == (level > 0) or model.base_rate < 0.5


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.integers(0, 40), n_items=st.integers(1, 60))
def test_a_higher_score_never_means_a_lower_probability(events_model, ratings_model, seed, k, n_items):
    rng = np.random.default_rng(seed)
    scores = np.round(rng.normal(size=(1, n_items)) * rng.choice([0.01, 1, 100]), rng.integers(0, 4))
    order = np.argsort(scores[0], kind="stable")
    said = events_model.probability(scores, np.array([k]))[0]
    assert np.all((said >= 0) & (said <= 1))
    assert np.all(np.diff(said[order]) >= -1e-12)
    same = np.diff(scores[0][order]) == 0
    assert np.all(np.diff(said[order])[same] == 0)
    rated = ratings_model.probability(scores, np.array([k]), np.zeros((1, n_items)))[0]
    assert np.all(np.diff(rated[order]) >= -1e-12)
    by_probit = ratings_model.probability(np.zeros((1, n_items)), np.array([k]), scores)[0]
    assert np.all(np.diff(by_probit[order]) >= -1e-12)


@pytest.fixture(scope="module")
def events_model():
    episodes = event_episodes(30, lambda fused, log_k: -3 + 1.5 * fused - 0.2 * log_k)
    return Calibration.fit(episodes, FUSION, training(30), personal=np.array([True, False]))


@pytest.fixture(scope="module")
def ratings_model():
    episodes, held_out, ratings = rated_world(30, lambda probit, z: 0.3 + probit + 0.4 * z)
    data = training(30, explicit=True)
    return Calibration.fit(episodes, FUSION, data, held_out, ratings, np.array([True, False]))


def test_a_batch_gives_what_its_rows_give_alone(events_model, ratings_model):
    rng = np.random.default_rng(1)
    scores, probit, k = rng.normal(size=(3, 50)), rng.normal(size=(3, 50)), np.array([0, 2, 30])
    for model, extra in ((events_model, None), (ratings_model, probit)):
        batch = model.probability(scores, k, extra)
        assert batch.shape == (3, 50)
        for row in range(3):
            part = None if extra is None else extra[row : row + 1]
            alone = model.probability(scores[row : row + 1], k[row : row + 1], part)
            np.testing.assert_array_equal(batch[row], alone[0])
            items = np.array([7, 3])
            few = model.probability_of(
                scores[row], k[row], items, None if extra is None else extra[row, items]
            )
            np.testing.assert_array_equal(few, batch[row, items])


def test_permuting_items_permutes_the_answer(events_model):
    rng = np.random.default_rng(2)
    scores, mixed = rng.normal(size=(1, 80)), rng.permutation(80)
    np.testing.assert_allclose(
        events_model.probability(scores[:, mixed], np.array([3])),
        events_model.probability(scores, np.array([3]))[:, mixed],
        rtol=1e-12,
    )


def test_what_cannot_be_scored_has_no_probability(events_model):
    scores = np.array([[0.3, np.nan, 1.0], [np.nan] * 3])
    said = events_model.probability(scores, np.array([1, 1]))
    np.testing.assert_array_equal(np.isnan(said), np.isnan(scores))
    np.testing.assert_allclose(
        said[0, [0, 2]], events_model.probability(scores[:1, [0, 2]], np.array([1]))[0]
    )


def test_coefficients_run_from_k_1_to_10_and_stay(events_model):
    scores = np.random.default_rng(3).normal(size=(1, 100))
    said = {k: events_model.probability(scores, np.array([k]))[0] for k in (1, 3, 10, 11, 500)}
    np.testing.assert_array_equal(said[10], said[11])
    np.testing.assert_array_equal(said[10], said[500])
    between = np.sort(np.stack([said[1], said[10]]), axis=0)
    assert np.all((said[3] >= between[0] - 1e-12) & (said[3] <= between[1] + 1e-12))


def test_nothing_known_is_judged_by_what_bestsellers_are_worth():
    # The first signal decides, the second, all that is left for a stranger of whom nothing is known, is noise.
    rng = np.random.default_rng(4)
    fusion = Fusion(("a", "b"), np.array([1.0, 1.0]), np.zeros(2), np.ones((len(K_SHOTS), 2)))
    episodes = []
    for user in range(40):
        for k in K_SHOTS:
            scores = rng.normal(size=(ITEMS, 2)).astype(np.float32)
            happened = rng.random(ITEMS) < expit(-4 + 3 * scores[:, 0])
            episodes.append(
                Episode(
                    user,
                    k,
                    np.arange(ITEMS),
                    scores,
                    happened,
                    int(happened.sum()),
                    weight=np.ones(ITEMS),
                )
            )
    model = Calibration.fit(episodes, fusion, training(40), personal=np.array([True, False]))
    naive = Calibration.fit(episodes, fusion, training(40))
    rate = np.mean([episode.positive.mean() for episode in episodes])
    scores = rng.normal(size=(20, ITEMS))
    top = np.sort(model.probability(scores, np.zeros(20, int)), axis=1)[:, -10:].mean()
    assert top == pytest.approx(rate, rel=0.25)
    assert np.sort(naive.probability(scores, np.zeros(20, int)), axis=1)[:, -10:].mean() > 2 * rate
    one = np.ones(20, int)
    np.testing.assert_allclose(model.probability(scores, one), naive.probability(scores, one))


def test_too_few_people_fall_back_in_the_open():
    data = training(1, share=0.1)
    model = Calibration.fit([], FUSION, data)
    assert model.fallback == "how often people take any item"
    assert model.users == 0
    said = model.probability(np.random.default_rng(0).normal(size=(2, ITEMS)), np.array([0, 5]))
    np.testing.assert_allclose(said, (data.liked.nnz + 0.5) / (ITEMS + 1))

    episodes, held_out, ratings = rated_world(1, lambda probit, z: probit)
    rated = Calibration.fit(episodes, FUSION, training(1, explicit=True), held_out, ratings)
    assert rated.fallback == "the rating model alone"
    probit = np.linspace(-3, 3, 7)[None]
    said = rated.probability(np.zeros((1, 7)), np.array([1]), probit)
    posterior = held_out.of(0)
    latent = posterior.threshold + probit * np.sqrt(2.0)  # variance 1 and noise 1
    np.testing.assert_allclose(said, posterior.like_probability(latent, np.ones((1, 7))), atol=0.011)


def test_two_users_are_heard_but_not_believed():
    episodes, held_out, ratings = rated_world(2, lambda probit, z: np.full(len(probit), -60.0))
    model = Calibration.fit(episodes, FUSION, training(2, explicit=True), held_out, ratings)
    assert model.users == 2
    assert model.fallback is None
    said = model.probability(np.zeros((1, 1)), np.array([1]), np.zeros((1, 1)))[0, 0]
    assert 0.4 < said < 0.5  # both disliked everything; two people are not everybody


def test_same_answer_from_the_same_episodes_and_signals_of_the_library():
    rng = np.random.default_rng(6)
    taste = rng.random((40, 1)) < 0.5
    side = np.arange(60)[None] < 30
    stars = np.where(taste == side, 4.5, 2.0) + rng.normal(0, 0.5, (40, 60))
    rated = rng.random((40, 60)) < 0.5
    values = sp.csr_matrix(np.where(rated, np.clip(np.round(stars), 1, 5), 0))
    liked = values.copy()
    liked.data = (values.data >= 4).astype(np.float64)
    liked.eliminate_zeros()
    seen = values.copy()
    seen.data[:] = 1
    data = TrainingData(liked=liked.astype(np.float32), seen=seen.astype(np.float32), explicit=True)

    def make() -> list[Signal]:
        return [Popularity(), GraphWide(), Exposure()]

    names = [signal.name for signal in make()]
    episodes = draw_episodes(data, make, names, seed=0)
    fusion = prior_fusion(make(), measure_scales(episodes, 3))
    _, held_out = RatingPosterior.fit_with_folds(values, liked_at=4.0, scale=(1, 5))
    personal = np.array([signal.personal for signal in make()])
    one, two = (Calibration.fit(episodes, fusion, data, held_out, values, personal) for _ in range(2))
    np.testing.assert_array_equal(one.ends, two.ends)
    assert one.users == len({episode.user for episode in episodes})
    for episode in episodes[:40]:
        assert set(episode.shown) | set(episode.disliked) <= set(seen[episode.user].indices)
        if episode.weight.max() > 1:  # else nothing is there by chance
            assert episode.weight.sum() == pytest.approx(60 - episode.k_shot)
        assert not set(episode.disliked) & set(liked[episode.user].indices)
        assert episode.disliked_scores.shape == (len(episode.disliked), 3)


def test_saved_arrays_bring_it_back(events_model, ratings_model):
    for model in (events_model, ratings_model):
        again = Calibration.from_arrays(model.to_arrays())
        assert (again.explicit, again.base_rate, again.users) == (
            model.explicit,
            model.base_rate,
            model.users,
        )
        np.testing.assert_array_equal(again.ends, model.ends)


def test_wrong_calls_are_named(events_model, ratings_model):
    with pytest.raises(ConfigError, match="ratings and their held-out posteriors are needed"):
        Calibration.fit([], FUSION, training(3, explicit=True))
    with pytest.raises(ConfigError, match="needs probits"):
        ratings_model.probability(np.zeros((1, 3)), np.array([1]))
    with pytest.raises(ConfigError, match="takes no probits"):
        events_model.probability(np.zeros((1, 3)), np.array([1]), np.zeros((1, 3)))
    arrays = events_model.to_arrays()
    with pytest.raises(StoreError, match="there is no array 'users'"):
        Calibration.from_arrays({name: value for name, value in arrays.items() if name != "users"})
    with pytest.raises(StoreError, match="the coefficients do not fit"):
        Calibration.from_arrays({**arrays, "ends": np.zeros((2, 3))})

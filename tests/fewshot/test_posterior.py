"""The rating posterior against the plain dense formula, and on worlds whose truth is known."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from fewrec.errors import ConfigError, DataError, StoreError
from fewrec.fewshot.evidence import Stranger, fit_strengths
from fewrec.fewshot.posterior import RatingPosterior
from fewrec.fewshot.ratingstats import item_statistics, unit_of

LEVEL = 0.8


def planted(seed, n_users=80, n_items=60, rank=2, noise=0.5, text=True, share=0.5):
    """Ratings of a known linear world: ``(ratings csr, dense truth, view)``."""
    rng = np.random.default_rng(seed)
    taste = rng.normal(size=(n_users, rank))
    traits = rng.normal(size=(n_items, rank)) / np.sqrt(rank)
    truth = 5 + rng.normal(0, 0.7, n_items) + rng.normal(0, 0.5, (n_users, 1)) + taste @ traits.T
    rated = rng.random((n_users, n_items)) < share
    rated[:, 0] |= ~rated.any(axis=1)
    values = truth + rng.normal(0, noise, truth.shape)
    row, column = np.nonzero(rated)
    ratings = sp.csr_matrix((values[row, column], (row, column)), shape=truth.shape)
    view = traits @ rng.normal(size=(rank, 8)) + 0.1 * rng.normal(size=(n_items, 8))
    view /= np.linalg.norm(view, axis=1, keepdims=True)
    return ratings, values, view.astype(np.float32) if text else None


@pytest.fixture(scope="module")
def model():
    ratings, _, view = planted(0)
    return RatingPosterior.fit(ratings, view, liked_at=6.0)


def dense(model, items, ratings):
    """Mean and full covariance of the latent ratings of all items by the textbook formula, in float64."""
    factors = model.factors.astype(np.float64)
    prior = factors @ factors.T + np.diag(model.own)
    if len(items) == 0:
        return model.mean, prior
    gain = prior[:, items] @ np.linalg.inv(prior[np.ix_(items, items)] + model.noise * np.eye(len(items)))
    return model.mean + gain @ (ratings - model.mean[items]), prior - gain @ prior[items]


@pytest.mark.parametrize("size", [1, 3, 5, 6, 7, 12, 40, 60])
def test_prediction_is_the_dense_formula(model, size):
    rng = np.random.default_rng(size)
    items, ratings = rng.permutation(60)[:size], rng.normal(5, 2, size)
    mean, variance = model.predict(items, ratings)
    expected, covariance = dense(model, items, ratings)
    np.testing.assert_allclose(mean, expected, atol=1e-4)
    np.testing.assert_allclose(variance, np.diag(covariance), rtol=1e-4, atol=1e-5)


def test_both_ways_of_solving_were_compared(model):
    # The S x S way up to half the number of factors, the R x R way above: the sizes above lie on both sides.
    assert 5 < model.factors.shape[1] < 2 * 60


def test_no_support_gives_the_prior(model):
    mean, variance = model.predict(np.zeros(0, dtype=np.intp), np.zeros(0))
    np.testing.assert_array_equal(mean, model.mean)
    np.testing.assert_allclose(variance, model.prior_variance(), rtol=1e-12)
    np.testing.assert_allclose(variance, np.diag(dense(model, [], [])[1]), rtol=1e-5)


def test_prior_covariance_is_positive_definite_without_jitter(model):
    assert np.linalg.eigvalsh(dense(model, [], [])[1]).min() > 0


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.integers(1, 50))
def test_one_more_rating_never_adds_variance(model, seed, size):
    rng = np.random.default_rng(seed)
    items, ratings = rng.permutation(60)[:size], rng.normal(5, 3, size)
    _, fewer = model.predict(items[:-1], ratings[:-1])
    _, more = model.predict(items, ratings)
    assert np.all(more <= fewer * (1 + 1e-5) + 1e-7)
    assert np.all(more > 0)


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), size=st.integers(0, 40))
def test_order_and_company_change_nothing(model, seed, size):
    rng = np.random.default_rng(seed)
    items, ratings = rng.permutation(60)[:size], rng.normal(5, 3, size)
    mean, variance = model.predict(items, ratings)
    mixed = rng.permutation(size)
    again, spread = model.predict(items[mixed], ratings[mixed])
    np.testing.assert_allclose(again, mean, atol=1e-4)
    np.testing.assert_allclose(spread, variance, rtol=1e-4)
    some = rng.permutation(60)[:7]
    part, part_variance = model.predict(items, ratings, some)
    np.testing.assert_allclose(part, mean[some], atol=1e-5)
    np.testing.assert_allclose(part_variance, variance[some], rtol=1e-5)


def test_a_batch_gives_what_its_rows_give_alone(model):
    rng = np.random.default_rng(3)
    items = [rng.permutation(60)[:size] for size in (0, 2, 50)]
    ratings = [rng.normal(5, 2, len(row)) for row in items]
    mean, variance = model.predict_many(items, ratings)
    assert mean.shape == variance.shape == (3, 60)
    for row in range(3):
        alone = model.predict(items[row], ratings[row])
        np.testing.assert_array_equal(mean[row], alone[0])
        np.testing.assert_array_equal(variance[row], alone[1])
    assert model.predict_many(items, ratings, np.array([4, 1]))[0].shape == (3, 2)


def test_inputs_stay_as_they_were_and_the_model_too(model):
    items, ratings = np.array([3, 1]), np.array([1.0, 9.0])
    before = [value.copy() for value in (model.mean, model.own, model.factors)]
    mean, _ = model.predict(items, ratings)
    mean += 100
    np.testing.assert_array_equal(items, [3, 1])
    np.testing.assert_array_equal(ratings, [1.0, 9.0])
    for old, new in zip(before, (model.mean, model.own, model.factors), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_high_rating_lifts_the_item_and_its_like(model):
    lifted, _ = model.predict(np.array([5]), np.array([model.mean[5] + 2]))
    change = lifted - model.mean
    kernel = dense(model, [], [])[1][5]
    assert change[5] > 0.5
    assert np.all(np.sign(change[np.abs(kernel) > 0.05]) == np.sign(kernel[np.abs(kernel) > 0.05]))


@pytest.mark.parametrize("n_users", [12, 80])
@pytest.mark.parametrize("text", [True, False])
def test_intervals_cover_what_they_promise_in_planted_worlds(n_users, text):
    inside, total = 0, 0
    squared = {"model": 0.0, "prior": 0.0}
    for seed in range(3):
        ratings, values, view = planted(seed, n_users=n_users + 60, text=text)
        model = RatingPosterior.fit(ratings[:n_users], view, liked_at=6.0, scale=(-5, 15), seed=seed)
        rng = np.random.default_rng(seed)
        for user in range(n_users, n_users + 60):
            items = rng.permutation(60)
            shown, hidden = items[:8], items[8:]
            mean, variance = model.predict(shown, values[user, shown], hidden)
            low, high = model.interval(mean, variance, LEVEL)
            inside += np.sum((values[user, hidden] >= low) & (values[user, hidden] <= high))
            total += len(hidden)
            squared["model"] += np.sum((values[user, hidden] - mean) ** 2)
            squared["prior"] += np.sum((values[user, hidden] - model.mean[hidden]) ** 2)
    assert 0.74 <= inside / total <= 0.86
    assert squared["model"] < 0.85 * squared["prior"]


def test_strengths_are_found_in_a_planted_world():
    rng = np.random.default_rng(1)
    habits, text = rng.normal(size=(40, 2)), rng.normal(size=(40, 3)) / 2
    truth = np.array([1.5, 0.02, 0.3, 0.1, 0.4])
    variance = np.full(40, 0.05)
    covariance = truth[0] * habits @ habits.T + truth[1] * text @ text.T + truth[2]
    covariance += np.diag(variance + truth[3] + truth[4])
    root = np.linalg.cholesky(covariance)
    strangers = [
        Stranger(root @ rng.normal(size=40), habits, np.zeros(40), text, variance) for _ in range(200)
    ]
    found = fit_strengths(strangers)
    np.testing.assert_allclose(found[[0, 2]], truth[[0, 2]], rtol=0.3)
    assert found[1] < 0.05
    # What is an item's own and what is noise looks the same in one rating of each.
    np.testing.assert_allclose(found[3] + found[4], 0.5, rtol=0.1)


@pytest.mark.parametrize(("low", "high"), [(0.0, 2.0), (1.0, 10.0), (0.0, 100.0)])
def test_any_scale_gives_the_same_answer_in_its_own_units(low, high):
    rng = np.random.default_rng(5)
    dense_ratings = rng.integers(0, 3, (20, 15)) / 2  # 0, .5, 1: zeros are ratings, too
    row, column = np.nonzero(rng.random((20, 15)) < 0.6)
    unit = sp.csr_matrix((dense_ratings[row, column], (row, column)), shape=(20, 15))
    scaled = unit.copy()
    scaled.data = low + (high - low) * unit.data
    one = RatingPosterior.fit(unit, liked_at=1.0, scale=(0, 1))
    other = RatingPosterior.fit(scaled, liked_at=high, scale=(low, high))
    items, given_ratings = np.array([2, 7]), np.array([1.0, 0.0])
    mean, variance = one.predict(items, given_ratings)
    scaled_mean, scaled_variance = other.predict(items, low + (high - low) * given_ratings)
    np.testing.assert_allclose(scaled_mean, low + (high - low) * mean, rtol=1e-3)
    np.testing.assert_allclose(scaled_variance, (high - low) ** 2 * variance, rtol=1e-3)
    assert other.threshold == pytest.approx(high - (high - low) / 4)
    bounds = other.interval(scaled_mean, scaled_variance)
    assert np.all(bounds[0] >= low)
    assert np.all(bounds[1] <= high)
    assert np.all(bounds[0] < bounds[1])


@pytest.mark.parametrize(
    "rows",
    [
        [[5.0]],
        [[5.0, 0.0], [5.0, 5.0]],
        [[1.0, 5.0, 0.0], [0.0, 2.0, 4.0]],
        [[3.0, 3.0, 3.0]] * 4,
    ],
    ids=["one rating", "all equal", "two users", "nobody differs"],
)
def test_tiny_data_give_finite_answers(rows):
    ratings = sp.csr_matrix(np.array(rows))
    model = RatingPosterior.fit(ratings, liked_at=4.0, scale=(1, 5))
    mean, variance = model.predict(np.array([0]), np.array([1.0]))
    assert np.all(np.isfinite(mean))
    assert np.all(variance > 0)
    assert mean[0] < model.mean[0]  # a one drags the item down
    low, high = model.interval(mean, variance)
    assert np.all((low >= 1) & (high <= 5) & (low < high))
    assert np.all((model.like_probability(mean, variance) > 0) & (model.like_probability(mean, variance) < 1))


def test_equal_ratings_on_a_scale_without_width():
    model = RatingPosterior.fit(sp.csr_matrix(np.full((3, 4), 7.0)), liked_at=7.0)
    assert model.scale == (7.0, 7.0)
    assert model.threshold == 7.0
    assert np.allclose(model.mean, 7.0)
    assert unit_of(np.array([7.0, 7.0]), (7.0, 7.0)) == 1.0


def test_users_without_ratings_are_no_evidence():
    ratings, _, view = planted(2, n_users=9)
    padded = sp.vstack([ratings, sp.csr_matrix((5, 60))], format="csr")
    posterior, held_out = RatingPosterior.fit_with_folds(padded, view, liked_at=6.0)
    assert len(held_out.folds) == 9
    assert len(RatingPosterior.fit_with_folds(padded, view, liked_at=6.0, few=True)[1].folds) == 2
    np.testing.assert_allclose(
        posterior.mean, RatingPosterior.fit(ratings, view, liked_at=6.0).mean, rtol=1e-12
    )


def test_held_out_posteriors_have_not_seen_their_user():
    ratings, _, view = planted(6, n_users=12)
    _, held_out = RatingPosterior.fit_with_folds(ratings, view, liked_at=6.0)
    for user in (0, 7):
        before = held_out.of(user)
        changed = ratings.copy()
        changed.data[changed.indptr[user] : changed.indptr[user + 1]] *= -1
        table = sp.csr_matrix(changed)
        _, again = RatingPosterior.fit_with_folds(table, view, liked_at=6.0)
        # Units and strengths may move with the user's ratings; means in units of the spread may not.
        scale = before.noise / again.of(user).noise * again.of(user).strengths[4] / before.strengths[4]
        np.testing.assert_allclose(before.mean, again.of(user).mean, rtol=1e-9)
        assert scale > 0
        assert not np.allclose(held_out.of((user + 1) % 12).mean, again.of((user + 1) % 12).mean)


def test_known_strengths_are_not_learned_again(model):
    ratings, _, view = planted(0)
    again = RatingPosterior.fit(ratings, view, liked_at=6.0, strengths=model.strengths)
    np.testing.assert_array_equal(again.factors, model.factors)
    other = RatingPosterior.fit(ratings, view, liked_at=6.0, strengths=model.strengths * 2)
    assert other.noise == pytest.approx(2 * model.noise)


def test_same_seed_same_answer_and_input_untouched():
    ratings, _, view = planted(0)
    copy = ratings.copy()
    one = RatingPosterior.fit(ratings, view, liked_at=6.0, seed=4)
    two = RatingPosterior.fit(ratings, view, liked_at=6.0, seed=4)
    np.testing.assert_array_equal(one.factors, two.factors)
    np.testing.assert_array_equal(one.strengths, two.strengths)
    np.testing.assert_array_equal(copy.data, ratings.data)


def test_saved_arrays_bring_it_back(model):
    again = RatingPosterior.from_arrays(model.to_arrays())
    items, ratings = np.array([3, 1, 20]), np.array([1.0, 9.0, 5.0])
    for before, after in zip(model.predict(items, ratings), again.predict(items, ratings), strict=True):
        np.testing.assert_array_equal(before, after)
    assert (again.noise, again.scale, again.threshold) == (model.noise, model.scale, model.threshold)
    np.testing.assert_array_equal(again.grown(61, _view(61)).mean, model.grown(61, _view(61)).mean)


def _view(n_items):
    return np.vstack([planted(0)[2], np.zeros((n_items - 60, 8), np.float32)])


def test_a_new_item_is_known_by_its_text(model):
    view = _view(62)
    view[61] = view[7]
    grown = model.grown(62, view)
    assert grown.n_items == 62
    np.testing.assert_array_equal(grown.factors[:60], model.factors)
    np.testing.assert_allclose(grown.factors[60, :-1], 0, atol=1e-7)  # no text: only the person counts
    # A new item takes part in the likes of its twin by text.
    lifted, _ = grown.predict(np.array([7]), np.array([grown.mean[7] + 3]))
    assert lifted[61] - grown.mean[61] > lifted[60] - grown.mean[60] > 0
    # The same item in the catalogue from the start, but never rated: the same answer.
    ratings, _, _ = planted(0)
    wider = sp.csr_matrix((ratings.data, ratings.indices, ratings.indptr), shape=(80, 62))
    joined = RatingPosterior.fit(wider, view, liked_at=6.0, strengths=model.strengths)
    np.testing.assert_allclose(joined.own, grown.own, rtol=1e-6)
    np.testing.assert_allclose(joined.mean[60], grown.mean[60], rtol=1e-6)
    np.testing.assert_array_equal(model.grown(62).factors[61], grown.factors[60])  # no text for the new ones
    with pytest.raises(ConfigError, match="Give 60 items or more, and vectors of width 8"):
        model.grown(59, view[:59])


def test_growth_without_text():
    ratings, _, _ = planted(3, text=False)
    model = RatingPosterior.fit(ratings, liked_at=6.0)
    grown = model.grown(63)
    mean, variance = grown.predict(np.array([0]), np.array([9.0]))
    assert len(mean) == 63
    assert mean[61] == mean[62]
    assert variance[61] > np.median(variance[:60])
    with pytest.raises(ConfigError, match="vectors of width 0"):
        model.grown(63, np.zeros((63, 8), np.float32))


def test_wrong_supports_are_named(model):
    for items, ratings, message in (
        ([1, 1], [2.0, 3.0], "an item is rated twice"),
        ([1], [2.0, 3.0], r"\(1,\) items and \(2,\) ratings"),
        ([60], [2.0], "item indices must be from 0 to 59"),
        ([-1], [2.0], "item indices must be from 0 to 59"),
        ([1], [np.nan], "not a finite number"),
        ([1], [np.inf], "not a finite number"),
    ):
        with pytest.raises(ConfigError, match=message):
            model.predict(np.array(items), np.array(ratings))
    with pytest.raises(ConfigError, match=r"1\.0 is no probability"):
        model.interval(model.mean, model.own, 1.0)


def test_wrong_data_are_named():
    with pytest.raises(DataError, match="there is no rating to learn from"):
        RatingPosterior.fit(sp.csr_matrix((3, 4)), liked_at=4.0)
    with pytest.raises(DataError, match="a rating is not a finite number"):
        RatingPosterior.fit(sp.csr_matrix([[1.0, np.inf]]), liked_at=4.0)
    with pytest.raises(ConfigError, match="3 rows of text vectors for 2 items"):
        RatingPosterior.fit(sp.csr_matrix([[1.0, 2.0]]), np.zeros((3, 4), np.float32), liked_at=4.0)


def test_wrong_arrays_are_named(model):
    arrays = model.to_arrays()
    with pytest.raises(StoreError, match="there is no array 'own'"):
        RatingPosterior.from_arrays({name: value for name, value in arrays.items() if name != "own"})
    for name in arrays:
        with pytest.raises(StoreError, match="do not fit together"):
            RatingPosterior.from_arrays({**arrays, name: np.zeros(3)})
        with pytest.raises(StoreError, match="a stored number is not finite"):
            RatingPosterior.from_arrays({**arrays, name: np.full_like(arrays[name], np.nan)})


def test_intervals_are_cut_to_the_scale_without_losing_ratings():
    rng = np.random.default_rng(0)
    stars = rng.integers(1, 6, (30, 20)).astype(float)
    model = RatingPosterior.fit(sp.csr_matrix(stars), liked_at=4.0, scale=(1, 5))
    mean, variance = np.array([4.8, 0.2, 3.0]), np.array([0.3, 0.3, 9.0])
    low, high = model.interval(mean, variance)
    reach = 1.2815515655446004 * np.sqrt(variance + model.noise)
    for value in (1, 2, 3, 4, 5):
        np.testing.assert_array_equal(
            (value >= low) & (value <= high), (value >= mean - reach) & (value <= mean + reach)
        )
    wide = model.interval(mean, variance, 0.95)
    assert np.all((wide[0] <= low) & (wide[1] >= high))


def test_habits_of_rare_items_are_read_off_the_common_ones(monkeypatch):
    ratings, _, _ = planted(8, n_users=400)
    whole = item_statistics(ratings, np.zeros((60, 0)))
    monkeypatch.setattr("fewrec.fewshot.ratingstats.CORE", 40)
    part = item_statistics(ratings, np.zeros((60, 0)))
    pairs = np.triu_indices(60, 1)
    exact, approximate = (one.habits @ one.habits.T for one in (whole, part))
    assert np.corrcoef(exact[pairs], approximate[pairs])[0, 1] > 0.85


def test_what_habits_do_not_show_of_a_rare_item_is_uncertainty():
    ratings, _, _ = planted(8, n_users=100)
    table = ratings.toarray()
    table[3:, 59] = 0  # item 59 keeps three raters at most
    found = item_statistics(sp.csr_matrix(table), np.zeros((60, 0)))
    assert found.unseen[59] > np.median(found.unseen)
    shown = np.square(found.habits).sum(axis=1)
    assert np.all(found.unseen + shown >= found.unseen.max() - 1e-9)

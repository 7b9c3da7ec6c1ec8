"""What users with similar attributes chose: planted cities, agreement by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from fewrec.signals import Portrait, Supports, TrainingData
from fewrec.signals.portrait import agreement
from fewrec.testing.worlds import World, noise, two_cities


def given(*rows: list[float]) -> Supports:
    """Strangers of whom only attributes are known."""
    none = [np.zeros(0, np.intp)] * len(rows)
    portraits = sp.csr_matrix(np.array(rows, dtype=np.float32))
    return Supports.of(none, [np.zeros(0, bool)] * len(rows), 40, portraits=portraits)


@pytest.fixture(scope="module")
def cities() -> World:
    return two_cities(40, 40, seed=3)


def test_the_places_of_ones_own_city_come_first(cities: World) -> None:
    found = Portrait().fit(cities.training).score(given([1, 0], [0, 1]))
    for city, row in enumerate(found):
        here = cities.item_kind == city
        assert row[here].min() > row[~here].max() + 1


def test_no_attributes_say_nothing(cities: World) -> None:
    signal = Portrait().fit(cities.training)
    assert not signal.score(given([0, 0])).any()
    bare = Supports.of([np.array([1])], [np.ones(1, bool)], 40)
    assert not signal.score(bare).any()
    assert signal.terms(bare, 1) == []


def test_interactions_do_not_enter(cities: World) -> None:
    signal = Portrait().fit(cities.training)
    liking = Supports.of([np.array([1, 2])], [np.ones(2, bool)], 40, portraits=given([1, 0]).portraits)
    assert np.array_equal(signal.score(liking), signal.score(given([1, 0])))


def test_terms_are_the_attributes_and_add_up(cities: World) -> None:
    rng = np.random.default_rng(0)
    hobbies = sp.csr_matrix(rng.random((40, 3)) < 0.5, dtype=np.float32)
    data = replace(cities.training, portraits=sp.hstack([cities.training.portraits, hobbies], format="csr"))
    signal = Portrait().fit(data)
    stranger = given([1, 0, 1, 0, 1])
    for item in (0, 1, 17):
        terms = signal.terms(stranger, item)
        assert [feature for feature, _ in terms] == [0, 2, 4]
        assert sum(amount for _, amount in terms) == pytest.approx(
            float(signal.score(stranger)[0, item]), abs=1e-6
        )
    own, *others = (abs(amount) for _, amount in signal.terms(stranger, 0))
    assert own > 3 * max(others)


def test_attributes_that_tell_nothing_drop_out() -> None:
    """In a world of chance no attribute counts; at three standard errors false alarms are rare."""
    silent = sum(
        not Portrait().fit(noise(30, 40, seed).training).score(given([1, 0])).any() for seed in range(20)
    )
    assert silent >= 18


def test_one_users_habits_are_no_ones_city(cities: World) -> None:
    """An attribute that a single user carries says nothing, however odd that user is."""
    alone = sp.csr_matrix((np.ones(1, np.float32), ([0], [0])), shape=(40, 1))
    data = replace(cities.training, portraits=sp.hstack([cities.training.portraits, alone], format="csr"))
    signal = Portrait().fit(data)
    stranger = given([0, 0, 1])
    assert signal.terms(stranger, 0)[0][0] == 2
    # only the usual sum of everybody's attributes is taken out: the same as for an attribute nobody explains
    usual = -(cities.training.portraits.sum() / data.portraits.sum())
    lifts = Portrait().fit(cities.training).score(given([1, 0], [0, 1]))
    assert np.abs(signal.score(stranger)).max() <= np.abs(lifts).max() * abs(usual)


def brute_agreement(portraits: np.ndarray, met: np.ndarray, caution: float) -> np.ndarray:
    """The same sums over pairs of different users, one by one."""
    n, taken = len(met), met.sum(axis=0)
    share = taken / taken.sum()
    rest = met - met.sum(axis=1, keepdims=True) * share
    kernel = rest @ rest.T
    off = kernel.sum() - np.trace(kernel)
    result = []
    for column in portraits.T:
        members = np.flatnonzero(column)
        found = size = 0.0
        for u in members:
            for v in members:
                if u != v:
                    found += kernel[u, v] - off / (n * (n - 1))
                    size += met[u].sum() * met[v].sum() * (share @ share)
        chance = np.sqrt(2 * share @ share) * met[members].sum()
        result.append(max(found - caution * chance, 0) / size if size else 0.0)
    return np.array(result)


def test_agreement_is_the_sum_over_pairs_of_users(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    portraits = (rng.random((15, 6)) < 0.4).astype(float)
    portraits[:, 5] = 0
    portraits[3, 5] = 1  # one user only
    met = (rng.random((15, 20)) < 0.3) + 0.5 * (rng.random((15, 20)) < 0.3)
    met[:, :6] += (portraits[:, :1] > 0) * 2.0  # the first attribute's users agree
    for caution, agreed in ((0.0, True), (30.0, False)):
        monkeypatch.setattr("fewrec.signals.portrait.CAUTION", caution)
        found = agreement(sp.csr_matrix(portraits), sp.csr_matrix(met))
        np.testing.assert_allclose(found, brute_agreement(portraits, met, caution), atol=1e-10)
        assert (found[0] > 0) == agreed
        assert found[5] == 0


def test_the_lift_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four users, two per attribute; items 0 and 1 of the first two, items 2 and 3 of the others."""
    liked = sp.csr_matrix(np.repeat([[1, 1, 0, 0], [0, 0, 1, 1]], 2, axis=0).astype(np.float32))
    portraits = sp.csr_matrix(np.repeat(np.eye(2), 2, axis=0).astype(np.float32))
    monkeypatch.setattr("fewrec.signals.portrait.CAUTION", 0.0)
    data = TrainingData(liked=liked, seen=liked, explicit=False, portraits=portraits)
    # every user met 2 of 8: p = 1/4 each, residuals +-1/2, r_u . r_v = 1 among the like-minded, |r_u|^2 = 1;
    # two ordered pairs: 2 + 2 * 4 / 12; expected size 2 * (2 * 2) * 1/4: tau^2 = (2 + 2/3) / 2
    spread = (2 + 2 / 3) / 2
    np.testing.assert_allclose(agreement(portraits.astype(float), liked.astype(float)), [spread, spread])
    # observed 2 or 0 against expected 1 each
    high, low = np.log((1 / spread + 2) / (1 / spread + 1)), np.log((1 / spread) / (1 / spread + 1))
    usual = (high + low) / 2
    stranger = Supports.of([np.zeros(0, np.intp)], [np.zeros(0, bool)], 4, portraits=portraits[0])
    wanted = [[high - usual, high - usual, low - usual, low - usual]]
    np.testing.assert_allclose(Portrait().fit(data).score(stranger), wanted, rtol=1e-5)

"""The contract suite: our signals keep it, and each way of breaking it is found."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from fewrec.signals import DEFAULT, ImplicitFactors, Signal, Sparse, Supports, TrainingData, resolve_signals
from fewrec.signals.products import People
from fewrec.signals.registry import known_signals
from fewrec.testing import check_signal, worlds


@pytest.mark.parametrize("name", known_signals())
def test_our_signals_keep_the_contract(name: str) -> None:
    check_signal(lambda: resolve_signals([name])[0], authors() if name == "names" else None)


@pytest.mark.parametrize(
    "name", [n for n in known_signals() if "graph" in n or n in ("text-ease", "exposure", "met-together")]
)
def test_they_keep_it_when_answered_over_the_people(name: str, monkeypatch) -> None:
    monkeypatch.setattr(People, "pays", lambda self, rank: True)
    check_signal(lambda: resolve_signals([name])[0])


def authors() -> TrainingData:
    """Two tastes in 200 items, each author has two of them: no feature of the small worlds is rare enough."""
    items = np.arange(200)
    features = sp.csr_matrix((np.ones(200, np.float32), (items, items // 2)))
    return replace(worlds.two_tastes(10, 200).training, features=features, _spectra={})


def test_the_default_ones_are_all_known() -> None:
    assert set(DEFAULT) <= set(known_signals())
    assert {signal.name for signal in resolve_signals("default")} == set(DEFAULT)


@pytest.mark.parametrize("make", [lambda: Sparse(2), lambda: ImplicitFactors(factors=3, rounds=2)])
def test_settings_change_nothing_about_it(make: Any) -> None:
    check_signal(make, worlds.two_tastes(15, 20, seed=5).training)


class Good(Signal):
    """How many users who met an item of the support liked this one; the base of the broken ones below."""

    name = "good"
    kind = "habits"

    def available(self, training: TrainingData) -> bool:
        return training.has_habits

    def fit(self, training: TrainingData) -> Signal:
        self._count = np.asarray((training.liked.T @ training.liked).toarray(), dtype=np.float32)
        return self

    def score(self, supports: Supports) -> np.ndarray:
        return np.asarray(supports.liked @ self._count, dtype=np.float32)


class NoName(Good):
    name = " "


class WrongKind(Good):
    kind = "vibes"  # type: ignore[assignment]


class WrongFlag(Good):
    linear = "yes"  # type: ignore[assignment]


class NegativePrior(Good):
    prior = -0.1


class EndlessPrior(Good):
    prior = float("inf")


class Perhaps(Good):
    def available(self, training: TrainingData) -> Any:
        return training.liked.nnz


class NeverAvailable(Good):
    def available(self, training: TrainingData) -> bool:
        return False


class FitGivesNothing(Good):
    def fit(self, training: TrainingData) -> Any:
        super().fit(training)


class FitChangesData(Good):
    def fit(self, training: TrainingData) -> Signal:
        super().fit(training)
        training.liked.data *= 2
        return self


class Lists(Good):
    def score(self, supports: Supports) -> Any:
        return super().score(supports).tolist()


class Transposed(Good):
    def score(self, supports: Supports) -> np.ndarray:
        return super().score(supports).T


class Float64(Good):
    def score(self, supports: Supports) -> np.ndarray:
        return super().score(supports).astype(float)


class NotFinite(Good):
    def score(self, supports: Supports) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return np.log(super().score(supports))


class Restless(Good):
    calls = 0

    def score(self, supports: Supports) -> np.ndarray:
        type(self).calls += 1
        return super().score(supports) + np.float32(self.calls)


class ChangesSupports(Good):
    def score(self, supports: Supports) -> np.ndarray:
        scores = super().score(supports)
        supports.size[:] = 0
        return scores


class ChangesItself(Good):
    def score(self, supports: Supports) -> np.ndarray:
        self.asked = supports.liked.nnz
        return super().score(supports)


class BatchCentred(Good):
    def score(self, supports: Supports) -> np.ndarray:
        scores = super().score(supports)
        return scores - scores.mean(axis=0) if len(scores) else scores


class Positional(Good):
    personal = False

    def score(self, supports: Supports) -> np.ndarray:
        return super().score(supports) * 0 + np.arange(len(supports), dtype=np.float32)[:, None]


class NobodyFails(Good):
    def score(self, supports: Supports) -> np.ndarray:
        return super().score(supports) if len(supports) else np.zeros(0, np.float32)


class OtherItems(Good):
    def score_items(self, supports: Supports, items: Any) -> np.ndarray:
        return self.score(supports)[:, ::-1][:, items]


class NeedsIndices(Good):
    def score_items(self, supports: Supports, items: Any) -> np.ndarray:
        return (
            self.score(supports)[:, items] if isinstance(items, np.ndarray) else self.score(supports)[:, :2]
        )


class SaysSomethingAnyway(Good):
    linear = False

    def score(self, supports: Supports) -> np.ndarray:
        return super().score(supports) + np.float32(1)


class PersonalAfterAll(Good):
    personal = False


class NotLinear(Good):
    def score(self, supports: Supports) -> np.ndarray:
        return super().score(supports) ** 2


class FirstUserCounts(Good):
    def fit(self, training: TrainingData) -> Signal:
        super().fit(training)
        self._count = self._count + np.asarray(training.liked[0].toarray(), np.float32)
        return self


class ItemNumberCounts(Good):
    def fit(self, training: TrainingData) -> Signal:
        super().fit(training)
        self._count = self._count + np.arange(training.n_items, dtype=np.float32)
        return self


class KeepsEarlierUsers(Good):
    def __init__(self) -> None:
        self._sum: Any = None

    def fit(self, training: TrainingData) -> Signal:
        super().fit(training)
        self._sum = self._count if self._sum is None else self._sum + self._count
        self._count = self._sum
        return self


class SharesItsState(Good):
    def __init__(self) -> None:
        self._shared: dict[str, Any] = {}

    def fit(self, training: TrainingData) -> Signal:
        super().fit(training)
        self._shared["count"] = self._count
        return self

    def score(self, supports: Supports) -> np.ndarray:
        return np.asarray(supports.liked @ self._shared["count"], dtype=np.float32)


class FailsWithOneItem(Good):
    def score(self, supports: Supports) -> np.ndarray:
        return super().score(supports)[:, : supports.liked.shape[1] // 2 * 2]


def test_the_good_one_passes() -> None:
    check_signal(Good)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (NoName, "name must be a non-empty string, not ' '"),
        (WrongKind, "good: kind must be one of .* not 'vibes'"),
        (WrongFlag, "good: linear must be True or False"),
        (NegativePrior, "good: prior may be negative only with free_sign, not -0.1"),
        (EndlessPrior, "good: prior must be a number, not inf"),
        (Perhaps, "good: available must be True or False, not "),
        (NeverAvailable, "good: available must be true for some of the data tried"),
        (FitGivesNothing, "good: fit must give the fitted signal"),
        (FitChangesData, "good: fit must leave the training data as they are"),
        (Lists, "good: score must give a NumPy array, not list"),
        (Transposed, r"good: score gave shape \(24, 10\) instead of \(10, 24\)"),
        (Float64, "good: scores must be float32, not float64"),
        (NotFinite, "good: scores must be finite"),
        (Restless, "good: the same supports must give the same scores again"),
        (ChangesSupports, "good: score must leave the supports as they are"),
        (ChangesItself, "good: score must leave the fitted signal as it is"),
        (BatchCentred, "good: a stranger must get the same scores alone and in a batch"),
        (Positional, "good: a stranger must get the same scores alone and in a batch"),
        (NobodyFails, r"good: no strangers must give \(0, 24\), not \(0,\)"),
        (OtherItems, "good: score_items must give columns of score"),
        (NeedsIndices, r"good: score_items must take slice\(None\): shape \(10, 2\)"),
        (SaysSomethingAnyway, "good: a personal signal must be zero for a stranger of whom nothing is known"),
        (PersonalAfterAll, "good: a signal that is not personal must say the same to everybody"),
        (NotLinear, "good: a linear signal must be the sum over the parts of a support"),
        (FirstUserCounts, "good: users in another order must give the same scores"),
        (ItemNumberCounts, "good: items in another order must keep their scores"),
        (KeepsEarlierUsers, "good: an object fitted before on other data must score as a new one does"),
        (SharesItsState, "good: fitting a copy must not change the fitted signal"),
        (FailsWithOneItem, r"good \(with one item\): score gave shape \(10, 0\) instead of \(10, 1\)"),
    ],
)
def test_broken_signals_are_found(broken: type[Good], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        check_signal(broken)


def test_something_that_is_no_signal() -> None:
    with pytest.raises(AssertionError, match="the factory must make a Signal, not int"):
        check_signal(lambda: 3)  # type: ignore[arg-type,return-value]


def test_the_data_that_are_given_are_the_ones_tried() -> None:
    nobody = sp.csr_matrix((3, 4), dtype=np.float32)
    with pytest.raises(AssertionError, match="good: available must be true for some of the data tried"):
        check_signal(Good, TrainingData(liked=nobody, seen=nobody, explicit=False))


def test_importing_the_suites_is_light() -> None:
    code = (
        "import sys, fewrec.testing\n"
        "assert not {'numpy', 'scipy', 'fewrec.testing.signals'} & set(sys.modules), sorted(sys.modules)\n"
        "assert fewrec.testing.check_encoder.__name__ == 'check_encoder'\n"
        "try:\n    fewrec.testing.check_nothing\nexcept AttributeError as e:\n    print(e)\n"
    )
    # A warm interpreter's environment, so that the same package is found.
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=dict(os.environ))
    assert done.stdout.strip() == "module 'fewrec.testing' has no attribute 'check_nothing'", done.stderr

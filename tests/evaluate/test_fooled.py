"""Systems that try to fool the evaluation, by malice or mistake: an error that names them, or the marks they earn."""

from __future__ import annotations

import pickle
from types import SimpleNamespace

import numpy as np
import pytest

import fewrec
from fewrec.errors import ConfigError, DataError

QUICK = {"seeds": 2, "k_shot": (3,), "progress": False}


class Likes:
    def fit(self, data):
        self.data = data
        self.likes = np.asarray(data.matrix("liked").sum(axis=0), dtype=float).ravel()

    def score(self, support):
        return self.likes


def marks(found, system, metric="ndcg@10"):
    return [row["value"] for row in found.rows if (row["system"], row["metric"]) == (system, metric)]


class FailsLate(Likes):
    asked = 0

    def score(self, support):
        self.asked += 1
        return self.likes if self.asked < 5 else 1 / 0


class FailsAtOnce(Likes):
    def fit(self, data):
        raise KeyError("column")


class FailsToPredict(Likes):
    def predict(self, support):
        raise ValueError("no")


@pytest.mark.parametrize(
    ("system", "message"),
    [
        (FailsLate, "score failed: ZeroDivisionError: division by zero"),
        (FailsAtOnce, "fit failed: KeyError: 'column'"),
        (FailsToPredict, "predict failed: ValueError: no"),
    ],
)
def test_a_system_that_fails_is_named(world, system, message):
    with pytest.raises(DataError, match=message) as caught:
        fewrec.evaluate(world, {"mine": system}, guard=False, **QUICK)
    assert caught.value.where == "systems['mine']"
    assert caught.value.__cause__ is not None
    assert "check_system" in caught.value.hint


def saying(**said):
    class Says(Likes):
        def predict(self, support):
            return SimpleNamespace(**{
                name: np.full((1, len(self.likes)), value) for name, value in said.items()
            })  # fmt: skip

    return Says


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"probability": 1.01}, "predict gave a probability that is not between 0 and 1"),
        ({"probability": -0.01}, "predict gave a probability that is not between 0 and 1"),
        ({"low": 4.0, "high": 2.0}, "predict gave an interval whose low end is above its high end"),
        ({"mean": 1j}, "predict gave complex numbers"),
    ],
)
def test_impossible_predictions_are_refused(world, said, message):
    with pytest.raises(DataError, match=message):
        fewrec.evaluate(world, {"mine": saying(**said)}, task="rating", guard=False, **QUICK)


@pytest.mark.parametrize("name", ["random", "text", "ease"])
def test_who_foretells_nothing_is_refused_where_ratings_are_foretold(world, name):
    with pytest.raises(ConfigError, match="it foretells no ratings: there is no method predict") as caught:
        fewrec.evaluate(world, [name], task="rating", **QUICK)
    assert caught.value.where == f"systems['{name}']"


def test_who_is_silent_where_it_is_hard_is_seen(world):
    class Choosy(Likes):
        def predict(self, support):
            mean = np.full((1, len(self.likes)), np.nan)
            mean[:, ::2] = 3.0
            return SimpleNamespace(mean=mean)

    found = fewrec.evaluate(world, {"choosy": Choosy}, task="rating", guard=False, **QUICK)
    mean = {row["system"]: row["mean"] for row in found.cells if row["metric"] == "foretold"}
    assert mean["item-mean"] == mean["user-mean"] == 1
    assert mean["choosy"] == pytest.approx(0.5, abs=0.05)
    assert "foretold" in found.to_html()


class Vandal(Likes):
    """Spoils all that it is given."""

    def fit(self, data):
        super().fit(data)
        for name in ("item_index", "user_index", "value", "liked"):
            array = getattr(data.interactions, name)
            if array.flags.writeable:
                array[:] = 0
        data.matrix("liked").data[:] = 0
        if isinstance(data.items.ids, list):
            data.items.ids.reverse()

    def score(self, support):
        support.clear()
        return self.likes


def test_what_a_system_spoils_is_its_own(world):
    before = world.fingerprint
    found = fewrec.evaluate(world, {"vandal": Vandal, "after": Likes}, guard=False, **QUICK)
    assert marks(found, "after") == marks(found, "popularity")
    assert world.fingerprint == before


def test_revealed_items_bring_nothing(world):
    class Parrot(Likes):
        def score(self, support):
            scores = self.likes.copy()
            scores[[self.data.items.index(item) for item in support]] = 1e9
            return scores

    found = fewrec.evaluate(world, {"parrot": Parrot}, **QUICK)
    assert marks(found, "parrot") == marks(found, "popularity")


def test_one_array_filled_again_and_again_is_read_each_time(world):
    class Reuses(Likes):
        def fit(self, data):
            super().fit(data)
            self.room = np.empty(len(self.likes))

        def score(self, support):
            self.room[:] = self.likes * (-1 if "never" in support else 1)
            self.room[[self.data.items.index(item) for item in support]] += len(support) * 100
            return self.room

    class Copies(Reuses):
        def score(self, support):
            return super().score(support).copy()

    found = fewrec.evaluate(world, {"reuses": Reuses, "copies": Copies}, **QUICK)
    for metric in ("ndcg@10", "auc"):
        assert marks(found, "reuses", metric) == marks(found, "copies", metric)


def test_what_a_system_is_given_holds_nothing_of_the_tested(world):
    seen = []

    class Searches(Likes):
        def fit(self, data):
            super().fit(data)
            seen.append(pickle.dumps(data))

    found = fewrec.evaluate(world, {"searches": Searches}, guard=False, **QUICK)
    for seed, raw in enumerate(seen):
        tested = {row["user"] for row in found.rows if (row["system"], row["seed"]) == ("searches", seed)}
        given = pickle.loads(raw)
        assert len(given.interactions) == 12 * (60 - len(tested))
        assert not [user for user in tested if user in given.users]

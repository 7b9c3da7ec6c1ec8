"""New items, held-out interactions, what came later, predicted ratings."""

from __future__ import annotations

import numpy as np
import pytest

import fewrec
from fewrec import Dataset, Recommender
from fewrec.errors import ConfigError, DataError
from fewrec.evaluate.settings import Settings
from fewrec.evaluate.tasks import plan_of

QUICK = {"seeds": 2, "progress": False}


def splits(data, **settings):
    return plan_of(data, data.sorted(), Settings(**settings), None)[1].splits


def test_new_items_are_in_nobodys_training(world):
    data = world.sorted()
    for split in splits(world, task="cold-items", seeds=2):
        hidden = set(split.cases[0].candidates.tolist())
        assert len(hidden) == 5  # a fifth of 24
        trained = data.only(split.pairs(data, None))
        assert not hidden & set(trained.interactions.item_index.tolist())
        for case in split.cases:
            history = data.history(case.user)
            names = {data.items.ids[item] for item in case.relevant}
            assert names == {
                i for i, value in history.items() if value >= 4 and data.items.index(i) in hidden
            }
            assert len(case.support) + len(case.query) == len(history)
            assert case.known


def test_new_items_are_told_apart_by_their_words(world):
    found = fewrec.evaluate(
        world, ["popularity", "text", "fewrec"], task="cold-items", fewrec=Recommender("hashed"), **QUICK
    )
    mean = {row["system"]: row["mean"] for row in found.cells if row["metric"] == "auc"}
    assert mean["popularity"] == 0.5  # nobody has met them: all tie
    assert mean["text"] > 0.75
    assert mean["fewrec"] > 0.75
    rows = {(row["system"], row["slice"]) for row in found.slices}
    assert ("text", "warm items") in rows
    assert ("text", "hot items") not in rows


@pytest.mark.parametrize("last", [False, True])
def test_some_of_everybodys_interactions_are_held_out(world, last):
    data = world.sorted()
    (split,) = splits(world, task="warm", seeds=1, last=last, share=0.25)
    trained = data.only(split.pairs(data, None))
    assert len(split.cases) > 30
    for case in split.cases:
        assert len(case.query) == 3  # a quarter of 12
        assert set(trained.history(case.user)) == {data.items.ids[item] for item in case.support}
        if last:
            pairs = data.interactions
            at = data.users.index(case.user)
            times = dict(
                zip(pairs.item_index[pairs.user_index == at], pairs.time[pairs.user_index == at], strict=True)
            )
            assert min(times[item] for item in case.query) > max(times[item] for item in case.support)


def test_known_people_are_served(world):
    found = fewrec.evaluate(world, ["popularity", "ease"], task="warm", **QUICK)
    (row,) = (row for row in found.comparisons if row["metric"] == "ndcg@10")
    assert (row["system"], row["verdict"], row["k_shot"]) == ("ease", "better", None)
    assert "all shown" in str(found)


def test_nothing_from_after_the_date_is_known_before_it(world):
    data = world.sorted()
    day = 86_400.0
    (split,) = splits(world, task="time", date=40 * day, seeds=3)
    trained = data.only(split.pairs(data, None))
    assert np.nanmax(trained.interactions.time) < 40 * day
    assert {case.known for case in split.cases} == {True, False}  # u50 did nothing before day 50
    for case in split.cases:
        assert case.known == (case.user in trained.users)
        if case.known:
            assert set(trained.history(case.user)) == {data.items.ids[item] for item in case.support}


def test_new_people_are_a_slice_of_their_own(world):
    found = fewrec.evaluate(world, ["popularity", "text"], task="time", date="1970-02-10", progress=False)
    assert found.settings["date"] == 40 * 86_400
    assert found.settings["seeds"] == 1
    rows = {row["slice"]: row for row in found.slices if row["system"] == "text"}
    assert rows["known people"]["mean"] > rows["new people"]["mean"]


def test_without_a_date_the_last_share_is_later(world):
    (split,) = splits(world, task="time", share=0.3)
    assert split.held_out.mean() == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize(
    ("wish", "message", "kind"),
    [
        ({"task": "time", "date": "1950-01-01"}, "all interactions are from that date", DataError),
        ({"task": "time", "date": "2050-01-01"}, "all interactions are before that date", DataError),
        ({"task": "time", "date": "soon"}, "'soon' is no date", ConfigError),
    ],
)
def test_dates_that_split_nothing(world, wish, message, kind):
    with pytest.raises(kind, match=message) as caught:
        fewrec.evaluate(world, progress=False, **wish)
    assert caught.value.hint


def test_times_are_needed():
    data = Dataset(interactions={"user": [1, 1, 2, 2], "item": [1, 2, 1, 2]})
    with pytest.raises(DataError, match="the interactions have no times"):
        fewrec.evaluate(data, task="time", progress=False)
    with pytest.raises(DataError, match="the interactions have no times"):
        fewrec.evaluate(data, task="warm", last=True, progress=False)


def test_enough_people_are_needed():
    data = Dataset(interactions={"user": [1, 1, 2, 2], "item": [1, 2, 1, 2]})
    with pytest.raises(DataError, match="only 2 users have a liked interaction held out"):
        fewrec.evaluate(data, task="warm", progress=False)


@pytest.fixture(scope="module")
def rated(world):
    return fewrec.evaluate(world, task="rating", k_shot=(0, 3), fewrec=Recommender("hashed"), **QUICK)


def test_ratings_are_foretold(rated, world):
    mean = {(row["system"], row["k_shot"], row["metric"]): row["mean"] for row in rated.cells}
    assert [name for name, k, metric in mean if (k, metric) == (0, "rmse")] == [
        "item-mean",
        "user-mean",
        "fewrec",
    ]
    # Half of the ratings are 5, half are 1: whoever says 3 is wrong by 2.
    assert mean["user-mean", 0, "rmse"] == pytest.approx(2, abs=0.05)
    assert mean["user-mean", 0, "mae"] == pytest.approx(2, abs=0.05)
    assert mean["user-mean", 0, "brier"] == pytest.approx(0.25, abs=0.01)
    assert mean["user-mean", 0, "log-loss"] == pytest.approx(np.log(2), abs=0.02)
    assert mean["fewrec", 3, "rmse"] < 1.2
    assert mean["fewrec", 3, "auc"] > 0.9
    assert 0 < mean["fewrec", 3, "interval-coverage"] <= 1
    assert ("item-mean", 0, "interval-coverage") not in mean  # it states no interval
    assert mean["user-mean", 3, "auc"] == 0.5  # the same for every item


def test_less_error_is_better(rated):
    rows = {(row["metric"], row["against"], row["k_shot"]): row for row in rated.comparisons}
    assert rows["rmse", "item-mean", 3]["difference"] < 0
    assert rows["rmse", "item-mean", 3]["verdict"] == "better"
    assert rows["log-loss", "user-mean", 3]["verdict"] == "better"


def test_an_interval_of_a_stranger_is_checked(world):
    class Sure:
        """Says 5 with an interval that holds only 5."""

        def fit(self, data):
            self.items = len(data.items)

        def score(self, support):
            return np.zeros(self.items)

        def predict(self, support):
            from types import SimpleNamespace

            fives = np.full((1, self.items), 5.0)
            return SimpleNamespace(mean=fives, low=fives, high=fives, probability=fives / 5)

    found = fewrec.evaluate(world, {"sure": Sure()}, task="rating", k_shot=0, **QUICK)
    row = {row["metric"]: row["mean"] for row in found.cells if row["system"] == "sure"}
    likes = row["interval-coverage"]  # the share of fives
    assert likes == pytest.approx(0.5, abs=0.1)
    assert row["rmse-pooled"] == pytest.approx(4 * np.sqrt(1 - likes), abs=0.02)
    assert row["brier"] == pytest.approx(1 - likes, abs=0.01)
    assert row["ece"] == pytest.approx(1 - likes, abs=0.01)
    assert row["interval-width"] == 0


def test_without_ratings_nothing_is_foretold():
    data = Dataset(interactions={"user": [1, 1, 2, 2], "item": [1, 2, 1, 2]})
    with pytest.raises(DataError, match="there are no ratings to foretell"):
        fewrec.evaluate(data, task="rating", progress=False)


def test_what_is_not_shown_of_a_support_was_met_all_the_same():
    """Probabilities of events: an item of the support beyond k is not shown, so it is asked for, and came true."""
    from fewrec.evaluate.measure import _events
    from fewrec.evaluate.splits import Histories
    from fewrec.evaluate.world import World

    data = Dataset(interactions={"user": ["a"] * 3 + ["b"] * 2, "item": [0, 1, 2, 3, 4]}).sorted()
    rows = Histories(data)
    case = rows.case("a", np.array([0, 1]), np.array([2]))
    asked, true = _events(World.of(data), case, 1)
    assert asked.tolist() == [1, 2, 3, 4]
    assert true.tolist() == [True, True, False, False]

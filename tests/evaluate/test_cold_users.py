"""The protocol for strangers: nobody trains and is tested, nothing that is looked for was shown."""

from __future__ import annotations

import numpy as np
import pytest

import fewrec
from fewrec import Dataset
from fewrec.errors import ConfigError, DataError
from fewrec.evaluate.settings import Settings
from fewrec.evaluate.splits import cold_users

QUICK = {"seeds": 2, "k_shot": (0, 1, 3), "progress": False}


@pytest.fixture(scope="module")
def found(world):
    return fewrec.evaluate(world, ["random", "popularity", "item-mean", "text", "user-knn", "ease"], **QUICK)


def mean(found, system, k_shot, metric="ndcg@10"):
    (row,) = (
        row for row in found.cells
        if (row["system"], row["k_shot"], row["metric"]) == (system, k_shot, metric)
    )  # fmt: skip
    return row["mean"]


def test_test_users_are_no_training_users_and_queries_no_supports(world):
    data = world.sorted()
    plan = cold_users(data, Settings(k_shot=(0, 3), seeds=3))
    for split in plan.splits:
        names = [case.user for case in split.cases]
        assert len(names) == 20  # a third of the sixty
        assert not {data.users.index(name) for name in names} & set(split.training_users.tolist())
        assert set(data.only(split.pairs(data, None)).users.ids) == set(data.users.ids) - set(names)
        for case in split.cases:
            history = data.history(case.user)
            shown = {
                data.items.ids[item]: value
                for item, value in zip(case.support, case.support_values, strict=True)
            }
            rest = {item: value for item, value in history.items() if item not in shown}
            assert len(shown) == 3
            assert {data.items.ids[item] for item in case.query} == set(rest)
            assert {data.items.ids[item] for item in case.relevant} == {
                item for item in rest if rest[item] >= 4
            }
            assert len(case.relevant)
            assert case.history == 12


def test_seeds_differ_and_the_same_seed_is_the_same(world):
    data = world.sorted()
    first, again = (cold_users(data, Settings(seeds=2)) for _ in range(2))
    users = [[case.user for case in split.cases] for split in first.splits]
    assert users == [[case.user for case in split.cases] for split in again.splits]
    assert users[0] != users[1]


def test_n_training_users_are_the_first_n(world):
    data = world.sorted()
    (split,) = cold_users(data, Settings(seeds=1)).splits
    few, more = (data.only(split.pairs(data, size)).users.ids for size in (5, 10))
    assert len(few) == 5
    assert set(few) < set(more)


def test_what_cannot_be_tested_is_left_out_and_said(world):
    plan = cold_users(world.sorted(), Settings(k_shot=(0, 5, 12), train_users=(10, 900)))
    assert plan.k_shots == (0, 5)
    assert plan.sizes == (10, None)
    assert plan.notes == (
        "After 12 shown nothing was measured: nobody has something to look for beyond 12 interactions.",
        'train_users 900 became "all": there are 40 training users.',
    )


@pytest.mark.parametrize(("easier", "kept"), [(5, (0, 5)), (6, (0,))])
def test_a_k_goes_where_a_fifth_more_could_be_tested_without_it(easier, kept):
    # 30 people have more than five likes; with ``easier`` more, k = 0 could test 35 or 36 people
    histories = {f"u{user}": range(user, user + 7) for user in range(30)}
    histories |= {f"few{user}": [user] for user in range(easier)}
    rows = [(user, item) for user, items in histories.items() for item in items]
    data = Dataset(interactions=dict(zip(("user", "item"), map(list, zip(*rows, strict=True)), strict=True)))
    assert cold_users(data.sorted(), Settings(k_shot=(0, 5), seeds=1)).k_shots == kept


def test_two_tastes_are_learned_from_three_ratings_and_not_from_none(found):
    # Nobody's favourites are everybody's: the two tastes cancel out in every count.
    assert mean(found, "ease", 3) > 0.65
    assert mean(found, "user-knn", 3) > 0.65
    assert mean(found, "text", 3) > 0.65
    assert mean(found, "ease", 0) < 0.6
    assert mean(found, "popularity", 3) < 0.6


def test_one_cell_by_hand():
    # 15 users like item 0 and one of their own; five are tested, item 0 or the own one is shown. Popularity lists item
    # 0 first (unless it is shown), so recall@1 is 1 for who is looking for 0, else 0.
    data = Dataset(interactions={
        "user": [user for user in range(15) for _ in range(2)],
        "item": [item for user in range(15) for item in (0, user + 1)],
    })  # fmt: skip
    found = fewrec.evaluate(data, ["popularity"], k_shot=1, seeds=1, n=1, progress=False)
    data = data.sorted()
    (split,) = cold_users(data, Settings(k_shot=(1,), seeds=1)).splits
    wanted = [float(data.items.ids[case.relevant[0]] == 0) for case in split.cases]
    assert [row["value"] for row in found.rows if row["metric"] == "recall@1"] == wanted
    assert mean(found, "popularity", 1, "recall@1") == pytest.approx(np.mean(wanted), abs=1e-6)
    (cell,) = (row for row in found.cells if row["metric"] == "recall@1")
    assert cell["se_users"] == pytest.approx(np.std(wanted, ddof=1) / np.sqrt(5), abs=1e-6)
    assert cell["se_seeds"] is None
    assert cell["users"] == 5


def test_baselines_come_first_and_popularity_always(world):
    found = fewrec.evaluate(world, ["ease", "text"], **{**QUICK, "seeds": 1})
    assert list(dict.fromkeys(row["system"] for row in found.cells)) == ["popularity", "text", "ease"]


def test_a_system_that_does_not_beat_popularity_is_flagged(world):
    class Nothing:
        def fit(self, data):
            self.items = len(data.items)

        def score(self, support):
            return np.zeros(self.items)

    found = fewrec.evaluate(world, {"nothing": Nothing()}, **{**QUICK, "seeds": 1})
    assert found.flags == ["nothing does not clearly beat popularity: ndcg@10, k = 0, 1, 3."]
    assert found.flags[0] in str(found)


def test_verdicts_and_comparisons(found):
    rows = {(row["system"], row["against"], row["k_shot"]): row for row in found.comparisons}
    assert rows["ease", "popularity", 3]["verdict"] == "better"
    assert rows["ease", "popularity", 3]["low"] > 0
    assert rows["ease", "random", 0]["verdict"] == "no clear winner"
    assert ("popularity", "random", 0) not in rows  # baselines are compared only when there is nothing else
    assert all(row["p_holm"] >= row["p"] for row in rows.values())


def test_items_and_people_in_parts(found):
    rows = {(row["system"], row["slice"]): row for row in found.slices if row["k_shot"] == 3}
    assert rows["ease", "hot items"]["metric"] == "recall@10"
    assert ("ease", "warm items") not in rows  # everybody has met every item here
    assert rows["ease", "few interactions"]["users"] > 0
    assert ("ease", "many interactions") not in rows  # all have done the same


def test_the_global_auc_stands_beside_the_other_with_the_reason(found):
    told = [line for line in " ".join(str(found).split()).split(". ") if "over all at once" in line]
    assert len(told) >= 1
    assert "which also rewards telling busy people from others" in told[0]


def test_what_was_tuned_is_told(found):
    rows = [row for row in found.tuning if row["system"] == "ease"]
    assert [row["seed"] for row in rows] == [0, 1]
    assert list(rows[0]["searched"]) == ["k = 1", "k = 3", "k = 5", "k = 10"]
    for k, tried in rows[0]["searched"].items():
        assert set(tried) == {"3", "10", "30", "100", "300", "1000", "3000"}
        assert tried[f"{rows[0]['chosen'][k]:g}"] == max(tried.values())


def test_too_little_to_test_on():
    few = Dataset(interactions={"user": ["a", "a", "b", "b"], "item": [1, 2, 1, 3]})
    with pytest.raises(
        DataError, match=r"only 2 users have something to look for beyond 1 interaction\."
    ) as caught:
        fewrec.evaluate(few, progress=False)
    assert caught.value.hint.startswith("At least 15 are needed")
    assert caught.value.hint.endswith("Lower k_shot, or collect more.")
    with pytest.raises(DataError, match=r"only 2 users have something to look for\.") as caught:
        fewrec.evaluate(few, k_shot=0, progress=False)
    assert "Lower" not in caught.value.hint  # no k is lower than 0
    with pytest.raises(DataError, match="there are no interactions to test on"):
        fewrec.evaluate(Dataset(items={"item": [1], "title": ["a"]}), progress=False)
    with pytest.raises(DataError, match="a dict is no Dataset"):
        fewrec.evaluate({"user": []})


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"task": "warmest"}, "there is no task 'warmest'"),
        ({"k_shot": (1, -1)}, "-1 is out of range"),
        ({"k_shot": ()}, "no number of interactions is given"),
        ({"train_users": 0}, "0 is out of range"),
        ({"train_users": ()}, "nobody is left to train on"),
        ({"train_users": "many"}, "'many' is out of range"),
        ({"seeds": 0}, "0 is out of range"),
        ({"n": True}, "True is out of range"),
        ({"test_users": 2}, "2 is out of range"),
        ({"share": 1.5, "task": "warm"}, "1.5 is not a share"),
        ({"share": "half", "task": "warm"}, "'half' is not a share"),
        ({"date": 0}, "it does nothing in the task 'cold-users'"),
        ({"systems": {5: "ease"}}, "5 is no name"),
        ({"systems": {" ": "ease"}}, "' ' is no name"),
        ({"last": True}, "it does nothing in the task 'cold-users'"),
        ({"date": "2024-05-17", "task": "warm"}, "it does nothing in the task 'warm'"),
        ({"workers": 0}, "0 is not a number of processes"),
        ({"systems": ["popularty"]}, "there is no system 'popularty'"),
        ({"systems": {"mine": 7}}, "a int has no method fit"),
    ],
)
def test_bad_settings(world, wish, message):
    with pytest.raises(ConfigError, match=message) as caught:
        fewrec.evaluate(world, **{"progress": False, **wish})
    assert caught.value.hint


def test_numbers_of_numpy_are_numbers(world):
    wish = {"seeds": np.int64(1), "n": np.int32(5), "test_users": np.int64(10)}
    found = fewrec.evaluate(world, ["random"], k_shot=np.array([0, 1]), progress=False, **wish)
    assert found.settings["k_shot"] == [0, 1]
    assert (found.settings["seeds"], found.settings["n"], found.settings["test_users"]) == (1, 5, 10)
    assert found.to_json() == fewrec.evaluate(
        world, ["random"], k_shot={1, 0}, seeds=1, n=5, test_users=10, progress=False
    ).to_json()  # fmt: skip


def test_lists_that_hold_everything_say_so(world):
    # 24 items: with one shown 23 can be listed, with none 24.
    told = {
        n: fewrec.evaluate(world, ["random"], k_shot=(0, 1), seeds=1, n=n, progress=False).notes
        for n in (23, 24)
    }
    assert told[23] == []
    assert told[24] == [
        "a list of 24 holds all that can be in it, 24 items: recall and hit are 1 whatever the system, and random "
        "order looks good, too. Choose n below 24."
    ]
    new = fewrec.evaluate(world, ["random"], task="cold-items", share=0.2, seeds=1, progress=False)
    assert "5 items" in new.notes[0]  # a fifth of 24
    small = Dataset(interactions={
        "user": [user for user in range(30) for _ in range(4)],
        "item": [(user + place) % 8 for user in range(30) for place in range(4)],
        "rating": [1 + (user + place) % 5 for user in range(30) for place in range(4)],
    })  # fmt: skip
    for task, told in (("cold-users", 1), ("rating", 0)):  # where ratings are foretold there are no lists
        notes = fewrec.evaluate(small, ["item-mean"], task=task, k_shot=1, seeds=1, progress=False).notes
        assert sum("holds all that can be in it" in note for note in notes) == told


def test_the_nearest_name_is_told(world):
    with pytest.raises(ConfigError) as caught:
        fewrec.evaluate(world, ["popularty"])
    assert caught.value.hint.startswith("Did you mean popularity?")


def test_the_room_and_the_function_are_one_name():
    import inspect

    from fewrec import evaluate
    from fewrec.evaluate import Evaluation

    assert evaluate is fewrec.evaluate
    assert fewrec.Evaluation is Evaluation
    assert next(iter(inspect.signature(fewrec.evaluate).parameters)) == "data"


def test_of_two_contenders_the_later_is_compared_with_the_earlier(found):
    rows = [(row["system"], row["against"]) for row in found.comparisons if row["k_shot"] == 3]
    assert rows == [
        ("user-knn", "random"), ("user-knn", "popularity"), ("user-knn", "item-mean"), ("user-knn", "text"),
        ("ease", "random"), ("ease", "popularity"), ("ease", "item-mean"), ("ease", "text"), ("ease", "user-knn"),
    ]  # fmt: skip


def test_thirds_by_activity():
    # 20 people each with 2, 4 and 8 interactions: one third each.
    rows = [(user, item) for user in range(60) for item in range((2, 4, 8)[user % 3])]
    user, item = zip(*rows, strict=True)
    data = Dataset(interactions={"user": list(user), "item": list(item)})
    found = fewrec.evaluate(data, ["popularity"], seeds=1, k_shot=1, progress=False)
    tested = {row["user"] for row in found.rows}
    people = {row["slice"]: row["users"] for row in found.slices if "interactions" in row["slice"]}
    assert people == {
        name: sum(user % 3 == at for user in tested)
        for at, name in enumerate(("few interactions", "some interactions", "many interactions"))
    }


def test_hot_warm_and_cold_items():
    from fewrec.evaluate.world import Trained, World

    data = Dataset(
        items={"item": [1, 2, 3, 4], "title": ["met", "unmet", None, None]},
        interactions={"user": ["a", "b"], "item": [1, 3]},
    )
    world = World.of(data)
    served = Trained.of(world.data).served(world)
    assert {name: np.flatnonzero(mask).tolist() for name, mask in served.items()} == {
        "hot": [0, 2], "warm": [1], "cold": [3],
    }  # fmt: skip

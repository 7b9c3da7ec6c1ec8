"""Who is there twice is not trained on under one name and tested under the other."""

from __future__ import annotations

import numpy as np

import fewrec
from fewrec import Dataset
from fewrec.evaluate.settings import Settings
from fewrec.evaluate.splits import cold_users
from fewrec.evaluate.twins import twins_of


def data_of(histories) -> Dataset:
    rows = [(user, item) for user, items in histories.items() for item in items]
    user, item = zip(*rows, strict=True)
    return Dataset(interactions={"user": list(user), "item": list(item)}).sorted()


def test_nearly_the_same_items():
    data = data_of({
        "a": range(10),  # tested
        "b": range(10),  # the same
        "c": range(1, 10),  # 9 of 10
        "d": range(1, 12),  # 9 of 12: another person
        "i": range(8),  # 8 of 10, just enough
        "e": range(4),  # 4 of 10
        "f": range(20, 30),
        "g": range(100, 104),  # tested, too few items to tell
        "h": range(100, 104),
    })  # fmt: skip
    at = data.users.index
    others = np.array([at(user) for user in "bcdefhi"])
    found = twins_of(data, np.array([at("a"), at("g")]), others)
    assert {data.users.ids[user] for user in found} == {"b", "c", "i"}


def test_twins_do_not_train_and_are_told_of():
    rng = np.random.default_rng(0)
    histories = {}
    for person in range(40):
        items = rng.permutation(200)[:12].tolist()
        histories[f"{person:02}"] = items
        histories[f"{person:02} again"] = items
    data = data_of(histories)
    plan = cold_users(data, Settings(k_shot=(3,), seeds=2))
    for split in plan.splits:
        tested = {case.user[:2] for case in split.cases}
        trained = {data.users.ids[user][:2] for user in split.training_users.tolist()}
        assert not tested & trained
        assert tested | trained == {name[:2] for name in histories}
    assert "users did not train: they have nearly the same items as a test user" in plan.notes[0]


def test_with_twins_in_training_copying_would_look_like_foresight():
    # The same made-up world, by chance alone: nothing can be known of a stranger, and nothing is.
    rng = np.random.default_rng(0)
    rows = [(f"{person} {twin}", item) for person in range(40) for items in [rng.permutation(200)[:12].tolist()]
            for twin in "ab" for item in items]  # fmt: skip
    user, item = zip(*rows, strict=True)
    found = fewrec.evaluate(
        Dataset(interactions={"user": list(user), "item": list(item)}),
        ["user-knn"],
        k_shot=3,
        seeds=2,
        progress=False,
    )
    (mean,) = (
        row["mean"] for row in found.cells if (row["system"], row["metric"]) == ("user-knn", "ndcg@10")
    )
    assert mean < 0.1  # with the twins it would be 1

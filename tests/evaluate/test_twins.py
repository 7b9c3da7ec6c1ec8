"""Who is there twice is not trained on under one name and tested under the other."""

from __future__ import annotations

import numpy as np
import pytest

import fewrec
from fewrec import Dataset
from fewrec.evaluate.settings import Settings
from fewrec.evaluate.splits import cold_users
from fewrec.evaluate.tasks import plan_of
from fewrec.evaluate.twins import item_twins_of, twins_of


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


LONG = "a film of a crew that is far from home and meets something strange in the dark of space where nobody hears"


def test_items_with_the_same_title_and_nearly_the_same_words():
    texts = {
        1: ("Alien", LONG),  # new
        2: ("ALIEN.", LONG.upper()),  # the same
        3: ("Alien", LONG + " 1979"),  # 22 of 23 words
        4: ("Alien", "a shop for cakes"),  # another thing of that name
        5: ("Aliens", LONG),  # a variant with a name of its own
        6: ("", LONG),
        7: ("Cake", ""),  # new, and nothing but a title
        8: ("cake", ""),
    }
    data = Dataset(
        items={
            "item": list(texts),
            "title": [title for title, _ in texts.values()],
            "description": [about for _, about in texts.values()],
        },
        interactions={"user": ["a"], "item": [1]},
    ).sorted()
    hidden = np.array([data.items.index(1), data.items.index(7)])
    assert {data.items.ids[item] for item in item_twins_of(data, hidden)} == {2, 3, 8}


def doubled(titles: bool) -> Dataset:
    """Thirty items by chance, each there twice: whoever has one has the other."""
    rng = np.random.default_rng(0)
    rows = [
        (user, item + 30 * twin)
        for user in range(60)
        for item in rng.permutation(30)[:8].tolist()
        for twin in (0, 1)
    ]
    user, item = zip(*rows, strict=True)
    names = [f"thing{at % 30} made of stuff{at % 30}" for at in range(60)]
    items = {"item": list(range(60)), "title" if titles else "description": names}
    return Dataset(
        items=items,
        interactions={"user": list(user), "item": list(item)},
        columns={"title": "title"} if titles else {},
    )


@pytest.mark.parametrize("titles", [True, False])
def test_twins_of_new_items_do_not_train_are_not_shown_and_not_ranked(titles):
    data = doubled(titles)
    whole = data.sorted()
    _, plan = plan_of(data, whole, Settings(task="cold-items", seeds=2), None)
    for split in plan.splits:
        hidden = {whole.items.ids[item] for item in split.cases[0].candidates}
        twins = {(item + 30) % 60 for item in hidden} - hidden
        trained = {
            whole.items.ids[item] for item in whole.only(split.pairs(whole, None)).interactions.item_index
        }
        assert len(hidden) == 12
        assert trained == set(range(60)) - hidden - twins
        for case in split.cases:
            assert not {whole.items.ids[item] for item in case.support} & twins
            assert not {whole.items.ids[item] for item in case.query} & twins
    assert "items did not train: they have the title and nearly all words of a new item" in plan.notes[0]


def test_with_twins_in_training_new_items_would_look_easy():
    # By chance alone nothing can be known of a new item; whoever had its twin to copy would be right every time.
    found = fewrec.evaluate(doubled(True), ["text"], task="cold-items", seeds=2, progress=False)
    (mean,) = (row["mean"] for row in found.cells if (row["system"], row["metric"]) == ("text", "auc"))
    assert mean < 0.6

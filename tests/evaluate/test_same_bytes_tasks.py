"""The same bytes in every task, from one, two and three processes, and when an interrupted run goes on."""

from __future__ import annotations

import json

import pytest

import fewrec
from fewrec import Recommender
from fewrec.evaluate import TASKS


@pytest.fixture(scope="module")
def restaurants():
    return fewrec.samples.restaurants()


@pytest.fixture(scope="module")
def file(restaurants, tmp_path_factory):
    """Twenty people with lists of all items, of which they liked one."""
    able = [
        (user, history)
        for user in restaurants.users.ids
        if len(history := restaurants.history(user)) > 4 and max(history.values()) == 2
    ]
    lists = [
        {
            "user": user,
            "support": dict(list(history.items())[:2]),
            "candidates": list(restaurants.items.ids),
            "relevant": [item for item, value in list(history.items())[2:] if value == 2],
        }
        for user, history in able[:20]
    ]
    path = tmp_path_factory.mktemp("splits") / "splits.json"
    path.write_text(json.dumps({"candidates": [{"seed": 0, "lists": lists}]}), encoding="utf-8")
    return path


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_in_every_task(restaurants, world, file, tmp_path, task):
    data = restaurants if task == "candidates" else world
    wish = {"splits": file} if task == "candidates" else {} if task == "time" else {"seeds": 2}
    if task in ("cold-users", "rating"):
        wish["k_shot"] = (0, 3)
    systems = ["item-mean", "user-mean"] if task == "rating" else ["text", "ease"]

    def measured(workers, resume=None):
        return fewrec.evaluate(
            data, [*systems, "fewrec"], task=task, workers=workers, resume=resume, progress=False,
            fewrec=Recommender("hashed"), **wish,
        )  # fmt: skip

    one = measured(1)
    two = measured(2, tmp_path)
    pieces = sorted(tmp_path.iterdir())
    for piece in pieces[::2]:
        piece.unlink()
    resumed = measured(3, tmp_path)
    assert len(sorted(tmp_path.iterdir())) == len(pieces) > 1
    for other in (two, resumed):
        assert other.to_json() == one.to_json()
        assert other.to_csv() == one.to_csv()
    assert str(one.seconds["all"]) not in one.to_json()
    assert set(one.versions) == {"fewrec", "numpy", "scipy", "python"}

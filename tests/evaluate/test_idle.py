"""An argument that does nothing in a task is refused there, and every other one changes what comes out."""

from __future__ import annotations

import json

import pytest

import fewrec
from fewrec.errors import ConfigError
from fewrec.evaluate import TASKS
from fewrec.evaluate.settings import COUNTS

WISHES = {
    "k_shot": 1,
    "seeds": 1,
    "n": 4,
    "test_users": 8,
    "share": 0.4,
    "last": True,
    "date": "1970-02-10",
    "splits": "file",
    "train_users": 12,
    "systems": ["random", "item-mean"],
}
USED = {
    "cold-users": "k_shot seeds n test_users splits train_users systems",
    "cold-items": "seeds n test_users share splits train_users systems",
    "warm": "seeds n test_users share last train_users systems",
    "time": "n test_users share date train_users systems",
    "rating": "k_shot seeds test_users splits train_users systems",
    "candidates": "seeds n splits train_users systems",
}


@pytest.fixture(scope="module")
def file(world, tmp_path_factory):
    stored = {
        "cold_users": [
            {"seed": seed, "training_users": [f"u{at}" for at in range(30)],
             "test_users": [{"user": f"u{at}", "support": list(world.history(f"u{at}"))[:5]} for at in range(30, 60)]}
            for seed in (0, 1)
        ],
        "cold_items": [{"seed": seed, "hidden_items": [seed, seed + 5, seed + 10]} for seed in (0, 1)],
        "candidates": [
            {"seed": seed, "lists": [
                {"user": f"u{at}", "support": list(world.history(f"u{at}"))[:3], "candidates": list(range(24)),
                 "relevant": list(world.history(f"u{at}"))[6:8]}
                for at in range(30)
            ]}
            for seed in (0, 1)
        ],
    }  # fmt: skip
    path = tmp_path_factory.mktemp("splits") / "splits.json"
    path.write_text(json.dumps(stored), encoding="utf-8")
    return path


def measured(world, file, task, **wishes):
    if wishes.get("splits") or task == "candidates":
        wishes["splits"] = file
    wishes.setdefault("systems", ["item-mean", "user-mean"] if task == "rating" else ["popularity", "text"])
    return fewrec.evaluate(world, task=task, progress=False, **wishes).to_dict()


def test_the_table_names_every_argument_and_task():
    assert set(USED) == set(TASKS)
    signature = set(fewrec.evaluate.__signature__.parameters)
    everywhere = {
        "data",
        "task",
        "guard",
        "workers",
        "resume",
        "progress",
        "fewrec",
    }  # the same in every task
    assert signature == set(WISHES) | everywhere
    for name, tasks in COUNTS.items():
        assert set(tasks) == {task for task, names in USED.items() if name in names.split()}


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", WISHES)
def test_used_or_refused(world, file, task, name):
    if name in USED[task].split():
        without = {} if name == "splits" and task == "candidates" else measured(world, file, task)
        wish = ["item-mean"] if (name, task) == ("systems", "rating") else WISHES[name]
        with_it = measured(world, file, task, **{name: wish})
        assert with_it["cells"] != without.get("cells")
        return
    with pytest.raises(ConfigError, match=f"it does nothing in the task '{task}'") as caught:
        measured(world, file, task, **{name: WISHES[name]})
    assert caught.value.where == name
    tasks = [other for other in TASKS if name in USED[other].split()]
    assert all(other in caught.value.hint for other in tasks)
    assert task not in caught.value.hint


@pytest.mark.parametrize(
    ("task", "name", "beside"),
    [
        ("cold-users", "test_users", "splits"),
        ("cold-items", "test_users", "splits"),
        ("cold-items", "share", "splits"),
        ("time", "share", "date"),
    ],
)
def test_what_does_nothing_beside_another_argument(world, file, task, name, beside):
    with pytest.raises(ConfigError, match=f"it does nothing beside {beside}") as caught:
        measured(world, file, task, **{name: WISHES[name], beside: WISHES[beside]})
    assert caught.value.where == name


@pytest.mark.parametrize("task", TASKS)
def test_settings_that_do_not_count_are_not_told(world, file, task):
    told = measured(world, file, task)["settings"]
    for name in ("n", "test_users", "share", "last"):
        assert (told[name] is None) == (name not in USED[task].split())

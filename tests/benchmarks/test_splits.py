"""Splits of our own: nobody is trained and tested, nothing that is looked for has been shown."""

from __future__ import annotations

import csv
import gzip

import numpy as np
import pytest

from benchmarks.open_sets import draw_splits, without_twins
from benchmarks.protocol import NewItemSplit, World
from benchmarks.reference import histories_of, new_item_users, peer_users, read_table
from benchmarks.synthetic import shop, write


def histories(users: int = 40) -> dict[str, dict[str, float]]:
    rng = np.random.default_rng(0)
    return {
        f"u{user}": {f"i{item}": float(rng.integers(1, 6)) for item in rng.choice(50, 3 + user % 20, False)}
        for user in range(users)
    }


def test_strangers_are_no_training_users_and_queries_no_supports():
    known = histories()
    for split in draw_splits(known, 4, tested=10, shown=5, held_back=3):
        test = {stranger.user for stranger in split.strangers}
        assert len(test) == 10
        assert sorted(test | set(split.training_users)) == sorted(known)
        assert not test & set(split.training_users)
        for stranger in split.strangers:
            shown = stranger.shown(5)
            assert len(shown) == 5
            assert not set(shown) & stranger.relevant
            rest = {item for item, value in known[stranger.user].items() if value >= 4 and item not in shown}
            assert stranger.relevant == rest != set()
            assert list(stranger.shown(2)) == list(shown)[:2]  # more is revealed, nothing else


def test_same_seed_same_split_and_seeds_differ():
    first, again = (draw_splits(histories(), 4, tested=10, shown=5, held_back=3) for _ in range(2))
    assert first == again
    assert len({split.training_users for split in first}) == 3


def test_too_few_users_are_an_error():
    with pytest.raises(ValueError, match=r"only \d+ users can be tested, 39 are wanted"):
        draw_splits(histories(), 4, tested=39, shown=5, held_back=3)


def test_users_of_new_items():
    known = histories_of(["b", "a", "b", "c"], ["x", "x", "y", "y"], [5, 3, 4, 5])
    world = World("w", {}, {}, "", "", ("x", "y"), ("", ""), known, 4, ())
    assert new_item_users(world, NewItemSplit(0, ("x",))) == ["b"]  # a met x and did not like it
    assert new_item_users(world, NewItemSplit(0, ("y",))) == ["b", "c"]
    assert sorted(peer_users(world, NewItemSplit(0, ("y",)))) == ["b", "c"]


def test_a_table_is_read_plain_and_packed(tmp_path):
    table = {"id": ["1", "2"], "title": ["a, b", 'say "c"\nd']}
    path = write(table, tmp_path / "t.csv")
    packed = tmp_path / "t.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert read_table(path) == read_table(packed) == table
    with path.open(newline="") as file:
        assert next(csv.reader(file)) == ["id", "title"]


def test_the_made_up_shop():
    items, events = shop(400, 100, 20)
    assert shop(400, 100, 20) == (items, events)
    assert {len(column) for column in items.values()} == {400}
    assert set(events["item_id"]) <= set(items["item_id"])
    assert set(events["rating"]) <= set("12345")
    pairs = list(zip(events["user_id"], events["item_id"], strict=True))
    assert len(set(pairs)) == len(pairs)
    counts = np.sort(np.unique(events["item_id"], return_counts=True)[1])[::-1]
    assert counts[:40].sum() > 2 * len(pairs) * 40 / 400  # the first tenth sells more than twice its share


def test_one_of_two_twins_is_kept():
    known = {
        "b": dict.fromkeys("abcdef", 1.0),
        "a": dict.fromkeys("abcdeg", 1.0),  # shares 5 of 7 with b, and comes first by name
        "c": dict.fromkeys("abcxyz", 1.0),  # shares 3 of 9 with either
        "d": dict.fromkeys("ab", 1.0),  # too few items to tell
        "e": dict.fromkeys("ab", 1.0),
    }
    assert list(without_twins(known)) == ["a", "c", "d", "e"]
    assert list(without_twins(known, least=0.8)) == list(known)

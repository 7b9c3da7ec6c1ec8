"""Ours keeps the contract of recommenders; and each way of breaking it is found out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from fewrec import Dataset, Recommender
from fewrec.testing.recommenders import check_recommender


def small() -> Dataset:
    titles = ["red planet", "red letter", "love letter", "lost planet", "love story", None]
    items = {"item": list("abcdef"), "title": titles}
    rows = [
        ("u", "a", 5),
        ("u", "b", 4),
        ("u", "e", 1),
        ("v", "c", 5),
        ("v", "e", 5),
        ("w", "d", 5),
        ("w", "a", 4),
    ]
    events = [{"user": user, "item": item, "rating": rating} for user, item, rating in rows]
    return Dataset(items, events, {"user": ["u", "v", "w"], "city": ["Oslo", "Oslo", "Rome"]})


def make(kind: type[Recommender] = Recommender) -> Recommender:
    return kind(encoder="hashed", tune=False, signals=["popularity", "text", "graph-wide"])


def test_ours_keeps_it(world: Any) -> None:
    check_recommender(lambda: Recommender(encoder="hashed"), world.data())


def test_a_few_signals_keep_it_on_a_small_data_set() -> None:
    check_recommender(make, small())


def test_events_without_ratings_keep_it(world: Any) -> None:
    rows = [{"user": row["user"], "item": row["item"]} for row in world.ratings if row["rating"] > 3]
    check_recommender(make, Dataset(world.items, rows, world.users))


def test_too_small_a_data_set_is_refused() -> None:
    data = Dataset({"item": ["a", "b"], "title": ["x", "y"]}, {"user": ["u"], "item": ["a"]})
    with pytest.raises(AssertionError, match="needs five items and two users with histories"):
        check_recommender(make, data)


class Doubles(Recommender):
    def score(self, *args: Any, **more: Any) -> Any:
        return super().score(*args, **more).astype(np.float64)


class Infinite(Recommender):
    def score(self, *args: Any, **more: Any) -> Any:
        scores = super().score(*args, **more)
        scores[0] = np.inf
        return scores


class Batched(Recommender):
    def score_many(self, *args: Any, **more: Any) -> Any:
        return super().score_many(*args, **more) * np.float32(1.01)


class Learns(Recommender):
    asked = 0

    def score(self, *args: Any, **more: Any) -> Any:
        self.asked += 1
        return super().score(*args, **more) + np.float32(self.asked > 24)


class Random(Recommender):
    made = 0

    def fit(self, *args: Any, **more: Any) -> Any:
        Random.made += 1
        self.seed = Random.made
        return super().fit(*args, **more)


class Listed(Recommender):
    """Lists are changed on their way out."""

    def change(self, rows: list[Any], asked: dict[str, Any]) -> list[Any]:
        return rows

    def recommend(self, *args: Any, **asked: Any) -> Any:
        found = super().recommend(*args, **asked)
        return replace(found, rows=tuple(self.change(list(found), asked)))


class TooLong(Listed):
    def change(self, rows: list[Any], asked: dict[str, Any]) -> list[Any]:
        return rows + rows[-1:]


class Repeats(Listed):
    def change(self, rows: list[Any], asked: dict[str, Any]) -> list[Any]:
        return [*rows[:-1], replace(rows[0], rank=len(rows))] if len(rows) > 1 else rows


class Unordered(Listed):
    def change(self, rows: list[Any], asked: dict[str, Any]) -> list[Any]:
        turned = rows[::-1]
        return [replace(row, rank=rank) for rank, row in enumerate(turned, start=1)]


class Unranked(Listed):
    def change(self, rows: list[Any], asked: dict[str, Any]) -> list[Any]:
        return [replace(row, rank=row.rank - 1) for row in rows]


class Reasonless(Listed):
    def change(self, rows: list[Any], asked: dict[str, Any]) -> list[Any]:
        return [replace(row, reasons=row.reasons[1:]) for row in rows]


class Silent(Listed):
    def recommend(self, *args: Any, **asked: Any) -> Any:
        return replace(super().recommend(*args, **asked), sure="")


class ShowsMet(Recommender):
    def recommend(self, *args: Any, **asked: Any) -> Any:
        return super().recommend(*args, **asked, include_seen=True)


class IgnoresExclude(Recommender):
    def recommend(self, *args: Any, **asked: Any) -> Any:
        excluded = asked.pop("exclude", None)
        if excluded and "an id that nobody has" in excluded:
            asked["exclude"] = excluded
        return super().recommend(*args, **asked)


class Forgiving(Recommender):
    def recommend(self, *args: Any, **asked: Any) -> Any:
        return super().recommend(*args, **{**asked, "on_unknown": "skip"})


class Remembers(Recommender):
    """Forgets the user and keeps the rows of the user's favourite item."""

    def forget(self, user: Any) -> Any:
        super().forget(user)
        return self.update(interactions={"user": ["ghost"], "item": ["a"], "rating": [5]})


class Deaf(Recommender):
    """Hears the first row only."""

    def update(self, **tables: Any) -> Any:
        first = {name: cells[:1] for name, cells in tables.pop("interactions").items()}
        return super().update(**tables, interactions=first)


class SavesLess(Recommender):
    @classmethod
    def load(cls, *args: Any, **more: Any) -> Any:
        model = super().load(*args, **more)
        model.seed = 5
        return model.fit(progress=False)


class ByRow(Recommender):
    """Breaks ties by the order of rows."""

    def score(self, *args: Any, **more: Any) -> Any:
        scores = super().score(*args, **more)
        names = list(self.data.items) if len(args) < 2 and more.get("items") is None else more["items"]
        first = self.data.items.ids[0]
        return scores + np.array([name == first for name in names], dtype=np.float32)

    def score_many(self, supports: Any, *args: Any, **more: Any) -> Any:
        rows = [self.score(support) for support in supports]
        return np.stack(rows) if rows else super().score_many([])


BROKEN: list[tuple[type[Recommender], str]] = [
    (Doubles, "scores must be float32, not float64"),
    (Infinite, "scores must be finite"),
    (Batched, "a batch must give what its rows give alone"),
    (Learns, "asking must not change the model"),
    (Random, "the same settings and data must give the same answers"),
    (ByRow, "the order of rows must not change an answer"),
    (TooLong, "a list of 1 must not hold 2 items"),
    (Repeats, "a list must not repeat an item"),
    (Unordered, "a list must be in order of its scores"),
    (Unranked, "ranks must be 1, 2, 3"),
    (Reasonless, "reasons must add up to the score"),
    (Silent, "every list must say how sure it is"),
    (ShowsMet, "a list must not hold known or excluded items"),
    (IgnoresExclude, "a list must not hold known or excluded items"),
    (Forgiving, "an unknown id must be refused"),
    (Remembers, "forget, then fit must equal never seen"),
    (Deaf, "the lists of a user must rest on an update at once"),
    (SavesLess, "a loaded model must answer as the saved one"),
]


@pytest.mark.parametrize(("kind", "rule"), BROKEN, ids=[kind.__name__ for kind, _ in BROKEN])
def test_each_break_is_found_out(kind: type[Recommender], rule: str) -> None:
    def broken() -> Recommender:
        return make(kind)

    factory: Callable[[], Recommender] = broken
    with pytest.raises(AssertionError, match=rule):
        check_recommender(factory, small())

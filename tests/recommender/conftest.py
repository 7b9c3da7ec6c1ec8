"""Small planted worlds: four kinds of items, users who like one kind each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from fewrec import Dataset, Recommender

KINDS = ("space", "love", "crime", "farm")
COLOURS = ("red", "blue", "green", "gold", "grey", "pink")
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class World:
    """Three tables, row by row. Item ``i5`` is of kind 5 % 4, user ``u2`` likes kind 2 % 4."""

    items: Rows
    ratings: Rows
    users: Rows

    def data(self, **settings: Any) -> Dataset:
        return Dataset(self.items, self.ratings, self.users, **settings)

    def without_rows_of(self, user: str) -> World:
        ratings = [row for row in self.ratings if row["user"] != user]
        return World(self.items, ratings, [row for row in self.users if row["user"] != user])


def build_world(seed: int = 0, *, users: int = 12, items: int = 16, new: int = 2) -> World:
    """``new``: so many items at the end have text and nobody has met them."""
    rng = np.random.default_rng(seed)
    shelf = [
        {
            "item": f"i{at}",
            "title": f"{KINDS[at % 4]} story {COLOURS[at // 4]}",
            "genre": KINDS[at % 4],
            "price": int(rng.integers(1, 30)),
        }
        for at in range(items)
    ]
    ratings = [
        {
            "user": f"u{user}",
            "item": f"i{item}",
            "rating": 5 if item % 4 == user % 4 else int(rng.integers(1, 4)),
        }
        for user in range(users)
        for item in range(items - new)
        if rng.random() < 0.6
    ]
    people = [{"user": f"u{user}", "city": ("Oslo", "Rome")[user % 2]} for user in range(users)]
    return World(shelf, ratings, people)


@pytest.fixture(scope="session")
def make_world() -> Callable[..., World]:
    return build_world


@pytest.fixture(scope="session")
def world() -> World:
    return build_world()


@pytest.fixture(scope="session")
def tuned(world: World) -> Recommender:
    """Fitted once for all tests, which only ask it."""
    return Recommender(encoder="hashed").fit(world.data(), progress=False)


@pytest.fixture(scope="session")
def plain(world: World) -> Recommender:
    """The same without tuning: quicker to make, and no weight is learned to be zero."""
    return Recommender(encoder="hashed", tune=False).fit(world.data(), progress=False)


@pytest.fixture
def fresh(world: World) -> Callable[[], Recommender]:
    """Recommenders that a test may change."""
    return lambda: Recommender(encoder="hashed", tune=False).fit(world.data(), progress=False)


@pytest.fixture(scope="session")
def towns() -> Recommender:
    """Forty people of two towns: in Oslo they like items a to h, in Rome i to p."""
    rng = np.random.default_rng(0)
    people = [{"user": f"p{at:02}", "city": ("Oslo", "Rome")[at % 2]} for at in range(40)]
    events = []
    for person in people:
        own, other = ("abcdefgh", "ijklmnop") if person["city"] == "Oslo" else ("ijklmnop", "abcdefgh")
        for item in rng.permutation(list(own))[:6]:
            events.append({"user": person["user"], "item": str(item), "rating": 5})
        for item in rng.permutation(list(other))[:2]:
            events.append({"user": person["user"], "item": str(item), "rating": 2})
    data = Dataset({"item": list("abcdefghijklmnop")}, events, people)
    return Recommender(encoder="hashed").fit(data, progress=False)

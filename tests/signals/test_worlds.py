"""The planted worlds are what they say they are, and a data set can be made of their tables."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from fewrec import Dataset
from fewrec.testing.worlds import World, bestsellers, noise, two_cities, two_tastes

WORLDS = [two_tastes, bestsellers, noise, two_cities]


@pytest.mark.parametrize("make", WORLDS)
def test_tables_and_training_data_are_the_same_world(make: Callable[..., World]) -> None:
    world = make(15, 20, 4)
    data = Dataset(world.items, world.interactions, world.users)
    assert data.items.ids == world.items["item"]
    liked, seen = data.matrix("liked").toarray(), data.matrix("all").toarray()
    users = [data.users.index(f"u{u}") for u in range(15)]
    assert np.array_equal(liked[users], world.training.liked.toarray())
    assert np.array_equal(seen[users], world.training.seen.toarray())
    names = data.item_features[1]
    assert sorted(name for name in names if name.startswith("genre")) == ["genre: comedy", "genre: horror"]
    cities, names = data.user_features
    assert names == ["city: Salamanca", "city: Utrecht"]
    assert np.array_equal(cities.toarray()[users][:, ::-1], world.training.portraits.toarray())
    assert set(data.texts) == {"title", "description"}


@pytest.mark.parametrize("make", WORLDS)
def test_the_seed_decides(make: Callable[..., World]) -> None:
    first, again, other = make(seed=1), make(seed=1), make(seed=2)
    assert np.array_equal(first.training.liked.toarray(), again.training.liked.toarray())
    assert np.array_equal(first.training.views["title"], again.training.views["title"])
    assert first.items == again.items
    assert not np.array_equal(first.training.liked.toarray(), other.training.liked.toarray())


def test_tastes_are_of_one_genre() -> None:
    world = two_tastes(12, 16)
    users, items = world.training.liked.nonzero()
    assert np.array_equal(world.user_kind[users], world.item_kind[items])
    rejected = (world.training.seen - world.training.liked).tocoo()
    met = rejected.data > 0
    assert np.all(world.user_kind[rejected.row[met]] != world.item_kind[rejected.col[met]])
    assert [world.items["genre"][i] for i in (0, 1)] == ["comedy", "horror"]


def test_bestsellers_are_liked_by_all_kinds() -> None:
    likes = np.asarray(bestsellers(200, 30).training.liked.sum(axis=0)).ravel()
    assert np.corrcoef(likes, -np.arange(30))[0, 1] > 0.9


def test_people_meet_the_places_of_their_city() -> None:
    world = two_cities(12, 16)
    users, items = world.training.seen.nonzero()
    assert np.array_equal(world.user_kind[users], world.item_kind[items])
    assert np.array_equal(world.training.portraits.toarray().argmax(axis=1), world.user_kind)
    genre = world.training.features.toarray().argmax(axis=1)
    assert not np.array_equal(genre, world.item_kind)

"""A data set cut down to some interactions holds nothing of the others; one with other item names is the same."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fewrec import Dataset

ITEMS = {"item": [1, 2, 3], "title": ["Alien", "Amélie", "Heat"]}
EVENTS = {
    "user": ["anna", "anna", "bert", "bert", "cleo"],
    "item": [1, 2, 2, 4, 3],  # no table describes item 4
    "rating": [5, 1, 4, 2, 3],
}
USERS = {"user": ["anna", "bert", "cleo"], "city": ["Oslo", "Rome", "Oslo"]}


@pytest.fixture
def data() -> Dataset:
    return Dataset(ITEMS, EVENTS, USERS)


def test_users_without_a_kept_pair_are_nowhere(data):
    part = data.only(data.interactions.user_index != data.users.index("bert"))
    assert sorted(part.users.ids) == ["anna", "cleo"]
    assert part.history("anna") == data.history("anna")
    assert "bert" not in json.dumps(part.to_tables())
    assert "Rome" not in json.dumps(part.to_tables())


def test_a_pair_that_is_left_out_is_nowhere(data):
    pairs = data.interactions
    part = data.only(
        ~((pairs.user_index == data.users.index("anna")) & (pairs.item_index == data.items.index(2)))
    )
    assert part.history("anna") == {1: 5.0}
    assert len(part.to_tables()[0]["interactions"]["item"]) == 4


def test_every_item_stays_and_keeps_its_title(data):
    part = data.only(data.interactions.user_index == data.users.index("cleo"))
    assert part.items.ids == data.items.ids
    assert part.titles == ["Alien", "Amélie", "Heat", "4"]


def test_items_stay_without_a_table_of_items():
    data = Dataset(interactions={"user": ["a", "a", "b"], "item": ["007", "7", "x"], "rating": [1, 2, 5]})
    part = data.only(data.interactions.user_index == data.users.index("a"))
    assert sorted(part.items.ids) == ["007", "7", "x"]
    assert part.history("a") == {"007": 1.0, "7": 2.0}


def test_a_like_stays_a_like(data):
    # 65 % of the way from 1 to 5 is 3.6; bert alone rated 2 and 4, of which 3.3 would be 65 %.
    part = data.only(data.interactions.user_index == data.users.index("bert"))
    assert part.feedback.liked_at == data.feedback.liked_at == pytest.approx(3.6)


def test_the_scale_stays_in_every_further_part(data):
    # Bert and Cleo rated 2, 3 and 4 of 1 to 5.
    part = data.only(data.interactions.user_index != data.users.index("anna"))
    assert part.feedback.scale == part.sorted().feedback.scale == data.feedback.scale == (1, 5)
    assert part.without_user("cleo").feedback.scale == (1, 5)
    assert part.extended(interactions={"user": ["anna"], "item": [1], "rating": [3]}).feedback.scale == (1, 5)


def test_what_is_said_of_users_is_there_as_given(data):
    assert data.user_columns == {"city": ["Oslo", "Rome", "Oslo"]}


def test_all_pairs_give_the_same_data(data):
    assert data.only(np.ones(len(data.interactions), dtype=bool)).fingerprint == data.fingerprint


def test_events_of_one_pair_stay_together():
    data = Dataset(interactions={"user": ["a", "a", "b"], "item": ["x", "x", "y"]})
    assert data.history("a") == {"x": 2.0}
    assert data.only(data.interactions.user_index == data.users.index("a")).history("a") == {"x": 2.0}


def test_nothing_kept_is_a_data_set_of_items(data):
    part = data.only(np.zeros(len(data.interactions), dtype=bool))
    assert (len(part.items), len(part.users), len(part.interactions)) == (4, 0, 0)


def test_other_names_carry_texts_and_interactions_along(data):
    other = data.with_item_names({1: 4, 4: 1, 2: 3, 3: 2})
    assert sorted(other.items.ids) == [1, 2, 3, 4]
    assert other.history("anna") == {4: 5.0, 3: 1.0}
    assert other.titles[other.items.index(4)] == "Alien"
    assert other.titles[other.items.index(2)] == "Heat"

"""Which columns are found, and how that is shown."""

from __future__ import annotations

import pytest

from fewrec.data import ColumnRoles, Dataset
from fewrec.data.names import ITEM, USER, id_score, readable, tokens
from fewrec.errors import DataError


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("movieId", ["movie", "id"]),
        ("Book-Title", ["book", "title"]),
        ("transaction_timestamp", ["transaction", "timestamp"]),
        ("ISBN", ["isbn"]),
        ("userID2", ["user", "id", "2"]),
        ("商品编号", ["商品编号"]),
    ],
)
def test_words_of_a_name(name, words):
    assert tokens(name) == words


def test_readable_names():
    assert readable("product_category") == "product category"
    assert readable("Latin_American") == "Latin American"
    assert readable("_x_") == "_x_"


USERS = [
    *("user", "user_id", "userID", "User-ID", "household_id", "customer"),
    *("user_hash", "uid", "visitorid", "reviewerID", "用户"),
]
ITEMS = [
    *("item", "movieId", "ISBN", "product_id", "placeID", "news_id"),
    *("article_id", "parent_asin", "asin", "sku", "item_code", "商品"),
]


@pytest.mark.parametrize("user", USERS)
def test_user_columns_by_name(user):
    assert id_score(user, USER, ITEM) >= 0.5
    data = Dataset(interactions={"item": [1, 2], user: ["a", "b"], "x": [1, 2]})
    assert data.roles.column("interactions", "user") == user


@pytest.mark.parametrize("item", ITEMS)
def test_item_columns_by_name(item):
    assert id_score(item, ITEM, USER) >= 0.5
    data = Dataset(
        items={item: [7, 8], "title": ["a", "b"]},
        interactions={"x": [1, 2], "user": ["a", "b"], item: [7, 8]},
    )
    assert data.roles.column("interactions", "item") == item
    assert data.roles.column("items", "item") == item


@pytest.mark.parametrize("name", ["user_name_of_city", "rating", "title_length", "", "price"])
def test_other_columns_are_no_ids(name):
    assert id_score(name, USER, ITEM) == 0


@pytest.mark.parametrize(
    ("column", "cells", "role"),
    [
        ("rating", [5, 1], "rating"),
        ("rating_final", [5, 1], "rating"),
        ("Book-Rating", ["5", "1"], "rating"),
        ("score", [0.5, 1.5], "rating"),
        ("stars", [5, 1], "rating"),
        ("value", [5, 1], "rating"),
        ("rating", ["like", "dislike"], "event"),
        ("quantity", [1, 3], "quantity"),
        ("play_count", [10, 3], "quantity"),
        ("click", [1, 0], "click"),
        ("Y", [1, 0], "click"),
        ("clicked", ["yes", "no"], "click"),
        ("event_type", ["view", "buy"], "event"),
        ("what", ["view", "buy"], "event"),  # by its values
        ("timestamp", [874965478, 874965479], "time"),
        ("timestamp_ms", [1625760602509, 1625760602510], "time"),
        ("date", ["2024-05-17", "2024-05-18"], "time"),
        ("created_at", ["2024-05-17T10:00:00Z", "2024-05-18 09:00"], "time"),
        ("x", ["2024-05-17", "2024-05-18"], "time"),  # by its values
        ("week", [5, 6], "unused"),
        ("type", ["a", "b"], "unused"),
        ("time", ["2PM", "10AM"], "unused"),
        ("label", ["good", "bad"], "unused"),
    ],
)
def test_other_columns_of_interactions(column, cells, role):
    data = Dataset(interactions={"user": ["a", "b"], "item": [1, 2], column: cells})
    assert {entry.column: entry.role for entry in data.roles.entries}[column] == role


def test_the_plain_rating_wins_over_its_parts():
    rows = {
        "userID": [1, 2],
        "placeID": [7, 8],
        "food_rating": [0, 2],
        "rating": [2, 1],
        "service_rating": [0, 0],
    }
    assert Dataset(interactions=rows).roles.column("interactions", "rating") == "rating"


def test_content_decides_where_names_mislead():
    # "book_id" of the books is another number than "book_id" of the ratings, which is "id" there
    books = {"id": [1, 2, 3], "book_id": [900, 3, 800], "title": ["a", "b", "c"]}
    data = Dataset(
        items=books, interactions={"book_id": [1, 2, 3], "user_id": [5, 5, 6], "rating": [1, 5, 3]}
    )
    assert data.roles.column("items", "item") == "id"
    assert data.titles == ["a", "b", "c"]
    assert "100 % of the ids in the interactions are here" in str(data.roles)


def test_an_item_column_found_by_overlap():
    things = {"code": ["k1", "k2", "k3"], "title": ["a", "b", "c"]}
    data = Dataset(items=things, interactions={"buyer": ["x", "y"], "what": ["k1", "k3"], "much": [3, 4]})
    assert data.roles.column("interactions", "item") == "what"
    assert '100 % of its values are in "code" of items' in str(data.roles)


def test_the_only_column_left_is_the_other_id():
    data = Dataset(interactions={"who": ["x", "y"], "item": [1, 2]})
    assert data.roles.column("interactions", "user") == "who"


def test_a_side_table_and_both_tables_can_be_told_apart():
    data = Dataset(
        items={"id": [1, 2], "book_id": [7, 8], "name": ["a", "b"]},
        interactions={"book_id": [7, 8], "reader": ["x", "y"]},
        columns={"items.item": "book_id", "interactions.item": "book_id"},
    )
    assert data.items.ids == [7, 8]


ITEM_COLUMNS = {
    "title": (["Alien", "Up"] * 10, "category"),  # hardly a title: every cell is repeated
    "name": ([f"Thing {n}" for n in range(20)], "title"),
    "headline": ([f"{n} dead" for n in range(20)], "title"),
    "city_name": (["Rome", "Bonn"] * 10, "category"),
    "abstract": ([f"A longer text about thing {n}" for n in range(20)], "description"),
    "remarks": ([f"{n} " + "many words in a row " * 8 for n in range(20)], "description"),
    "keywords": (["a, b", "b, c"] * 10, "tags"),
    "brand": (["Acme", "Best"] * 10, "category"),
    "serial": ([f"k{n}" for n in range(20)], "kept"),
    "image": ([f"http://x/{n}" for n in range(20)], "kept"),
    "page": ([f"http://x/{n}" for n in range(20)], "kept"),
    "store_id": ([n % 3 for n in range(20)], "kept"),
    "digest": ([f"{n:032x}" for n in range(20)], "kept"),
    "price": ([n / 3 for n in range(20)], "number"),
    "floors": ([n % 5 for n in range(20)], "category"),
    "updated_at": ([f"2024-05-{n + 1:02}" for n in range(20)], "kept"),
    "premiere": ([f"20{n + 1:02}-05-17" for n in range(20)], "date"),
    "opening_time": ([874965478 + n for n in range(20)], "kept"),
    "empty": ([None] * 20, "kept"),
    "country": (["Mexico"] * 20, "kept"),  # the same everywhere
    "fax": (["?"] * 20, "kept"),
}


@pytest.mark.parametrize("column", ITEM_COLUMNS)
def test_columns_of_items(column):
    cells, role = ITEM_COLUMNS[column]
    data = Dataset(items={"item": list(range(20)), column: cells})
    assert data.roles.entries[1].role == role


def test_a_title_by_content():
    items = {"item": list(range(20)), "what": [f"Thing number {n}" for n in range(20)]}
    data = Dataset(items={**items, "what": ["One thing", "One thing", *items["what"][2:]]})
    assert (
        data.roles.column("items", "title") is None
    )  # hardly any cell is shared, so it is not even a category
    data = Dataset(items={"item": list(range(20)), "text": items["what"]})
    assert data.roles.column("items", "title") == "text"


def test_a_name_of_a_person_is_no_feature():
    data = Dataset(interactions={"user": [1], "item": [1]}, users={"user": [1, 2], "name": ["Ann", "Ann"]})
    assert data.user_features[1] == []


def test_switching_a_role_off():
    rows = {"user": ["a", "a"], "item": [1, 1], "rating": [1, 5], "date": ["2024-05-17", "2024-05-18"]}
    data = Dataset(interactions=rows, columns={"rating": None, "time": None})
    assert (data.feedback.kind, data.interactions.time) == ("implicit", None)


def test_ignored_columns_are_gone():
    items = {"item": [1, 2], "title": ["a", "b"], "margin": [1, 2]}
    data = Dataset(items=items, columns={"ignore": ["margin"]})
    assert list(data.item_columns) == ["title"]
    assert "margin" not in str(data.roles)


def test_roles_as_a_table_and_back():
    data = Dataset(items={"item": [1, 2], "title": ["a", "b"]}, columns={"text": ["title"]})
    assert str(data.roles) == (
        "table  column  role   how it was found\n"
        "items  item    item   by its name\n"
        "items  title   title  by its name"
    )
    assert ColumnRoles.from_dict(data.roles.to_dict()) == data.roles


def test_tables_in_each_others_place_are_told():
    items = {"item_id": [1, 2], "title": ["Alien", "Heat"]}
    ratings = {"user_id": ["anna", "bo"], "item_id": [1, 2], "rating": [5, 1]}
    with pytest.raises(DataError) as raised:
        Dataset(ratings, items)
    assert str(raised.value) == (
        "interactions: no column looks like the user id.\n"
        'Name it: columns={"user": ...}. Columns: "item_id", "title". '
        "items has users: do interactions and items stand in each other's place?"
    )


def test_the_only_column_left_may_be_a_name_of_users_but_no_title():
    log = {"item_id": [1, 2], "name": ["anna", "bo"]}
    assert Dataset(interactions=log).users.ids == ["anna", "bo"]
    with pytest.raises(DataError, match="no column looks like the user id"):
        Dataset(interactions={"item_id": [1, 2], "title": ["Alien", "Heat"]})

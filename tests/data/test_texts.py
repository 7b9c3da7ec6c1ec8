"""Titles, texts, plain columns and named features of items, and portraits of users."""

from __future__ import annotations

import numpy as np
import pytest

from fewrec.data import Dataset
from fewrec.errors import DataError

FILMS = {
    "item": [1, 2, 3, 4],
    "title": ["Alien", "Up", "Heat", "Alien 3"],
    "genres": ["Horror|SF", "Family", "Crime|Drama", "Horror|SF"],
    "overview": ["A ship answers a distress call.", "", "Cops and robbers in a long duel.", None],
    "year": [1979, 2009, 1995, 1992],
    "url": ["https://a", "https://b", "https://c", "https://d"],
}


def test_title_view_and_description_view():
    data = Dataset(items=FILMS)
    assert data.texts == {
        "title": [
            "Alien. genres: Horror, SF. year: 1979",
            "Up. genres: Family. year: 2009",
            "Heat. genres: Crime, Drama. year: 1995",
            "Alien 3. genres: Horror, SF. year: 1992",
        ],
        "description": ["A ship answers a distress call.", "", "Cops and robbers in a long duel.", ""],
    }
    assert data.titles == ["Alien", "Up", "Heat", "Alien 3"]


def test_no_description_view_without_description_columns():
    assert list(Dataset(items={"item": [1], "title": ["Alien"]}).texts) == ["title"]


def test_features_carried_by_one_item_are_left_out_but_told():
    matrix, names = Dataset(items=FILMS).item_features
    assert names == ["genres: Horror", "genres: SF"]  # all others belong to one film only
    assert matrix.toarray().tolist() == [[1, 1], [0, 0], [0, 0], [1, 1]]
    assert matrix.dtype == np.float32


def test_numbers_become_four_ranges():
    prices = list(range(1, 17))  # quartiles by the data: 4, 8, 12, 16
    data = Dataset(items={"item": prices, "price": prices})
    matrix, names = data.item_features
    assert names == ["price: 1 to 4", "price: 12 to 16", "price: 4 to 8", "price: 8 to 12"]
    assert matrix.sum(axis=0).tolist() == [[4, 4, 4, 4]]
    assert data.texts["title"][0] == ""  # a price says nothing in a text


def test_skewed_numbers_make_fewer_ranges():
    sold = [0] * 12 + list(range(1, 14))
    matrix, names = Dataset(items={"item": list(range(25)), "sold": sold}).item_features
    # 25 values: the 7th, 13th, 19th and 25th are 0, 1, 7, 13
    assert names == ["sold: 0", "sold: 1 to 7", "sold: 7 to 13"]
    assert matrix.sum(axis=0).tolist() == [[12, 6, 6]]


def test_few_numbers_are_categories():
    _, names = Dataset(items={"item": [1, 2, 3, 4], "stars": [3, 4, 3, 4]}).item_features
    assert names == ["stars: 3", "stars: 4"]


@pytest.mark.parametrize(
    "cells",
    [
        ["Thai|Vegan", "Thai|Vegan", "Vegan"],
        ["Thai, Vegan", "Thai, Vegan", "Vegan"],
        ["Thai;Vegan", "Thai;Vegan", "Vegan"],
        ["['Thai', 'Vegan']", "['Thai', 'Vegan']", "['Vegan']"],
        ['["Thai", "Vegan"]', '[{"name": "Thai"}, {"name": "Vegan"}]', '["Vegan"]'],
        [["Thai", "Vegan"], ("Thai", "Vegan"), ["Vegan"]],
        [{"Thai", "Vegan"}, {"Vegan", "Thai"}, {"Vegan"}],
        [np.array(["Thai", "Vegan"]), ["Thai", None, "Vegan", ""], ["Vegan", "Vegan"]],
    ],
)
def test_several_values_in_a_cell(cells):
    data = Dataset(items={"item": [1, 2, 3], "cuisines": cells})
    matrix, names = data.item_features
    assert names == ["cuisines: Thai", "cuisines: Vegan"]
    assert matrix.toarray().tolist() == [[1, 1], [1, 1], [0, 1]]
    assert data.texts["title"] == ["cuisines: Thai, Vegan", "cuisines: Thai, Vegan", "cuisines: Vegan"]
    assert data.item_columns["cuisines"] == [["Thai", "Vegan"], ["Thai", "Vegan"], ["Vegan"]]


def test_side_tables_bring_several_rows_an_item():
    places = {"placeID": [7, 8, 9], "name": ["Kiku", "Puesto", "Chez"]}
    cuisines = {"placeID": [8, 7, 8, 5], "Rcuisine": ["Mexican", "Mexican", "Latin_American", "Thai"]}
    data = Dataset(items=[places, cuisines])
    assert data.item_columns["Rcuisine"] == [["Mexican"], ["Latin_American", "Mexican"], None]
    assert data.texts["title"] == [
        "Kiku. Rcuisine: Mexican",
        "Puesto. Rcuisine: Latin American, Mexican",
        "Chez",
    ]
    matrix, names = data.item_features
    assert names == ["Rcuisine: Mexican"]
    assert matrix.toarray().tolist() == [[1], [1], [0]]
    assert data.warnings == ["items: 1 rows speak of items that no other table has; they are not used."]


def test_titles_joined_and_said_once():
    items = {
        "item": [1, 2],
        "title": ["Am\u00e9lie", "Alien"],
        "original_title": ["Le fabuleux destin", "ALIEN"],
    }
    data = Dataset(items=items)
    assert data.texts["title"] == ["Am\u00e9lie Le fabuleux destin", "Alien"]
    assert data.titles == ["Am\u00e9lie", "Alien"]


def test_title_beside_the_interactions():
    data = Dataset(
        interactions={"user": ["a", "b", "c"], "article_id": [1, 1, 2], "title": ["Old", "New", "Two"]}
    )
    assert data.titles == ["New", "Two"]  # one row each: the smaller text
    assert data.texts["title"] == ["New", "Two"]


def test_items_without_title_are_shown_by_id():
    data = Dataset(items={"item": [5], "price": [3]}, interactions={"user": ["a"], "item": ["x9"]})
    assert data.titles == ["5", "x9"]
    assert data.texts["title"] == ["price: 3", ""]


def test_text_columns_chosen_by_the_caller():
    data = Dataset(items={**FILMS, "price": [3, 4, 5, 6]}, columns={"text": ["title", "price", "url"]})
    assert data.texts == {"title": [
        "Alien. url: https://a. price: 3", "Up. url: https://b. price: 4",
        "Heat. url: https://c. price: 5", "Alien 3. url: https://d. price: 6",
    ]}  # fmt: skip
    assert "genres: Horror" in data.item_features[1]  # features are another matter
    assert Dataset(items=FILMS, columns={"text": ["genres"]}).titles[0] == "Alien"


def test_roles_chosen_by_the_caller():
    items = {"code": ["x", "y"], "what": ["Tea", "Rice"], "long": ["a", "b"], "kind": ["hot, dry", "dry"]}
    wishes = {"item": "code", "title": "what", "description": ["long"], "tags": ["kind"]}
    data = Dataset(items=items, columns=wishes)
    assert data.titles == ["Tea", "Rice"]
    assert data.texts == {"title": ["Tea. kind: hot, dry", "Rice. kind: dry"], "description": ["a", "b"]}
    assert data.item_features[1] == ["kind: dry"]


def test_dates_count_by_their_year_and_loading_dates_do_not():
    items = {
        "item": list(range(4)),
        "released": ["1999-01-01", "1999-05-01", "2003-02-02", "2003-01-09"],
        "created_at": ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"],
    }
    data = Dataset(items=items)
    assert data.texts["title"] == ["released: 1999", "released: 1999", "released: 2003", "released: 2003"]
    assert data.item_features[1] == ["released: 1999", "released: 1999 to 2003"]


def test_odd_dates_have_no_year():
    items = {"item": [1, 2, 3], "released": ["1999-01-01", "1e29", "1999-02-02"]}
    assert Dataset(items=items).texts["title"] == ["released: 1999", "", "released: 1999"]


def test_cells_that_only_look_like_lists():
    items = {"item": [1, 2], "tags": ["[" * 100_000 + "]" * 100_000, "['a', 'b']"]}
    assert Dataset(items=items).texts["title"] == ["", "tags: a, b"]


def test_columns_for_filters(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text("item,name,price,zip,stock,note\n1,Tea,$1,007,3,\n2,Rice,2.50,010,,?\n3,Oats,,,,x\n")
    columns = Dataset.from_files(items=path).item_columns
    assert columns == {
        "name": ["Tea", "Rice", "Oats"],
        "price": [1.0, 2.5, None],
        "zip": ["007", "010", None],
        "stock": [3, None, None],
        "note": [None, None, "x"],
    }


PEOPLE = {
    "user": ["a", "b", "c", "d"],
    "smoker": ["yes", "no", "yes", "no"],
    "budget": ["low", "low", "high", "low"],
}


def test_portraits():
    data = Dataset(interactions={"user": ["z", "a"], "item": [1, 2]}, users=PEOPLE)
    assert data.users.ids == ["a", "b", "c", "d", "z"]
    matrix, names = data.user_features
    assert names == ["budget: low", "smoker: no", "smoker: yes"]
    assert matrix.toarray().tolist() == [[1, 0, 1], [1, 1, 0], [0, 0, 1], [1, 1, 0], [0, 0, 0]]


def test_portrait_of_a_stranger():
    data = Dataset(interactions={"user": ["a"], "item": [2]}, users=PEOPLE)
    row, unknown = data.user_feature_row(
        {"Budget": "LOW", "smoker": ["yes"], "colour": "red", "smoker ": "no"}
    )
    assert row.toarray().tolist() == [[1, 0, 1]]
    assert unknown == ["colour", "smoker "]
    row, unknown = data.user_feature_row({"budget": "high", "smoker": None})
    assert row.nnz == 0
    assert unknown == ["budget: high"]  # carried by one person only, so it says nothing about others


@pytest.mark.parametrize("value", [{"low": 1}, ["low", ["high"]], [{"low": 1}]])
def test_a_portrait_of_lists_within_lists_is_refused(value):
    data = Dataset(interactions={"user": ["a"], "item": [2]}, users=PEOPLE)
    with pytest.raises(DataError, match="no single value"):
        data.user_feature_row({"budget": value})


def test_portrait_of_a_stranger_by_number():
    ages = {"user": list(range(16)), "age": list(range(20, 36))}  # quartiles 23, 27, 31, 35
    data = Dataset(interactions={"user": [1], "item": [2]}, users=ages)
    names = data.user_features[1]
    for age, name in [
        (20, "20 to 23"),
        (23, "20 to 23"),
        (23.5, "23 to 27"),
        ("31", "27 to 31"),
        (99, "31 to 35"),
        (3, "20 to 23"),
    ]:
        row, unknown = data.user_feature_row({"age": age})
        assert ([names[at] for at in row.indices], unknown) == ([f"age: {name}"], [])
    row, unknown = data.user_feature_row({"age": "old"})
    assert (row.nnz, unknown) == (0, ["age: old"])

"""``Dataset``: matrices, ids, and the data sets made from another one."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

from fewrec.data import Dataset
from fewrec.errors import FewrecWarning

ITEMS = {"item": [3, 1, 2], "title": ["Up", "Alien", "Heat"], "genre": ["Family", "SF", "Crime"]}
LOG = {
    "user": ["ben", "anna", "anna", "ben", "carl"],
    "item": [1, 2, 9, 3, 9],
    "rating": [5, 2, 4, 1, 5],
    "time": [50, 40, 30, 20, 10],
}
USERS = {"user": ["zoe", "anna"], "smoker": ["yes", "yes"]}


def same(one: Dataset, two: Dataset) -> None:
    """Both data sets are equal, bit for bit."""
    assert one.items.ids == two.items.ids
    assert one.users.ids == two.users.ids
    assert [type(id) for id in one.items] == [type(id) for id in two.items]
    assert one.feedback == two.feedback
    for name in ("user_index", "item_index", "value", "liked", "count", "time"):
        first, second = getattr(one.interactions, name), getattr(two.interactions, name)
        assert (first is None) == (second is None)
        if first is not None:
            assert first.dtype == second.dtype
            np.testing.assert_array_equal(first, second)
    for first, second in ((one.item_features, two.item_features), (one.user_features, two.user_features)):
        assert first[1] == second[1]
        assert first[0].shape == second[0].shape
        assert (first[0] != second[0]).nnz == 0
    assert (one.titles, one.texts, one.item_columns) == (two.titles, two.texts, two.item_columns)
    assert one.fingerprint == two.fingerprint


def rows(table: dict, keep) -> dict:
    at = [row for row in range(len(next(iter(table.values())))) if keep(row)]
    return {name: [cells[row] for row in at] for name, cells in table.items()}


def test_order_of_ids_and_of_interactions():
    data = Dataset(items=ITEMS, interactions=LOG, users=USERS)
    assert data.items.ids == [3, 1, 2, 9]  # the table's order, then first sight
    assert data.users.ids == ["zoe", "anna", "ben", "carl"]
    pairs = data.interactions
    assert list(zip(pairs.user_index.tolist(), pairs.item_index.tolist(), strict=True)) == [
        (1, 2), (1, 3), (2, 0), (2, 1), (3, 3),
    ]  # fmt: skip
    assert pairs.value.tolist() == [2, 4, 1, 5, 5]
    assert [array.dtype.name for array in (pairs.user_index, pairs.item_index, pairs.value, pairs.count)] == [
        "int32", "int32", "float32", "int32",
    ]  # fmt: skip
    assert repr(data) == "Dataset(4 users, 4 items, 5 interactions, explicit)"


def test_matrices():
    data = Dataset(items=ITEMS, interactions=LOG, users=USERS)
    value = [[0, 0, 0, 0], [0, 0, 2, 4], [1, 5, 0, 0], [0, 0, 0, 5]]
    assert data.matrix("value").toarray().tolist() == value
    assert data.matrix("all").toarray().tolist() == (np.array(value) > 0).astype(float).tolist()
    assert data.matrix().toarray().tolist() == (np.array(value) > 3.6).astype(float).tolist()
    assert data.matrix().dtype == np.float32
    data.matrix("value").data[:] = 9  # a copy: the data set does not change
    assert data.interactions.value.tolist() == [2, 4, 1, 5, 5]


def test_a_rating_of_zero_is_an_interaction():
    data = Dataset(interactions={"user": [1, 1], "item": [1, 2], "rating": [0, 2]})
    assert data.matrix("value").nnz == 2
    assert data.history("1") == {1: 0.0, 2: 2.0}


@pytest.mark.parametrize(
    ("cells", "ids"),
    [
        (["1", "2", "10"], [1, 2, 10]),
        (["001", "2", "10"], ["001", "2", "10"]),
        (["1", "b", "10"], ["1", "b", "10"]),
        (["-1", "0", "10"], [-1, 0, 10]),
        (["1.0", "2", "10"], ["1.0", "2", "10"]),
    ],
)
def test_ids_of_text_files_are_integers_when_all_are(cells, ids, tmp_path):
    (tmp_path / "i.csv").write_text("item,title\n" + "".join(f"{cell},t{cell}\n" for cell in cells[:2]))
    (tmp_path / "r.csv").write_text("user,item\n" + "".join(f"u,{cell}\n" for cell in cells))
    assert Dataset.from_files(items=tmp_path / "i.csv", interactions=tmp_path / "r.csv").items.ids == ids


def test_typed_ids_are_kept_as_given():
    assert Dataset(items={"item": ["7", "8"], "title": ["a", "b"]}).items.ids == ["7", "8"]
    assert Dataset(items={"item": ["x", 8], "title": ["a", "b"]}).items.ids == ["x", 8]


def test_a_number_and_its_text_in_two_tables_are_one_item():
    data = Dataset(items={"item": ["7", "8"], "title": ["a", "b"]}, interactions={"user": ["u"], "item": [7]})
    assert data.items.ids == [7, 8]
    assert data.warnings == [
        'Some item ids are written both as a number and as text (7 and "7"): they are taken as the same.'
    ]


def test_typed_strings_follow_text_files(tmp_path):
    (tmp_path / "i.csv").write_text("item,title\n7,a\n8,b\n")
    files = Dataset.from_files(items=tmp_path / "i.csv")
    assert files.items.ids == [7, 8]
    assert files.extended(interactions=[{"user": "u", "item": "9"}]).items.ids == [7, 8, 9]
    assert files.extended(interactions=[{"user": "u", "item": "x"}]).items.ids == ["7", "8", "x"]


def test_identical_rows_are_merged_and_told():
    data = Dataset(items={"item": [1, 2, 1], "title": ["a", "b", "a"]})
    assert data.items.ids == [1, 2]
    assert data.warnings == ["items: 1 rows repeat another row exactly and are used once."]


def test_of_different_descriptions_the_fullest_stays_when_skipping():
    rows_ = [(1, "a", None), (2, "b", "x"), (1, "a", "longer"), (1, None, None)]
    for order in (rows_, rows_[::-1]):
        columns = dict(
            zip(("item", "title", "description"), map(list, zip(*order, strict=True)), strict=True)
        )
        data = Dataset(items=columns, on_bad_row="skip").sorted()
        assert data.texts["description"] == ["longer", "x"]
        assert data.warnings[0].startswith("items: 2 of 4 rows left out (row ")


def test_bad_rows_are_left_out_on_request(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("user,item,rating\na,1,5\na,2\nb,1,x\nb,2,1\n,3,3\n")
    data = Dataset.from_files(interactions=path, on_bad_row="skip")
    assert (data.users.ids, data.items.ids, data.interactions.value.tolist()) == (["a", "b"], [1, 2], [5, 1])
    assert data.warnings[0] == (
        "r.csv: 3 of 5 rows left out (row 3: the row has 2 cells where the header has 3; "
        'row 4, column "rating": "x" is not a number; row 6, column "user": the user id is missing).'
    )


def test_no_rows_of_interactions_is_a_visible_fallback():
    with pytest.warns(
        FewrecWarning, match="interactions has no rows: recommendations rest on the items' texts"
    ):
        data = Dataset(items=ITEMS, interactions={"user": [], "item": []}, users={"user": [], "age": []})
    assert (data.feedback.kind, len(data.users)) == ("none", 0)
    assert data.warnings[-1] == "users has no rows."


def test_extended_equals_from_scratch():
    first = Dataset(items=rows(ITEMS, lambda row: row < 2), interactions=rows(LOG, lambda row: row < 3))
    more = first.extended(
        items=rows(ITEMS, lambda row: row >= 2), interactions=rows(LOG, lambda row: row >= 3), users=USERS
    )
    same(more, Dataset(items=ITEMS, interactions=LOG, users=USERS))
    same(first.extended(), first)
    same(first.extended(interactions=[]), first)


def test_extended_understands_other_names_of_columns():
    data = Dataset(interactions={"userId": [1, 2], "movieId": [7, 8], "rating": [1, 5], "timestamp": [3, 4]})
    more = data.extended(interactions=[{"user": 1, "item": 8, "value": 4, "time": 9}])
    assert more.history(1) == {7: 1.0, 8: 4.0}
    assert more.interactions.time.tolist() == [3, 9, 4]


def test_errors_in_added_rows_say_so(told):
    data = Dataset(interactions=LOG)
    assert told(lambda: data.extended(interactions=[{"user": "x", "item": 1, "rating": "good"}]))[
        1
    ].startswith('added interactions, row 0, column "rating": "good" is not a number.')


def test_without_user_equals_never_seen():
    data = Dataset(items=ITEMS, interactions=LOG, users=USERS)
    for user in ("anna", "ben", "carl", "zoe"):
        never = Dataset(
            items=ITEMS,
            interactions=rows(LOG, lambda row, user=user: LOG["user"][row] != user),
            users=rows(USERS, lambda row, user=user: USERS["user"][row] != user),
        )
        same(data.without_user(user), never)


def test_without_the_last_user():
    data = Dataset(items=ITEMS, interactions={"user": ["a", "a"], "item": [3, 9], "rating": [5, 1]},
                   users={"user": ["a"], "age": [3]})  # fmt: skip
    with pytest.warns(FewrecWarning, match="has no rows"):
        empty = data.without_user("a")
    assert (empty.users.ids, empty.items.ids, empty.feedback.kind) == ([], [3, 1, 2], "none")


def test_sorted_is_canonical_and_stays_so():
    mixed = {"user": ["b", 10, "a", 9], "item": ["x", 2, 1, "10"], "rating": [1, 2, 3, 5]}
    data = Dataset(interactions=mixed).sorted()
    assert (data.users.ids, data.items.ids) == ([9, 10, "a", "b"], [1, 2, "10", "x"])
    assert data.sorted() is data
    assert data.without_user("a").items.ids == [2, "10", "x"]
    assert data.extended(interactions={"user": ["a"], "item": [0], "rating": [3]}).items.ids == [
        0,
        1,
        2,
        "10",
        "x",
    ]


def test_fingerprint_tells_contents_apart():
    data = Dataset(items=ITEMS, interactions=LOG)
    assert len(data.fingerprint) == 64
    shuffled = rows(LOG, lambda row: row > 1)
    rest = rows(LOG, lambda row: row <= 1)
    moved = {name: shuffled[name] + rest[name] for name in LOG}
    assert Dataset(items=ITEMS, interactions=moved).fingerprint == data.fingerprint
    others = [
        Dataset(items=ITEMS, interactions={**LOG, "rating": [5, 2, 4, 1, 4]}),
        Dataset(items=ITEMS, interactions={**LOG, "time": [50, 40, 30, 20, 11]}),
        Dataset(items={**ITEMS, "title": ["Up", "Alien", "Heat 2"]}, interactions=LOG),
        Dataset(items=ITEMS, interactions=LOG, liked_at=2),
        Dataset(items=ITEMS, interactions=LOG, users=USERS),
    ]
    assert len({data.fingerprint, *(other.fingerprint for other in others)}) == 6


@pytest.mark.parametrize(
    "settings", [{}, {"half_life": 2.0, "now": "2024-05-17"}, {"liked_at": 2, "columns": {"text": ["title"]}}]
)
def test_plain_tables_and_back(settings):
    cuisines = {"item": [1, 3, 3], "kitchen": ["Thai", "Thai", "Vegan"], "tags": [["a", "b"], ["b"], None]}
    data = Dataset(items=[ITEMS, cuisines], interactions=LOG, users=USERS, **settings)
    for original in (data, data.sorted()):
        tables, plain = json.loads(json.dumps(original.to_tables()))
        back = Dataset.from_tables(tables, plain)
        same(back, original)
        assert (back.warnings, back.roles) == (original.warnings, original.roles)
        same(back.without_user("anna"), original.without_user("anna"))
        same(back.extended(interactions=LOG), original.extended(interactions=LOG))


def test_plain_tables_leave_out_what_names_a_person():
    people = {"user": ["anna", "zoe"], "name": ["Anna A.", "Zoë Z."], "email": ["a@b", "z@b"]}
    data = Dataset(interactions=LOG, users={**people, "smoker": ["yes", "yes"]})
    tables, settings = data.to_tables()
    assert list(tables["users"]) == ["user", "smoker"]
    same(Dataset.from_tables(tables, settings), data)


def test_items_that_no_table_describes():
    data = Dataset(items=ITEMS, interactions=LOG)
    assert "1 of 4 items of interactions are not described in items." in data.warnings
    log = {"user": ["a"] * 10, "item": [f"sku{at}" for at in range(10)]}
    with pytest.warns(FewrecWarning) as caught:
        Dataset(items=ITEMS, interactions=log)
    assert [str(warning.message) for warning in caught] == [
        "All 10 items of interactions are not described in items "
        '("sku0", "sku1", "sku2" there, 3, 1, 2 here): do both tables use the same ids?'
    ]


def test_integers_that_were_saved_as_floats(tmp_path):
    (tmp_path / "i.csv").write_text("item,title\n7,a\n8,b\n")
    (tmp_path / "r.csv").write_text("user,item\nu,7.0\nv,\nv,8.0\n")
    data = Dataset.from_files(items=tmp_path / "i.csv", interactions=tmp_path / "r.csv", on_bad_row="skip")
    assert (data.items.ids, data.history("v")) == ([7, 8], {8: 1.0})


def test_plain_tables_of_a_file_with_bad_rows(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("user,item,rating,till\na,1,5,x\na,2\n\nb,1,x,y\nb,2,1,z\n")
    data = Dataset.from_files(interactions=path, on_bad_row="skip")
    tables, settings = data.to_tables()
    assert "till" not in tables["interactions"]  # what plays no role is not kept
    back = Dataset.from_tables(tables, settings)
    same(back, data)
    assert back.warnings == data.warnings


def test_restoring_warns_nobody_again():
    with pytest.warns(FewrecWarning, match="all ratings are 4"):
        data = Dataset(interactions={"user": [1, 2], "item": [1, 2], "rating": [4, 4]})
    same(Dataset.from_tables(*data.to_tables()), data)
    data.without_user(1)  # the warning was given once already


def test_importing_is_light():
    heavy = "pandas polars pyarrow narwhals scipy sqlalchemy"
    code = f"import sys, fewrec.data; print([name for name in {heavy.split()} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"

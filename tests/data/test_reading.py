"""The same small table out of every kind of source."""

from __future__ import annotations

import datetime
import decimal
import gzip
import json
import sqlite3
import uuid

import numpy as np
import pytest

from fewrec.data import Dataset
from fewrec.errors import FewrecWarning

CSV = "user,item,rating\nanna,7,5\nanna,8,2\nben,7,3.5\n"
RECORDS = [
    {"user": "anna", "item": 7, "rating": 5},
    {"user": "anna", "item": 8, "rating": 2},
    {"item": 7, "user": "ben", "rating": 3.5},
]
WANTED = {"anna": {7: 5.0, 8: 2.0}, "ben": {7: 3.5}}


def histories(data: Dataset) -> dict:
    return {user: data.history(user) for user in data.users}


TEXTS = {
    "plain": ("r.csv", CSV.encode()),
    "byte order mark": ("r.csv", b"\xef\xbb\xbf" + CSV.encode()),
    "semicolons": ("r.csv", CSV.replace(",", ";").encode()),
    "semicolons and decimal commas": ("r.csv", CSV.replace(",", ";").replace(".", ",").encode()),
    "tabs": ("r.tsv", CSV.replace(",", "\t").encode()),
    "tabs in a csv": ("r.csv", CSV.replace(",", "\t").encode()),
    "bars": ("r.txt", CSV.replace(",", "|").encode()),
    "windows line ends": ("r.csv", CSV.replace("\n", "\r\n").encode()),
    "old macintosh line ends": ("r.csv", CSV.replace("\n", "\r").encode()),
    "no last line end": ("r.csv", CSV.rstrip().encode()),
    "spaces": ("r.csv", CSV.replace(",", " , ").encode()),
    "blank lines": ("r.csv", CSV.replace("\n", "\n\n").encode()),
    "quoted": ("r.csv", b'"user","item","rating"\n"anna","7","5"\n"anna","8","2"\n"ben","7","3.5"\n'),
    "surplus empty cells": ("r.csv", CSV.replace("\n", ",\n").replace("rating,", "rating", 1).encode()),
    "index without a name": ("r.csv", b",user,item,rating\n0,anna,7,5\n1,anna,8,2\n2,ben,7,3.5\n"),
    "utf-16": ("r.csv", CSV.encode("utf-16")),
    "gzip": ("r.csv.gz", gzip.compress(CSV.encode())),
    "gzip without the suffix": ("r.csv", gzip.compress(CSV.encode())),
    "typed header": (
        "r.inter",
        CSV.replace("user,item,rating", "user_id:token,item_id:token,rating:float")
        .replace(",", "\t")
        .encode(),
    ),
    "other names": ("r.csv", CSV.replace("user,item,rating", "household_id,ISBN,Book-Rating").encode()),
    "JSON lines": ("r.jsonl", "\n\n".join(map(json.dumps, RECORDS)).encode()),
    "JSON lines without a suffix": ("r", "\n".join(map(json.dumps, RECORDS)).encode()),
    "JSON list": ("r.json", json.dumps(RECORDS).encode()),
}


@pytest.mark.parametrize("case", TEXTS)
def test_text_files(case, tmp_path):
    name, content = TEXTS[case]
    (tmp_path / name).write_bytes(content)
    assert histories(Dataset.from_files(interactions=tmp_path / name)) == WANTED


def test_notes_on_odd_files(tmp_path):
    for case, note in {
        "surplus empty cells": "r.csv: 3 rows end in surplus empty cells, which are not used.",
        "index without a name": "r.csv: column 1 has no name in the header and is not used.",
    }.items():
        (tmp_path / "r.csv").write_bytes(TEXTS[case][1])
        assert note in Dataset.from_files(interactions=tmp_path / "r.csv").warnings


@pytest.mark.parametrize(
    ("encoding", "shown", "title"),
    [
        ("cp1252", "cp1252", "Café – Zoë"),
        ("latin-1", "latin-1", "Caf\xe9 \x81"),
        ("gb18030", "gb18030", "重庆小面 辣"),
    ],
)
def test_other_encodings_are_guessed_visibly(tmp_path, encoding, shown, title):
    path = tmp_path / "items.csv"
    path.write_bytes(f"item,title\n1,Tea\n2,{title}\n".encode(encoding))
    with pytest.warns(FewrecWarning, match=f"items.csv, row 3: the text is not UTF-8; it is read as {shown}"):
        data = Dataset.from_files(items=path)
    assert data.titles == ["Tea", " ".join(title.split())]
    assert f"it is read as {shown}" in data.warnings[0]


def test_unquoted_tab_files_keep_their_quotation_marks(tmp_path):
    path = tmp_path / "items.tsv"
    path.write_text(
        'item\ttitle\n1\t"Weird Al" live\n2\t"Heroes\n3\tLow\n'
    )  # the second mark is never closed
    assert Dataset.from_files(items=path).titles == ['"Weird Al" live', '"Heroes', "Low"]


def test_quoted_tab_files(tmp_path):
    path = tmp_path / "items.tsv"
    path.write_text('item\ttitle\n1\t"Tea\thot"\n2\t"Rice"\n')
    assert Dataset.from_files(items=path).titles == ["Tea hot", "Rice"]


def test_quoted_tab_files_with_lines_inside_cells(tmp_path):
    path = tmp_path / "items.tsv"
    path.write_text('"item"\t"title"\n1\t"Tea\nor\ncoffee"\n2\tRice\n')
    assert Dataset.from_files(items=path).titles == ["Tea or coffee", "Rice"]


def test_marks_that_are_not_by_the_book(tmp_path):
    path = tmp_path / "items.csv"
    path.write_text('item,title\n1,"5"" disk"\n2,"The "Best" of"\n')
    assert Dataset.from_files(items=path).titles == ['5" disk', 'The Best" of"']


def test_several_files_of_interactions(tmp_path):
    (tmp_path / "may.csv").write_text("user,item,rating\nanna,7,5\nanna,8,2\n")
    (tmp_path / "june.csv").write_text("rating,user,item\n3.5,ben,7\n")
    assert histories(Dataset.from_files(interactions=[tmp_path / "may.csv", tmp_path / "june.csv"])) == WANTED


@pytest.mark.parametrize("packed", [False, True])
def test_parquet_and_zst(tmp_path, packed):
    pyarrow = pytest.importorskip("pyarrow", reason="PyArrow is not installed")
    from pyarrow import parquet

    if packed:
        path = tmp_path / "r.csv.zst"
        with pyarrow.CompressedOutputStream(str(path), "zstd") as stream:
            stream.write(CSV.encode())
    else:
        path = tmp_path / "r.parquet"
        rows = {"user": ["anna", "anna", "ben"], "item": [7, 8, 7], "rating": [5, 2, 3.5]}
        parquet.write_table(pyarrow.table(rows), path)
    assert histories(Dataset.from_files(interactions=path)) == WANTED


def test_a_damaged_zst_file(tmp_path, told):
    pyarrow = pytest.importorskip("pyarrow", reason="PyArrow is not installed")
    path = tmp_path / "r.csv.zst"
    with pyarrow.CompressedOutputStream(str(path), "zstd") as stream:
        stream.write(CSV.encode() * 100)
    path.write_bytes(path.read_bytes()[:12] + b"xxxxxxxx")
    assert told(lambda: Dataset.from_files(interactions=path))[1].startswith(
        "r.csv.zst: the packed file is damaged"
    )


ROWS = {"user": ["anna", "anna", "ben"], "item": [7, 8, 7], "rating": [5.0, 2.0, 3.5]}


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow", "dict", "records", "numpy", "lazy"])
def test_frames(library):
    def frame():
        if library == "dict":
            return ROWS
        if library == "numpy":
            return {key: np.array(cells) for key, cells in ROWS.items()}
        if library == "records":
            return [dict(zip(ROWS, row, strict=True)) for row in zip(*ROWS.values(), strict=True)]
        module = pytest.importorskip(
            "polars" if library == "lazy" else library, reason=f"{library} is not installed"
        )
        if library == "pyarrow":
            return module.table(ROWS)
        return module.DataFrame(ROWS).lazy() if library == "lazy" else module.DataFrame(ROWS)

    assert histories(Dataset(interactions=frame())) == WANTED


def test_pandas_columns_named_by_numbers_or_pairs():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame([[7, "Tea"], [8, "Oats"]])  # columns 0 and 1
    assert Dataset(frame, columns={"item": "0", "title": "1"}).titles == ["Tea", "Oats"]
    frame.columns = pandas.MultiIndex.from_tuples([("item", "id"), ("item", "title")])
    data = Dataset(frame)
    assert (data.items.ids, data.titles) == ([7, 8], ["Tea", "Oats"])


def test_pandas_missing_cells_and_types():
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame(
        {
            "item": pandas.array([1, 2, None], dtype="Int64"),
            "title": pandas.Categorical(["Tea", None, "Oats"]),
            "price": [1.5, np.nan, 2.0],
            "seen": pandas.to_datetime(["2024-05-17", None, "2024-05-18"]),
            "open": [True, False, None],
        }
    )
    data = Dataset(items=frame, on_bad_row="skip")
    assert data.items.ids == [1, 2]
    assert data.item_columns == {
        "title": ["Tea", None],
        "price": [1.5, None],
        "seen": ["2024-05-17T00:00:00", None],
        "open": [True, False],
    }


def test_integer_ids_that_pandas_turned_into_floats():
    data = Dataset(
        interactions={"user": [1.0, 2.0, float("nan")], "item": ["a", "b", "c"]}, on_bad_row="skip"
    )
    assert data.users.ids == [1, 2]
    assert data.warnings == [
        'interactions: 1 of 3 rows left out (row 2, column "user": the user id is missing).'
    ]


def test_odd_but_clear_cells():
    key = uuid.UUID(int=7)
    items = {
        "item": [key, np.int64(5)],
        "price": [decimal.Decimal("1.50"), decimal.Decimal("NaN")],
        "day": [datetime.date(2024, 5, 17), np.datetime64("NaT")],
        "when": [np.datetime64("2024-05-17"), datetime.time(9, 30)],
        "size": [np.float32(2.5), np.float64("nan")],
    }
    data = Dataset(items=items)
    assert data.items.ids == [str(key), 5]
    assert data.item_columns == {
        "price": [1.5, None],
        "day": ["2024-05-17", None],
        "when": ["2024-05-17", "09:30:00"],
        "size": [2.5, None],
    }


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            "create table products (product_id integer, name text, price real);"
            "insert into products values (1, 'Tea', 3.5), (2, 'Rice', null);"
            "create table log (customer text, product integer, event text, at text);"
            "insert into log values ('anna', 1, 'buy', '2024-05-17'), ('ben', 2, 'view', '2024-05-18');"
            "create view customers as select distinct customer, 'shop' as origin from log;"
        )
    connection.close()
    return path


def test_databases(shop):
    sqlalchemy = pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed")
    query = "select customer, product, event, at from log"
    data = Dataset.from_sql(f"sqlite:///{shop}", items="products", interactions=query, users="customers")
    assert (data.titles, data.history("anna"), data.users.ids) == (["Tea", "Rice"], {1: 4.0}, ["anna", "ben"])
    assert data.item_columns["price"] == [3.5, None]
    engine = sqlalchemy.create_engine(f"sqlite:///{shop}")
    again = Dataset.from_sql(engine, items=["products"], interactions="log", users="customers")
    assert again.fingerprint == data.fingerprint
    engine.dispose()


def test_a_database_address_keeps_its_password(told):
    pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed")
    message = told(lambda: Dataset.from_sql("postgresql+nothing://me:secret@host/db", items="x"))[1]
    assert "secret" not in message
    assert message.startswith("Dataset.from_sql: the database address cannot be used (")


def test_an_empty_table_of_a_database(shop, told):
    pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed")
    query = "select * from products where price > 99"
    assert told(lambda: Dataset.from_sql(f"sqlite:///{shop}", items=query))[1] == (
        "items query: the table has a header and no rows.\nAdd at least one row."
    )


def test_line_numbers_survive_chunks(tmp_path, monkeypatch, told):
    monkeypatch.setattr("fewrec.data.delimited._CHUNK", 3)
    path = tmp_path / "r.csv"
    path.write_text('user,item,rating\na,1,5\n\n"b\nb",2,4\nc,3,3\nd,4,2\ne,5,x\n')  # e stands on line 8
    assert told(lambda: Dataset.from_files(interactions=path))[1].startswith(
        'r.csv, row 8, column "rating": "x" is not a number.'
    )

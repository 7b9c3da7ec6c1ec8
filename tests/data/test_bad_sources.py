"""Bad sources: files, frames and databases that cannot be read, each with its exact message."""

from __future__ import annotations

import io
import json
import sqlite3
import zipfile
from pathlib import Path

import pytest

from fewrec.data import Dataset
from fewrec.errors import ConfigError, DataError, UnknownIdError

RATINGS = {"user": ["anna", "anna", "ben"], "item": [1, 2, 3], "rating": [5, 1, 4]}


def test_cell_of_ten_megabytes(tmp_path, told):
    path = tmp_path / "items.csv"
    path.write_text("item,title\n1,Alien\n2," + "x" * 10_000_000 + "\n3,Up\n")
    assert told(lambda: Dataset.from_files(items=path)) == (
        DataError,
        "items.csv, row 3: a cell is longer than 1,000,000 characters.\n"
        "Close the quotation mark that is missing, or shorten the cell.",
    )


def test_spreadsheet(tmp_path, told):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>" + "\0" * 9)
    (tmp_path / "items.xlsx").write_bytes(packed.getvalue())
    assert told(lambda: Dataset.from_files(items=tmp_path / "items.xlsx")) == (
        DataError,
        "items.xlsx: this is a spreadsheet or an archive, not text.\nSave the sheet as CSV.",
    )


def test_missing_file(tmp_path, told):
    (tmp_path / "ratings.csv").write_text("user,item\n")
    path = tmp_path / "rating.csv"
    assert told(lambda: Dataset.from_files(interactions=path)) == (
        DataError,
        f"{path}: the file does not exist.\nNearest in that folder: ratings.csv.",
    )


def test_missing_folder(tmp_path, told):
    path = tmp_path / "nowhere" / "ratings.csv"
    assert told(lambda: Dataset.from_files(interactions=path)) == (
        DataError,
        f"{path}: the file does not exist.\nThere is no such file in {path.parent}.",
    )


def test_folder_for_a_file(tmp_path, told):
    assert told(lambda: Dataset.from_files(items=tmp_path)) == (
        DataError,
        f"{tmp_path}: this is a folder, not a file.\nName one file inside it.",
    )


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            PermissionError(13, "Permission denied"),
            "the file may not be read by this user.\nChange its permissions, or copy it.",
        ),
        (OSError(5, "Input/output error"), "the file cannot be read (Input/output error)."),
    ],
)
def test_unreadable_file(tmp_path, monkeypatch, error, message, told):
    path = tmp_path / "ratings.csv"
    path.write_text("user,item\nanna,1\n")

    def refuse(*_, **__):
        raise error

    monkeypatch.setattr("builtins.open", refuse)
    assert told(lambda: Dataset.from_files(interactions=path)) == (DataError, f"{path}: {message}")


def test_nested_parquet(tmp_path, told):
    parquet = pytest.importorskip("pyarrow.parquet", reason="PyArrow is not installed")
    import pyarrow

    parquet.write_table(pyarrow.table({"item": [1], "price": [{"eur": 3}]}), tmp_path / "items.parquet")
    assert told(lambda: Dataset.from_files(items=tmp_path / "items.parquet")) == (
        DataError,
        'items.parquet, column "price": the column holds nested values (struct<eur: int64>).\n'
        "Flatten the column to text, numbers or one list of them, or leave it out with "
        'columns={"ignore": [...]}.',
    )


def test_two_columns_of_one_name_in_a_frame(told):
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pandas.DataFrame([[1, 2, 3]], columns=["user", "item", "user"])
    assert told(lambda: Dataset(interactions=frame)) == (
        DataError,
        "interactions: two columns have the same name.\nRename one of them.",
    )


def test_nested_column_of_a_frame(told):
    polars = pytest.importorskip("polars", reason="Polars is not installed")
    frame = polars.DataFrame({"item": [1], "price": [{"eur": 3}]})
    assert told(lambda: Dataset(items=frame)) == (
        DataError,
        'items, column "price": the column holds nested objects.\n'
        "Flatten the column to text, numbers or one list of them, or leave it out with "
        'columns={"ignore": [...]}.',
    )


def test_unknown_setting_of_from_files(tmp_path, told):
    assert told(lambda: Dataset.from_files(items=tmp_path / "x.csv", liked_from=4)) == (
        ConfigError,
        "'liked_from' is not a setting of a data set.\nNearest: liked_at.",
    )


def test_unknown_user_and_matrix(told):
    data = Dataset(interactions=RATINGS)
    assert told(lambda: data.history("anne")) == (
        UnknownIdError,
        "the user 'anne' is not known.\nNearest known ids: 'anna'.",
    )
    assert told(lambda: data.without_user("zoë"))[1] == "the user 'zoë' is not known."
    assert told(lambda: data.matrix("ratings")) == (
        ConfigError,
        'kind: \'ratings\' is not a choice.\nChoose one of "liked", "all", "value".',
    )


# -- databases


@pytest.fixture
def shop(tmp_path):
    pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed")
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table products (product_id integer, name text)")
        connection.execute("insert into products values (1, 'Tea')")
    connection.close()
    return f"sqlite:///{path}"


SQL = {
    "an unknown table": (
        "product",
        'items: there is no table "product" in the database.\nNearest: products.',
    ),
    "a broken query": (
        "select colour from products",
        "items query: the query fails (no such column: colour).",
    ),
    "no query at all": (7, 'items: 7 is neither a table nor a query.\nSuch as items="products".'),
    "a query without rows": (
        "create table x (y text)",
        "items query: the query gives no rows.\nGive a SELECT.",
    ),
}


@pytest.mark.parametrize("case", SQL)
def test_bad_database_source(case, shop, told):
    source, message = SQL[case]
    assert told(lambda: Dataset.from_sql(shop, items=source)) == (DataError, message)


def test_bad_database_address(told):
    pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed")
    assert told(lambda: Dataset.from_sql("shop.db", items="products")) == (
        DataError,
        "Dataset.from_sql: the database address cannot be used (Could not parse SQLAlchemy URL from given "
        "URL string).\n"
        'An address looks like "sqlite:///shop.db" or "postgresql://user:password@host/shop"; some '
        "databases need their "
        "driver installed.",
    )


def test_database_that_cannot_be_opened(tmp_path, told):
    pytest.importorskip("sqlalchemy", reason="SQLAlchemy is not installed")
    url = f"sqlite:///{tmp_path}/nowhere/shop.db"
    assert told(lambda: Dataset.from_sql(url, items="products")) == (
        DataError,
        f"{url}: the database does not answer (unable to open database file).",
    )


@pytest.mark.parametrize(
    ("module", "action", "message"),
    [
        (
            "sqlalchemy",
            lambda folder: Dataset.from_sql("sqlite://", items="x"),
            "Dataset.from_sql: reading a database needs SQLAlchemy, which is not installed.\n"
            'Install it: pip install "fewrec[sql]"',
        ),
        (
            "pyarrow",
            lambda folder: Dataset.from_files(items=folder / "items.parquet"),
            "items.parquet: Parquet files need PyArrow, which is not installed.\nInstall it: pip install "
            '"fewrec[files]"',
        ),
    ],
)
def test_missing_extra(module, action, message, tmp_path, monkeypatch, told):
    (tmp_path / "items.parquet").write_bytes(b"PAR1....PAR1")
    monkeypatch.setitem(__import__("sys").modules, module, None)
    assert told(lambda: action(tmp_path)) == (DataError, message)


# -- restoring


def test_restoring_from_incomplete_parts(told):
    tables, settings = Dataset(interactions=RATINGS).to_tables()
    assert json.loads(json.dumps(settings)) == settings
    assert told(lambda: Dataset.from_tables(tables, {**settings, "tables": {}}))[1] == (
        "Dataset: there are neither items nor interactions.\nGive a table of items, a table of "
        "interactions, or both."
    )
    assert told(lambda: Dataset.from_tables({}, settings))[1] == (
        'Dataset.from_tables: the table "interactions" is missing.'
    )
    del settings["roles"]
    assert told(lambda: Dataset.from_tables(tables, settings))[1] == (
        'Dataset.from_tables: the settings of the data set lack "roles".'
    )


def test_restoring_with_roles_of_another_data_set(told):
    tables, settings = Dataset(interactions=RATINGS).to_tables()
    settings["roles"]["entries"] = settings["roles"]["entries"][1:]  # without the user
    assert told(lambda: Dataset.from_tables(tables, settings))[1] == (
        "interactions: the table has no column of user ids."
    )


def test_bad_rows_of_several_files_name_their_file(tmp_path, told):
    for name in ("may.csv", "june.csv"):
        (tmp_path / name).write_text("user,item,rating\nanna,1,5\nben,2,x\n")
    files = [tmp_path / "may.csv", tmp_path / "june.csv"]
    assert told(lambda: Dataset.from_files(interactions=files))[1].splitlines()[:3] == [
        "2 of 4 rows cannot be used:",
        '  may.csv, row 3, column "rating": "x" is not a number',
        '  june.csv, row 3, column "rating": "x" is not a number',
    ]


def test_a_second_description_in_another_table_names_it(told):
    data = Dataset(items={"item": [1, 2], "title": ["a", "b"]})
    message = told(lambda: data.extended(items=[{"item": 2, "title": "b, revised"}]))[1]
    assert message.splitlines()[0] == (
        'items, row 1, column "item": the item 2 is described a second time, '
        'with another "title" than in added items, row 0.'
    )


def test_restoring_a_column_that_is_too_short(told):
    tables, settings = Dataset(interactions=RATINGS).to_tables()
    tables["interactions"]["item"].pop()
    assert told(lambda: Dataset.from_tables(tables, settings))[1] == (
        'Dataset.from_tables, table "interactions", column "item": the column has 2 cells instead of 3.'
    )


def test_errors_carry_their_parts(tmp_path: Path):
    path = tmp_path / "ratings.csv"
    path.write_text("user,item,rating\nanna,1,five\nben,2,4\n")
    with pytest.raises(DataError) as caught:
        Dataset.from_files(interactions=path)
    error = caught.value
    assert (error.where, error.message, error.value) == (
        'ratings.csv, row 2, column "rating"',
        '"five" is not a number.',
        "five",
    )
    assert error.exit_code == 3


def test_a_file_is_named_by_a_path():
    with pytest.raises(DataError) as raised:
        Dataset.from_files(items=["items.csv", 5])
    assert str(raised.value) == "items: 5 is no file name.\nGive a path, or frames to Dataset(items=...)."

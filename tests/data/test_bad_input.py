"""Bad input: every case with its exact message."""

from __future__ import annotations

import gzip

import pytest

from fewrec.data import Dataset
from fewrec.errors import DataError

RATINGS = {"user": ["anna", "anna", "ben"], "item": [1, 2, 3], "rating": [5, 1, 4]}
SKIP = 'or load with on_bad_row="skip" to leave such rows out.'
ID = "An id is a text or a whole number."
NUMBER = "A rating must be a number, such as 4 or 3.5."


# -- files: name of the file, its bytes, the whole message

FILES = {
    "empty": (
        "ratings.csv",
        b"",
        "ratings.csv: the file is empty.\nIt needs a header line and one line a row.",
    ),
    "only blank lines": (
        "ratings.csv",
        b"\n \n\n",
        "ratings.csv: the file is empty.\nIt needs a header line and one line a row.",
    ),
    "header only": (
        "ratings.csv",
        b"user,item,rating\n",
        "ratings.csv: the table has a header and no rows.\nAdd at least one row.",
    ),
    "byte order mark only": (
        "ratings.csv",
        b"\xef\xbb\xbf",
        "ratings.csv: the file is empty.\nIt needs a header line and one line a row.",
    ),
    "a delimiter nobody knows": (
        "ratings.dat",
        b"user::item::rating\nanna::1::5\n",
        "ratings.dat: no column looks like the user id.\n"
        'Name it: columns={"user": ...}. Columns: "user::item::rating". Is the delimiter one of , ; tab |?',
    ),
    "no header": (
        "u.data",
        b"196\t242\t3\t881250949\n186\t302\t3\t891717742\n",
        "u.data: the first line holds '196', '242', '3', '881250949' and no column names.\n"
        "Add a header line such as: user_id,item_id,rating",
    ),
    "no user column": (
        "ratings.csv",
        b"item,rating,shop,till\n1,5,a,b\n2,3,c,d\n",
        "ratings.csv: no column looks like the user id.\n"
        'Name it: columns={"user": ...}. Columns: "item", "rating", "shop", "till".',
    ),
    "no item column": (
        "ratings.csv",
        b"user,rating,shop,till\n1,5,a,b\n2,3,c,d\n",
        "ratings.csv: no column looks like the item id.\n"
        'Name it: columns={"item": ...}. Columns: "user", "rating", "shop", "till".',
    ),
    "a column twice": (
        "ratings.csv",
        b"user,item,user\nanna,1,ben\n",
        'ratings.csv: two columns are called "user".\nRename one of them.',
    ),
    "a short row": (
        "ratings.csv",
        b"user,item,rating\nanna,1,5\nben,2\n",
        "ratings.csv, row 3: the row has 2 cells where the header has 3.\n"
        "Give every row as many cells as the header (quote cells that hold the delimiter).\n"
        f"Mend the row, {SKIP}",
    ),
    "a long row": (
        "ratings.csv",
        b"user,item,rating\nanna,1,5\nben,Love, Actually,4\n",
        "ratings.csv, row 3: the row has 4 cells where the header has 3.\n"
        "Give every row as many cells as the header (quote cells that hold the delimiter).\n"
        f"Mend the row, {SKIP}",
    ),
    "every row torn": (
        "ratings.csv",
        b"user,item,rating\nanna,1\nben,2\n",
        "ratings.csv: 2 of 2 rows cannot be used:\n"
        "  row 2: the row has 2 cells where the header has 3\n"
        "  row 3: the row has 2 cells where the header has 3\n"
        "Give every row as many cells as the header (quote cells that hold the delimiter).\n"
        f"Mend the rows, {SKIP}",
    ),
    "an unclosed quotation mark": (
        "ratings.csv",
        b'user,item,rating\nanna,1,5\nben,"2,4\ncarl,3,4\n',
        "ratings.csv, row 3: a quotation mark opens here and is never closed.\n"
        'Close it, or write a quotation mark inside a cell twice: "" for ".',
    ),
    "a word for a number": (
        "ratings.csv",
        b"user,item,rating\nanna,1,5\nben,2,five\ncarl,3,4\n",
        f'ratings.csv, row 3, column "rating": "five" is not a number.\n{NUMBER}\nMend the row, {SKIP}',
    ),
    "NaN and infinity": (
        "ratings.csv",
        b"user,item,rating\nanna,1,NaN\nben,2,inf\ncarl,3,4\n",
        "ratings.csv: 2 of 3 rows cannot be used:\n"
        '  row 2, column "rating": the rating is missing\n'
        '  row 3, column "rating": "inf" is not a number\n'
        f"{NUMBER}\nMend the rows, {SKIP}",
    ),
    "missing ids": (
        "ratings.csv",
        b"user,item,rating\n,1,5\nben,,4\ncarl,3,2\n",
        "ratings.csv: 2 of 3 rows cannot be used:\n"
        '  row 2, column "user": the user id is missing\n'
        '  row 3, column "item": the item id is missing\n'
        f"{ID}\nMend the rows, {SKIP}",
    ),
    "a line break inside a cell before the bad row": (
        "ratings.csv",
        b'user,item,rating\n"an\nna",1,5\nben,2,x\n',  # the record of ben starts on line 4
        f'ratings.csv, row 4, column "rating": "x" is not a number.\n{NUMBER}\nMend the row, {SKIP}',
    ),
    "blank lines before the bad row": (
        "ratings.csv",
        b"user,item,rating\n\nanna,1,5\n\n\nben,2,x\n",
        f'ratings.csv, row 6, column "rating": "x" is not a number.\n{NUMBER}\nMend the row, {SKIP}',
    ),
    "an impossible date": (
        "ratings.csv",
        b"user,item,rating,time\nanna,1,5,2024-02-28\nben,2,4,2024-02-30\ncarl,3,4,2024-03-01\n",
        'ratings.csv, row 3, column "time": "2024-02-30" is not a time.\n'
        "Times are unix seconds (874965478), milliseconds, or dates such as 2024-05-17 or 2024-05-17 "
        "09:30:00.\n"
        f"Mend the row, {SKIP}",
    ),
    "a click that is neither": (
        "clicks.csv",
        b"user,item,click\nanna,1,1\nben,2,0\nben,3,\n",
        f'clicks.csv, row 4, column "click": the click is missing.\n'
        f"A click must be a number, such as 4 or 3.5.\nMend the row, {SKIP}",
    ),
    "an event without a name": (
        "log.csv",
        b"user,item,event\nanna,1,view\nben,2,\n",
        f'log.csv, row 3, column "event": the event is missing.\nEvery row needs the name of its '
        f"event.\nMend the row, {SKIP}",
    ),
    "a binary file": (
        "ratings.csv",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "ratings.csv: this is a binary file, not text.\n"
        "Supported are CSV, TSV, JSON lines or Parquet, plain or as .gz or .zst.",
    ),
    "a damaged gzip file": (
        "ratings.csv.gz",
        gzip.compress(b"user,item\n" + b"anna,1\n" * 500)[:-20],
        "ratings.csv.gz: the packed file is damaged (Compressed file ended before the end-of-stream marker "
        "was reached)."
        "\nFetch or pack it again.",
    ),
    "a damaged Parquet file": (
        "ratings.parquet",
        b"PAR1" + b"x" * 40 + b"PAR1",
        "ratings.parquet: the Parquet file is damaged.\nWrite it again.",
    ),
    "broken JSON": (
        "ratings.jsonl",
        b'{"user": "anna", "item": 1}\n{"user": "ben", "item": }\n',
        "ratings.jsonl, row 2: the line is not valid JSON (Expecting value).\n"
        'Each line must be one object such as {"user": "anna", "item": 7}.',
    ),
    "JSON nested beyond all reason": (
        "ratings.jsonl",
        b'{"user": 1, "item": 1, "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
        "ratings.jsonl, row 1: the line is not valid JSON (it is nested too deeply).\n"
        'Each line must be one object such as {"user": "anna", "item": 7}.',
    ),
    "JSON without objects": (
        "ratings.jsonl",
        b'{"user": "anna", "item": 1}\n["ben", 2]\n',
        'ratings.jsonl, row 2: ["ben", 2] is not an object.\n'
        'Each line must be one object such as {"user": "anna", "item": 7}.',
    ),
    "nested JSON": (
        "ratings.jsonl",
        b'{"user": "anna", "item": {"id": 1}}\n',
        'ratings.jsonl, column "item": a cell holds a nested object.\n'
        "Flatten the column to text, numbers or one list of them, or leave it out with "
        'columns={"ignore": [...]}.',
    ),
    "broken JSON list": (
        "ratings.json",
        b'[{"user": "anna"},\n{"user": ]',
        "ratings.json, row 2: the file is not valid JSON (Expecting value).\n"
        'Each line must be one object such as {"user": "anna", "item": 7}.',
    ),
    "empty JSON": (
        "ratings.jsonl",
        b"\n\n",
        "ratings.jsonl: the file is empty.\nEach line must be one object such as "
        '{"user": "anna", "item": 7}.',
    ),
    "unknown events": (
        "log.csv",
        b"user,item,event\nanna,1,view\nben,2,clik\n",
        'log.csv, column "event": no weight is known for the event "clik".\n'
        'Nearest known: click, like, dislike. Give a weight: events={"clik": 1.0} (below 0 for a dislike).\n'
        "Known are: add, add_to_cart, addtocart, block, book, bookmark, browse, buy, cart, click, collect, "
        "comment, detail, "
        "dislike, download, fav, favorite, favourite, hide, impression, like, listen, open, order, play, "
        "purchase, pv, "
        "read, refund, remove_from_cart, report, repost, return, save, share, show, shown, skip, subscribe, "
        "transaction, "
        "view, visit, watch, wishlist.",
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_bad_interactions_file(case, tmp_path, told):
    name, content, message = FILES[case]
    if name.endswith(".parquet"):
        pytest.importorskip("pyarrow", reason="PyArrow is not installed")
    (tmp_path / name).write_bytes(content)
    assert told(lambda: Dataset.from_files(interactions=tmp_path / name)) == (DataError, message)


# -- frames: arguments of Dataset, the whole message

FRAMES = {
    "nothing": (
        {},
        DataError,
        "Dataset: there are neither items nor interactions.\nGive a table of items, a table of "
        "interactions, or both.",
    ),
    "users alone": (
        {"users": {"user": [1], "age": [4]}},
        DataError,
        "Dataset: there are neither items nor interactions.\nGive a table of items, a table of "
        "interactions, or both.",
    ),
    "an empty frame": (
        {"items": {"item": [], "title": []}},
        DataError,
        "items: the table has a header and no rows.\nAdd at least one row.",
    ),
    "a file name": (
        {"items": "items.csv"},
        DataError,
        "items: 'items.csv' is a file name, and a data frame was expected.\nRead files with "
        "Dataset.from_files(items=...).",
    ),
    "no table": (
        {"items": 7},
        DataError,
        "items: an object of type int is not a table.\nGive a pandas, Polars or PyArrow frame, a dict of "
        "lists, or a list "
        "of dicts.",
    ),
    "columns of unequal length": (
        {"items": {"item": [1, 2], "title": ["Alien"]}},
        DataError,
        'items: the columns differ in length: "item" 2, "title" 1.\nPad or cut them.',
    ),
    "a cell for a column": (
        {"items": {"item": 1}},
        DataError,
        'items, column "item": 1 is not a list of cells.\nA dict must map every column name to the list of '
        "its cells.",
    ),
    "a list with more than dicts": (
        {"interactions": [{"user": "anna", "item": 1}, ("ben", 2)]},
        DataError,
        "interactions, row 1: ('ben', 2) is not a dict.\n"
        'A list must hold one dict a row, such as {"user": "anna", "item": 7}.',
    ),
    "a nested cell": (
        {"items": {"item": [1], "price": [{"eur": 3}]}},
        DataError,
        'items, column "price": a cell holds a nested object.\n'
        "Flatten the column to text, numbers or one list of them, or leave it out with "
        'columns={"ignore": [...]}.',
    ),
    "a list of lists": (
        {"items": {"item": [1], "tags": [[["a"]]]}},
        DataError,
        'items, column "tags": a cell holds a list of lists.\n'
        "Flatten the column to text, numbers or one list of them, or leave it out with "
        'columns={"ignore": [...]}.',
    ),
    "bytes": (
        {"items": {"item": [1], "title": [b"Alien"]}},
        DataError,
        'items, column "title": a cell is of type bytes, which is neither text nor a number nor a date.\n'
        "Convert the column to text or numbers first.",
    ),
    "no item column": (
        {"items": {"a": ["x", "x"], "b": ["y", "y"]}},
        DataError,
        'items: no column looks like the item id.\nName it: columns={"item": ...}. Columns: "a", "b".',
    ),
    "an item described twice": (
        {"items": {"item": [1, 2, 1], "title": ["Alien", "Up", "Aliens"]}},
        DataError,
        'items, row 0, column "item": the item 1 is described a second time, with another "title" than in '
        "row 2.\n"
        'Keep one row an item. Several values of one kind (cuisines, tags) go into one cell as "a|b", or '
        "into a table of "
        f"their own: items=[main, side].\nMend the row, {SKIP}",
    ),
    "a user described twice": (
        {"interactions": RATINGS, "users": {"user": ["anna", "anna"], "age": [30, 31]}},
        DataError,
        'users, row 0, column "user": the user "anna" is described a second time, with another "age" than '
        "in row 1.\n"
        'Keep one row a user. Several values of one kind (cuisines, tags) go into one cell as "a|b", or '
        "into a table of "
        f"their own: users=[main, side].\nMend the row, {SKIP}",
    ),
    "ids that are none": (
        {"interactions": {"user": [1.5, True, "anna"], "item": [1, 2, [3]]}},
        DataError,
        "interactions: 3 of 3 rows cannot be used:\n"
        '  row 0, column "user": 1.5 is not an id\n'
        '  row 1, column "user": True is not an id\n'
        '  row 2, column "item": (3,) is not an id\n'
        f"{ID}\nMend the rows, {SKIP}",
    ),
    "infinite ratings": (
        {"interactions": {**RATINGS, "rating": [5, float("inf"), float("nan")]}},
        DataError,
        "interactions: 2 of 3 rows cannot be used:\n"
        '  row 1, column "rating": inf is not a number\n'
        '  row 2, column "rating": the rating is missing\n'
        f"{NUMBER}\nMend the rows, {SKIP}",
    ),
    "eleven bad rows": (
        {
            "interactions": {"user": list("abcdefghijkl"), "item": [1] * 12, "rating": ["x"] * 11 + [4]},
            "columns": {"rating": "rating"},
        },
        DataError,
        "interactions: 11 of 12 rows cannot be used:\n"
        + "".join(f'  row {row}, column "rating": "x" is not a number\n' for row in range(10))
        + f"  ... and 1 more\n{NUMBER}\nMend the rows, {SKIP}",
    ),
    "nothing left after skipping": (
        {"interactions": {"user": ["anna"], "item": [None]}, "on_bad_row": "skip"},
        DataError,
        f'interactions, row 0, column "item": the item id is missing.\n{ID}\nNo row is left.',
    ),
}


@pytest.mark.parametrize("case", FRAMES)
def test_bad_frames(case, told):
    arguments, kind, message = FRAMES[case]
    assert told(lambda: Dataset(**arguments)) == (kind, message)

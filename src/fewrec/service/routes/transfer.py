"""Tables in and out: CSV, JSON lines and Parquet files of any size that the limits allow."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

from fewrec.data import Dataset
from fewrec.data.files import read_file
from fewrec.errors import FewrecWarning
from fewrec.service.endpoint import Ask, Endpoint, Reply
from fewrec.service.export import KINDS, exported
from fewrec.service.intake import take_in
from fewrec.service.tables import unweighed

TABLES = ("items", "users", "interactions")
SUFFIX = {
    "text/csv": ".csv",
    "application/x-ndjson": ".jsonl",
    "application/vnd.apache.parquet": ".parquet",
    "application/octet-stream": ".csv",
}
SHOWN = 5
NOTHING: dict[str, list[Any]] = {"item": ["-"]}
"""A table of items for a data set of users alone, which would otherwise be of no use."""
TABLE = {
    "type": "string",
    "enum": list(TABLES),
    "description": "Which table the file is.",
    "x-required": True,
}
FOUND = {
    "type": "object",
    "properties": {
        "stored": {"type": ["object", "null"], "description": "Rows that came in; null for a preview."},
        "columns": {"type": "array", "items": {"type": "object"}},
        "rows": {"type": "integer"},
        "sample": {"type": "array", "items": {"type": "object"}},
        "warnings": {"type": "array", "items": {"type": "string"}},
    },
}


def take(ask: Ask) -> Reply:
    """The file as a data set; what is in it, and, unless it is only looked at, its rows in the store."""
    table, preview = ask.query["table"], ask.query.get("preview", False)
    kind = ask.query.get("kind", "text/csv")
    with tempfile.TemporaryDirectory(prefix="fewrec-import-") as folder:
        path = Path(folder) / f"{table}{SUFFIX[kind]}"
        path.write_bytes(ask.body)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FewrecWarning)
            read: dict[str, Any] = {"items": NOTHING} if table == "users" else {}
            read[table] = [read_file(table, path, _printable(ask.query.get("name", path.name)))]
            data = Dataset(
                **read,
                events=dict(ask.hub.config.data.events) or None if table == "interactions" else None,
                on_bad_row="skip" if ask.query.get("skip_bad_rows", preview) else "stop",
            )
        told = _told(data, table)
        unknown = unweighed(data) if table == "interactions" else []
        told["warnings"] += unknown
        stored: Any = None
        if not preview:
            stored = take_in(ask.hub.store, data, only=table)
            if table == "items":
                ask.hub.wait_for_items()
    return Reply({"stored": stored, **told}, status=200)


def _printable(name: str) -> str:
    """What the file is called in messages; it opens nothing, so that it may be any text."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)


def _told(data: Dataset, table: str) -> dict[str, Any]:
    plain, _ = data.to_tables()
    cells = plain[table]
    rows = len(next(iter(cells.values()), []))
    return {
        "columns": [
            {"column": entry.column, "role": entry.role, "how": entry.how}
            for entry in data.roles.entries
            if entry.table == table
        ],
        "rows": rows,
        "sample": [{name: column[at] for name, column in cells.items()} for at in range(min(rows, SHOWN))],
        "warnings": list(data.warnings),
    }


def give(ask: Ask) -> Reply:
    kind = ask.query.get("format", "csv")
    return Reply(raw=exported(ask.hub.store, ask.path["table"], kind), kind=KINDS[kind])


ENDPOINTS = (
    Endpoint(
        "POST", "/v1/imports", "write", take,
        "Takes in a table as a file, or, with preview=true, tells how its columns are understood and which rows "
        "are bad.",
        "tables", bodies=tuple(SUFFIX), body={"type": "string"}, reply=FOUND,
        query={"table": TABLE,
               "preview": {"type": "boolean", "description": "Look at it, and keep nothing."},
               "name": {"type": "string", "maxLength": 255, "description": "What messages call the file."},
               "skip_bad_rows": {"type": "boolean", "description": "Leave bad rows out instead of refusing the file."}},
        example={"query": {"table": "items", "preview": "true"},
                 "body": "item_id,title,price\n7,Alien,9\n8,Heat,1\n"}, slow=True,
    ),
    Endpoint(
        "GET", "/v1/exports/{table}", "admin", give, "A whole table as a file.", "tables",
        query={"format": {"type": "string", "enum": list(KINDS), "description": "csv by itself."}},
        plain=tuple(k.partition(";")[0] for k in KINDS.values()),
        example={"path": {"table": "items"}},  fails=(404,), slow=True,
    ),
)  # fmt: skip

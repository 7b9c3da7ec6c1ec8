"""JSON lines (one object a line), or one JSON list of objects, as a ``Table``."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np

from fewrec.data.frames import encoded, keys_of
from fewrec.data.table import Table, table_of
from fewrec.errors import DataError

_EXAMPLE = 'Each line must be one object such as {"user": "anna", "item": 7}.'


def read_json(name: str, label: str, open_text: Callable[[], io.TextIOBase]) -> Table:
    """The table in a text of JSON objects; keys are the columns, a missing key is a missing cell.

    Raises ``DataError`` for a line that is no JSON object, and for cells that hold objects themselves.
    """
    with open_text() as stream:
        start = stream.read(4096).lstrip()
    if not start:
        raise DataError("the file is empty.", where=label, hint=_EXAMPLE)
    records, lines = _whole(label, open_text) if start.startswith("[") else _lines(label, open_text)
    columns = {key: encoded(label, key, [record.get(key) for record in records]) for key in keys_of(records)}
    table = table_of(name, columns, label=label)
    return Table(name, columns, len(records), [label], table.origin, np.array(lines, dtype=np.int64))


def _lines(label: str, open_text: Callable[[], io.TextIOBase]) -> tuple[list[dict[str, Any]], list[int]]:
    records: list[dict[str, Any]] = []
    lines: list[int] = []
    with open_text() as stream:
        for number, line in enumerate(stream, 1):
            if not line.strip():
                continue
            where = f"{label}, row {number}"
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as error:
                message = f"the line is not valid JSON ({_reason(error)})."
                raise DataError(message, where=where, hint=_EXAMPLE) from None
            records.append(_object(record, where))
            lines.append(number)
    return records, lines


def _whole(label: str, open_text: Callable[[], io.TextIOBase]) -> tuple[list[dict[str, Any]], list[int]]:
    with open_text() as stream:
        try:
            records = json.load(stream)
        except (ValueError, RecursionError) as error:
            line = error.lineno if isinstance(error, json.JSONDecodeError) else 1
            message = f"the file is not valid JSON ({_reason(error)})."
            raise DataError(message, where=f"{label}, row {line}", hint=_EXAMPLE) from None
    rows = range(len(records))
    return [_object(record, f"{label}, row {row}") for row, record in zip(rows, records, strict=True)], list(
        rows
    )


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return error.msg if isinstance(error, json.JSONDecodeError) else str(error)


def _object(record: Any, where: str) -> dict[str, Any]:
    if not isinstance(record, dict):
        raise DataError(
            f"{json.dumps(record)[:60]} is not an object.", where=where, value=record, hint=_EXAMPLE
        )
    return record

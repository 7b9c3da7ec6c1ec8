"""Data frames, dicts of lists and lists of dicts as a ``Table``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fewrec.data.table import NESTED, Column, Table, encode, table_of
from fewrec.errors import DataError


def table_from(name: str, source: Any) -> Table:
    """``source`` as the table called ``name`` ("items", "interactions", "users").

    ``source``: a pandas, Polars or PyArrow frame (anything narwhals reads), a dict of lists, a list of dicts,
    or a ``Table``. Raises ``DataError`` for anything else, for columns of unequal length and for nested
    cells.
    """
    if isinstance(source, Table):
        return source
    if isinstance(source, str | bytes) or hasattr(source, "__fspath__"):
        raise DataError(
            f"{str(source)!r} is a file name, and a data frame was expected.",
            where=name,
            value=source,
            hint=f"Read files with Dataset.from_files({name}=...).",
        )
    if isinstance(source, Mapping):
        return _checked(name, {str(key): list(cells) for key, cells in _columns_of(name, source).items()})
    if isinstance(source, list | tuple):
        return _from_records(name, source)
    return _from_frame(name, source)


def _columns_of(name: str, source: Mapping[Any, Any]) -> dict[Any, Any]:
    for key, cells in source.items():
        if isinstance(cells, str | bytes | Mapping) or not hasattr(cells, "__iter__"):
            raise DataError(
                f"{cells!r} is not a list of cells.",
                where=f'{name}, column "{key}"',
                value=cells,
                hint="A dict must map every column name to the list of its cells.",
            )
    return dict(source)


def _from_records(name: str, source: Sequence[Any]) -> Table:
    for row, record in enumerate(source):
        if not isinstance(record, Mapping):
            raise DataError(
                f"{record!r} is not a dict.",
                where=f"{name}, row {row}",
                value=record,
                hint='A list must hold one dict a row, such as {"user": "anna", "item": 7}.',
            )
    keys = keys_of(source)
    return _checked(name, {str(key): [record.get(key) for record in source] for key in keys})


def keys_of(records: Sequence[Mapping[Any, Any]]) -> list[Any]:
    """All keys of the records, by their earliest position within a record, then by name: the order of the
    records does not change the order of the columns."""
    first: dict[Any, int] = {}
    for shape in set(map(tuple, records)):  # few shapes, many records
        for at, key in enumerate(shape):
            first[key] = min(at, first.get(key, at))
    return sorted(first, key=lambda key: (first[key], str(key)))


def _checked(name: str, columns: dict[str, list[Any]]) -> Table:
    return table_of(name, {key: encoded(name, key, cells) for key, cells in columns.items()})


def encoded(where: str, key: str, cells: Sequence[Any]) -> Column:
    """``encode`` that tells which column of which table holds an unusable cell."""
    try:
        return encode(cells)
    except DataError as error:
        raise DataError(
            error.message, where=f'{where}, column "{key}"', value=error.value, hint=error.hint
        ) from None


def _from_frame(name: str, source: Any) -> Table:
    import narwhals as nw  # here, not above: importing fewrec must stay quick

    try:
        frame = nw.from_native(source)
    except nw.exceptions.DuplicateError:
        raise DataError("two columns have the same name.", where=name, hint="Rename one of them.") from None
    except TypeError:
        raise DataError(
            f"an object of type {type(source).__name__} is not a table.",
            where=name,
            hint="Give a pandas, Polars or PyArrow frame, a dict of lists, or a list of dicts.",
        ) from None
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    # One after the other, not by name: a name may be a number or a pair, which would ask for rows.
    columns = {
        str(series.name): series_column(name, str(series.name), series) for series in frame.iter_columns()
    }
    return table_of(name, columns)


def series_column(where: str, key: str, series: Any) -> Column:
    """One narwhals series as a column, nulls and NaN as ``None``."""
    import narwhals as nw

    if isinstance(series.dtype, nw.Struct):
        raise DataError("the column holds nested objects.", where=f'{where}, column "{key}"', hint=NESTED)
    cells = series.to_list()
    missing = np.asarray(series.is_null().to_list(), dtype=bool)
    for row in np.flatnonzero(missing).tolist():  # pandas spells missing in four ways; None is ours
        cells[row] = None
    return encoded(where, key, cells)

"""Recommendations -> data frames and comma-separated text."""

from __future__ import annotations

import csv
import importlib
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from fewrec.errors import ConfigError

if TYPE_CHECKING:
    from fewrec.recommendations import Recommendations

BACKENDS = ("pandas", "polars", "pyarrow")
_KINDS = {
    "rank": "int",
    "item": "id",
    "title": "text",
    "score": "float",
    "probability": "float",
    "rating": "float",
    "rating_low": "float",
    "rating_high": "float",
    "served": "text",
    "why": "text",
}


def columns(found: Recommendations) -> dict[str, list[Any]]:
    """The rows as columns, in the order of ``_KINDS``; ``None`` where nothing is known."""
    result: dict[str, list[Any]] = {name: [] for name in _KINDS}
    for row in found:
        plain = row.to_dict()
        rating = plain["rating"] or {"mean": None, "low": None, "high": None}
        cells = {
            **{name: plain.get(name) for name in _KINDS},
            "rating": rating["mean"],
            "rating_low": rating["low"],
            "rating_high": rating["high"],
            "why": "; ".join(reason.what for reason in row.reasons),
        }
        for name in _KINDS:
            result[name].append(cells[name])
    return result


def to_csv(found: Recommendations) -> str:
    """A header and one line an item; lines end with a plain newline."""
    table = columns(found)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table)
    writer.writerows(zip(*table.values(), strict=True))
    return out.getvalue()


def to_frame(found: Recommendations, backend: str | None) -> Any:
    """A frame of the wanted library, or of the first that is installed."""
    if backend is not None and backend not in BACKENDS:
        raise ConfigError(
            f"{backend!r} is no kind of data frame that fewrec makes.",
            where="to_frame",
            value=backend,
            hint=f"Known: {', '.join(BACKENDS)}.",
        )
    for name in BACKENDS if backend is None else (backend,):
        try:
            library = importlib.import_module(name)
        except ModuleNotFoundError:
            continue
        return _MAKERS[name](library, columns(found))
    raise ConfigError(
        f"{backend} is not installed." if backend else "no library of data frames is installed.",
        where="to_frame",
        value=backend,
        hint=f"Install one (pip install {backend or 'pandas'}), or use to_dict() or to_csv().",
    )


def _kind(name: str, cells: list[Any]) -> str:
    """The kind of a column; ids are whole numbers only when all are, and fit into 64 bits."""
    if _KINDS[name] != "id":
        return _KINDS[name]
    whole = all(isinstance(id, int) and -(2**63) <= id < 2**63 for id in cells)
    return "int" if whole and cells else "text"


def _cells(kind: str, cells: list[Any]) -> list[Any]:
    return [str(cell) for cell in cells] if kind == "text" else cells


def _pandas(pandas: Any, table: dict[str, list[Any]]) -> Any:
    made = {}
    for name, cells in table.items():
        kind = _kind(name, cells)
        dtype = {"int": "int64", "float": "float64", "text": "object"}[kind]
        # pandas holds mixed ids as they are
        made[name] = pandas.Series(cells if name == "item" else _cells(kind, cells), dtype=dtype)
    return pandas.DataFrame(made)


def _polars(polars: Any, table: dict[str, list[Any]]) -> Any:
    types = {"int": polars.Int64, "float": polars.Float64, "text": polars.String}
    kinds = {name: _kind(name, cells) for name, cells in table.items()}
    return polars.DataFrame(
        {name: _cells(kinds[name], cells) for name, cells in table.items()},
        schema={name: types[kind] for name, kind in kinds.items()},
    )


def _pyarrow(pyarrow: Any, table: dict[str, list[Any]]) -> Any:
    types = {"int": pyarrow.int64(), "float": pyarrow.float64(), "text": pyarrow.string()}
    kinds = {name: _kind(name, cells) for name, cells in table.items()}
    return pyarrow.table(
        {name: pyarrow.array(_cells(kinds[name], cells), types[kinds[name]]) for name, cells in table.items()}
    )


_MAKERS: dict[str, Callable[[Any, dict[str, list[Any]]], Any]] = {
    "pandas": _pandas,
    "polars": _polars,
    "pyarrow": _pyarrow,
}

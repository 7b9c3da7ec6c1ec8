"""``Evaluation``: what came out, as a table, JSON, CSV and a report."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fewrec.data.health import HealthReport
from fewrec.errors import StoreError
from fewrec.evaluate.keep import write_whole

__all__ = ["Evaluation"]


@dataclass(frozen=True)
class Evaluation:
    """The result of ``evaluate``. ``print`` shows a table.

    ``cells``: one dict for each system, number of training users, k and metric: mean, standard error over users and
    over seeds, number of users. ``comparisons``: paired differences with interval, corrected p and a verdict in words.
    ``slices``: the same means for parts of the items and of the people. ``calibration``: stated against true shares.
    ``tuning``: what was searched and chosen. ``rows``: one dict for each list and metric. ``notes``: what was left out
    and why. ``seconds``: run time, the only part that is never the same twice; it is not in the JSON.
    """

    cells: list[dict[str, Any]]
    comparisons: list[dict[str, Any]]
    slices: list[dict[str, Any]]
    calibration: list[dict[str, Any]]
    tuning: list[dict[str, Any]]
    settings: dict[str, Any]
    versions: dict[str, str]
    notes: list[str]
    must_beat: str
    health: HealthReport
    make_rows: Callable[[], Iterator[dict[str, Any]]] = field(repr=False, compare=False)
    seconds: dict[str, float] = field(default_factory=dict, compare=False)

    @property
    def rows(self) -> Iterator[dict[str, Any]]:
        """One dict for each list and metric, made as they are asked for: there can be a million."""
        return self.make_rows()

    @property
    def flags(self) -> list[str]:
        """In words: which system does not beat the baseline that it has to beat, and where."""
        found: dict[tuple[str, str], dict[str, list[str]]] = {}
        for row in self.comparisons:
            if row["against"] == self.must_beat and row["verdict"] != "better":
                word = "is worse than" if row["verdict"] == "worse" else "does not clearly beat"
                places = found.setdefault((row["system"], word), {})
                places.setdefault(place_of(row, self.settings), []).append(str(row["k_shot"]))
        return [
            f"{system} {word} {self.must_beat}: "
            + "; ".join(
                place + ("" if shots == ["None"] else f", k = {', '.join(shots)}")
                for place, shots in places.items()
            )
            + "."
            for (system, word), places in found.items()
        ]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; the same data, settings, seeds and versions give the same dict."""
        return {
            "cells": self.cells,
            "comparisons": self.comparisons,
            "slices": self.slices,
            "calibration": self.calibration,
            "tuning": self.tuning,
            "flags": self.flags,
            "notes": self.notes,
            "settings": self.settings,
            "versions": self.versions,
        }

    def to_json(self) -> str:
        """``to_dict`` as text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, indent=2) + "\n"

    def to_csv(self) -> str:
        """``rows`` as comma-separated values: one line for each list and metric."""
        out = io.StringIO()
        heads = ("task", "system", "train_users", "k_shot", "seed", "user", "metric", "value")
        writer = csv.DictWriter(out, heads, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return out.getvalue()

    def to_html(self) -> str:
        """The report: one page that needs no network."""
        from fewrec.evaluate.report import page

        return page(self)

    def report(self, file: str | os.PathLike[str]) -> Path:
        """Writes ``to_html`` into ``file``, whole or not at all; gives back its path. ``StoreError`` where it cannot be
        written."""
        if not isinstance(file, str | os.PathLike):
            hint = 'Give a path, such as "report.html".'
            raise StoreError(f"{file!r} is no file name.", where="report", value=file, hint=hint)
        return write_whole(file, self.to_html().encode("utf-8", "replace"), "the report")

    def __str__(self) -> str:
        from fewrec.evaluate.table import as_text

        return as_text(self)

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        from fewrec.evaluate.table import as_table

        yield from as_table(self, options.max_width)


def place_of(row: dict[str, Any], settings: dict[str, Any]) -> str:
    """The metric of a row, and its number of training users where there are several."""
    place = str(row["metric"])
    if len(settings["train_users"]) > 1:
        place += f" learned from {row['train_users']} people"
    return place

"""The page on evaluation names every argument, task, system, metric and method."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from pathlib import Path

import fewrec
from fewrec.evaluate import TASKS, Evaluation, system_names
from fewrec.evaluate.catalogue import METRICS
from fewrec.evaluate.settings import COUNTS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "evaluate.md").read_text(encoding="utf-8")


def lacking(names) -> list[str]:
    """Those that no code on the page names."""
    return [
        name
        for name in names
        if not re.search(rf"`[^`\n]*(?<![\w-]){re.escape(name)}(?![\w-])[^`\n]*`", PAGE)
    ]


def first_cells(heading: str) -> set[str]:
    """The code in the first column of the table under a heading."""
    section = PAGE.partition(f"{heading}\n")[2].partition("\n#")[0]
    rows = [row.split("|")[1] for row in section.partition("|---")[2].splitlines() if row.startswith("| `")]
    return {name for row in rows for name in re.findall(r'`"?([\w@-]+)"?`', row)}


def test_the_search_finds_what_is_missing():
    assert lacking(["evaluate", "devaluate"]) == ["devaluate"]


def test_every_argument_is_told():
    assert lacking(list(inspect.signature(fewrec.evaluate).parameters)[1:]) == []


def test_every_field_and_method_of_the_result_is_told():
    methods = [name for name in vars(Evaluation) if not name.startswith("_")]
    assert (
        lacking({*methods, *(field.name for field in fields(Evaluation))} - {"must_beat", "make_rows"}) == []
    )


def test_the_tables_are_complete_and_name_nothing_else():
    assert first_cells("### Tasks") == set(TASKS)
    assert first_cells("## Systems") == set(system_names())
    assert {name.partition("@")[0] for name in first_cells("## Metrics")} == set(METRICS)


def test_where_each_argument_counts_is_told():
    section = PAGE.partition("### What counts where\n")[2].partition("\n#")[0]
    told = {}
    for row in re.findall(r"^\| `(\w+)` \| ([^|;]*)", section, flags=re.M):
        tasks = set(re.findall(r"`([\w-]+)`", row[1]))
        told[row[0]] = set(TASKS) - tasks if row[1].startswith("all but") else tasks
    assert told == {name: set(tasks) for name, tasks in COUNTS.items()}

"""A table of peers that cannot be true is told of: each finding on a table in which it was planted."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.report import render
from benchmarks.sanity import findings
from benchmarks.systems import Marks

NOISE = np.linspace(-0.01, 0.01, 40)
MEANS = {"fewrec": (0.22, 0.3), "random": (0.02, 0.02), "popularity": (0.2, 0.21), "ease": (0.2, 0.28)}
ASKED = {("ml-100k", "50", k): list(MEANS) for k in (0, 5)}
MISSING = "lenskit is not installed; left out: lenskit-ials."


@pytest.fixture(scope="module")
def table() -> str:
    marks = [
        Marks("ml-100k", "users", system, "50", k, 0, [float(mark) for mark in mean + NOISE])
        for system, row in MEANS.items()
        for k, mean in zip((0, 5), row, strict=True)
    ]
    people = {("ml-100k", 0): [f"u{at}" for at in range(40)]}
    return render(marks, people, {}, [MISSING], [], "scripts/bench quality --quick")[0]


def planted(table: str, old: str, new: str) -> list[str]:
    assert table.count(old) == 1
    return findings(table.replace(old, new), ASKED, [MISSING])


def test_a_true_table_passes(table):
    assert findings(table, ASKED, [MISSING]) == []


def test_what_was_asked_for_is_there(table):
    cell = ("ml-100k", "200", 5)
    assert findings(table, {**ASKED, cell: ["ease"]}, [MISSING]) == [
        "ml-100k, n = 200, k = 5: ease has 'nothing', no number from 0 to 1."
    ]
    assert findings(table, {**ASKED, ("goodbooks", "50", 1): ["fewrec", "popularity"]}, [MISSING]) == [
        "goodbooks, n = 50, k = 1: fewrec has 'nothing', no number from 0 to 1.",
        "goodbooks, n = 50, k = 1: popularity has 'nothing', no number from 0 to 1.",
        "goodbooks: random has 0.0000 in the mean, fewrec 0.0000.",
        "goodbooks, n = 50, k = 1: no difference between fewrec and popularity, but 'nothing'.",
    ]


@pytest.mark.parametrize("number", ["nan", "1.2800", "-0.2800", ""])
def test_numbers_are_from_0_to_1(table, number):
    assert planted(table, "| ease | 0.2000 | 0.2800 |", f"| ease | 0.2000 | {number} |") == [
        f"ml-100k, n = 50, k = 5: ease has {number or 'nothing'!r}, no number from 0 to 1."
    ]


def test_without_evidence_a_library_is_the_bestseller_list(table):
    assert planted(table, "| ease | 0.2000 | 0.2800 |", "| ease | 0.2001 | 0.2800 |") == [
        "ml-100k, n = 50, k = 0: ease 0.2001, popularity 0.2000: not the same."
    ]


def test_a_peer_that_only_falls_back_is_told_of(table):
    assert planted(table, "| ease | 0.2000 | 0.2800 |", "| ease | 0.2000 | 0.2100 |") == [
        "ml-100k: ease has the numbers of popularity in every cell; it says nothing of its own."
    ]


def test_random_is_far_below(table):
    assert planted(table, "| random | 0.0200 | 0.0200 |", "| random | 0.0200 | 0.1600 |") == [
        "ml-100k: random has 0.1600 in the mean, fewrec 0.3000."
    ]


def test_fewrec_is_not_worse_than_popularity(table):
    # .30 - .21 in everybody: no spread at all.
    assert planted(table, "+0.0900 ± 0.0000 | ease", "**-0.0100 ± 0.0090** | ease") == [
        "ml-100k, n = 50, k = 5: fewrec is worse than popularity, **-0.0100 ± 0.0090**."
    ]
    assert planted(table, "+0.0900 ± 0.0000 | ease", "-0.0100 ± 0.0110 | ease") == []


def test_what_is_not_installed_is_named(table):
    assert planted(table, MISSING, "All are here.") == [f'not said: "{MISSING}"']

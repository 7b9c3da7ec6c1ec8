"""The written tables say what was measured, and name every floor that is not met."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.floors import NEW_ITEM_FLOORS, PROTOTYPE, floor
from benchmarks.reference import Peers
from benchmarks.report import render
from benchmarks.speed import memory_table
from benchmarks.speed_encoding import encoding_table
from benchmarks.systems import Marks
from benchmarks.timing import Row, shown

NOISE = np.linspace(-0.02, 0.02, 50)


def cell(
    mean: float, *, world="ml-100k", system="fewrec", n="50", k=1, task="users", seed=0, code="a1b2c3"
) -> Marks:
    marks = [float(mark) for mark in mean + NOISE]
    return Marks(world, task, system, n, k, seed, marks, code=code)


def peers(popularity: float, best: float, n: str = "50", k: int = 1) -> dict[str, Peers]:
    users = {
        ("pop-liked", n, k): {0: popularity + NOISE[::-1]},
        ("ease", n, k): {0: best + NOISE, 1: np.zeros(50)},
    }
    return {"ml-100k": Peers(users, {"text-to-ials": {0: np.full(50, 0.2)}})}


def page(marks: list[Marks], stored: dict[str, Peers]) -> tuple[str, list[str]]:
    people = {(row.world, row.seed): [f"u{at}" for at in range(50)] for row in marks}
    return render(marks, people, stored, [], [], "scripts/bench quality")


def test_floors():
    assert floor("ml-100k", "50", 1, 0.3) == pytest.approx(PROTOTYPE["ml-100k", "50"][1] - 0.004)
    assert floor("ml-100k", "10", 5, 0.31) == 0.31  # the bestseller list's own mean
    assert floor("ml-100k", "all", 0, 0.3) is None
    assert floor("uci-restaurant", "50", 1, 0.3) is None


def test_a_floor_that_is_met():
    text, missed = page([cell(0.40), cell(0.34, system="user-knn")], peers(0.35, 0.60))
    assert missed == []
    assert "| ml-100k | 50 | 1 | 0.4000 | 0.3700 | 0.3660 | yes |" in text
    # Means over all seeds choose the best stored system: EASE has (.60 + 0) / 2, popularity .35. Differences run from
    # .01 to .09 in 50 steps: standard deviation .0238, two standard errors 2 x .0238 / sqrt 50 = .0067.
    assert "| 50 | 1 | 0.4000 |  |  | user-knn | 0.3400 | +0.0600 ± 0.0000 |" in text
    assert "| pop-liked | 0.3500 | +0.0500 ± 0.0067 |" in text


def test_floors_that_are_not_met_are_named():
    rows = [cell(0.30), cell(0.35, system="popularity"), cell(0.31, system="ease")]
    text, missed = page(rows, peers(0.35, 0.36))
    assert missed == [
        "ml-100k, n = 50, k = 1: 0.3000, floor 0.3660",
        "ml-100k, n = 50, k = 1: **-0.0500 ± 0.0000** to popularity",
    ]
    assert "| 0.3660 | **no** |" in text
    assert (
        "| 50 | 1 | 0.3000 | 0.3500 | **-0.0500 ± 0.0000** | ease | 0.3100 | **-0.0100 ± 0.0000** |" in text
    )
    assert "| ml-100k | 1 | 0 | 0 | 1 | 1 |\n| all | 1 | 0 | 0 | 1 | 1 |" in text
    assert "- ml-100k, n = 50, k = 1: ease 0.3100, difference -0.0100 ± 0.0000\n" in text


def test_a_person_of_two_seeds_is_one_person():
    """The same fifty people under both seeds, the same differences: no more evidence than one seed gives."""
    spread = [
        Marks("ibm-articles", "users", "fewrec", "50", 1, seed, list(0.3 + 3 * NOISE)) for seed in (0, 1)
    ]
    others = [cell(0.3, world="ibm-articles", system="ease", seed=seed) for seed in (0, 1)]
    one, _ = page([spread[0], others[0]], {})
    two, _ = page([*spread, *others], {})
    row = "| 50 | 1 | 0.3000 |  |  | ease | 0.3000 | "
    assert one.partition(row)[2].partition(" |")[0] == two.partition(row)[2].partition(" |")[0] != ""


def test_new_items():
    rows = [
        cell(0.25, system=system, n="all", k=0, task="items")
        for system in ("fewrec", "fewrec, all users", "fewrec, first 600")
    ]
    text, missed = page(rows, peers(0.3, 0.3))
    assert missed == []
    assert f"| ml-100k | all | 0.2500 | {NEW_ITEM_FLOORS['ml-100k']:.4f} | yes |" in text
    assert "| text-to-ials | 0.2000 | +0.0500 ±" in text
    low = [cell(0.2, system=row.system, n="all", k=0, task="items") for row in rows]
    assert page(low, peers(0.3, 0.3))[1][0] == "ml-100k, new items, all users: 0.2000, floor 0.2440"


def test_the_page_says_which_code_each_number_is_of():
    assert "\nCode: a1b2c3. Python" in page([cell(0.3), cell(0.2, system="ease")], peers(0.1, 0.1))[0]
    text, _ = page([cell(0.3), cell(0.2, system="ease", code="d4e5f6")], peers(0.1, 0.1))
    assert "Code: fewrec a1b2c3; the other systems d4e5f6." in text


def test_attributes_are_told_to_ours_alone():
    rows = [
        cell(mean, world="uci-restaurant", system=system)
        for system, mean in (
            ("fewrec", 0.2),
            ("fewrec + attributes", 0.5),
            ("popularity", 0.15),
            ("ease", 0.1),
        )
    ]
    text, missed = page(rows, {})
    assert missed == []
    assert "| 50 | 1 | 0.2000 | 0.1500 | +0.0500 ± 0.0000 | ease | 0.1000 | +0.1000 ± 0.0000 |" in text
    assert "| fewrec + attributes | 0.5000 |" in text


def test_times_are_shown_in_readable_units():
    assert [shown(value) for value in (0.0041, 0.25, 3.0, 61.2)] == ["4.10 ms", "0.25 s", "3.00 s", "61 s"]


def test_a_limit_is_held_by_the_cpu_time():
    slow_clock = Row("a list", [[0.05, 0.003], [0.04, 0.004], [0.06, 0.005]], limit=0.005)
    assert str(slow_clock) == ("| a list | 50.00 ms | 40.00 ms - 60.00 ms (3) | 4.00 ms | 5.00 ms | yes |\n")
    assert "**no**" in str(Row("a list", [[0.05, 0.006]], limit=0.005))


def test_memory_names_the_largest_stage():
    assert "- big: fit 900, lists 950: met." in memory_table({"big": {"fit": 900.0, "lists": 950.0}})
    assert "**not met**" in memory_table({"big": {"fit": 1001.0}})


def test_encoders_are_compared_kind_by_kind():
    rates = {
        "default": {"films": [900.0, 1000.0, 1200.0], "books": [400.0]},
        "sentence-transformers": {"films": [200.0, 150.0, 225.0], "books": [100.0]},
    }
    table = encoding_table(rates)
    assert "| films | 1,000 | 200 | 5.0 (4.0 - 8.0) | yes |" in table  # 900 / 225, 1200 / 150
    assert "| books | 400 | 100 | 4.0 (4.0 - 4.0) | **no** |" in table
    assert "| films | 1,000 |\n" in encoding_table({"default": rates["default"]})
    # MiniLM on ONNX Runtime has a ratio of its own, and no limit.
    table = encoding_table({**rates, "minilm": {"films": [400.0], "books": [150.0]}})
    assert (
        "| films | 1,000 | 200 | 400 | 5.0 (4.0 - 8.0) | yes | 2.0 (1.8 - 2.7) |" in table
    )  # 400 / 225, 400 / 150
    # One text of each kind: 1/200 + 1/100 of a second by the peer, 1/1000 + 1/400 and 1/400 + 1/150 by ours.
    assert "| as many of each kind |  |  |  | 4.3 | **no** | 1.6 |" in table

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


def cell(mean: float, *, world="ml-100k", system="fewrec", n="50", k=1, task="users") -> Marks:
    return Marks(world, task, system, n, k, 0, [float(mark) for mark in mean + NOISE])


def peers(popularity: float, best: float, n: str = "50", k: int = 1) -> dict[str, Peers]:
    users = {
        ("pop-liked", n, k): {0: popularity + NOISE[::-1]},
        ("ease", n, k): {0: best + NOISE, 1: np.zeros(50)},
    }
    return {"ml-100k": Peers(users, {"text-to-ials": {0: np.full(50, 0.2)}})}


def test_floors():
    assert floor("ml-100k", "50", 1, 0.3) == pytest.approx(PROTOTYPE["ml-100k", "50"][1] - 0.004)
    assert floor("ml-100k", "10", 5, 0.31) == 0.31  # the bestseller list's own mean
    assert floor("ml-100k", "all", 0, 0.3) is None
    assert floor("uci-restaurant", "50", 1, 0.3) is None


def test_a_floor_that_is_met():
    text, missed = render([cell(0.40)], peers(0.35, 0.60), "a1b2c3")
    assert "Code: a1b2c3" in text
    assert missed == []
    # Means over all seeds choose the best other system: EASE has (.60 + 0) / 2, popularity .35. Differences
    # run from .01 to .09 in 50 steps: standard deviation .0238, standard error .0238 / sqrt 50 = .0034.
    assert "| 50 | 1 | 0.4000 | 0.3700 | 0.3660 | yes | 0.3500 | +0.0500 ± 0.0034 | pop-liked |" in text
    assert text.endswith("All are met.\n")


def test_floors_that_are_not_met_are_named():
    text, missed = render([cell(0.30)], peers(0.35, 0.36), "a1b2c3")
    assert missed == [
        "ml-100k, n = 50, k = 1: 0.3000, floor 0.3660",
        "ml-100k, n = 50, k = 1: -0.0500 ± 0.0034 to popularity",
    ]
    assert "| **no** | 0.3500 | **-0.0500 ± 0.0034** |" in text
    assert all(line in text for line in missed)


def test_new_items():
    rows = [
        cell(0.25, system=system, n="all", k=0, task="items")
        for system in ("fewrec", "fewrec, all users", "fewrec, first 600")
    ]
    text, missed = render(rows, peers(0.3, 0.3), "a1b2c3")
    assert missed == []
    assert f"| ml-100k | all | 0.2500 | {NEW_ITEM_FLOORS['ml-100k']:.4f} | yes |" in text
    assert "| text-to-ials | 0.2000 | +0.0500 ±" in text


def test_sets_of_our_own_show_every_system():
    rows = [
        cell(mean, world="ibm-articles", system=system)
        for system, mean in (("fewrec", 0.2), ("popularity", 0.25), ("EASE", 0.3), ("random", 0.1))
    ]
    text, missed = render(rows, {}, "a1b2c3")
    assert "| n | k | fewrec | popularity | EASE | random |" in text
    assert "| 50 | 1 | 0.2000 | 0.2500 | 0.3000 | 0.1000 | **-0.0500 ± 0.0000** | EASE |" in text
    assert missed == ["ibm-articles, n = 50, k = 1: -0.0500 ± 0.0000 to popularity"]


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

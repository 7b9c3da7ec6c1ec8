"""Times and numbers out of the ways in which people write them."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from fewrec.data.numerals import figure, parse_numbers
from fewrec.data.times import day, parse_times


def at(*parts: int) -> float:
    return datetime.datetime(*parts, tzinfo=datetime.UTC).timestamp()


@pytest.mark.parametrize(
    ("cells", "seconds"),
    [
        ([874965478, "874965479.5"], [874965478, 874965479.5]),
        ([1625760602509], [1625760602.509]),  # milliseconds
        ([1625760602509000], [1625760602.509]),  # microseconds
        ([1625760602509000000], [1625760602.509]),  # nanoseconds
        ([0, 5, 17], [0, 5, 17]),  # a count of seconds from anywhere
        (["20240517", 20240518], [at(2024, 5, 17), at(2024, 5, 18)]),
        (["20240517", "20241350"], [20240517, 20241350]),  # the second is no date, so both are seconds
        (["2024-05-17", "2024-05-18"], [at(2024, 5, 17), at(2024, 5, 18)]),
        (["2024-05-17 09:30:00", "2024-05-17T09:30:01"], [at(2024, 5, 17, 9, 30), at(2024, 5, 17, 9, 30, 1)]),
        (["2024-05-17T09:30:00Z", "2024-05-17T11:30:00+02:00"], [at(2024, 5, 17, 9, 30)] * 2),
        (
            ["2024/5/7", "2024.05.07", "2024/5/7 09:30"],
            [at(2024, 5, 7), at(2024, 5, 7), at(2024, 5, 7, 9, 30)],
        ),
        (
            ["11/12/2019 2:14:46 PM", "11/13/2019 12:05 AM"],
            [at(2019, 11, 12, 14, 14, 46), at(2019, 11, 13, 0, 5)],
        ),
        (["3/4/2024", "13/4/2024"], [at(2024, 4, 3), at(2024, 4, 13)]),  # 13 is no month: the day comes first
        (["17.05.2024 9:30"], [at(2024, 5, 17, 9, 30)]),
        (["2024-05-17", 874965478, None, ""], [at(2024, 5, 17), 874965478, np.nan, np.nan]),
    ],
)
def test_times(cells, seconds):
    found, bad = parse_times(cells)
    np.testing.assert_allclose(found, seconds, rtol=0, atol=1e-3)
    assert not bad.any()


@pytest.mark.parametrize(
    "cell", ["yesterday", "today", "2024-02-30", "2/30/2024", "2024-5", ("2024",), "NaT.", "1_000"]
)
def test_what_is_no_time(cell):
    found, bad = parse_times([cell, 5])
    assert (bad.tolist(), np.isnan(found).tolist()) == ([True, False], [True, False])


def test_days_for_people():
    assert day(at(2024, 5, 17, 23)) == "2024-05-17"
    assert day(1e30) == "1e+30"


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["4", "4.0", "-1e3", "+2", ".5", "5."], [4, 4, -1000, 2, 0.5, 5]),
        (["4,5", "3", "1,25"], [4.5, 3, 1.25]),
        ([True, False, 2], [1, 0, 2]),
        (["", "?", "NA", None, (), "1"], [np.nan] * 5 + [1]),
    ],
)
def test_numbers(cells, numbers):
    found, bad = parse_numbers(cells)
    np.testing.assert_array_equal(found, numbers)
    assert not bad.any()


@pytest.mark.parametrize(
    "cell", ["five", "1,000", "4 5", "0x10", "1_000", "inf", "1e31", float("inf"), 10**400, ("4",), "$3"]
)
def test_what_is_no_number(cell):
    found, bad = parse_numbers([cell, "4,5" if cell == "1,000" else 4])
    assert bad[0]
    assert np.isnan(found[0])


def test_money_only_where_wanted():
    cells = ["$1,299.00", "12 €", "USD 3", "¥99", "7", "x"]
    found, bad = parse_numbers(cells, money=True)
    assert found[:5].tolist() == [1299, 12, 3, 99, 7]
    assert bad.tolist() == [False] * 5 + [True]


def test_figures():
    assert [figure(number) for number in (4.0, 3.5, -0.0, 1e6, 1 / 3, 1e20)] == [
        "4", "3.5", "0", "1000000", "0.3333333333", "1e+20",
    ]  # fmt: skip

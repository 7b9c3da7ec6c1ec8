"""The line about how long tuning takes: from a run, with its verdict, and honest about two minutes."""

from __future__ import annotations

import pytest

from benchmarks import adapt, tuning_time
from benchmarks.tuning_time import line, measured


def test_a_small_shop_is_measured():
    seconds, epochs, verdict = measured(items=120, interactions=900)
    assert seconds > 0
    assert epochs >= 1
    assert verdict in ("tuned", "kept frozen")


@pytest.mark.parametrize(
    ("seconds", "told"), [(90.4, "took 90 s of one core, under"), (131.0, "took 131 s of one core, over")]
)
def test_the_line_says_whether_it_holds(seconds, told):
    assert told in line(seconds, 12, "tuned")


def test_the_page_has_the_marks():
    page = adapt.PAGE.read_text(encoding="utf-8")
    assert page.count(tuning_time.BEGIN) == page.count(tuning_time.END) == 1

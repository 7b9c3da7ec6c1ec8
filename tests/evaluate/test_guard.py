"""From where on the guard speaks of foresight: four standard errors, and more than .05."""

from __future__ import annotations

import numpy as np
import pytest

from fewrec.evaluate.guard import foreseen


@pytest.mark.parametrize(("ahead", "caught"), [(0.049, False), (0.05, False), (0.051, True), (-0.3, False)])
def test_less_than_a_twentieth_ahead_is_no_matter_however_sure(ahead, caught):
    # Two people alike: the standard error is 0, and the mean is the number itself.
    assert foreseen(np.array([ahead, ahead])) == caught


@pytest.mark.parametrize(("spread", "caught"), [(0.29, True), (0.31, False), (0.5, False)])
def test_less_than_four_standard_errors_ahead_may_be_chance(spread, caught):
    # Five people are .4 + spread ahead, five .4 - spread. Deviation with n - 1 below: spread * sqrt(10 / 9); divided by
    # sqrt(10) that is spread / 3. Four of them are more than .4 from spread = .3 on.
    assert foreseen(np.array([0.4 + spread, 0.4 - spread] * 5)) == caught


def test_who_has_no_mark_is_left_out():
    # With the two counted as 0 the mean would be .2 and its error .058: not enough.
    assert foreseen(np.array([0.4, 0.4, np.nan, np.nan]))
    assert not foreseen(np.array([0.04, 0.04, np.nan]))


@pytest.mark.parametrize("ahead", [[], [np.nan], [0.9], [0.9, np.nan]])
def test_one_person_tells_nothing(ahead):
    assert not foreseen(np.array(ahead, dtype=float))

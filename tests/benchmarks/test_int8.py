"""The figures of 8-bit items: the exact list is the exact one, and the page has a place for what is measured."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import int8
from benchmarks.int8 import Found, exact_top, line, made_up, measured


def test_vectors_have_length_one_and_near_neighbours():
    items, users = made_up(20_000, 3)
    assert np.linalg.norm(items[:50], axis=1) == pytest.approx(1, abs=1e-5)
    scores = np.sort(users @ items.T, axis=1)
    assert (scores[:, -1] > 0.7).all()
    assert (scores[:, -5] > 0.3).all()  # some ten are in a group
    assert np.abs(scores[:, 10_000]).max() < 0.1


def test_the_exact_top_is_sorted():
    items, users = made_up(20_000, 3)
    assert exact_top(items, users).tolist() == np.argsort(-(users @ items.T), axis=1)[:, :10].tolist()


def test_a_small_run_finds_the_same_lists_within_the_bound():
    found = measured(3000, 5)
    assert found.same == 1
    assert found.memory > 3.9
    assert 0 < found.error <= found.bound
    assert 10 <= found.rescored[0] <= found.rescored[1]


def test_the_line_says_what_was_found():
    told = line(
        Found(1000, 3.959, {1: (0.2, 0.1), 16: (0.05, 0.04)}, 0.995, (12.0, 40), 0.02, 0.003, (0.9, 0.8))
    )
    assert "| memory | 1 | 1 / 3.96 |" in told
    assert "| a list, one user in a call | 200 ms | 100 ms |" in told
    assert "| a list, 16 users in a call | 50 ms | 40 ms |" in told
    assert "The same ten in 99.5% of the lists" in told


def test_the_page_has_the_marks():
    page = int8.PAGE.read_text(encoding="utf-8")
    assert page.count(int8.BEGIN) == page.count(int8.END) == 1

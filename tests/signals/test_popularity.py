"""Popularity by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from fewrec.signals import Popularity, Supports, TrainingData


def matrix(rows: list[list[float]]) -> sp.csr_matrix:
    return sp.csr_matrix(np.array(rows, dtype=np.float32))


def table() -> TrainingData:
    """Three users, three items: item 0 liked twice, item 1 liked once and disliked once, item 2 unmet."""
    return TrainingData(
        liked=matrix([[1, 0, 0], [1, 1, 0], [0, 0, 0]]),
        seen=matrix([[1, 0, 0], [1, 1, 0], [0, 1, 0]]),
        explicit=True,
    )


def scores(data: TrainingData) -> np.ndarray:
    supports = Supports.of([np.array([2]), np.array([], dtype=int)], [np.ones(1, bool), np.ones(0, bool)], 3)
    found = Popularity().fit(data).score(supports)
    assert np.array_equal(found[0], found[1])  # the same for everybody
    return found[0]


def test_likes_and_meetings() -> None:
    np.testing.assert_allclose(scores(table()), np.log([2 + 0.4 + 0.2, 1 + 0.4 + 0.2, 0.2]), rtol=1e-6)


def test_how_much_they_were_liked() -> None:
    data = replace(table(), strength=matrix([[1, 0, 0], [0.5, 0, 0], [0, 0, 0]]))
    np.testing.assert_allclose(scores(data), np.log([2.6 + 0.2 * 1.5, 1.6, 0.2]), rtol=1e-6)


def test_neighbours_lend_their_likes() -> None:
    # item 2 is nearest to item 0 with weight .5, item 0 to item 1 with weight .4
    data = replace(table(), neighbours=matrix([[0, 0.4, 0], [0, 0, 0], [0.5, 0, 0]]))
    np.testing.assert_allclose(scores(data), np.log([2.6 + 0.15 * 0.4, 1.6, 0.2 + 0.15 * 1.0]), rtol=1e-6)


def test_old_likes_count_less() -> None:
    data = replace(
        table(),
        freshness=matrix([[0.5, 0, 0], [1, 0.25, 0], [0, 1, 0]]),
        strength=matrix([[1, 0, 0], [0, 1, 0], [0, 0, 0]]),
    )
    # item 0: .5 + 1 likes, as many meetings, strength .5; item 1: .25 likes, 1.25 meetings, strength .25
    wanted = [1.5 + 0.2 * 1.5 + 0.2 + 0.2 * 0.5, 0.25 + 0.2 * 1.25 + 0.2 + 0.2 * 0.25, 0.2]
    np.testing.assert_allclose(scores(data), np.log(wanted), rtol=1e-6)


def test_events_too_old_to_weigh_anything_count_nothing() -> None:
    fresh = matrix([[1, 0, 0], [1, 1, 0], [0, 1, 0]])
    fresh.data[:] = [0, 1, 1, 1]  # the first like of item 0 has faded to a stored zero
    found = scores(replace(table(), freshness=fresh))
    np.testing.assert_allclose(found, np.log([1 + 0.2 + 0.2, 1.6, 0.2]), rtol=1e-6)


def test_ties_are_broken_by_the_seeded_numbers_alone() -> None:
    data = replace(table(), liked=matrix([[1, 1, 1]]), seen=matrix([[1, 1, 1]]))
    ranks = np.array([0.2, 0.9, 0.5], dtype=np.float32)
    found = scores(replace(data, tie_break=ranks))
    assert np.array_equal(np.argsort(found), np.argsort(ranks))
    np.testing.assert_allclose(found, np.log(1.4) + 1e-3 * ranks, rtol=1e-6)


def test_nobody_met_anything() -> None:
    nothing = sp.csr_matrix((2, 3), dtype=np.float32)
    assert not Popularity().available(TrainingData(liked=nothing, seen=nothing, explicit=False))
    assert Popularity().available(
        TrainingData(liked=nothing, seen=matrix([[1, 0, 0], [0, 0, 0]]), explicit=True)
    )

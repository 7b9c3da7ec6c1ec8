"""8-bit products: the bound holds, and the lists are those of the exact product."""

from __future__ import annotations

import numpy as np
import pytest

from fewrec.errors import ConfigError
from fewrec.rank import Int8Items
from fewrec.rank.int8 import USERS


def vectors(rows: int, seed: int, width: int = 32) -> np.ndarray:
    found = np.random.default_rng(seed).standard_normal((rows, width)).astype(np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_worked_out_by_hand():
    """Largest entry 1.27, so a step is 0.01: 1.27 -> 127, -0.254 -> -25 (from -25.4)."""
    items = Int8Items(np.array([[1.27, -0.254], [0, 0]], dtype=np.float32))
    assert items.codes.tolist() == [[127, -25], [0, 0]]
    assert items.steps == pytest.approx([0.01, 0])
    user = np.array([[1, 2]], dtype=np.float32)
    assert items.score(user)[0] == pytest.approx([0.77, 0])  # exactly: 0.762
    assert items.bound(user)[0] == pytest.approx([0.015, 0])


@pytest.mark.parametrize("seed", range(5))
def test_the_bound_holds(seed):
    exact, users = vectors(5000, seed), vectors(7, seed + 100)
    items = Int8Items(exact)
    off = np.abs(items.score(users) - users @ exact.T)
    assert (off <= items.bound(users) + 1e-6).all()
    assert off.max() > 0.2 * items.bound(users).max()  # no idle bound


def test_the_top_is_the_exact_one():
    exact, users = vectors(20_000, 0, 64), vectors(50, 1, 64)
    found, scores = Int8Items(exact).top(users, 10)
    for user, row, score in zip(users, found, scores, strict=True):
        true = exact @ user
        assert row.tolist() == np.argsort(-true, kind="stable")[:10].tolist()
        assert score == pytest.approx(true[row])


def test_what_is_rescored():
    """Steps are 0.01, so with the user (1, 0) no score is off by more than 0.005: 0.995 may be above 1.0, 0.98 not."""
    items = Int8Items(np.array([[0.98, 1.27], [1.0, 1.27], [0.995, 1.27]], dtype=np.float32))
    user = np.array([[1, 0]], dtype=np.float32)
    assert items.rescored(user, 1).tolist() == [2]
    assert items.rescored(user, 10).tolist() == [3]
    assert items.top(user, 1)[0].tolist() == [[1]]


def test_users_are_listed_alike_alone_and_together():
    items, users = Int8Items(vectors(3000, 0)), vectors(2 * USERS + 3, 1)
    together = items.top(users, 5)
    alone = [items.top(user[None], 5) for user in users]
    assert together[0].tolist() == [found[0].tolist() for found, _ in alone]
    assert together[1] == pytest.approx(np.concatenate([scores for _, scores in alone]))


def test_where_too_many_are_near_the_first_are_rescored():
    exact, users = vectors(20_000, 0, 64), vectors(5, 1, 64)
    items = Int8Items(exact)
    assert (items.rescored(users) > 10).all()
    found, scores = items.top(users, 10, most=10)
    first = np.sort(np.argsort(-items.score(users), axis=1)[:, :10])
    assert np.sort(found).tolist() == first.tolist()
    assert scores == pytest.approx(np.take_along_axis(users @ exact.T, found, axis=1))


def test_a_quarter_of_the_memory():
    exact = vectors(3000, 0, 384)
    assert exact.nbytes / Int8Items(exact).nbytes > 3.9


def test_equal_scores_stand_by_number_and_few_items_are_all_listed():
    items = Int8Items(np.ones((4, 3), dtype=np.float32))
    assert items.top(np.ones((1, 3), dtype=np.float32), 10)[0].tolist() == [[0, 1, 2, 3]]


def test_vectors_may_stay_in_a_file(tmp_path):
    exact = vectors(3000, 0)
    exact.tofile(tmp_path / "v.bin")
    kept = np.memmap(tmp_path / "v.bin", dtype=np.float32, mode="r", shape=exact.shape)
    users = vectors(3, 1)
    assert Int8Items(kept).top(users)[0].tolist() == Int8Items(exact).top(users)[0].tolist()


def test_bad_vectors_and_lengths_are_named():
    with pytest.raises(ConfigError, match=r"shape \(3,\), not \(I, D\)"):
        Int8Items(np.zeros(3, dtype=np.float32))
    with pytest.raises(ConfigError, match="item 1 is not finite"):
        Int8Items(np.array([[1.0], [np.nan]], dtype=np.float32))
    with pytest.raises(ConfigError, match=r"n must lie from 1 to most \(1000\), not 0"):
        Int8Items(vectors(3, 0)).top(vectors(1, 1), 0)

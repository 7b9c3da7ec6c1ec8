"""What must hold for any data: hypothesis draws the worlds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from fewrec.signals import Supports, TrainingData, known_signals, resolve_signals, text_neighbours
from fewrec.testing import check_signal
from fewrec.testing.worlds import two_tastes


def drawn(seed: int, n_users: int, n_items: int) -> TrainingData:
    """Anything at all: users who like nothing, items that nobody met, blank texts, attributes nobody has."""
    rng = np.random.default_rng(seed)
    seen = rng.random((n_users, n_items)) < rng.uniform(0, 0.8)
    liked = seen & (rng.random(seen.shape) < rng.uniform(0, 1))
    view = rng.normal(size=(n_items, 5)) * (rng.random((n_items, 1)) < 0.8)
    view = (view / np.maximum(np.linalg.norm(view, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    words = sp.csr_matrix(rng.random((n_items, 7)) * (rng.random((n_items, 7)) < 0.4), dtype=np.float32)

    def flags(rows: int, columns: int) -> sp.csr_matrix:
        return sp.csr_matrix(rng.random((rows, columns)) < rng.uniform(0, 0.7), dtype=np.float32)

    likes = sp.csr_matrix(liked, dtype=np.float32)
    strength = likes.copy()
    strength.data = rng.random(strength.nnz).astype(np.float32)
    return TrainingData(
        liked=likes,
        seen=sp.csr_matrix(seen, dtype=np.float32),
        explicit=True,
        views={"title": view, "description": view[:, ::-1].copy()},
        words=words,
        neighbours=text_neighbours(view, words),
        features=flags(n_items, 4),
        portraits=flags(n_users, 3),
        strength=strength,
        tie_break=rng.random((n_items,)).astype(np.float32),
    )


@given(
    name=st.sampled_from(known_signals()),
    seed=st.integers(0, 100_000),
    n_users=st.integers(1, 9),
    n_items=st.integers(1, 12),
)
@settings(max_examples=25, deadline=None)
def test_the_contract_holds_for_any_data(name: str, seed: int, n_users: int, n_items: int) -> None:
    data = drawn(seed, n_users, n_items)
    if resolve_signals([name])[0].available(data):
        # Degenerate data have equal eigenvalues: rounding decides between equally good axes.
        check_signal(lambda: resolve_signals([name])[0], data, tolerance=1e-4)


@pytest.mark.parametrize(
    "name", ["text", "words", "nearest", "graph-wide", "text-graph", "text-ease", "ials", "sparse"]
)
@given(seed=st.integers(0, 1000))
@settings(max_examples=8, deadline=None)
def test_more_likes_of_a_kind_lift_that_kind(name: str, seed: int) -> None:
    """In a planted world every further like of one genre leaves the genre's lead at least as large."""
    world = two_tastes(24, 20, seed)
    signal = resolve_signals([name])[0].fit(world.training)
    same = world.item_kind == 0
    order = np.random.default_rng(seed).permutation(np.flatnonzero(same))[:5]
    supports = Supports.of([order[:k] for k in range(1, 6)], [np.ones(k, bool) for k in range(1, 6)], 20)
    scores = signal.score(supports)
    ahead = scores[:, same].mean(axis=1) - scores[:, ~same].mean(axis=1)
    assert np.all(ahead > 0)
    if signal.linear:
        assert np.all(np.diff(ahead) > 0)


@given(seed=st.integers(0, 1000))
@settings(max_examples=10, deadline=None)
def test_rows_repeat_what_one_row_says(seed: int) -> None:
    """A hundred equal strangers get equal scores, whatever the batch."""
    data = two_tastes(10, 15, seed).training
    item = np.array([seed % 15])
    many = Supports.of([item] * 100, [np.ones(1, bool)] * 100, 15)
    for signal in resolve_signals("default"):
        scores = signal.fit(data).score(many)
        assert np.abs(scores - scores[:1]).max() <= 1e-6 * max(1.0, np.abs(scores).max())


def test_the_exposure_of_dislikes_is_not_that_of_likes() -> None:
    data = two_tastes(24, 20).training
    disliking = Supports.of([np.array([0])], [np.zeros(1, bool)], 20)
    nothing = disliking.seen_rows._replace(data=0 * disliking.seen_rows.data)
    liking = replace(disliking, liked_rows=disliking.seen_rows, disliked_rows=nothing)
    exposure, wide = resolve_signals(["exposure", "graph-wide"])
    assert np.array_equal(exposure.fit(data).score(disliking), exposure.score(liking))
    assert not wide.fit(data).score(disliking).any()
    assert wide.score(liking).any()

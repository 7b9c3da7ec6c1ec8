"""One eigendecomposition for every ridge, against the plain dense formulas in float64."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from fewrec.signals import (
    Exposure,
    GraphMet,
    GraphNarrow,
    GraphWide,
    MetTogether,
    Spectrum,
    Supports,
    TextEase,
    TextGraph,
    TrainingData,
)
from fewrec.signals import spectrum as spectrum_module
from fewrec.testing.worlds import two_tastes


def some(n_users: int, n_items: int, seed: int = 0) -> tuple[sp.csr_matrix, sp.csr_matrix]:
    """``(seen, liked)``: an item that nobody met and a user who liked nothing are among them."""
    rng = np.random.default_rng(seed)
    seen = rng.random((n_users, n_items)) < 0.4
    seen[:, 2] = False
    liked = seen & (rng.random(seen.shape) < 0.6)
    liked[1] = False
    return sp.csr_matrix(seen, dtype=np.float32), sp.csr_matrix(liked, dtype=np.float32)


def dense_filter(
    evidence: np.ndarray, liked: np.ndarray, power: float, ridge: float, support: np.ndarray
) -> np.ndarray:
    """``x`` regressed on all items: ``D^p L~' (M~ M~' + r I)^-1 M~ D_M^-p x``, nothing truncated."""
    degree = np.maximum(evidence.sum(axis=1), 1)[:, None] ** -power if power else 1.0
    m, t = degree * evidence, degree * liked
    into = np.maximum(m.sum(axis=0), 1) ** power
    out = np.maximum(t.sum(axis=0), 1) ** power
    m, t = m / into, t / out
    return out * (t.T @ np.linalg.solve(m @ m.T + ridge * np.eye(len(m)), m @ (support / into)))


@pytest.mark.parametrize("power", [0.0, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("ridge", [0.05, 1.0, 30.0])
@pytest.mark.parametrize("shape", [(12, 30), (30, 12)])
@pytest.mark.parametrize("which", ["liked", "seen"])
def test_the_filter_is_the_dense_ridge(
    power: float, ridge: float, shape: tuple[int, int], which: str
) -> None:
    seen, liked = some(*shape)
    evidence = liked if which == "liked" else seen
    supports = np.random.default_rng(1).random((4, shape[1]))
    found = Spectrum.of(evidence, liked, power).filter(sp.csr_matrix(supports, dtype=np.float32), ridge)
    dense_evidence, dense_liked = evidence.toarray().astype(float), liked.toarray().astype(float)
    for row, support in zip(found, supports, strict=True):
        wanted = dense_filter(dense_evidence, dense_liked, power, ridge, support)
        np.testing.assert_allclose(row, wanted, rtol=2e-5, atol=2e-5 * np.abs(wanted).max())


def test_at_power_zero_it_is_ridge_regression_of_every_item_on_the_support() -> None:
    seen, liked = some(15, 8)
    a, b = seen.toarray().astype(float), liked.toarray().astype(float)
    weights = np.linalg.solve(a.T @ a + 2.0 * np.eye(8), a.T @ b)  # (I, I) the normal equations in item space
    found = Spectrum.of(seen, liked, 0.0).filter(sp.identity(8, dtype=np.float32, format="csr"), 2.0)
    np.testing.assert_allclose(found, weights, atol=1e-5)


def test_eigenvalues_fall_and_the_null_space_is_left_out() -> None:
    _, liked = some(12, 30)
    liked = sp.vstack([liked, liked], format="csr")  # every user twice: rank 12 at most, of 24
    found = Spectrum.of(liked, liked, 0.5)
    assert np.all(np.diff(found.values) <= 0)
    assert len(found.values) <= 12
    assert found.values[-1] > 1e-9


def test_a_low_rank_keeps_the_largest() -> None:
    _, liked = some(20, 30)
    full, cut = Spectrum.of(liked, liked, 0.5), Spectrum.of(liked, liked, 0.5, rank=4)
    assert cut.inner.shape == (30, 4)
    np.testing.assert_allclose(cut.values, full.values[:4])
    np.testing.assert_allclose(cut.outer, full.outer[:, :4], atol=1e-5)


def test_many_users_are_decomposed_by_lanczos_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    _, liked = some(40, 25)
    whole = Spectrum.of(liked, liked, 0.5, rank=5)
    monkeypatch.setattr(spectrum_module, "DENSE_USERS", 10)
    again = Spectrum.of(liked, liked, 0.5, rank=5)
    np.testing.assert_allclose(again.values, whole.values, rtol=1e-6)
    np.testing.assert_allclose(again.outer, whole.outer, atol=1e-4)
    assert np.array_equal(again.inner, Spectrum.of(liked, liked, 0.5, rank=5).inner)  # a fixed start


@pytest.mark.parametrize("rank", [4, 256])
def test_single_precision_is_near(rank: int) -> None:
    _, liked = some(20, 30)
    liked = sp.vstack(
        [liked, liked], format="csr"
    )  # every user twice: what float32 leaves of a null space is left out
    exact, near = Spectrum.of(liked, liked, 0.5, rank), Spectrum.of(liked, liked, 0.5, rank, single=True)
    np.testing.assert_allclose(near.values, exact.values, atol=1e-5 * exact.values[0])
    np.testing.assert_allclose(near.outer, exact.outer, atol=1e-4)
    assert near.values.dtype == np.float64
    assert near.outer.dtype == np.float32


def test_nothing_known_gives_zeros() -> None:
    nothing = sp.csr_matrix((3, 5), dtype=np.float32)
    found = Spectrum.of(nothing, nothing, 0.5)
    assert not found.filter(sp.identity(5, dtype=np.float32, format="csr"), 1.0).any()


def test_a_grown_catalogue_knows_nothing_of_new_items() -> None:
    _, liked = some(12, 10)
    old = Spectrum.of(liked, liked, 0.5)
    supports = sp.csr_matrix(np.random.default_rng(0).random((3, 10)), dtype=np.float32)
    wide = sp.csr_matrix((supports.data, supports.indices, supports.indptr), shape=(3, 12))
    found = old.padded(2).filter(wide, 1.0)
    np.testing.assert_allclose(found[:, :10], old.filter(supports, 1.0), rtol=1e-6)
    assert not found[:, 10:].any()


def test_some_items_are_the_same_columns() -> None:
    _, liked = some(12, 10)
    items = np.array([7, 0, 3])
    found, supports = Spectrum.of(liked, liked, 0.0), liked[:4]
    np.testing.assert_allclose(
        found.filter(supports, 1.0, items), found.filter(supports, 1.0)[:, items], rtol=1e-6
    )


def ease(x: np.ndarray, ridge: float) -> np.ndarray:
    """Item-item weights of EASE as in Steck 2019, equation 8: ``B = I - P diag(1 / diag P)``."""
    inverse = np.linalg.inv(x.T @ x + ridge * np.eye(x.shape[1]))
    weights = -inverse / np.diag(inverse)
    weights[np.diag_indices_from(weights)] = 0
    return weights


@pytest.mark.parametrize(("n_users", "ridge"), [(12, 300.0), (30, 300.0), (31, 2000.0)])
def test_ease_is_the_textbook_inverse_with_a_zero_diagonal(n_users: int, ridge: float) -> None:
    _, liked = some(n_users, 20)
    signal = TextEase().fit(TrainingData(liked=liked, seen=liked, explicit=False))
    each = Supports.of([np.array([i]) for i in range(20)], [np.ones(1, bool)] * 20, 20)
    found, wanted = signal.score(each), ease(liked.toarray().astype(float), ridge)
    np.testing.assert_allclose(found, wanted, atol=1e-5 * np.abs(wanted).max())
    assert np.abs(np.diag(found)).max() < 1e-7


def test_the_shipped_filters_use_their_own_matrices_and_ridges() -> None:
    data = two_tastes(14, 16).training
    data = TrainingData(liked=data.liked, seen=data.seen, explicit=True)  # no text: supports are not spread
    support = Supports.of([np.array([0, 3, 4])], [np.array([True, False, True])], 16)
    liked, seen = data.liked.toarray().astype(float), data.seen.toarray().astype(float)
    x, a = support.liked.toarray()[0], support.seen.toarray()[0]
    for signal, wanted in (
        (GraphNarrow(), dense_filter(liked, liked, 0.5, 0.3, x)),
        (GraphWide(), dense_filter(liked, liked, 0.5, 3.0, x)),
        (TextGraph(), dense_filter(liked, liked, 0.5, 1.0, x)),
        (Exposure(), dense_filter(seen, liked, 0.0, 1000.0, a)),
        (GraphMet(), dense_filter(seen, liked, 0.5, 3.0, a)),
        (MetTogether(), dense_filter(seen, seen, 0.0, 1000.0, a)),
    ):
        np.testing.assert_allclose(
            signal.fit(data).score(support)[0], wanted, atol=1e-5 * np.abs(wanted).max()
        )


def test_a_support_is_lent_to_its_text_neighbours() -> None:
    data = two_tastes(14, 16).training
    support = Supports.of([np.array([0, 5])], [np.ones(2, bool)], 16)
    lent = support.liked.toarray()[0] @ (np.eye(16) + 0.5 * data.neighbours.toarray())
    liked = data.liked.toarray().astype(float)
    wanted = dense_filter(liked, liked, 0.5, 1.0, lent)
    np.testing.assert_allclose(
        TextGraph().fit(data).score(support)[0], wanted, atol=1e-5 * np.abs(wanted).max()
    )
    wanted = lent @ ease(liked, 300.0)
    np.testing.assert_allclose(
        TextEase().fit(data).score(support)[0], wanted, atol=1e-5 * np.abs(wanted).max()
    )

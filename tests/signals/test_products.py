"""Products laid out for one visitor are those of the plain matrices, whichever way they are worked out."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from fewrec.signals import products
from fewrec.signals.products import Columns, People, RowProducts, SparseRows, chosen, picked, weighted_rows

RNG = np.random.default_rng(0)


def sparse(rows: int, columns: int, density: float = 0.2) -> sp.csr_matrix:
    return sp.random(
        rows, columns, density, "csr", dtype=np.float32, random_state=np.random.default_rng(rows)
    )


def test_columns_by_hand() -> None:
    rows = np.array([[1, 2], [0, 0], [3, 0]], dtype=np.float32)  # nobody has met the second item
    found = Columns(rows).answer(np.array([[1, 10], [0, 1]], dtype=np.float32))
    assert found.tolist() == [[21, 0, 3], [2, 0, 0]]


@pytest.mark.parametrize("many", [1, 63, 64, 200])
def test_columns_are_the_product_with_all_rows(many: int) -> None:
    rows = RNG.normal(size=(many, 7)).astype(np.float32)
    rows[::3] = 0
    users = RNG.normal(size=(3, 7)).astype(np.float32)
    np.testing.assert_allclose(Columns(rows).answer(users), users @ rows.T, atol=1e-5)


def test_items_that_are_the_same_get_the_same_number_to_the_last_bit() -> None:
    rows = np.repeat(RNG.normal(size=(1, 256)).astype(np.float32), 77, axis=0)
    found = Columns(rows).answer(RNG.normal(size=(1, 256)).astype(np.float32))
    assert len(np.unique(found)) == 1


def test_people_carry_their_numbers_to_what_they_met() -> None:
    met = sp.csr_matrix(np.array([[1, 0, 1], [0, 0, 1]], dtype=np.float32))  # two people, three items
    people = np.array([[2, 5], [1, 0]], dtype=np.float32)
    assert People(met).answer(people).tolist() == [[2, 0, 7], [1, 0, 1]]
    assert People(met, np.array([1, 1, 10.0])).answer(people[:1]).tolist() == [[2, 0, 70]]


def test_the_way_over_the_people_pays_where_they_are_few() -> None:
    assert People(sparse(10, 1000, 0.01)).pays(64)
    assert not People(sparse(1000, 10, 0.01)).pays(64)
    assert not People(sp.csr_matrix(np.ones((10, 1000)))).pays(64)  # ten who have met everything


def everybody_has_a_word() -> sp.csr_matrix:
    rows = sparse(30, 12).tolil()
    rows[:, 0] = 1
    return sp.csr_matrix(rows, dtype=np.float32)


@pytest.mark.parametrize("small", [0, products.SMALL])
@pytest.mark.parametrize("rows", [sparse(30, 12), everybody_has_a_word()])
@pytest.mark.parametrize("vectors", [sparse(1, 12), sparse(4, 12), sp.identity(12, np.float32, "csr")])
def test_row_products(monkeypatch, small: int, rows: sp.csr_matrix, vectors: sp.csr_matrix) -> None:
    monkeypatch.setattr(products, "SMALL", small)
    wanted = (vectors @ rows.T).toarray()
    given = SparseRows.of(sp.csr_matrix(vectors, dtype=np.float32))
    few = np.array([3, 0, 29])
    np.testing.assert_allclose(RowProducts(rows).all(vectors), wanted, atol=1e-6)
    np.testing.assert_allclose(RowProducts(rows).some(given, few), wanted[:, few], atol=1e-6)
    if len(wanted) == 1:
        np.testing.assert_allclose(RowProducts(rows).one(given), wanted, atol=1e-6)


@pytest.mark.parametrize("small", [0, products.SMALL])
@pytest.mark.parametrize("vectors", [sparse(1, 12), sparse(5, 12), sp.identity(12, np.float32, "csr")])
def test_rows_are_picked_and_weighed(monkeypatch, small: int, vectors: sp.csr_matrix) -> None:
    monkeypatch.setattr(products, "SMALL", small)
    given = SparseRows.of(sp.csr_matrix(vectors, dtype=np.float32))
    dense, rows = RNG.normal(size=(12, 5)).astype(np.float32), sparse(12, 9)
    np.testing.assert_allclose(weighted_rows(given, dense), vectors @ dense, atol=1e-5)
    np.testing.assert_allclose(picked(rows, given).tocsr().toarray(), (vectors @ rows).toarray(), atol=1e-6)


@pytest.mark.parametrize("k", [1, 2, 7, 40])
def test_one_row_is_added_up_to_the_bits_of_many(k: int) -> None:
    """Weights are learned on batches, and a visitor comes alone."""
    rows, other = RNG.normal(size=(60, 33)).astype(np.float32), sparse(60, 50)
    vector = sp.csr_matrix(sparse(1, 60, 1.0)[:, :k], shape=(1, k))
    vector = sp.csr_matrix((vector.data, vector.indices, vector.indptr), shape=(1, 60))
    given = SparseRows.of(vector)
    np.testing.assert_array_equal(weighted_rows(given, rows), vector @ rows)
    np.testing.assert_array_equal(picked(other, given).dense(np.float32), (vector @ other).toarray())


def test_a_support_item_by_item_has_rows_without_an_entry() -> None:
    given = SparseRows(
        np.ones(2, np.float32), np.array([4, 1], np.int32), np.array([0, 1, 1, 2], np.int32), (3, 6)
    )
    assert given.singly
    assert given.dense().tolist() == [[0, 0, 0, 0, 1, 0], [0] * 6, [0, 1, 0, 0, 0, 0]]
    dense = np.arange(12, dtype=np.float32).reshape(6, 2)
    assert weighted_rows(given, dense).tolist() == [[8, 9], [0, 0], [2, 3]]
    assert chosen(sparse(6, 4), np.array([5, 5])).shape == (2, 4)

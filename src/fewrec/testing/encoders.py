"""The contract of every encoder, ours and an outsider's, as one function to call in a test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fewrec.encode.encoder import Encoder

SAMPLE = (
    "Heat",
    "The slow, melancholic science fiction of a small town, told in three long evenings",
    "Amélie (2001), dir. Jean-Pierre Jeunet",
    "千と千尋の神隠し",
    "慢热而忧伤的科幻小说",
    "रात का खाना",
    "ภาพยนตร์ไทย",
    "!?",
    "🍜 24h",
    "line one\nline two\ttabbed",
    "word " * 1000,
)


def check_encoder(encoder: Encoder, texts: Sequence[str] = SAMPLE, *, tolerance: float = 1e-5) -> None:
    """Raises `AssertionError` naming the first rule of the encoder contract that ``encoder`` breaks.

    The rules: ``encode(texts)`` gives (N, D) float32, finite, with D the ``dimension`` from then on; a blank
    text gives a zero row; a text has the same vector alone, repeated, in any company and in any order; the
    texts themselves are left as they are; no texts give no rows; ``id`` never changes. Vectors count as the
    same when no entry differs by more than ``tolerance`` times the largest entry: matrix products of
    different sizes round differently, and few libraries promise more. With ``tolerance=0`` every bit must agree,
    which ``default``, ``use``, ``hashed`` and ``minilm`` keep: vectors from a cache are then those of a fresh run.
    ``texts`` must be distinct and not blank; an encoder that knows certain texts only gets those.

    Use it in a test: ``def test_contract(): check_encoder(MyEncoder())``.
    """
    given = list(texts)
    _rule(
        len(given) >= 3 and len(set(given)) == len(given), "check_encoder needs three distinct texts at least"
    )
    _rule(all(text.strip() for text in given), "check_encoder adds blank texts by itself")
    # The first call comes first: an encoder may load its model, and settle its id and width, only now.
    vectors = encoder.encode(list(given))
    name = encoder.id
    _rule(isinstance(name, str) and bool(name), f"id must be a non-empty string, not {name!r}")
    _rule(
        isinstance(encoder.batch_size, int) and encoder.batch_size >= 1,
        f"{name}: batch_size must be 1 or more",
    )
    _rule(
        isinstance(vectors, np.ndarray),
        f"{name}: encode must give a NumPy array, not {type(vectors).__name__}",
    )
    _rule(vectors.dtype == np.float32, f"{name}: vectors must be float32, not {vectors.dtype}")
    _rule(
        vectors.ndim == 2 and vectors.shape[0] == len(given) and vectors.shape[1] >= 1,
        f"{name}: {len(given)} texts gave shape {vectors.shape}",
    )
    _rule(bool(np.isfinite(vectors).all()), f"{name}: vectors must be finite")
    width = vectors.shape[1]
    _rule(
        encoder.dimension == width,
        f"{name}: dimension is {encoder.dimension}, but vectors have {width} columns",
    )

    slack = tolerance * max(float(np.abs(vectors).max()), 1e-30)

    def same(found: np.ndarray, wanted: np.ndarray, rule: str) -> None:
        _rule(found.shape == wanted.shape, f"{name}: {rule}: shape {found.shape} instead of {wanted.shape}")
        gap = float(np.abs(found - wanted).max(initial=0.0))
        _rule(gap <= slack, f"{name}: {rule}: entries differ by up to {gap:.2g} (allowed: {slack:.2g})")

    same(encoder.encode(list(given)), vectors, "the same texts must give the same vectors again")
    alone = np.concatenate([encoder.encode([text]) for text in given])
    same(alone, vectors, "a text must have the same vector alone and in a batch")
    same(encoder.encode(given[::-1]), vectors[::-1], "texts in another order must give vectors in that order")
    for size in (2, 3, 7):
        parts = [encoder.encode(given[at : at + size]) for at in range(0, len(given), size)]
        same(np.concatenate(parts), vectors, f"batches of {size} must give the vectors of one batch")
    crowd = given[1:] * 5 + given[:1]
    same(
        encoder.encode(crowd)[-1:], vectors[:1], "a text must have the same vector at the end of a long batch"
    )
    same(encoder.encode([given[0]] * 3), vectors[[0, 0, 0]], "a repeated text must repeat its vector")

    mixed = ["", given[0], "   ", given[1], "\n\t"]
    before = list(mixed)
    rows = encoder.encode(mixed)
    _rule(mixed == before, f"{name}: encode must leave the list it is given as it is")
    _rule(not rows[[0, 2, 4]].any(), f"{name}: a blank text must give a zero row")
    same(rows[[1, 3]], vectors[:2], "blank texts must not change their neighbours' vectors")
    _rule(encoder.encode([]).shape == (0, width), f"{name}: no texts must give shape (0, {width})")
    _rule(encoder.encode([""]).shape == (1, width), f"{name}: one blank text must give shape (1, {width})")
    _rule(encoder.id == name, f"{name}: the id became {encoder.id} on the way")


def _rule(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)

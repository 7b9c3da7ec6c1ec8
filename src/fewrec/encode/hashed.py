"""Vectors from hashed words and parts of words: an encoder that needs no model file.

It stands in when the default model cannot be loaded. Word and character n-gram weights (sublinear counts,
rarer-looking long words count more) are added, with a sign, into a fixed number of columns chosen by a hash.
The same text gives the same vector on every machine; but it knows spelling only: no synonyms, no translation.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from fewrec.encode.tokens import character_ngrams, tokens
from fewrec.errors import ConfigError

_PARTS_WEIGHT = 0.5  # share of a word's weight that goes to its 3- to 5-grams, so that inflections still meet


class HashedWords:
    """TF-IDF-like vectors of words and 3- to 5-grams, hashed to ``dimension`` columns; unit rows, (N, D)
    float32.

    True inverse document frequencies need the catalogue, which an encoder does not see; a word's length
    stands in for its rarity, weight ``log(1 + length)``. The catalogue's own frequencies are used by `Words`,
    which runs beside it.
    """

    batch_size = 512
    cacheable = False  # cheaper to compute than to look up

    def __init__(self, dimension: int = 1024) -> None:
        if not 16 <= dimension <= 65536:
            raise ConfigError(
                f"dimension must be from 16 to 65536, not {dimension}.", where="hashed", value=dimension
            )
        self.dimension = dimension
        self.id = f"hashed-words-{dimension}@1"
        self._known: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) float32 unit rows; a text without any letter or digit gives a zero row."""
        out = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            counts: dict[str, int] = {}
            for token in tokens(text):
                counts[token] = counts.get(token, 0) + 1
            total = np.zeros(self.dimension)
            for token in sorted(counts):  # sorted: the order of words must not change the last bits
                columns, weights = self._features(token)
                total[columns] += (1.0 + np.log(counts[token])) * weights
            norm = np.sqrt(total @ total)
            if norm > 0:
                out[row] = total / norm
        return out

    def _features(self, token: str) -> tuple[np.ndarray, np.ndarray]:
        """Columns and signed weights of one token; remembered, for words repeat."""
        known = self._known.get(token)
        if known is not None:
            return known
        grams = [gram for gram, _ in character_ngrams(token[:64], 3, 5)]
        features = [f"w {token}", *(f"c{gram}" for gram in grams)]
        hashes = np.array([zlib.crc32(f.encode("utf-8", "replace")) for f in features], dtype=np.uint64)
        # CRC-32 is linear; one multiplication mixes its bits before columns and signs are read off.
        mixed = (hashes * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(24)
        signs = np.where(mixed & np.uint64(1), 1.0, -1.0)
        weights = np.full(len(features), _PARTS_WEIGHT / max(len(grams), 1) ** 0.5)
        weights[0] = 1.0
        table = np.zeros(self.dimension)
        places = ((mixed >> np.uint64(1)) % np.uint64(self.dimension)).astype(np.int64)
        np.add.at(table, places, signs * weights)
        columns = np.flatnonzero(table)
        found = (columns, table[columns] * np.log1p(len(token)))
        if len(self._known) < 200_000:  # bounds the memory of a long-lived process
            self._known[token] = found
        return found


def hashed_encoder(argument: str | None) -> HashedWords:
    """``hashed`` or ``hashed:DIMENSION``."""
    if argument is None:
        return HashedWords()
    if not argument.isdecimal():
        raise ConfigError(
            f"{argument!r} is not a whole number.", where="hashed", value=argument, hint="Write hashed:1024."
        )
    return HashedWords(int(argument))

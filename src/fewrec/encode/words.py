"""The TF-IDF view of texts: the one place where names of authors, series and brands live.

    tf = 1 + log(count),  idf = log((1 + N) / (1 + df)) + 1,  rows to unit length

Words by default; scripts without spaces give pairs of characters (see `fewrec.encode.tokens`). Pairs of
neighbouring words and character n-grams inside words can be switched on. Columns are in sorted order of their
terms, so the order of the catalogue changes nothing, not even the last bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import scipy.sparse as sp

from fewrec.encode.checks import checked_texts
from fewrec.encode.tokens import character_ngrams, tokens
from fewrec.errors import ConfigError, NotFittedError, StoreError

WORD, PAIR, CHARS = 0, 1, 2  # kinds of terms; a pair's term is "first second"
TINY = 50  # catalogues of fewer texts keep words that occur once: there is too little to prune
# Longer ones are noise (keys, links); cut so that one cell cannot give millions of n-grams.
_LONGEST_TOKEN = 64


@dataclass(frozen=True)
class WordsSettings:
    """``min_df``: in how many texts a term must occur; ``None`` is 2, and 1 for fewer than `TINY` texts.

    ``min_length``: shortest word kept, in characters (pairs of characters of scripts without spaces always
    are). ``pairs``: neighbouring words as terms, too. ``chars``: lengths of character n-grams inside words,
    ``(3, 5)`` say, or ``None``; they form a block of their own whose length is ``chars_weight`` times that of
    the words.
    """

    min_df: int | None = None
    min_length: int = 1
    pairs: bool = False
    chars: tuple[int, int] | None = None
    chars_weight: float = 0.5

    def __post_init__(self) -> None:
        if self.min_df is not None and self.min_df < 1:
            raise ConfigError(
                f"min_df must be at least 1, not {self.min_df}.", where="words", value=self.min_df
            )
        if self.min_length < 1:
            raise ConfigError(
                f"min_length must be at least 1, not {self.min_length}.", where="words", value=self.min_length
            )
        if self.chars is not None and not 1 <= self.chars[0] <= self.chars[1] <= 8:
            raise ConfigError(
                f"chars must be two lengths from 1 to 8, the smaller first, not {self.chars}.",
                where="words",
                value=self.chars,
            )
        if not 0 < self.chars_weight <= 10:
            raise ConfigError(
                f"chars_weight must be above 0 and at most 10, not {self.chars_weight}.",
                where="words",
                value=self.chars_weight,
            )


class Words:
    """TF-IDF rows of texts.

    >>> words = Words(min_df=1).fit(["Heat", "Heat wave", "Alien"])
    >>> words.transform(["heat!"]).toarray().round(2)
    array([[0., 1., 0.]], dtype=float32)
    """

    def __init__(
        self,
        *,
        min_df: int | None = None,
        min_length: int = 1,
        pairs: bool = False,
        chars: tuple[int, int] | None = None,
        chars_weight: float = 0.5,
    ) -> None:
        self.settings = WordsSettings(min_df, min_length, pairs, chars, chars_weight)
        self.terms: list[str] = []  # what each column stands for
        self.kinds = np.zeros(0, dtype=np.uint8)  # (V,) WORD, PAIR or CHARS
        self.idf = np.zeros(0, dtype=np.float32)  # (V,)
        self._columns: list[dict[str, int]] | None = None  # per kind: term -> column

    def fit(self, texts: Sequence[str]) -> Words:
        """Learns terms and their idf from the catalogue's texts; gives back itself."""
        self.fit_transform(texts)
        return self

    def fit_transform(self, texts: Sequence[str]) -> sp.csr_matrix:
        """``fit(texts).transform(texts)``, with the texts read only once."""
        blocks = self._count(checked_texts(texts, "words"))
        floor = self.settings.min_df
        if floor is None:
            floor = 1 if len(texts) < TINY else 2
        kept: list[tuple[int, list[str], np.ndarray, sp.csr_matrix]] = []
        for kind, (names, counts) in blocks.items():
            frequency = np.bincount(counts.indices, minlength=counts.shape[1])
            chosen = sorted(np.flatnonzero(frequency >= floor), key=names.__getitem__)
            kept.append((kind, [names[j] for j in chosen], frequency[chosen], counts[:, chosen]))
        self.terms = [name for _, names, _, _ in kept for name in names]
        self.kinds = np.concatenate([np.full(len(n), kind, dtype=np.uint8) for kind, n, _, _ in kept])
        frequencies = np.concatenate([frequency for _, _, frequency, _ in kept])
        self.idf = (np.log((1.0 + len(texts)) / (1.0 + frequencies)) + 1.0).astype(np.float32)
        self._index()
        return self._weigh({kind: counts for kind, _, _, counts in kept}, len(texts))

    def transform(self, texts: Sequence[str]) -> sp.csr_matrix:
        """(N, V) float32 rows of unit length; a text without a known term gives an empty row.

        Raises `NotFittedError` before ``fit``.
        """
        if self._columns is None:
            raise NotFittedError(
                "Words has not seen any texts yet.", where="words", hint="Call fit(texts) first."
            )
        listed = checked_texts(texts, "words")
        blocks: dict[int, sp.csr_matrix] = {}
        for kind, (names, counts) in self._count(listed).items():
            columns = self._columns[kind]
            pairs = [(j, columns[name]) for j, name in enumerate(names) if name in columns]
            selector = sp.csr_matrix(
                (
                    np.ones(len(pairs), dtype=np.float32),
                    ([j for j, _ in pairs], [column for _, column in pairs]),
                ),
                shape=(len(names), len(columns)),
            )
            blocks[kind] = counts @ selector
        return self._weigh(blocks, len(listed))

    def to_tables(self) -> dict[str, Any]:
        """All that was learned, as plain data.

        ``terms`` list of V strings, ``kinds`` (V,) uint8, ``idf`` (V,) float32, ``settings`` a JSON-ready
        dict.
        """
        if self._columns is None:
            raise NotFittedError(
                "Words has not seen any texts yet.", where="words", hint="Call fit(texts) first."
            )
        settings = asdict(self.settings)
        settings["chars"] = None if self.settings.chars is None else list(self.settings.chars)
        return {"terms": list(self.terms), "kinds": self.kinds, "idf": self.idf, "settings": settings}

    @classmethod
    def from_tables(cls, tables: Mapping[str, Any]) -> Words:
        """The `Words` that ``to_tables`` came from. Raises `StoreError` if the tables do not fit together."""
        lacking = [name for name in ("terms", "kinds", "idf", "settings") if name not in tables]
        if lacking:
            raise StoreError(
                f"the words lack {', '.join(lacking)}.", where="words", hint="Save the model anew."
            )
        settings = dict(tables["settings"])
        unknown = sorted(set(settings) - {field.name for field in fields(WordsSettings)})
        if unknown:
            raise StoreError(
                f"the words have unknown settings: {', '.join(unknown)}.",
                where="words",
                hint="They were saved by another version of fewrec.",
            )
        if settings.get("chars") is not None:
            settings["chars"] = tuple(settings["chars"])
        words = cls(**settings)
        words.terms = list(tables["terms"])
        words.kinds = np.asarray(tables["kinds"], dtype=np.uint8)
        words.idf = np.asarray(tables["idf"], dtype=np.float32)
        wanted = (len(words.terms),)
        if (
            words.kinds.shape != wanted
            or words.idf.shape != wanted
            or (np.diff(words.kinds.astype(int)) < 0).any()
        ):
            raise StoreError(
                f"the words do not fit together: {wanted[0]} terms, {words.kinds.size} kinds, "
                f"{words.idf.size} idf.",
                where="words",
                hint="Save the model anew.",
            )
        words._index()
        return words

    def _index(self) -> None:
        self._columns = [{}, {}, {}]
        for term, kind in zip(self.terms, self.kinds, strict=True):
            own = self._columns[kind]
            own[term] = len(own)  # columns of one kind stand together; counted from the block's start

    def _weigh(self, blocks: dict[int, sp.csr_matrix], rows: int) -> sp.csr_matrix:
        """Counts -> unit rows. Words and pairs share one block, character n-grams have their own."""
        weighted = []
        start = 0
        for kind in (WORD, PAIR, CHARS):
            counts = blocks.get(kind)
            if counts is None:
                continue
            block = sp.csr_matrix(counts, dtype=np.float64)
            block.sort_indices()  # sums then run in the same order for every catalogue order
            block.data = np.log(block.data) + 1.0
            block.data *= self.idf[start : start + block.shape[1]].astype(np.float64)[block.indices]
            start += block.shape[1]
            weighted.append(block)
        if self.settings.chars is not None:
            chars = _unit(weighted.pop()) * self.settings.chars_weight
            weighted = [_unit(sp.hstack(weighted, format="csr")), chars]
        joined = sp.hstack(weighted, format="csr") if len(weighted) > 1 else weighted[0]
        out = _unit(joined).astype(np.float32)
        out.sort_indices()
        return out

    def _count(self, texts: list[str]) -> dict[int, tuple[list[str], sp.csr_matrix]]:
        """Per kind: the names of all terms that occur, and (N, names) counts."""
        vocabulary: dict[str, int] = {}
        flat: list[int] = []
        ends = np.zeros(len(texts) + 1, dtype=np.int64)
        shortest = self.settings.min_length
        for row, text in enumerate(texts):
            for token in tokens(text):
                if len(token) >= shortest:
                    flat.append(vocabulary.setdefault(token[:_LONGEST_TOKEN], len(vocabulary)))
            ends[row + 1] = len(flat)
        names = list(vocabulary)
        ids = np.array(flat, dtype=np.int64)
        owners = np.repeat(np.arange(len(texts)), np.diff(ends))
        words = _counts(owners, ids, (len(texts), len(names)))
        blocks = {WORD: (names, words)}
        if self.settings.pairs:
            inside = owners[1:] == owners[:-1] if len(ids) else np.zeros(0, dtype=bool)
            codes = (ids[:-1] * max(len(names), 1) + ids[1:])[inside]
            unique, columns = np.unique(codes, return_inverse=True)
            pair_names = [f"{names[c // len(names)]} {names[c % len(names)]}" for c in unique.tolist()]
            blocks[PAIR] = (pair_names, _counts(owners[1:][inside], columns, (len(texts), len(unique))))
        if self.settings.chars is not None:
            gram_names, grams = _grams_of(names, self.settings.chars)
            blocks[CHARS] = (gram_names, words @ grams)  # each distinct word is cut up once
        return blocks


def _counts(rows: np.ndarray, columns: np.ndarray, shape: tuple[int, int]) -> sp.csr_matrix:
    matrix = sp.csr_matrix((np.ones(len(columns), dtype=np.float32), (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    return matrix


def _grams_of(names: list[str], lengths: tuple[int, int]) -> tuple[list[str], sp.csr_matrix]:
    """The character n-grams of all words, and (words, n-grams) counts."""
    vocabulary: dict[str, int] = {}
    rows: list[int] = []
    columns: list[int] = []
    counts: list[int] = []
    for row, name in enumerate(names):
        for gram, count in character_ngrams(name, *lengths):
            rows.append(row)
            columns.append(vocabulary.setdefault(gram, len(vocabulary)))
            counts.append(count)
    data = np.array(counts, dtype=np.float32)
    return list(vocabulary), sp.csr_matrix((data, (rows, columns)), shape=(len(names), len(vocabulary)))


def _unit(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """Rows divided by their length; empty rows stay empty."""
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return sp.csr_matrix(sp.diags_array(scale) @ matrix)

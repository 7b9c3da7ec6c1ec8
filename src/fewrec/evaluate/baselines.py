"""What every recommender has to beat: nothing learned, or one thing that is trivial to learn."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.data import Dataset

__all__ = ["Baseline", "ItemMean", "Popularity", "Random", "Text", "UserMean", "filled", "tfidf", "unit_rows"]

Floats = NDArray[np.float64]
Support = Mapping[Any, float]
DAMPING = 5.0
"""Ratings of the mean that stand beside an item's (or a user's) own: five, as is usual."""


class Baseline:
    """Scores many supports at once; one is a batch of one."""

    data: Dataset

    def fit(self, data: Dataset) -> Baseline:
        self.data = data
        liked = data.matrix("liked")
        self.likes = np.asarray(liked.sum(axis=0), dtype=np.float64).ravel()
        self.learn(liked)
        return self

    def learn(self, liked: sp.csr_matrix) -> None:
        """What is learned from ``liked`` (U, I) 0/1, and from ``self.data``."""

    def score(self, support: Support) -> Floats:
        return self.score_many([support])[0]

    def score_many(self, supports: Sequence[Support]) -> Floats:
        """(B, I) for many supports."""
        return self.scores(self.indicator(supports))

    def scores(self, liked: sp.csr_matrix) -> Floats:
        """(B, I) for supports given as the items they like, (B, I) 0/1."""
        raise NotImplementedError

    def indicator(self, supports: Sequence[Support]) -> sp.csr_matrix:
        """(B, I) with ones at the liked items of each support."""
        rows, columns = [], []
        for row, support in enumerate(supports):
            liked = self.data.feedback.liked(list(support.values()))
            here = sorted(
                self.data.items.index(item) for item, good in zip(support, liked, strict=True) if good
            )
            rows += [row] * len(here)
            columns += here
        ones = np.ones(len(rows))
        return sp.csr_matrix((ones, (rows, columns)), shape=(len(supports), len(self.data.items)))


class Random(Baseline):
    """No order at all: every score is the same, and ties are ranked at random."""

    def scores(self, liked: sp.csr_matrix) -> Floats:
        return np.zeros(liked.shape)


class Popularity(Baseline):
    """The bestseller list: how many training users liked the item."""

    def scores(self, liked: sp.csr_matrix) -> Floats:
        return np.tile(self.likes, (liked.shape[0], 1))


@dataclass(frozen=True)
class Prediction:
    """What ``predict`` gives, (1, I) each; a mean alone states no interval."""

    mean: Floats
    probability: Floats


class ItemMean(Baseline):
    """The mean rating of each item, and the share of its raters who liked it; both shrunk to those of all items."""

    def learn(self, liked: sp.csr_matrix) -> None:
        pairs, count = self.data.interactions, len(self.data.items)
        rated = np.bincount(pairs.item_index, minlength=count)
        self.overall = float(pairs.value.mean()) if len(pairs) else 0.0
        self.usual = float(pairs.liked.mean()) if len(pairs) else 0.5
        total = np.bincount(pairs.item_index, pairs.value, minlength=count)
        self.mean = (total + DAMPING * self.overall) / (rated + DAMPING)
        self.chance = (self.likes + DAMPING * self.usual) / (rated + DAMPING)

    def scores(self, liked: sp.csr_matrix) -> Floats:
        return np.tile(self.mean, (liked.shape[0], 1))

    def predict(self, support: Support) -> Prediction:
        return Prediction(self.mean[None], self.chance[None])


class UserMean(ItemMean):
    """The mean rating of the person, the same for every item; shrunk to that of everybody. It ranks nothing."""

    def scores(self, liked: sp.csr_matrix) -> Floats:
        return np.zeros(liked.shape)

    def predict(self, support: Support) -> Prediction:
        values = np.array(list(support.values()), dtype=np.float64)
        good = float(self.data.feedback.liked(values).sum())
        mean = (values.sum() + DAMPING * self.overall) / (len(values) + DAMPING)
        chance = (good + DAMPING * self.usual) / (len(values) + DAMPING)
        shape = (1, len(self.data.items))
        return Prediction(np.full(shape, mean), np.full(shape, chance))


class Text(Baseline):
    """The most similar text: sum of the TF-IDF cosines to the liked items; ties, and nobody's taste, by popularity."""

    def learn(self, liked: sp.csr_matrix) -> None:
        self.rows = tfidf(item_texts(self.data))

    def scores(self, liked: sp.csr_matrix) -> Floats:
        return filled(((liked @ self.rows) @ self.rows.T).toarray().astype(np.float64), self.likes)


def filled(scores: Floats, popularity: Floats) -> Floats:
    """Ties in ``scores`` broken by popularity, which moves nothing else."""
    least = 1e-9 * np.maximum(np.abs(scores).max(axis=1, initial=0.0), 1e-9)[:, None]
    return scores + least * popularity / max(float(popularity.max(initial=0.0)), 1.0)


def item_texts(data: Dataset) -> list[str]:
    """(I,) all that the items table says of each item, one text each; "" where it says nothing."""
    views = list(data.texts.values())
    return [" ".join(part for part in parts if part) for parts in zip(*views, strict=True)] or [""] * len(
        data.items
    )


def tfidf(texts: Sequence[str]) -> sp.csr_matrix:
    """(I, W) words by 1 + log count and log inverse document frequency, in at least two texts; unit rows."""
    words: dict[str, int] = {}
    rows, columns = [], []
    for row, text in enumerate(texts):
        for word in re.findall(r"\w\w+", text.casefold()):
            rows.append(row)
            columns.append(words.setdefault(word, len(words)))
    counts = sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(texts), len(words)))
    counts.sum_duplicates()
    met = np.bincount(counts.indices, minlength=counts.shape[1])
    counts.data = 1 + np.log(counts.data)
    kept = np.flatnonzero(met >= 2)
    weight = np.log((1 + len(texts)) / (1 + met[kept])) + 1
    return unit_rows(sp.csr_matrix(counts[:, kept] @ sp.diags(weight)))


def unit_rows(matrix: sp.csr_matrix) -> sp.csr_matrix:
    """Rows of unit length; empty rows stay empty."""
    length = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    return sp.csr_matrix(sp.diags(1 / np.maximum(length, 1e-12)) @ matrix)

"""Practice sentences: what a training user might have said, made from features of items they like."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.fewshot.tasting import Tasting
from fewrec.signals import TrainingData
from fewrec.text import TextReader

__all__ = ["practice"]

MAX_USERS = 100
SHARE = 0.25
DESCRIBED = 2
FEATURES_PER_ITEM = 2
WORDS_PER_ITEM = 3


def practice(training: TrainingData, features: list[str], reader: TextReader, seed: int) -> Tasting | None:
    """Sentences for up to 100 (and at most a quarter) of the training users, from two liked items each.

    A sentence names the values of two features of each item ("Mexican, terrace"), or, where items have none, its
    three most telling words. ``None`` where there are too few users.
    """
    counts = np.diff(training.liked.indptr)
    able = np.flatnonzero(counts > DESCRIBED + 1)
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(able)[: min(MAX_USERS, int(SHARE * training.n_users))])
    if len(chosen) < 2:
        return None
    described, sentences = [], []
    for user in chosen:
        items = np.sort(rng.permutation(training.liked[user].indices)[:DESCRIBED]).astype(np.intp)
        described.append(items)
        said = [part for item in items for part in _said(training, features, reader.words.terms, item, rng)]
        sentences.append(", ".join(dict.fromkeys(said)))
    return Tasting(chosen, reader.taste(sentences, keep=True), described)


def _said(
    training: TrainingData, features: list[str], terms: list[str], item: int, rng: np.random.Generator
) -> list[str]:
    if training.features is not None:
        row: NDArray[np.intp] = training.features[item].indices
        if len(row):
            picked = rng.permutation(row)[:FEATURES_PER_ITEM]
            return [features[column].split(": ", 1)[-1] for column in picked]
    if training.words is None:
        return []
    words: sp.csr_matrix = training.words[item]
    return [
        terms[column] for column in words.indices[np.argsort(-words.data, kind="stable")][:WORDS_PER_ITEM]
    ]

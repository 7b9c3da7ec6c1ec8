"""Who or what is there twice. With one name in training and the other tested, copying the twin looks like foresight."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from fewrec.data import Dataset
from fewrec.evaluate.baselines import item_texts

__all__ = ["item_twins_of", "twins_of"]

Indices = NDArray[np.intp]
LEAST_ITEMS = 5
"""Shorter histories are the same by chance."""
SHARE = 0.8
"""Of the items of both, how many they share (Jaccard) to be taken for one person."""
WORDS = 0.9
"""Of the words of both, how many two items with the same title share (Jaccard) to be taken for one. A variant with a
name, a size or a flavour of its own is no twin: a shop that takes in something new has its variants, too."""
BLOCK = 200


def twins_of(data: Dataset, tested: Indices, others: Indices) -> Indices:
    """Those of ``others`` (positions in ``data.users``) who have nearly the same items as somebody who is tested."""
    met = data.matrix("all")
    count = np.diff(met.indptr)
    tested, others = tested[count[tested] >= LEAST_ITEMS], others[count[others] >= LEAST_ITEMS]
    found = np.zeros(len(others), dtype=bool)
    for start in range(0, len(tested), BLOCK):
        part = tested[start : start + BLOCK]
        shared = (met[others] @ met[part].T).toarray()  # (others, part)
        found |= (shared >= SHARE * (count[others][:, None] + count[part] - shared)).any(axis=1)
    return others[found]


def item_twins_of(data: Dataset, hidden: Indices) -> Indices:
    """Items beside the ``hidden`` ones (positions in ``data.items``) with the title of one of them, letter case and
    punctuation apart, and nearly the same words in all; without a title, with exactly the same words."""
    hidden_here = np.zeros(len(data.items), dtype=bool)
    hidden_here[hidden] = True
    texts = [frozenset(_words(text)) for text in item_texts(data)]
    by_title: dict[tuple[str, ...], tuple[list[int], list[int]]] = {}
    for item, (title, id) in enumerate(zip(data.titles, data.items.ids, strict=True)):
        if words := _words(title) if title != str(id) else sorted(texts[item]):
            by_title.setdefault(tuple(words), ([], []))[int(hidden_here[item])].append(item)
    found = [
        item
        for others, new in by_title.values()
        for item in others
        if any(len(texts[item] & texts[one]) >= WORDS * len(texts[item] | texts[one]) for one in new)
    ]
    return np.array(sorted(found), dtype=np.intp)


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())

"""Reads the texts of one catalogue once, and later texts in the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from fewrec.encode import Encoder, Words, encode_items, encode_texts, load_now, takes_new_texts
from fewrec.encode.encoding import Progress
from fewrec.signals import Taste, centred

__all__ = ["Reading", "TextReader"]

Views = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Reading:
    """What was read of ``I`` items: embeddings per view, centred and of unit length, and one row of words each."""

    views: Views  # name -> (I, D)
    words: sp.csr_matrix  # (I, W)


@dataclass
class TextReader:
    """An encoder, the word view and the catalogue's mean embeddings: all that reading one more text needs."""

    encoder: Encoder
    cache: Any = "default"
    encoder_id: str | None = None  # the id that made the stored means; a fallback may have changed it
    words: Words = field(default_factory=Words)
    means: dict[str, NDArray[np.float32]] = field(default_factory=dict)

    def fit(
        self,
        ids: Sequence[str | int],
        texts: Mapping[str, Sequence[str]],
        progress: Progress | None = None,
    ) -> Reading:
        """Reads the catalogue: learns the words and the mean embedding of every view."""
        views: Views = {}
        self.means = {}
        for name, column in texts.items():
            if any(text.strip() for text in column):
                vectors, _ = encode_items(self.encoder, ids, column, cache=self.cache, progress=progress)
                views[name], self.means[name] = centred(vectors)
        # Read after encoding: a broken default encoder has become another one by then.
        self.encoder_id = self.encoder.id
        return Reading(views, self.words.fit_transform(_joined(texts, len(ids))))

    def read(self, ids: Sequence[str | int], texts: Mapping[str, Sequence[str]]) -> Reading:
        """Reads items that came later, by the words and means of the fitted catalogue."""
        views: Views = {}
        for name, mean in self.means.items():
            column = texts.get(name, [""] * len(ids))
            vectors, _ = encode_items(
                self.encoder, ids, column, cache=self.cache, expected_id=self.encoder_id
            )
            views[name], _ = centred(vectors, mean)
        return Reading(views, self.words.transform(_joined(texts, len(ids))))

    @property
    def understands_sentences(self) -> bool:
        """Whether a sentence can be embedded; ready vectors alone cannot, and words must do."""
        return bool(self.means) and takes_new_texts(self.encoder)

    def load(self) -> None:
        """Makes ready for sentences, which otherwise the first of them waits for."""
        if self.understands_sentences:
            load_now(self.encoder)

    def taste(self, sentences: Sequence[str], *, keep: bool = False) -> Taste:
        """Taste sentences in the views of the items; ``""`` gives zero rows.

        What a visitor says is not kept; ``keep`` puts the vectors of made-up sentences into the cache.
        """
        views = {}
        if self.understands_sentences:
            vectors = encode_texts(
                self.encoder, sentences, cache=self.cache if keep else None, expected_id=self.encoder_id
            )
            views = {name: centred(vectors, mean)[0] for name, mean in self.means.items()}
        return Taste(views, self.words.transform(sentences))


def _joined(texts: Mapping[str, Sequence[str]], n: int) -> list[str]:
    """One text per item for the word view: every view's text after the other."""
    return [" ".join(column[row] for column in texts.values() if column[row]) for row in range(n)]

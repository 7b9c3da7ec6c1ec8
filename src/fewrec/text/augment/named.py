"""Ways to alter a text, by the name and the share that a command line or a file can hold."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fewrec.encode import Encoder
from fewrec.encode.tokens import fold
from fewrec.errors import ConfigError, DataError
from fewrec.text.augment.base import Augmentation
from fewrec.text.augment.pieces import bare, cut
from fewrec.text.augment.synonyms import Synonyms, neighbours
from fewrec.text.augment.words import SpanMask, WordDrop, WordSwap

__all__ = ["NAMES", "Named", "common_words"]

PLAIN: dict[str, Callable[..., Augmentation]] = {
    "word-drop": WordDrop,
    "word-swap": WordSwap,
    "span-mask": SpanMask,
}
NAMES = (*PLAIN, "synonyms")
MOST_WORDS = 5000
"""Words that get synonyms: comparing all pairs of them takes two seconds."""


@dataclass(frozen=True)
class Named:
    """A way and its share, before it has met any text.

    >>> Named.of("word-drop:0.2")
    Named(name='word-drop', share=0.2)
    >>> Named.of("word-drop:0.2").made([], None)
    WordDrop(share=0.2, keep=frozenset())
    """

    name: str
    share: float | None  # None: the way's own

    @classmethod
    def of(cls, text: str, where: str = "augment") -> Named:
        """``NAME`` or ``NAME:SHARE``. Raises ``ConfigError`` for a name that is not there, or a share that is not
        above 0 and at most 1: a share of nothing would alter nothing."""
        name, colon, share = text.partition(":")
        if name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, 1, 0.5)
            raise ConfigError(
                f"there is no way {name!r} to alter texts.",
                where=where,
                value=text,
                hint=(f"Did you mean {near[0]}? " if near else "") + f"Choose one of: {', '.join(NAMES)}.",
            )
        if not colon:
            return cls(name, None)
        try:
            number = float(share)
        except ValueError:
            number = float("nan")
        if not 0 < number <= 1:
            raise ConfigError(
                f"{share!r} is no share of the words.",
                where=where,
                value=text,
                hint=f"Give a number above 0 and up to 1: {name}:0.2.",
            )
        return cls(name, number)

    def made(self, texts: Sequence[str], encoder: Encoder | None) -> Augmentation:
        """The way itself. Synonyms are looked up for the commonest words of ``texts``, in the space of ``encoder``.

        Raises ``DataError`` where none of them has one.
        """
        if self.name in PLAIN:
            kind = PLAIN[self.name]
            return kind() if self.share is None else kind(self.share)
        table = {} if encoder is None else neighbours(common_words(texts), encoder)
        if not table:
            raise DataError(
                "no word of the texts has a neighbour in this encoder's space.",
                where="synonyms",
                hint="Leave them out, or take an encoder that knows words by their meaning.",
            )
        return Synonyms(table) if self.share is None else Synonyms(table, self.share)


def common_words(texts: Sequence[str], most: int = MOST_WORDS) -> list[str]:
    """The ``most`` commonest words, case and accents aside; ties go by the alphabet.

    >>> common_words(["A red lamp", "the red rug"], 2)
    ['red', 'a']
    """
    count = Counter(fold(bare(piece.text)[1]) for text in texts for piece in cut(text)[1])
    return sorted(count, key=lambda word: (-count[word], word))[:most]

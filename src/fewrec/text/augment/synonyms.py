"""Words exchanged for their neighbours in the space of an encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from fewrec.encode import Encoder
from fewrec.encode.tokens import fold, unspaced
from fewrec.errors import ConfigError
from fewrec.text.augment.base import checked_generator, checked_share
from fewrec.text.augment.pieces import bare, cut, is_kept, joined

__all__ = ["Synonyms", "neighbours"]

BLOCK = 1024  # words compared at a time


@dataclass(frozen=True)
class Synonyms:
    """Puts one of its neighbours for a word with probability ``share``.

    ``table``: word -> its neighbours, as `neighbours` makes it; case and accents of its keys do not count. A word
    keeps the punctuation that touches it. Neighbours of an encoder stand where the word may stand: opposites are
    among them ("hot" beside "cold"), so measure before you trust it.
    """

    keeps: ClassVar[str] = (
        "numbers, codes, negations and the word after one, the words in `keep`; the count of words"
    )
    table: Mapping[str, Sequence[str]] = field(hash=False)
    share: float = 0.1
    keep: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        checked_share(self.share, "Synonyms")
        folded: dict[str, tuple[str, ...]] = {}
        for word, others in self.table.items():
            for other in others:
                if other.split() != [other] or is_kept(other) or any(map(unspaced, other)):
                    raise ConfigError(
                        f"{other!r} cannot stand for {word!r}.",
                        where="Synonyms",
                        value=other,
                        hint="Synonyms are single words of a script with spaces, without numbers or negations.",
                    )
            folded[fold(word)] = tuple(others)
        object.__setattr__(self, "table", folded)

    def __call__(self, value: str, rng: np.random.Generator) -> str:
        lead, pieces = cut(value, self.keep)
        chosen = checked_generator(rng, "Synonyms").random(len(pieces)) < self.share
        for at, piece in enumerate(pieces):
            if not chosen[at] or piece.kept:
                continue
            before, word, after = bare(piece.text)
            others = self.table.get(fold(word), ())
            if others:
                other = others[int(rng.integers(len(others)))]
                other = other.capitalize() if word[:1].isupper() and other.islower() else other
                pieces[at] = replace(piece, text=before + other + after)
        return joined(lead, pieces)


def neighbours(
    words: Sequence[str], encoder: Encoder, *, n: int = 5, least: float = 0.6
) -> dict[str, tuple[str, ...]]:
    """For each word the ``n`` others with the largest cosine, nearest first, of at least ``least``.

    Words that no augmentation may touch, words of scripts without spaces, and words without a neighbour are left
    out. Ties go by the alphabet.

    Raises `ConfigError` for an ``n`` below 1 or a ``least`` outside 0 to 1.
    """
    if n < 1:
        raise ConfigError(f"n must be at least 1, not {n}.", where="neighbours", value=n)
    if not 0 <= least <= 1:
        raise ConfigError(f"least must lie from 0 to 1, not {least}.", where="neighbours", value=least)
    listed = sorted({word for word in map(fold, words) if _replaceable(word)})
    if not listed:
        return {}
    vectors = np.asarray(encoder.encode(listed), dtype=np.float32)  # (W, D)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    found: dict[str, tuple[str, ...]] = {}
    for start in range(0, len(listed), BLOCK):
        cosines = unit[start : start + BLOCK] @ unit.T
        for row, word in enumerate(listed[start : start + BLOCK]):
            cosines[row, start + row] = -1.0  # not itself
            nearest = np.argsort(-cosines[row], kind="stable")[:n]
            near = tuple(listed[j] for j in nearest if cosines[row, j] >= least and lengths[j] > 0)
            if near and lengths[start + row] > 0:
                found[word] = near
    return found


def _replaceable(word: str) -> bool:
    return word.split() == [word] and word.isalpha() and not is_kept(word) and not any(map(unspaced, word))
